"""Reads departures, with the seats that are free at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from seatwright.core.clock import Instant
from seatwright.inventory.model import Departure
from seatwright.storage.engine import ReadTx, Row

COLUMNS = """d.account_id, d.id, d.product_id, d.start_at, d.end_at, d.time_zone, d.local_date, d.capacity, d.taken,
    d.closed, d.closes_at, d.prices, d.pool_id, d.first_slot, d.last_slot"""

POOL_FREE = """(SELECT MIN(p.capacity - p.taken) FROM pool_slot p
    WHERE p.account_id = d.account_id AND p.pool_id = d.pool_id
    AND p.slot BETWEEN d.first_slot AND d.last_slot)"""
"""Units free in the fullest half hour of the departure `d`; NULL without a pool."""

_Prices = dict[str, int]


def from_row(row: Row, free: int) -> Departure:
    """Build a departure from a row with `COLUMNS`."""
    return Departure(
        account_id=row["account_id"],
        id=row["id"],
        product_id=row["product_id"],
        start_at=row["start_at"],
        end_at=row["end_at"],
        time_zone=row["time_zone"],
        local_date=row["local_date"],
        capacity=row["capacity"],
        taken=row["taken"],
        free=free,
        closed=bool(row["closed"]),
        closes_at=row["closes_at"],
        prices=msgspec.json.decode(row["prices"], type=_Prices) if row["prices"] else {},
        pool_id=row["pool_id"],
        first_slot=row["first_slot"],
        last_slot=row["last_slot"],
    )


async def calendar(
    tx: ReadTx, account_id: str, product_id: str, first: date, last: date, now: Instant
) -> list[Departure]:
    """Return a product's departures whose local day is from `first` to `last`, in order of their start.

    Those that are closed or over are included; `Departure.bookable` tells. A dateless product's comes first.
    """
    rows = await tx.rows(
        f"""
        SELECT {COLUMNS} FROM departure d
        WHERE d.account_id = $1 AND d.product_id = $2 AND d.local_date BETWEEN $3 AND $4
        ORDER BY d.start_at, d.id
        """,  # noqa: S608 - constant columns
        account_id,
        product_id,
        first.isoformat(),
        last.isoformat(),
    )
    dateless = await tx.rows(
        f"SELECT {COLUMNS} FROM departure d WHERE d.account_id = $1 AND d.product_id = $2 AND d.local_date IS NULL",  # noqa: S608
        account_id,
        product_id,
    )
    return await _with_free_seats(tx, account_id, [*dateless, *rows], now)


class Glance(NamedTuple):
    """A calendar in three values, which cost less to read than its rows.

    `fixed` is all that is shown of its departures but their free seats, a line each with the values of `FIXED`;
    `free` are those, as texts, in the same order. With `overdue` holds in the account they are too few: then `calendar`
    has to count.
    """

    fixed: str
    free: list[str]
    overdue: bool


FIXED = ("id", "start_at", "end_at", "time_zone", "local_date", "closed", "closes_at", "prices")
"""The values in a line of `Glance.fixed`, with | between them; what is NULL is empty."""

_GLANCE = f"""
SELECT d.id{"".join(f"||COALESCE('|'||d.{name}, '|')" for name in FIXED[1:])} AS fixed, d.capacity - d.taken AS free,
    CASE WHEN d.pool_id IS NOT NULL THEN COALESCE({POOL_FREE}, 0) END AS pool_free
FROM departure d WHERE d.account_id = $1 AND d.product_id = $2
"""  # noqa: S608 - constant columns


async def glance(tx: ReadTx, account_id: str, product_id: str, first: date, last: date, now: Instant) -> Glance:
    """Return the same departures as `calendar`, in no particular order, at a glance."""
    row = await tx.row(
        f"""
        SELECT string_agg(c.fixed, '\n') AS fixed,
            string_agg(CAST(CASE WHEN c.pool_free < c.free THEN c.pool_free ELSE c.free END AS TEXT), ',') AS free,
            EXISTS (SELECT 1 FROM hold h WHERE h.account_id = $1 AND h.expires_at <= $5) AS overdue
        FROM (
            {_GLANCE} AND d.local_date BETWEEN $3 AND $4
            UNION ALL {_GLANCE} AND d.local_date IS NULL
        ) c
        """,  # noqa: S608 - constant columns
        account_id,
        product_id,
        first.isoformat(),
        last.isoformat(),
        now,
    )
    assert row is not None, "an aggregate has a row"
    return Glance(row["fixed"] or "", row["free"].split(",") if row["free"] else [], bool(row["overdue"]))


async def find(tx: ReadTx, account_id: str, departure_id: str, now: Instant) -> Departure | None:
    """Return one departure of an account, or None."""
    row = await tx.row(
        f"SELECT {COLUMNS} FROM departure d WHERE d.account_id = $1 AND d.id = $2",  # noqa: S608 - constant columns
        account_id,
        departure_id,
    )
    if row is None:
        return None
    return (await _with_free_seats(tx, account_id, [row], now))[0]


async def _with_free_seats(tx: ReadTx, account_id: str, rows: Sequence[Row], now: Instant) -> list[Departure]:
    expired = await _expired_holds(tx, account_id, now)
    pools = await _pool_slots(tx, account_id, rows)
    for hold in expired:
        if hold["pool_id"] is not None:
            for slot in range(hold["first_slot"], hold["last_slot"] + 1):
                key = (hold["pool_id"], slot)
                if key in pools:
                    pools[key] += hold["seats"]
    departures = []
    for row in rows:
        free = row["capacity"] - row["taken"]
        free += sum(hold["seats"] for hold in expired if hold["departure_id"] == row["id"])
        if row["pool_id"] is not None:
            covered = range(row["first_slot"], row["last_slot"] + 1)
            free = min(free, *(pools.get((row["pool_id"], slot), 0) for slot in covered))
        departures.append(from_row(row, max(0, free)))
    return departures


async def _expired_holds(tx: ReadTx, account_id: str, now: Instant) -> Sequence[Row]:
    """Return holds that are over but not yet swept up; few, as the worker sweeps every second."""
    return await tx.rows(
        """
        SELECT h.departure_id, CAST(SUM(h.seats) AS BIGINT) AS seats, d.pool_id, d.first_slot, d.last_slot
        FROM hold h JOIN departure d ON d.account_id = h.account_id AND d.id = h.departure_id
        WHERE h.account_id = $1 AND h.expires_at <= $2
        GROUP BY h.departure_id, d.pool_id, d.first_slot, d.last_slot
        """,
        account_id,
        now,
    )


async def _pool_slots(tx: ReadTx, account_id: str, rows: Sequence[Row]) -> dict[tuple[str, int], int]:
    pooled = [row for row in rows if row["pool_id"] is not None]
    if not pooled:
        return {}
    found = await tx.rows(
        """
        SELECT pool_id, slot, capacity - taken AS free FROM pool_slot
        WHERE account_id = $1 AND pool_id = ANY($2) AND slot BETWEEN $3 AND $4
        """,
        account_id,
        sorted({row["pool_id"] for row in pooled}),
        min(row["first_slot"] for row in pooled),
        max(row["last_slot"] for row in pooled),
    )
    return {(row["pool_id"], row["slot"]): row["free"] for row in found}
