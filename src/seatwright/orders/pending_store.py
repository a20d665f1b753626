"""The orders that a supplier has to accept or decline, as rows."""

from __future__ import annotations

from seatwright.core.clock import Instant
from seatwright.orders.model import Order
from seatwright.orders.store import ORDER_COLUMNS, order_from
from seatwright.storage.engine import ReadTx


async def waiting(tx: ReadTx, account_id: str, *, limit: int, page: int = 0) -> list[Order]:
    """Return a page of the orders that the supplier `account_id` has to accept or decline, the most urgent first."""
    rows = await tx.rows(
        f"""
        SELECT {ORDER_COLUMNS} FROM orders o
        JOIN order_view v ON v.account_id = o.account_id AND v.order_id = o.id
        WHERE o.account_id = $1 AND o.answer_by IS NOT NULL ORDER BY o.answer_by, o.id LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constant columns
        account_id,
        limit,
        limit * page,
    )
    return [order_from(row) for row in rows]


async def count_waiting(tx: ReadTx, account_id: str, *, most: int) -> int:
    """Return how many orders the supplier `account_id` has to accept or decline, counted up to `most`."""
    row = await tx.row(
        """
        SELECT COUNT(*) AS many FROM (
            SELECT 1 AS one FROM orders WHERE account_id = $1 AND answer_by IS NOT NULL LIMIT $2
        ) x
        """,
        account_id,
        most,
    )
    return int(row["many"]) if row else 0


async def due_for_answer(
    tx: ReadTx, now: Instant, after: tuple[Instant, str, str], *, limit: int
) -> list[tuple[Instant, str, str]]:
    """Return the pending orders of all accounts whose deadline has passed, beyond `after`: deadline, supplier and
    id.
    """
    rows = await tx.rows(
        """
        SELECT answer_by, account_id, id FROM orders
        WHERE answer_by <= $1 AND answer_by >= $2
            AND (answer_by > $2 OR account_id > $3 OR account_id = $3 AND id > $4)
        ORDER BY answer_by, account_id, id LIMIT $5
        """,
        now,
        *after,
        limit,
    )
    return [(row["answer_by"], row["account_id"], row["id"]) for row in rows]
