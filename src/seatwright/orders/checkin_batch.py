"""Check-ins that come in together, each with its own id and time: those of a device that was without the server.

Each guest's marks decide (`orders.marks`), so the same check-ins lead to the same end, however they are shared out, in
whichever order they come in, and however often.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from seatwright.auth.model import Caller
from seatwright.cart.model import Line, Mark, MarkKind
from seatwright.core.clock import MINUTE_MS, Clock, Instant
from seatwright.core.errors import Conflict, Forbidden, Invalid, NotFound, SeatwrightError
from seatwright.orders import store
from seatwright.orders.checkin import ACTIONS, write_marks
from seatwright.orders.marks import OLDEST_MS, marked, marks_of
from seatwright.orders.model import Order
from seatwright.orders.store import lock_own_order
from seatwright.storage.engine import Tx

MAX_CHECK_INS = 500
"""Check-ins in one batch at most."""
AHEAD_MS = MINUTE_MS
"""How far the clock of a device may be ahead, in milliseconds."""
Outcome: TypeAlias = Literal["noted", "overtaken", "refused"]

_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_ORDER: tuple[MarkKind, ...] = ("out", "came", "missing", "in")
_REFUSAL = Forbidden("Only the supplier checks guests in.", code="check_in_is_the_suppliers")


class CheckIn(NamedTuple):
    """A mark that was made on a device: its own id and time, and whose it is. `order` is an id or a number."""

    id: str
    at: Instant
    order: str
    departure: str
    guest: str
    kind: MarkKind


class CheckInResult(NamedTuple):
    """What became of a check-in: the order's number, and the guest as they are now or why it was refused.

    It is `overtaken` if a mark that wasn't in the batch was made later, and says something else.
    """

    check_in: CheckIn
    outcome: Outcome
    confirmation: int | None = None
    guest: Line | None = None
    error: SeatwrightError | None = None


async def merge(tx: Tx, clock: Clock, caller: Caller, check_ins: Sequence[CheckIn]) -> list[CheckInResult]:
    """Note check-ins, as the supplier of their orders; return what became of each, in the same order.

    What is wrong with one is said in its result, and doesn't keep the others from being noted. Orders are locked in the
    order of their ids. Raises `Invalid` for too many.
    """
    if len(check_ins) > MAX_CHECK_INS:
        raise Invalid(f"there are more than {MAX_CHECK_INS} check-ins; send them in parts.", code="too_many_check_ins")
    by_order: dict[str, list[CheckIn]] = {}
    for check_in in check_ins:
        by_order.setdefault(check_in.order, []).append(check_in)
    found: dict[CheckIn, CheckInResult] = {}
    for reference in sorted(by_order):
        found |= await _merge_order(tx, clock.now(), caller, by_order[reference])
    return [found[check_in] for check_in in check_ins]


async def _merge_order(
    tx: Tx, now: Instant, caller: Caller, check_ins: Sequence[CheckIn]
) -> dict[CheckIn, CheckInResult]:
    try:
        before = await lock_own_order(tx, caller, check_ins[0].order, _REFUSAL)
    except (NotFound, Forbidden) as error:
        return {check_in: CheckInResult(check_in, "refused", error=error) for check_in in check_ins}
    guests = {(item.id, line.id): line for item in before.body.items for line in item.lines}
    refused: dict[CheckIn, SeatwrightError] = {}
    for check_in in check_ins:
        key = (check_in.departure, check_in.guest)
        refusal = _refusal(check_in, guests.get(key), now)
        if refusal is None:
            guests[key] = marked(guests[key], Mark(check_in.at, check_in.id, check_in.kind), now)
        else:
            refused[check_in] = refusal
    await _write(tx, before, {line.id: line for line in guests.values()}, now, caller)
    own = {check_in.id for check_in in check_ins}
    return {
        check_in: CheckInResult(check_in, "refused", before.confirmation, error=refused[check_in])
        if check_in in refused
        else CheckInResult(
            check_in,
            _outcome(check_in, guests[check_in.departure, check_in.guest], own),
            before.confirmation,
            guests[check_in.departure, check_in.guest],
        )
        for check_in in check_ins
    }


def _refusal(check_in: CheckIn, line: Line | None, now: Instant) -> SeatwrightError | None:
    """Return what is wrong with a check-in; None if nothing is."""
    if _ID.fullmatch(check_in.id) is None:
        return Invalid("an id has 8 to 64 letters, digits and hyphens.", code="invalid_check_in_id")
    if line is None:
        return NotFound("this guest isn't on the departure of the order (any more).", code="line_not_found")
    if any(mark.id == check_in.id for mark in line.marks):
        return None
    if check_in.at > now + AHEAD_MS:
        return Invalid("this time is still to come; set the clock of the device.", code="check_in_ahead")
    if check_in.at < now - OLDEST_MS:
        return Invalid("this was more than a day ago.", code="check_in_too_old")
    if check_in.kind in ("in", "missing") and (line.status == "cancelled" or line.pending_until):
        state = "cancelled" if line.status == "cancelled" else "not accepted yet"
        return Conflict(f"this guest is {state}.", code="not_checkable")
    return None


async def _write(tx: Tx, before: Order, guests: dict[str, Line], now: Instant, caller: Caller) -> None:
    """Write the guests who have other marks now, with one change of the order for each way in which they changed."""
    order = before
    for kind in _ORDER:
        changed = {
            line.id: guests[line.id]
            for item in before.body.items
            for line in item.lines
            if line.marks != guests[line.id].marks and _change(line, guests[line.id]) == kind
        }
        if changed:
            order = await write_marks(tx, order, changed, store.Change(now, caller.user_id, ACTIONS[kind], None, []))


def _change(before: Line, after: Line) -> MarkKind:
    """Return in which way a guest changed; of one who is as before, what was noted last."""
    if (before.checked_in_at, before.no_show_at) == (after.checked_in_at, after.no_show_at):
        return after.marks[-1].kind
    return _state(after) or ("out" if _state(before) == "in" else "came")


def _state(line: Line) -> Literal["in", "missing"] | None:
    if line.checked_in_at is not None:
        return "in"
    return None if line.no_show_at is None else "missing"


def _outcome(check_in: CheckIn, line: Line, own: set[str]) -> Outcome:
    """Return what became of a check-in that was noted, by the guest's marks."""
    last = marks_of(line)[-1]
    wanted = check_in.kind if check_in.kind in ("in", "missing") else None
    later = last.id not in own and last > Mark(check_in.at, check_in.id, check_in.kind)
    return "overtaken" if later and _state(line) != wanted else "noted"
