"""The limit: the SQL of recorded traces straight on the database, from one process, without HTTP.

PostgreSQL: as many asyncpg connections as the server has, each statement as the server sends it. SQLite: the one
writer with group commit, a transaction of each waiting client in every commit.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import uvloop

from benchmarks.recording import Ref, Step, Trace, Transaction
from benchmarks.servers import Place
from seatwright.storage.dialect import to_sqlite
from seatwright.storage.engine import only_reads


def rate(place: Place, traces: Sequence[Trace], *, clients: int, cancel: bool = False) -> float:
    """Replay traces on `place`, each once, and return how many were done in a second."""
    work = [trace.cancel if cancel else trace.place for trace in traces]
    seconds = _postgres(place, work, clients) if place.engine == "postgres" else _sqlite(place, work, clients)
    return len(work) / seconds


def _postgres(place: Place, work: list[list[Transaction]], connections: int) -> float:
    planned = [[_planned(steps) for steps in transactions] for transactions in work]
    return uvloop.run(_on_connections(place.url, planned, connections))


def _planned(steps: Transaction) -> tuple[bool, Transaction]:
    """Tell whether the server sends BEGIN and COMMIT around a transaction, by the rules of `storage.postgres`."""
    reads = all(step.mode == "sole" or _only_reads(step) for step in steps)
    return not reads, steps


def _only_reads(step: Step) -> bool:
    return step.mode == "fetch" and only_reads(step.sql)


async def _on_connections(url: str, work: list[list[tuple[bool, Transaction]]], count: int) -> float:
    connections = [await asyncpg.connect(url, statement_cache_size=512) for _ in range(count)]
    following = iter(work)

    async def user(connection: Any) -> None:
        for transactions in following:
            for explicit, steps in transactions:
                await _one(connection, steps, explicit=explicit)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as users:
        for connection in connections:
            users.create_task(user(connection))
    seconds = time.perf_counter() - began
    for connection in connections:
        await connection.close()
    return seconds


async def _one(connection: Any, steps: Transaction, *, explicit: bool) -> None:
    """Run one transaction, again where two of them meet, as the server does."""
    while True:
        begun = False
        try:
            for step in steps:
                if explicit and not begun and not _only_reads(step):
                    await connection.execute("BEGIN")
                    begun = True
                if step.mode == "many":
                    await connection.executemany(step.sql, step.args)
                elif step.mode == "execute":
                    await connection.execute(step.sql, *step.args)
                else:
                    await connection.fetch(step.sql, *step.args)
            if begun:
                await connection.execute("COMMIT")
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            if begun:
                await connection.execute("ROLLBACK")
            continue
        return


def _sqlite(place: Place, work: list[list[Transaction]], clients: int) -> float:
    connection = sqlite3.connect(place.folder / "seatwright.db", isolation_level=None, cached_statements=512)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-65536", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    planned = [[_in_sqlite(steps) for steps in transactions] for transactions in work]
    began = time.perf_counter()
    waiting = [list(reversed(transactions)) for transactions in planned[:clients]]
    rest = iter(planned[clients:])
    while waiting:
        connection.execute("BEGIN IMMEDIATE")
        for queue in waiting:
            _in_savepoint(connection, queue.pop())
        connection.execute("COMMIT")
        for at, queue in enumerate(waiting):
            if not queue:
                waiting[at] = list(reversed(next(rest, [])))
        waiting = [queue for queue in waiting if queue]
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def _in_sqlite(steps: Transaction) -> list[tuple[bool, str, Any]]:
    return [
        (step.mode == "many", to_sqlite(step.sql), step.args if step.mode == "many" else [_value(a) for a in step.args])
        for step in steps
    ]


def _value(arg: Any) -> Any:
    return json.dumps(arg) if type(arg) is list else arg


def _in_savepoint(connection: sqlite3.Connection, steps: list[tuple[bool, str, Any]]) -> None:
    connection.execute("SAVEPOINT use_case")
    known: dict[str, Any] = {}
    for many, sql, args in steps:
        if many:
            connection.executemany(sql, args)
            continue
        found = connection.execute(sql, [known[arg.column] if type(arg) is Ref else arg for arg in args]).fetchall()
        for name in found[0].keys() if found else ():
            if name in ("orders", "confirmation"):
                known[name] = found[0][name]
    connection.execute("RELEASE use_case")
