"""Cancelling over HTTP on four levels, with the seats and the money in between.

Rafting costs 111.38 (Adult) or 66.38 (Child) and to cancel 50 % under 24 hours, 25 % under 72 hours, else 5.00 per
person; a bike 64.50, and 3.00 per unit; a kayak tour 75.25, and nothing to cancel.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.auth.model import PERMISSIONS
from seatwright.auth.service import NewUser
from seatwright.catalog.model import Product, Tier
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.desk import BIKE, KAYAK, RAFTING, Desk, another_user, open_desk
from tests.shop import denver

NOTHING: dict[str, Any] = {"refund": 0, "fee": 0, "seatsReturned": 0, "cancelled": [], "policy": []}


def lines(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all participants and units of an order."""
    return [line for item in order["items"] for line in (*item["participantList"], *item["unitList"])]


def shown(order: dict[str, Any]) -> dict[str, Any]:
    """Return an order without what its last cancellation did."""
    return {name: value for name, value in order.items() if name != "cancellation"}


def paths(order: dict[str, Any]) -> dict[str, str]:
    """Return the addresses of an order with a rafting trip, then bikes: the four levels, its first of each."""
    whole = f"/order/{order['confirmation']}"
    rafting, bike = (f"{whole}/item/{item['id']}" for item in order["items"])
    person, unit = order["items"][0]["participantList"][0]["id"], order["items"][1]["unitList"][0]["id"]
    return {
        "participant": f"{rafting}/participant/{person}",
        "unit": f"{bike}/unit/{unit}",
        "item": bike,
        "order": whole,
    }


async def test_participant_unit_item_and_order_are_cancelled_one_after_the_other(
    desk: Desk, rafting: str, bike: str, clock: ManualClock
) -> None:
    order = await desk.order((rafting, {"Adult": 1, "Child": 1}), (bike, {"All": 3}))
    paid, owed = order["total"], order["total"]
    expected = {  # level: fee, what is taken off the total, rafting seats and bikes free afterwards, what is cancelled
        "participant": (5, 111.38, (11, 2), 1),
        "unit": (3, 64.5, (11, 3), 2),
        "item": (6, 2 * 64.5, (11, 5), 4),
        "order": (5, 66.38, (12, 5), 5),
    }
    for level, path in paths(order).items():
        fee, off, free, gone = expected[level]
        clock.advance(1000)
        done = await desk.data("DELETE", path)
        owed = round(owed - off + fee, 2)
        assert (done["total"], done["amountPaid"], done["balance"]) == (owed, paid, round(owed - paid, 2))
        did = done["cancellation"]
        assert (did["fee"], did["refund"]) == (fee, round(off - fee, 2))
        assert did["seatsReturned"] == len(did["cancelled"]) == len(did["policy"])
        assert (await desk.free(RAFTING, rafting), await desk.free(BIKE, bike)) == free
        assert [line["status"] for line in lines(done)].count("cancelled") == gone
        assert done["status"] == ("cancelled" if level == "order" else "confirmed")
        assert done["modifiedDate"] > order["modifiedDate"]
        order = await desk.data("GET", f"/order/{order['id']}")
        assert order == shown(done)
        again = await desk.data("DELETE", path)
        assert (again["cancellation"], shown(again)) == (NOTHING, order)
    assert order["total"] == order["cancellationFees"] == 19
    assert [item["total"] for item in order["items"]] == [0, 0]
    assert [found["id"] for found in await desk.data("GET", "/order?fromModifiedDate=2026-07-01")] == [order["id"]]


async def test_a_quote_is_what_cancelling_comes_to(
    desk: Desk, rafting: str, bike: str, client: httpx.AsyncClient
) -> None:
    """On each level, and for nothing that is left; asking changes nothing."""
    order = await desk.order((rafting, {"Adult": 1, "Child": 1}), (bike, {"All": 3}))
    whole = f"/api/v1/orders/{order['confirmation']}/cancellation-quote"
    person, unit = (order["items"][n][name][0]["id"] for n, name in ((0, "participantList"), (1, "unitList")))
    queries = {
        "participant": f"?itemId={rafting}&lineId={person}",
        "unit": f"?itemId={bike}&lineId={unit}",
        "item": f"?itemId={bike}",
        "order": "",
    }
    for level, path in paths(order).items():
        before = await desk.data("GET", f"/order/{order['id']}")
        quoted = await desk.data("GET", whole + queries[level])
        assert await desk.data("GET", f"/order/{order['id']}") == before
        done = (await desk.data("DELETE", path))["cancellation"]
        assert {name: quoted[name] for name in done} == done
        nothing = await desk.data("GET", whole + queries[level])
        assert {name: nothing[name] for name in NOTHING} == NOTHING
    refused = await desk.refused(400, "GET", f"{whole}?lineId={person}")
    assert refused["errorMessage"].startswith("itemId: ")
    await desk.refused(404, "GET", f"{whole}?itemId={rafting}&lineId={unit}")
    await desk.refused(404, "GET", f"{whole}?itemId={rafting[::-1]}")
    await desk.refused(404, "GET", "/api/v1/orders/1/cancellation-quote")


async def test_an_item_or_order_is_cancelled_with_the_last_of_its_guests(desk: Desk, rafting: str, bike: str) -> None:
    order = await desk.order((rafting, {"Adult": 2}), (bike, {"All": 1}))
    first, second, unit = lines(order)
    path = f"/order/{order['id']}/item"
    one = await desk.data("DELETE", f"{path}/{rafting}/participant/{first['id']}")
    assert [item["status"] for item in one["items"]] == ["confirmed", "confirmed"]
    two = await desk.data("DELETE", f"{path}/{rafting}/participant/{second['id']}")
    assert ([item["status"] for item in two["items"]], two["status"]) == (["cancelled", "confirmed"], "confirmed")
    last = await desk.data("DELETE", f"{path}/{bike}/unit/{unit['id']}")
    assert ([item["status"] for item in last["items"]], last["status"]) == (["cancelled", "cancelled"], "cancelled")
    assert last["total"] == last["cancellationFees"] == 13


async def test_the_fee_of_the_narrowest_window_is_taken_to_the_millisecond(
    desk: Desk, rafting: str, clock: ManualClock
) -> None:
    order = await desk.order((rafting, {"Adult": 6}))
    start = denver("2026-07-14 09:00")
    expected = [
        (start - 72 * HOUR_MS, 5, "5.00 per person"),
        (start - 72 * HOUR_MS + 1, 27.85, "25 % under 72 hours before the start"),
        (start - 24 * HOUR_MS, 27.85, "25 % under 72 hours before the start"),
        (start - 24 * HOUR_MS + 1, 55.69, "50 % under 24 hours before the start"),
        (start + HOUR_MS, 55.69, "50 % under 24 hours before the start"),
    ]
    for (at, fee, reason), line in zip(expected, lines(order), strict=False):
        clock.advance(at - clock.now())
        done = await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{line['id']}")
        assert done["cancellation"] == {
            "refund": round(111.38 - fee, 2),
            "fee": fee,
            "seatsReturned": 1,
            "cancelled": [line["id"]],
            "policy": [{"participantId": line["id"], "fee": fee, "reason": reason}],
        }
        kept = next(other for other in lines(done) if other["id"] == line["id"])
        assert (kept["status"], kept["total"], kept["cancellationFee"]) == ("cancelled", 111.38, fee)


async def test_a_fee_for_the_whole_order_is_taken_once(desk: Desk, kayak: str) -> None:
    fees = (Fee(calc="flat", amount=2500, per="order"),)
    await desk.shop.add("policy", Policy(id=new_hex24(), code="whole", name="Whole", fees=fees))
    await desk.data("PATCH", "/api/v1/account", json={"policyCode": "whole"})
    order = await desk.order((kayak, {"All": 3}))
    path = f"/order/{order['id']}/item/{kayak}"
    first, second, _ = (f"{path}/participant/{line['id']}" for line in lines(order))
    for level, fee in ((first, 25), (second, 0), (path, 0)):
        assert (await desk.data("DELETE", level))["cancellation"]["fee"] == fee
    waived = await desk.order((kayak, {"All": 2}))
    path = f"/order/{waived['id']}"
    first = f"{path}/item/{kayak}/participant/{lines(waived)[0]['id']}"
    assert (await desk.data("DELETE", f"{first}?applyCancellationFee=false"))["cancellation"]["fee"] == 0
    assert (await desk.data("DELETE", path))["cancellation"]["fee"] == 25


async def test_a_changed_policy_changes_nothing_about_what_was_sold(desk: Desk, rafting: str, kayak: str) -> None:
    before = await desk.order((rafting, {"Adult": 1}), (kayak, {"All": 1}))
    dear = (Fee(calc="percent", amount=1_000_000, per="person"),)
    await desk.data("PUT", "/api/v1/policies/tiered", json={"code": "tiered", "name": "Tiered", "fees": []})
    await desk.shop.add("policy", Policy(id=new_hex24(), code="dear", name="Dear", fees=dear))
    await desk.data("PATCH", "/api/v1/account", json={"policyCode": "dear"})
    after = await desk.order((rafting, {"Adult": 1}), (kayak, {"All": 1}))
    for order, fee in ((before, 5), (after, 75.25)):
        assert (await desk.data("DELETE", f"/order/{order['id']}"))["cancellation"]["fee"] == fee


async def test_no_fee_is_more_than_the_price(desk: Desk, clock: ManualClock) -> None:
    tiers = (Tier(code="Pair", name="Pair", price=300, seats=2),)
    cheap = Product(id=new_hex24(), code="cheap", name="Cheap", number=4106, tiers=tiers, policy="tiered")
    await desk.shop.add("product", cheap)
    departure = await desk.shop.departure("cheap", "2026-07-14 09:00", capacity=6)
    order = await desk.order((departure, {"Pair": 2}))
    assert await desk.free(4106, departure) == 2
    one = await desk.data("DELETE", f"/order/{order['id']}/item/{departure}/participant/{lines(order)[0]['id']}")
    assert (one["cancellation"]["fee"], one["cancellation"]["refund"], one["cancellation"]["seatsReturned"]) == (
        3.23,
        0,
        2,
    )
    assert one["cancellation"]["policy"][0]["reason"] == "5.00 per person, limited to the price"
    assert await desk.free(4106, departure) == 4


WAIVING: list[tuple[dict[str, Any], bool | None]] = [  # request, and whether the fee is taken; None is a 400
    ({}, True),
    ({"json": {}}, True),
    ({"content": b"null", "headers": {"Content-Type": "application/json"}}, True),
    ({"json": {"applyCancellationFee": None}}, True),
    ({"json": {"applyCancellationFee": ""}, "params": {"applyCancellationFee": ""}}, True),
    ({"json": {"applyCancellationFee": True}, "params": {"applyCancellationFee": "true"}}, True),
    ({"params": {"applyCancellationFee": "1"}}, True),
    ({"params": {"applyCancellationFee": "false"}}, False),
    ({"params": {"applyCancellationFee": "FALSE"}}, False),
    ({"params": {"applyCancellationFee": "0"}}, False),
    ({"json": {"applyCancellationFee": False}}, False),
    ({"json": {"applyCancellationFee": "False"}}, False),
    ({"json": {"applyCancellationFee": 0}, "params": {"applyCancellationFee": "false"}}, False),
    ({"content": b'{"applyCancellationFee": false}'}, False),
    ({"json": {"applyCancellationFee": None}, "params": {"applyCancellationFee": "false"}}, False),
    ({"json": {"applyCancellationFee": True}, "params": {"applyCancellationFee": "false"}}, None),
    ({"json": {"applyCancellationFee": False}, "params": {"applyCancellationFee": "true"}}, None),
    ({"json": {"applyCancellationFee": "no"}}, None),
    ({"json": {"applyCancellationFee": []}}, None),
    ({"json": {"applyCancellationFee": 2}}, None),
    ({"params": {"applyCancellationFee": "off"}}, None),
]


@pytest.mark.parametrize("level", ["participant", "unit", "item", "order"])
async def test_a_fee_is_waived_on_every_level_by_query_or_body(desk: Desk, level: str) -> None:
    rafting = await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=100)
    bike = await desk.shop.departure("bike", "2026-07-14 09:00", capacity=5, pool="bikes")
    for request, applies in WAIVING:
        order = await desk.order((rafting, {"Adult": 1}), (bike, {"All": 1}))
        path = paths(order)[level]
        if applies is None:
            envelope = await desk.refused(400, "DELETE", path, **request)
            assert (envelope["errorCode"], envelope["errorMessage"].split(":")[0]) == (
                "invalid_field",
                "applyCancellationFee",
            )
            assert await desk.data("GET", f"/order/{order['id']}") == order
        else:
            did = (await desk.data("DELETE", path, **request))["cancellation"]
            fee = {"participant": 5, "unit": 3, "item": 3, "order": 8}[level] if applies else 0
            assert (did["fee"], len({line["reason"] for line in did["policy"]} & {"waived"})) == (fee, not applies)
        await desk.data("DELETE", f"/order/{order['id']}")


async def test_who_may_cancel_and_who_may_waive(
    desk: Desk, rafting: str, bike: str, client: httpx.AsyncClient, services: Services
) -> None:
    async def user(*without: str) -> Desk:
        new = NewUser(email=f"{len(without)}@x.example", name="Bo", permissions=frozenset(PERMISSIONS) - {*without})
        return await another_user(client, services, desk.shop, new)

    clerk, seller = await user("cancellation_fee.edit"), await user("orders.cancel", "cancellation_fee.edit")
    order = await desk.order((rafting, {"Adult": 1}), (bike, {"All": 2}))
    for path in paths(order).values():
        for other, query, permission in (
            (clerk, "?applyCancellationFee=false", "cancellation_fee.edit"),
            (seller, "", "orders.cancel"),
        ):
            envelope = await other.refused(403, "DELETE", path + query)
            assert envelope["errorCode"] == "permission_missing"
            assert permission in envelope["errorMessage"]
    assert await seller.data("GET", f"/order/{order['id']}") == order
    assert (await clerk.data("DELETE", paths(order)["order"]))["cancellation"]["fee"] == 11


async def test_cancelling_things_of_other_orders_or_kinds_is_refused(
    desk: Desk, rafting: str, bike: str, kayak: str, client: httpx.AsyncClient, services: Services
) -> None:
    order = await desk.order((rafting, {"Adult": 1}), (bike, {"All": 1}))
    other = await desk.order((rafting, {"Adult": 1}), (bike, {"All": 1}), (kayak, {"All": 1}))
    person, unit = lines(order)
    their_person, their_unit, _ = lines(other)
    whole = f"/order/{order['id']}"
    cases = [
        (f"{whole}/item/{kayak}", 404, "item_not_found"),
        (f"{whole}/item/{'0' * 24}", 404, "item_not_found"),
        (f"{whole}/item/{person['id']}", 404, "item_not_found"),
        (f"{whole}/item/{kayak}/participant/{person['id']}", 404, "item_not_found"),
        (f"{whole}/item/{rafting}/participant/{their_person['id']}", 404, "participant_not_found"),
        (f"{whole}/item/{rafting}/participant/{unit['id']}", 404, "participant_not_found"),
        (f"{whole}/item/{bike}/unit/{their_unit['id']}", 404, "unit_not_found"),
        (f"{whole}/item/{bike}/participant/{unit['id']}", 400, "not_a_participant_item"),
        (f"{whole}/item/{rafting}/unit/{person['id']}", 400, "not_a_unit_item"),
        (f"/order/{'9' * 12}/item/{rafting}", 404, "order_not_found"),
    ]
    for path, status, code in cases:
        assert (await desk.refused(status, "DELETE", path))["errorCode"] == code
    stranger = await open_desk(client, services, "other")
    for path in paths(order).values():
        assert (await stranger.refused(404, "DELETE", path))["errorCode"] == "order_not_found"
    assert await desk.data("GET", whole) == order
    assert await desk.data("GET", f"/order/{other['id']}") == other
    assert (await desk.free(RAFTING, rafting), await desk.free(BIKE, bike), await desk.free(KAYAK, kayak)) == (10, 3, 7)


async def test_returned_seats_are_sold_again(desk: Desk, bike: str) -> None:
    evening = await desk.shop.departure("bike", "2026-07-14 16:00", end="2026-07-14 20:00", capacity=5, pool="bikes")
    order = await desk.order((bike, {"All": 5}))
    body = {"itemId": evening, "participants": {"All": 1}}
    cart = await desk.cart()
    assert await desk.free(BIKE, evening) == 0
    await desk.refused(409, "POST", f"/cart/{cart}/item", json=body)
    await desk.data("DELETE", f"/order/{order['id']}/item/{bike}/unit/{lines(order)[0]['id']}")
    assert await desk.free(BIKE, evening) == 1
    await desk.data("POST", f"/cart/{cart}/item", json=body)
    await desk.data("POST", "/order", json={"id": cart})
    assert (await desk.free(BIKE, evening), await desk.free(BIKE, bike)) == (0, 0)
