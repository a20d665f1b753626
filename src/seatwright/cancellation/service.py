"""Cancels on four levels: a whole order, one date of it, one participant, one unit.

Seats, ledger, refund owed and audit event change in one transaction. Nothing is removed: a cancelled participant
stays in the list, an item closes itself with its last participant or unit, an order with its last item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cancellation.fees import Cancelled, FeeResult, LineFee, cancellation_fees
from seatwright.cart.context import Booking
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid, NotFound
from seatwright.inventory import seats
from seatwright.orders import ledger, store
from seatwright.orders.model import Order
from seatwright.orders.service import order_not_found
from seatwright.storage.engine import Tx

WAIVED = "waived"


class Target(NamedTuple):
    """What to cancel: the whole order, an item of it, or one participant or unit of an item."""

    order: str
    item_id: str | None = None
    participant_id: str | None = None
    unit_id: str | None = None


class Outcome(NamedTuple):
    """What a cancellation did. Money in minor units; all empty if everything had been cancelled before.

    `refund` is what is to be given back because of it, never more than was paid; `seats_returned` seats or units
    are available again; `fees` has a line for each of the `cancelled` ids.
    """

    order: Order
    refund: int
    fee: int
    seats_returned: int
    cancelled: tuple[str, ...]
    fees: tuple[LineFee, ...]


async def cancel(tx: Tx, booking: Booking, caller: Caller, target: Target, *, apply_fee: bool) -> Outcome:
    """Cancel `target`, with the fees of the policies that its items were sold under, or without.

    Waiving the fee needs the permission `cancellation_fee.edit`. What is cancelled already costs nothing again.
    Raises `NotFound` for an order, item, participant or unit that the account doesn't see there, and `Invalid`
    for a participant of a rental or a unit of an activity.
    """
    if not apply_fee:
        caller.require("cancellation_fee.edit")
    order = await store.find(tx, caller.account_id, target.order, lock=True)
    if order is None:
        raise order_not_found()
    chosen = _choose(order, target)
    if not chosen:
        return Outcome(order, 0, 0, 0, (), ())
    now = booking.clock.now()
    result = _fees(order, chosen, now, apply_fee=apply_fee)
    changed, change, gone = _cancelled(order, chosen, result, caller, now)
    changed = await store.update(tx, changed, change, cancelled=gone)
    returned = {item.id: sum(line.seats for line in lines) for item, lines in chosen}
    await seats.release(tx, order.account_id, returned)
    return Outcome(
        order=changed,
        refund=max(0, -changed.balance) - max(0, -order.balance),
        fee=result.fee,
        seats_returned=sum(returned.values()),
        cancelled=tuple(line.id for _, lines in chosen for line in lines),
        fees=result.lines,
    )


Chosen = list[tuple[Item, tuple[Line, ...]]]
"""Items, each with its lines that are to be cancelled (at least one)."""


def _choose(order: Order, target: Target) -> Chosen:
    if target.item_id is None:
        return [(item, item.live) for item in order.body.items if item.live]
    item = order.body.item(target.item_id)
    if item is None:
        raise NotFound("The order has no such item.", code="item_not_found", field="itemId")
    if target.participant_id is None and target.unit_id is None:
        return [(item, item.live)] if item.live else []
    wanted = "participant" if target.participant_id is not None else "unit"
    if item.kind != wanted:
        raise Invalid(
            f"{item.product_name} is sold to {item.kind}s: cancel with …/item/{item.id}/{item.kind}/{{id}}.",
            code=f"not_a_{wanted}_item",
            field="itemId",
        )
    line_id = target.participant_id or target.unit_id
    line = next((line for line in item.lines if line.id == line_id), None)
    if line is None:
        raise NotFound(f"The item has no such {wanted}.", code=f"{wanted}_not_found", field=f"{wanted}Id")
    return [(item, (line,))] if line.status == "confirmed" else []


def _fees(order: Order, chosen: Chosen, now: Instant, *, apply_fee: bool) -> FeeResult:
    lines = [
        Cancelled(
            line_id=line.id,
            kind=line.kind,
            total=line.total,
            policy=item.policy,
            start_at=item.start_at,
            zone_name=item.time_zone,
        )
        for item, some in chosen
        for line in some
    ]
    if not apply_fee:
        return FeeResult(tuple(LineFee(line.line_id, 0, WAIVED) for line in lines), ())
    return cancellation_fees(lines, now, already_charged=order.body.order_fee_policies, currency=order.body.currency)


def _cancelled(
    order: Order, chosen: Chosen, result: FeeResult, caller: Caller, now: Instant
) -> tuple[Order, store.Change, list[Item]]:
    """Return the order after it, the change to be written, and the items with only their cancelled lines."""
    fee_of = {line.line_id: line.fee for line in result.lines}
    gone = [
        msgspec.structs.replace(item, lines=tuple(_close(line, fee_of[line.id]) for line in lines))
        for item, lines in chosen
    ]
    closed: Mapping[str, Line] = {line.id: line for item in gone for line in item.lines}
    items = tuple(
        msgspec.structs.replace(item, lines=tuple(closed.get(line.id, line) for line in item.lines))
        for item in order.body.items
    )
    body = msgspec.structs.replace(
        order.body,
        items=items,
        cancellation_fees=order.body.cancellation_fees + result.fee,
        order_fee_policies=(*order.body.order_fee_policies, *result.charged_order_policies),
    )
    status = order.status if any(item.live for item in items) else "cancelled"
    fees = {item.id: sum(line.cancellation_fee for line in item.lines) for item in gone}
    transaction = ledger.cancellation(chosen, fees)
    change = store.Change(
        at=now,
        actor=caller.user_id,
        action="order.cancelled" if status == "cancelled" else "order.partly_cancelled",
        detail={"lines": sorted(closed), "fee": result.fee, "currency": order.body.currency},
        transactions=[transaction] if transaction else [],
    )
    return msgspec.structs.replace(order, body=body, status=status), change, gone


def _close(line: Line, fee: int) -> Line:
    return msgspec.structs.replace(line, status="cancelled", cancellation_fee=fee)
