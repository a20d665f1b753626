"""A use case's transaction on SQLite, and how it is run: nothing in it ever waits."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, TypeVar, cast

from seatwright.storage.dialect import to_sqlite
from seatwright.storage.engine import WENT_ON, ConstraintViolation, Engine, Probe, Row, only_reads

T = TypeVar("T")


def _values(args: Sequence[Any]) -> Sequence[Any]:
    return [json.dumps(arg) if isinstance(arg, list) else arg for arg in args]


class SqliteTx:
    """A transaction on one connection. Made by `SqliteDatabase` only."""

    engine: Engine = "sqlite"

    def __init__(self, connection: sqlite3.Connection, probe: Probe | None, *, one_trip: bool = False) -> None:
        self._connection = connection
        self._probe = probe
        self._one_trip = one_trip
        self._wrote = False
        self._finished = False

    def _run(self, sql: str, args: Sequence[Any]) -> sqlite3.Cursor:
        assert not self._finished, WENT_ON
        self._wrote = self._wrote or not only_reads(sql)
        if self._probe:
            self._probe.before(sql)
        try:
            cursor = self._connection.execute(to_sqlite(sql), _values(args))
        except sqlite3.IntegrityError as error:
            raise ConstraintViolation(str(error)) from error
        return cursor

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        """Run a query and return all its rows."""
        found = self._run(sql, args).fetchall()
        if self._probe:
            self._probe.after(sql)
        return found

    async def row(self, sql: str, *args: Any) -> Row | None:
        """Run a query and return its first row, or None."""
        found = await self.rows(sql, *args)
        return found[0] if found else None

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement and return how many rows it changed."""
        cursor = self._run(sql, args)
        cursor.fetchall()
        if self._probe:
            self._probe.after(sql)
        return cursor.rowcount

    async def sole(self, sql: str, *args: Any) -> Row | None:
        """Run the only statement by which a use case writes, and return its first row."""
        last = self._one_trip and not self._wrote
        found = await self.row(sql, *args)
        self._finished = last
        return found

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of `rows`."""
        assert not self._finished, WENT_ON
        self._wrote = True
        if self._probe:
            self._probe.before(sql)
        try:
            self._connection.executemany(to_sqlite(sql), [_values(row) for row in rows])
        except sqlite3.IntegrityError as error:
            raise ConstraintViolation(str(error)) from error
        if self._probe:
            self._probe.after(sql)


def drive(awaitable: Awaitable[T]) -> T:
    """Run a use case to its end and return what it returns. It must not wait for anything but its transaction."""
    coroutine = cast("Coroutine[Any, Any, T]", awaitable)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    coroutine.close()
    raise AssertionError("A use case waited for something else than its transaction.")
