"""SQL for connections between suppliers and resellers."""

from __future__ import annotations

import msgspec

from seatwright.core.clock import Instant
from seatwright.resellers.model import Agent, Connection, Terms
from seatwright.storage.engine import ReadTx, Row, Tx

MAX_AGENTS = 1_000
"""Users that have the same name in different accounts, at most."""

_CONNECTION = """
SELECT c.supplier_id, c.reseller_id, c.active, c.created_at, c.terms, c.supplier_orders, s.name AS supplier_name,
    r.name AS reseller_name
FROM connection c JOIN account s ON s.id = c.supplier_id JOIN account r ON r.id = c.reseller_id
"""


async def connection(tx: ReadTx, supplier_id: str, reseller_id: str, *, lock: bool = False) -> Connection | None:
    """Return the connection of two accounts, active or not. With `lock` nobody else changes it in the meantime."""
    row = await tx.row(
        f"{_CONNECTION} WHERE c.supplier_id = $1 AND c.reseller_id = $2" + (" FOR UPDATE OF c" if lock else ""),
        supplier_id,
        reseller_id,
    )
    return _connection(row) if row else None


async def connections(tx: ReadTx, account_id: str, *, limit: int, offset: int) -> list[Connection]:
    """Return connections in which the account is on either side, oldest first."""
    rows = await tx.rows(
        f"{_CONNECTION} WHERE c.supplier_id = $1 OR c.reseller_id = $1 "
        "ORDER BY c.created_at, c.supplier_id, c.reseller_id LIMIT $2 OFFSET $3",
        account_id,
        limit,
        offset,
    )
    return [_connection(row) for row in rows]


async def agents(tx: ReadTx, supplier_id: str, username: str) -> list[Agent]:
    """Return the active users of the supplier's resellers with an e-mail (in lower case) or alternative id."""
    rows = await tx.rows(
        """
        SELECT r.name, r.id, u.id AS user_id FROM app_user u
        JOIN connection c ON c.reseller_id = u.account_id AND c.supplier_id = $1 AND c.active
        JOIN account r ON r.id = u.account_id
        WHERE (u.email = $2 OR u.alternative_id = $3) AND u.active
        ORDER BY r.code COLLATE "C", u.created_at, u.id LIMIT $4
        """,
        supplier_id,
        username.lower(),
        username,
        MAX_AGENTS,
    )
    return [Agent(row["name"], row["id"], row["user_id"]) for row in rows]


async def account_exists(tx: ReadTx, account_id: str) -> bool:
    """Tell whether there is such an account."""
    return await tx.row("SELECT 1 AS found FROM account WHERE id = $1", account_id) is not None


async def insert(tx: Tx, supplier_id: str, reseller_id: str, terms: Terms, now: Instant) -> bool:
    """Write a new, active connection; return False if there is one already."""
    return bool(
        await tx.execute(
            """
            INSERT INTO connection (supplier_id, reseller_id, active, terms, created_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (supplier_id, reseller_id) DO NOTHING
            """,
            supplier_id,
            reseller_id,
            True,
            _encode(terms),
            now,
        )
    )


async def update(tx: Tx, connection: Connection) -> None:
    """Write whether a connection is open, and its terms."""
    await tx.execute(
        "UPDATE connection SET active = $3, terms = $4 WHERE supplier_id = $1 AND reseller_id = $2",
        connection.supplier_id,
        connection.reseller_id,
        connection.active,
        _encode(connection.terms),
    )


async def set_supplier_orders(tx: Tx, supplier_id: str, reseller_id: str, allowed: bool) -> None:
    """Write whether the reseller lets the supplier order in its name."""
    await tx.execute(
        "UPDATE connection SET supplier_orders = $3 WHERE supplier_id = $1 AND reseller_id = $2",
        supplier_id,
        reseller_id,
        allowed,
    )


def _encode(terms: Terms) -> str:
    return msgspec.json.encode(terms).decode()


def _connection(row: Row) -> Connection:
    return Connection(
        supplier_id=row["supplier_id"],
        supplier_name=row["supplier_name"],
        reseller_id=row["reseller_id"],
        reseller_name=row["reseller_name"],
        active=bool(row["active"]),
        created_at=row["created_at"],
        terms=msgspec.json.decode(row["terms"], type=Terms),
        supplier_orders=bool(row["supplier_orders"]),
    )
