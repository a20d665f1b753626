"""Reads and writes catalog documents. A catalog is small, so it is read whole and cached by version."""

from __future__ import annotations

import secrets
import threading
from typing import Any, cast

import msgspec

from seatwright.catalog.model import KINDS, AnyEntry, Catalog, Product
from seatwright.core.bounded_dict import BoundedDict
from seatwright.core.clock import Instant
from seatwright.core.errors import NotFound
from seatwright.storage.engine import ReadTx, Row, Tx

CACHED_ACCOUNTS = 500

ACCOUNT_COLUMNS = "a.catalog_version, a.currency, a.time_zone AS account_zone, a.policy_code"
"""What `CatalogCache.of_row` needs of a row of `account`."""


class CatalogCache:
    """Catalogs in memory, each used only after comparing `account.catalog_version`.

    The version is read with every request, so no outdated product or price is used; seats are never cached here. Safe
    to use from several threads.
    """

    def __init__(self) -> None:
        self._kept: BoundedDict[str, Catalog] = BoundedDict(CACHED_ACCOUNTS)
        self._lock = threading.Lock()

    async def load(self, tx: ReadTx, account_id: str) -> Catalog:
        """Return the account's catalog as it is now. Raises `NotFound` for an unknown account."""
        row = await tx.row(f"SELECT {ACCOUNT_COLUMNS} FROM account a WHERE a.id = $1", account_id)  # noqa: S608
        if row is None:
            raise NotFound("There is no such account.", code="account_not_found")
        return await self.of_row(tx, account_id, row)

    async def of_row(self, tx: ReadTx, account_id: str, row: Row) -> Catalog:
        """Return the catalog that belongs to a row with `ACCOUNT_COLUMNS` which was just read."""
        kept = self._kept.get(account_id)
        if kept is not None and kept.version == row["catalog_version"]:
            return kept
        catalog = await _read(tx, account_id, row)
        with self._lock:
            self._kept[account_id] = catalog
        return catalog


async def _read(tx: ReadTx, account_id: str, account: Row) -> Catalog:
    rows = await tx.rows(
        'SELECT kind, body FROM catalog_entry WHERE account_id = $1 ORDER BY kind COLLATE "C", code COLLATE "C"',
        account_id,
    )
    by_kind: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for row in rows:
        entry = msgspec.json.decode(row["body"], type=KINDS[row["kind"]])
        by_kind[row["kind"]][entry.code] = entry
    return build(
        by_kind,
        account_id=account_id,
        version=account["catalog_version"],
        currency=account["currency"],
        time_zone=account["account_zone"],
        policy_code=account["policy_code"],
    )


def build(
    by_kind: dict[str, dict[str, Any]],
    *,
    account_id: str,
    version: int,
    currency: str,
    time_zone: str,
    policy_code: str | None,
) -> Catalog:
    """Build a `Catalog` from entries by kind and code, which are valid already."""
    products = cast("dict[str, Product]", by_kind["product"])
    return Catalog(
        account_id=account_id,
        version=version,
        currency=currency,
        time_zone=time_zone,
        policy_code=policy_code,
        products=products,
        charges=by_kind["charge"],
        policies=by_kind["policy"],
        locations=by_kind["location"],
        zones=by_kind["zone"],
        pickups=by_kind["pickup"],
        tags=by_kind["tag"],
        questions=by_kind["question"],
        discounts=by_kind["discount"],
        pools=by_kind["pool"],
        products_by_id={product.id: product for product in products.values()},
    )


async def save(tx: Tx, account_id: str, kind: str, entry: AnyEntry, now: Instant) -> None:
    """Write an entry, new or changed; the caller validated it and calls `touch` once at the end."""
    await tx.execute(
        """
        INSERT INTO catalog_entry (account_id, kind, id, code, body, modified_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (account_id, kind, id) DO UPDATE SET code = $4, body = $5, modified_at = $6
        """,
        account_id,
        kind,
        entry.id,
        entry.code,
        msgspec.json.encode(entry).decode(),
        now,
    )


async def delete(tx: Tx, account_id: str, kind: str, entry_id: str) -> bool:
    """Remove an entry; tell whether there was one. The caller checked that nothing refers to it."""
    return bool(
        await tx.execute(
            "DELETE FROM catalog_entry WHERE account_id = $1 AND kind = $2 AND id = $3",
            account_id,
            kind,
            entry_id,
        )
    )


async def lock(tx: Tx, account_id: str) -> None:
    """Make changes of one catalog run one after the other: lock it, before it is read, until the commit."""
    await tx.row("SELECT id FROM account WHERE id = $1 FOR UPDATE", account_id)


async def touch(tx: Tx, account_id: str) -> None:
    """Make every process read this account's catalog again. Also serializes changes to one catalog.

    The version grows by a random step. So a version that was read in a transaction which is then rolled back is never
    used again, and a catalog that was cached under it is never mistaken for another.
    """
    await tx.execute(
        "UPDATE account SET catalog_version = catalog_version + $2 WHERE id = $1",
        account_id,
        1 + secrets.randbelow(2**31),
    )


async def count_discount_use(tx: Tx, account_id: str, discount_id: str) -> int:
    """Count one more use of a discount; return the number of uses."""
    row = await tx.row(
        """
        INSERT INTO discount_use (account_id, discount_id, uses) VALUES ($1, $2, 1)
        ON CONFLICT (account_id, discount_id) DO UPDATE SET uses = discount_use.uses + 1
        RETURNING uses
        """,
        account_id,
        discount_id,
    )
    assert row is not None, "an upsert has a row"
    return int(row["uses"])
