"""Writes departures: new ones, changes and deletions, with all their consequences.

Departures are locked first, in the order of their ids: those that change, and those that share a rental pool with them
at the same time. `taken` is never written here: a rental that moves gives its units back and takes them at the new time
through `inventory.seats`, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from seatwright.annotations import store as note_store
from seatwright.annotations.model import Subject
from seatwright.assignments import store as assignment_store
from seatwright.catalog.model import Catalog
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, SoldOut
from seatwright.inventory import pools, seats
from seatwright.orders import reschedule
from seatwright.orders.reschedule import Move
from seatwright.setup import store
from seatwright.setup.editor import Editor
from seatwright.setup.store import DepartureRow
from seatwright.storage import audit
from seatwright.storage.engine import Retry, Tx


@dataclass(slots=True)
class DeparturePlan:
    """The changes that bring departures to a requested state.

    `new` are made, `changes` (before, after) changed, `gone` deleted. Of those that were made for another time zone,
    `followed` are among the changes, `waiting` stay because some of their seats are held or sold, `blocked` because
    another departure has their start. `uncovered` are on sale, but not requested.
    """

    new: list[DepartureRow] = field(default_factory=list)
    changes: list[tuple[DepartureRow, DepartureRow]] = field(default_factory=list)
    gone: list[DepartureRow] = field(default_factory=list)
    unchanged: int = 0
    followed: list[tuple[DepartureRow, DepartureRow]] = field(default_factory=list)
    waiting: list[DepartureRow] = field(default_factory=list)
    blocked: list[DepartureRow] = field(default_factory=list)
    uncovered: list[DepartureRow] = field(default_factory=list)

    def change(self, old: DepartureRow, new: DepartureRow) -> None:
        """Add a change: a departure as it is, and as it is to be."""
        if new == old:
            self.unchanged += 1
        else:
            self.changes.append((old, new))


@dataclass(slots=True)
class _Starts:
    """New and removed starts of one pool's departures."""

    come: set[Instant] = field(default_factory=set)
    go: set[Instant] = field(default_factory=set)


async def apply(tx: Tx, editor: Editor, catalog: Catalog, planned: DeparturePlan) -> None:
    """Write departures. The caller holds the catalog's lock, and knows that the new starts are free.

    Raises `Conflict`, with the number of seats taken if that is the cause, and `Retry` if a departure to be deleted has
    some.
    """
    if not planned.new and not planned.changes and not planned.gone:
        return
    account_id, now = editor.account_id, editor.clock.now()
    starts = _pool_starts(planned)
    taken = await _lock(tx, account_id, planned, starts)
    moves = [(old, new) for old, new in planned.changes if new.times != old.times]
    again = {new.id: taken[new.id] for _, new in moves if new.pool_id is not None and taken[new.id]}
    await seats.release(tx, account_id, again)
    gone = [each.id for each in planned.gone]
    for each in gone:
        await note_store.forget(tx, account_id, Subject("departure", each))
    await assignment_store.forget(tx, account_id, gone)
    if await store.delete(tx, account_id, gone) != len(gone):
        raise Retry  # seats were taken meanwhile; look again
    await store.unset_starts(tx, account_id, [old.id for old, new in moves if new.times.start_at != old.times.start_at])
    for _, new in planned.changes:
        if not await store.update(tx, account_id, new, now):
            raise _below_taken(new, taken[new.id])
    await assignment_store.follow(tx, account_id, [new.id for _, new in moves])
    await store.insert(tx, account_id, planned.new, now)
    units = {pool.id: pool.units for pool in catalog.pools.values()}
    for pool_id in sorted(starts):
        await pools.count_at(tx, account_id, pool_id, units[pool_id], starts[pool_id].come, starts[pool_id].go)
    for _, new in moves:
        if new.id in again:
            await _take_again(tx, account_id, new, again[new.id])
    for old, new in planned.changes:
        if (new.times, new.time_zone) != (old.times, old.time_zone):
            await reschedule.follow(tx, _move(editor, old, new))
    await audit.record_all(tx, _events(editor, planned))


def _pool_starts(planned: DeparturePlan) -> dict[str, _Starts]:
    starts: dict[str, _Starts] = {}
    moved = [(old, new) for old, new in planned.changes if new.times != old.times]
    for departure in [*planned.new, *(new for _, new in moved)]:
        if departure.pool_id is not None and departure.times.start_at is not None:
            starts.setdefault(departure.pool_id, _Starts()).come.add(departure.times.start_at)
    for old in [*planned.gone, *(old for old, _ in moved)]:
        if old.pool_id is not None and old.times.start_at is not None:
            starts.setdefault(old.pool_id, _Starts()).go.add(old.times.start_at)
    return starts


async def _lock(tx: Tx, account_id: str, planned: DeparturePlan, starts: dict[str, _Starts]) -> dict[str, int]:
    """Lock the changed departures and those that share a pool with them; return how many seats of each are taken."""
    ids = {old.id for old, _ in planned.changes} | {old.id for old in planned.gone}
    for pool_id, of_pool in starts.items():
        moments = of_pool.come | of_pool.go
        ids.update(await pools.departures_about(tx, account_id, pool_id, min(moments), max(moments)))
    return await store.lock_all(tx, account_id, ids)


async def _take_again(tx: Tx, account_id: str, new: DepartureRow, taken: int) -> None:
    try:
        await seats.take(tx, account_id, {new.id: taken})
    except SoldOut:
        if taken > new.capacity:
            raise _below_taken(new, taken) from None
        raise Conflict(
            f"start: {taken} units of this departure are taken, and its pool has not as many free at that time.",
            code="pool_taken",
            field="start",
        ) from None


def _below_taken(new: DepartureRow, taken: int) -> Conflict:
    return Conflict(
        f"capacity: can't be {new.capacity}, because {taken} are taken; cancel some first.",
        code="below_taken",
        field="capacity",
    )


def _move(editor: Editor, old: DepartureRow, new: DepartureRow) -> Move:
    return Move(
        account_id=editor.account_id,
        departure_id=new.id,
        old_start_at=old.times.start_at,
        start_at=new.times.start_at,
        end_at=new.times.end_at,
        time_zone=new.time_zone,
        at=editor.clock.now(),
        actor=editor.actor,
    )


def _events(editor: Editor, planned: DeparturePlan) -> Iterable[audit.Event]:
    """Return the audit events: one for each product's new departures, and one for each departure that was changed or
    deleted.
    """
    counts: dict[str, int] = {}
    for departure in planned.new:
        counts[departure.product_id] = counts.get(departure.product_id, 0) + 1
    for product_id, count in counts.items():
        yield _event(editor, "departures.created", product_id, {"count": count})
    for old in planned.gone:
        yield _event(editor, "departure.deleted", old.id, old._asdict())
    for old, new in planned.changes:
        yield _event(editor, "departure.changed", new.id, _differences(old, new))


def _event(editor: Editor, action: str, subject_id: str, detail: Any) -> audit.Event:
    return audit.event(editor.account_id, editor.clock.now(), editor.actor, action, subject_id, detail)


def _differences(old: DepartureRow, new: DepartureRow) -> dict[str, Any]:
    """Return what changed, as before and after."""
    before, after = old._asdict(), new._asdict()
    return {
        name: [before[name], after[name]]
        for name in after
        if name not in ("taken", "version") and before[name] != after[name]
    }
