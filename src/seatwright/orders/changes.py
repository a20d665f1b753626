"""The orders that an account sees, in the sequence in which they were made or last changed.

A program that follows them begins with a moment and goes on from page to page with a cursor, for ever. Each state of an
order that it meets comes once, and the last state of each comes in the end, whatever is ordered meanwhile: an order
that changes moves to the end of the sequence. Triggers write its number (migration `order_changes`). On PostgreSQL that
is the id of the transaction. Transactions commit in any order, so a page ends before the oldest that is still running:
no smaller number turns up behind a cursor. A page is one statement, so numbers and orders are of the same moment.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from seatwright.core.clock import HOUR_MS, Instant
from seatwright.core.errors import Conflict, Invalid
from seatwright.orders.store import ORDER_COLUMNS, OrderRow
from seatwright.storage.engine import Database, ReadTx, Tx

SLACK_MS = HOUR_MS
"""By how much an order's time of change may contradict the sequence, at most: clocks differ, transactions take time."""
_REACHED = {
    "postgres": "AND v.changed < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    "sqlite": "",
}
"""The condition on a change that no earlier one can follow any more. SQLite has one writer at a time."""


class Cursor(NamedTuple):
    """Where a program stands: behind the order `seq` in its account's list, which had the number `changed`.

    `since` is the moment that it began with: orders that were last changed before are left out.
    """

    since: Instant
    changed: int = 0
    seq: int = 0

    def text(self) -> str:
        """Return it as programs are given it."""
        return base64.urlsafe_b64encode("-".join(map(str, self)).encode()).decode().rstrip("=")


class ChangedOrders(NamedTuple):
    """A page: the orders, where the next page begins, and whether there is more already."""

    orders: Sequence[OrderRow]
    cursor: Cursor
    more: bool


def read_cursor(text: str) -> Cursor:
    """Return the cursor that a program sends back. Raises `Invalid`."""
    try:
        since, changed, seq = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split("-")
        found = Cursor(int(since), int(changed), int(seq))
    except (ValueError, binascii.Error):
        found = Cursor(-1)
    if not all(0 <= each < 2**62 for each in found):
        raise Invalid(
            "cursor: is not one of this server's; send `cursor` of the page before, as it is.",
            code="invalid_cursor",
            field="cursor",
        )
    return found


async def page(tx: ReadTx, viewer_id: str, cursor: Cursor, *, limit: int) -> ChangedOrders:
    """Return up to `limit` orders behind a cursor.

    Raises `Conflict` with `cursor_unknown` for a cursor of another state of the database: one that was restored from a
    backup, or moved, since then.
    """
    start = cursor if cursor.changed or cursor.seq else await _first(tx, viewer_id, cursor.since)
    if start is cursor:
        await _check(tx, viewer_id, cursor)
    rows = await tx.rows(
        f"""
        SELECT v.seq, v.changed, {ORDER_COLUMNS} FROM order_view v
        JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.account_id = $1 AND v.changed >= $2 AND (v.changed > $2 OR v.seq > $3) AND v.modified_at >= $4
            {_REACHED[tx.engine]}
        ORDER BY v.changed, v.seq LIMIT $5
        """,  # noqa: S608 - constants
        viewer_id,
        start.changed,
        start.seq,
        cursor.since,
        limit,
    )
    last = cursor._replace(changed=int(rows[-1]["changed"]), seq=int(rows[-1]["seq"])) if rows else cursor
    return ChangedOrders([OrderRow(row) for row in rows], last, len(rows) == limit)


async def _first(tx: ReadTx, viewer_id: str, since: Instant) -> Cursor:
    """Return a place in the sequence before everything that was changed at a moment or later."""
    row = await tx.row(
        "SELECT changed FROM order_view WHERE account_id = $1 AND modified_at < $2 ORDER BY modified_at DESC LIMIT 1",
        viewer_id,
        since - SLACK_MS,
    )
    return Cursor(since, int(row["changed"]) if row else 0)


async def _check(tx: ReadTx, viewer_id: str, cursor: Cursor) -> None:
    """The order that a cursor stands behind is still there, and has its number, or a later one."""
    row = await tx.row("SELECT changed FROM order_view WHERE account_id = $1 AND seq = $2", viewer_id, cursor.seq)
    if row is None or int(row["changed"]) < cursor.changed:
        raise Conflict(
            "cursor: is from before this database was restored or moved; begin again, with modifiedSince.",
            code="cursor_unknown",
            field="cursor",
        )


async def changes_to_come(tx: ReadTx) -> AsyncIterator[tuple[str, int, int]]:
    """Yield account, number in its list, and number of change of every order whose change has not been counted yet."""
    latest = {
        "postgres": "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS seq",
        "sqlite": "SELECT COALESCE((SELECT MAX(seq) FROM account_change), 0) AS seq",
    }
    row = await tx.row(latest[tx.engine])
    assert row is not None
    for each in await tx.rows(
        "SELECT account_id, seq, changed FROM order_view WHERE changed > $1 LIMIT 20", row["seq"]
    ):
        yield each["account_id"], each["seq"], each["changed"]


async def restart(database: Database) -> None:
    """Put all orders at the beginning of the sequence, so that no cursor of another database counts here.

    For a database that was restored or moved: its transactions, or changes, are counted from another number.
    """

    async def run(tx: Tx) -> None:
        await tx.execute("UPDATE order_view SET changed = 0 WHERE changed > 0")

    await database.write(run, heavy=True)
