"""Crew, equipment and what is assigned, on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from seatwright.assignments.model import (
    MAX_ASSIGNED,
    MAX_NAME,
    MAX_PLACES,
    MAX_TURNAROUND_MIN,
    Conflict,
    Kind,
    Overlap,
    Resource,
    Retirement,
    Roster,
    TooFewPlaces,
    in_words,
)
from seatwright.assignments.resources import NewResource, ResourceChange
from seatwright.core.names import text_of
from seatwright.core.times import iso_utc
from seatwright.http.wire import Wire, Word

_NAME = msgspec.Meta(max_length=MAX_NAME, examples=["Big raft"])
_PLACES = msgspec.Meta(ge=0, le=MAX_PLACES, description="For guests. 0: not said.", examples=[8])
_TURNAROUND = msgspec.Meta(
    ge=0, le=MAX_TURNAROUND_MIN, description="Minutes needed between two departures.", examples=[30]
)
_USER = msgspec.Meta(max_length=24, description="The user who is this guide or driver. Empty: none.")
_ID = "6650aa1f0c1d2e3f40516273"


class ResourceIn(Wire, kw_only=True):
    """A new guide, driver, boat or vehicle. Boats and vehicles may have `places`, guides and drivers a `userId`."""

    kind: Annotated[Kind, msgspec.Meta(examples=["boat"])]
    name: Annotated[str, _NAME]
    places: Annotated[int, _PLACES] | None = None
    turnaround_min: Annotated[int, _TURNAROUND] = 0
    user_id: Annotated[str, _USER] | None = None


class ResourceChangeIn(Wire, kw_only=True):
    """What to change; what is left out stays. With the `version` that was shown, a newer one is a 409."""

    name: Annotated[str, _NAME] | None = None
    places: Annotated[int, _PLACES] | None = None
    turnaround_min: Annotated[int, _TURNAROUND] | None = None
    user_id: Annotated[str, _USER] | None = None
    retired: Annotated[bool, msgspec.Meta(description="Retire it, or take it into use again.")] | None = None
    version: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None


class ResourceOut(Wire, kw_only=True):
    """A guide, driver, boat or vehicle. `places` and `userId` are null if they aren't said."""

    id: Annotated[str, msgspec.Meta(examples=[_ID])]
    kind: Kind
    name: str
    places: int | None
    turnaround_min: int
    user_id: str | None
    retired: bool
    retired_date: str | None
    version: int


class AssignmentIn(Wire, kw_only=True):
    """What to put on a departure. What is in conflict there is a 409, unless it is to be done `anyway`."""

    resource_ids: Annotated[list[Word], msgspec.Meta(max_length=MAX_ASSIGNED, examples=[[_ID]])]
    anyway: bool = False


class AssignedOut(Wire, kw_only=True):
    """A guide, driver, boat or vehicle that is on a departure."""

    id: Annotated[str, msgspec.Meta(examples=[_ID])]
    kind: Kind
    name: str
    places: int | None
    retired: bool


class ConflictOut(Wire, kw_only=True):
    """A conflict, and a sentence for people.

    `overlap`: the resource `resourceId` is also on `departureId`, at the same time or within its turnaround.
    `retired`: the resource is retired. `too_few_places`: all boats, or all vehicles (`equipment`), have so many
    `places` for so many `guests`. What a kind doesn't have is null.
    """

    kind: Literal["overlap", "retired", "too_few_places"]
    text: str
    resource_id: str | None = None
    departure_id: str | None = None
    equipment: Kind | None = None
    places: int | None = None
    guests: int | None = None


class RosterOut(Wire, kw_only=True):
    """Who and what is on a departure: guides, drivers, boats and vehicles, in this order, and the conflicts in that."""

    departure_id: str
    assigned: list[AssignedOut]
    conflicts: list[ConflictOut]


def new_resource(data: ResourceIn) -> NewResource:
    """Return the resource that is to be added."""
    return NewResource(data.kind, data.name, data.places, data.turnaround_min, data.user_id)


def resource_change(data: ResourceChangeIn) -> ResourceChange:
    """Return what is to be changed."""
    return ResourceChange(
        name=data.name,
        places=data.places,
        turnaround_min=data.turnaround_min,
        user_id=data.user_id,
        retired=data.retired,
        version=data.version,
    )


def resource_ids(data: AssignmentIn) -> list[str]:
    """Return the ids of what is to be assigned."""
    return [text_of(each) for each in data.resource_ids]


def resource_out(resource: Resource) -> ResourceOut:
    """Show a resource."""
    return ResourceOut(
        id=resource.id,
        kind=resource.kind,
        name=resource.name,
        places=resource.places,
        turnaround_min=resource.turnaround_min,
        user_id=resource.user_id,
        retired=resource.retired_at is not None,
        retired_date=None if resource.retired_at is None else iso_utc(resource.retired_at),
        version=resource.version,
    )


def assigned_out(assigned: Sequence[Resource]) -> list[AssignedOut]:
    """Show what is assigned."""
    return [
        AssignedOut(id=each.id, kind=each.kind, name=each.name, places=each.places, retired=each.retired_at is not None)
        for each in assigned
    ]


def conflicts_out(conflicts: Sequence[Conflict]) -> list[ConflictOut]:
    """Show conflicts."""
    return [_conflict_out(each) for each in conflicts]


def roster_out(roster: Roster) -> RosterOut:
    """Show a roster."""
    return RosterOut(
        departure_id=roster.trip.id,
        assigned=assigned_out(roster.assigned),
        conflicts=conflicts_out(roster.conflicts),
    )


def _conflict_out(conflict: Conflict) -> ConflictOut:
    text = in_words(conflict)
    match conflict:
        case Overlap(resource, other):
            return ConflictOut(kind="overlap", text=text, resource_id=resource.id, departure_id=other.id)
        case Retirement(resource):
            return ConflictOut(kind="retired", text=text, resource_id=resource.id)
        case TooFewPlaces(kind, places, guests):
            return ConflictOut(kind="too_few_places", text=text, equipment=kind, places=places, guests=guests)
