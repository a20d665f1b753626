"""Payments of orders: what the desk takes, gives back, and corrects."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation
from seatwright_client.orders import OrderRef
from seatwright_client.request import MANAGE, Request, get, given, path, write

_ORDERS = f"{MANAGE}/orders"


class Recorder(Shape, frozen=True, kw_only=True):
    """The user, or the key of a program, that recorded something."""

    id: str
    name: str


class Voiding(Shape, frozen=True, kw_only=True):
    """When, by whom and why a payment was declared wrong."""

    date: dt.datetime
    by: Recorder | None = None
    reason: str = ""


class RecordedPayment(Shape, frozen=True, kw_only=True):
    """A payment, or a refund with an amount below zero. `recorded_by` is None if it came along with the order, or where
    it is hidden. A `voided` one counts as nothing.
    """

    id: str
    kind: str
    method: str
    amount: Decimal
    memo: str | None = None
    deposit: bool = False
    date: dt.datetime
    recorded_by: Recorder | None = None
    voided: Voiding | None = None


class MethodSum(Shape, frozen=True, kw_only=True):
    """What was paid in one way, less what was given back in it."""

    method: str
    amount: Decimal


class OrderPayments(Shape, frozen=True, kw_only=True):
    """The money of an order: what is owed, what is paid, in which ways, and all payments in order. A `balance` below
    zero is money to give back. `deposit` is what is to be paid in advance, and `deposit_due` what of it isn't paid.
    """

    order_id: str
    confirmation: int
    status: str
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    deposit: Decimal
    deposit_due: Decimal
    currency: str
    by_method: tuple[MethodSum, ...]
    payments: tuple[RecordedPayment, ...]


class LedgerEntry(Shape, frozen=True, kw_only=True):
    """One side of a transaction: a `debit` or a `credit` in a `ledger`; the other is 0. `kind` says what happened.
    `departure_id` and `product_name` are None for what is about the whole order.
    """

    ledger: str
    kind: str
    name: str
    departure_id: str | None = None
    product_name: str | None = None
    debit: Decimal
    credit: Decimal


class LedgerTransaction(Shape, frozen=True, kw_only=True):
    """What was booked together; its debits and its credits are the same sum, `amount`."""

    number: int
    date: dt.datetime
    amount: Decimal
    entries: tuple[LedgerEntry, ...]


class OrderLedger(Shape, frozen=True, kw_only=True):
    """All that was booked for an order, oldest first."""

    order_id: str
    confirmation: int
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    currency: str
    transactions: tuple[LedgerTransaction, ...]


_money = enveloped(OrderPayments)


class Payments(Resource[Mode]):
    """`client.payments`. Methods that change something return the order's money as it is afterwards.

    A `method` is `cash`, `card`, `transfer`, `other` or `external`; amounts are above zero, in the order's currency.
    """

    @operation
    def read(self, order_id: OrderRef) -> Request[OrderPayments]:
        """Return what is owed and paid, with every payment and refund."""
        return get(path(_ORDERS, order_id, "payments"), _money)

    @operation
    def ledger(self, order_id: OrderRef) -> Request[OrderLedger]:
        """Return everything that was booked for an order, transaction by transaction."""
        return get(path(_ORDERS, order_id, "ledger"), enveloped(OrderLedger))

    @operation
    def record(
        self,
        order_id: OrderRef,
        amount: Decimal | int | str,
        method: str,
        *,
        memo: str | None = None,
        deposit: bool = False,
        allow_overpayment: bool = False,
        idempotency_key: str | None = None,
    ) -> Request[OrderPayments]:
        """Record money that was paid for an order. More than what is owed is refused without `allow_overpayment`."""
        body = given(amount=str(amount), method=method, memo=memo, deposit=deposit, allow_overpayment=allow_overpayment)
        return write("POST", path(_ORDERS, order_id, "payments"), _money, key=idempotency_key, body=body)

    @operation
    def refund(
        self,
        order_id: OrderRef,
        amount: Decimal | int | str,
        method: str,
        *,
        memo: str | None = None,
        allow_balance: bool = False,
        idempotency_key: str | None = None,
    ) -> Request[OrderPayments]:
        """Record money that was given back. More than what is to be given back is refused without `allow_balance`."""
        body = given(amount=str(amount), method=method, memo=memo, allow_balance=allow_balance)
        return write("POST", path(_ORDERS, order_id, "refunds"), _money, key=idempotency_key, body=body)

    @operation
    def void(
        self, order_id: OrderRef, payment_id: str, reason: str, *, idempotency_key: str | None = None
    ) -> Request[OrderPayments]:
        """Declare a payment or refund wrong: it counts no more, and stays in the order."""
        where = path(_ORDERS, order_id, "payments", payment_id, "void")
        return write("POST", where, _money, key=idempotency_key, body={"reason": reason})
