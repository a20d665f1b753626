"""Payments in parts and in several ways, refunds, and mistakes that are voided: what the desk records of an order."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.http.context import Services
from tests.desk import Desk, another_user, open_desk


async def place(desk: Desk, departure: str, *, supplier: str = "", **more: Any) -> dict[str, Any]:
    """Order one adult and one child (158.00 and fees and taxes: 177.76) at the desk, and return the order."""
    cart = await desk.cart((departure, {"Adult": 1, "Child": 1}), supplier=supplier)
    placed: dict[str, Any] = await desk.data("POST", "/api/v1/orders", json={"cartId": cart, **more})
    return placed


async def pay(desk: Desk, order: Any, amount: float, method: str = "cash", **more: Any) -> dict[str, Any]:
    """Record a payment, and return the order's money."""
    body = {"amount": amount, "method": method, **more}
    paid: dict[str, Any] = await desk.data("POST", f"/api/v1/orders/{order['id']}/payments", json=body)
    return paid


async def refund(desk: Desk, order: Any, amount: float, method: str = "cash", **more: Any) -> dict[str, Any]:
    """Record a refund, and return the order's money."""
    body = {"amount": amount, "method": method, **more}
    given: dict[str, Any] = await desk.data("POST", f"/api/v1/orders/{order['id']}/refunds", json=body)
    return given


async def void(desk: Desk, order: Any, payment: Any, reason: str = "wrong order") -> dict[str, Any]:
    """Void a payment, and return the order's money."""
    path = f"/api/v1/orders/{order['id']}/payments/{payment['id']}/void"
    voided: dict[str, Any] = await desk.data("POST", path, json={"reason": reason})
    return voided


async def ledger(services: Services, order: Any) -> dict[str, int]:
    """Return the sums of an order's ledger, in cents, without those of its sale."""
    rows = await services.database.read(
        lambda tx: tx.rows(
            "SELECT ledger, SUM(amount) AS amount FROM ledger_entry WHERE order_id = $1 AND departure_id IS NULL "
            "GROUP BY ledger",
            order["id"],
        )
    )
    return {row["ledger"]: int(row["amount"]) for row in rows}


def amounts(shown: dict[str, Any]) -> list[tuple[str, float]]:
    """Return method and amount of what an order was paid with."""
    return [(payment["method"], payment["amount"]) for payment in shown["payments"]]


async def test_an_order_is_paid_in_parts_and_in_several_ways(
    desk: Desk, rafting: str, services: Services, clock: ManualClock
) -> None:
    order = await place(desk, rafting)
    assert (order["total"], order["amountPaid"], order["balance"], order["payments"]) == (177.76, 0, 177.76, [])
    first = await pay(desk, order, 50, deposit=True, memo=" till 2 ")
    assert (first["total"], first["amountPaid"], first["balance"]) == (177.76, 50, 127.76)
    clock.advance(HOUR_MS)
    await pay(desk, order, 100.5, "card")
    whole = await pay(desk, order, 27.26, "transfer", memo=4711)
    assert (whole["amountPaid"], whole["balance"], whole["status"]) == (177.76, 0, "confirmed")
    assert amounts(whole) == [("cash", 50), ("card", 100.5), ("transfer", 27.26)]
    assert whole["byMethod"] == [{"method": method, "amount": amount} for method, amount in amounts(whole)]
    history = await desk.data("GET", f"/api/v1/audit/{order['id']}")
    dana = {"id": history[1]["actor"], "name": "Dana Reyes"}
    assert [event["action"] for event in history[1:]] == ["order.payment_recorded"] * 3
    assert whole["payments"][0] == {
        "id": first["payments"][0]["id"],
        "kind": "payment",
        "method": "cash",
        "amount": 50,
        "memo": "till 2",
        "deposit": True,
        "date": "2026-07-01T16:00:00.000Z",
        "recordedBy": dana,
        "voided": None,
    }
    assert [payment["date"][11:16] for payment in whole["payments"]] == ["16:00", "17:00", "17:00"]
    assert whole["payments"][2]["memo"] == "4711"
    assert await ledger(services, order) == {
        "cash_payments": 5000,
        "card_payments": 10050,
        "transfer_payments": 2726,
        "receivable": -17776,
    }
    assert await desk.data("GET", f"/api/v1/orders/{order['confirmation']}/payments") == whole


async def test_the_resmark_door_shows_them_in_its_own_shape(desk: Desk, rafting: str) -> None:
    order = await place(desk, rafting, payments=[{"amount": "100", "method": "cash"}])
    (paid,) = (await desk.data("GET", f"/api/v1/orders/{order['id']}/payments"))["payments"]
    await pay(desk, order, 7.76, "other", memo="voucher")
    await void(desk, order, paid)
    shown = await desk.data("GET", f"/order/{order['id']}")
    assert (shown["amountPaid"], shown["balance"]) == (7.76, 170)
    assert [(each.pop("type"), each.pop("amount"), each.pop("memo")) for each in shown["payments"]] == [
        ("Other", 7.76, "voucher")
    ]
    assert [set(each) for each in shown["payments"]] == [{"id", "date"}]


@pytest.mark.parametrize(
    ("amount", "code"),
    [(0, "invalid_amount"), (-5, "invalid_amount"), (1.005, "invalid_amount"), ("x", "invalid_field")],
)
@pytest.mark.parametrize("kind", ["payments", "refunds"])
async def test_an_amount_must_be_one(desk: Desk, rafting: str, kind: str, amount: Any, code: str) -> None:
    order = await place(desk, rafting)
    body = {"amount": amount, "method": "cash"}
    refusal = await desk.refused(400, "POST", f"/api/v1/orders/{order['id']}/{kind}", json=body)
    assert refusal["errorCode"] == code
    assert refusal["errorMessage"].startswith("amount: ")


async def test_other_fields_of_a_payment_are_checked(desk: Desk, rafting: str) -> None:
    order = await place(desk, rafting)
    path = f"/api/v1/orders/{order['id']}/payments"
    for wrong, begins in (
        ({"amount": 1, "method": "gold"}, "method: "),
        ({"amount": 1}, "method: is missing."),
        ({"method": "cash"}, "amount: is missing."),
        ({"amount": 1, "method": "cash", "memo": "x" * 501}, "memo: has more than 500 characters."),
    ):
        refusal = await desk.refused(400, "POST", path, json=wrong)
        assert refusal["errorMessage"].startswith(begins)
    refusal = await desk.refused(404, "POST", "/api/v1/orders/99/payments", json={"amount": 1, "method": "cash"})
    assert refusal["errorCode"] == "order_not_found"


async def test_more_than_what_is_owed_is_refused_unless_it_is_meant(desk: Desk, rafting: str) -> None:
    order = await place(desk, rafting)
    await pay(desk, order, 170)
    path, body = f"/api/v1/orders/{order['id']}/payments", {"amount": 7.77, "method": "cash"}
    refusal = await desk.refused(409, "POST", path, json=body)
    assert refusal["errorCode"] == "more_than_owed"
    assert refusal["errorMessage"] == (
        "7.77 USD is more than what is still owed, 7.76; send allowOverpayment if more was really paid."
    )
    over = await pay(desk, order, 7.77, allowOverpayment=True)
    assert (over["amountPaid"], over["balance"]) == (177.77, -0.01)
    assert (await desk.refused(409, "POST", path, json=body | {"amount": 0.01}))["errorCode"] == "more_than_owed"


async def test_what_is_given_back_is_never_more_than_was_paid(desk: Desk, rafting: str, services: Services) -> None:
    order = await place(desk, rafting, payments=[{"amount": 177.76, "method": "card"}])
    path, body = f"/api/v1/orders/{order['id']}/refunds", {"amount": 77.76, "method": "cash"}
    refusal = await desk.refused(409, "POST", path, json=body)
    assert refusal["errorMessage"] == (
        "77.76 USD is more than what is to be given back, 0.00; send allowBalance if the customer is to owe the rest "
        "again."
    )
    given = await refund(desk, order, 77.76, allowBalance=True)
    assert (given["amountPaid"], given["balance"]) == (100, 77.76)
    assert amounts(given) == [("card", 177.76), ("cash", -77.76)]
    assert given["payments"][1]["kind"] == "refund"
    refusal = await desk.refused(409, "POST", path, json={"amount": 100.01, "method": "card", "allowBalance": True})
    assert refusal["errorCode"] == "more_than_paid"
    assert refusal["errorMessage"] == (
        "100.01 USD is more than what was paid, 100.00; a refund can't be more than that."
    )
    await desk.data("DELETE", f"/order/{order['id']}?applyCancellationFee=false")
    given = await refund(desk, order, 100, "card")
    assert (given["total"], given["amountPaid"], given["balance"]) == (0, 0, 0)
    assert await ledger(services, order) == {"card_payments": 7776, "cash_payments": -7776, "receivable": 0}


async def test_a_mistake_is_voided_and_stays(desk: Desk, rafting: str, services: Services) -> None:
    order = await place(desk, rafting)
    cash = (await pay(desk, order, 50))["payments"][0]
    after = await void(desk, order, cash, " typed twice ")
    assert (after["amountPaid"], after["balance"]) == (0, 177.76)
    (kept,) = after["payments"]
    assert (kept["amount"], kept["voided"]["reason"], kept["voided"]["by"]["name"]) == (50, "typed twice", "Dana Reyes")
    assert after["byMethod"] == [{"method": "cash", "amount": 0}]
    assert await void(desk, order, cash, "again") == after
    assert await ledger(services, order) == {"cash_payments": 0, "receivable": 0}
    path = f"/api/v1/orders/{order['id']}/payments"
    refusal = await desk.refused(400, "POST", f"{path}/{cash['id']}/void", json={"reason": " "})
    assert refusal["errorMessage"] == "reason: is missing."
    refusal = await desk.refused(404, "POST", f"{path}/{'0' * 24}/void", json={"reason": "x"})
    assert refusal["errorCode"] == "payment_not_found"


async def test_a_refund_that_was_never_paid_out_is_voided_too(desk: Desk, rafting: str) -> None:
    order = await place(desk, rafting, payments=[{"amount": 177.76, "method": "cash"}])
    paid, given = (await refund(desk, order, 10, allowBalance=True))["payments"]
    path = f"/api/v1/orders/{order['id']}/payments/{paid['id']}/void"
    refusal = await desk.refused(409, "POST", path, json={"reason": "x"})
    assert refusal["errorMessage"].endswith("void the refund first.")
    assert (await void(desk, order, given))["balance"] == 0
    assert (await void(desk, order, paid))["balance"] == 177.76


async def test_what_came_along_with_an_order_is_voided_by_those_who_may(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    (external,) = order["payments"]
    new = auth.NewUser(email="bo@canyon.example", name="Bo", permissions=frozenset({"payments.refund", "orders.read"}))
    clerk = await another_user(client, services, desk.shop, new)
    path = f"/api/v1/orders/{order['id']}/payments/{external['id']}/void"
    assert "account.write" in (await clerk.refused(403, "POST", path, json={"reason": "x"}))["errorMessage"]
    shown = await clerk.data("GET", f"/api/v1/orders/{order['id']}/payments")
    assert (shown["payments"][0]["recordedBy"], shown["payments"][0]["method"]) == (None, "external")
    assert (await void(desk, order, external))["balance"] == 111.38
    assert (await pay(desk, order, 111.38))["balance"] == 0


async def test_an_order_is_placed_with_a_deposit_and_paid_later(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1, "Child": 1}))
    booking = {"cartId": cart, "payments": [{"amount": 50, "method": "cash", "deposit": True}], "referenceId": "T-1"}
    order = await desk.data("POST", "/api/v1/orders", json=booking)
    assert (order["amountPaid"], order["balance"], order["referenceId"]) == (50, 127.76, "T-1")
    again = booking | {"payments": [{"amount": "50.00", "method": "cash", "deposit": True}]}
    assert await desk.data("POST", "/api/v1/orders", json=again) == order
    for other in ([], [{"amount": 51, "method": "cash"}], [{"amount": 50, "method": "card", "deposit": True}]):
        refusal = await desk.refused(409, "POST", "/api/v1/orders", json=booking | {"payments": other})
        assert refusal["errorMessage"].endswith("with another orderId or referenceId, or with other payments.")
    assert amounts(await desk.data("GET", f"/api/v1/orders/{order['id']}/payments")) == [("cash", 50)]


async def test_an_order_is_placed_with_its_payments_or_not_at_all(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1, "Child": 1}))
    both = [{"amount": 100, "method": "cash"}, {"amount": 77.77, "method": "card"}]
    body = {"cartId": cart, "payments": both}
    refusal = await desk.refused(409, "POST", "/api/v1/orders", json=body)
    assert refusal["errorCode"] == "more_than_owed"
    body["payments"] = [both[0], {"amount": 1.001, "method": "card"}]
    refusal = await desk.refused(400, "POST", "/api/v1/orders", json=body)
    assert refusal["errorMessage"].startswith("payments[1].amount: ")
    assert (await desk.data("GET", f"/cart/{cart}"))["id"] == cart
    order = await desk.data("POST", "/api/v1/orders", json={**body, "payments": both, "allowOverpayment": True})
    assert (order["amountPaid"], order["balance"]) == (177.77, -0.01)


async def test_guests_are_added_and_paid_for_at_the_desk(desk: Desk, rafting: str) -> None:
    order = await place(desk, rafting, payments=[{"amount": 100, "method": "cash"}])
    cart = await desk.cart((rafting, {"Child": 1}))
    body = {"cartId": cart, "orderId": order["id"], "payments": [{"amount": 144.14, "method": "card"}]}
    grown = await desk.data("POST", "/api/v1/orders", json=body)
    assert (grown["total"], grown["amountPaid"], grown["balance"]) == (244.14, 244.14, 0)
    assert await desk.data("POST", "/api/v1/orders", json=body) == grown


@pytest.mark.parametrize(("kind", "who"), [("commission", "supplier"), ("net", "reseller")])
async def test_money_is_recorded_by_the_business_that_takes_it(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services, kind: str, who: str
) -> None:
    agent = await open_desk(client, services, "agent")
    terms = {"type": kind, "rate": {"percent": 20}}
    body = {"resellerId": agent.shop.account_id, "terms": terms}
    await desk.data("POST", "/api/v1/connections", json=body)
    order = await place(agent, rafting, supplier=desk.shop.account_id)
    assert order["balance"] == 177.76
    taker, other = (desk, agent) if who == "supplier" else (agent, desk)
    cash = {"amount": 20, "method": "cash"}
    for path, body in (
        ("payments", cash),
        ("refunds", cash | {"allowBalance": True}),
        (f"payments/{'0' * 24}/void", {"reason": "x"}),
    ):
        refusal = await other.refused(403, "POST", f"/api/v1/orders/{order['id']}/{path}", json=body)
        assert refusal["errorCode"] == f"money_is_the_{who}s"
    assert (await pay(taker, order, 20))["balance"] == 157.76
    cart = await agent.cart((rafting, {"Child": 1}), supplier=desk.shop.account_id)
    booking = {"cartId": cart, "payments": [cash]}
    if who == "reseller":
        assert (await agent.data("POST", "/api/v1/orders", json=booking))["amountPaid"] == 20
    else:
        refusal = await agent.refused(403, "POST", "/api/v1/orders", json=booking)
        assert refusal["errorCode"] == "money_is_the_suppliers"


async def test_reports_show_the_ways_of_payment(desk: Desk, rafting: str, clock: ManualClock) -> None:
    order = await place(desk, rafting, payments=[{"amount": 100, "method": "cash", "deposit": True}])
    clock.advance(HOUR_MS)
    card = (await pay(desk, order, 77.76, "card"))["payments"][1]
    clock.advance(HOUR_MS)
    await void(desk, order, card)
    clock.advance(HOUR_MS)
    await refund(desk, order, 30, "transfer", allowBalance=True)
    days = {"from": "2026-07-01", "to": "2026-07-31"}
    accrual = await desk.data("GET", "/report/accrual/transactionDate", params=days)
    assert accrual["cashList"] == [
        {"_id": "Card", "positive": 77.76, "negative": -77.76},
        {"_id": "Cash", "positive": 100, "negative": 0},
        {"_id": "Transfer", "positive": 0, "negative": -30},
    ]
    assert accrual["advanceDepositsCredit"] == {"_id": None, "positive": 177.76, "negative": -107.76}
    assert accrual["totalDebit"] == accrual["totalCredit"]
    records = await desk.data("GET", "/api/v1/reports/transactions", params=days)
    assert [(each["actions"], each["total"], each["paid"], each["payments"]) for each in records] == [
        (["created"], 177.76, 100, [{"type": "Cash", "amount": 100}]),
        (["payment_recorded"], 0, 77.76, [{"type": "Card", "amount": 77.76}]),
        (["payment_voided"], 0, -77.76, [{"type": "Card", "amount": -77.76}]),
        (["refund_recorded"], 0, -30, [{"type": "Transfer", "amount": -30}]),
    ]
