"""Check-in: notes which guests of an order have turned up."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart.model import Line
from seatwright.core.clock import Clock, Instant
from seatwright.core.errors import Conflict, Forbidden, NotFound
from seatwright.orders import store
from seatwright.orders.model import Order
from seatwright.orders.outbox import Detail
from seatwright.orders.store import lock_own_order
from seatwright.storage.engine import Tx


class Guests(NamedTuple):
    """The guests to check in, or out again: participants and units by id; None means all of the item, or of the
    order.
    """

    order: str
    item_id: str | None = None
    line_ids: Collection[str] | None = None
    present: bool = True


async def check_in(tx: Tx, clock: Clock, caller: Caller, guests: Guests) -> Order:
    """Note which guests have turned up (or with `present` False, that they have not after all), as the order's
    supplier.

    A guest who is checked in already stays so, with the time of the first check-in. Raises `NotFound` for an unknown
    order, item or id, `Forbidden` for a reseller, and `Conflict` for checking in a guest who is cancelled or not
    accepted; taking a check-in back is always possible.
    """
    refusal = Forbidden("Only the supplier checks guests in.", code="check_in_is_the_suppliers")
    order = await lock_own_order(tx, caller, guests.order, refusal)
    chosen = _choose(order, guests)
    now = clock.now()
    changed = [line for line in chosen if (line.checked_in_at is not None) != guests.present]
    if not changed:
        return order
    new = {line.id: msgspec.structs.replace(line, checked_in_at=_since(now, guests)) for line in changed}
    items = tuple(item.with_lines(new) for item in order.body.items)
    change = store.Change(
        at=now,
        actor=caller.user_id,
        action="order.checked_in" if guests.present else "order.checked_out",
        detail={"lines": sorted(new)},
        transactions=[],
        told=Detail(lines=tuple(new)),
    )
    return await store.update(
        tx, order, msgspec.structs.replace(order, body=msgspec.structs.replace(order.body, items=items)), change
    )


def _since(now: Instant, guests: Guests) -> Instant | None:
    return now if guests.present else None


def _choose(order: Order, guests: Guests) -> list[Line]:
    items = order.body.items
    if guests.item_id is not None:
        items = tuple(item for item in items if item.id == guests.item_id)
        if not items:
            raise NotFound("The order has no such item.", code="item_not_found")
    if not guests.present and guests.line_ids is None:
        return [line for item in items for line in item.lines]
    if guests.line_ids is None:
        found = [line for item in items for line in item.live if not line.pending_until]
        if not found:
            raise Conflict("There is nobody to check in: all are cancelled, or not accepted yet.", code="nobody_there")
        return found
    by_id = {line.id: line for item in items for line in item.lines}
    for line_id in guests.line_ids:
        line = by_id.get(line_id)
        if line is None:
            raise NotFound(
                f"there is no participant or unit {line_id[:40]!r} there.", code="line_not_found", about="guests"
            )
        if guests.present and (line.status == "cancelled" or line.pending_until):
            raise Conflict(
                f"{line_id} is {'cancelled' if line.status == 'cancelled' else 'not accepted yet'}.",
                code="not_checkable",
                about="guests",
            )
    return [by_id[line_id] for line_id in dict.fromkeys(guests.line_ids)]
