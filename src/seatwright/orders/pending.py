"""Orders that wait for an answer."""

from __future__ import annotations

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
