"""Puts crew and equipment on departures and takes them off again, and says what of it is in conflict.

A conflict is shown and never refused for good: what would put somebody in two places at once is asked about first, and
done if the answer is yes. Moved departures keep their crew; cancelled ones keep it too, but leave it free for others;
with deleted ones their assignments go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from seatwright.assignments import model, resources, store
from seatwright.assignments.model import (
    MAX_ASSIGNED,
    MAX_RESOURCES,
    Resource,
    Roster,
    TooFewPlaces,
    Trip,
    in_words,
    roster_of,
)
from seatwright.assignments.store import itineraries
from seatwright.auth.model import Caller
from seatwright.core.clock import Clock
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.field_errors import bad_field
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Row, Tx


class InConflict(Conflict):
    """What is to be assigned is in conflict, and nobody has said that it is meant (409)."""

    def __init__(self, conflicts: Sequence[model.Conflict]) -> None:
        sentences = " ".join(map(in_words, conflicts))
        super().__init__(f"{sentences} Send anyway: true if that is meant.", code="assignment_conflict")
        self.conflicts = conflicts


class Assignment(NamedTuple):
    """What to put on a departure; `anyway` also if it is in conflict."""

    departure_id: str
    resource_ids: Sequence[str]
    anyway: bool = False


class Options(NamedTuple):
    """A departure's roster, and what else could be assigned, each with the conflicts that it would have there."""

    roster: Roster
    others: list[tuple[Resource, tuple[model.Conflict, ...]]]


async def read(tx: ReadTx, account_id: str, departure_id: str) -> Roster:
    """Return who and what is on a departure. Raises `NotFound`, and `Conflict` for one without a date."""
    return await _roster(tx, account_id, _dated(await store.departure(tx, account_id, departure_id)))


async def rosters(
    tx: ReadTx, account_id: str, trips: Sequence[Trip], guests: Mapping[str, int]
) -> Mapping[str, Roster]:
    """Return the rosters of departures by their ids, with one read. `guests` says for how many seats each is sold."""
    if not trips:
        return {}
    first, last = min(trip.start_at for trip in trips), max(trip.end_at for trip in trips)
    found = await store.busy(tx, account_id, first, last)
    by_resource = itineraries(found)
    assigned: dict[str, list[Resource]] = {trip.id: [] for trip in trips}
    for each in found:
        if each.trip.id in assigned:
            assigned[each.trip.id].append(each.resource)
    return {trip.id: roster_of(trip, assigned[trip.id], by_resource, guests.get(trip.id, 0)) for trip in trips}


async def options(tx: ReadTx, account_id: str, departure_id: str) -> Options:
    """Return a departure's roster, and all resources in use that aren't on it. Raises as `read` does."""
    trip = _dated(await store.departure(tx, account_id, departure_id))
    busy = itineraries(await store.busy(tx, account_id, trip.start_at, trip.end_at))
    roster = await _roster(tx, account_id, trip)
    present = {resource.id for resource in roster.assigned}
    found = await store.resources(tx, account_id, kind=None, retired=False, limit=MAX_RESOURCES)
    others = [resource for resource in found if resource.id not in present]
    return Options(roster, [(each, _about(roster_of(trip, [each], busy, 0), [each.id])) for each in others])


async def assign(tx: Tx, clock: Clock, caller: Caller, wanted: Assignment) -> Roster:
    """Put resources on a departure, and return its roster. Those that are on it already stay so.

    Raises `NotFound` for a departure or a resource, `Invalid` for none or too many, `Conflict` for a departure without
    a date, and `InConflict` if one of them is in conflict there and it isn't to be done `anyway`. Guests without a
    place are no reason to ask: another boat may be assigned next.
    """
    account_id, ids = caller.account_id, dict.fromkeys(wanted.resource_ids)
    if not ids:
        raise bad_field("resourceIds", "name at least one guide, driver, boat or vehicle.")
    trip = _dated(await store.lock_departure(tx, account_id, wanted.departure_id))
    known = await store.lock(tx, account_id, ids)
    for each in ids:
        if each not in known:
            raise NotFound(
                f"resourceIds: there is no guide, driver, boat or vehicle with the id {each[:40]!r}.",
                code="resource_not_found",
                field="resourceIds",
            )
    present = await store.assigned_to(tx, account_id, trip.id)
    added = [each for each in ids if each not in present]
    if len(present) + len(added) > MAX_ASSIGNED:
        raise bad_field("resourceIds", f"a departure can have {MAX_ASSIGNED} at most.", code="too_many_assigned")
    now = clock.now()
    await store.assign(tx, account_id, trip, added, now)
    roster = await _roster(tx, account_id, trip)
    doubtful = _about(roster, added)
    if doubtful and not wanted.anyway:
        raise InConflict(doubtful)
    await audit.record_all(
        tx,
        [
            audit.event(
                account_id,
                now,
                caller.user_id,
                "assignment.added",
                trip.id,
                {"resource": each, "kind": known[each].kind, "conflicts": len(_about(roster, [each]))},
            )
            for each in added
        ],
    )
    return roster


async def unassign(tx: Tx, clock: Clock, caller: Caller, departure_id: str, resource_id: str) -> Roster:
    """Take a resource off a departure, and return its roster; one that isn't on it is no error.

    Raises `NotFound` for the departure or the resource, and `Conflict` for a departure without a date.
    """
    account_id = caller.account_id
    await resources.read(tx, account_id, resource_id)
    trip = _dated(await store.lock_departure(tx, account_id, departure_id))
    if await store.unassign(tx, account_id, departure_id, resource_id):
        detail = {"resource": resource_id}
        await audit.record(tx, account_id, clock.now(), caller.user_id, "assignment.removed", departure_id, detail)
    return await _roster(tx, account_id, trip)


def _about(roster: Roster, resource_ids: Collection[str]) -> tuple[model.Conflict, ...]:
    """Return the conflicts that are about these resources themselves."""
    return tuple(
        each for each in roster.conflicts if not isinstance(each, TooFewPlaces) and each.resource.id in resource_ids
    )


async def _roster(tx: ReadTx, account_id: str, trip: Trip) -> Roster:
    guests = await store.guests(tx, account_id, trip.id)
    return (await rosters(tx, account_id, [trip], {trip.id: guests}))[trip.id]


def _dated(row: Row | None) -> Trip:
    if row is None:
        raise NotFound("There is no such departure.", code="departure_not_found")
    trip = store.trip_of(row)
    if trip is None:
        raise Conflict("This departure has no date, so nobody can be assigned to it.", code="dateless")
    return trip
