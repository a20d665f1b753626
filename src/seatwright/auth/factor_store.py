"""SQL for the second step of signing in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Tx


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """A user's second step. `secret` is sealed. It counts from `confirmed_at` on.

    `last_step` is the newest step whose code was used. `failures` are the wrong codes since the last right one, the
    newest of them at `failed_at`.
    """

    account_id: str
    user_id: str
    secret: str
    created_at: Instant
    confirmed_at: Instant | None = None
    last_step: int = 0
    failures: int = 0
    failed_at: Instant = 0


_SELECT = """
SELECT account_id, user_id, secret, created_at, confirmed_at, last_step, failures, failed_at FROM second_factor
WHERE account_id = $1 AND user_id = $2
"""


async def find(tx: ReadTx, account_id: str, user_id: str, *, lock: bool = False) -> Factor | None:
    """Return a user's second step, confirmed or not; with `lock` its row is locked."""
    row = await tx.row(_SELECT + (" FOR UPDATE" if lock else ""), account_id, user_id)
    return None if row is None else Factor(**{name: row[name] for name in Factor.__struct_fields__})


async def put(tx: Tx, new: Factor) -> None:
    """Write a second step in place of the one that there may be."""
    await tx.execute(
        """
        INSERT INTO second_factor
            (account_id, user_id, secret, created_at, confirmed_at, last_step, failures, failed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (account_id, user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at,
            confirmed_at = excluded.confirmed_at, last_step = excluded.last_step, failures = excluded.failures,
            failed_at = excluded.failed_at
        """,
        *(getattr(new, name) for name in Factor.__struct_fields__),
    )


async def delete(tx: Tx, account_id: str, user_id: str) -> bool:
    """Delete a user's second step with its recovery codes; return whether there was one."""
    await tx.execute("DELETE FROM recovery_code WHERE account_id = $1 AND user_id = $2", account_id, user_id)
    return bool(
        await tx.execute("DELETE FROM second_factor WHERE account_id = $1 AND user_id = $2", account_id, user_id)
    )


async def replace_codes(tx: Tx, account_id: str, user_id: str, hashes: Sequence[str]) -> None:
    """Write recovery codes in place of the ones that there are."""
    await tx.execute("DELETE FROM recovery_code WHERE account_id = $1 AND user_id = $2", account_id, user_id)
    await tx.execute_many(
        "INSERT INTO recovery_code (account_id, user_id, code_hash) VALUES ($1, $2, $3)",
        [(account_id, user_id, each) for each in hashes],
    )


async def use_code(tx: Tx, account_id: str, user_id: str, code_hash: str, now: Instant) -> bool:
    """Store that a recovery code was used; return False if there is no such code, or it was used before."""
    return bool(
        await tx.execute(
            """
            UPDATE recovery_code SET used_at = $4
            WHERE account_id = $1 AND user_id = $2 AND code_hash = $3 AND used_at IS NULL
            """,
            account_id,
            user_id,
            code_hash,
            now,
        )
    )


async def codes_left(tx: ReadTx, account_id: str, user_id: str) -> int:
    """Return how many recovery codes of a user haven't been used."""
    row = await tx.row(
        "SELECT COUNT(*) AS codes FROM recovery_code WHERE account_id = $1 AND user_id = $2 AND used_at IS NULL",
        account_id,
        user_id,
    )
    return int(row["codes"]) if row else 0
