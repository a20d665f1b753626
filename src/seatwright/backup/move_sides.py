"""The two ends of a move between databases: each reads and writes whole tables, in the order of their keys."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from seatwright.core.errors import Unavailable

BATCH = 1_000
"""Rows that are read and written at a time."""
NOT_MOVED = frozenset({"schema_version", "account_change", "confirmation_number"})
"""Tables that the target makes by itself, and the counter of confirmation numbers, which `last_number` moves."""

NUMBERED = frozenset({("order_view", "changed")})
"""Columns that the target fills by itself: its changes have other numbers (`orders/changes.py`)."""

Batch: TypeAlias = list[tuple[Any, ...]]


class Table(NamedTuple):
    """A table: its columns in alphabetical order, those of them that are truth values, and those of its primary key."""

    name: str
    columns: tuple[str, ...]
    booleans: frozenset[str]
    key: tuple[str, ...]


class Side(Protocol):
    """One end of a move. The rows of both are alike: truth values are `bool`."""

    def rows(self, table: Table) -> AsyncIterator[Batch]:
        """Yield all rows in the order of their keys, in batches."""
        ...

    async def insert(self, table: Table, batch: Batch) -> None:
        """Write rows."""
        ...

    async def last_number(self) -> int:
        """Return the last confirmation number that was given."""
        ...

    async def set_last_number(self, number: int) -> None:
        """Go on after this confirmation number."""
        ...


class SqliteSide:
    """An SQLite file, on a connection that nobody else uses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def columns(self) -> dict[str, frozenset[str]]:
        """Return the columns of each table."""
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: frozenset(row[1] for row in self._connection.execute(f"PRAGMA table_info({name})"))
            for (name,) in names
            if not name.startswith("sqlite_")
        }

    async def rows(self, table: Table) -> AsyncIterator[Batch]:
        """Yield all rows in the order of their keys, in batches."""
        places = [number for number, name in enumerate(table.columns) if name in table.booleans]
        cursor = self._connection.execute(
            f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"  # noqa: S608
        )
        while batch := cursor.fetchmany(BATCH):
            yield [_with_booleans(row, places) for row in batch] if places else batch

    async def insert(self, table: Table, batch: Batch) -> None:
        """Write rows."""
        marks = ", ".join("?" * len(table.columns))
        self._connection.executemany(
            f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})",  # noqa: S608 - names of ours
            batch,
        )

    async def last_number(self) -> int:
        """Return the last confirmation number that was given."""
        return int(self._connection.execute("SELECT last_value FROM confirmation_number").fetchone()[0])

    async def set_last_number(self, number: int) -> None:
        """Go on after this confirmation number."""
        self._connection.execute("UPDATE confirmation_number SET last_value = ?", (number,))


class PostgresSide:
    """PostgreSQL, on a connection with an open transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def tables(self) -> list[Table]:
        """Return the tables that are moved; `account` is the first, because others refer to it."""
        columns = await self._connection.fetch("""
            SELECT c.table_name, c.column_name, c.data_type = 'boolean' AS is_boolean
            FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
            ORDER BY c.table_name COLLATE "C", c.column_name COLLATE "C"
            """)
        columns = [row for row in columns if (row["table_name"], row["column_name"]) not in NUMBERED]
        keys = await self._connection.fetch("""
            SELECT r.relname AS table_name, a.attname AS column_name
            FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid
            JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = ANY(i.indkey)
            WHERE i.indisprimary AND r.relnamespace = current_schema()::regnamespace
            ORDER BY array_position(i.indkey::int2[], a.attnum)
            """)
        names = sorted({row["table_name"] for row in columns} - NOT_MOVED, key=lambda name: (name != "account", name))
        return [
            Table(
                name,
                tuple(row["column_name"] for row in columns if row["table_name"] == name),
                frozenset(row["column_name"] for row in columns if row["table_name"] == name and row["is_boolean"]),
                tuple(row["column_name"] for row in keys if row["table_name"] == name),
            )
            for name in names
        ]

    async def rows(self, table: Table) -> AsyncIterator[Batch]:
        """Yield all rows in the order of their keys, in batches."""
        texts = await self._texts(table.name)
        key = ", ".join(f'{name} COLLATE "C"' if name in texts else name for name in table.key)
        sql = f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {key}"  # noqa: S608 - names of ours
        cursor = await self._connection.cursor(sql)
        while batch := await cursor.fetch(BATCH):
            yield [tuple(row) for row in batch]

    async def insert(self, table: Table, batch: Batch) -> None:
        """Write rows."""
        await self._connection.copy_records_to_table(table.name, records=batch, columns=table.columns)

    async def last_number(self) -> int:
        """Return the last confirmation number that was given."""
        row = await self._connection.fetchrow("SELECT last_value, is_called FROM confirmation_number")
        return int(row["last_value"]) - (not row["is_called"])

    async def set_last_number(self, number: int) -> None:
        """Go on after this confirmation number."""
        await self._connection.execute("SELECT setval('confirmation_number', $1)", number)

    async def _texts(self, table: str) -> set[str]:
        found = await self._connection.fetch(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = $1 AND data_type = 'text'",
            table,
        )
        return {row["column_name"] for row in found}


def check_columns(tables: Sequence[Table], there: dict[str, frozenset[str]]) -> None:
    """Raise `Unavailable` unless SQLite has these tables with these columns, and no others."""
    here = {table.name: frozenset(table.columns) for table in tables}
    other = {
        name: frozenset(column for column in columns if (name, column) not in NUMBERED)
        for name, columns in there.items()
        if name not in NOT_MOVED
    }
    if here != other:
        differ = sorted(name for name in here.keys() | other.keys() if here.get(name) != other.get(name))
        raise Unavailable(f"The databases differ in their tables ({', '.join(differ)}): run `seatwright migrate`.")


def _with_booleans(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    changed = list(row)
    for place in places:
        if changed[place] is not None:
            changed[place] = bool(changed[place])
    return tuple(changed)
