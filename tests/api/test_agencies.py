"""Tags by category, resellers as their supplier sees them, and the business data that they need."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.service import NewUser
from seatwright.http.context import Services
from tests.desk import Desk, another_user, open_desk

BUSINESS = {
    "address": "1 Main Street",
    "city": "Moab",
    "state": "UT",
    "postalCode": "84532",
    "country": "US",
    "website": "https://trips.example",
    "email": "office@trips.example",
    "phones": [{"number": "+1 435 555 0100", "type": "office"}],
}


@pytest.fixture
async def reseller(client: httpx.AsyncClient, services: Services, desk: Desk) -> Desk:
    """A reseller of the desk's."""
    opened = await open_desk(client, services, "trips")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": opened.shop.account_id})
    return opened


async def tag(desk: Desk, code: str, name: str, **more: Any) -> str:
    made = await desk.data("POST", "/api/v1/tags", json={"code": code, "name": name, **more})
    return str(made["id"])


async def test_tags_come_by_category(desk: Desk, reseller: Desk) -> None:
    ids = {
        "summer": await tag(desk, "summer", "Summer", category="Season"),
        "fall": await tag(desk, "fall", "Fall", category="season"),
        "river": await tag(desk, "river", "On the river"),
        "zoo": await tag(desk, "zoo", "Zoo", category="Zoology"),
    }
    kayak = await desk.data("GET", "/api/v1/products/kayak")
    await desk.data("PUT", "/api/v1/products/kayak", json=kayak | {"tags": ["fall"]})
    found = await desk.data("GET", "/tag")
    assert [(one["name"], [each["name"] for each in one["tags"]]) for one in found] == [
        ("season", ["Fall", "Summer"]),
        ("Zoology", ["Zoo"]),
        ("Other", ["On the river"]),
    ]
    assert {each["id"] for one in found for each in one["tags"]} == set(ids.values())
    assert await desk.data("GET", "/tag") == found
    assert (await desk.data("GET", "/api/v1/tags/summer"))["category"] == "Season"
    for chosen in (ids["fall"], found[0]["id"]):
        listed = await desk.data("GET", f"/product?tagIds={chosen}")
        assert [product["name"] for product in listed] == ["Kayak tour"]
    assert await desk.data("GET", f"/product?tagIds={found[1]['id']}") == []
    seen = await reseller.data("GET", f"/tag?supplierId={desk.shop.account_id}")
    assert [(one["name"], [each["name"] for each in one["tags"]]) for one in seen] == [("season", ["Fall"])]
    assert seen[0]["id"] == found[0]["id"]
    assert await reseller.data("GET", "/tag") == []
    await desk.refused(404, "GET", f"/tag?supplierId={reseller.shop.account_id}")


async def test_a_users_businesses(desk: Desk, reseller: Desk, client: httpx.AsyncClient, services: Services) -> None:
    """By e-mail in any case or alternative id; of connected resellers alone."""
    new = NewUser(email="al@trips.example", name="Al Ito", alternative_id="AL-7", permissions=ALL_PERMISSIONS)
    await another_user(client, services, reseller.shop, new)
    (found,) = await desk.data("GET", "/agency/AL@trips.example")
    assert (found["name"], found["entityId"]) == ("Trips", reseller.shop.account_id)
    assert await desk.data("GET", "/agency/AL-7") == [found]
    users = await reseller.data("GET", "/api/v1/users")
    assert found["agentId"] in [user["id"] for user in users if user["email"] == new.email]
    for stranger in ("nobody@x.example", "dana@canyon.example", "%20"):
        assert await desk.data("GET", f"/agency/{stranger}") == []
    assert await reseller.data("GET", "/agency/dana@canyon.example") == []
    await reseller.data("PATCH", f"/api/v1/users/{found['agentId']}", json={"active": False})
    assert await desk.data("GET", "/agency/AL-7") == []


async def test_how_a_reseller_can_be_reached(desk: Desk, reseller: Desk) -> None:
    path = f"/agency/{reseller.shop.account_id}/agencyInfo"
    nothing = await desk.data("GET", path)
    assert nothing == {
        "name": "Trips",
        "country": {"name": ""},
        "addressOne": "",
        "postalCode": "",
        "locality": "",
        "state": {"name": ""},
        "businessEmail": "desk@trips.example",
        "website": "",
        "phoneList": [],
        "resmarkUrl": "",
    }
    await reseller.data("PATCH", "/api/v1/account", json={"business": BUSINESS})
    assert await desk.data("GET", path) == {
        "name": "Trips",
        "country": {"name": "US"},
        "addressOne": "1 Main Street",
        "postalCode": "84532",
        "locality": "Moab",
        "state": {"name": "UT"},
        "businessEmail": "office@trips.example",
        "website": "https://trips.example",
        "phoneList": [{"phoneType": "office", "phoneNumber": "+1 435 555 0100"}],
        "resmarkUrl": "",
    }
    supplier = desk.shop.account_id
    for other, account in ((reseller, supplier), (desk, supplier), (desk, "nonsense"), (desk, "0" * 24)):
        assert (await other.refused(404, "GET", f"/agency/{account}/agencyInfo"))["errorCode"] == "agency_not_found"
    await desk.data("PATCH", f"/api/v1/connections/{reseller.shop.account_id}", json={"active": False})
    await desk.refused(404, "GET", path)
    assert await desk.data("GET", "/agency/dana@trips.example") == []


async def test_business_data_that_is_left_out_stays_and_empty_texts_remove_it(desk: Desk) -> None:
    """What is left out stays; empty texts and lists remove it; nothing of it is in the audit log."""
    empty = (await desk.data("GET", "/api/v1/account"))["business"]
    assert empty == dict.fromkeys(BUSINESS, "") | {"phones": []}
    changed = await desk.data("PATCH", "/api/v1/account", json={"business": BUSINESS})
    assert changed["business"] == BUSINESS
    changed = await desk.data("PATCH", "/api/v1/account", json={"business": {"city": " Price ", "phones": None}})
    assert changed["business"] == BUSINESS | {"city": "Price"}
    changed = await desk.data("PATCH", "/api/v1/account", json={"business": {"website": "", "phones": []}})
    assert changed["business"] == BUSINESS | {"city": "Price", "website": "", "phones": []}
    assert (await desk.data("PATCH", "/api/v1/account", json={"name": "Canyon Ltd"}))["business"] == changed["business"]
    history = await desk.data("GET", f"/api/v1/audit/{desk.shop.account_id}")
    assert "Price" not in str(history)
    assert "business" in str(history)


@pytest.mark.parametrize(
    ("business", "field"),
    [
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "canyon.example"}, "website"),
        ({"email": "nobody"}, "email"),
        ({"phones": [{"number": "5"}, {"number": "call us"}]}, "phones[1].number"),
        ({"phones": [{"number": "1" * 51}]}, "phones[0].number"),
        ({"phones": [{"number": "1", "type": "x" * 51}]}, "phones[0].type"),
        ({"phones": [{"number": "1"}] * 11}, "phones"),
        ({"phones": [{}]}, "phones[0].number"),
        ({"city": "x" * 201}, "city"),
    ],
)
async def test_bad_business_data_is_refused_by_name(desk: Desk, business: dict[str, Any], field: str) -> None:
    for method, path, body, prefix in (
        ("PATCH", "/api/v1/account", {"business": business}, "business"),
        ("POST", "/api/v1/import", {"account": {"business": business}}, "account.business"),
    ):
        refused = await desk.refused(400, method, path, json=body)
        place = re.sub(r"\.(\d+)", r"[\1]", refused["errorMessage"].split(":")[0])  # lists in bodies have `phones.0`
        assert place == f"{prefix}.{field}", refused
    assert (await desk.data("GET", "/api/v1/account"))["business"]["phones"] == []


async def test_a_catalog_file_has_business_data_and_categories(desk: Desk) -> None:
    document = {
        "account": {"business": BUSINESS},
        "tags": [{"code": "summer", "name": "Summer", "category": "Season"}],
    }
    first = await desk.data("POST", "/api/v1/import", json=document)
    assert (first["counts"]["account"]["changed"], first["counts"]["tags"]["created"]) == (1, 1)
    assert (await desk.data("POST", "/api/v1/import", json=document))["changed"] is False
    assert (await desk.data("GET", "/api/v1/account"))["business"] == BUSINESS
    document["account"] = {"business": {"city": "Price"}}
    assert (await desk.data("POST", "/api/v1/import", json=document))["changed"] is True
    assert (await desk.data("GET", "/api/v1/account"))["business"] == BUSINESS | {"city": "Price"}
