"""Holds: rows that say which cart has which seats, and until when. They are released, swept and renewed here.

Locks are always taken cart before departure before hold, several departures by `seats.lock`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from seatwright.core.clock import Clock, Instant
from seatwright.inventory import seats
from seatwright.inventory.model import Departure
from seatwright.storage.engine import Database, ReadTx, Tx

SWEEP_HOLDS = 500
"""Maximum number of holds of one departure that one transaction releases, so that bookings never wait long."""
SWEEP_DEPARTURES = 200
"""Maximum number of departures that are swept in one round."""


async def release(tx: Tx, account_id: str, cart_id: str, departure_ids: Collection[str]) -> int:
    """Release the seats that a cart holds on these departures; return their number."""
    released = 0
    await seats.lock(tx, account_id, departure_ids)
    for departure_id in sorted(departure_ids):
        await _lock(tx, account_id, departure_id)
        row = await tx.row(
            "DELETE FROM hold WHERE account_id = $1 AND cart_id = $2 AND departure_id = $3 RETURNING seats",
            account_id,
            cart_id,
            departure_id,
        )
        if row is not None:
            await seats.release(tx, account_id, {departure_id: row["seats"]})
            released += row["seats"]
    return released


async def release_expired(tx: Tx, account_id: str, departure_id: str, now: Instant) -> int:
    """Release up to `SWEEP_HOLDS` holds of a departure that had expired at `now`; return how many."""
    await _lock(tx, account_id, departure_id)
    rows = await tx.rows(
        """
        DELETE FROM hold WHERE account_id = $1 AND departure_id = $2 AND expires_at <= $3 AND cart_id IN (
            SELECT cart_id FROM hold WHERE account_id = $1 AND departure_id = $2 AND expires_at <= $3
            ORDER BY cart_id LIMIT $4
        )
        RETURNING seats
        """,
        account_id,
        departure_id,
        now,
        SWEEP_HOLDS,
    )
    await seats.release(tx, account_id, {departure_id: sum(row["seats"] for row in rows)})
    return len(rows)


async def held_departures(tx: ReadTx, account_id: str, cart_id: str) -> set[str]:
    """Return the ids of the departures on which a cart has holds, expired ones included."""
    rows = await tx.rows("SELECT departure_id FROM hold WHERE account_id = $1 AND cart_id = $2", account_id, cart_id)
    return {row["departure_id"] for row in rows}


async def expired_in_the_way(tx: ReadTx, departure: Departure, now: Instant) -> list[str]:
    """Return the departures whose expired holds occupy seats that `departure` needs: itself, or others of its pool."""
    rows = await tx.rows(
        """
        SELECT DISTINCT h.departure_id FROM hold h JOIN departure d
        ON d.account_id = h.account_id AND d.id = h.departure_id
        WHERE h.account_id = $1 AND h.expires_at <= $2 AND (
            h.departure_id = $3 OR (d.pool_id = $4 AND d.start_at < $6 AND d.end_at > $5)
        )
        """,
        departure.account_id,
        now,
        departure.id,
        departure.pool_id,
        departure.start_at,
        departure.end_at,
    )
    return sorted(row["departure_id"] for row in rows)


async def make_room(tx: Tx, account_id: str, departure_ids: Collection[str], now: Instant) -> None:
    """Release the expired holds on some departures (see `storage.engine.Retry`)."""
    await seats.lock(tx, account_id, departure_ids)
    for departure_id in sorted(departure_ids):
        await release_expired(tx, account_id, departure_id, now)


SWEPT_AT_ONCE = 4
PAUSES = 2.0
"""How long sweeping pauses, as a multiple of the time that it took: expired holds count as free already, so other work
goes first.
"""


async def sweep(database: Database, clock: Clock) -> int:
    """Release expired holds, departure by departure, each in a transaction of its own.

    Returns how many holds were released; 0 when there is nothing left to do. Safe to run in several processes at once.
    A departure that fails doesn't stop the others; the failure is raised in the end.
    """
    now = clock.now()

    async def due(tx: ReadTx) -> list[tuple[str, str]]:
        rows = await tx.rows(
            "SELECT DISTINCT account_id, departure_id FROM hold WHERE expires_at <= $1 LIMIT $2",
            now,
            SWEEP_DEPARTURES,
        )
        return [(row["account_id"], row["departure_id"]) for row in rows]

    outcomes: list[int | BaseException] = []
    loop = asyncio.get_running_loop()
    for group in _groups(await database.read(due), SWEPT_AT_ONCE):
        began = loop.time()
        sweeping = (_sweep_one(database, place, now) for place in group)
        outcomes += await asyncio.gather(*sweeping, return_exceptions=True)
        await asyncio.sleep(PAUSES * (loop.time() - began))
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        raise failures[0]
    return sum(outcome for outcome in outcomes if isinstance(outcome, int))


async def _sweep_one(database: Database, place: tuple[str, str], now: Instant) -> int:
    async def run(tx: Tx) -> int:
        return await release_expired(tx, *place, now)

    return await database.write(run)


def _groups(places: list[tuple[str, str]], size: int) -> list[list[tuple[str, str]]]:
    return [places[i : i + size] for i in range(0, len(places), size)]


async def _lock(tx: Tx, account_id: str, departure_id: str) -> None:
    await tx.rows("SELECT id FROM departure WHERE account_id = $1 AND id = $2 FOR UPDATE", account_id, departure_id)
