"""The departures of some days on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from seatwright.api.manage.assignment_wire import AssignedOut, ConflictOut, assigned_out, conflicts_out
from seatwright.core.clock import MINUTE_MS
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, to_local
from seatwright.http.wire import Wire
from seatwright.reports.departures import Collect, DayDeparture, DayList

_WALL = "%Y-%m-%dT%H:%M"


class DayProductOut(Wire, kw_only=True):
    """A departure's product. A rental is sold by the unit."""

    id: str
    code: str
    name: str
    number: int
    quantity_type: Literal["participant", "unit"]
    quantity_label: str


class DayPoolOut(Wire, kw_only=True):
    """A rental pool: all its units, and those that are free during the whole departure."""

    id: str
    code: str
    name: str
    units: int
    free: int


class CollectOut(Wire, kw_only=True):
    """What orders still owe: how many, and the sum of their balances. Without orders whose reseller holds the price."""

    orders: int
    owed: Decimal


class DayDepartureOut(Wire, kw_only=True):
    """A departure with who is on it. `start` and `end` are the wall clock; the `…Date` are UTC.

    `guests` are the participants or units that aren't cancelled, on `orders` orders; `pending`, `checkedIn` and
    `noShows` of them wait to be accepted, have turned up, and did not come. `toCollect` has each order's whole balance.
    """

    id: Annotated[str, msgspec.Meta(examples=["6650aa1f0c1d2e3f40516273"])]
    product: DayProductOut
    day: Annotated[str, msgspec.Meta(examples=["2026-07-14"])]
    start: Annotated[str, msgspec.Meta(examples=["2026-07-14T09:00"])]
    end: Annotated[str, msgspec.Meta(examples=["2026-07-14T13:00"])]
    time_zone: str
    start_date: Annotated[str, msgspec.Meta(examples=["2026-07-14T15:00:00.000Z"])]
    end_date: str
    duration_min: int
    capacity: int
    taken: Annotated[int, msgspec.Meta(description="Held and sold.")]
    free: Annotated[int, msgspec.Meta(description="What can be booked: also what a rental's pool has left.")]
    held: Annotated[int, msgspec.Meta(description="Seats of holds that haven't expired.")]
    sold: Annotated[int, msgspec.Meta(description="Seats.")]
    guests: int
    pending: int
    checked_in: int
    no_shows: int
    orders: int
    closed: bool
    closed_for: Annotated[str | None, msgspec.Meta(description="Why sales are closed, if it was said.")]
    cancelled_for: Annotated[str | None, msgspec.Meta(description="Why it does not take place.")]
    cutoff_min: int | None
    cutoff_date: str | None
    bookable: Annotated[bool, msgspec.Meta(description="Not closed, not started and before its cut-off.")]
    pool: DayPoolOut | None
    to_collect: CollectOut | None
    assigned: Annotated[list[AssignedOut], msgspec.Meta(description="Guides, drivers, boats and vehicles.")]
    conflicts: Annotated[list[ConflictOut], msgspec.Meta(description="In what is assigned.")]


class DayListOut(Wire, kw_only=True):
    """The departures of some days by day and start. `toCollect` counts each order once, wherever its guests go. It
    is null for a reader without `orders.read`."""

    from_: str = msgspec.field(name="from")
    to: str
    currency: str
    to_collect: CollectOut | None
    departures: list[DayDepartureOut]


def day_list_out(found: DayList, *, money: bool) -> DayListOut:
    """Show the departures of some days, with or without money."""
    return DayListOut(
        from_=found.days.first.isoformat(),
        to=found.days.last.isoformat(),
        currency=found.currency,
        to_collect=_collect_out(found.collect, found.currency) if money else None,
        departures=[_departure_out(each, found, money=money) for each in found.departures],
    )


def _collect_out(collect: Collect, currency: str) -> CollectOut:
    return CollectOut(orders=collect.orders, owed=to_wire(collect.owed, currency))


def _departure_out(shown: DayDeparture, found: DayList, *, money: bool) -> DayDepartureOut:
    departure, product, guests, pool = shown.departure, shown.product, shown.guests, shown.pool
    start, end, closes, zone = departure.start_at, departure.end_at, departure.closes_at, departure.time_zone
    assert start is not None, "it is on a day"
    assert end is not None, "it is on a day"
    return DayDepartureOut(
        id=departure.id,
        product=DayProductOut(
            id=product.id,
            code=product.code,
            name=product.name,
            number=product.number,
            quantity_type=product.quantity_type,
            quantity_label=product.quantity_label,
        ),
        day=departure.local_date or "",
        start=to_local(start, zone).strftime(_WALL),
        end=to_local(end, zone).strftime(_WALL),
        time_zone=zone,
        start_date=iso_utc(start),
        end_date=iso_utc(end),
        duration_min=(end - start) // MINUTE_MS,
        capacity=departure.capacity,
        taken=departure.taken,
        free=departure.free,
        held=shown.held,
        sold=guests.sold,
        guests=guests.guests,
        pending=guests.pending,
        checked_in=guests.checked_in,
        no_shows=guests.no_shows,
        orders=guests.orders,
        closed=departure.closed,
        closed_for=departure.closed_for,
        cancelled_for=departure.cancelled_for,
        cutoff_min=None if closes is None else (start - closes) // MINUTE_MS,
        cutoff_date=None if closes is None else iso_utc(closes),
        bookable=departure.bookable(found.now),
        pool=None
        if pool is None
        else DayPoolOut(
            id=pool.id, code=pool.code, name=pool.name, units=pool.units, free=max(0, departure.pool_free or 0)
        ),
        to_collect=_collect_out(shown.collect, found.currency) if money else None,
        assigned=assigned_out(shown.roster.assigned),
        conflicts=conflicts_out(shown.roster.conflicts),
    )
