"""Names that count as the same (docs/catalog.md) find what was stored under another spelling, wherever it is kept."""

from __future__ import annotations

import unicodedata
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.core import names
from seatwright.http.context import Services
from tests.desk import Desk, open_desk

NUMBER = 7001
START = "2026-07-20T09:00"


def product(tier: str, category: str, **more: Any) -> dict[str, Any]:
    """A walk with two price tiers, of which one is spelled as said."""
    return {
        "code": "walk",
        "name": "Walk",
        "number": NUMBER,
        "durationMin": 60,
        "tiers": {tier: {"price": 100, **more}, "Dog": {"price": 10}},
        "priceCategories": {category: {tier: 80}},
        "pickups": ["bus"],
    }


def pickup(detail: str) -> dict[str, Any]:
    return {"code": "bus", "name": "Bus", "locations": ["stop"], "details": ["08:00", detail]}


SPELLINGS = [
    ("Adult", "ADULT"),
    ("Adult", "adult"),
    ("Crème", unicodedata.normalize("NFD", "CRÈME")),
    (unicodedata.normalize("NFD", "Ältere"), "ältere"),
    ("Straße", "STRASSE"),
    ("ΟΔΟΣ", "οδος"),
]


@pytest.fixture
async def reseller(desk: Desk, client: httpx.AsyncClient, services: Services) -> Desk:
    """Another outfitter, which isn't connected yet."""
    return await open_desk(client, services, "tripdesk")


@pytest.mark.parametrize(("before", "after"), SPELLINGS)
async def test_a_tier_that_is_spelled_otherwise_keeps_all_that_is_kept_by_its_name(
    desk: Desk, reseller: Desk, before: str, after: str
) -> None:
    stop = {"code": "stop", "name": "Bus stop"}
    file = {"locations": [stop], "pickups": [pickup("At the lobby")], "products": [product(before, "Partner")]}
    at = {"product": "walk", "start": START, "capacity": 20, "prices": {before: 150}}
    await desk.data("POST", "/api/v1/import", json={**file, "departures": [at]})
    rate = {"product": "walk", "priceCategory": "Partner", "rate": {"percent": 1}, "tiers": {before: {"percent": 50}}}
    body = {"resellerId": reseller.shop.account_id, "terms": {"products": [rate]}}
    await desk.data("POST", "/api/v1/connections", json=body)
    (departure,) = await desk.data("GET", "/api/v1/products/walk/departures?from=2026-07-20&to=2026-07-20")
    places = (await desk.data("GET", f"/product/{NUMBER}/pickup"))[0]
    sold = await desk.order((departure["id"], {before: 1}))

    file = {"pickups": [pickup("AT THE LOBBY")], "products": [product(after, "PARTNER")]}
    await desk.data("POST", "/api/v1/import", json=file)
    days = f"/product/{NUMBER}/item?from=2026-07-20&to=2026-07-20"
    (day,) = (await desk.data("GET", days))["items"]
    assert day["timesAvailable"][0]["price"] == {after: 150, "Dog": 10}
    (shown,) = await desk.data("GET", "/api/v1/products/walk/departures?from=2026-07-20&to=2026-07-20")
    assert shown["prices"] == {after: 150}
    places_now = (await desk.data("GET", f"/product/{NUMBER}/pickup"))[0]
    assert [each["id"] for each in places_now["pickupDetails"]] == [each["id"] for each in places["pickupDetails"]]

    cart = await desk.cart((departure["id"], {before: 1, after: 1}))
    participants = (await desk.data("GET", f"/cart/{cart}"))["items"][0]["participantList"]
    assert [(each["tier"], each["price"]) for each in participants] == [(after, 150), (after, 150)]
    await desk.data("POST", "/order", json={"id": cart, "orderId": sold["id"]})
    manifest = await desk.data("GET", f"/api/v1/departures/{departure['id']}/manifest")
    assert list(manifest["tiers"].values()) == [3]

    seen = f"{days}&supplierId={desk.shop.account_id}"
    assert (await reseller.data("GET", seen))["items"][0]["timesAvailable"][0]["price"] == {after: 80, "Dog": 10}
    resold = await reseller.order((departure["id"], {before: 1}), supplier=desk.shop.account_id)
    (line,) = resold["items"][0]["participantList"]
    assert (line["price"], resold["commission"]) == (80, 40)
    (departure,) = await desk.data("GET", "/api/v1/products/walk/departures?from=2026-07-20&to=2026-07-20")
    assert departure["taken"] == 4


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
async def test_two_names_that_count_as_the_same_are_refused(desk: Desk, one: str, other: str) -> None:
    async def refused(path: str, body: dict[str, Any]) -> str:
        """Return the field that is to blame."""
        return str((await desk.refused(400, "POST", path, json=body))["errorMessage"]).partition(":")[0]

    two = {"price": 1}
    form = product("Cat", "Partner") | {"pickups": []}
    assert (await refused("/api/v1/products", form | {"tiers": {one: two, other: two}})).startswith("tiers.")
    twice = {"Partner": {one: 1, other: 2}}
    path = await refused("/api/v1/products", form | {"tiers": {one: two, "Dog": two}, "priceCategories": twice})
    assert path == f"priceCategories.Partner.{other}"
    path = await refused("/api/v1/products", form | {"priceCategories": {one: {"Cat": 1}, other: {"Cat": 2}}})
    assert path == f"priceCategories.{other}"
    await desk.data("POST", "/api/v1/products", json=form | {"tiers": {one: two, "Dog": two}, "priceCategories": {}})
    day = {"start": START, "capacity": 1, "prices": {one: 1, other: 2}}
    assert (await refused("/api/v1/products/walk/departures", day)).startswith("prices.")
    rate = {"product": "walk", "tiers": {one: {"percent": 1}, other: {"percent": 2}}}
    body = {"resellerId": desk.shop.account_id, "terms": {"products": [rate]}}
    assert (await refused("/api/v1/connections", body)).startswith("terms.products[0].tiers.")
    await desk.data("POST", "/api/v1/questions", json={"code": "q1", "name": one})
    assert await refused("/api/v1/questions", {"code": "q2", "name": other}) == "name"


async def test_discounts_and_answers_are_found_in_any_spelling(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"ADULT": 1, "adult": 1}))
    cheaper = await desk.data("POST", f"/cart/{cart}/discount", json={"code": " early10 "})
    assert cheaper["discountCode"] == "EARLY10"
    assert await desk.refused(400, "POST", "/api/v1/discounts", json={"code": "early10", "name": "x", "percent": 1})
    for number, label in enumerate(("Diät", unicodedata.normalize("NFD", "DIÄT"))):
        ordered = await desk.cart((rafting, {"Adult": 1}))
        await desk.data("PUT", f"/cart/{ordered}/customer", json={"firstName": f"A{number}", label: f"no {number}"})
        await desk.data("POST", "/order", json={"id": ordered})
    sheet = await desk.call("GET", f"/api/v1/departures/{rafting}/manifest?format=csv")
    head, *guests = sheet.text.strip().split("\r\n")
    assert head.count("Di") == 1
    assert [guest.rpartition(",")[2] for guest in guests] == ['"no 0"', '"no 1"']


@given(st.text(max_size=8))
def test_a_name_counts_as_the_same_as_its_other_spellings(name: str) -> None:
    for other in (name.casefold(), f" {name}\t", *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))):
        assert names.same(name, other)
        assert names.find({name: 1}, other) == 1
        assert names.count([name, other]) == {name: 2}
    assert names.key(names.key(name)) == names.key(name)


def test_names_that_are_others_stay_apart() -> None:
    apart = ["Adult", "Adults", "Ältere", "Altere", "1", "l", "", "Kind 1", "Kind  1"]
    assert len({names.key(name) for name in apart}) == len(apart)
    assert names.find({"Adult": 1, "ADULT": 2}, "ADULT") == 2
    assert names.find({"Adult": 0}, "Child") is None


def test_what_is_too_long_for_a_name_is_not_kept_in_memory() -> None:
    kept = names._kept_key.cache_info().currsize
    assert names.same("A" * (names.LONG + 1), "a" * (names.LONG + 1))
    assert names._kept_key.cache_info().currsize == kept
