"""`GET /order`: every filter, alone and together, against the same filters written in Python."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from seatwright.core.clock import HOUR_MS, ManualClock
from tests.desk import Desk

ORDERS = 60


@pytest.fixture
async def orders(desk: Desk, clock: ManualClock) -> list[dict[str, Any]]:
    """Orders of about ten days, one of them at midnight; every third changed later, some of those after a day."""
    departure = await desk.shop.departure("kayak", "2026-07-28 09:00", capacity=100)
    made = []
    for i in range(ORDERS):
        made.append(await desk.order((departure, {"All": 1}), referenceId=f"REF-{i % 4}" if i % 5 else None))
        clock.advance(4 * HOUR_MS)
    for order in made[::3]:
        await desk.data("DELETE", f"/order/{order['id']}")
        clock.advance(5 * HOUR_MS + 1)
    found: list[dict[str, Any]] = await desk.data("GET", "/order?limit=1000")
    assert [order["id"] for order in found] == [order["id"] for order in made]
    assert any(order["createdDate"].endswith("T00:00:00.000Z") for order in found)
    return found


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
    limit, page = int(query.get("limit", 50)), query.get("page", 0)
    return found[limit * page : limit * (page + 1)]


async def test_all_filters_in_all_combinations(desk: Desk, orders: list[dict[str, Any]]) -> None:
    some = [orders[3]["id"], "nonsense", *(order["id"] for order in orders[6:40]), "", orders[3]["id"]]
    numbers = ["999999999", *(str(order["confirmation"]) for order in orders[4:35:2])]
    choices: list[list[dict[str, Any]]] = [
        [{}, {"ids": ",".join(some)}],
        [{}, {"confirmationIds": ",".join(numbers)}],
        [{}, {"fromCreatedDate": "2026-07-04"}, {"fromCreatedDate": "2026-07-03", "toCreatedDate": "2026-07-05"}],
        [{}, {"fromModifiedDate": "2026-07-05"}, {"fromModifiedDate": "2026-07-04", "toModifiedDate": "2026-07-13"}],
        [{}, {"referenceId": "REF-2"}],
        [{}, {"sortOrder": "asc"}, {"sortOrder": "desc"}],
        [{}, {"limit": 3}, {"limit": "2", "page": 1}],
    ]
    hits = set()
    for parts in itertools.product(*choices):
        query = {name: value for part in parts for name, value in part.items()}
        found = [order["id"] for order in await desk.data("GET", "/order", params=query)]
        assert found == wanted(orders, query), query
        hits.add(tuple(found))
    assert len(hits) > 100


async def test_filters_include_their_first_and_last_day(desk: Desk, orders: list[dict[str, Any]]) -> None:
    day = {"fromCreatedDate": "2026-07-03", "toCreatedDate": "2026-07-03"}
    first = orders[0]["id"]
    queries: list[dict[str, Any]] = [
        day,
        {"fromModifiedDate": "2026-07-04", "toModifiedDate": "2026-07-04"},
        day | {"fromModifiedDate": "2026-07-12", "toModifiedDate": "2026-07-12"},
        {"fromCreatedDate": "2026-07-01", "toCreatedDate": "2200-12-31"},
        {"fromCreatedDate": "1900-01-01", "toCreatedDate": "2026-06-30"},
        {"fromCreatedDate": "2026-08-01"},
        {"fromModifiedDate": "2027-01-01"},
        {"ids": f" {first} , {first}"},
        {"ids": first, "confirmationIds": str(orders[1]["confirmation"])},
        {"referenceId": "REF-9"},
        {"referenceId": "REF-2", "limit": 1000},
        {"limit": 1},
        {"limit": 7, "page": 8},
        {"limit": 7, "page": 9},
        {"limit": 1000, "page": 10_000_000},
    ]
    for query in queries:
        found = [order["id"] for order in await desk.data("GET", "/order", params=query)]
        assert found == wanted(orders, {**query, "ids": first} if "ids" in query else query), query
    # What is sent without a value is not sent.
    empty = dict.fromkeys(("ids", "confirmationIds", "fromCreatedDate", "toModifiedDate", "referenceId"), "")
    found = [order["id"] for order in await desk.data("GET", "/order", params=empty)]
    assert found == wanted(orders, {})


async def test_pages_cover_everything_once(desk: Desk, orders: list[dict[str, Any]]) -> None:
    everything = [order["id"] for order in orders]
    for sort_order, expected in (("asc", everything), ("desc", everything[::-1])):
        found: list[str] = []
        for page in range(10):
            query = f"limit=7&page={page}&sortOrder={sort_order}"
            found += [order["id"] for order in await desk.data("GET", f"/order?{query}")]
        assert found == expected
    # Fifty on a page, oldest first, from page 0.
    assert [order["id"] for order in await desk.data("GET", "/order")] == everything[:50]
    assert [order["id"] for order in await desk.data("GET", "/order?page=1")] == everything[50:]
    assert (await desk.data("GET", "/order?page=1"))[3] == await desk.data("GET", f"/order/{everything[53]}")
