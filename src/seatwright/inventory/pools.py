"""SQL for rental pools: the instants at which their units are counted, and the number of units.

Departures that overlap share a pool's units. The number of units taken grows only when a departure starts, so the pool
is counted there: `pool_start` has a row for each instant at which one of its departures starts, with the units of all
departures that are under way then, including the one that starts. A departure fits if it fits at each start from its
own on and before its end: exactly the departures that overlap it count, in any zone, to the minute. `inventory.seats`
takes and releases units; this module adds and removes rows when departures do. The caller has locked the departures and
the catalog.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from itertools import accumulate

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Tx

WITHIN = (
    """p.account_id = d.account_id AND p.pool_id = d.pool_id AND p.start_at >= d.start_at AND p.start_at < d.end_at"""
)
"""Joins the departure `d` to `pool_start p`: the starts at which its units count."""


async def departures_about(tx: ReadTx, account_id: str, pool_id: str, first: Instant, last: Instant) -> list[str]:
    """Return a pool's departures that are under way at some moment from `first` to `last`.

    A caller that adds or removes a start in between locks them first.
    """
    rows = await tx.rows(
        "SELECT id FROM departure WHERE account_id = $1 AND pool_id = $2 AND end_at > $3 AND start_at <= $4",
        account_id,
        pool_id,
        first,
        last,
    )
    return [row["id"] for row in rows]


async def count_at(
    tx: Tx, account_id: str, pool_id: str, units: int, starts: Collection[Instant], left: Collection[Instant] = ()
) -> None:
    """Count a pool at `starts` from now on, where each new start has `units`, and no longer at those of `left` that are
    no starts any more.

    Call it after the departures have been written and have released the units that they had taken at other times.
    """
    if not starts and not left:
        return
    first, last = min([*starts, *left]), max([*starts, *left])
    await _add(tx, account_id, pool_id, units, starts)
    await tx.execute_many(
        """
        DELETE FROM pool_start WHERE account_id = $1 AND pool_id = $2 AND start_at = $3 AND NOT EXISTS (
            SELECT 1 FROM departure d WHERE d.account_id = $1 AND d.pool_id = $2 AND d.start_at = $3 AND d.end_at > $3)
        """,
        [(account_id, pool_id, start_at) for start_at in sorted(left)],
    )
    counted = f"(SELECT COUNT(*) FROM pool_start p WHERE {WITHIN})"  # noqa: S608 - constant
    await tx.execute(
        f"""
        UPDATE departure AS d SET pool_starts = {counted}
        WHERE d.account_id = $1 AND d.pool_id = $2 AND d.end_at > $3 AND d.start_at <= $4 AND d.pool_starts <> {counted}
        """,  # noqa: S608 - constant
        account_id,
        pool_id,
        first,
        last,
    )


async def _add(tx: Tx, account_id: str, pool_id: str, units: int, starts: Collection[Instant]) -> None:
    if not starts:
        return
    rows = await tx.rows(
        """
        SELECT start_at, end_at, taken FROM departure
        WHERE account_id = $1 AND pool_id = $2 AND end_at > $3 AND start_at <= $4 AND taken > 0
        """,
        account_id,
        pool_id,
        min(starts),
        max(starts),
    )
    changes = sorted(
        [(row["start_at"], row["taken"]) for row in rows] + [(row["end_at"], -row["taken"]) for row in rows]
    )
    moments = [moment for moment, _ in changes]
    out = [0, *accumulate(change for _, change in changes)]
    await tx.execute_many(
        """
        INSERT INTO pool_start (account_id, pool_id, start_at, capacity, taken) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account_id, pool_id, start_at) DO NOTHING
        """,
        [(account_id, pool_id, start_at, units, out[bisect_right(moments, start_at)]) for start_at in sorted(starts)],
    )


async def most_taken(tx: ReadTx, account_id: str, pool_id: str, now: Instant) -> int:
    """Return the largest number of a pool's units that are taken at one time, from `now` on."""
    row = await tx.row(
        """
        SELECT (SELECT COALESCE(MAX(taken), 0) FROM pool_start
                WHERE account_id = $1 AND pool_id = $2 AND start_at >= $3) AS later,
            (SELECT CAST(COALESCE(SUM(taken), 0) AS BIGINT) FROM departure
                WHERE account_id = $1 AND pool_id = $2 AND end_at > $3 AND start_at <= $3) AS now
        """,
        account_id,
        pool_id,
        now,
    )
    assert row is not None
    return max(int(row["later"]), int(row["now"]))


async def lock_departures(tx: Tx, account_id: str, pool_id: str, now: Instant) -> None:
    """Lock a pool's departures that have not ended, in the order in which bookings lock them."""
    await tx.rows(
        "SELECT id FROM departure WHERE account_id = $1 AND pool_id = $2 AND end_at > $3 ORDER BY id FOR UPDATE",
        account_id,
        pool_id,
        now,
    )


async def resize(tx: Tx, account_id: str, pool_id: str, now: Instant, *, before: int, units: int) -> None:
    """Give a pool `units` from `now` on, and also its departures that had all `before` units.

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
        "UPDATE pool_start SET capacity = $4 WHERE account_id = $1 AND pool_id = $2 AND start_at >= $3",
        account_id,
        pool_id,
        now,
        units,
    )


async def drop(tx: Tx, account_id: str, pool_id: str) -> None:
    """Remove a pool that no departure uses."""
    await tx.execute("DELETE FROM pool_start WHERE account_id = $1 AND pool_id = $2", account_id, pool_id)
