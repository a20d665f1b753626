"""Payments of an order on the wire, with everything that the management API shows of them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec

from seatwright.core.clock import Instant
from seatwright.core.money import to_wire
from seatwright.core.names import text_or_none
from seatwright.core.times import iso_utc
from seatwright.http.wire import Text, Wire
from seatwright.orders.model import Order, Payment, Recorder, Voiding, Way
from seatwright.orders.new_payment import MAX_MEMO, NewPayment
from seatwright.orders.view import view_of

Amount: TypeAlias = Annotated[Decimal, msgspec.Meta(description="In the order's currency.", examples=[50.0])]
Method: TypeAlias = Annotated[Way, msgspec.Meta(description="How the money was paid.", examples=["cash"])]
Memo: TypeAlias = Annotated[Text | None, msgspec.Meta(description=f"Up to {MAX_MEMO} characters.")]


class PaymentIn(Wire, kw_only=True):
    """Money that was taken. A `deposit` was paid in advance."""

    amount: Amount
    method: Method
    memo: Memo = None
    deposit: bool = False

    def new(self, field: str = "") -> NewPayment:
        """Return it as a new payment, whose errors name `field`."""
        return NewPayment(self.amount, self.method, text_or_none(self.memo), self.deposit, field)


class RecordedPaymentIn(PaymentIn, kw_only=True):
    """A payment to be recorded. More than what is owed is refused without `allowOverpayment`."""

    allow_overpayment: bool = False


class RefundIn(Wire, kw_only=True):
    """Money that was given back; `amount` is above zero. More than what is to be given back is refused without
    `allowBalance`, and more than what was paid always."""

    amount: Amount
    method: Method
    memo: Memo = None
    allow_balance: bool = False


class VoidIn(Wire, kw_only=True):
    """Why a payment or refund counts no more."""

    reason: Annotated[Text, msgspec.Meta(description="Required.", examples=["Typed into the wrong order"])]


class RecorderOut(Wire, kw_only=True):
    """The user, or the key of a program, that recorded something."""

    id: str
    name: str


class VoidingOut(Wire, kw_only=True):
    """When, by whom and why a payment was declared wrong."""

    date: str
    by: RecorderOut | None
    reason: str


class RecordedPaymentOut(Wire, kw_only=True):
    """A payment, or a refund with an amount below zero. `recordedBy` is null if it came along with the order, or where
    it is hidden. A `voided` one counts as nothing."""

    id: str
    kind: Literal["payment", "refund"]
    method: Way
    amount: Decimal
    memo: str | None
    deposit: bool
    date: str
    recorded_by: RecorderOut | None
    voided: VoidingOut | None


class MethodSumOut(Wire, kw_only=True):
    """What was paid in one way, less what was given back in it."""

    method: Way
    amount: Decimal


class PaymentsOut(Wire, kw_only=True):
    """The money of an order: what is owed, what is paid, in which ways, and all payments in order. A `balance` below
    zero is money to give back. `deposit` is what is to be paid in advance, and `depositDue` what of it isn't paid."""

    order_id: str
    confirmation: int
    status: Literal["confirmed", "pending", "cancelled"]
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    deposit: Decimal
    deposit_due: Decimal
    currency: str
    by_method: list[MethodSumOut]
    payments: list[RecordedPaymentOut]


def payments_out(order: Order, viewer_id: str) -> PaymentsOut:
    """Show the money of an order to the account `viewer_id`, its supplier or its seller."""
    order = view_of(order, viewer_id)
    currency = order.body.currency
    by_method: dict[Way, int] = defaultdict(int)
    for payment in order.body.payments:
        by_method[payment.method] += payment.counted
    return PaymentsOut(
        order_id=order.id,
        confirmation=order.confirmation,
        status=order.status,
        total=to_wire(order.total, currency),
        amount_paid=to_wire(order.paid, currency),
        balance=to_wire(order.balance, currency),
        deposit=to_wire(order.deposit, currency),
        deposit_due=to_wire(order.deposit_due, currency),
        currency=currency,
        by_method=[
            MethodSumOut(method=method, amount=to_wire(amount, currency)) for method, amount in by_method.items()
        ],
        payments=[_payment_out(payment, currency, order.created_at) for payment in order.body.payments],
    )


def _payment_out(payment: Payment, currency: str, created_at: Instant) -> RecordedPaymentOut:
    return RecordedPaymentOut(
        id=payment.id,
        kind="refund" if payment.is_refund else "payment",
        method=payment.method,
        amount=to_wire(payment.amount, currency),
        memo=payment.memo,
        deposit=payment.deposit,
        date=iso_utc(max(payment.at, created_at)),
        recorded_by=_recorder_out(payment.by),
        voided=_voiding_out(payment.voided),
    )


def _voiding_out(voided: Voiding | None) -> VoidingOut | None:
    if voided is None:
        return None
    return VoidingOut(date=iso_utc(voided.at), by=_recorder_out(voided.by), reason=voided.reason)


def _recorder_out(recorder: Recorder | None) -> RecorderOut | None:
    return None if recorder is None else RecorderOut(id=recorder.id, name=recorder.name)
