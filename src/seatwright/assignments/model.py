"""What a resource is, what is assigned to a departure, and which of that is in conflict. Pure.

A conflict is computed from what is there whenever somebody looks, and stored nowhere: when departures are moved or
cancelled, guests booked, or a boat retired, it is right without anybody correcting it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


def roster_of(trip: Trip, assigned: Iterable[Resource], others: Mapping[str, Sequence[Trip]], guests: int) -> Roster:
    """Return a departure's roster.

    `others` are the trips of each resource, by its id, that may overlap; this one may be among them. `guests` is for
    how many seats it is sold.
    """
    resources = tuple(sorted(assigned, key=_kind_and_name))
    found: list[Conflict] = []
    for resource in resources:
        if trip.on and resource.retired_at is not None and resource.retired_at < trip.end_at:
            found.append(Retirement(resource))
        found.extend(
            Overlap(resource, other)
            for other in sorted(others.get(resource.id, ()), key=lambda other: (other.start_at, other.id))
            if other.id != trip.id and overlap(trip, other, resource.turnaround_min)
        )
    for kind in EQUIPMENT if trip.on else ():
        places = [resource.places for resource in resources if resource.kind == kind]
        known = [each for each in places if each is not None]
        if places and len(known) == len(places) and sum(known) < guests:
            found.append(TooFewPlaces(kind, sum(known), guests))
    return Roster(trip, resources, tuple(found))


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
