"""A number for each account that grows with every change that a screen shows (see migration `account_changes`).

Whoever has seen a number and sees a larger one later knows that something has changed; what it is, a screen reads
again. Triggers write it with every change of the account's departures, orders, notes, tags and catalog. On PostgreSQL
it is the id of the transaction: transactions commit in any order, so a reader counts only those that are older than
every transaction still running. So no smaller number turns up after one that was read.
"""

from __future__ import annotations

from collections.abc import Collection

from seatwright.storage.engine import ReadTx, Tx

_VISIBLE = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_LATEST = {
    "postgres": f"""
        SELECT a.id AS account_id, (
            SELECT c.seq FROM account_change c WHERE c.account_id = a.id AND c.seq < {_VISIBLE}
            ORDER BY c.seq DESC LIMIT 1
        ) AS seq FROM unnest($1::text[]) a (id)
    """,  # noqa: S608 - constant
    "sqlite": "SELECT account_id, seq FROM account_change WHERE account_id = ANY($1)",
}


async def latest(tx: ReadTx, account_ids: Collection[str]) -> dict[str, int]:
    """Return the number of each account; 0 for one of which nothing has changed since there are numbers."""
    rows = await tx.rows(_LATEST[tx.engine], sorted(account_ids))
    found = {row["account_id"]: int(row["seq"]) for row in rows if row["seq"] is not None}
    return {account_id: found.get(account_id, 0) for account_id in account_ids}


async def forget_older(tx: Tx, *, limit: int) -> int:
    """Delete up to `limit` numbers below the latest of their accounts, which nobody asks for; return how many."""
    if tx.engine == "sqlite":
        return 0
    return await tx.execute(
        f"""
        DELETE FROM account_change WHERE (account_id, seq) IN (
            SELECT c.account_id, c.seq FROM account_change c WHERE EXISTS (
                SELECT 1 FROM account_change n
                WHERE n.account_id = c.account_id AND n.seq > c.seq AND n.seq < {_VISIBLE})
            LIMIT $1)
        """,  # noqa: S608 - constant
        limit,
    )
