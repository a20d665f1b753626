"""The Resmark orders page, line by line. `docs/conformance.md` names these tests beside what the page says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.http.context import Services
from tests.desk import BIKE, KAYAK, RAFTING, Desk, open_desk

CUSTOMER = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": 8015550100, "Weight": 70}


async def test_an_order_is_a_completed_purchase_with_date_and_customer(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=CUSTOMER)
    order = await desk.data("POST", "/order", json={"id": cart})
    assert order["status"] == "confirmed"
    assert order["items"][0]["date"] == {
        "startTime": "2026-07-14T09:00:00.000Z",
        "endTime": "2026-07-14T13:00:00.000Z",
        "timeZone": "America/Denver",
    }
    assert order["customer"] == CUSTOMER | {"phone": "8015550100"}


async def test_it_is_paid_by_an_external_source_and_silent(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}), billing={"memo": "payment received"})
    assert (order["total"], order["amountPaid"], order["balance"]) == (111.38, 111.38, 0)
    assert [(p["type"], p["amount"], p["memo"]) for p in order["payments"]] == [
        ("External", 111.38, "payment received")
    ]
    assert order["billing"] == {"memo": "payment received"}
    flags = (
        "disableNotification",
        "disablePendingOrderNotification",
        "disablePendingOrderNotificationResponse",
        "disableConfirmationEmail",
    )
    assert [order[flag] for flag in flags] == [True] * 4


async def test_the_flags_are_stored_as_sent(desk: Desk, rafting: str) -> None:
    order = await desk.order(
        (rafting, {"Adult": 1}),
        disableNotification=False,
        disablePendingOrderNotification=None,
        disablePendingOrderNotificationResponse="false",
        disableConfirmationEmail=False,
    )
    assert order["disableNotification"] is False
    assert order["disablePendingOrderNotification"] is True
    assert order["disablePendingOrderNotificationResponse"] is False
    assert order["disableConfirmationEmail"] is False
    assert await desk.data("GET", f"/order/{order['id']}") == order


async def test_single_order_by_either_id_with_pricing(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1, "Child": 1}))
    by_number = await desk.data("GET", f"/order/{order['confirmation']}")
    assert by_number == order == await desk.data("GET", f"/order/{order['id']}")
    adult = order["items"][0]["participantList"][0]
    prices = {name: adult[name] for name in ("tier", "price", "discount", "fees", "tax", "total")}
    assert prices == {"tier": "Adult", "price": 99, "discount": 0, "fees": 4.95, "tax": 7.43, "total": 111.38}
    await desk.refused(404, "GET", "/order/999999")
    await desk.refused(404, "GET", "/order/0c0f3a52-8a42-4c38-93a1-3d3a4a2f6f10")


async def test_money_has_the_currencys_decimals(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    answer = await desk.call("GET", f"/order/{order['id']}")
    assert '"price":99.00,' in answer.text
    assert '"balance":0.00,' in answer.text


async def test_the_cart_must_have_inventory(desk: Desk) -> None:
    envelope = await desk.refused(400, "POST", "/order", json={"id": await desk.cart()})
    assert envelope["errorCode"] == "cart_empty"
    await desk.refused(404, "POST", "/order", json={"id": "0c0f3a52-8a42-4c38-93a1-3d3a4a2f6f10"})


async def test_a_cart_is_added_to_an_order(desk: Desk, rafting: str, kayak: str) -> None:
    first = await desk.order((rafting, {"Adult": 1}), referenceId="OTA-1")
    both = await desk.order((rafting, {"Child": 1}), (kayak, {"All": 2}), orderId=str(first["confirmation"]))
    assert (both["id"], both["confirmation"]) == (first["id"], first["confirmation"])
    assert [len(item["participantList"]) for item in both["items"]] == [2, 2]
    assert both["amountPaid"] == both["total"] == round(111.38 + 66.38 + 2 * 75.25, 2)
    assert both["referenceId"] == "OTA-1"
    more = await desk.order((kayak, {"All": 1}), orderId=first["id"], referenceId="OTA-2")
    for reference in ("OTA-1", "OTA-2"):
        found = await desk.data("GET", f"/order?referenceId={reference}")
        assert [order["id"] for order in found] == [first["id"]]
    assert more["referenceId"] == "OTA-2"
    assert await desk.free(RAFTING, rafting) == 10
    assert await desk.free(KAYAK, kayak) == 5


async def test_adding_to_an_unknown_or_cancelled_order_is_refused(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    cart = await desk.cart((rafting, {"Adult": 1}))
    envelope = await desk.refused(404, "POST", "/order", json={"id": cart, "orderId": "123"})
    assert envelope["errorMessage"].startswith("orderId: ")
    await desk.data("DELETE", f"/order/{order['id']}")
    envelope = await desk.refused(409, "POST", "/order", json={"id": cart, "orderId": order["id"]})
    assert envelope["errorCode"] == "order_cancelled"
    await desk.data("POST", "/order", json={"id": cart})


async def test_repeating_answers_with_the_same_order(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    order = await desk.data("POST", "/order", json={"id": cart, "referenceId": "OTA-1"})
    assert await desk.data("POST", "/order", json={"id": cart, "referenceId": "OTA-1", "orderId": None}) == order
    for other in ({"referenceId": "OTA-2"}, {"referenceId": "OTA-1", "orderId": order["id"]}, {}):
        await desk.refused(409, "POST", "/order", json={"id": cart} | other)
    assert await desk.shop.taken(rafting) == 1


async def test_a_reseller_order_from_a_reseller_cart(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    reseller = await open_desk(client, services, "tripdesk")
    supplier_id = desk.shop.account_id
    await reseller.refused(404, "POST", f"/cart?supplierId={supplier_id}")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": reseller.shop.account_id})
    own = await reseller.order((await reseller.shop.departure("kayak", "2026-07-15 09:00", capacity=8), {"All": 1}))
    order = await reseller.order((rafting, {"Adult": 2}), supplier=supplier_id, referenceId="TD-9")
    assert (order["supplierId"], order["entityId"]) == (supplier_id, reseller.shop.account_id)
    assert await desk.free(RAFTING, rafting) == 10
    seen = await desk.data("GET", f"/order/{order['confirmation']}")
    assert (seen["supplierId"], seen["resellerId"], seen["total"]) == (None, reseller.shop.account_id, order["total"])
    assert [o["id"] for o in await reseller.data("GET", "/order")] == [own["id"], order["id"]]
    assert [o["id"] for o in await desk.data("GET", "/order?referenceId=TD-9")] == [order["id"]]
    await desk.refused(404, "GET", f"/order/{own['id']}")

    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=supplier_id)
    await desk.data("PATCH", f"/api/v1/connections/{reseller.shop.account_id}", json={"active": False})
    await reseller.refused(404, "POST", "/order", json={"id": cart})
    cancelled = await reseller.data("DELETE", f"/order/{order['id']}")
    assert cancelled["status"] == "cancelled"
    await reseller.data("DELETE", f"/cart/{cart}")
    assert await desk.free(RAFTING, rafting) == 12


async def test_cancel_order_returns_all_seats(desk: Desk, rafting: str, bike: str) -> None:
    order = await desk.order((rafting, {"Adult": 2}), (bike, {"All": 2}))
    assert (await desk.free(RAFTING, rafting), await desk.free(BIKE, bike)) == (10, 3)
    done = await desk.data("DELETE", f"/order/{order['confirmation']}")
    assert (await desk.free(RAFTING, rafting), await desk.free(BIKE, bike)) == (12, 5)
    assert done["status"] == "cancelled"
    assert {item["status"] for item in done["items"]} == {"cancelled"}
    assert done["cancellation"]["seatsReturned"] == 4
    assert done["cancellation"]["fee"] == 2 * 5 + 2 * 3
    assert done["total"] == done["cancellationFees"] == 16
    assert done["balance"] == round(16 - order["total"], 2) == -done["cancellation"]["refund"]
    again = await desk.data("DELETE", f"/order/{order['id']}")
    assert again["cancellation"] == {"refund": 0, "fee": 0, "seatsReturned": 0, "cancelled": [], "policy": []}
    assert {name: again[name] for name in order} == {name: done[name] for name in order}


async def test_cancel_item_keeps_the_rest(desk: Desk, rafting: str, kayak: str) -> None:
    order = await desk.order((rafting, {"Adult": 2}), (kayak, {"All": 2}))
    done = await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}")
    assert [item["status"] for item in done["items"]] == ["cancelled", "confirmed"]
    assert (done["status"], done["cancellation"]["seatsReturned"]) == ("confirmed", 2)
    assert (await desk.free(RAFTING, rafting), await desk.free(KAYAK, kayak)) == (12, 6)
    last = await desk.data("DELETE", f"/order/{order['id']}/item/{kayak}")
    assert (last["status"], last["cancellation"]["fee"]) == ("cancelled", 0)
    await desk.refused(404, "DELETE", f"/order/{order['id']}/item/{'0' * 24}")


async def test_cancel_participant_returns_their_seat(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1, "Child": 1}))
    adult, child = order["items"][0]["participantList"]
    path = f"/order/{order['id']}/item/{rafting}/participant"
    done = await desk.data("DELETE", f"{path}/{child['id']}")
    assert [line["status"] for line in done["items"][0]["participantList"]] == ["confirmed", "cancelled"]
    assert done["cancellation"] == {
        "refund": round(child["total"] - 5, 2),
        "fee": 5,
        "seatsReturned": 1,
        "cancelled": [child["id"]],
        "policy": [{"participantId": child["id"], "fee": 5, "reason": "5.00 per person"}],
    }
    assert await desk.free(RAFTING, rafting) == 11
    last = await desk.data("DELETE", f"{path}/{adult['id']}")
    assert (last["status"], last["items"][0]["status"]) == ("cancelled", "cancelled")
    await desk.refused(404, "DELETE", f"{path}/{'0' * 24}")


async def test_cancel_unit_of_a_rental(desk: Desk, bike: str, rafting: str) -> None:
    order = await desk.order((bike, {"All": "2"}), (rafting, {"Adult": 1}))
    item = order["items"][0]
    assert (item["quantityType"], item["participantList"], len(item["unitList"])) == ("unit", [], 2)
    unit = item["unitList"][0]["id"]
    done = await desk.data("DELETE", f"/order/{order['id']}/item/{bike}/unit/{unit}")
    assert (done["cancellation"]["seatsReturned"], done["cancellation"]["fee"]) == (1, 3)
    assert await desk.free(BIKE, bike) == 4
    person = order["items"][1]["participantList"][0]["id"]
    await desk.refused(400, "DELETE", f"/order/{order['id']}/item/{bike}/participant/{unit}")
    await desk.refused(400, "DELETE", f"/order/{order['id']}/item/{rafting}/unit/{person}")
    await desk.refused(404, "DELETE", f"/order/{order['id']}/item/{bike}/unit/{person}")


@pytest.mark.parametrize("level", ["order", "item", "participant", "unit"])
async def test_fees_are_waived_on_every_level(desk: Desk, rafting: str, bike: str, level: str) -> None:
    waivers: list[dict[str, Any]] = [
        {"params": {"applyCancellationFee": "false"}},
        {"json": {"applyCancellationFee": False}},
        {"json": {"applyCancellationFee": "false"}},
    ]
    for waiver in waivers:
        order = await desk.order((rafting, {"Adult": 1}), (bike, {"All": 1}))
        person, unit = order["items"][0]["participantList"][0]["id"], order["items"][1]["unitList"][0]["id"]
        path = {
            "order": "",
            "item": f"/item/{rafting}",
            "participant": f"/item/{rafting}/participant/{person}",
            "unit": f"/item/{bike}/unit/{unit}",
        }[level]
        done = await desk.data("DELETE", f"/order/{order['id']}{path}", **waiver)
        assert done["cancellation"]["fee"] == 0
        assert {line["reason"] for line in done["cancellation"]["policy"]} == {"waived"}
        assert done["cancellation"]["refund"] > 0


async def test_the_policy_applies_unless_it_is_waived(desk: Desk, rafting: str, clock: ManualClock) -> None:
    from_policy = await desk.order((rafting, {"Adult": 1}))
    clock.advance(12 * DAY_MS)  # 23 hours before the start
    assert (await desk.data("DELETE", f"/order/{from_policy['id']}"))["cancellation"]["fee"] == 55.69


async def test_a_fee_choice_that_makes_no_sense_is_refused(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    choices: list[tuple[dict[str, Any], str | None]] = [
        ({"applyCancellationFee": True}, "false"),
        ({"applyCancellationFee": "maybe"}, None),
        ({}, "maybe"),
    ]
    for body, query in choices:
        params = {"applyCancellationFee": query} if query else {}
        envelope = await desk.refused(400, "DELETE", f"/order/{order['id']}", json=body, params=params)
        assert envelope["errorMessage"].startswith("applyCancellationFee: ")
    assert await desk.data("GET", f"/order/{order['id']}") == order
