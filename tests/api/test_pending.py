"""Products that need approval: their orders start pending, hold their seats, and are accepted, declined or expire."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from seatwright.cancellation import approval
from seatwright.catalog.model import Product
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.http.context import Services
from seatwright.orders import outbox
from seatwright.storage import audit
from tests.conftest import START
from tests.desk import BIKE, KAYAK, RAFTING, Desk, open_desk


@pytest.fixture
async def charter(desk: Desk, rafting: str) -> str:
    """The rafting departure, whose product has to be accepted within two hours."""
    await needs_approval(desk, "rafting", 120)
    return rafting


async def needs_approval(desk: Desk, code: str, minutes: int | None) -> None:
    product = desk.shop.entries[code]
    assert isinstance(product, Product)
    await desk.shop.add("product", msgspec.structs.replace(product, approval_min=minutes))


async def ledger(services: Services, order_id: str) -> dict[str, int]:
    """Return the sum in each ledger of an order."""
    rows = await services.database.read(
        lambda tx: tx.rows(
            "SELECT ledger, SUM(amount) AS amount FROM ledger_entry WHERE order_id = $1 GROUP BY ledger", order_id
        )
    )
    return {row["ledger"]: int(row["amount"]) for row in rows if row["amount"]}


async def events(desk: Desk, order_id: str) -> list[str]:
    return [event["action"] for event in await desk.data("GET", f"/api/v1/audit/{order_id}")]


async def test_an_order_that_must_be_accepted_is_pending_and_holds_its_seats(desk: Desk, charter: str) -> None:
    order = await desk.order((charter, {"Adult": 2}))
    assert (order["status"], order["items"][0]["status"]) == ("pending", "pending")
    assert order["pendingUntil"] == "2026-07-01T18:00:00.000Z"
    assert [line["status"] for line in order["items"][0]["participantList"]] == ["confirmed", "confirmed"]
    assert (order["amountPaid"], order["balance"]) == (order["total"], 0)
    assert await desk.free(RAFTING, charter) == 10
    accepted = await desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    assert (accepted["status"], accepted["items"][0]["status"]) == ("confirmed", "confirmed")
    assert (accepted["pendingUntil"], accepted["answer"]["outcome"]) == (None, "accepted")
    assert await desk.free(RAFTING, charter) == 10
    assert await desk.data("POST", f"/api/v1/orders/{order['confirmation']}/accept") == accepted
    refusal = await desk.refused(409, "POST", f"/api/v1/orders/{order['id']}/decline", json={})
    assert refusal["errorCode"] == "not_pending"
    assert await events(desk, order["id"]) == ["order.created", "order.accepted"]


async def test_a_declined_order_gives_back_its_seats_and_its_money(
    desk: Desk, charter: str, services: Services
) -> None:
    order = await desk.order((charter, {"Adult": 2}))
    declined = await desk.data("POST", f"/api/v1/orders/{order['id']}/decline", json={"reason": "High water"})
    assert (declined["status"], declined["total"], declined["cancellationFees"]) == ("cancelled", 0, 0)
    assert declined["balance"] == -order["total"]
    assert (declined["answer"]["outcome"], declined["answer"]["reason"]) == ("declined", "High water")
    assert await desk.free(RAFTING, charter) == 12
    paid = round(order["total"] * 100)
    assert await ledger(services, order["id"]) == {"external_payments": paid, "receivable": -paid}
    again = await desk.data("POST", f"/api/v1/orders/{order['id']}/decline", json={})
    assert again == declined


async def test_what_nobody_answers_in_time_is_declined(
    desk: Desk, charter: str, kayak: str, services: Services, clock: ManualClock
) -> None:
    order = await desk.order((charter, {"Adult": 1}))
    clock.set(START + 120 * MINUTE_MS - 1)
    assert await approval.expire(services.database, clock) == 0
    clock.set(START + 120 * MINUTE_MS)
    late = await desk.refused(409, "POST", f"/api/v1/orders/{order['id']}/accept")
    assert late["errorCode"] == "answer_too_late"
    assert await approval.expire(services.database, clock) == 1
    assert await approval.expire(services.database, clock) == 0
    shown = await desk.data("GET", f"/order/{order['id']}")
    assert (shown["status"], shown["answer"]["outcome"]) == ("cancelled", "expired")
    assert await desk.free(RAFTING, charter) == 12
    await desk.refused(409, "POST", f"/api/v1/orders/{order['id']}/accept")


async def test_the_deadline_is_never_after_the_start(desk: Desk, kayak: str, clock: ManualClock) -> None:
    await needs_approval(desk, "kayak", 30 * 24 * 60)
    order = await desk.order((kayak, {"All": 1}))
    assert order["pendingUntil"] == "2026-07-15T15:00:00.000Z"


async def test_in_a_mixed_order_only_what_needs_approval_is_pending(desk: Desk, charter: str, kayak: str) -> None:
    """A mixed cart: the order is pending, and declining takes only what was pending."""
    order = await desk.order((charter, {"Adult": 1}), (kayak, {"All": 2}))
    assert order["status"] == "pending"
    assert {item["productNumber"]: item["status"] for item in order["items"]} == {
        RAFTING: "pending",
        KAYAK: "confirmed",
    }
    declined = await desk.data("POST", f"/api/v1/orders/{order['id']}/decline", json={})
    assert declined["status"] == "confirmed"
    assert {item["productNumber"]: item["status"] for item in declined["items"]} == {
        RAFTING: "cancelled",
        KAYAK: "confirmed",
    }
    assert await desk.free(KAYAK, kayak) == 6


async def test_adding_to_an_accepted_item_asks_for_the_new_guests_only(desk: Desk, charter: str) -> None:
    order = await desk.order((charter, {"Adult": 1}))
    await desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    more = await desk.order((charter, {"Adult": 2}), orderId=order["id"])
    assert more["status"] == "pending"
    lines = more["items"][0]["participantList"]
    assert [bool(line["pendingUntil"]) for line in lines] == [False, True, True]
    declined = await desk.data("POST", f"/api/v1/orders/{order['id']}/decline", json={})
    assert declined["status"] == "confirmed"
    assert [line["status"] for line in declined["items"][0]["participantList"]] == [
        "confirmed",
        "cancelled",
        "cancelled",
    ]
    assert declined["total"] == order["total"]


async def test_cancelling_before_the_answer_costs_nothing(desk: Desk, charter: str, clock: ManualClock) -> None:
    clock.set(START + 12 * 24 * 60 * MINUTE_MS)  # within the fee's widest window, which always applies
    order = await desk.order((charter, {"Adult": 2}))
    first = order["items"][0]["participantList"][0]["id"]
    answer = await desk.data("DELETE", f"/order/{order['id']}/item/{charter}/participant/{first}")
    assert (answer["cancellation"]["fee"], answer["status"]) == (0, "pending")
    assert answer["cancellation"]["policy"][0]["reason"] == "not accepted yet"
    gone = await desk.data("DELETE", f"/order/{order['id']}")
    assert (gone["status"], gone["pendingUntil"], gone["total"]) == ("cancelled", None, 0)
    await desk.refused(409, "POST", f"/api/v1/orders/{order['id']}/accept")


async def test_accepting_accepts_only_what_is_still_in_time(
    desk: Desk, charter: str, kayak: str, services: Services, clock: ManualClock
) -> None:
    await needs_approval(desk, "kayak", 600)
    order = await desk.order((charter, {"Adult": 1}), (kayak, {"All": 2}))
    clock.set(START + 120 * MINUTE_MS)
    accepted = await desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    assert {item["productNumber"]: item["status"] for item in accepted["items"]} == {
        RAFTING: "pending",
        KAYAK: "confirmed",
    }
    assert (await desk.refused(409, "POST", f"/api/v1/orders/{order['id']}/accept"))["errorCode"] == "answer_too_late"
    assert await approval.expire(services.database, clock) == 1
    shown = await desk.data("GET", f"/order/{order['id']}")
    assert (shown["status"], [item["status"] for item in shown["items"]]) == ("confirmed", ["cancelled", "confirmed"])


async def test_an_order_that_fails_to_expire_keeps_no_other_from_its_turn(
    desk: Desk, charter: str, services: Services, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many fail: all that are due are tried in each round."""
    monkeypatch.setattr(approval, "EXPIRED_AT_ONCE", 1)
    first, second, third = [await desk.order((charter, {"Adult": 1})) for _ in range(3)]
    for each in (first, second):
        await services.database.write(
            lambda tx, each=each: tx.execute("UPDATE orders SET body = '!' || body WHERE id = $1", each["id"])
        )
    clock.set(START + 120 * MINUTE_MS)
    with pytest.raises(msgspec.DecodeError):
        await approval.expire(services.database, clock)
    assert (await desk.data("GET", f"/order/{third['id']}"))["status"] == "cancelled"
    for each in (first, second):
        await services.database.write(
            lambda tx, each=each: tx.execute("UPDATE orders SET body = substr(body, 2) WHERE id = $1", each["id"])
        )
    assert await approval.expire(services.database, clock) == 2


async def test_what_was_never_accepted_costs_nothing_afterwards(desk: Desk, charter: str) -> None:
    order = await desk.order((charter, {"Adult": 1}))
    line = order["items"][0]["participantList"][0]["id"]
    await desk.data("POST", f"/api/v1/orders/{order['id']}/decline")
    fee = f"/api/v1/orders/{order['id']}/lines/{line}/cancellation-fee"
    assert (await desk.refused(409, "PUT", fee, json={"amount": 1}))["errorCode"] == "not_accepted"


async def test_a_cancelled_order_is_not_accepted(desk: Desk, charter: str) -> None:
    order = await desk.order((charter, {"Adult": 1}))
    await desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    await desk.data("DELETE", f"/order/{order['id']}")
    refusal = await desk.refused(409, "POST", f"/api/v1/orders/{order['id']}/accept")
    assert refusal["errorCode"] == "not_pending"


async def test_pending_orders_are_listed_with_the_most_urgent_first(
    desk: Desk, charter: str, kayak: str, clock: ManualClock
) -> None:
    await needs_approval(desk, "kayak", 60)
    assert await desk.data("GET", "/api/v1/orders/pending") == []
    slow, fast = await desk.order((charter, {"Adult": 1})), await desk.order((kayak, {"All": 1}))
    await needs_approval(desk, "kayak", None)
    await desk.order((kayak, {"All": 1}))
    assert [each["id"] for each in await desk.data("GET", "/api/v1/orders/pending")] == [fast["id"], slow["id"]]
    (second,) = await desk.data("GET", "/api/v1/orders/pending?limit=1&page=1")
    assert second == await desk.data("GET", f"/order/{slow['id']}")
    await desk.data("POST", f"/api/v1/orders/{fast['id']}/accept")
    assert [each["id"] for each in await desk.data("GET", "/api/v1/orders/pending")] == [slow["id"]]


async def test_the_supplier_answers_and_not_the_reseller(
    desk: Desk, charter: str, client: httpx.AsyncClient, services: Services
) -> None:
    reseller = await open_desk(client, services, "tripdesk")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": reseller.shop.account_id})
    order = await reseller.order((charter, {"Adult": 1}), supplier=desk.shop.account_id)
    assert order["status"] == "pending"
    for answer in ("accept", "decline"):
        refusal = await reseller.refused(403, "POST", f"/api/v1/orders/{order['id']}/{answer}", json={})
        assert refusal["errorCode"] == "answer_is_the_suppliers"
    await desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    assert (await reseller.data("GET", f"/order/{order['id']}"))["status"] == "confirmed"


async def test_an_answer_puts_its_event_into_the_outbox_in_its_own_transaction(
    desk: Desk, charter: str, services: Services, clock: ManualClock
) -> None:
    async def told() -> list[tuple[str, dict[str, Any]]]:
        taken = await services.database.write(lambda tx: outbox.take(tx, clock.now(), limit=10))
        for event in taken:
            await services.database.write(lambda tx, event=event: outbox.done(tx, event))
        return [(event.kind, msgspec.json.decode(outbox.encode(event.detail))) for event in taken]

    silent = await desk.order((charter, {"Adult": 1}))
    assert await told() == []
    order = await desk.order((charter, {"Adult": 1}), disablePendingOrderNotificationResponse=False)
    line = order["items"][0]["participantList"][0]["id"]
    assert await told() == [("order.created", {"action": "order.created", "version": 1, "lines": [line]})]
    await desk.data("POST", f"/api/v1/orders/{order['id']}/decline", json={"reason": "Storm"})
    await desk.data("POST", f"/api/v1/orders/{silent['id']}/accept")
    assert await told() == [
        (
            "order.answered",
            {
                "action": "order.declined",
                "version": 2,
                "lines": [line],
                "refund": round(order["total"] * 100),
                "reason": "Storm",
            },
        )
    ]
    rows = await services.database.read(lambda tx: audit.history(tx, desk.shop.account_id, order["id"]))
    assert [row["action"] for row in rows] == ["order.created", "order.declined"]


async def test_flags_sent_while_adding_count_for_the_order_from_then_on(
    desk: Desk, rafting: str, kayak: str, services: Services
) -> None:
    """A flag that is sent counts for the order from then on; one that isn't stays as it was."""
    order = await desk.order((rafting, {"Adult": 1}))
    added = await desk.order((kayak, {"All": 1}), orderId=order["id"], disableConfirmationEmail=False)
    assert (added["disableConfirmationEmail"], added["disableNotification"]) == (False, True)
    told = await services.database.write(lambda tx: outbox.take(tx, services.clock.now(), limit=10))
    assert [event.detail.action for event in told] == ["order.added_to"]
    again = await desk.order((kayak, {"All": 1}), orderId=order["id"])
    assert again["disableConfirmationEmail"] is False
    silent = await desk.order((kayak, {"All": 1}), orderId=order["id"], disableConfirmationEmail=True)
    assert silent["disableConfirmationEmail"] is True


async def test_units_wait_for_approval_too(desk: Desk, bike: str) -> None:
    await needs_approval(desk, "bike", 60)
    order = await desk.order((bike, {"All": 2}))
    assert (order["status"], order["items"][0]["status"]) == ("pending", "pending")
    await desk.data("POST", f"/api/v1/orders/{order['id']}/decline", json={})
    assert await desk.free(BIKE, bike) == 5


async def test_guests_are_checked_in_and_out_by_the_supplier_alone(
    desk: Desk, rafting: str, kayak: str, clock: ManualClock
) -> None:
    order = await desk.order((rafting, {"Adult": 2}), (kayak, {"All": 1}))
    first, second = (line["id"] for line in order["items"][0]["participantList"])
    path = f"/api/v1/orders/{order['id']}/check-in"
    shown = await desk.data("POST", path, json={"ids": [first]})
    assert [line["checkedInDate"] for line in shown["items"][0]["participantList"]] == [
        "2026-07-01T16:00:00.000Z",
        None,
    ]
    clock.advance(MINUTE_MS)
    shown = await desk.data("POST", path, json={"itemId": rafting})
    assert [line["checkedInDate"] for line in shown["items"][0]["participantList"]] == [
        "2026-07-01T16:00:00.000Z",
        "2026-07-01T16:01:00.000Z",
    ]
    assert shown["items"][1]["participantList"][0]["checkedInDate"] is None
    back = await desk.data("POST", path, json={"ids": [second], "present": False})
    assert back["items"][0]["participantList"][1]["checkedInDate"] is None
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{second}")
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{first}")
    undone = await desk.data("POST", path, json={"ids": [first], "present": False})
    assert undone["items"][0]["participantList"][0]["checkedInDate"] is None, "who cancels late was not there after all"
    assert await desk.data("POST", path, json={"itemId": rafting, "present": False}) == undone
    assert (await desk.refused(409, "POST", path, json={"ids": [second]}))["errorCode"] == "not_checkable"
    assert (await desk.refused(404, "POST", path, json={"ids": ["nobody"]}))["errorCode"] == "line_not_found"
    assert (await desk.refused(404, "POST", path, json={"itemId": "0" * 24}))["errorCode"] == "item_not_found"
    assert (await events(desk, order["id"]))[1:4] == ["order.checked_in", "order.checked_in", "order.checked_out"]
