"""SQL for departures as operators manage them. Seats taken are written by `inventory.seats` alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Row, Tx


class Times(NamedTuple):
    """The times of a departure; all None for a dateless product."""

    start_at: Instant | None
    end_at: Instant | None
    local_date: str | None


class DepartureRow(NamedTuple):
    """A departure as stored, with the values that operators change."""

    id: str
    product_id: str
    times: Times
    time_zone: str
    capacity: int
    closed: bool
    closes_at: Instant | None
    prices: dict[str, int]
    pool_id: str | None
    taken: int = 0
    closed_for: str | None = None
    version: int = 1


_LAST: Instant = 2**62
_COLUMNS = """id, product_id, start_at, end_at, time_zone, local_date, capacity, taken, closed, closes_at, prices,
    pool_id, closed_for, version"""


def _stored(row: Row) -> DepartureRow:
    return DepartureRow(
        id=row["id"],
        product_id=row["product_id"],
        times=Times(row["start_at"], row["end_at"], row["local_date"]),
        time_zone=row["time_zone"],
        capacity=row["capacity"],
        closed=bool(row["closed"]),
        closes_at=row["closes_at"],
        prices=_decode(row["prices"]),
        pool_id=row["pool_id"],
        taken=row["taken"],
        closed_for=row["closed_for"],
        version=row["version"],
    )


def _decode(text: str | None) -> dict[str, int]:
    return msgspec.json.decode(text, type=dict[str, int]) if text else {}


def _encode(prices: dict[str, int]) -> str | None:
    return msgspec.json.encode(prices, order="sorted").decode() if prices else None


async def lock(tx: Tx, account_id: str, departure_id: str) -> DepartureRow | None:
    """Return a departure, its row locked, or None."""
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM departure WHERE account_id = $1 AND id = $2 FOR UPDATE",  # noqa: S608 - constant
        account_id,
        departure_id,
    )
    return _stored(row) if row else None


async def lock_all(tx: Tx, account_id: str, departure_ids: Collection[str]) -> dict[str, int]:
    """Lock departures in the order in which bookings lock them; return how many seats of each are taken."""
    if not departure_ids:
        return {}
    rows = await tx.rows(
        "SELECT id, taken FROM departure WHERE account_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE",
        account_id,
        sorted(departure_ids),
    )
    return {row["id"]: row["taken"] for row in rows}


async def between(
    tx: ReadTx, account_id: str, product_id: str, first: Instant, last: Instant | None
) -> list[DepartureRow]:
    """Return a product's departures that start from `first` to `last`, or at any time from then on."""
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM departure
        WHERE account_id = $1 AND product_id = $2 AND start_at BETWEEN $3 AND $4
        """,  # noqa: S608 - constant
        account_id,
        product_id,
        first,
        _LAST if last is None else last,
    )
    return [_stored(row) for row in rows]


async def dateless(tx: ReadTx, account_id: str, product_id: str) -> DepartureRow | None:
    """Return the one departure of a dateless product, or None."""
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM departure WHERE account_id = $1 AND product_id = $2 AND start_at IS NULL",  # noqa: S608
        account_id,
        product_id,
    )
    return _stored(row) if row else None


async def has_departures(tx: ReadTx, account_id: str, product_id: str) -> bool:
    """Tell whether a product has, or ever had, a departure."""
    row = await tx.row(
        "SELECT 1 AS found FROM departure WHERE account_id = $1 AND product_id = $2 LIMIT 1", account_id, product_id
    )
    return row is not None


async def insert(tx: Tx, account_id: str, departures: Sequence[DepartureRow], now: Instant) -> None:
    """Write new departures. The caller holds the catalog's lock and knows that their starts are free."""
    rows: list[tuple[Any, ...]] = [
        (
            account_id,
            departure.id,
            departure.product_id,
            *departure.times,
            departure.time_zone,
            departure.capacity,
            departure.closed,
            departure.closes_at,
            _encode(departure.prices),
            departure.pool_id,
            now,
        )
        for departure in departures
    ]
    await tx.execute_many(
        """
        INSERT INTO departure (account_id, id, product_id, start_at, end_at, local_date,
            time_zone, capacity, closed, closes_at, prices, pool_id, modified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        rows,
    )


async def ordered(tx: ReadTx, account_id: str, departure_ids: Sequence[str]) -> set[str]:
    """Return those of `departure_ids` that orders refer to, also with cancelled lines only."""
    if not departure_ids:
        return set()
    rows = await tx.rows(
        "SELECT DISTINCT departure_id FROM order_line WHERE account_id = $1 AND departure_id = ANY($2)",
        account_id,
        departure_ids,
    )
    return {row["departure_id"] for row in rows}


async def delete(tx: Tx, account_id: str, departure_ids: Sequence[str]) -> int:
    """Delete those of `departure_ids` of which no seat is taken and that no order refers to; return how many."""
    if not departure_ids:
        return 0
    return await tx.execute(
        """
        DELETE FROM departure WHERE account_id = $1 AND id = ANY($2) AND taken = 0 AND NOT EXISTS (
            SELECT 1 FROM order_line l WHERE l.account_id = $1 AND l.departure_id = departure.id)
        """,
        account_id,
        departure_ids,
    )


async def unset_starts(tx: Tx, account_id: str, departure_ids: Sequence[str]) -> None:
    """Clear starts for a moment, so that several departures can move at once, also to each other's starts."""
    if len(departure_ids) > 1:
        await tx.execute(
            "UPDATE departure SET start_at = NULL WHERE account_id = $1 AND id = ANY($2)", account_id, departure_ids
        )


async def update(tx: Tx, account_id: str, changed: DepartureRow, now: Instant) -> bool:
    """Write a departure's changes; return False, and write nothing, if more seats are taken than it would have."""
    return bool(
        await tx.execute(
            """
            UPDATE departure SET start_at = $3, end_at = $4, local_date = $5,
                time_zone = $6, capacity = $7, closed = $8, closes_at = $9, prices = $10, modified_at = $11,
                cancelled_for = CASE WHEN $8 THEN cancelled_for END,
                closed_for = CASE WHEN $8 THEN $12 END, version = version + 1
            WHERE account_id = $1 AND id = $2 AND taken <= $7
            """,
            account_id,
            changed.id,
            *changed.times,
            changed.time_zone,
            changed.capacity,
            changed.closed,
            changed.closes_at,
            _encode(changed.prices),
            now,
            changed.closed_for,
        )
    )
