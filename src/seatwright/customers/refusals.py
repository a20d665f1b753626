"""Addresses that refuse an account's mail: a consent before `at` doesn't count any more, a later one does.

Addresses come as `customers.consent.address_of` returns them, so that one person's are the same in any case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from seatwright.core.clock import Instant
from seatwright.core.errors import NotFound
from seatwright.customers import refusal_store
from seatwright.customers.refusal_store import Refusal
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


def id_of(address: str) -> str:
    """Return the id of an address for routes and the audit log: 24 hex digits, always the same for an address."""
    return hashlib.blake2b(address.encode(), digest_size=12).hexdigest()


async def refuse(tx: Tx, account_id: str, address: str, at: Instant, actor: str) -> Refusal:
    """Store that an address refuses mail. A repeated refusal replaces the earlier one."""
    refusal = Refusal(id_of(address), address, at)
    if await refusal_store.save(tx, account_id, refusal):
        await audit.record(tx, account_id, at, actor, "mailing.refused", refusal.id)
    return refusal


async def lift(tx: Tx, account_id: str, refusal_id: str, at: Instant, actor: str) -> Refusal | None:
    """Remove a refusal, so that consents given before it count again; return it, or None if there is none."""
    removed = await refusal_store.delete(tx, account_id, refusal_id)
    if removed is not None:
        await audit.record(tx, account_id, at, actor, "mailing.refusal_removed", refusal_id)
    return removed


async def remove(tx: Tx, account_id: str, refusal_id: str, at: Instant, actor: str) -> Refusal:
    """Do what `lift` does; raise `NotFound` if there is no such refusal."""
    removed = await lift(tx, account_id, refusal_id, at, actor)
    if removed is None:
        raise NotFound("There is no such refusal.", code="refusal_not_found")
    return removed


async def refusing(tx: ReadTx, account_id: str, addresses: Collection[str]) -> set[str]:
    """Return which of these addresses refuse advertising."""
    known = await refusal_store.since(tx, account_id, [id_of(address) for address in addresses])
    return {address for address in addresses if id_of(address) in known}


async def page(tx: ReadTx, account_id: str, *, limit: int, page: int, address: str | None = None) -> list[Refusal]:
    """Return a page of an account's refusals, newest first: all of them, or that of one address."""
    refusal_id = None if address is None else id_of(address)
    return await refusal_store.page(tx, account_id, limit=limit, offset=limit * page, refusal_id=refusal_id)
