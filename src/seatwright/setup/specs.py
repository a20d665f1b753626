"""Turns forms of departures into the values to be stored. Pure.

A departure starts on the wall clock of its product's place, which is the time zone of the product's first
location, or else the account's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from seatwright.catalog.model import Catalog, Product
from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.field_errors import at, bad_field
from seatwright.core.moments import parse_clock, parse_day, parse_moment, wall_of
from seatwright.core.times import from_local, to_local, wall_at
from seatwright.setup.convert import Terms, amount
from seatwright.setup.departure_form import MAX_DEPARTURES, WEEKDAYS, DepartureTerms, NewDeparture, Prices, Recurrence
from seatwright.setup.store import Times

MAX_DAYS = 3_660
"""Longest recurrence, in days."""


class Spec(NamedTuple):
    """A requested departure. None means "not given": a new departure gets the default, an existing one keeps its value.

    `path` is its place in the request or file; `wall` is the written local time, None with an offset or without a date;
    `said_duration` is None for a dateless product's. `same_local_time`: a second one at that time is intended.
    """

    product: Product
    path: str
    start_at: Instant | None
    wall: datetime | None
    time_zone: str
    said_duration: int | None
    capacity: int | None
    closed: bool | None
    cutoff_min: int | None
    prices: dict[str, int] | None
    same_local_time: bool = False

    @property
    def local(self) -> datetime | None:
        """The local time of the start."""
        return None if self.start_at is None else wall_at(self.start_at, self.time_zone)

    @property
    def skipped(self) -> bool:
        """Whether the clock skips the time that was written on that day, so that it starts later."""
        return self.wall is not None and self.wall != self.local

    @property
    def key(self) -> tuple[str, Instant | None]:
        """The key that identifies a departure within an account: product and start."""
        return self.product.id, self.start_at


class Season(NamedTuple):
    """The departures of a recurrence, and those left out: the clock skips their time, and another has the later one."""

    specs: list[Spec]
    left_out: list[Spec]
    products: frozenset[str] = frozenset()
    """Ids of the products of these departures, also of products for which none results."""


def spec_of(catalog: Catalog, terms: Terms, product: Product, form: NewDeparture, *, path: str) -> Spec:
    """Return the one departure that `form` describes. Raises `Invalid` naming the field below `path`."""
    zone = catalog.zone_of(product)
    start_at = None
    if product.dateless:
        for value, name in ((form.start, "start"), (form.duration_min, "durationMin"), (form.cutoff_min, "cutoffMin")):
            if value is not None:
                raise bad_field(at(path, name), f"{product.code} is dateless; leave it out.")
    elif form.start is None:
        raise bad_field(at(path, "start"), "is missing; write it as 2026-07-14T09:00.", code="missing_field")
    else:
        start_at = parse_moment(form.start, zone, field=at(path, "start"))
    wall = wall_of(form.start) if form.start is not None else None
    spec = _spec(product, zone, terms, form, start_at, wall, path)
    return spec._replace(same_local_time=form.same_local_time)


def specs_of(catalog: Catalog, terms: Terms, product: Product, form: Recurrence, *, path: str) -> Season:
    """Return the departures of a recurrence, in order of their start, each start once.

    Times are local, so a change of the clock moves no departure. A departure at a time that the clock skips starts
    later by as much; if another departure has that time, only the other one is made. Raises `Invalid` naming the field
    below `path`, also for more than `MAX_DEPARTURES`.
    """
    if product.dateless:
        raise bad_field(path or "from", f"{product.code} is dateless and has a single departure, without a schedule.")
    zone = catalog.zone_of(product)
    found: dict[Instant, Spec] = {}
    left_out = []
    for wall in _walls(product, zone, terms, form, path):
        start_at = from_local(wall, zone)
        spec = _spec(product, zone, terms, form, start_at, wall, path)
        other = found.get(start_at)
        if other is not None and other.wall != wall:
            left_out.append(other if other.skipped else spec)
        if other is None or other.skipped:
            found[start_at] = spec
        if len(found) > MAX_DEPARTURES:
            raise bad_field(at(path, "to"), f"this comes to more than {MAX_DEPARTURES} departures; make them in parts.")
    return Season([found[start_at] for start_at in sorted(found)], left_out)


def _walls(product: Product, zone: str, terms: Terms, form: Recurrence, path: str) -> Iterator[datetime]:
    today = to_local(terms.now, zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    first = today if form.from_ is None else parse_day(form.from_, field=at(path, "from"))
    last = first + timedelta(days=365) if form.to is None else parse_day(form.to, field=at(path, "to"))
    if last < first:
        raise bad_field(at(path, "to"), f"must not be before from, which is {first.date()}.", code="invalid_date_range")
    if (last - first).days >= MAX_DAYS:
        raise bad_field(at(path, "to"), f"is more than {MAX_DAYS} days after from.", code="invalid_date_range")
    if not form.times and not product.start_time:
        raise bad_field(at(path, "times"), f"is missing, and {product.code} has no startTime.", code="missing_field")
    times = [parse_clock(text, field=at(path, f"times[{i}]")) for i, text in enumerate(form.times)]
    for day in range((last - first).days + 1):
        date = first + timedelta(days=day)
        if WEEKDAYS[date.weekday()] in form.weekdays:
            for hour, minute in times or [parse_clock(product.start_time, field="startTime")]:
                yield date.replace(hour=hour, minute=minute)


def _spec(
    product: Product,
    zone: str,
    terms: Terms,
    form: DepartureTerms,
    start_at: Instant | None,
    wall: datetime | None,
    path: str,
) -> Spec:
    if start_at is not None and form.duration_min is None and product.duration_min == 0:
        raise bad_field(
            at(path, "durationMin"), f"is missing, and {product.code} has none either.", code="missing_field"
        )
    return Spec(
        product=product,
        path=path,
        start_at=start_at,
        wall=wall,
        time_zone=zone,
        said_duration=form.duration_min,
        capacity=form.capacity,
        closed=form.closed,
        cutoff_min=form.cutoff_min,
        prices=None if form.prices is None else prices_of(product, form.prices, terms, at(path, "prices")),
    )


def prices_of(product: Product, prices: Prices, terms: Terms, path: str) -> dict[str, int]:
    """Return price overrides in minor units by the product's own spelling of its tiers."""
    found: dict[str, int] = {}
    for code, value in prices.items():
        tier = product.tier(code)
        if tier is None:
            known = ", ".join(tier.code for tier in product.tiers)
            raise bad_field(
                at(path, code[:50]), f"{product.code} has no such price tier; it has {known}.", code="unknown_tier"
            )
        if tier.code in found:
            raise bad_field(at(path, code), "is there twice; upper and lower case count as the same.")
        found[tier.code] = amount(value, terms, at(path, code))
    return found


def times_of(start_at: Instant | None, duration_ms: int, zone: str) -> Times:
    """Return the stored times of a departure."""
    if start_at is None:
        return Times(None, None, None)
    end_at = start_at + duration_ms
    return Times(start_at, end_at, to_local(start_at, zone).date().isoformat())


def duration_ms(spec: Spec) -> int:
    """Return how long a new departure takes, in milliseconds."""
    return (spec.product.duration_min if spec.said_duration is None else spec.said_duration) * MINUTE_MS


def closes_at(spec: Spec) -> Instant | None:
    """Return when booking of a new departure ends."""
    if spec.start_at is None:
        return None
    cutoff = spec.product.cutoff_min if spec.cutoff_min is None else spec.cutoff_min
    return spec.start_at - cutoff * MINUTE_MS
