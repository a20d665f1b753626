"""A seller learns what it sells: everything that a guest asks before booking, and nothing that isn't the seller's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.http.context import Services
from tests.desk import Desk, open_desk

CATALOG: dict[str, Any] = {
    "locations": [{"code": "river", "name": "River", "timeZone": "Europe/Zagreb"}],
    "pickups": [
        {"code": "van", "name": "Van", "price": 12.5, "locations": ["river"], "details": ["07:30 at the lobby"]}
    ],
    "policies": [
        {
            "code": "late",
            "name": "Late cancellation",
            "text": "Half the price under 72 hours.",
            "fees": [{"percent": 50, "window": 72}, {"amount": 5, "per": "order", "window": 2, "windowUnit": "days"}],
        }
    ],
    "questions": [{"code": "weight", "name": "Weight", "kind": "number", "required": True, "per": "participant"}],
    "products": [
        {
            "code": "kayak-day",
            "name": "Day in the kayak",
            "number": 7001,
            "tiers": {
                "Adult": {"price": 90, "minAge": 18},
                "Child": {"price": 45.5, "minAge": 6, "maxAge": 17},
                "Double": {"price": 150, "seats": 2},
            },
            "locations": ["river"],
            "pickups": ["van"],
            "policy": "late",
            "cutoffMin": 120,
            "approvalMin": 60,
            "priceCategories": {"agency": {"Adult": 80}},
        },
        {"code": "secret", "name": "Secret trip", "number": 7002, "tiers": {"All": {"price": 10}}},
    ],
}
TIERS = [
    {"code": "Adult", "name": "Adult", "price": 90, "seats": 1, "minAge": 18, "maxAge": None},
    {"code": "Child", "name": "Child", "price": 45.5, "seats": 1, "minAge": 6, "maxAge": 17},
    {"code": "Double", "name": "Double", "price": 150, "seats": 2, "minAge": None, "maxAge": None},
]
POLICY = {
    "name": "Late cancellation",
    "text": "Half the price under 72 hours.",
    "online": True,
    "fees": [
        {"percent": 50, "amount": None, "per": "person", "window": 72, "windowUnit": "hours"},
        {"percent": None, "amount": 5, "per": "order", "window": 2, "windowUnit": "days"},
    ],
}


@pytest.fixture
async def agency(desk: Desk, client: httpx.AsyncClient, services: Services) -> Desk:
    """A reseller that may sell one product, in its own price category."""
    await desk.data("POST", "/api/v1/import", json=CATALOG)
    opened = await open_desk(client, services, "agency")
    terms = {"type": "net", "rate": {"percent": 80}, "products": [{"product": "kayak-day", "priceCategory": "agency"}]}
    body = {"resellerId": opened.shop.account_id, "terms": terms}
    await desk.data("POST", "/api/v1/connections", json=body)
    return opened


async def test_everything_that_a_guest_asks_is_there(desk: Desk, agency: Desk) -> None:
    offer = await desk.data("GET", "/api/v1/offers/7001")
    assert offer["tiers"] == TIERS
    assert offer["cancellationPolicy"] == POLICY
    assert (offer["cutoffMin"], offer["approvalMin"]) == (120, 60)
    assert (offer["currency"], offer["timeZone"]) == ("USD", "Europe/Zagreb")
    assert [place["name"] for place in offer["locations"]] == ["River"]
    (pickup,) = offer["pickups"]
    assert (pickup["name"], pickup["price"]) == ("Van", 12.5)
    assert [detail["name"] for detail in pickup["pickupDetails"]] == ["07:30 at the lobby"]
    weight = next(each for each in offer["questions"] if each["name"] == "Weight")
    assert (weight["kind"], weight["required"], weight["per"]) == ("number", True, "participant")
    assert offer["party"] == {"min": 1, "max": 1_000}
    assert offer in await desk.data("GET", "/api/v1/offers")


async def test_the_resmark_product_has_it_too_beside_what_it_had(desk: Desk, agency: Desk) -> None:
    product = await desk.data("GET", "/product/7001")
    offer = await desk.data("GET", "/api/v1/offers/7001")
    for name in ("tiers", "party", "questions", "cancellationPolicy", "cutoffMin", "approvalMin", "modifiedDate"):
        assert product[name] == offer[name], name
    assert product["price"] == "90.00"
    assert product["location"] == offer["locations"]


async def test_a_reseller_reads_what_its_terms_allow_at_its_prices(desk: Desk, agency: Desk) -> None:
    supplier = f"supplierId={desk.shop.account_id}"
    (offer,) = await agency.data("GET", f"/api/v1/offers?{supplier}")
    assert (offer["productNumber"], offer["supplierId"]) == (7001, desk.shop.account_id)
    assert [tier["price"] for tier in offer["tiers"]] == [80, 45.5, 150]
    assert offer["cancellationPolicy"] == POLICY
    assert "agency" not in str(offer), "the names of price categories are the supplier's"
    await agency.refused(404, "GET", f"/api/v1/offers/7002?{supplier}")
    await agency.refused(404, "GET", f"/product/7002?{supplier}")
    assert 7001 not in [each["productNumber"] for each in await agency.data("GET", "/api/v1/offers")]


async def test_nobody_else_reads_it(desk: Desk, agency: Desk, client: httpx.AsyncClient, services: Services) -> None:
    supplier = f"supplierId={desk.shop.account_id}"
    stranger = await open_desk(client, services, "stranger")
    for path in (f"/api/v1/offers?{supplier}", f"/api/v1/offers/7001?{supplier}"):
        assert (await stranger.refused(404, "GET", path))["errorCode"] == "supplier_not_found"
    await desk.data("PATCH", f"/api/v1/connections/{agency.shop.account_id}", json={"active": False})
    await agency.refused(404, "GET", f"/api/v1/offers?{supplier}")


async def test_the_largest_party_is_the_one_that_can_be_booked(desk: Desk, agency: Desk) -> None:
    departure = await desk.data(
        "POST",
        "/api/v1/products/secret/departures",
        json={"start": "2026-07-20T09:00", "durationMin": 60, "capacity": 5_000},
    )
    party = (await desk.data("GET", "/api/v1/offers/7002"))["party"]
    cart = await desk.cart()
    too_many = {"itemId": departure["id"], "participants": {"All": party["max"] + 1}}
    refused = await desk.refused(400, "POST", f"/cart/{cart}/item", json=too_many)
    assert refused["errorCode"] == "too_many_participants"
    await desk.data("POST", f"/cart/{cart}/item", json=too_many | {"participants": {"All": party["max"]}})
