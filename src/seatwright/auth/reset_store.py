"""SQL for new passwords: requests for one, and the links that answer them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Tx


class ResetRequest(NamedTuple):
    """Somebody asked for a new password for this address."""

    id: str
    email: str


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """A link to a new password for a user, at the generation of then."""

    account_id: str
    id: str
    user_id: str
    generation: int
    created_at: Instant
    expires_at: Instant


async def insert_request(tx: Tx, request: ResetRequest, now: Instant) -> None:
    """Store a request."""
    await tx.execute(
        "INSERT INTO reset_request (id, email, asked_at) VALUES ($1, $2, $3)", request.id, request.email, now
    )


async def take_requests(tx: Tx, *, limit: int) -> list[ResetRequest]:
    """Delete up to `limit` requests and return them; those that another process works on are left to it."""
    rows = await tx.rows("SELECT id, email FROM reset_request ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED", limit)
    await tx.execute_many("DELETE FROM reset_request WHERE id = $1", [(row["id"],) for row in rows])
    return [ResetRequest(row["id"], row["email"]) for row in rows]


async def insert(tx: Tx, new: Reset, secret_hash: str) -> None:
    """Write a new link."""
    await tx.execute(
        """
        INSERT INTO password_reset (account_id, id, user_id, secret_hash, generation, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        new.account_id,
        new.id,
        new.user_id,
        secret_hash,
        new.generation,
        new.created_at,
        new.expires_at,
    )


async def open_links(tx: ReadTx, account_id: str, user_id: str, now: Instant) -> int:
    """Return how many links of a user aren't over."""
    row = await tx.row(
        """
        SELECT COUNT(*) AS links FROM password_reset
        WHERE account_id = $1 AND user_id = $2 AND used_at IS NULL AND expires_at > $3
        """,
        account_id,
        user_id,
        now,
    )
    return int(row["links"]) if row else 0


async def find(tx: ReadTx, account_id: str, reset_id: str, now: Instant) -> tuple[Reset, str] | None:
    """Return a link that can still be used, with the hash of its secret: unused, not over, and of a user who is active
    and has had no other password since.
    """
    row = await tx.row(
        """
        SELECT r.account_id, r.id, r.user_id, r.generation, r.created_at, r.expires_at, r.secret_hash
        FROM password_reset r JOIN app_user u ON u.account_id = r.account_id AND u.id = r.user_id
        WHERE r.account_id = $1 AND r.id = $2 AND r.used_at IS NULL AND r.expires_at > $3
            AND u.active AND u.generation = r.generation
        """,
        account_id,
        reset_id,
        now,
    )
    if row is None:
        return None
    found = Reset(
        account_id=row["account_id"],
        id=row["id"],
        user_id=row["user_id"],
        generation=row["generation"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
    return found, row["secret_hash"]


async def use(tx: Tx, account_id: str, reset_id: str, now: Instant) -> bool:
    """Store that a link was used; return False if it was used before."""
    return bool(
        await tx.execute(
            "UPDATE password_reset SET used_at = $3 WHERE account_id = $1 AND id = $2 AND used_at IS NULL",
            account_id,
            reset_id,
            now,
        )
    )


async def forget_older(tx: Tx, before: Instant, *, limit: int) -> int:
    """Delete at most `limit` links that were made before `before`; return how many."""
    return await tx.execute(
        """
        DELETE FROM password_reset WHERE (account_id, id) IN (
            SELECT account_id, id FROM password_reset WHERE created_at < $1 ORDER BY created_at LIMIT $2
        )
        """,
        before,
        limit,
    )
