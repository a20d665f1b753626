"""What a resource is, what is assigned to a departure, and which of that is in conflict. Pure.

A conflict is computed from what is there whenever somebody looks, and stored nowhere: when departures are moved or
cancelled, guests booked, or a boat retired, it is right without anybody correcting it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.times import to_local

Kind: TypeAlias = Literal["guide", "driver", "boat", "vehicle"]
CREW: tuple[Kind, ...] = ("guide", "driver")
EQUIPMENT: tuple[Kind, ...] = ("boat", "vehicle")
KINDS: tuple[Kind, ...] = (*CREW, *EQUIPMENT)

MAX_NAME = 80
"""Longest name, in characters."""
MAX_PLACES = 10_000
MAX_TURNAROUND_MIN = 24 * 60
MAX_RESOURCES = 500
"""Maximum number of resources that an account has and has not retired."""
MAX_ASSIGNED = 100
"""Maximum number of resources on one departure."""


class Resource(NamedTuple):
    """A guide, driver, boat or vehicle.

    `places` are for guests, of a boat or vehicle; None: not said. `turnaround_min` are the minutes that it needs
    between two departures. `user_id` is the user who is this guide or driver. From `retired_at` on it isn't used any
    more. `version` grows with every change.
    """

    id: str
    kind: Kind
    name: str
    places: int | None = None
    turnaround_min: int = 0
    user_id: str | None = None
    retired_at: Instant | None = None
    version: int = 1


class Trip(NamedTuple):
    """A departure as far as it keeps crew and boats busy. One that was cancelled (not `on`) keeps nobody busy."""

    id: str
    product_id: str
    start_at: Instant
    end_at: Instant
    time_zone: str
    on: bool


class Itinerary(NamedTuple):
    """The departures of one resource by their starts. None is longer than `longest`, in milliseconds."""

    trips: list[Trip]
    starts: list[Instant]
    longest: int

    def between(self, first: Instant, last: Instant) -> list[Trip]:
        """Return those that may be under way between two instants, and few others."""
        return self.trips[bisect_right(self.starts, first - self.longest) : bisect_left(self.starts, last)]


class Overlap(NamedTuple):
    """A resource is on another departure at the same time, or has less than its turnaround in between."""

    resource: Resource
    other: Trip


class Retirement(NamedTuple):
    """A resource is retired before the departure is over."""

    resource: Resource


class TooFewPlaces(NamedTuple):
    """The boats, or the vehicles, of a departure have fewer places than it has guests."""

    kind: Kind
    places: int
    guests: int


Conflict: TypeAlias = Overlap | Retirement | TooFewPlaces


class Roster(NamedTuple):
    """Who and what is assigned to a departure, by kind and name, and the conflicts in that."""

    trip: Trip
    assigned: tuple[Resource, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def overlap(one: Trip, other: Trip, turnaround_min: int) -> bool:
    """Tell whether one and the same resource can't be on both: both take place, and between the end of the one and the
    start of the other there is less than the turnaround."""
    turnaround = turnaround_min * MINUTE_MS
    return one.on and other.on and one.start_at < other.end_at + turnaround and other.start_at < one.end_at + turnaround


def itinerary_of(trips: Iterable[Trip]) -> Itinerary:
    """Return the itinerary of a resource with these departures."""
    in_order = sorted(trips, key=lambda trip: (trip.start_at, trip.id))
    longest = max((trip.end_at - trip.start_at for trip in in_order), default=0)
    return Itinerary(in_order, [trip.start_at for trip in in_order], longest)


def roster_of(trip: Trip, assigned: Iterable[Resource], itineraries: Mapping[str, Itinerary], guests: int) -> Roster:
    """Return a departure's roster.

    `itineraries` have the departures of each resource, by its id, as far as they may overlap; this one may be among
    them. `guests` is for how many seats it is sold.
    """
    resources = tuple(sorted(assigned, key=_kind_and_name))
    found: list[Conflict] = []
    for resource in resources:
        if trip.on and resource.retired_at is not None and resource.retired_at < trip.end_at:
            found.append(Retirement(resource))
        found.extend(
            Overlap(resource, other)
            for other in _near(trip, resource, itineraries.get(resource.id))
            if other.id != trip.id and overlap(trip, other, resource.turnaround_min)
        )
    for kind in EQUIPMENT if trip.on else ():
        places = [resource.places for resource in resources if resource.kind == kind]
        known = [each for each in places if each is not None]
        if places and len(known) == len(places) and sum(known) < guests:
            found.append(TooFewPlaces(kind, sum(known), guests))
    return Roster(trip, resources, tuple(found))


def _near(trip: Trip, resource: Resource, itinerary: Itinerary | None) -> list[Trip]:
    turnaround = resource.turnaround_min * MINUTE_MS
    return [] if itinerary is None else itinerary.between(trip.start_at - turnaround, trip.end_at + turnaround)


def in_words(conflict: Conflict, when: Callable[[Trip], str] | None = None) -> str:
    """Return a conflict as a sentence. `when` says which other departure it is; by default its times on the wall."""
    match conflict:
        case Overlap(resource, other):
            turnaround = resource.turnaround_min
            needs = f" and needs {turnaround} minutes in between" if turnaround else ""
            return f"{resource.name} is also on {(when or _when)(other)}{needs}."
        case Retirement(resource):
            return f"{resource.name} is retired."
        case TooFewPlaces(kind, places, guests):
            return f"The {kind}s have {places} place{'' if places == 1 else 's'} for {guests} guests."


def _when(trip: Trip) -> str:
    start, end = (to_local(at, trip.time_zone).strftime("%Y-%m-%d %H:%M") for at in (trip.start_at, trip.end_at))
    return f"another departure from {start} to {end} ({trip.time_zone})"


def _kind_and_name(resource: Resource) -> tuple[int, str, str]:
    return KINDS.index(resource.kind), resource.name.casefold(), resource.id
