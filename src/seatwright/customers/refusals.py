"""Addresses that refuse an account's mail: a consent before `at` doesn't count any more, a later one does.

Addresses come as `customers.consent.address_of` returns them, so that one person's are the same in any case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import NamedTuple

from seatwright.core.clock import Instant
from seatwright.core.errors import NotFound
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


class Refusal(NamedTuple):
    """An address that wants no mail, and since when. `id` is for routes and logs, which should not have addresses."""

    id: str
    email: str
    at: Instant


def id_of(address: str) -> str:
    """Return the id of an address for routes and the audit log: 24 hex digits, always the same for an address."""
    return hashlib.blake2b(address.encode(), digest_size=12).hexdigest()


async def refuse(tx: Tx, account_id: str, address: str, at: Instant, actor: str) -> Refusal:
    """Store that an address refuses mail. A repeated refusal replaces the earlier one."""
    refusal = Refusal(id_of(address), address, at)
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
    if changed is not None:
        await audit.record(tx, account_id, at, actor, "mailing.refused", refusal.id)
    return refusal


async def lift(tx: Tx, account_id: str, refusal_id: str, at: Instant, actor: str) -> Refusal | None:
    """Remove a refusal, so that consents given before it count again; return it, or None if there is none."""
    row = await tx.row(
        "DELETE FROM mailing_refusal WHERE account_id = $1 AND id = $2 RETURNING id, email, refused_at",
        account_id,
        refusal_id,
    )
    if row is None:
        return None
    await audit.record(tx, account_id, at, actor, "mailing.refusal_removed", refusal_id)
    return Refusal(row["id"], row["email"], row["refused_at"])


async def remove(tx: Tx, account_id: str, refusal_id: str, at: Instant, actor: str) -> Refusal:
    """Do what `lift` does; raise `NotFound` if there is no such refusal."""
    removed = await lift(tx, account_id, refusal_id, at, actor)
    if removed is None:
        raise NotFound("There is no such refusal.", code="refusal_not_found")
    return removed


async def since(tx: ReadTx, account_id: str, ids: Collection[str]) -> dict[str, Instant]:
    """Return which of these addresses refuse mail, and since when."""
    rows = await tx.rows(
        "SELECT id, refused_at FROM mailing_refusal WHERE account_id = $1 AND id = ANY($2::text[])",
        account_id,
        list(ids),
    )
    return {row["id"]: row["refused_at"] for row in rows}


async def page(tx: ReadTx, account_id: str, *, limit: int, page: int, address: str | None = None) -> list[Refusal]:
    """Return a page of an account's refusals, newest first: all of them, or that of one address."""
    one = "" if address is None else "AND id = $4"
    rows = await tx.rows(
        f"""
        SELECT id, email, refused_at FROM mailing_refusal WHERE account_id = $1 {one}
        ORDER BY refused_at DESC, id DESC LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constants
        account_id,
        limit,
        limit * page,
        *([] if address is None else [id_of(address)]),
    )
    return [Refusal(row["id"], row["email"], row["refused_at"]) for row in rows]
