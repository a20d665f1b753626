"""Compares requested departures with existing ones and plans the changes.

A departure is identified by its product and its local time: if the zone of an account or a place has been corrected,
its departures are those that were made for the same times in the old zone. They follow into the new zone, unless some
of their seats are held or sold and the request doesn't allow moving these. Times given with an offset are instants, and
stay the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from seatwright.catalog.model import Catalog
from seatwright.core.clock import DAY_MS, MINUTE_MS, Instant
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import at, bad_field
from seatwright.core.ids import new_hex24
from seatwright.core.times import from_local, wall_at
from seatwright.setup import store
from seatwright.setup.changes import DeparturePlan
from seatwright.setup.specs import Spec, closes_at, duration_ms, times_of
from seatwright.setup.store import DepartureRow
from seatwright.storage.engine import ReadTx

FARTHEST_MS = 2 * DAY_MS
"""More than the difference of any two zones: the same local time is within 26 hours."""


class Rules(NamedTuple):
    """How existing departures are changed to the requested ones.

    `follow`: into a corrected time zone; `move_sold`: also with seats held or sold. `covered`: ids of products of which
    only the requested departures should be on sale from now on; `prune`: delete the others, if nothing is sold.
    """

    follow: bool = True
    move_sold: bool = False
    covered: frozenset[str] = frozenset()
    prune: bool = False


class _Mover(NamedTuple):
    """A departure that is to follow into another time zone: as it is, as it would be if it stayed, and as moved."""

    old: DepartureRow
    stays: DepartureRow
    moved: DepartureRow


Existing = Mapping[str, Sequence[DepartureRow]]
"""Departures by product."""


async def plan(
    tx: ReadTx, account_id: str, catalog: Catalog, specs: Sequence[Spec], now: Instant, rules: Rules
) -> DeparturePlan:
    """Return the changes that make the departures as in `specs`. Nothing is written.

    Raises `Invalid` for a new departure without a capacity, or at the time of another one.
    """
    existing = await near(tx, account_id, specs)
    for product_id in rules.covered:
        first = min((each.times.start_at or now for each in existing.get(product_id, [])), default=now)
        existing[product_id] = await store.between(tx, account_id, product_id, min(first, now), None)
    matches = match(specs, existing)
    planned, movers, new = DeparturePlan(), [], []
    for index, spec in enumerate(specs):
        old = matches.get(index)
        if old is None:
            new.append((spec, new_departure(catalog, spec)))
            continue
        stays = as_asked(old, spec)
        if not _follows(old, spec, now):
            planned.change(old, stays)
        elif not rules.follow or (old.taken and not rules.move_sold):
            planned.change(old, stays)
            planned.waiting.append(old)
        else:
            movers.append(_Mover(old, stays, _moved(stays, spec)))
    planned.new = [stored for _, stored in new]
    matched = {old.id for old in matches.values()}
    for product_id in rules.covered:
        planned.uncovered += [
            each
            for each in existing[product_id]
            if each.id not in matched and not each.closed and (each.times.start_at or 0) > now
        ]
    if rules.prune:
        await _prune(tx, account_id, planned)
    _settle(planned, movers, existing)
    meant = {(spec.product.id, spec.local) for spec in specs if spec.same_local_time}
    _refuse_same_time(planned, new, existing, meant)
    return planned


async def near(tx: ReadTx, account_id: str, specs: Sequence[Spec]) -> dict[str, list[DepartureRow]]:
    """Return the departures of the products in `specs` at about their times."""
    starts: dict[str, list[Instant]] = {}
    found: dict[str, list[DepartureRow]] = {}
    for spec in specs:
        if spec.start_at is not None:
            starts.setdefault(spec.product.id, []).append(spec.start_at)
        elif (only := await store.dateless(tx, account_id, spec.product.id)) is not None:
            found[spec.product.id] = [only]
    for product_id, of_product in starts.items():
        first, last = min(of_product) - FARTHEST_MS, max(of_product) + FARTHEST_MS
        found[product_id] = await store.between(tx, account_id, product_id, first, last)
    return found


def match(specs: Sequence[Spec], existing: Existing) -> dict[int, DepartureRow]:
    """Return the existing departures by the index of their spec, each once.

    Departures in the same zone match first; then those made for the same local time in another zone; then those at the
    same local time, such as in the hour that the clock repeats.
    """
    by_start: dict[tuple[str, str], dict[Instant | None, DepartureRow]] = {}
    by_wall: dict[tuple[str, datetime | None], DepartureRow] = {}
    zones: dict[str, set[str]] = {}
    for product_id, of_product in existing.items():
        for each in of_product:
            zones.setdefault(product_id, set()).add(each.time_zone)
            by_start.setdefault((product_id, each.time_zone), {})[each.times.start_at] = each
            by_wall[product_id, wall_of(each)] = each

    def candidates(spec: Spec, turn: int) -> Iterable[DepartureRow | None]:
        product_id = spec.product.id
        if turn == 0:
            yield by_start.get((product_id, spec.time_zone), {}).get(spec.start_at)
        elif turn == 1:
            for zone in sorted(zones.get(product_id, set()) - {spec.time_zone}):
                start_at = spec.start_at if spec.wall is None else from_local(spec.wall, zone)
                yield by_start[product_id, zone].get(start_at)
        elif spec.wall is not None:
            yield by_wall.get((product_id, spec.local))

    found: dict[int, DepartureRow] = {}
    used: set[str] = set()
    for turn in range(3):
        for index, spec in enumerate(specs):
            if index not in found:
                first = next((each for each in candidates(spec, turn) if each and each.id not in used), None)
                if first is not None:
                    found[index] = first
                    used.add(first.id)
    return found


def wall_of(stored: DepartureRow) -> datetime | None:
    """Return the local time of a departure's start; None for a dateless product's."""
    return None if stored.times.start_at is None else wall_at(stored.times.start_at, stored.time_zone)


def new_departure(catalog: Catalog, spec: Spec) -> DepartureRow:
    """Return a departure that isn't stored yet. Raises `Invalid` without a capacity."""
    product = spec.product
    pool = catalog.pools[product.pool] if product.pool else None
    capacity = spec.capacity if spec.capacity is not None or pool is None else pool.units
    if capacity is None:
        raise bad_field(at(spec.path, "capacity"), "is missing; say how many seats there are.", code="missing_field")
    return DepartureRow(
        id=new_hex24(),
        product_id=product.id,
        times=times_of(spec.start_at, duration_ms(spec), spec.time_zone),
        time_zone=spec.time_zone,
        capacity=capacity,
        closed=bool(spec.closed),
        closes_at=closes_at(spec),
        prices=spec.prices or {},
        pool_id=pool.id if pool else None,
    )


def as_asked(old: DepartureRow, spec: Spec) -> DepartureRow:
    """Return an existing departure with the values of `spec`, but with its present start; other values stay."""
    times, closes, start = old.times, old.closes_at, old.times.start_at
    if start is not None and spec.said_duration is not None:
        times = times_of(start, spec.said_duration * MINUTE_MS, old.time_zone)
    if start is not None and spec.cutoff_min is not None:
        closes = start - spec.cutoff_min * MINUTE_MS
    return old._replace(
        times=times,
        capacity=old.capacity if spec.capacity is None else spec.capacity,
        closed=old.closed if spec.closed is None else spec.closed,
        closes_at=closes,
        prices=old.prices if spec.prices is None else spec.prices,
    )


def _follows(old: DepartureRow, spec: Spec, now: Instant) -> bool:
    """Tell whether a departure was made for another time zone than its product's present one; those that have begun
    stay.
    """
    return old.time_zone != spec.time_zone and old.times.start_at is not None and old.times.start_at > now


def _moved(stays: DepartureRow, spec: Spec) -> DepartureRow:
    start, end = stays.times.start_at, stays.times.end_at
    assert start is not None, "one that follows has a date"
    assert end is not None, "and an end"
    assert spec.start_at is not None, "and is matched with one that has"
    lead = start - (start if stays.closes_at is None else stays.closes_at)
    times = times_of(spec.start_at, end - start, spec.time_zone)
    return stays._replace(times=times, time_zone=spec.time_zone, closes_at=spec.start_at - lead)


async def _prune(tx: ReadTx, account_id: str, planned: DeparturePlan) -> None:
    """Delete uncovered departures without seats taken; close those that cancelled orders refer to."""
    unsold = [each for each in planned.uncovered if not each.taken]
    ordered = await store.ordered(tx, account_id, [each.id for each in unsold])
    planned.gone = [each for each in unsold if each.id not in ordered]
    for each in unsold:
        if each.id in ordered:
            planned.change(each, each._replace(closed=True))


def _settle(planned: DeparturePlan, movers: Sequence[_Mover], existing: Existing) -> None:
    """Let departures move to starts that are free; those whose new start is taken stay."""
    leaving = {mover.old.id for mover in movers} | {each.id for each in planned.gone}
    in_the_way = [
        (product_id, each.times.start_at)
        for product_id, of_product in existing.items()
        for each in of_product
        if each.id not in leaving
    ]
    by_target = {(mover.old.product_id, mover.moved.times.start_at): mover for mover in movers}
    while in_the_way:
        mover = by_target.pop(in_the_way.pop(), None)
        if mover is not None:
            planned.change(mover.old, mover.stays)
            planned.blocked.append(mover.old)
            in_the_way.append((mover.old.product_id, mover.old.times.start_at))
    for mover in by_target.values():
        planned.change(mover.old, mover.moved)
        planned.followed.append((mover.old, mover.moved))


def _refuse_same_time(
    planned: DeparturePlan,
    new: Sequence[tuple[Spec, DepartureRow]],
    existing: Existing,
    meant: Collection[tuple[str, datetime | None]],
) -> None:
    """Raise `Invalid` for a new departure at another's start, or at its local time without `sameLocalTime`."""
    gone = {each.id for each in planned.gone}
    now = {old.id: after for old, after in planned.changes}
    stored = [now.get(each.id, each) for some in existing.values() for each in some if each.id not in gone]
    starts = {(each.product_id, each.times.start_at): each for each in stored}
    walls = {(each.product_id, wall_of(each)): each for each in stored}
    for spec, departure in new:
        other = starts.get(spec.key)
        if other is not None:
            raise same_start(spec, other)
        wall = departure.product_id, wall_of(departure)
        other = walls.setdefault(wall, departure)
        if other is not departure and wall not in meant:
            raise same_local_time(_start_of(spec), other)


def same_start(spec: Spec, other: DepartureRow) -> Invalid:
    """Return the error for a new departure at the instant of one that was made for another time and zone."""
    return bad_field(
        _start_of(spec),
        f"{_text(spec.local)} in {spec.time_zone} is the moment of the departure {other.id}, made for "
        f"{_text(wall_of(other))} in {other.time_zone}; move or delete that one first.",
        code="start_taken",
    )


def same_local_time(path: str, other: DepartureRow) -> Invalid:
    """Return the error for a second departure at the same local time without `sameLocalTime`."""
    return bad_field(
        path,
        f"the product has a departure at {_text(wall_of(other))} in {other.time_zone} already ({other.id}); set "
        "sameLocalTime to true if two are meant.",
        code="same_local_time",
    )


def _start_of(spec: Spec) -> str:
    """Return the path of the value that sets a departure's start: its own start, or the schedule."""
    return spec.path if spec.path.startswith("schedules") else at(spec.path, "start")


def _text(wall: datetime | None) -> str:
    return "no date" if wall is None else wall.isoformat(timespec="minutes")
