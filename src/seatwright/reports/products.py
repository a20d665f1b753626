"""The present names of products and charges, which reports find by the ids and names in the books."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from seatwright.storage.engine import ReadTx


class ProductName(NamedTuple):
    """A product by its id, code, number and name."""

    id: str
    code: str
    number: int
    name: str


class _Numbered(msgspec.Struct):
    """The part of a product's document that this module reads."""

    name: str
    number: int


class _Charge(msgspec.Struct):
    name: str
    kind: str = "pickup"


async def product_names(tx: ReadTx, account_id: str, ids: Collection[str]) -> dict[str, ProductName]:
    """Return products of an account's catalog by id. One with departures is never deleted, so each of them is there."""
    rows = await tx.rows(
        "SELECT id, code, body FROM catalog_entry WHERE account_id = $1 AND kind = 'product' AND id = ANY($2)",
        account_id,
        sorted(ids),
    )
    found = {}
    for row in rows:
        said = msgspec.json.decode(row["body"], type=_Numbered)
        found[row["id"]] = ProductName(row["id"], row["code"], said.number, said.name)
    return found | {missing: ProductName(missing, "", 0, missing) for missing in set(ids) - set(found)}


async def charge_ids(tx: ReadTx, account_id: str) -> dict[tuple[str, str], str]:
    """Return the ids of an account's taxes, fees and pickups by kind and name: the ledger has their names only."""
    rows = await tx.rows(
        """
        SELECT id, kind, body FROM catalog_entry WHERE account_id = $1 AND kind = ANY($2) ORDER BY code COLLATE "C" DESC
        """,
        account_id,
        ["charge", "pickup"],
    )
    charges = [(row["id"], msgspec.json.decode(row["body"], type=_Charge)) for row in rows]
    return {(charge.kind, charge.name): charge_id for charge_id, charge in charges}


async def products_numbered(
    tx: ReadTx, account_ids: Sequence[str], numbers: Collection[int] | None
) -> list[tuple[str, str]]:
    """Return account and id of the products that have one of these numbers, or of all products if that is None."""
    rows = await tx.rows(
        "SELECT account_id, id, body FROM catalog_entry WHERE account_id = ANY($1) AND kind = 'product'",
        list(account_ids),
    )
    return [
        (row["account_id"], row["id"])
        for row in rows
        if numbers is None or msgspec.json.decode(row["body"], type=_Numbered).number in numbers
    ]
