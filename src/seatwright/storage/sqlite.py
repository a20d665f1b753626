"""The embedded database: SQLite in WAL mode, one writer thread with group commit, reader threads.

Use cases are `async` so that the same code runs on PostgreSQL; here nothing in them ever waits, so
the writer thread drives each one to its end with a single `send`. Whatever has queued up while the
last commit was being synced to disk goes into the next transaction together, each in a savepoint,
so that one failure doesn't fail its neighbours. An answer is only given after the commit.
"""

from __future__ import annotations

import asyncio
import json
import queue
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from seatwright.core.errors import Unavailable
from seatwright.storage.dialect import to_sqlite
from seatwright.storage.engine import MAX_ATTEMPTS, ConstraintViolation, Engine, Probe, ReadTx, Retry, Row, Tx

T = TypeVar("T")

BATCH = 256
"""Use cases in one group commit at most."""
QUEUE = 10_000
"""Use cases waiting for the writer at most; beyond that callers get `Unavailable`."""
READERS = 4
BUSY_TIMEOUT_S = 10.0
"""How long to wait for another process that is writing."""


def _values(args: Sequence[Any]) -> Sequence[Any]:
    return [json.dumps(arg) if isinstance(arg, list) else arg for arg in args]


class SqliteTx:
    """A transaction on one connection. Made by `SqliteDatabase` only."""

    engine: Engine = "sqlite"

    def __init__(self, connection: sqlite3.Connection, probe: Probe | None) -> None:
        self._connection = connection
        self._probe = probe

    def _run(self, sql: str, args: Sequence[Any]) -> sqlite3.Cursor:
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

    async def finish(self, sql: str, *args: Any) -> Row | None:
        """Run the use case's last statement and return its first row."""
        return await self.row(sql, *args)

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of `rows`."""
        if self._probe:
            self._probe.before(sql)
        try:
            self._connection.executemany(to_sqlite(sql), [_values(row) for row in rows])
        except sqlite3.IntegrityError as error:
            raise ConstraintViolation(str(error)) from error
        if self._probe:
            self._probe.after(sql)


@dataclass(slots=True)
class _Job:
    use_case: Callable[[Tx], Awaitable[Any]]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class _BatchLost(BaseException):
    """SQLite itself has rolled back the transaction of the whole batch."""


def _drive(awaitable: Awaitable[T]) -> T:
    coroutine = cast("Coroutine[Any, Any, T]", awaitable)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    coroutine.close()
    raise AssertionError("A use case waited for something else than its transaction.")


class SqliteDatabase:
    """SQLite behind `read()` and `write()`. Several processes may open the same file."""

    engine: Engine = "sqlite"

    def __init__(self, path: Path) -> None:
        """Open (or create) the database file at `path`. Raises `Unavailable` if that can't be done."""
        self.path = path
        self.probe: Probe | None = None
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=QUEUE)
        self._closed = False
        self._local = threading.local()
        self._reader_connections: list[sqlite3.Connection] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect(write=True)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"The database {path} can't be opened: {error}.") from error
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._thread = threading.Thread(target=self._write_loop, name="sqlite-writer", daemon=True)
        self._thread.start()

    def _connect(self, *, write: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA cache_size=-65536")
        if not write:
            connection.execute("PRAGMA query_only=ON")
        return connection

    async def read(self, use_case: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Run a read-only use case on one snapshot, in a reader thread."""
        if self._closed:
            raise Unavailable("The server is shutting down; try again.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read_now, use_case)

    def _read_now(self, use_case: Callable[[ReadTx], Awaitable[T]]) -> T:
        try:
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._connect(write=False)
                self._reader_connections.append(connection)
            connection.execute("BEGIN")
            try:
                return _drive(use_case(SqliteTx(connection, self.probe)))
            finally:
                connection.execute("ROLLBACK")
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            raise _unavailable(error) from error

    async def write(self, use_case: Callable[[Tx], Awaitable[T]]) -> T:
        """Run a use case in the writer thread; return once it is on disk."""
        if self._closed:
            raise Unavailable("The server is shutting down; try again.")
        loop = asyncio.get_running_loop()
        job = _Job(use_case, loop, loop.create_future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise Unavailable("Too many writes are waiting; try again in a moment.", code="overloaded") from None
        return cast("T", await job.future)

    def _write_loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch = [job]
            stop = False
            while len(batch) < BATCH and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    stop = True
                    break
                batch.append(following)
            self._commit_batch(batch)
            _answer(batch)
            if stop:
                return

    def _commit_batch(self, batch: list[_Job]) -> None:
        connection = self._writer
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._run_job(connection, job)
            if self.probe:
                self.probe.before("COMMIT")
            connection.execute("COMMIT")
            if self.probe:
                self.probe.after("COMMIT")
        except (
            Exception,
            _BatchLost,
        ) as error:  # whatever it is, nobody in this batch may be told that it worked
            if connection.in_transaction:
                connection.rollback()
            failure = _unavailable(error) if isinstance(error, (sqlite3.Error, _BatchLost)) else error
            for job in batch:
                job.error = job.error or failure

    def _run_job(self, connection: sqlite3.Connection, job: _Job) -> None:
        for _ in range(MAX_ATTEMPTS):
            try:
                job.result = self._in_savepoint(connection, job.use_case)
                return
            except Retry as retry:
                if retry.first is None:
                    continue
                try:
                    self._in_savepoint(connection, retry.first)
                except Exception as error:  # the caller's, as below
                    job.error = error
                    return
            except Exception as error:  # the use case's own; its caller gets it
                job.error = _unavailable(error) if isinstance(error, sqlite3.Error) else error
                return
        job.error = Unavailable("The same thing was being changed at the same time; try again.", code="busy")

    def _in_savepoint(self, connection: sqlite3.Connection, use_case: Callable[[Tx], Awaitable[T]]) -> T:
        connection.execute("SAVEPOINT use_case")
        try:
            result = _drive(use_case(SqliteTx(connection, self.probe)))
        except BaseException:
            if not connection.in_transaction:
                raise _BatchLost from None  # SQLite has rolled everything back (disk full, I/O error)
            connection.execute("ROLLBACK TO use_case")
            connection.execute("RELEASE use_case")
            raise
        connection.execute("RELEASE use_case")
        return result

    async def close(self) -> None:
        """Let queued writes finish, then close all connections."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._jobs.put(None)
        self._thread.join()
        self._readers.shutdown()
        for connection in (*self._reader_connections, self._writer):
            connection.close()


def _unavailable(error: BaseException) -> Unavailable:
    return Unavailable(f"The database can't do this now ({error}); try again in a moment.")


def _answer(batch: list[_Job]) -> None:
    """Wake the callers, one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in batch:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
