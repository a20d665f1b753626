"""Writes the rows by which orders are found (`orders/terms.py`), in the transaction of the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seatwright.orders.model import Order
from seatwright.orders.terms import rows_of, terms_of
from seatwright.storage.engine import Row, Tx

INSERT_TERM = "INSERT INTO order_term (account_id, kind, term, seq) VALUES ($1, $2, $3, $4)"
_DELETE_TERM = "DELETE FROM order_term WHERE account_id = $1 AND kind = $2 AND term = $3 AND seq = $4"


def new_rows(account_id: str, seq: int, terms: str) -> list[tuple[Any, ...]]:
    """Return the rows of an order's terms for an account, in the order of `INSERT_TERM`."""
    return [(account_id, kind, term, seq) for kind, term in sorted(rows_of(terms))]


async def follow(tx: Tx, order: Order, views: Sequence[Row]) -> None:
    """Write the terms that an order has now over those of its `views`: account, number, and the terms until now.

    The terms of an order from before there were any are None.
    """
    for view in views:
        account_id, seq, before = view["account_id"], view["seq"], view["terms"]
        terms = terms_of(order, account_id)
        if terms == before:
            continue
        old, new = rows_of(before or ""), rows_of(terms)
        await tx.execute("UPDATE order_view SET terms = $3 WHERE account_id = $1 AND seq = $2", account_id, seq, terms)
        await tx.execute_many(_DELETE_TERM, [(account_id, *each, seq) for each in sorted(old - new)])
        await tx.execute_many(INSERT_TERM, [(account_id, *each, seq) for each in sorted(new - old)])
