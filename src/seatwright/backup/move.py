"""Moves everything from SQLite to PostgreSQL, or back, while no server runs.

The source is only read, and locked against writers. The target gets all of it in one step, after every row was
compared: on PostgreSQL one transaction, on SQLite a file that takes its place. So whenever a move is interrupted, the
source has everything, the target has nothing, and the move can be begun again.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from seatwright.backup import archive, postgres, sqlite
from seatwright.backup.move_sides import Batch, PostgresSide, Side, SqliteSide, Table, check_columns
from seatwright.core.clock import Clock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict, Unavailable
from seatwright.core.progress import Progress, untold
from seatwright.storage.engine import Database
from seatwright.storage.migrate import migrate
from seatwright.storage.open import open_database
from seatwright.storage.sqlite import FILE, SqliteDatabase

T = TypeVar("T")

Rows = dict[str, int]
"""How many rows each table has."""


async def to_postgres(
    source: Settings,
    target: Settings,
    clock: Clock,
    finish: Callable[[Database], Awaitable[T]],
    progress: Progress = untold,
) -> tuple[Rows, T]:
    """Move an SQLite database to an empty PostgreSQL database; return its rows by table, and the result of `finish`.

    Raises `Conflict` if a server uses the source, or the target has accounts or a server, and `Unavailable` if either
    can't be read or written. `progress` is told rows, read and compared.
    """
    await _migrated(target, clock)
    with closing(sqlite.locked(source.data / FILE)) as connection:
        async with postgres.connected(target.database_url) as other, other.transaction(isolation="read_committed"):
            await other.execute("LOCK TABLE account IN EXCLUSIVE MODE")
            await postgres.refuse_target(other)
            here, there = SqliteSide(connection), PostgresSide(other)
            tables = await there.tables()
            check_columns(tables, here.columns())
            rows = await _copied(here, there, tables, progress)
    database = await open_database(target)
    try:
        return rows, await finish(database)
    finally:
        await database.close()


async def to_sqlite(
    source: Settings,
    target: Settings,
    clock: Clock,
    finish: Callable[[Database], Awaitable[T]],
    progress: Progress = untold,
) -> tuple[Rows, T]:
    """Move a PostgreSQL database to a new SQLite file in the target's data directory. As `to_postgres`."""
    path = target.data / FILE
    if path.exists():
        raise Conflict(f"{path} is there already: move it away first.", code="file_exists")
    draft = target.data / f".{FILE}.{secrets.token_hex(4)}.move"
    try:
        await _made(draft, clock)
        async with _read_from(source.database_url) as other:
            here = PostgresSide(other)
            tables = await here.tables()
            with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
                there = SqliteSide(connection)
                check_columns(tables, there.columns())
                connection.execute("BEGIN IMMEDIATE")
                rows = await _copied(here, there, tables, progress)
                connection.execute("COMMIT")
        database = SqliteDatabase(draft)
        try:
            result = await finish(database)
        finally:
            await database.close()
        sqlite.make_one_file(draft)
        archive.put_in_place(draft, path, replace=False)
        return rows, result
    except FileExistsError:
        raise Conflict(f"{path} is there already: move it away first.", code="file_exists") from None
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"{path} can't be written: {error}. Nothing was changed.") from error
    finally:
        for leftover in (draft, *sqlite.beside(draft)):
            leftover.unlink(missing_ok=True)


async def _migrated(target: Settings, clock: Clock) -> None:
    database = await open_database(replace(target, pool_size=2))
    try:
        await migrate(database, clock)
    finally:
        await database.close()


async def _made(draft: Path, clock: Clock) -> None:
    database = SqliteDatabase(draft, make=True)
    try:
        await migrate(database, clock)
    finally:
        await database.close()


@asynccontextmanager
async def _read_from(url: str) -> AsyncIterator[Any]:
    """Yield a connection with a transaction that sees one moment, and in which nobody else writes."""
    async with postgres.connected(url) as connection, connection.transaction(isolation="repeatable_read"):
        await postgres.refuse_servers(connection)
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        await connection.execute(f"LOCK TABLE {', '.join(row['tablename'] for row in names)} IN SHARE MODE")
        yield connection


async def _copied(source: Side, target: Side, tables: list[Table], progress: Progress) -> Rows:
    """Copy all tables, then compare them row by row. Raises `Unavailable` where they differ."""
    rows: Rows = {}
    done = 0
    for table in tables:
        rows[table.name] = 0
        async for batch in source.rows(table):
            await target.insert(table, batch)
            rows[table.name] += len(batch)
            done += len(batch)
            progress(done, None)
    await target.set_last_number(await source.last_number())
    total = 2 * done
    for table in tables:
        compared = 0
        theirs = target.rows(table)
        async for batch in source.rows(table):
            if await _following(theirs) != batch:
                raise _differs(table, compared)
            compared += len(batch)
            done += len(batch)
            progress(done, total)
        if compared != rows[table.name] or await _following(theirs):
            raise _differs(table, compared)
    if await target.last_number() != await source.last_number():
        raise Unavailable("The last confirmation number did not arrive. Nothing was changed.")
    return rows


async def _following(rows: AsyncIterator[Batch]) -> Batch:
    """Return the next batch, empty at the end."""
    async for batch in rows:
        return batch
    return []


def _differs(table: Table, compared: int) -> Unavailable:
    return Unavailable(
        f"The rows of {table.name} differ after {compared} of them: nothing was changed. Please report this."
    )
