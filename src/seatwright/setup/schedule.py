"""Departures as operators manage them: make one or many, change, delete, list.

Each use case holds the catalog's lock, so that a product does not change while its departures do, and a start is used
once. This module plans the changes; `changes` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from seatwright.catalog import store as catalog_store
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.field_errors import bad_field
from seatwright.core.moments import parse_moment
from seatwright.inventory import store as departures
from seatwright.inventory.model import Departure
from seatwright.setup import changes, planning, store
from seatwright.setup.catalog import terms_of
from seatwright.setup.changes import DeparturePlan
from seatwright.setup.convert import Terms
from seatwright.setup.departure_form import DepartureChange, NewDeparture, Recurrence
from seatwright.setup.editor import Editor
from seatwright.setup.notes import Note, notes
from seatwright.setup.planning import FARTHEST_MS, Rules
from seatwright.setup.specs import prices_of, spec_of, specs_of, times_of
from seatwright.setup.store import DepartureRow
from seatwright.storage.engine import ReadTx, Tx


class DepartureView(NamedTuple):
    """A departure and the data for showing it."""

    departure: Departure
    product: Product
    currency: str


class RecurrenceResult(NamedTuple):
    """How many departures of a recurrence were made, and how many existed already; `notes` on some of them."""

    created: int
    existing: int
    notes: list[Note]


async def delete(tx: Tx, editor: Editor, departure_id: str) -> DepartureView:
    """Delete a departure on which no seats are or were sold or held, and return it as it was.

    Raises `NotFound`, and `Conflict` while seats of it are held or sold, or if cancelled orders refer to it.
    """
    catalog = await _locked(tx, editor)
    shown = await get(tx, editor.catalogs, editor.clock.now(), editor.account_id, departure_id)
    old = await store.lock(tx, editor.account_id, departure_id)
    assert old is not None, "departures go only under the catalog's lock"
    if old.taken:
        raise Conflict(
            f"Seats of this departure are held or sold: {old.taken}. Set closed to true to end its sale, and cancel or "
            "move them.",
            code="departure_taken",
        )
    if await store.ordered(tx, editor.account_id, [departure_id]):
        raise Conflict(
            "Cancelled orders refer to this departure; set closed to true instead.", code="departure_ordered"
        )
    await changes.apply(tx, editor, catalog, DeparturePlan(gone=[old]))
    return shown


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
) -> list[DepartureView]:
    """Return a page of a product's departures from one local day to another, by start, including closed and past ones.

    A dateless product's is always there. Raises `NotFound`.
    """
    catalog = await catalogs.load(tx, account_id)
    product = _product(catalog, product_code)
    found = await departures.calendar(tx, account_id, product.id, first, last, now)
    return [DepartureView(each, product, catalog.currency) for each in found[limit * page : limit * (page + 1)]]


async def get(tx: ReadTx, catalogs: CatalogCache, now: Instant, account_id: str, departure_id: str) -> DepartureView:
    """Return one departure. Raises `NotFound`."""
    catalog = await catalogs.load(tx, account_id)
    departure = await departures.find(tx, account_id, departure_id, now)
    product = catalog.products_by_id.get(departure.product_id) if departure else None
    if departure is None or product is None:
        raise _not_found()
    return DepartureView(departure, product, catalog.currency)


async def create(tx: Tx, editor: Editor, product_code: str, form: NewDeparture) -> DepartureView:
    """Make a departure. A dateless product's is made once; a repeated request returns it as it is.

    Raises `NotFound`, `Invalid` naming the field, and `Conflict` if the product has one with this start, or at this
    time on the wall and two aren't said to be meant.
    """
    catalog = await _locked(tx, editor)
    product = _product(catalog, product_code)
    spec = spec_of(catalog, terms_of(catalog, editor.clock.now()), product, form, path="")
    others = (await planning.near(tx, editor.account_id, [spec])).get(product.id, [])
    if product.dateless and others:
        made = others[0]
    else:
        _refuse_taken(spec.start_at, spec.local, others, form.same_local_time)
        made = planning.new_departure(catalog, spec)
        await changes.apply(tx, editor, catalog, DeparturePlan(new=[made]))
    return await get(tx, editor.catalogs, editor.clock.now(), editor.account_id, made.id)


async def create_many(tx: Tx, editor: Editor, product_code: str, form: Recurrence) -> RecurrenceResult:
    """Make the departures of a recurrence that don't exist yet; existing ones stay as they are.

    Raises `NotFound` and `Invalid` naming the field.
    """
    catalog = await _locked(tx, editor)
    now = editor.clock.now()
    season = specs_of(catalog, terms_of(catalog, now), _product(catalog, product_code), form, path="")
    planned = await planning.plan(tx, editor.account_id, catalog, season.specs, now, Rules(follow=False))
    planned = DeparturePlan(new=planned.new, waiting=planned.waiting)
    await changes.apply(tx, editor, catalog, planned)
    found = notes(catalog, planned, season.specs, season.left_out, Rules(follow=False))
    return RecurrenceResult(created=len(planned.new), existing=len(season.specs) - len(planned.new), notes=found)


async def change(tx: Tx, editor: Editor, departure_id: str, form: DepartureChange) -> DepartureView:
    """Change a departure. Seats that are held or sold stay so; their carts and orders follow to another time.

    Raises `NotFound`, `Invalid` naming the field, and `Conflict` for a capacity below what is taken, a start that
    the product has already, or a time at which a rental's pool has not enough units.
    """
    catalog = await _locked(tx, editor)
    old = await store.lock(tx, editor.account_id, departure_id)
    product = catalog.products_by_id.get(old.product_id) if old else None
    if old is None or product is None:
        raise _not_found()
    if form.version not in (None, old.version):
        raise Conflict("Somebody has changed this departure meanwhile; read it again.", code="changed_meanwhile")
    new = _changed(catalog, terms_of(catalog, editor.clock.now()), product, old, form)
    if new.times.start_at != old.times.start_at:
        start = new.times.start_at
        assert start is not None
        others = await store.between(tx, editor.account_id, product.id, start - FARTHEST_MS, start + FARTHEST_MS)
        others = [each for each in others if each.id != old.id]
        _refuse_taken(start, planning.wall_of(new), others, form.same_local_time)
    if new != old:
        await changes.apply(tx, editor, catalog, DeparturePlan(changes=[(old, new)]))
    return await get(tx, editor.catalogs, editor.clock.now(), editor.account_id, departure_id)


def _changed(
    catalog: Catalog, terms: Terms, product: Product, old: DepartureRow, form: DepartureChange
) -> DepartureRow:
    start, end = old.times.start_at, old.times.end_at
    closed = old.closed if form.closed is None else form.closed
    new = old._replace(
        capacity=old.capacity if form.capacity is None else form.capacity,
        closed=closed,
        closed_for=_closed_for(old, form, closed=closed),
        prices=old.prices if form.prices is None else prices_of(product, form.prices, terms, "prices"),
    )
    if start is None or end is None:
        for value, name in ((form.start, "start"), (form.duration_min, "durationMin"), (form.cutoff_min, "cutoffMin")):
            if value is not None:
                raise bad_field(name, f"{product.code} is dateless; leave it out.")
        return new
    lead = start - (start if old.closes_at is None else old.closes_at)
    length = end - start
    zone = old.time_zone
    if form.start is not None:
        zone = catalog.zone_of(product)
        start = parse_moment(form.start, zone, field="start")
    if form.duration_min is not None:
        length = form.duration_min * MINUTE_MS
    if form.cutoff_min is not None:
        lead = form.cutoff_min * MINUTE_MS
    times = times_of(start, length, zone)
    return new._replace(times=times, time_zone=zone, closes_at=start - lead)


def _closed_for(old: DepartureRow, form: DepartureChange, *, closed: bool) -> str | None:
    said = old.closed_for if form.closed_for is None else form.closed_for.strip() or None
    if not closed and form.closed_for:
        raise bad_field("closedFor", "this departure is on sale; send closed: true, too.")
    return said if closed else None


def _refuse_taken(
    start: Instant | None, wall: datetime | None, others: Sequence[DepartureRow], same_local_time: bool
) -> None:
    """Raise `Conflict` if another departure has this start, or has this local time and `sameLocalTime` isn't set."""
    if any(each.times.start_at == start for each in others):
        raise Conflict(
            "start: there is a departure at this time already; change that one.", code="start_taken", field="start"
        )
    twin = next((each for each in others if planning.wall_of(each) == wall), None)
    if twin is not None and not same_local_time:
        refusal = planning.same_local_time("start", twin)
        raise Conflict(refusal.message, code=refusal.code, field=refusal.field)


async def _locked(tx: Tx, editor: Editor) -> Catalog:
    await catalog_store.lock(tx, editor.account_id)
    return await editor.catalogs.load(tx, editor.account_id)


def _product(catalog: Catalog, code: str) -> Product:
    product = catalog.products.get(code)
    if product is None:
        raise NotFound(f"There is no product with the code {code[:80]!r}.", code="product_not_found")
    return product


def _not_found() -> NotFound:
    return NotFound("There is no such departure.", code="departure_not_found")
