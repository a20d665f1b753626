"""Reads and resets a whole database beside the code under test, on a connection of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg

from seatwright.core.config import Settings

Dump = dict[str, list[Any]]
"""All rows of all tables, in one order."""


class Caretaker(Protocol):
    """What both engines offer."""

    async def dump(self) -> Dump:
        """Return everything that is in the database."""
        ...

    async def restore(self, dump: Dump) -> None:
        """Make the database what it was when `dump` was taken."""
        ...

    async def rewind(self) -> None:
        """Give out the lowest confirmation number again that is free.

        PostgreSQL's sequences take part in no transaction: a number that was drawn for nothing leaves a gap, which is
        allowed, but would make two otherwise equal runs differ.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


CHANGES = "account_change"
"""Numbers that differ each time, and say nothing but that something has changed."""
CHANGED = ("order_view", "changed")
"""A column of such numbers; a dump has 0 in their place."""


class SqliteCaretaker:
    """Through the standard library, with foreign keys off, so that tables may come in any order."""

    def __init__(self, settings: Settings) -> None:
        self._connection = sqlite3.connect(settings.data / "seatwright.db", isolation_level=None, timeout=30)
        self._connection.execute("PRAGMA synchronous = OFF")
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        self._tables = [name for (name,) in found.fetchall() if name != CHANGES]

    async def dump(self) -> Dump:
        run = self._connection.execute
        return {
            name: sorted(run(f"SELECT {self._columns(name)} FROM {name}").fetchall(), key=repr) for name in self._tables
        }

    def _columns(self, table: str) -> str:
        names = [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]
        return ", ".join("0" if (table, name) == CHANGED else name for name in names)

    async def restore(self, dump: Dump) -> None:
        run = self._connection.execute
        now = await self.dump()
        run("BEGIN IMMEDIATE")
        for name in self._tables:
            if now[name] != dump[name]:
                run(f"DELETE FROM {name}")
                for row in dump[name]:
                    run(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
        run("COMMIT")

    async def rewind(self) -> None:
        """SQLite's number is in a table, and so a part of every dump."""

    async def close(self) -> None:
        self._connection.close()


def _as_json(table: str) -> str:
    return f"(to_jsonb(t) || '{{\"{CHANGED[1]}\": 0}}')" if table == CHANGED[0] else "to_jsonb(t)"


class PostgresCaretaker:
    """As a superuser, who may switch foreign keys off."""

    def __init__(self, connection: Any, tables: Sequence[str]) -> None:
        self._connection = connection
        self._tables = tables
        self._dump = " UNION ALL ".join(
            f"SELECT '{name}' AS name, {_as_json(name)}::text AS row FROM {name} t" for name in tables
        )

    @classmethod
    async def open(cls, settings: Settings) -> PostgresCaretaker:
        connection = await asyncpg.connect(settings.database_url, server_settings={"application_name": "caretaker"})
        await connection.execute("SET session_replication_role = replica")
        found = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        )
        return cls(connection, [row["table_name"] for row in found if row["table_name"] != CHANGES])

    async def dump(self) -> Dump:
        dump: Dump = {name: [] for name in self._tables}
        for row in await self._connection.fetch(self._dump):
            dump[row["name"]].append(row["row"])
        return {name: sorted(rows) for name, rows in dump.items()}

    async def restore(self, dump: Dump) -> None:
        now = await self.dump()
        async with self._connection.transaction():
            for name in self._tables:
                if now[name] == dump[name]:
                    continue
                await self._connection.execute(f"DELETE FROM {name}")
                await self._connection.execute(
                    f"INSERT INTO {name} SELECT * FROM jsonb_populate_recordset(NULL::{name}, $1::jsonb)",
                    f"[{','.join(dump[name])}]",
                )
        await self.rewind()

    async def rewind(self) -> None:
        await self._connection.execute(
            "SELECT setval('confirmation_number', (SELECT COALESCE(MAX(confirmation), 100000) FROM orders))"
        )

    async def close(self) -> None:
        await self._connection.close()


async def open_caretaker(settings: Settings) -> Caretaker:
    """Return the caretaker of a database."""
    return await PostgresCaretaker.open(settings) if settings.database_url else SqliteCaretaker(settings)


def difference(left: Dump, right: Dump) -> str:
    """Return what two dumps don't have in common, for people; empty if they are the same."""
    lines = []
    for name in sorted(left.keys() | right.keys()):
        before, after = ([_text(row) for row in dump.get(name, [])] for dump in (left, right))
        lines += [f"- {name}: {row}" for row in before if row not in after]
        lines += [f"+ {name}: {row}" for row in after if row not in before]
    return "\n".join(lines)


def _text(row: Any) -> str:
    return row if isinstance(row, str) else json.dumps(row, default=bytes.decode)
