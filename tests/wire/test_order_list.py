"""`GET /order`: every filter, alone and together, against the same filters written in Python."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from seatwright.core.clock import HOUR_MS, ManualClock
from tests.desk import Desk

ORDERS = 24


@pytest.fixture
async def orders(desk: Desk, clock: ManualClock) -> list[dict[str, Any]]:
    """Orders of about a week, each a different hour of the day; every third changed a day or so later."""
    departure = await desk.shop.departure("kayak", "2026-07-28 09:00", capacity=100)
    made = []
    for i in range(ORDERS):
        made.append(await desk.order((departure, {"All": 1}), referenceId=f"REF-{i % 4}" if i % 5 else None))
        clock.advance(7 * HOUR_MS)
    for order in made[::3]:
        await desk.data("DELETE", f"/order/{order['id']}")
        clock.advance(5 * HOUR_MS)
    return [await desk.data("GET", f"/order/{order['id']}") for order in made]


def wanted(orders: list[dict[str, Any]], query: dict[str, Any]) -> list[str]:
    """Return the ids that a query has to find, in order."""

    def fits(order: dict[str, Any]) -> bool:
        created, modified = order["createdDate"][:10], order["modifiedDate"][:10]
        return (
            ("ids" not in query or order["id"] in query["ids"].split(","))
            and ("confirmationIds" not in query or str(order["confirmation"]) in query["confirmationIds"].split(","))
            and query.get("fromCreatedDate", "") <= created <= query.get("toCreatedDate", "9")
            and query.get("fromModifiedDate", "") <= modified <= query.get("toModifiedDate", "9")
            and ("referenceId" not in query or order["referenceId"] == query["referenceId"])
        )

    found = [order["id"] for order in orders if fits(order)]
    if query.get("sortOrder") == "desc":
        found.reverse()
    limit, page = query.get("limit", 50), query.get("page", 0)
    return found[limit * page : limit * (page + 1)]


async def test_all_filters_in_all_combinations(desk: Desk, orders: list[dict[str, Any]]) -> None:
    choices: list[list[dict[str, Any]]] = [
        [{}, {"ids": ",".join(order["id"] for order in orders[:9])}],
        [{}, {"confirmationIds": ",".join(str(order["confirmation"]) for order in orders[4:15])}],
        [{}, {"fromCreatedDate": "2026-07-02"}, {"fromCreatedDate": "2026-07-02", "toCreatedDate": "2026-07-05"}],
        [{}, {"fromModifiedDate": "2026-07-04"}, {"fromModifiedDate": "2026-07-04", "toModifiedDate": "2026-07-09"}],
        [{}, {"referenceId": "REF-2"}],
        [{}, {"sortOrder": "asc"}, {"sortOrder": "desc"}],
        [{}, {"limit": 3}, {"limit": 2, "page": 1}],
    ]
    hits = 0
    for parts in itertools.product(*choices):
        query = {name: value for part in parts for name, value in part.items()}
        found = [order["id"] for order in await desk.data("GET", "/order", params=query)]
        assert found == wanted(orders, query), query
        hits += bool(found)
    assert hits > 100


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_cover_everything_once(desk: Desk, orders: list[dict[str, Any]], order: str) -> None:
    found: list[str] = []
    for page in range(6):
        found += [o["id"] for o in await desk.data("GET", f"/order?limit=5&page={page}&sortOrder={order}")]
    assert found == wanted(orders, {"sortOrder": order})


async def test_the_default_is_fifty_on_the_first_page(desk: Desk) -> None:
    departure = await desk.shop.departure("kayak", "2026-07-28 09:00", capacity=100)
    made = [(await desk.order((departure, {"All": 1})))["id"] for _ in range(51)]
    assert [order["id"] for order in await desk.data("GET", "/order")] == made[:50]
    assert [order["id"] for order in await desk.data("GET", "/order?page=1")] == made[50:]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("toCreatedDate=2026-07-01", "toCreatedDate"),
        ("toModifiedDate=2026-07-01", "toModifiedDate"),
        ("fromCreatedDate=2026-07-02&toCreatedDate=2026-07-01", "toCreatedDate"),
        ("fromCreatedDate=07/01/2026", "fromCreatedDate"),
        ("fromModifiedDate=2026-02-30", "fromModifiedDate"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("page=-1", "page"),
        ("page=99999999999999999999", "page"),
        ("sortOrder=upwards", "sortOrder"),
        ("confirmationIds=1,x", "confirmationIds"),
        ("ids=" + ",".join(map(str, range(1001))), "ids"),
    ],
)
async def test_filters_that_cannot_be(desk: Desk, query: str, field: str) -> None:
    envelope = await desk.refused(400, "GET", f"/order?{query}")
    assert envelope["errorMessage"].startswith(f"{field}: ")
