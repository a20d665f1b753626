"""Idempotency keys: the answer to a write is stored in the transaction of its effect.

Kept for 24 hours by default. The same key with the same request gets the stored bytes again. With another request it is
refused (422, as the IETF's Idempotency-Key draft says). Keys belong to an account, so two accounts never meet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid, KeyReused
from seatwright.storage.engine import Retry, Tx

MAX_KEY = 255
"""Longest key, in characters."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was sent: HTTP status and body bytes."""

    status: int
    body: bytes


def check_key(key: str) -> str:
    """Return `key` if it can be one: 1 to 255 printable ASCII characters. Raises `Invalid`."""
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            f"Idempotency-Key: must be 1 to {MAX_KEY} printable ASCII characters.",
            code="invalid_idempotency_key",
            field="Idempotency-Key",
        )
    return key


def fingerprint(method: str, path: str, query: str, body: bytes) -> str:
    """Return a digest of everything that identifies a request."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), query.encode(), body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


async def claim(
    tx: Tx, account_id: str, key: str, fingerprint: str, now: Instant, *, expired_before: Instant
) -> StoredAnswer | None:
    """Claim `key` for this transaction, or return the answer that was stored under it.

    If another running transaction has claimed the key, this waits for it. An answer from before `expired_before` counts
    as absent. Raises `KeyReused` if the key was used for another request.
    """
    claimed = await tx.execute(
        """
        INSERT INTO idempotency (account_id, key, fingerprint, status, body, created_at)
        VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (account_id, key) DO UPDATE SET
            fingerprint = excluded.fingerprint, status = 0, body = excluded.body, created_at = excluded.created_at
        WHERE idempotency.created_at < $6
        """,
        account_id,
        key,
        fingerprint,
        b"",
        now,
        expired_before,
    )
    if claimed:
        return None
    row = await tx.row(
        "SELECT fingerprint, status, body FROM idempotency WHERE account_id = $1 AND key = $2", account_id, key
    )
    if row is None:
        raise Retry  # retention has deleted it since
    if row["fingerprint"] != fingerprint:
        raise KeyReused("Idempotency-Key: was used for another request; use a new key for a new request.")
    return StoredAnswer(row["status"], bytes(row["body"]))


async def store(tx: Tx, account_id: str, key: str, answer: StoredAnswer) -> None:
    """Keep `answer` under a key that this transaction has claimed."""
    await tx.execute(
        "UPDATE idempotency SET status = $3, body = $4 WHERE account_id = $1 AND key = $2",
        account_id,
        key,
        answer.status,
        answer.body,
    )


async def forget_older(tx: Tx, before: Instant, *, limit: int = 1000) -> int:
    """Delete up to `limit` answers stored before `before`; return how many."""
    return await tx.execute(
        """
        DELETE FROM idempotency WHERE (account_id, key) IN
            (SELECT account_id, key FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)
        """,
        before,
        limit,
    )
