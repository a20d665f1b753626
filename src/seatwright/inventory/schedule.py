"""Departures as operators manage them: make one or many, change, list.

Each use case holds the catalog's lock, so that a product does not change under its departures and a start is
given away once. What is to be written is planned here; `changes` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from seatwright.catalog import store as catalog_store
from seatwright.catalog.convert import Terms, bad
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.moments import parse_moment
from seatwright.catalog.service import terms_of
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.ids import new_hex24
from seatwright.inventory import changes
from seatwright.inventory import schedule_store as store
from seatwright.inventory import store as departures
from seatwright.inventory.changes import Planned, Planner
from seatwright.inventory.departure_form import DepartureChange, NewDeparture, Recurrence
from seatwright.inventory.model import Departure
from seatwright.inventory.schedule_store import Stored
from seatwright.inventory.specs import Spec, closes_at, duration_ms, prices_of, spec_of, specs_of, times_of, zone_of
from seatwright.storage.engine import ReadTx, Tx


class Shown(NamedTuple):
    """A departure and what is needed to show it."""

    departure: Departure
    product: Product
    currency: str


class Made(NamedTuple):
    """How many departures of a recurrence were made, and how many were there already."""

    created: int
    existing: int


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
        await changes.apply(tx, planner, catalog, Planned(new=[existing]))
    return await get(tx, planner.catalogs, planner.clock.now(), planner.account_id, existing.id)


async def create_many(tx: Tx, planner: Planner, product_code: str, form: Recurrence) -> Made:
    """Make the departures of a recurrence that aren't there yet; those that are stay as they are.

    Raises `NotFound` and `Invalid` naming the field.
    """
    catalog = await _locked(tx, planner)
    specs = specs_of(catalog, terms_of(catalog, planner.clock.now()), _product(catalog, product_code), form, path="")
    existing = await _existing(tx, planner.account_id, specs)
    new = [_new_departure(catalog, spec) for spec in specs if spec.key not in existing]
    await changes.apply(tx, planner, catalog, Planned(new=new))
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
        await changes.apply(tx, planner, catalog, Planned(changes=[(old, new)]))
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
        times=times_of(spec.start_at, duration_ms(spec), spec.time_zone),
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
        times = times_of(spec.start_at, spec.said_duration * MINUTE_MS, old.time_zone)
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
    times = times_of(start, length, zone)
    return new._replace(times=times, time_zone=zone, closes_at=start - lead)


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
