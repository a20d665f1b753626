"""SQL for the keys of integrations."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.auth.model import ApiKey
from seatwright.auth.roles import read_words, write_words
from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Row, Tx

_KEY = "SELECT account_id, id, name, permissions, created_at, expires_at, revoked_at, last_used_at FROM api_key"


async def keys(tx: ReadTx, account_id: str, *, limit: int, offset: int) -> list[ApiKey]:
    """Return keys of an account, oldest first, including revoked ones."""
    found = await tx.rows(
        f"{_KEY} WHERE account_id = $1 ORDER BY created_at, id LIMIT $2 OFFSET $3", account_id, limit, offset
    )
    return [_key(row) for row in found]


async def key(tx: ReadTx, account_id: str, key_id: str) -> ApiKey | None:
    """Return a key of an account."""
    row = await tx.row(f"{_KEY} WHERE account_id = $1 AND id = $2", account_id, key_id)
    return _key(row) if row else None


async def names(tx: ReadTx, account_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the names of the keys of an account that have one of these ids, by id, including revoked ones."""
    rows = await tx.rows("SELECT id, name FROM api_key WHERE account_id = $1 AND id = ANY($2)", account_id, list(ids))
    return {row["id"]: row["name"] for row in rows}


async def not_revoked(tx: ReadTx, account_id: str) -> int:
    """Return how many keys of an account aren't revoked."""
    row = await tx.row("SELECT COUNT(*) AS keys FROM api_key WHERE account_id = $1 AND revoked_at IS NULL", account_id)
    return int(row["keys"]) if row else 0


async def insert(tx: Tx, new: ApiKey, key_hash: str) -> None:
    """Write a new key. Raises `ConstraintViolation` if another that isn't revoked has its name."""
    await tx.execute(
        """
        INSERT INTO api_key (account_id, id, name, key_hash, permissions, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        new.account_id,
        new.id,
        new.name,
        key_hash,
        write_words(new.permissions),
        new.created_at,
        new.expires_at,
    )


async def revoke(tx: Tx, account_id: str, key_id: str, now: Instant) -> None:
    """Store that a key is revoked."""
    await tx.execute("UPDATE api_key SET revoked_at = $3 WHERE account_id = $1 AND id = $2", account_id, key_id, now)


async def note_use(tx: Tx, account_id: str, key_id: str, now: Instant) -> None:
    """Store the use of a key, unless a later use is stored already or the key is revoked."""
    await tx.execute(
        """
        UPDATE api_key SET last_used_at = $3
        WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL AND (last_used_at IS NULL OR last_used_at < $3)
        """,
        account_id,
        key_id,
        now,
    )


def _key(row: Row) -> ApiKey:
    return ApiKey(
        account_id=row["account_id"],
        id=row["id"],
        name=row["name"],
        permissions=read_words(row["permissions"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )
