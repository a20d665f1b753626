"""Cancels on four levels: a whole order, one date of it, one participant, one unit.

Seats, ledger, refund owed and audit event change in one transaction. Nothing is removed: a cancelled participant
stays in the list, an item closes itself with its last participant or unit, an order with its last item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cancellation.fees import CancelledLine, FeeResult, LineFee, cancellation_fees
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Instant
from seatwright.core.errors import Forbidden, Invalid, NotFound
from seatwright.core.fee_reason import MOVED, NOT_ACCEPTED, WAIVED
from seatwright.inventory import seats
from seatwright.orders import ledger, outbox, store
from seatwright.orders.model import UNEXPLAINED, Explanation, Order, settled, status_of
from seatwright.orders.outbox import Detail
from seatwright.orders.store import lock_order
from seatwright.storage.engine import Tx


class Target(NamedTuple):
    """What to cancel: the whole order, an item of it, or one participant or unit of an item."""

    order: str
    item_id: str | None = None
    participant_id: str | None = None
    unit_id: str | None = None


class Quote(NamedTuple):
    """The price of a cancellation, in minor units; all empty if there is nothing left to cancel.

    `refund` is the amount that would be given back because of it, `fee` the amount that would be kept; `lines` has a
    fee for each of the `cancelled` ids; `seats_returned` seats or units would be available again.
    """

    lines: tuple[LineFee, ...]
    fee: int
    refund: int
    cancelled: tuple[str, ...]
    seats_returned: int = 0


def amounts_in_words(quoted: Quote, currency: str) -> str:
    """Return the amounts of a quote as a text that changes with any of them."""
    lines = " ".join(f"{line.line_id}:{line.fee}" for line in quoted.lines)
    return f"{quoted.fee} {quoted.refund} {currency} {lines}"


class Outcome(NamedTuple):
    """The result of a cancellation. Money in minor units; all empty if everything had been cancelled before.

    `refund` is the amount to give back because of it, never more than was paid; `seats_returned` seats or units are
    available again; `fees` has a line for each of the `cancelled` ids.
    """

    order: Order
    refund: int
    fee: int
    seats_returned: int
    cancelled: tuple[str, ...]
    fees: tuple[LineFee, ...]


async def cancel(tx: Tx, booking: BookingContext, caller: Caller, target: Target, *, apply_fee: bool) -> Outcome:
    """Cancel `target`, with the fees of the policies that its items were sold under, or without.

    A line on a departure that the supplier has moved since the sale costs nothing (our decision), unless
    `booking.fee_after_move` is set. Waiving the fee needs the permission `cancellation_fee.edit`, and for a reseller
    also its connection's consent. Lines that are cancelled already, or were not accepted yet, cost nothing. Raises
    `NotFound` for an order, item, participant or unit that the account doesn't see there, and `Invalid` for a
    participant of a rental or a unit of an activity.
    """
    if not apply_fee:
        caller.require("cancellation_fee.edit")
    order = await lock_order(tx, caller, target.order)
    if not apply_fee:
        require_fee_right(order, caller)
    chosen = choose(order, target)
    if not chosen:
        return Outcome(order, 0, 0, 0, (), ())
    now = booking.clock.now()
    result = fees_of(order, chosen, now, apply_fee=apply_fee, after_move=booking.fee_after_move)
    return await cancel_chosen(tx, order, chosen, result, caller.user_id, now)


async def cancel_chosen(
    tx: Tx,
    order: Order,
    chosen: Chosen,
    result: FeeResult,
    actor: str,
    now: Instant,
    *,
    reason: str = "",
    explanation: Explanation = UNEXPLAINED,
) -> Outcome:
    """Cancel these lines of a locked order with these fees.

    `reason` is for the audit log, `explanation` for the customer.
    """
    changed, change = cancelled_order(order, chosen, result, actor, now)
    if reason:
        change = change._replace(detail={**change.detail, "reason": reason})
    told = Detail(
        lines=tuple(line.id for _, lines in chosen for line in lines),
        refund=refund_of(order, change.transactions),
        fee=result.fee,
        fees=tuple(outbox.LineFee(fee.line_id, fee.fee, fee.reason) for fee in result.lines),
        reason=explanation.reason,
        message=explanation.text,
    )
    change = change._replace(told=told)
    changed = await store.update(tx, order, changed, change)
    returned = {item.id: sum(line.seats for line in lines) for item, lines in chosen}
    await seats.release(tx, order.account_id, returned)
    return Outcome(
        order=changed,
        refund=told.refund,
        fee=result.fee,
        seats_returned=sum(returned.values()),
        cancelled=told.lines,
        fees=result.lines,
    )


def require_fee_right(order: Order, caller: Caller) -> None:
    """Raise `Forbidden` for a reseller whose connection doesn't allow waiving or changing the supplier's fees."""
    resale = order.body.resale
    if resale is not None and not resale.may_waive_fees and caller.account_id != order.account_id:
        raise Forbidden(
            "Only the supplier waives or changes the cancellation fee of this order; cancel with the fee, or ask them.",
            code="fee_is_the_suppliers",
        )


def quote(order: Order, target: Target, now: Instant, *, fee_after_move: bool) -> Quote:
    """Return the price of cancelling `target` at `now`, with the fees of its policies. Changes nothing.

    Lines on departures that the supplier has moved cost nothing, unless `fee_after_move` is set.

    Raises as `cancel` does for unknown things.
    """
    chosen = choose(order, target)
    return quote_chosen(order, chosen, fees_of(order, chosen, now, apply_fee=True, after_move=fee_after_move))


def quote_chosen(order: Order, chosen: Chosen, result: FeeResult) -> Quote:
    """Return the price of cancelling these lines with these fees."""
    if not chosen:
        return Quote((), 0, 0, ())
    return Quote(
        lines=result.lines,
        fee=result.fee,
        refund=refund_of(order, _transactions(order, chosen, result)),
        cancelled=tuple(line.id for _, lines in chosen for line in lines),
        seats_returned=sum(line.seats for _, lines in chosen for line in lines),
    )


def line_target(order: Order, item_id: str | None, line_id: str | None) -> Target:
    """Return the target for a participant or unit by its id; without one, the item or the order.

    Raises `Invalid` for an id without its item.
    """
    if line_id is None:
        return Target(order.id, item_id=item_id)
    if item_id is None:
        raise Invalid("say which date and time lineId is of.", code="missing_item", about="departure")
    item = order.body.item(item_id)
    if item is not None and item.kind == "unit":
        return Target(order.id, item_id=item_id, unit_id=line_id)
    return Target(order.id, item_id=item_id, participant_id=line_id)


def refund_of(order: Order, transactions: Sequence[list[ledger.Entry]]) -> int:
    """Return the additional amount to give back after these transactions: never more than was paid."""
    less = sum(ledger.total_change(transaction) for transaction in transactions)
    return max(0, -(order.balance + less)) - max(0, -order.balance)


Chosen = list[tuple[Item, tuple[Line, ...]]]
"""Items, each with its lines that are to be cancelled (at least one)."""


def choose(order: Order, target: Target) -> Chosen:
    """Return what of `target` is not cancelled yet. Raises as `cancel` does for unknown things."""
    if target.item_id is None:
        return [(item, item.live) for item in order.body.items if item.live]
    item = order.body.item(target.item_id)
    if item is None:
        raise NotFound("The order has no such item.", code="item_not_found")
    if target.participant_id is None and target.unit_id is None:
        return [(item, item.live)] if item.live else []
    wanted = "participant" if target.participant_id is not None else "unit"
    if item.kind != wanted:
        raise Invalid(
            f"{item.product_name} is sold to {item.kind}s.",
            code=f"not_a_{wanted}_item",
            values={"item": item.id, "kind": item.kind},
        )
    line_id = target.participant_id or target.unit_id
    line = next((line for line in item.lines if line.id == line_id), None)
    if line is None:
        raise NotFound(f"The item has no such {wanted}.", code=f"{wanted}_not_found")
    return [(item, (line,))] if line.status == "confirmed" else []


def fees_of(order: Order, chosen: Chosen, now: Instant, *, apply_fee: bool, after_move: bool) -> FeeResult:
    """Return the fees for cancelling these lines at `now`, or that they are waived."""
    free = {
        line.id: NOT_ACCEPTED if line.pending_until else MOVED
        for item, some in chosen
        for line in some
        if line.pending_until or (item.moved(line) and not after_move)
    }
    lines = [
        CancelledLine(
            line_id=line.id,
            kind=line.kind,
            total=line.total,
            policy=None if line.id in free else item.arranged(line).policy,
            start_at=item.start_at,
            zone_name=item.time_zone,
        )
        for item, some in chosen
        for line in some
    ]
    if not apply_fee:
        return FeeResult(tuple(LineFee(line.line_id, 0, WAIVED) for line in lines), ())
    result = cancellation_fees(lines, now, already_charged=order.body.order_fee_policies)
    if not free:
        return result
    lines_with_reason = tuple(
        msgspec.structs.replace(line, reason=free.get(line.line_id, line.reason)) for line in result.lines
    )
    return msgspec.structs.replace(result, lines=lines_with_reason)


def cancelled_order(
    order: Order, chosen: Chosen, result: FeeResult, actor: str, now: Instant
) -> tuple[Order, store.Change]:
    """Return the order after the cancellation, and the change to be written."""
    fee_of = {line.line_id: line.fee for line in result.lines}
    closed = {line.id: _close(line, fee_of[line.id]) for _, lines in chosen for line in lines}
    items = tuple(item.with_lines(closed) for item in order.body.items)
    body = msgspec.structs.replace(
        order.body,
        items=items,
        cancellation_fees=order.body.cancellation_fees + result.fee,
        order_fee_policies=(*order.body.order_fee_policies, *result.charged_order_policies),
    )
    body, status = settled(body, order.version + 1), status_of(items)
    change = store.Change(
        at=now,
        actor=actor,
        action="order.cancelled" if status == "cancelled" else "order.partly_cancelled",
        detail={"lines": sorted(closed), "fee": result.fee, "currency": order.body.currency},
        transactions=_transactions(order, chosen, result),
    )
    return msgspec.structs.replace(order, body=body, status=status), change


def _transactions(order: Order, chosen: Chosen, result: FeeResult) -> list[list[ledger.Entry]]:
    """Return the ledger's transactions for a cancellation with these fees."""
    fee_of = {line.line_id: line.fee for line in result.lines}
    fees = {item.id: sum(fee_of[line.id] for line in lines) for item, lines in chosen}
    transactions = [ledger.cancellation(chosen, fees)]
    if order.body.resale is not None:
        transactions.append(ledger.commission_back(chosen, fees, order.body.resale.kind))
    return [transaction for transaction in transactions if transaction]


def _close(line: Line, fee: int) -> Line:
    return msgspec.structs.replace(line, status="cancelled", cancellation_fee=fee)
