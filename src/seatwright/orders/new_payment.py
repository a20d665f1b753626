"""Money that is taken or given back at the desk, before it is a payment of an order: its checks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from seatwright.auth.model import Caller, Permission
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, Forbidden
from seatwright.core.field_errors import at as below
from seatwright.core.field_errors import bad_field
from seatwright.core.ids import new_hex24
from seatwright.core.money import from_wire, to_wire
from seatwright.orders.model import OrderBody, Payment, Recorder, Resale, Way

RECORD: Permission = "payments.write"
"""The permission to record a payment."""
GIVE_BACK: Permission = "payments.refund"
"""The permission to record a refund, and to void a payment or refund."""
VOID_UNRECORDED: Permission = "account.write"
"""The permission, beside `GIVE_BACK`, to void a payment that came along with an order from outside."""

MAX_MEMO = 500
"""Longest memo, and longest reason for voiding a payment, in characters."""
MAX_PAYMENTS = 200
"""Maximum number of payments and refunds of one order, voided ones included (our decision)."""
Amount: TypeAlias = str | int | float | Decimal


class NewPayment(NamedTuple):
    """Money that was taken, or that was given back: `amount` is above zero, as people write it ("12.50").

    `field` is the path of the payment in what was sent, for errors.
    """

    amount: Amount
    method: Way
    memo: str | None = None
    deposit: bool = False
    field: str = ""

    def in_words(self, currency: str) -> str:
        """Return the payment as a text that is the same for the same payment, however its amount is written."""
        amount = from_wire(self.amount, currency, field=below(self.field, "amount"))
        return f"{self.method} {amount}{' deposit' if self.deposit else ''}"


def to_payment(new: NewPayment, currency: str, caller: Caller, now: Instant, *, refund: bool = False) -> Payment:
    """Return the payment (or `refund`) that `caller` records at `now`.

    Raises `Invalid` for an amount that isn't above zero in the currency's decimals, and for a memo that is too long.
    """
    amount = from_wire(new.amount, currency, field=below(new.field, "amount"))
    if amount <= 0:
        raise bad_field(below(new.field, "amount"), f"must be above zero, and is {new.amount}.", code="invalid_amount")
    memo = (new.memo or "").strip() or None
    if memo is not None and len(memo) > MAX_MEMO:
        raise bad_field(below(new.field, "memo"), f"has more than {MAX_MEMO} characters.")
    return Payment(
        id=new_hex24(),
        amount=-amount if refund else amount,
        at=now,
        memo=memo,
        method=new.method,
        by=recorder(caller),
        deposit=new.deposit,
    )


def recorder(caller: Caller) -> Recorder:
    """Return who records something."""
    return Recorder(id=caller.user_id, name=caller.name)


def require_owed(payments: Sequence[Payment], balance: int, currency: str) -> None:
    """Raise `Conflict` for payments of more than `balance`, the amount still owed: it is mostly a mistake."""
    paid = sum(payment.amount for payment in payments)
    if paid > max(0, balance):
        raise Conflict(
            f"{to_wire(paid, currency)} {currency} is more than what is still owed, "
            f"{to_wire(max(0, balance), currency)}.",
            code="more_than_owed",
        )


def require_room(body: OrderBody, more: int) -> None:
    """Raise `Conflict` if an order can't have `more` payments."""
    if len(body.payments) + more > MAX_PAYMENTS:
        raise Conflict(f"An order has at most {MAX_PAYMENTS} payments and refunds.", code="too_many_payments")


def require_till(supplier_id: str, seller_id: str, resale: Resale | None, caller: Caller) -> None:
    """Raise `Forbidden` unless the caller's account takes the money for an order: at a net rate the reseller does, and
    otherwise the supplier.
    """
    taker = seller_id if resale is not None and resale.kind == "net" else supplier_id
    if caller.account_id != taker:
        who = "supplier" if taker == supplier_id else "reseller"
        raise Forbidden(
            f"The {who} takes the money for this order, so only the {who} records its payments and refunds.",
            code=f"money_is_the_{who}s",
        )
