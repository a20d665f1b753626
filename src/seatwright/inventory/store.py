"""Reads departures, with the seats that are free at this moment."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from seatwright.core.clock import Instant
from seatwright.inventory.model import Departure
from seatwright.inventory.pools import WITHIN
from seatwright.storage.engine import ReadTx, Row

COLUMNS = """d.account_id, d.id, d.product_id, d.start_at, d.end_at, d.time_zone, d.local_date, d.capacity, d.taken,
    d.closed, d.closes_at, d.prices, d.pool_id, d.cancelled_for, d.closed_for, d.version AS departure_version"""

POOL_FREE = f"(SELECT MIN(p.capacity - p.taken) FROM pool_start p WHERE {WITHIN})"  # noqa: S608 - constant
"""Units of the pool that are free during the whole departure `d`; NULL without a pool."""

_Prices = dict[str, int]


def from_row(row: Row, free: int, pool_free: int | None = None) -> Departure:
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
        pool_free=pool_free,
        cancelled_for=row["cancelled_for"] if row["closed"] else None,
        closed_for=row["closed_for"],
        version=row["departure_version"],
    )


async def calendar(
    tx: ReadTx, account_id: str, product_id: str, first: date, last: date, now: Instant
) -> list[Departure]:
    """Return a product's departures whose local day is from `first` to `last`, in order of their start.

    Departures that are closed or over are included; `Departure.bookable` tells. A dateless product's comes first.
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


async def of_days(
    tx: ReadTx,
    account_id: str,
    first: date,
    last: date,
    now: Instant,
    *,
    product_ids: Sequence[str] | None = None,
    limit: int,
) -> list[Departure]:
    """Return the departures of all products (or of these) whose local day is from `first` to `last`, at most `limit`.

    They are ordered by day and start. Those that are closed or over are included; a dateless product's is not.
    """
    chosen = "" if product_ids is None else "AND d.product_id = ANY($5)"
    rows = await tx.rows(
        f"""
        SELECT {COLUMNS} FROM departure d
        WHERE d.account_id = $1 AND d.local_date BETWEEN $2 AND $3 {chosen}
        ORDER BY d.local_date COLLATE "C", d.start_at, d.id LIMIT $4
        """,  # noqa: S608 - constant columns
        account_id,
        first.isoformat(),
        last.isoformat(),
        limit,
        *([] if product_ids is None else [sorted(product_ids)]),
    )
    return await _with_free_seats(tx, account_id, rows, now)


class Glance(NamedTuple):
    """A calendar in three values, which cost less to read than its rows (docs/decisions/0002-one-query.md).

    `fixed` has everything that is shown of its departures except their free seats, a line for each with the values of
    `FIXED`; `free` has the free seats, as texts, in the same order. With `overdue` holds in the account these are too
    few: then use `calendar`, which counts them.
    """

    fixed: str
    free: list[str]
    overdue: bool


FIXED = ("id", "start_at", "end_at", "time_zone", "local_date", "closed", "closes_at", "prices")
"""The values in a line of `Glance.fixed`, with | between them; NULL is an empty text."""

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
    pools = await _free_in_pools(tx, account_id, rows)
    for hold in expired:
        if hold["pool_id"] in pools:
            pools[hold["pool_id"]].give_back(hold["start_at"], hold["end_at"], hold["seats"])
    departures = []
    for row in rows:
        free = row["capacity"] - row["taken"]
        free += sum(hold["seats"] for hold in expired if hold["departure_id"] == row["id"])
        pool_free = None
        if row["pool_id"] is not None:
            pool_free = pools[row["pool_id"]].least(row["start_at"], row["end_at"])
            free = min(free, pool_free)
        departures.append(from_row(row, max(0, free), pool_free))
    return departures


async def _expired_holds(tx: ReadTx, account_id: str, now: Instant) -> Sequence[Row]:
    """Return holds that have expired but are not swept yet; these are few, because the worker sweeps every second."""
    return await tx.rows(
        """
        SELECT h.departure_id, CAST(SUM(h.seats) AS BIGINT) AS seats, d.pool_id, d.start_at, d.end_at
        FROM hold h JOIN departure d ON d.account_id = h.account_id AND d.id = h.departure_id
        WHERE h.account_id = $1 AND h.expires_at <= $2
        GROUP BY h.departure_id, d.pool_id, d.start_at, d.end_at
        """,
        account_id,
        now,
    )


class _FreeInPool:
    """Units free at each start of a pool, in order of time."""

    def __init__(self) -> None:
        self._starts: list[Instant] = []
        self._free: list[int] = []

    def add(self, start_at: Instant, free: int) -> None:
        """Add the free units at a start that is later than the ones added before."""
        self._starts.append(start_at)
        self._free.append(free)

    def give_back(self, start_at: Instant, end_at: Instant, units: int) -> None:
        """Count units as free that a departure's expired holds still occupy."""
        for index in self._within(start_at, end_at):
            self._free[index] += units

    def least(self, start_at: Instant, end_at: Instant) -> int:
        """Return how many units are free during a whole departure."""
        return min((self._free[index] for index in self._within(start_at, end_at)), default=0)

    def _within(self, start_at: Instant, end_at: Instant) -> range:
        return range(bisect_left(self._starts, start_at), bisect_left(self._starts, end_at))


async def _free_in_pools(tx: ReadTx, account_id: str, rows: Sequence[Row]) -> dict[str, _FreeInPool]:
    pooled = [row for row in rows if row["pool_id"] is not None]
    if not pooled:
        return {}
    pools = {row["pool_id"]: _FreeInPool() for row in pooled}
    found = await tx.rows(
        """
        SELECT pool_id, start_at, capacity - taken AS free FROM pool_start
        WHERE account_id = $1 AND pool_id = ANY($2) AND start_at >= $3 AND start_at < $4 ORDER BY pool_id, start_at
        """,
        account_id,
        sorted(pools),
        min(row["start_at"] for row in pooled),
        max(row["end_at"] for row in pooled),
    )
    for row in found:
        pools[row["pool_id"]].add(row["start_at"], row["free"])
    return pools
