"""Payments of an order: money is taken in parts and in several ways, given back, and mistakes are voided.

Nothing is ever deleted: a voided payment stays in the order, and the ledger reverses it. What is paid can't fall below
zero, so an order never gives back more than it took.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.core.clock import Clock, Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.field_errors import bad_field, missing_field
from seatwright.core.money import to_wire
from seatwright.orders import ledger, store
from seatwright.orders.model import Order, Payment, Voiding
from seatwright.orders.new_payment import (
    GIVE_BACK,
    MAX_MEMO,
    RECORD,
    VOID_UNRECORDED,
    NewPayment,
    recorder,
    require_owed,
    require_room,
    require_till,
    to_payment,
)
from seatwright.orders.store import lock_order
from seatwright.storage.engine import Tx


class WrongPayment(NamedTuple):
    """A payment or refund of an order that was recorded by mistake, and why it is voided."""

    order: str
    payment_id: str
    reason: str


async def record_payment(
    tx: Tx, clock: Clock, caller: Caller, reference: str, new: NewPayment, *, allow_overpayment: bool = False
) -> Order:
    """Record money that was paid for an order.

    Raises `Forbidden` without the permission or for an account that doesn't take this order's money, `NotFound`,
    `Invalid` for a wrong amount or memo, and `Conflict` for more than what is owed, unless `allow_overpayment` is set.
    """
    caller.require(RECORD)
    order, now = await _order_and_time(tx, clock, caller, reference)
    paid = to_payment(new, order.body.currency, caller, now)
    if not allow_overpayment:
        require_owed([paid], order.balance, order.body.currency)
    return await _add(tx, order, paid, caller, "order.payment_recorded")


async def record_refund(
    tx: Tx, clock: Clock, caller: Caller, reference: str, new: NewPayment, *, allow_balance: bool = False
) -> Order:
    """Record money that was given back for an order.

    Raises as `record_payment` does; `Conflict` for more than what is to be given back, unless `allow_balance` lets the
    customer owe it again, and always for more than what was paid.
    """
    caller.require(GIVE_BACK)
    order, now = await _order_and_time(tx, clock, caller, reference)
    currency = order.body.currency
    given = to_payment(new, currency, caller, now, refund=True)
    if -given.amount > order.paid:
        raise Conflict(
            f"{to_wire(-given.amount, currency)} {currency} is more than what was paid, "
            f"{to_wire(order.paid, currency)}; a refund can't be more than that.",
            code="more_than_paid",
        )
    credit = max(0, -order.balance)
    if -given.amount > credit and not allow_balance:
        raise Conflict(
            f"{to_wire(-given.amount, currency)} {currency} is more than what is to be given back, "
            f"{to_wire(credit, currency)}.",
            code="more_than_credit",
        )
    return await _add(tx, order, given, caller, "order.refund_recorded")


async def void_payment(tx: Tx, clock: Clock, caller: Caller, wrong: WrongPayment) -> Order:
    """Declare a payment or refund wrong: it counts no more, and stays in the order. Repeating it changes nothing.

    Raises as `record_payment` does, `NotFound` also for an unknown payment, `Forbidden` for a payment that came along
    with the order and a caller without the permission for that, and `Conflict` if less would be left than was given
    back.
    """
    caller.require(GIVE_BACK)
    reason = _checked_reason(wrong.reason)
    order, now = await _order_and_time(tx, clock, caller, wrong.order)
    old = next((each for each in order.body.payments if each.id == wrong.payment_id), None)
    if old is None:
        raise NotFound("The order has no such payment.", code="payment_not_found")
    if old.by is None:
        caller.require(VOID_UNRECORDED)
    if old.voided is not None:
        return order
    if order.paid - old.amount < 0:
        raise Conflict(
            "Without this payment, more would have been given back than was paid; void the refund first.",
            code="more_than_paid",
        )
    new = msgspec.structs.replace(old, voided=Voiding(at=now, by=recorder(caller), reason=reason))
    payments = tuple(new if each.id == old.id else each for each in order.body.payments)
    return await _write(tx, order, payments, new, caller, "order.payment_voided", ledger.void(old))


def _checked_reason(text: str) -> str:
    reason = text.strip()
    if not reason:
        raise missing_field("reason")
    if len(reason) > MAX_MEMO:
        raise bad_field("reason", f"has more than {MAX_MEMO} characters.")
    return reason


async def _order_and_time(tx: Tx, clock: Clock, caller: Caller, reference: str) -> tuple[Order, Instant]:
    """Return the order, locked, and the time of the change, which is never before the last one."""
    order = await lock_order(tx, caller, reference)
    require_till(order.account_id, order.owner_id, order.body.resale, caller)
    return order, max(clock.now(), order.modified_at)


async def _add(tx: Tx, order: Order, new: Payment, caller: Caller, action: str) -> Order:
    require_room(order.body, 1)
    return await _write(tx, order, (*order.body.payments, new), new, caller, action, ledger.payment(new))


async def _write(
    tx: Tx,
    order: Order,
    payments: tuple[Payment, ...],
    changed: Payment,
    caller: Caller,
    action: str,
    transaction: list[ledger.Entry],
) -> Order:
    """Write an order with these payments, of which `changed` is new or voided."""
    change = store.Change(
        at=changed.voided.at if changed.voided else changed.at,
        actor=caller.user_id,
        action=action,
        detail={
            "payment": changed.id,
            "method": changed.method,
            "amount": changed.amount,
            "deposit": changed.deposit,
            "currency": order.body.currency,
        },
        transactions=[transaction],
    )
    body = msgspec.structs.replace(order.body, payments=payments)
    return await store.update(tx, order, msgspec.structs.replace(order, body=body), change)
