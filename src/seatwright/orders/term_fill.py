"""Fills in the terms of orders from before there were any, in portions: at a migration, and by the worker."""

from __future__ import annotations

from collections.abc import AsyncIterator

from seatwright.orders.store import ORDER_COLUMNS, order_from
from seatwright.orders.term_rows import INSERT_TERM, new_rows
from seatwright.orders.terms import terms_of
from seatwright.storage.engine import Database, ReadTx, Tx

PORTION = 200
"""Orders in one transaction, so that no other transaction waits long."""
READ_PORTION = 1_000


async def fill(database: Database) -> int:
    """Fill in the terms of all orders that have none yet; return how many. Several processes may do this at once."""
    filled = 0
    while some := await database.write(_fill_some, heavy=True):
        filled += some
    return filled


async def _fill_some(tx: Tx) -> int:
    # A row that is locked belongs to an order that is being changed, which fills it in, or to another process.
    rows = await tx.rows(
        f"""
        SELECT v.account_id AS viewer_id, v.seq, {ORDER_COLUMNS}
        FROM order_view v JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.terms IS NULL LIMIT $1 FOR UPDATE OF v SKIP LOCKED
        """,  # noqa: S608 - constant columns
        PORTION,
    )
    found = [(row["viewer_id"], row["seq"], terms_of(order_from(row), row["viewer_id"])) for row in rows]
    await tx.execute_many("UPDATE order_view SET terms = $3 WHERE account_id = $1 AND seq = $2", found)
    await tx.execute_many(INSERT_TERM, [row for each in found for row in new_rows(*each)])
    return len(found)


async def untrue_terms(tx: ReadTx) -> AsyncIterator[tuple[str, int, str]]:
    """Yield account, number and id of every order whose stored terms are not those of its document."""
    after: tuple[str, int] = ("", 0)
    while True:
        rows = await tx.rows(
            f"""
            SELECT v.account_id AS viewer_id, v.seq, v.terms, {ORDER_COLUMNS}
            FROM order_view v JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
            WHERE v.account_id COLLATE "C" >= $1 AND (v.account_id COLLATE "C" > $1 OR v.seq > $2)
            ORDER BY v.account_id COLLATE "C", v.seq LIMIT $3
            """,  # noqa: S608 - constant columns
            *after,
            READ_PORTION,
        )
        for row in rows:
            if row["terms"] is not None and row["terms"] != terms_of(order_from(row), row["viewer_id"]):
                yield row["viewer_id"], row["seq"], row["id"]
        if len(rows) < READ_PORTION:
            return
        after = rows[-1]["viewer_id"], rows[-1]["seq"]
