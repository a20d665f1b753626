"""Chosen participants and units are cancelled at once, for the amounts that were shown before."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.desk import Desk, another_user, open_desk
from tests.shop import denver


async def quote(desk: Desk, order: Any, *ids: str) -> dict[str, Any]:
    """Ask what cancelling these lines comes to."""
    path = f"/api/v1/orders/{order['id']}/cancellation-quote"
    shown: dict[str, Any] = await desk.data("GET", path, params={"lineIds": ",".join(ids)})
    return shown


def request(shown: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the body that cancels what was shown."""
    return {"lineIds": shown["cancelled"], "proof": shown["proof"], **more}


async def cancel(desk: Desk, order: Any, shown: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Cancel what was shown, and return the order."""
    done: dict[str, Any] = await desk.data("POST", path(order), json=request(shown, **more))
    return done


def path(order: Any) -> str:
    return f"/api/v1/orders/{order['id']}/cancel"


def ids(order: Any) -> list[str]:
    """Return the ids of an order's participants and units."""
    return [line["id"] for item in order["items"] for line in (*item["participantList"], *item["unitList"])]


async def test_any_lines_are_cancelled_for_what_was_shown(
    desk: Desk, rafting: str, bike: str, clock: ManualClock
) -> None:
    order = await desk.order((rafting, {"Adult": 2, "Child": 1}), (bike, {"All": 2}))
    adult, other, child, wheel, _ = ids(order)
    clock.set(denver("2026-07-12 10:00"))
    shown = await quote(desk, order, child, adult, wheel)
    assert [(each["id"], each["itemId"], each["tier"]) for each in shown["lines"]] == [
        (adult, rafting, "Adult"),
        (child, rafting, "Child"),
        (wheel, bike, "All"),
    ]
    assert [(each["cost"], each["fee"], each["credit"], each["policy"], each["reason"]) for each in shown["lines"]] == [
        (111.38, 27.85, 83.53, "Tiered", "25 % under 72 hours before the start"),
        (66.38, 16.6, 49.78, "Tiered", "25 % under 72 hours before the start"),
        (64.5, 3, 61.5, "Tiered", "3.00 per unit"),
    ]
    sums = {"cost": 242.26, "fee": 47.45, "credit": 194.81, "refund": 194.81, "seatsReturned": 3, "currency": "USD"}
    assert {name: shown[name] for name in sums} == sums
    done = await cancel(desk, order, shown, reason=" Ben's knee ")
    assert (done["total"], done["balance"]) == (shown["totalAfter"], shown["balanceAfter"])
    assert {name: shown[name] for name in done["cancellation"]} == done["cancellation"]
    assert [each["status"] for item in done["items"] for each in item["participantList"] + item["unitList"]] == [
        "cancelled",
        "confirmed",
        "cancelled",
        "cancelled",
        "confirmed",
    ]
    history = await desk.data("GET", f"/api/v1/audit/{order['id']}")
    assert (history[-1]["action"], history[-1]["detail"]["reason"]) == ("order.partly_cancelled", "Ben's knee")
    left = await quote(desk, order, *ids(order))
    assert left["cancelled"] == [other, ids(order)[4]]
    await cancel(desk, order, left)
    nothing = await quote(desk, order, *ids(order))
    assert (nothing["lines"], nothing["proof"], nothing["refund"], nothing["credit"]) == ([], "", 0, 0)


async def test_amounts_that_have_changed_are_shown_again(desk: Desk, rafting: str, clock: ManualClock) -> None:
    order = await desk.order((rafting, {"Adult": 2}))
    first, second = ids(order)
    clock.set(denver("2026-07-11 09:00"))
    shown = await quote(desk, order, first, second)
    assert shown["fee"] == 10
    clock.advance(1)
    refusal = await desk.refused(409, "POST", path(order), json=request(shown))
    assert refusal["errorCode"] == "amounts_changed"
    assert refusal["errorMessage"] == (
        "The amounts have changed since they were shown: the fee is 55.70, and 167.06 USD would be given back; details "
        "has the present amounts, whose proof cancels."
    )
    assert refusal["details"] == await quote(desk, order, first, second)
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{first}")
    refusal = await desk.refused(409, "POST", path(order), json=request(refusal["details"]))
    assert [each["id"] for each in refusal["details"]["lines"]] == [second]
    done = await cancel(desk, order, refusal["details"])
    assert (done["status"], done["cancellation"]["cancelled"]) == ("cancelled", [second])
    refusal = await desk.refused(409, "POST", path(order), json=request(shown))
    assert refusal["errorCode"] == "already_cancelled"
    assert "details" not in refusal


async def test_a_payment_in_between_changes_what_is_given_back(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    paid = [{"amount": 20, "method": "cash"}]
    order = await desk.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": paid})
    shown = await quote(desk, order, *ids(order))
    assert (shown["credit"], shown["fee"], shown["refund"], shown["balanceAfter"]) == (106.38, 5, 15, -15)
    more = {"amount": 10, "method": "card"}
    await desk.data("POST", f"/api/v1/orders/{order['id']}/payments", json=more)
    refusal = await desk.refused(409, "POST", path(order), json=request(shown))
    assert (refusal["details"]["fee"], refusal["details"]["refund"]) == (5, 25)
    assert (await cancel(desk, order, refusal["details"]))["balance"] == -25


async def test_fees_are_edited_or_waived_by_those_who_may(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    order = await desk.order((rafting, {"Adult": 3}))
    first, second, third = ids(order)
    shown = await quote(desk, order, first, second)
    new = auth.NewUser(email="bo@canyon.example", name="Bo", permissions=frozenset({"orders.cancel", "orders.read"}))
    clerk = await another_user(client, services, desk.shop, new)
    for more in ({"fees": {first: 4}}, {"waiveFees": True}):
        refusal = await clerk.refused(403, "POST", path(order), json=request(shown, **more))
        assert "cancellation_fee.edit" in refusal["errorMessage"]
    for fees, message in (
        ({first: -1}, f"fees.{first}: must be from 0 to 111.38."),
        ({first: 111.39}, f"fees.{first}: must be from 0 to 111.38."),
        ({third: 1}, f"fees.{third}: is not among the participants and units to cancel."),
        ({first: 1.005}, f"fees.{first}: '1.005' has more decimals than USD has (2)."),
    ):
        refusal = await desk.refused(400, "POST", path(order), json=request(shown, fees=fees))
        assert refusal["errorMessage"] == message
    done = await cancel(desk, order, shown, fees={first: "30.25", second: 5})
    assert done["cancellation"]["fee"] == 35.25
    assert [line["reason"] for line in done["cancellation"]["policy"]] == ["set by hand", "5.00 per person"]
    assert done["total"] == round(111.38 + 35.25, 2)
    last = await quote(desk, order, third)
    assert (await cancel(clerk, order, last, fees={third: 5}))["cancellation"]["fee"] == 5, "that is the policy's"
    other = await desk.order((rafting, {"Adult": 1}))
    done = await cancel(desk, other, await quote(desk, other, *ids(other)), waiveFees=True)
    assert (done["cancellation"]["fee"], done["cancellation"]["policy"][0]["reason"]) == (0, "waived")


@pytest.mark.parametrize(("edited", "later"), [(0, 25), (1, 0), (25, 0)])
async def test_a_fee_per_order_that_was_edited_away_is_taken_later(
    desk: Desk, kayak: str, edited: int, later: int
) -> None:
    fees = (Fee(calc="flat", amount=2500, per="order"),)
    await desk.shop.add("policy", Policy(id=new_hex24(), code="whole", name="Whole", fees=fees))
    await desk.data("PATCH", "/api/v1/account", json={"policyCode": "whole"})
    order = await desk.order((kayak, {"All": 2}))
    first, second = ids(order)
    await cancel(desk, order, await quote(desk, order, first), fees={first: edited})
    assert (await quote(desk, order, second))["fee"] == later


async def test_what_is_wrong_with_a_request_is_said(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    shown = await quote(desk, order, *ids(order))
    for body, status, begins in (
        ({"lineIds": [], "proof": "x"}, 400, "lineIds: "),
        ({"lineIds": ["nobody"], "proof": "x"}, 404, "lineIds: the order has no participant or unit 'nobody'."),
        ({"lineIds": ids(order)}, 400, "proof: is missing."),
        (request(shown, reason="x" * 501), 400, "reason: has more than 500 characters."),
        (request(shown, fees={ids(order)[0]: "x"}), 400, "fees."),
    ):
        refusal = await desk.refused(status, "POST", path(order), json=body)
        assert refusal["errorMessage"].startswith(begins)
    await desk.refused(404, "POST", "/api/v1/orders/1/cancel", json=request(shown))
    for query in ("lineIds=x", f"lineIds={ids(order)[0]},x"):
        await desk.refused(404, "GET", f"/api/v1/orders/{order['id']}/cancellation-quote?{query}")
    await desk.refused(
        400, "GET", f"/api/v1/orders/{order['id']}/cancellation-quote?lineIds={ids(order)[0]}&itemId={rafting}"
    )


async def test_a_reseller_cancels_for_the_fee_and_its_reason_stays_its_own(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services, clock: ManualClock
) -> None:
    agent = await open_desk(client, services, "agent")
    terms = {"type": "commission", "customerAccess": "limited", "mayWaiveFees": False}
    body = {"resellerId": agent.shop.account_id, "terms": terms}
    await desk.data("POST", "/api/v1/connections", json=body)
    order = await agent.order((rafting, {"Adult": 2}), supplier=desk.shop.account_id)
    first, second = ids(order)
    shown = await quote(agent, order, first)
    refusal = await agent.refused(403, "POST", path(order), json=request(shown, fees={first: 0}))
    assert refusal["errorCode"] == "fee_is_the_suppliers"
    await cancel(agent, order, shown, reason="Ann is ill")
    clock.advance(HOUR_MS)
    done = await cancel(desk, order, await quote(desk, order, second), fees={second: 0}, reason="no boat")
    assert done["cancellation"]["fee"] == 0
    history = await desk.data("GET", f"/api/v1/audit/{order['id']}")
    assert [event["detail"].get("reason") for event in history[1:]] == [None, "no boat"]
