"""`seatwright move`, from SQLite to PostgreSQL and back: everything arrives, and no interruption loses anything."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from seatwright.backup import move, move_sides
from seatwright.backup.move_sides import NOT_MOVED, NUMBERED, SqliteSide
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.core.errors import Unavailable
from seatwright.core.ids import new_hex24
from seatwright.storage.engine import Database
from seatwright.storage.sqlite import FILE
from seatwright.storage.sqlite_turns import FILE as LOCK
from tests.backup.conftest import ended, refused, seatwright, start, works
from tests.conftest import settings_for
from tests.faults.world import open_world
from tests.postgres import PostgresServer

Rows = dict[str, list[Any]]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An SQLite database with rows in nearly every table."""
    settings = settings_for(tmp_path_factory.mktemp("full"))
    works(settings, "migrate")

    async def furnish() -> None:
        async with open_world(settings):
            pass

    asyncio.run(furnish())
    return settings


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    name = f"test_{new_hex24()}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


def rows_of(settings: Settings) -> Rows:
    """Return what is in an SQLite database, but for what each database makes by itself."""
    with closing(sqlite3.connect(settings.data / FILE)) as connection:
        columns = SqliteSide(connection).columns()
        chosen = {
            name: ", ".join(sorted(column for column in columns[name] if (name, column) not in NUMBERED))
            for name in columns.keys() - (NOT_MOVED - {"confirmation_number"})
        }
        return {
            name: sorted(connection.execute(f"SELECT {some} FROM {name}").fetchall(), key=repr)
            for name, some in chosen.items()
        }


def made_in(folder: Path) -> set[str]:
    """Return the files in a data directory, without the lock by which processes take turns."""
    return {path.name for path in folder.iterdir()} - {LOCK}


def accounts_in(url: str) -> int:
    """Return how many accounts a PostgreSQL database has; 0 without a schema."""

    async def count() -> int:
        connection = await asyncpg.connect(url)
        try:
            if await connection.fetchval("SELECT to_regclass('account')") is None:
                return 0
            return int(await connection.fetchval("SELECT COUNT(*) FROM account"))
        finally:
            await connection.close()

    return asyncio.run(count())


async def nothing(_database: Database) -> None:
    """Finish a move without a check."""


def test_there_and_back_everything_is_as_it_was(
    full: Settings, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move_sides, "BATCH", 3)
    before = rows_of(full)
    filled = {name for name, rows in before.items() if rows}
    assert len(filled) > 25, "or this test shows little"
    said = works(full, "move", "--to", url)
    assert "checks passed." in said
    assert f"orders {len(before['orders'])}" in said
    assert "Now set SEATWRIGHT_DATABASE_URL to the new address" in said
    assert rows_of(full) == before, "the source is only read"
    back = settings_for(tmp_path, url)
    assert "Now unset SEATWRIGHT_DATABASE_URL" in works(back, "move", "--to", "sqlite")
    assert rows_of(back) == before, "to the last byte, and the next confirmation number too"
    assert made_in(tmp_path) == {FILE}
    assert "checks passed." in works(settings_for(tmp_path), "doctor")


def test_what_can_not_be_moved_is_refused_with_one_line(full: Settings, url: str, tmp_path: Path) -> None:
    assert "both are the same kind of database" in refused(full, "move", "--to", "sqlite")
    code, said = seatwright(full, "move", "--to", "mysql://x")
    assert (code, said) == (2, "seatwright: --to: must start with postgresql://, or be sqlite.\n")
    assert "can't be reached" in refused(full, "move", "--to", "postgresql://nobody@127.0.0.1:1/x")
    with closing(sqlite3.connect(full.data / FILE)) as server:
        server.execute("SELECT COUNT(*) FROM account").fetchone()
        server.execute("BEGIN IMMEDIATE")
        assert "is in use" in refused(full, "move", "--to", url)
    taken = settings_for(tmp_path, url)
    works(taken, "migrate")
    works(taken, "account", "create", "--code", "x", "--name", "X", "--email", "x@x.example")
    assert "has 1 account in it: name an empty one" in refused(full, "move", "--to", url)
    (tmp_path / FILE).touch()
    assert "is there already" in refused(taken, "move", "--to", "sqlite")


class Interrupted(Exception):
    """Raised in the middle of a move."""


def test_interrupted_anywhere_nothing_has_happened_and_the_next_try_works(
    full: Settings, url: str, tmp_path: Path
) -> None:
    """At steps from the first to the last, in both directions: the source is whole and the target has nothing."""
    before = rows_of(full)
    there, back = settings_for(tmp_path / "a", url), settings_for(tmp_path / "b")
    for each in (there, back):
        each.data.mkdir()

    def stopping(at: int) -> Any:
        steps = iter(range(1, 1_000_000))

        def progress(_done: int, _total: int | None) -> None:
            if next(steps) == at:
                raise Interrupted

        return progress

    def interrupted(mover: Any, source: Settings, target: Settings, check: Any) -> int:
        for at in range(1, 1_000_000, 17):
            try:
                asyncio.run(mover(source, target, SystemClock(), nothing, stopping(at)))
            except Interrupted:
                check()
            else:
                return at
        raise AssertionError

    def not_there() -> None:
        assert accounts_in(url) == 0

    def not_back() -> None:
        assert made_in(back.data) == set()

    assert interrupted(move.to_postgres, full, there, not_there) > 40
    assert rows_of(full) == before
    assert interrupted(move.to_sqlite, there, back, not_back) > 40
    assert rows_of(back) == before


@pytest.mark.parametrize("step", [3, 40])
def test_killed_in_the_middle_the_next_try_works(full: Settings, url: str, step: int) -> None:
    """While it copies, and while it compares."""
    killing = f"""
import itertools, os
import seatwright.cli.moving as moving
steps, mover = itertools.count(1), moving.move.to_postgres
def progress(done, total):
    if next(steps) == {step}: os._exit(9)
moving.move.to_postgres = lambda source, target, clock, finish, _: mover(source, target, clock, finish, progress)
"""
    code, said = ended(start(full, "move", "--to", url, code=killing))
    assert code == 9, said
    assert accounts_in(url) == 0
    assert "checks passed." in works(full, "move", "--to", url)


def test_a_row_that_arrives_changed_stops_the_move(full: Settings, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the comparison."""
    insert = move.PostgresSide.insert

    async def careless(self: Any, table: Any, batch: Any) -> None:
        if table.name == "departure":
            place = table.columns.index("taken")
            batch = [(*row[:place], 0, *row[place + 1 :]) for row in batch]
        await insert(self, table, batch)

    monkeypatch.setattr(move.PostgresSide, "insert", careless)
    target = replace(full, database_url=url)
    with pytest.raises(Unavailable, match="The rows of departure differ after 0 of them"):
        asyncio.run(move.to_postgres(full, target, SystemClock(), nothing))
    assert accounts_in(url) == 0
