"""Processes that write to the same SQLite file take turns, also where a commit takes long."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seatwright.core.errors import Unavailable
from seatwright.storage import sqlite, sqlite_turns
from seatwright.storage.engine import Tx
from seatwright.storage.sqlite import SqliteDatabase
from seatwright.storage.sqlite_turns import Turn, looks

SLOW_COMMIT_S = 0.03
"""What a disk with slow fsync takes."""
COMMITS = 40


class SlowDisk:
    """A connection whose commits take long, and are counted. It stands for one that no test has: a slow disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.commits = 0

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            time.sleep(SLOW_COMMIT_S)
            self.commits += 1
        return self._connection.execute(sql, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def insert(tx: Tx) -> None:
    await tx.execute("INSERT INTO written VALUES (1)")


def write_on(path: Path, begin: threading.Barrier, ended: threading.Event, enough: Callable[[int], bool]) -> int:
    """Write without a pause, as one process does, until somebody has written enough; return the number of commits."""

    async def run() -> int:
        database = SqliteDatabase(path)
        disk: Any = SlowDisk(database._writer)  # type: ignore[arg-type]
        database._writer = disk
        try:
            begin.wait(60)
            while not ended.is_set():
                await database.write(insert)
                if enough(disk.commits):
                    ended.set()
        finally:
            ended.set()
            await database.close()
        return int(disk.commits)

    return asyncio.run(run())


def shares(path: Path, writers: int) -> list[int]:
    """Let several processes write at once until one of them has made `COMMITS` commits; return how many each made."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # or those who open it first are in each other's way
        connection.execute("CREATE TABLE written (n)")
    connection.close()
    begin, ended = threading.Barrier(writers), threading.Event()
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(write_on(path, begin, ended, lambda commits: commits >= COMMITS)))
        for _ in range(writers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return sorted(found)


@pytest.mark.parametrize("writers", [2, 3])
def test_nobody_writes_alone_on_a_slow_disk(tmp_path: Path, writers: int) -> None:
    least, *_, most = shares(tmp_path / "turns.db", writers)
    assert most >= COMMITS
    assert least >= COMMITS / 4


def test_control_without_turns_one_process_writes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As SQLite's own waiting is, which looks again every tenth of a second.

    Who looks so seldom may be lucky on a busy machine, where the other one rests; so there are several rounds.
    """
    monkeypatch.setattr(Turn, "take", lambda self: True)
    monkeypatch.setattr(sqlite_turns, "FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr(sqlite_turns, "LONGEST_PAUSE_S", 0.1)
    rounds = (shares(tmp_path / f"turns{n}.db", 2) for n in range(8))
    assert any(most >= COMMITS and least < COMMITS / 4 for least, most in rounds)


def test_one_process_at_a_time_has_the_turn(tmp_path: Path) -> None:
    first, second = Turn(tmp_path), Turn(tmp_path)
    assert first.take()
    assert not second.take()
    first.give_back()
    assert second.take()
    assert not first.take()
    second.close()
    assert first.take(), "a process that ends leaves its turn to others"
    first.close()
    nowhere = Turn(tmp_path / "no directory")
    assert nowhere.take(), "without the lock's file everybody has the turn"
    nowhere.give_back()


async def test_who_keeps_the_turn_keeps_nobody_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.1)
    stopped = Turn(tmp_path)
    assert stopped.take()
    database = SqliteDatabase(tmp_path / "turns.db", make=True)
    await database.write(lambda tx: tx.execute("CREATE TABLE written (n BIGINT)"))
    with sqlite3.connect(tmp_path / "turns.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await database.write(insert)
    other.close()
    stopped.close()
    await database.close()


def test_a_time_limit_that_has_passed_still_allows_one_look() -> None:
    assert len(list(looks(-1))) == 1
