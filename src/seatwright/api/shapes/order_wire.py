"""Orders on the wire (wire reference, "Orders" and "Shapes that we settle on")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from seatwright.api.shapes.item_wire import ItemOut, item_out
from seatwright.cancellation.service import Outcome, Quote
from seatwright.cart.model import sums
from seatwright.core.clock import Instant
from seatwright.core.fee_reason import english
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc
from seatwright.orders.model import Answer, Order, Payment
from seatwright.orders.view import OrderView, view_of


class PaymentOut(msgspec.Struct, kw_only=True, rename="camel"):
    """Money that was paid, by whom it was taken, and the memo that came with it. Below zero, it was given back."""

    id: str
    type: str
    amount: Decimal
    memo: str | None
    date: str


class AnswerOut(msgspec.Struct, kw_only=True, rename="camel"):
    """How the supplier answered a pending order last; `expired`: nobody did in time, which declines it."""

    outcome: Literal["accepted", "declined", "expired"]
    date: str
    reason: str


class AgentOut(msgspec.Struct, kw_only=True, rename="camel"):
    """The reseller's user in whose name the supplier ordered."""

    id: str
    name: str
    email: str


class OrderOut(msgspec.Struct, kw_only=True, rename="camel"):
    """An order as one account sees it. `total` is what remains plus cancellation fees; a `balance` below zero is
    money to give back. Of a reseller's order, `commission` is what the reseller earns or keeps, and `netAmount` what
    is the supplier's of the total."""

    id: str
    confirmation: int
    entity_id: str
    status: Literal["confirmed", "pending", "cancelled"]
    reference_id: str | None
    supplier_id: str | None
    reseller_id: str | None
    created_date: str
    modified_date: str
    created_by: str
    created_by_email: str
    customer: dict[str, Any]
    items: list[ItemOut]
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    cancellation_fees: Decimal
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    currency: str
    discount_codes: list[str]
    payments: list[PaymentOut]
    billing: dict[str, Any]
    channel: str | None
    pending_until: str | None
    answer: AnswerOut | None
    agent: AgentOut | None
    resale_type: Literal["commission", "net"] | None
    commission: Decimal | None
    net_amount: Decimal | None
    disable_notification: bool
    disable_pending_order_notification: bool
    disable_pending_order_notification_response: bool
    disable_confirmation_email: bool


class LineFeeOut(msgspec.Struct, kw_only=True, rename="camel"):
    """What cancelling one participant or unit cost, and why."""

    participant_id: str
    fee: Decimal
    reason: str


class CancellationOut(msgspec.Struct, kw_only=True, rename="camel"):
    """What a cancellation did, or would do; all empty where everything had been cancelled before."""

    refund: Decimal
    fee: Decimal
    seats_returned: int
    cancelled: list[str]
    policy: list[LineFeeOut]


class CancelledOrderOut(OrderOut, kw_only=True, rename="camel"):
    """The whole order after a cancellation, with what it did."""

    cancellation: CancellationOut


def order_out(order: Order, viewer_id: str) -> OrderOut:
    """Show an order to the account `viewer_id`, its supplier or its seller."""
    return OrderOut(**_fields(view_of(order, viewer_id)))


def cancelled_order_out(outcome: Outcome, viewer_id: str) -> CancelledOrderOut:
    """Show an order after a cancellation."""
    done = Quote(outcome.fees, outcome.fee, outcome.refund, outcome.cancelled, outcome.seats_returned)
    return CancelledOrderOut(
        **_fields(view_of(outcome.order, viewer_id)), cancellation=quote_out(done, outcome.order.body.currency)
    )


def quote_out(quoted: Quote, currency: str) -> CancellationOut:
    """Show the price of a cancellation, before or after it."""
    return CancellationOut(
        refund=to_wire(quoted.refund, currency),
        fee=to_wire(quoted.fee, currency),
        seats_returned=quoted.seats_returned,
        cancelled=list(quoted.cancelled),
        policy=[
            LineFeeOut(
                participant_id=line.line_id, fee=to_wire(line.fee, currency), reason=english(line.reason, currency)
            )
            for line in quoted.lines
        ],
    )


def _fields(order: OrderView) -> dict[str, Any]:
    body, currency, viewer_id = order.body, order.body.currency, order.viewer_id
    live = sums([line for item in body.items for line in item.live])
    resold = order.owner_id != order.account_id
    return {
        "id": order.id,
        "confirmation": order.confirmation,
        "entity_id": viewer_id,
        "status": order.status,
        "reference_id": body.reference_id,
        "supplier_id": order.account_id if resold and viewer_id == order.owner_id else None,
        "reseller_id": order.owner_id if resold and viewer_id == order.account_id else None,
        "created_date": iso_utc(order.created_at),
        "modified_date": iso_utc(order.modified_at),
        "created_by": body.created_by,
        "created_by_email": body.created_by_email,
        "customer": body.customer,
        "items": [item_out(item, currency) for item in body.items],
        "price": to_wire(live.price, currency),
        "discount": to_wire(live.discount, currency),
        "fees": to_wire(live.fees, currency),
        "tax": to_wire(live.tax, currency),
        "cancellation_fees": to_wire(body.cancellation_fees, currency),
        "total": to_wire(order.total, currency),
        "amount_paid": to_wire(order.paid, currency),
        "balance": to_wire(order.balance, currency),
        "currency": currency,
        "discount_codes": list(body.discount_codes),
        "payments": [
            _payment_out(payment, currency, order.created_at) for payment in body.payments if not payment.voided
        ],
        "billing": body.billing,
        "channel": order.channel or None,
        "pending_until": None if order.answer_by is None else iso_utc(order.answer_by),
        "answer": _answer_out(body.answer),
        "agent": None
        if body.agent is None
        else AgentOut(id=body.agent.id, name=body.agent.name, email=body.agent.email),
        "resale_type": None if body.resale is None else body.resale.kind,
        "commission": None if body.resale is None else to_wire(body.commission, currency),
        "net_amount": None if body.resale is None else to_wire(order.total - body.commission, currency),
        "disable_notification": body.flags.disable_notification,
        "disable_pending_order_notification": body.flags.disable_pending_order_notification,
        "disable_pending_order_notification_response": body.flags.disable_pending_order_notification_response,
        "disable_confirmation_email": body.flags.disable_confirmation_email,
    }


def _answer_out(answer: Answer | None) -> AnswerOut | None:
    if answer is None:
        return None
    return AnswerOut(outcome=answer.outcome, date=iso_utc(answer.at), reason=answer.reason)


def _payment_out(payment: Payment, currency: str, created_at: Instant) -> PaymentOut:
    return PaymentOut(
        id=payment.id,
        type=payment.type,
        amount=to_wire(payment.amount, currency),
        memo=payment.memo,
        date=iso_utc(max(payment.at, created_at)),
    )
