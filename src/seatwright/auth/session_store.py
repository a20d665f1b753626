"""SQL for the sessions of browsers."""

from __future__ import annotations

import msgspec

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Row, Tx


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A user's browser, such as "Firefox on Linux" (`agent`), that is signed in. `seen_at` is exact to a minute."""

    account_id: str
    id: str
    user_id: str
    generation: int
    created_at: Instant
    seen_at: Instant
    agent: str


async def insert(tx: Tx, new: Session, secret_hash: str) -> None:
    """Write a new session."""
    await tx.execute(
        """
        INSERT INTO desk_session (account_id, id, user_id, secret_hash, generation, created_at, seen_at, agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        new.account_id,
        new.id,
        new.user_id,
        secret_hash,
        new.generation,
        new.created_at,
        new.seen_at,
        new.agent,
    )


async def with_user(tx: ReadTx, account_id: str, session_id: str) -> Row | None:
    """Return a session with its `secret_hash`, and what a request needs to know about its user."""
    return await tx.row(
        """
        SELECT s.account_id, s.id, s.user_id, s.secret_hash, s.generation, s.created_at, s.seen_at, s.agent,
            u.name, u.email, COALESCE(u.role, u.permissions) AS permissions, u.active, u.generation AS user_generation
        FROM desk_session s JOIN app_user u ON u.account_id = s.account_id AND u.id = s.user_id
        WHERE s.account_id = $1 AND s.id = $2
        """,
        account_id,
        session_id,
    )


async def of_user(tx: ReadTx, account_id: str, user_id: str) -> list[Session]:
    """Return the sessions of a user's present generation, the newest first; some may have ended by time."""
    rows = await tx.rows(
        """
        SELECT s.account_id, s.id, s.user_id, s.generation, s.created_at, s.seen_at, s.agent
        FROM desk_session s JOIN app_user u ON u.account_id = s.account_id AND u.id = s.user_id
        WHERE s.account_id = $1 AND s.user_id = $2 AND s.generation = u.generation AND u.active
        ORDER BY s.created_at DESC, s.id DESC
        """,
        account_id,
        user_id,
    )
    return [session(row) for row in rows]


async def note_seen(tx: Tx, account_id: str, session_id: str, now: Instant, *, unless_since: Instant) -> None:
    """Store that a session was used, unless that was stored after `unless_since`."""
    await tx.execute(
        "UPDATE desk_session SET seen_at = $3 WHERE account_id = $1 AND id = $2 AND seen_at <= $4",
        account_id,
        session_id,
        now,
        unless_since,
    )


async def delete(tx: Tx, account_id: str, user_id: str, session_id: str) -> bool:
    """Delete a session of a user; return whether there was one."""
    return bool(
        await tx.execute(
            "DELETE FROM desk_session WHERE account_id = $1 AND user_id = $2 AND id = $3",
            account_id,
            user_id,
            session_id,
        )
    )


async def delete_others(tx: Tx, account_id: str, user_id: str, keep: str) -> int:
    """Delete all sessions of a user except `keep`; return how many."""
    return await tx.execute(
        "DELETE FROM desk_session WHERE account_id = $1 AND user_id = $2 AND id <> $3", account_id, user_id, keep
    )


async def delete_oldest(tx: Tx, account_id: str, user_id: str, *, keep: int) -> None:
    """Delete a user's sessions except the newest `keep`."""
    await tx.execute(
        """
        DELETE FROM desk_session WHERE account_id = $1 AND user_id = $2 AND id NOT IN (
            SELECT id FROM desk_session WHERE account_id = $1 AND user_id = $2
            ORDER BY created_at DESC, id DESC LIMIT $3
        )
        """,
        account_id,
        user_id,
        keep,
    )


async def forget_older(tx: Tx, before: Instant, *, limit: int) -> int:
    """Delete at most `limit` sessions that began before `before`; return how many."""
    return await tx.execute(
        """
        DELETE FROM desk_session WHERE (account_id, id) IN (
            SELECT account_id, id FROM desk_session WHERE created_at < $1 ORDER BY created_at LIMIT $2
        )
        """,
        before,
        limit,
    )


def session(row: Row) -> Session:
    """Return the session in a row."""
    return Session(
        account_id=row["account_id"],
        id=row["id"],
        user_id=row["user_id"],
        generation=row["generation"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        agent=row["agent"],
    )
