"""Reads and writes crew, equipment and what of it is assigned. Every statement names the account.

An assignment has its departure's times, too, so that what is busy in some hours is one range of an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from seatwright.assignments.model import MAX_TURNAROUND_MIN, Itinerary, Kind, Resource, Trip, itinerary_of
from seatwright.core import names
from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.storage.engine import ReadTx, Row, Tx

_RESOURCE = "r.id, r.kind, r.name, r.places, r.turnaround_min, r.user_id, r.retired_at, r.version"
_TRIP = "d.id AS departure_id, d.product_id, d.start_at, d.end_at, d.time_zone, d.closed, d.cancelled_for"


class Duty(NamedTuple):
    """A resource on a departure."""

    resource: Resource
    trip: Trip


async def resources(
    tx: ReadTx, account_id: str, *, kind: Kind | None, retired: bool, limit: int, page: int = 0
) -> list[Resource]:
    """Return a page of an account's resources by name, those that are retired last and only if they are asked for."""
    conditions = "" if kind is None else " AND r.kind = $4"
    conditions += "" if retired else " AND r.retired_at IS NULL"
    rows = await tx.rows(
        f"""
        SELECT {_RESOURCE} FROM resource r WHERE r.account_id = $1{conditions}
        ORDER BY CASE WHEN r.retired_at IS NULL THEN 0 ELSE 1 END, r.name_key COLLATE "C", r.id LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constant columns and conditions
        account_id,
        limit,
        limit * page,
        *([] if kind is None else [kind]),
    )
    return [_resource(row) for row in rows]


async def resources_with_ids(tx: ReadTx, account_id: str, ids: Collection[str]) -> dict[str, Resource]:
    """Return resources by their ids."""
    rows = await tx.rows(
        f"SELECT {_RESOURCE} FROM resource r WHERE r.account_id = $1 AND r.id = ANY($2)",  # noqa: S608 - constant
        account_id,
        sorted(ids),
    )
    return {row["id"]: _resource(row) for row in rows}


async def lock(tx: Tx, account_id: str, ids: Collection[str]) -> dict[str, Resource]:
    """Return resources by their ids, their rows locked in this order: whoever assigns one of them waits."""
    rows = await tx.rows(
        f"""
        SELECT {_RESOURCE} FROM resource r WHERE r.account_id = $1 AND r.id = ANY($2) ORDER BY r.id FOR UPDATE
        """,  # noqa: S608 - constant
        account_id,
        sorted(ids),
    )
    return {row["id"]: _resource(row) for row in rows}


async def in_use(tx: ReadTx, account_id: str) -> int:
    """Return how many resources are not retired."""
    row = await tx.row("SELECT COUNT(*) AS many FROM resource WHERE account_id = $1 AND retired_at IS NULL", account_id)
    return int(row["many"]) if row else 0


async def namesake(tx: ReadTx, account_id: str, name: str) -> str | None:
    """Return the id of the resource in use that has a name, or None."""
    row = await tx.row(
        "SELECT id FROM resource WHERE account_id = $1 AND name_key = $2 AND retired_at IS NULL",
        account_id,
        names.key(name),
    )
    return None if row is None else str(row["id"])


async def of_user(tx: ReadTx, account_id: str, user_id: str) -> str | None:
    """Return the id of the resource in use that is a user, or None."""
    row = await tx.row(
        "SELECT id FROM resource WHERE account_id = $1 AND user_id = $2 AND retired_at IS NULL", account_id, user_id
    )
    return None if row is None else str(row["id"])


async def insert(tx: Tx, account_id: str, added: Resource) -> None:
    """Write a new resource."""
    await tx.execute(
        """
        INSERT INTO resource (account_id, id, kind, name, name_key, places, turnaround_min, user_id, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        account_id,
        added.id,
        added.kind,
        added.name,
        names.key(added.name),
        added.places,
        added.turnaround_min,
        added.user_id,
        added.version,
    )


async def update(tx: Tx, account_id: str, changed: Resource) -> None:
    """Write a changed resource, whose row is locked."""
    await tx.execute(
        """
        UPDATE resource SET name = $3, name_key = $4, places = $5, turnaround_min = $6, user_id = $7, retired_at = $8,
            version = $9
        WHERE account_id = $1 AND id = $2
        """,
        account_id,
        changed.id,
        changed.name,
        names.key(changed.name),
        changed.places,
        changed.turnaround_min,
        changed.user_id,
        changed.retired_at,
        changed.version,
    )


async def departure(tx: ReadTx, account_id: str, departure_id: str) -> Row | None:
    """Return a departure's row for `trip_of`, or None."""
    return await tx.row(
        f"SELECT {_TRIP} FROM departure d WHERE d.account_id = $1 AND d.id = $2",  # noqa: S608 - constant
        account_id,
        departure_id,
    )


async def lock_departure(tx: Tx, account_id: str, departure_id: str) -> Row | None:
    """Return the same with the departure locked: it is neither moved nor deleted meanwhile."""
    return await tx.row(
        f"SELECT {_TRIP} FROM departure d WHERE d.account_id = $1 AND d.id = $2 FOR UPDATE",  # noqa: S608 - constant
        account_id,
        departure_id,
    )


async def busy(tx: ReadTx, account_id: str, first: Instant, last: Instant) -> list[Duty]:
    """Return all that is assigned to departures that are under way at some time between two instants, or with anybody's
    turnaround before or after."""
    margin = MAX_TURNAROUND_MIN * MINUTE_MS
    rows = await tx.rows(
        f"""
        SELECT {_RESOURCE}, {_TRIP} FROM assignment a
        JOIN resource r ON r.account_id = a.account_id AND r.id = a.resource_id
        JOIN departure d ON d.account_id = a.account_id AND d.id = a.departure_id
        WHERE a.account_id = $1 AND a.end_at >= $2 AND a.start_at <= $3
        """,  # noqa: S608 - constant
        account_id,
        first - margin,
        last + margin,
    )
    return [Duty(_resource(row), trip) for row in rows if (trip := trip_of(row)) is not None]


async def assigned_to(tx: ReadTx, account_id: str, departure_id: str) -> set[str]:
    """Return the ids of the resources on a departure."""
    rows = await tx.rows(
        "SELECT resource_id FROM assignment WHERE account_id = $1 AND departure_id = $2", account_id, departure_id
    )
    return {row["resource_id"] for row in rows}


async def guests(tx: ReadTx, account_id: str, departure_id: str) -> int:
    """Return for how many seats a departure is sold."""
    row = await tx.row(
        """
        SELECT CAST(COALESCE(SUM(seats), 0) AS BIGINT) AS seats FROM order_line
        WHERE account_id = $1 AND departure_id = $2 AND status = 'confirmed'
        """,
        account_id,
        departure_id,
    )
    return int(row["seats"]) if row else 0


async def assign(tx: Tx, account_id: str, trip: Trip, resource_ids: Sequence[str], at: Instant) -> None:
    """Put resources on a departure that aren't on it."""
    await tx.execute_many(
        """
        INSERT INTO assignment (account_id, departure_id, resource_id, start_at, end_at, assigned_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, departure_id, resource_id) DO NOTHING
        """,
        [(account_id, trip.id, each, trip.start_at, trip.end_at, at) for each in resource_ids],
    )


async def unassign(tx: Tx, account_id: str, departure_id: str, resource_id: str) -> bool:
    """Take a resource off a departure; return False if it isn't on it."""
    return bool(
        await tx.execute(
            "DELETE FROM assignment WHERE account_id = $1 AND departure_id = $2 AND resource_id = $3",
            account_id,
            departure_id,
            resource_id,
        )
    )


async def follow(tx: Tx, account_id: str, departure_ids: Collection[str]) -> None:
    """Let what is assigned follow departures to their present times."""
    if not departure_ids:
        return
    await tx.execute(
        """
        UPDATE assignment SET start_at = d.start_at, end_at = d.end_at FROM departure d
        WHERE assignment.account_id = $1 AND assignment.departure_id = ANY($2)
            AND d.account_id = assignment.account_id AND d.id = assignment.departure_id
        """,
        account_id,
        sorted(departure_ids),
    )


async def forget(tx: Tx, account_id: str, departure_ids: Collection[str]) -> None:
    """Take everything off departures that are deleted."""
    if not departure_ids:
        return
    await tx.execute(
        "DELETE FROM assignment WHERE account_id = $1 AND departure_id = ANY($2)", account_id, sorted(departure_ids)
    )


def itineraries(found: Sequence[Duty]) -> Mapping[str, Itinerary]:
    """Return the departures of each resource by its id."""
    trips: dict[str, list[Trip]] = defaultdict(list)
    for each in found:
        trips[each.resource.id].append(each.trip)
    return {resource_id: itinerary_of(each) for resource_id, each in trips.items()}


def trip_of(row: Row) -> Trip | None:
    """Return a departure's row as a trip; None for one without a date."""
    if row["start_at"] is None or row["end_at"] is None:
        return None
    return Trip(
        id=row["departure_id"],
        product_id=row["product_id"],
        start_at=row["start_at"],
        end_at=row["end_at"],
        time_zone=row["time_zone"],
        on=not (row["closed"] and row["cancelled_for"] is not None),
    )


def _resource(row: Row) -> Resource:
    return Resource(**{name: row[name] for name in Resource._fields})
