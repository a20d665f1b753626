"""Changes or removes a cancellation fee afterwards, for users with that permission (wire reference, "Cancellation
policies")."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cancellation.service import require_fee_right
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Item, Line
from seatwright.core.errors import Conflict, Invalid, NotFound
from seatwright.core.money import from_wire, to_wire
from seatwright.orders import ledger, store
from seatwright.orders.model import Order, OrderBody
from seatwright.orders.outbox import Detail
from seatwright.orders.store import lock_order
from seatwright.storage.engine import Tx


class NewFee(NamedTuple):
    """The new fee of one cancelled participant or unit, as people write it ("12.50")."""

    order: str
    line_id: str
    amount: str | int | float | Decimal


async def change_fee(tx: Tx, booking: BookingContext, caller: Caller, wanted: NewFee) -> Order:
    """Set the cancellation fee of a cancelled participant or unit; 0 removes it.

    Raises `Forbidden` without the permission `cancellation_fee.edit`, `NotFound` for an unknown order or line,
    `Conflict` for a line that is not cancelled, or was not accepted before, and `Invalid` for an amount below 0 or
    above what the line cost.
    """
    caller.require("cancellation_fee.edit")
    order = await lock_order(tx, caller, wanted.order)
    require_fee_right(order, caller)
    item, line = _find(order, wanted.line_id)
    currency = order.body.currency
    fee = from_wire(wanted.amount, currency, field="amount")
    if line.status != "cancelled":
        raise Conflict("This participant or unit is not cancelled, so it has no fee.", code="not_cancelled")
    if line.pending_until:
        raise Conflict("This participant or unit was never accepted, so it costs nothing.", code="not_accepted")
    if not 0 <= fee <= line.total:
        raise Invalid(
            f"amount: must be from 0 to {to_wire(line.total, currency)}, what the line cost.",
            code="invalid_amount",
            field="amount",
        )
    if fee == line.cancellation_fee:
        return order
    changed_line = msgspec.structs.replace(line, cancellation_fee=fee)
    more, resale = fee - line.cancellation_fee, order.body.resale
    transactions = [ledger.fee_change(item.id, more)]
    if resale is not None:
        transactions.append(ledger.fee_held(item.id, more, resale.kind))
    change = store.Change(
        at=booking.clock.now(),
        actor=caller.user_id,
        action="order.cancellation_fee_changed",
        detail={"line": line.id, "from": line.cancellation_fee, "to": fee, "currency": currency},
        transactions=[transaction for transaction in transactions if transaction],
        told=Detail(lines=(line.id,)),
    )
    changed = msgspec.structs.replace(order, body=_with_line(order, changed_line, more))
    return await store.update(tx, order, changed, change)


def _find(order: Order, line_id: str) -> tuple[Item, Line]:
    for item in order.body.items:
        for line in item.lines:
            if line.id == line_id:
                return item, line
    raise NotFound("The order has no such participant or unit.", code="line_not_found")


def _with_line(order: Order, changed: Line, more: int) -> OrderBody:
    items = tuple(item.with_lines({changed.id: changed}) for item in order.body.items)
    return msgspec.structs.replace(order.body, items=items, cancellation_fees=order.body.cancellation_fees + more)
