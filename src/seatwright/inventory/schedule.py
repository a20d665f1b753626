"""Departures as operators manage them: make one or many, change, list.

Each use case holds the catalog's lock, so that a product does not change under its departures and a start is
given away once. `taken` is never written here: a rental that moves gives its units back and takes them at the
new time through `inventory.seats`, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from seatwright.catalog import store as catalog_store
from seatwright.catalog.convert import Terms, bad
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.moments import parse_moment
from seatwright.catalog.service import terms_of
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import MINUTE_MS, Clock, Instant
from seatwright.core.errors import Conflict, NotFound, SoldOut
from seatwright.core.ids import new_hex24
from seatwright.inventory import schedule_store as store
from seatwright.inventory import seats
from seatwright.inventory import store as departures
from seatwright.inventory.departure_form import DepartureChange, NewDeparture, Recurrence
from seatwright.inventory.model import Departure
from seatwright.inventory.schedule_store import Stored
from seatwright.inventory.specs import Spec, closes_at, duration_ms, prices_of, spec_of, specs_of, times_of, zone_of
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


class Move(NamedTuple):
    """A departure gets another time; `at` is when that is decided. Instants in milliseconds UTC."""

    account_id: str
    departure_id: str
    old_start_at: Instant | None
    start_at: Instant | None
    end_at: Instant | None
    time_zone: str
    at: Instant
    actor: str


OnMove: TypeAlias = Callable[[Tx, Move], Awaitable[None]]
"""What follows a departure that is moved: carts and orders, which are above this part (`orders.reschedule`)."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Who changes whose departures, and what follows one that moves."""

    catalogs: CatalogCache
    clock: Clock
    account_id: str
    actor: str
    on_move: OnMove


class Shown(NamedTuple):
    """A departure and what is needed to show it."""

    departure: Departure
    product: Product
    currency: str


class Made(NamedTuple):
    """How many departures of a recurrence were made, and how many were there already."""

    created: int
    existing: int


@dataclass(slots=True)
class Planned:
    """What making departures to be as they are asked for comes to: those to make, those to change (before, after)."""

    new: list[Stored] = field(default_factory=list)
    changes: list[tuple[Stored, Stored]] = field(default_factory=list)
    unchanged: int = 0


async def page(
    tx: ReadTx,
    catalogs: CatalogCache,
    now: Instant,
    account_id: str,
    product_code: str,
    *,
    first: date,
    last: date,
    limit: int,
    page: int,
) -> list[Shown]:
    """Return a page of a product's departures from one local day to another, by start, closed and past ones too.

    A dateless product's is always there. Raises `NotFound`.
    """
    catalog = await catalogs.load(tx, account_id)
    product = _product(catalog, product_code)
    found = await departures.calendar(tx, account_id, product.id, first, last, now)
    return [Shown(each, product, catalog.currency) for each in found[limit * page : limit * (page + 1)]]


async def get(tx: ReadTx, catalogs: CatalogCache, now: Instant, account_id: str, departure_id: str) -> Shown:
    """Return one departure. Raises `NotFound`."""
    catalog = await catalogs.load(tx, account_id)
    departure = await departures.find(tx, account_id, departure_id, now)
    product = catalog.products_by_id.get(departure.product_id) if departure else None
    if departure is None or product is None:
        raise _not_found()
    return Shown(departure, product, catalog.currency)


async def create(tx: Tx, planner: Planner, product_code: str, form: NewDeparture) -> Shown:
    """Make a departure. A dateless product's is made once, and returned as it is when it is asked for again.

    Raises `NotFound`, `Invalid` naming the field, and `Conflict` if the product has one with this start.
    """
    catalog = await _locked(tx, planner)
    product = _product(catalog, product_code)
    spec = spec_of(catalog, terms_of(catalog, planner.clock.now()), product, form, path="")
    existing = (await _existing(tx, planner.account_id, [spec])).get(spec.key)
    if existing is not None and not product.dateless:
        raise Conflict("start: there is a departure at this time already; change that one.", code="start_taken")
    if existing is None:
        existing = _new_departure(catalog, spec)
        await _insert(tx, planner, catalog, [existing])
    return await get(tx, planner.catalogs, planner.clock.now(), planner.account_id, existing.id)


async def create_many(tx: Tx, planner: Planner, product_code: str, form: Recurrence) -> Made:
    """Make the departures of a recurrence that aren't there yet; those that are stay as they are.

    Raises `NotFound` and `Invalid` naming the field.
    """
    catalog = await _locked(tx, planner)
    specs = specs_of(catalog, terms_of(catalog, planner.clock.now()), _product(catalog, product_code), form, path="")
    existing = await _existing(tx, planner.account_id, specs)
    new = [_new_departure(catalog, spec) for spec in specs if spec.key not in existing]
    await _insert(tx, planner, catalog, new)
    return Made(created=len(new), existing=len(specs) - len(new))


async def change(tx: Tx, planner: Planner, departure_id: str, form: DepartureChange) -> Shown:
    """Change a departure. Seats that are held or sold stay; their carts and orders follow to another time.

    Raises `NotFound`, `Invalid` naming the field, and `Conflict` for a capacity below what is taken, a start that
    the product has already, or a time at which a rental's pool has not enough units.
    """
    catalog = await _locked(tx, planner)
    old = await store.lock(tx, planner.account_id, departure_id)
    product = catalog.products_by_id.get(old.product_id) if old else None
    if old is None or product is None:
        raise _not_found()
    new = _changed(catalog, terms_of(catalog, planner.clock.now()), product, old, form)
    if new.times.start_at != old.times.start_at:
        assert new.times.start_at is not None
        start = new.times.start_at
        if await store.between(tx, planner.account_id, product.id, start, start):
            raise Conflict("start: there is a departure at this time already.", code="start_taken", field="start")
    if new != old:
        await _write_changes(tx, planner, catalog, [(old, new)])
    return await get(tx, planner.catalogs, planner.clock.now(), planner.account_id, departure_id)


async def plan(tx: ReadTx, account_id: str, catalog: Catalog, specs: Sequence[Spec]) -> Planned:
    """Return what it takes for the departures to be as in `specs`. Nothing is written.

    Raises `Invalid` for a new departure without a capacity.
    """
    existing = await _existing(tx, account_id, specs)
    planned = Planned()
    for spec in specs:
        old = existing.get(spec.key)
        if old is None:
            planned.new.append(_new_departure(catalog, spec))
        elif (new := _as_asked(old, spec)) != old:
            planned.changes.append((old, new))
        else:
            planned.unchanged += 1
    return planned


async def apply(tx: Tx, planner: Planner, catalog: Catalog, planned: Planned) -> None:
    """Write what `plan` has found. Raises `Conflict` as `change` does."""
    await _insert(tx, planner, catalog, planned.new)
    await _write_changes(tx, planner, catalog, planned.changes)


def _new_departure(catalog: Catalog, spec: Spec) -> Stored:
    """Return a departure that isn't stored yet. Raises `Invalid` if its capacity is said nowhere."""
    product = spec.product
    pool = catalog.pools[product.pool] if product.pool else None
    capacity = spec.capacity if spec.capacity is not None or pool is None else pool.units
    if capacity is None:
        path = f"{spec.path}.capacity" if spec.path else "capacity"
        raise bad(path, "is missing; say how many seats there are.", code="missing_field")
    return Stored(
        id=new_hex24(),
        product_id=product.id,
        times=times_of(spec.start_at, duration_ms(spec), spec.time_zone, pooled=pool is not None),
        time_zone=spec.time_zone,
        capacity=capacity,
        closed=bool(spec.closed),
        closes_at=closes_at(spec),
        prices=spec.prices or {},
        pool_id=pool.id if pool else None,
    )


def _as_asked(old: Stored, spec: Spec) -> Stored:
    """Return an existing departure with what `spec` says; the rest stays."""
    times = old.times
    if spec.start_at is not None and spec.said_duration is not None:
        times = times_of(spec.start_at, spec.said_duration * MINUTE_MS, old.time_zone, pooled=old.pool_id is not None)
    return old._replace(
        times=times,
        capacity=old.capacity if spec.capacity is None else spec.capacity,
        closed=old.closed if spec.closed is None else spec.closed,
        closes_at=old.closes_at if spec.cutoff_min is None else closes_at(spec),
        prices=old.prices if spec.prices is None else spec.prices,
    )


def _changed(catalog: Catalog, terms: Terms, product: Product, old: Stored, form: DepartureChange) -> Stored:
    start, end = old.times.start_at, old.times.end_at
    new = old._replace(
        capacity=old.capacity if form.capacity is None else form.capacity,
        closed=old.closed if form.closed is None else form.closed,
        prices=old.prices if form.prices is None else prices_of(product, form.prices, terms, "prices"),
    )
    if start is None or end is None:
        for value, name in ((form.start, "start"), (form.duration_min, "durationMin"), (form.cutoff_min, "cutoffMin")):
            if value is not None:
                raise bad(name, f"{product.code} is dateless; leave it out.")
        return new
    lead = start - (start if old.closes_at is None else old.closes_at)
    length = end - start
    zone = old.time_zone
    if form.start is not None:
        zone = zone_of(catalog, product)
        start = parse_moment(form.start, zone, field="start")
    if form.duration_min is not None:
        length = form.duration_min * MINUTE_MS
    if form.cutoff_min is not None:
        lead = form.cutoff_min * MINUTE_MS
    times = times_of(start, length, zone, pooled=old.pool_id is not None)
    return new._replace(times=times, time_zone=zone, closes_at=start - lead)


async def _write_changes(tx: Tx, planner: Planner, catalog: Catalog, changes: Sequence[tuple[Stored, Stored]]) -> None:
    """Write departures before and after. Raises `Conflict`, saying how many seats are taken where that is why."""
    events = []
    for old, new in sorted(changes, key=lambda change: change[0].id):
        moved = new.pool_id is not None and new.times != old.times
        taken = 0
        if moved:
            taken = await _give_back(tx, planner.account_id, old)
            await _add_slots(tx, planner.account_id, catalog, [new])
        if not await store.update(tx, planner.account_id, new, planner.clock.now()):
            raise _below_taken(new, await store.taken(tx, planner.account_id, new.id))
        if taken:
            await _take_again(tx, planner.account_id, new, taken)
        if (new.times, new.time_zone) != (old.times, old.time_zone):
            await planner.on_move(tx, _move(planner, old, new))
        events.append(_event(planner, "departure.changed", new.id, _differences(old, new)))
    await tx.execute_many(audit.INSERT, events)


def _move(planner: Planner, old: Stored, new: Stored) -> Move:
    return Move(
        account_id=planner.account_id,
        departure_id=new.id,
        old_start_at=old.times.start_at,
        start_at=new.times.start_at,
        end_at=new.times.end_at,
        time_zone=new.time_zone,
        at=planner.clock.now(),
        actor=planner.actor,
    )


async def _give_back(tx: Tx, account_id: str, old: Stored) -> int:
    """Release a rental's units from the pool's half hours that it leaves; return how many."""
    locked = await store.lock(tx, account_id, old.id)
    assert locked is not None
    await seats.release(tx, account_id, {old.id: locked.taken})
    return locked.taken


async def _take_again(tx: Tx, account_id: str, new: Stored, taken: int) -> None:
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


def _below_taken(new: Stored, taken: int) -> Conflict:
    return Conflict(
        f"capacity: can't be {new.capacity}, because {taken} are taken; cancel some first.",
        code="below_taken",
        field="capacity",
    )


async def _insert(tx: Tx, planner: Planner, catalog: Catalog, new: Sequence[Stored]) -> None:
    """Write new departures, the half hours of their pools, and one audit event for each product."""
    if not new:
        return
    now = planner.clock.now()
    await _add_slots(tx, planner.account_id, catalog, new)
    await store.insert(tx, planner.account_id, new, now)
    counts: dict[str, int] = {}
    for departure in new:
        counts[departure.product_id] = counts.get(departure.product_id, 0) + 1
    events = [_event(planner, "departures.created", product_id, {"count": n}) for product_id, n in counts.items()]
    await tx.execute_many(audit.INSERT, events)


async def _add_slots(tx: Tx, account_id: str, catalog: Catalog, new: Sequence[Stored]) -> None:
    units = {pool.id: pool.units for pool in catalog.pools.values()}
    needed: dict[str, set[int]] = {}
    for departure in new:
        first, last = departure.times.first_slot, departure.times.last_slot
        if departure.pool_id is not None and first is not None and last is not None:
            needed.setdefault(departure.pool_id, set()).update(range(first, last + 1))
    for pool_id in sorted(needed):
        await store.add_slots(tx, account_id, pool_id, units[pool_id], needed[pool_id])


async def _existing(tx: ReadTx, account_id: str, specs: Sequence[Spec]) -> Mapping[tuple[str, Instant | None], Stored]:
    """Return the departures that have the product and start of one of `specs`, and maybe some more."""
    starts: dict[str, list[Instant]] = {}
    found: list[Stored] = []
    for spec in specs:
        if spec.start_at is not None:
            starts.setdefault(spec.product.id, []).append(spec.start_at)
        elif (only := await store.dateless(tx, account_id, spec.product.id)) is not None:
            found.append(only)
    for product_id, of_product in starts.items():
        found += await store.between(tx, account_id, product_id, min(of_product), max(of_product))
    return {(stored.product_id, stored.times.start_at): stored for stored in found}


async def _locked(tx: Tx, planner: Planner) -> Catalog:
    await catalog_store.lock(tx, planner.account_id)
    return await planner.catalogs.load(tx, planner.account_id)


def _product(catalog: Catalog, code: str) -> Product:
    product = catalog.products.get(code)
    if product is None:
        raise NotFound(f"There is no product with the code {code[:80]!r}.", code="product_not_found")
    return product


def _not_found() -> NotFound:
    return NotFound("There is no such departure.", code="departure_not_found")


def _event(planner: Planner, action: str, subject_id: str, detail: Any) -> tuple[Any, ...]:
    return audit.event(planner.account_id, planner.clock.now(), planner.actor, action, subject_id, detail)


def _differences(old: Stored, new: Stored) -> dict[str, Any]:
    """Return what changed, as before and after, for the audit log."""
    before, after = old._asdict(), new._asdict()
    return {name: [before[name], after[name]] for name in after if name != "taken" and before[name] != after[name]}
