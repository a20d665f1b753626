"""`take` and `release`: the only code that writes seats taken.

The hold is the allocation (design, rule 1): `departure.taken` counts the seats held and the seats sold, and turning a
cart into an order does not touch it. A rental's units are counted again at each start of its pool (see
`inventory.pools`). Departures are always locked in the order of their ids, all departures before any pool's starts, and
those in order of time, so that two transactions never wait for each other in a circle. A use case that changes several
departures in one transaction calls `lock` first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from seatwright.core.clock import Instant
from seatwright.core.errors import SoldOut
from seatwright.storage.engine import ConstraintViolation, Tx


async def lock(tx: Tx, account_id: str, departure_ids: Collection[str]) -> None:
    """Lock several departures and then the starts of their pools, each in its order, until the transaction ends.

    A single departure needs no such call, and SQLite, with its one writer, needs no locks.
    """
    if tx.engine == "sqlite" or len(departure_ids) < 2:
        return
    await tx.rows(
        "SELECT id FROM departure WHERE account_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE",
        account_id,
        sorted(departure_ids),
    )
    await tx.rows(
        """
        SELECT p.start_at FROM pool_start p WHERE p.account_id = $1 AND EXISTS (
            SELECT 1 FROM departure d WHERE d.account_id = $1 AND d.id = ANY($2) AND d.pool_id = p.pool_id
            AND p.start_at >= d.start_at AND p.start_at < d.end_at)
        ORDER BY p.pool_id, p.start_at FOR UPDATE OF p
        """,
        account_id,
        sorted(departure_ids),
    )


async def take(tx: Tx, account_id: str, seats: Mapping[str, int]) -> None:
    """Take `seats` (departure id -> how many), all or none.

    Raises `SoldOut`, its `field` the departure's id, if there are not enough or the departure is gone; the transaction
    must then be rolled back, which happens by itself when the error leaves the use case.
    """
    await lock(tx, account_id, seats)
    for departure_id in sorted(seats):
        count = seats[departure_id]
        assert count >= 0, "take() never gives back"
        if count == 0:
            continue
        row = await tx.row(
            """
            UPDATE departure SET taken = taken + $3
            WHERE account_id = $1 AND id = $2 AND taken + $3 <= capacity
            RETURNING pool_id, start_at, end_at
            """,
            account_id,
            departure_id,
            count,
        )
        if row is None:
            raise sold_out(departure_id)
        if row["pool_id"] is not None:
            await _move_pool(tx, account_id, row["pool_id"], row["start_at"], row["end_at"], count, departure_id)


async def release(tx: Tx, account_id: str, seats: Mapping[str, int]) -> None:
    """Release `seats` (departure id -> how many), so that they are free again."""
    await lock(tx, account_id, seats)
    for departure_id in sorted(seats):
        count = seats[departure_id]
        if count == 0:
            continue
        row = await tx.row(
            """
            UPDATE departure SET taken = taken - $3 WHERE account_id = $1 AND id = $2
            RETURNING pool_id, start_at, end_at
            """,
            account_id,
            departure_id,
            count,
        )
        assert row is not None, "a departure with seats taken is never deleted"
        if row["pool_id"] is not None:
            await _move_pool(tx, account_id, row["pool_id"], row["start_at"], row["end_at"], -count, departure_id)


def sold_out(departure_id: str) -> SoldOut:
    """Return the error for a departure without enough seats."""
    return SoldOut(
        "There are not enough seats left on this departure; choose another, or fewer participants.",
        field=departure_id,
    )


async def _move_pool(
    tx: Tx, account_id: str, pool_id: str, start_at: Instant, end_at: Instant, count: int, departure_id: str
) -> None:
    where = "WHERE account_id = $1 AND pool_id = $2 AND start_at >= $3 AND start_at < $4"
    await tx.rows(
        f"SELECT start_at FROM pool_start {where} ORDER BY start_at FOR UPDATE",  # noqa: S608 - constant
        account_id,
        pool_id,
        start_at,
        end_at,
    )
    try:
        await tx.execute(
            f"UPDATE pool_start SET taken = taken + $5 {where}",  # noqa: S608 - constant
            account_id,
            pool_id,
            start_at,
            end_at,
            count,
        )
    except ConstraintViolation:
        assert count > 0, "a pool never gets back more units than were taken"
        raise sold_out(departure_id) from None


HOLD_STATEMENT = """
WITH cart_changed AS (
    UPDATE cart SET version = version + 1, body = $4, modified_at = $5
    WHERE account_id = $1 AND id = $2 AND version = $3 AND status = 'open'
    RETURNING id
), seats_taken AS (
    UPDATE departure SET taken = taken + $7::bigint, held_for_resellers = held_for_resellers + $12::bigint
    FROM cart_changed
    WHERE account_id = $1 AND departure.id = $6 AND NOT closed AND taken + $7::bigint <= capacity
    RETURNING departure.id, pool_id, start_at, end_at, pool_starts, held_for_resellers - $12::bigint AS resold
), pool_locked AS (
    SELECT p.pool_id, p.start_at FROM pool_start p JOIN seats_taken s
    ON p.pool_id = s.pool_id AND p.start_at >= s.start_at AND p.start_at < s.end_at
    WHERE p.account_id = $1 ORDER BY p.start_at FOR UPDATE OF p
), pool_taken AS (
    UPDATE pool_start p SET taken = p.taken + $7::bigint, held_for_resellers = p.held_for_resellers + $12::bigint
    FROM pool_locked l WHERE p.account_id = $1 AND p.pool_id = l.pool_id AND p.start_at = l.start_at
    RETURNING p.start_at, p.held_for_resellers - $12::bigint AS resold
), held AS (
    INSERT INTO hold (account_id, cart_id, departure_id, seats, expires_at, held_by, held_from)
    SELECT $1, $2, $6, $7::bigint, $8::bigint, $10, $11 FROM seats_taken
    ON CONFLICT (account_id, cart_id, departure_id)
    DO UPDATE SET seats = hold.seats + EXCLUDED.seats, expires_at = EXCLUDED.expires_at
    RETURNING seats
)
SELECT 1 / count(*) AS held FROM held, seats_taken s WHERE seats = $9::bigint
AND s.pool_starts = (SELECT count(*) FROM pool_taken)
AND ($13::bigint IS NULL OR COALESCE((SELECT sum(resold) FROM pool_taken), s.resold) <= $13::bigint)
"""
"""PostgreSQL: change a cart and take its seats in one round trip, or nothing at all.

$1 account, $2 cart, $3 the version read, $4 new body, $5 now, $6 departure, $7 seats to take, $8 expiry,
$9 seats that the cart then holds on this departure, $10 user, $11 address. For a reseller's cart $12 is $9, and $13
what `held_for_resellers` may have been before at most (see `cart.hold_limits`); for others they are 0 and NULL.
Divides by zero (a `Retry`) if any of it can't be done. `pool_starts` is the departure's as it is once it is locked,
while the pool's rows are those of the statement's beginning: a start that came in between is not counted here, and
noticed by its number.
"""
