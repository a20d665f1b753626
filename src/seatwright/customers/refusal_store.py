"""Reads and writes refusals of mail."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Row, Tx


class Refusal(NamedTuple):
    """An address that refuses mail, and since when. `id` is for routes and logs, which should not have addresses."""

    id: str
    email: str
    at: Instant


async def save(tx: Tx, account_id: str, refusal: Refusal) -> bool:
    """Write a refusal, replacing an earlier one with the same id; return whether anything changed. A later one
    stays.
    """
    changed = await tx.row(
        """
        INSERT INTO mailing_refusal (account_id, id, email, refused_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, id) DO UPDATE SET refused_at = excluded.refused_at
            WHERE mailing_refusal.refused_at < excluded.refused_at
        RETURNING id
        """,
        account_id,
        *refusal,
    )
    return changed is not None


async def delete(tx: Tx, account_id: str, refusal_id: str) -> Refusal | None:
    """Remove a refusal and return it, or None if there is none."""
    row = await tx.row(
        "DELETE FROM mailing_refusal WHERE account_id = $1 AND id = $2 RETURNING id, email, refused_at",
        account_id,
        refusal_id,
    )
    return None if row is None else _refusal(row)


async def since(tx: ReadTx, account_id: str, ids: Collection[str]) -> dict[str, Instant]:
    """Return which of these addresses refuse mail, and since when."""
    rows = await tx.rows(
        "SELECT id, refused_at FROM mailing_refusal WHERE account_id = $1 AND id = ANY($2::text[])",
        account_id,
        list(ids),
    )
    return {row["id"]: row["refused_at"] for row in rows}


async def page(tx: ReadTx, account_id: str, *, limit: int, offset: int, refusal_id: str | None = None) -> list[Refusal]:
    """Return an account's refusals, newest first: all of them, or the one with an id."""
    one = "" if refusal_id is None else "AND id = $4"
    rows = await tx.rows(
        f"""
        SELECT id, email, refused_at FROM mailing_refusal WHERE account_id = $1 {one}
        ORDER BY refused_at DESC, id DESC LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constants
        account_id,
        limit,
        offset,
        *([] if refusal_id is None else [refusal_id]),
    )
    return [_refusal(row) for row in rows]


def _refusal(row: Row) -> Refusal:
    return Refusal(row["id"], row["email"], row["refused_at"])
