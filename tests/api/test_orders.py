"""Orders over HTTP: placing, repeating, adding to, and taking expired seats anew.

What the public page says of orders is in `tests/wire/test_orders_page.py`, line by line; lists are in
`tests/wire/test_order_list.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from seatwright.catalog.model import Product, Tier
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.desk import KAYAK, RAFTING, Desk, open_desk

NULLS = {
    "orderId": None,
    "billing": None,
    "referenceId": None,
    "disableNotification": None,
    "disablePendingOrderNotification": None,
    "disablePendingOrderNotificationResponse": None,
    "disableConfirmationEmail": None,
}


async def test_an_order_is_answered_with_every_field(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    customer = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "8015550100"}
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    body = {"id": cart, "referenceId": "OTA-7781", "billing": {"memo": "payment received"}}
    order = await desk.data("POST", "/order", json=body)
    money = {"price": 99, "discount": 0, "fees": 4.95, "tax": 7.43, "total": 111.38}
    item = order["items"][0]
    line, payment = item["participantList"][0], order["payments"][0]
    at = "2026-07-01T16:00:00.000Z"
    assert line == money | {
        "id": line["id"],
        "location": item["location"],
        "pickup": None,
        "tier": "Adult",
        "status": "confirmed",
        "firstName": None,
        "lastName": None,
        "cancellationFee": 0,
        "pendingUntil": None,
        "checkedInDate": None,
        "answers": {},
        "charges": [
            {"name": "River fee", "type": "fee", "amount": 4.95, "included": False},
            {"name": "Sales tax", "type": "tax", "amount": 7.43, "included": False},
        ],
    }
    assert item == money | {
        "id": rafting,
        "productId": desk.shop.entries["rafting"].id,
        "productName": "Half-day rafting",
        "productNumber": RAFTING,
        "quantityType": "participant",
        "status": "confirmed",
        "date": {
            "startTime": "2026-07-14T09:00:00.000Z",
            "endTime": "2026-07-14T13:00:00.000Z",
            "timeZone": "America/Denver",
        },
        "location": {"id": desk.shop.entries["putin"].id, "name": "Green River put-in"},
        "pickup": None,
        "participantList": [line],
        "unitList": [],
    }
    paid = {"id": payment["id"], "type": "External", "amount": 111.38, "memo": "payment received", "date": at}
    assert order == money | {
        "id": cart,
        "confirmation": order["confirmation"],
        "entityId": desk.shop.account_id,
        "status": "confirmed",
        "referenceId": "OTA-7781",
        "supplierId": None,
        "resellerId": None,
        "createdDate": at,
        "modifiedDate": at,
        "createdBy": "Dana Reyes",
        "createdByEmail": "dana@canyon.example",
        "customer": customer,
        "items": [item],
        "cancellationFees": 0,
        "amountPaid": 111.38,
        "balance": 0,
        "currency": "USD",
        "discountCodes": [],
        "payments": [paid],
        "billing": {"memo": "payment received"},
        "channel": None,
        "pendingUntil": None,
        "answer": None,
        "agent": None,
        "resaleType": None,
        "commission": None,
        "netAmount": None,
        "disableNotification": True,
        "disablePendingOrderNotification": True,
        "disablePendingOrderNotificationResponse": True,
        "disableConfirmationEmail": True,
    }
    assert isinstance(order["confirmation"], int)
    for reference in (cart, order["confirmation"], f"000{order['confirmation']}"):
        assert await desk.data("GET", f"/order/{reference}") == order


async def test_billing_and_unknown_fields_of_an_order_are_taken_as_clients_send_them(desk: Desk, kayak: str) -> None:
    cases: list[tuple[dict[str, Any], str | None, dict[str, Any]]] = [
        (NULLS, None, {}),
        ({"billing": {}}, None, {}),
        ({"billing": {"memo": 7}}, "7", {"memo": 7}),
        ({"billing": {"memo": None, "type": "card"}}, None, {"memo": None, "type": "card"}),
        ({"billing": {"memo": {"text": "cash"}, "by": ["Ann", 1]}}, None, {"memo": {"text": "cash"}, "by": ["Ann", 1]}),
        ({"orderId": "", "referenceId": "", "supplierId": None, "whatever": [1]}, None, {}),
    ]
    for sent, memo, kept in cases:
        order = await desk.order((kayak, {"All": 1}), **sent)
        assert ([payment["memo"] for payment in order["payments"]], order["billing"]) == ([memo], kept)
        assert (order["referenceId"], order["disableConfirmationEmail"]) == (None, True)


async def test_what_costs_nothing_is_an_order_too(desk: Desk) -> None:
    tiers = (Tier(code="All", name="Visit", price=0),)
    await desk.shop.add("product", Product(id=new_hex24(), code="visit", name="Visit", number=4105, tiers=tiers))
    visit = await desk.shop.departure("visit", "2026-07-14 09:00", capacity=3)
    order = await desk.order((visit, {"All": 2}))
    assert (order["total"], order["amountPaid"], order["payments"]) == (0, 0, [])
    cancelled = await desk.data("DELETE", f"/order/{order['id']}")
    assert (cancelled["status"], cancelled["balance"], await desk.shop.taken(visit)) == ("cancelled", 0, 0)


async def test_confirmation_numbers_and_times_grow_from_order_to_order(
    desk: Desk, kayak: str, clock: ManualClock
) -> None:
    first = await desk.order((kayak, {"All": 1}), referenceId=7781)
    clock.advance(1234)
    second = await desk.order((kayak, {"All": 1}), orderId=first["confirmation"])
    third = await desk.order((kayak, {"All": 1}))
    assert third["confirmation"] > first["confirmation"]
    assert first["referenceId"] == second["referenceId"] == "7781"
    assert (second["createdDate"], second["modifiedDate"]) == (first["createdDate"], "2026-07-01T16:00:01.234Z")
    assert third["createdDate"] == "2026-07-01T16:00:01.234Z"


async def test_ordering_a_cart_again_answers_the_same_order(
    desk: Desk, rafting: str, kayak: str, clock: ManualClock
) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    first = {"id": cart, "referenceId": "OTA-1", "billing": {"memo": "card"}}
    order = await desk.data("POST", "/order", json=first)
    clock.advance(24 * 60 * MINUTE_MS)
    for again in (first, NULLS | first, {"id": cart, "referenceId": "OTA-1", "disableConfirmationEmail": False}):
        assert await desk.data("POST", "/order", json=again) == order
    for other in ({"referenceId": "OTA-2"}, {"referenceId": "OTA-1", "orderId": order["id"]}, {}):
        envelope = await desk.refused(409, "POST", "/order", json={"id": cart} | other)
        assert envelope["errorCode"] == "cart_ordered"
        assert order["id"] in envelope["errorMessage"]
    # The same when it was added to an order; and what became of the order since is shown.
    more = await desk.cart((kayak, {"All": 1}))
    adding = {"id": more, "orderId": str(order["confirmation"])}
    both = await desk.data("POST", "/order", json=adding)
    assert await desk.data("POST", "/order", json=adding | {"orderId": order["confirmation"]}) == both
    await desk.refused(409, "POST", "/order", json={"id": more})
    await desk.refused(409, "POST", "/order", json=adding | {"referenceId": "OTA-3"})
    cancelled = await desk.data("DELETE", f"/order/{order['id']}")
    assert (await desk.data("POST", "/order", json=first))["status"] == cancelled["status"] == "cancelled"
    assert (await desk.shop.taken(rafting), await desk.shop.taken(kayak)) == (0, 0)
    assert len(await desk.data("GET", "/order")) == 1


async def test_ordering_a_cart_many_times_at_once_makes_one_order(desk: Desk, kayak: str) -> None:
    cart = await desk.cart((kayak, {"All": 1}))
    orders = await asyncio.gather(*(desk.data("POST", "/order", json={"id": cart}) for _ in range(8)))
    assert all(order == orders[0] for order in orders)
    assert len(await desk.data("GET", "/order")) == await desk.shop.taken(kayak) == 1


async def test_adding_merges_what_is_the_same_departure(desk: Desk, rafting: str, kayak: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}), (kayak, {"All": 1}))
    await desk.data("POST", f"/cart/{cart}/discount", json={"code": "EARLY10"})
    order = await desk.data("POST", "/order", json={"id": cart, "billing": {"memo": "card"}})
    again = await desk.cart((kayak, {"All": 2}), (rafting, {"Child": 1}))
    await desk.data("PUT", f"/cart/{again}/customer", json={"firstName": "Ann"})
    both = await desk.data("POST", "/order", json={"id": again, "orderId": order["id"], "billing": {"memo": "cash"}})
    assert [item["id"] for item in both["items"]] == [rafting, kayak]
    tiers = [[line["tier"] for line in item["participantList"]] for item in both["items"]]
    assert tiers == [["Adult", "Child"], ["All", "All", "All"]]
    # What was sold before stays as it was: its ids, its discount.
    assert both["items"][0]["participantList"][0] == order["items"][0]["participantList"][0]
    assert (both["discount"], both["discountCodes"]) == (order["discount"], ["EARLY10"])
    assert [payment["memo"] for payment in both["payments"]] == ["card", "cash"]
    assert both["total"] == both["amountPaid"] == round(order["total"] + 2 * 75.25 + 66.38, 2)
    assert (both["customer"], both["billing"]) == ({"firstName": "Ann"}, {"memo": "cash"})
    other = await desk.cart((kayak, {"All": 1}))
    await desk.data("PUT", f"/cart/{other}/customer", json={"firstName": "Bo"})
    last = await desk.data("POST", "/order", json={"id": other, "orderId": order["id"]})
    assert (last["customer"], last["billing"], len(last["payments"])) == ({"firstName": "Ann"}, {"memo": "cash"}, 3)


async def test_guests_can_be_added_to_an_item_that_was_cancelled(desk: Desk, rafting: str, kayak: str) -> None:
    order = await desk.order((rafting, {"Adult": 2}), (kayak, {"All": 1}))
    less = await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}")
    assert less["items"][0]["status"] == "cancelled"
    more = await desk.order((rafting, {"Child": 1}), orderId=order["id"])
    item = more["items"][0]
    assert (item["status"], item["total"]) == ("confirmed", 66.38)
    assert [line["status"] for line in item["participantList"]] == ["cancelled", "cancelled", "confirmed"]
    assert more["total"] == round(75.25 + 66.38 + less["cancellationFees"], 2)
    assert await desk.shop.taken(rafting) == 1


async def test_adding_to_a_cancelled_foreign_or_unknown_order_is_refused(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    other = await open_desk(client, services, "other")
    theirs = await other.order((await other.shop.departure("kayak", "2026-07-15 09:00", capacity=8), {"All": 1}))
    gone = await desk.order((rafting, {"Adult": 1}))
    await desk.data("DELETE", f"/order/{gone['id']}")
    cart = await desk.cart((rafting, {"Adult": 1}))
    shown = await desk.data("GET", f"/cart/{cart}")
    cases: list[tuple[Any, int, str]] = [
        (gone["id"], 409, "order_cancelled"),
        (gone["confirmation"], 409, "order_cancelled"),
        (theirs["id"], 404, "order_not_found"),
        (theirs["confirmation"], 404, "order_not_found"),
        (999_999_999, 404, "order_not_found"),
        ("no such order", 404, "order_not_found"),
        (cart, 404, "order_not_found"),
    ]
    for order_id, status, code in cases:
        envelope = await desk.refused(status, "POST", "/order", json={"id": cart, "orderId": order_id})
        assert envelope["errorCode"] == code
        assert envelope["errorMessage"].startswith("orderId: ")
        assert await desk.data("GET", f"/cart/{cart}") == shown
    assert (await desk.data("POST", "/order", json={"id": cart}))["id"] == cart


async def test_expired_seats_are_free_and_are_taken_again(
    desk: Desk, rafting: str, kayak: str, clock: ManualClock
) -> None:
    cart = await desk.cart((rafting, {"Adult": 3}), (kayak, {"All": 8}))
    shown = await desk.data("GET", f"/cart/{cart}")
    clock.advance(30 * MINUTE_MS)
    assert (await desk.free(RAFTING, rafting), await desk.free(KAYAK, kayak)) == (12, 8)
    rival = await desk.order((kayak, {"All": 1}))
    for body in ({"id": cart}, {"id": cart, "orderId": rival["id"]}):
        envelope = await desk.refused(409, "POST", "/order", json=body)
        assert (envelope["errorCode"], envelope["data"]) == ("sold_out", None)
    assert await desk.data("GET", f"/cart/{cart}") == shown
    assert (await desk.free(RAFTING, rafting), await desk.free(KAYAK, kayak)) == (12, 7)
    await desk.data("DELETE", f"/order/{rival['id']}")
    order = await desk.data("POST", "/order", json={"id": cart})
    assert [item["participantList"] for item in order["items"]] == [item["participantList"] for item in shown["items"]]
    assert (order["total"], await desk.shop.taken(rafting), await desk.shop.taken(kayak)) == (shown["total"], 3, 8)


async def test_an_expired_cart_can_not_take_what_is_closed(desk: Desk, kayak: str, clock: ManualClock) -> None:
    in_time, late = await desk.cart((kayak, {"All": 1})), await desk.cart((kayak, {"All": 1}))
    await desk.data("PATCH", f"/api/v1/departures/{kayak}", json={"closed": True})
    await desk.data("POST", "/order", json={"id": in_time})
    clock.advance(30 * MINUTE_MS)
    envelope = await desk.refused(409, "POST", "/order", json={"id": late})
    assert envelope["errorCode"] == "not_bookable"
    assert len((await desk.data("GET", f"/cart/{late}"))["items"]) == 1
    await desk.data("PATCH", f"/api/v1/departures/{kayak}", json={"closed": False})
    await desk.data("POST", "/order", json={"id": late})
