"""SQL for departures and rental pools as operators manage them. Seats taken are written by `inventory.seats` alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from seatwright.core.clock import Instant
from seatwright.inventory.model import SLOT_MS
from seatwright.storage.engine import ReadTx, Row, Tx


class Times(NamedTuple):
    """When a departure is, and the half hours of its pool; all None for a dateless product."""

    start_at: Instant | None
    end_at: Instant | None
    local_date: str | None
    first_slot: int | None
    last_slot: int | None


class Stored(NamedTuple):
    """A departure as it is kept, as far as operators change it."""

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


_COLUMNS = """id, product_id, start_at, end_at, time_zone, local_date, capacity, taken, closed, closes_at, prices,
    pool_id, first_slot, last_slot"""


def _stored(row: Row) -> Stored:
    return Stored(
        id=row["id"],
        product_id=row["product_id"],
        times=Times(row["start_at"], row["end_at"], row["local_date"], row["first_slot"], row["last_slot"]),
        time_zone=row["time_zone"],
        capacity=row["capacity"],
        closed=bool(row["closed"]),
        closes_at=row["closes_at"],
        prices=_decode(row["prices"]),
        pool_id=row["pool_id"],
        taken=row["taken"],
    )


def _decode(text: str | None) -> dict[str, int]:
    return msgspec.json.decode(text, type=dict[str, int]) if text else {}


def _encode(prices: dict[str, int]) -> str | None:
    return msgspec.json.encode(prices, order="sorted").decode() if prices else None


async def lock(tx: Tx, account_id: str, departure_id: str) -> Stored | None:
    """Return a departure, its row locked, or None."""
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM departure WHERE account_id = $1 AND id = $2 FOR UPDATE",  # noqa: S608 - constant
        account_id,
        departure_id,
    )
    return _stored(row) if row else None


async def between(tx: ReadTx, account_id: str, product_id: str, first: Instant, last: Instant) -> list[Stored]:
    """Return a product's departures that start from `first` to `last`."""
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM departure
        WHERE account_id = $1 AND product_id = $2 AND start_at BETWEEN $3 AND $4
        """,  # noqa: S608 - constant
        account_id,
        product_id,
        first,
        last,
    )
    return [_stored(row) for row in rows]


async def dateless(tx: ReadTx, account_id: str, product_id: str) -> Stored | None:
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


async def insert(tx: Tx, account_id: str, departures: Sequence[Stored], now: Instant) -> None:
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
        INSERT INTO departure (account_id, id, product_id, start_at, end_at, local_date, first_slot, last_slot,
            time_zone, capacity, closed, closes_at, prices, pool_id, modified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """,
        rows,
    )


async def update(tx: Tx, account_id: str, changed: Stored, now: Instant) -> bool:
    """Write a departure's changes; False, and nothing is written, if more seats are taken than it would have."""
    return bool(
        await tx.execute(
            """
            UPDATE departure SET start_at = $3, end_at = $4, local_date = $5, first_slot = $6, last_slot = $7,
                time_zone = $8, capacity = $9, closed = $10, closes_at = $11, prices = $12, modified_at = $13
            WHERE account_id = $1 AND id = $2 AND taken <= $9
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
        )
    )


async def taken(tx: ReadTx, account_id: str, departure_id: str) -> int:
    """Return how many seats of a departure are held or sold."""
    row = await tx.row("SELECT taken FROM departure WHERE account_id = $1 AND id = $2", account_id, departure_id)
    return row["taken"] if row else 0


async def add_slots(tx: Tx, account_id: str, pool_id: str, units: int, slots: Iterable[int]) -> None:
    """Make sure that a pool has these half hours; new ones have `units`."""
    await tx.execute_many(
        """
        INSERT INTO pool_slot (account_id, pool_id, slot, capacity) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, pool_id, slot) DO NOTHING
        """,
        [(account_id, pool_id, slot, units) for slot in sorted(slots)],
    )


async def most_taken(tx: ReadTx, account_id: str, pool_id: str, now: Instant) -> int:
    """Return how many units are taken in the fullest half hour of a pool from `now` on."""
    row = await tx.row(
        """
        SELECT COALESCE(MAX(taken), 0) AS taken FROM pool_slot
        WHERE account_id = $1 AND pool_id = $2 AND slot >= $3
        """,
        account_id,
        pool_id,
        now // SLOT_MS,
    )
    assert row is not None
    return int(row["taken"])


async def lock_departures_of(tx: Tx, account_id: str, pool_id: str, now: Instant) -> None:
    """Lock a pool's departures that are not over, in the order in which bookings lock them."""
    await tx.rows(
        "SELECT id FROM departure WHERE account_id = $1 AND pool_id = $2 AND end_at > $3 ORDER BY id FOR UPDATE",
        account_id,
        pool_id,
        now,
    )


async def resize_pool(tx: Tx, account_id: str, pool_id: str, now: Instant, *, before: int, units: int) -> None:
    """Give a pool `units` in each half hour from `now` on, and its departures that had all `before` of them, too.

    Raises `ConstraintViolation` if more are taken somewhere.
    """
    await tx.execute(
        """
        UPDATE departure SET capacity = $5, modified_at = $3
        WHERE account_id = $1 AND pool_id = $2 AND end_at > $3 AND capacity = $4
        """,
        account_id,
        pool_id,
        now,
        before,
        units,
    )
    await tx.execute(
        "UPDATE pool_slot SET capacity = $4 WHERE account_id = $1 AND pool_id = $2 AND slot >= $3",
        account_id,
        pool_id,
        now // SLOT_MS,
        units,
    )


async def drop_pool(tx: Tx, account_id: str, pool_id: str) -> None:
    """Forget the half hours of a pool that no departure uses."""
    await tx.execute("DELETE FROM pool_slot WHERE account_id = $1 AND pool_id = $2", account_id, pool_id)
