"""Check-in: notes which guests of an order have turned up, and which did not come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Literal, NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart.model import Line, MarkKind
from seatwright.core.clock import Clock
from seatwright.core.errors import Conflict, Forbidden, NotFound
from seatwright.core.ids import new_hex24
from seatwright.orders import store
from seatwright.orders.marks import agrees, latest, marked
from seatwright.orders.model import Order
from seatwright.orders.outbox import Detail
from seatwright.orders.store import lock_own_order
from seatwright.storage.engine import ReadTx, Tx


class Guests(NamedTuple):
    """Guests of an order, participants and units by id; None means all of the item, or of the order.

    With `noted` False what was noted about them is taken back.
    """

    order: str
    item_id: str | None = None
    line_ids: Collection[str] | None = None
    noted: bool = True


async def check_in(tx: Tx, clock: Clock, caller: Caller, guests: Guests) -> Order:
    """Note which guests have turned up (or take that back), as the order's supplier.

    A guest who is checked in already stays so, with the time of the first check-in; one who was noted as a no-show
    isn't any more. Raises `NotFound` for an unknown order, item or id, `Forbidden` for a reseller, and `Conflict` for
    checking in a guest who is cancelled or not accepted; taking a check-in back is always possible.
    """
    return await _note(tx, clock, caller, guests, _CHECK_IN)


async def note_no_show(tx: Tx, clock: Clock, caller: Caller, guests: Guests) -> Order:
    """Note which guests did not come (or take that back), as the order's supplier. They keep their seats and owe what
    they owed.

    Without ids, only guests who aren't checked in are meant. Raises as `check_in` does, and `Conflict` for a guest by
    id who is checked in.
    """
    return await _note(tx, clock, caller, guests, _NO_SHOW)


class _Note(NamedTuple):
    """What is noted about a guest: the field of a line, the marks for it and against it, and the words for it."""

    field: Literal["checked_in_at", "no_show_at"]
    mark: MarkKind
    undoing: MarkKind
    refusal: str
    nobody: str


_CHECK_IN = _Note(
    "checked_in_at",
    "in",
    "out",
    "Only the supplier checks guests in.",
    "There is nobody to check in: all are cancelled, or not accepted yet.",
)
_NO_SHOW = _Note(
    "no_show_at",
    "missing",
    "came",
    "Only the supplier notes who did not come.",
    "There is nobody who could be missing: all are checked in, cancelled, or not accepted yet.",
)
ACTIONS: Mapping[MarkKind, str] = {
    "in": "order.checked_in",
    "out": "order.checked_out",
    "missing": "order.no_show",
    "came": "order.no_show_undone",
}
"""What a change of an order is called in which guests got a mark of a kind."""


async def _note(tx: Tx, clock: Clock, caller: Caller, guests: Guests, note: _Note) -> Order:
    refusal = Forbidden(note.refusal, code="check_in_is_the_suppliers")
    order = await lock_own_order(tx, caller, guests.order, refusal)
    chosen = _choose(order, guests, note)
    now, kind, mark_id = clock.now(), note.mark if guests.noted else note.undoing, new_hex24()
    changed = [line for line in chosen if (getattr(line, note.field) is not None) != guests.noted]
    if not changed:
        return order
    new = {line.id: marked(line, latest(line, kind, now, mark_id), now) for line in changed}
    return await write_marks(tx, order, new, store.Change(now, caller.user_id, ACTIONS[kind], None, []))


async def write_marks(tx: Tx, order: Order, new: Mapping[str, Line], change: store.Change) -> Order:
    """Write guests with other marks, by their ids, into the locked order; `change` says when, by whom and what."""
    items = tuple(item.with_lines(new) for item in order.body.items)
    change = change._replace(detail={"lines": sorted(new)}, told=Detail(lines=tuple(new)))
    body = msgspec.structs.replace(order.body, items=items)
    return await store.update(tx, order, msgspec.structs.replace(order, body=body), change)


async def untrue_marks(tx: ReadTx) -> AsyncIterator[tuple[str, str, str]]:
    """Yield account, order and guest where a guest's marks say something else than the guest."""
    async for order in store.each_with(tx, '"marks":'):
        for line in (line for item in order.body.items for line in item.lines):
            if not agrees(line):
                yield order.account_id, order.id, line.id


def _choose(order: Order, guests: Guests, note: _Note) -> list[Line]:
    items = order.body.items
    if guests.item_id is not None:
        items = tuple(item for item in items if item.id == guests.item_id)
        if not items:
            raise NotFound("The order has no such item.", code="item_not_found")
    if not guests.noted and guests.line_ids is None:
        return [line for item in items for line in item.lines]
    if guests.line_ids is None:
        found = [line for item in items for line in item.live if not line.pending_until and not _excluded(line, note)]
        if not found:
            raise Conflict(note.nobody, code="nobody_there")
        return found
    by_id = {line.id: line for item in items for line in item.lines}
    for line_id in guests.line_ids:
        line = by_id.get(line_id)
        if line is None:
            raise NotFound(
                f"there is no participant or unit {line_id[:40]!r} there.", code="line_not_found", about="guests"
            )
        if guests.noted:
            _check(line, note)
    return [by_id[line_id] for line_id in dict.fromkeys(guests.line_ids)]


def _excluded(line: Line, note: _Note) -> bool:
    """Tell whether a guest has turned up, so that they can't be a no-show; whoever comes late is checked in."""
    return note is _NO_SHOW and line.checked_in_at is not None


def _check(line: Line, note: _Note) -> None:
    if line.status == "cancelled" or line.pending_until:
        raise Conflict(
            f"{line.id} is {'cancelled' if line.status == 'cancelled' else 'not accepted yet'}.",
            code="not_checkable",
            about="guests",
        )
    if _excluded(line, note):
        raise Conflict(
            f"{line.id} is checked in; take the check-in back first.", code="guest_checked_in", about="guests"
        )
