"""The embedded database: SQLite in WAL mode, with group commit.

Use cases are `async` so that the same code runs on PostgreSQL; here nothing in them ever waits, so each one is run to
its end with a single `send`, in the event loop's thread: a short one is over before another thread could begin. Work
that may take long, above all syncing to disk, is done in threads. The use cases that have queued up while the last
commit was being synced go into the next transaction together, each in a savepoint, so that one failure doesn't fail the
others. An answer is only sent after the commit.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from seatwright.core.errors import Unavailable
from seatwright.core.files import close_file
from seatwright.core.meter import meter
from seatwright.storage import outages
from seatwright.storage.engine import MAX_ATTEMPTS, Engine, Probe, ReadTx, Retry, Tx
from seatwright.storage.sqlite_turns import Turn, looks
from seatwright.storage.sqlite_tx import SqliteTx, drive

T = TypeVar("T")

FILE = "seatwright.db"
"""The database's name in the data directory."""
BATCH = 256
"""Use cases in one group commit at most."""
QUEUE = 10_000
"""Use cases waiting for the writer at most; beyond that callers get `Unavailable`."""
READERS = 4
AT_ONCE_S = 0.005
"""How long a read, or all use cases of a transaction except the last, may keep the event loop busy. During a read the
time is checked every `STEPS` steps of SQLite's machine.
"""
STEPS = 2_000
BUSY_TIMEOUT_S = 10.0
"""How long to wait for another process that is writing."""


@dataclass(slots=True)
class _Job:
    use_case: Callable[[Tx], Awaitable[Any]]
    future: asyncio.Future[Any]
    aside: bool = False
    one_trip: bool = False
    asked_at: float = 0.0
    done: bool = False
    result: Any = None
    error: BaseException | None = None


class _TooLong(BaseException):
    """A read has been stopped. It is a BaseException, so that no use case handles it as an error of its own."""


class _BatchLost(BaseException):
    """The transaction of the whole batch can't be saved; the cause says why. It is a BaseException, so that no use case
    mistakes it for something of its own.
    """


class SqliteDatabase:
    """SQLite behind `read()` and `write()`. Several processes may open the same file."""

    engine: Engine = "sqlite"

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """Open the database file at `path`; with `make`, create it first if it is missing.

        Raises `Unavailable` if that can't be done.
        """
        self.path = path
        self.probe: Probe | None = None
        self._jobs: deque[_Job] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._closed = False
        self._local = threading.local()
        self._turn = Turn(path.parent)
        self._reader_connections: list[sqlite3.Connection] = []
        try:
            if make:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with suppress(FileExistsError):  # an empty file is an empty database
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            before = _identity(path)
            self._writer: sqlite3.Connection | None = self._connect(write=True)
            try:
                self._file = _identity(path)
                if before != self._file:
                    raise OSError("it was replaced just now")
                for suffix in ("", "-wal", "-shm"):  # SQLite gives those beside it the rights of the first
                    close_file(path.with_name(path.name + suffix))
            except BaseException:
                self._writer.close()
                raise
        except FileNotFoundError as error:
            raise no_database(path) from error
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"The database {path} can't be opened: {error}.") from error
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")

    def _connect(self, *, write: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",  # never makes one
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.row_factory = sqlite3.Row
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            if mode != "wal":
                raise sqlite3.OperationalError("its file system has no shared memory; use a local disk")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute("PRAGMA cache_size=-65536")
            if not write:
                connection.execute("PRAGMA query_only=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_file(self) -> None:
        """Raise `Unavailable` if the file is not where it was: anything written to it would be lost when the process
        ends.
        """
        try:
            there = _identity(self.path) == self._file
        except OSError:
            there = False
        if not there:
            raise Unavailable(
                "The database file was moved or replaced while the server runs; put it back, or restart the server."
            )

    async def read(self, use_case: Callable[[ReadTx], Awaitable[T]], *, patient: bool = False) -> T:
        """Run a read-only use case on one snapshot.

        It runs at once, in this thread: most reads take less time than another thread needs to begin. A longer one is
        stopped after `AT_ONCE_S` and run again in a reader thread. A `patient` one runs there from the start, without a
        time limit.
        """
        if self._closed:
            raise Unavailable("The server is shutting down; try again.")
        if not patient:
            try:
                return self._read_now(use_case, time.monotonic() + AT_ONCE_S)
            except _TooLong:
                pass
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read_now, use_case)

    def _read_now(self, use_case: Callable[[ReadTx], Awaitable[T]], deadline: float | None = None) -> T:
        self._check_file()
        try:
            connection = self._reader()
            if deadline is not None:
                connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
            try:
                connection.execute("BEGIN")
                return drive(use_case(SqliteTx(connection, self.probe)))
            finally:
                if deadline is not None:
                    connection.set_progress_handler(None, 0)
                if connection.in_transaction:  # SQLite may have ended it because of an error
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise _TooLong from None
            outage = outages.of_sqlite(error)
            if outage is None:
                raise
            raise outage from error

    def _reader(self) -> sqlite3.Connection:
        """Return this thread's connection for reading."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect(write=False)
            self._reader_connections.append(connection)
        return connection

    async def write(
        self,
        use_case: Callable[[Tx], Awaitable[T]],
        *,
        patient: bool = False,
        heavy: bool = False,
        one_trip: bool = False,
    ) -> T:
        """Run a use case in a transaction that it shares with others; return once it is on disk.

        A `patient` or `heavy` use case runs in the writer thread instead of the event loop's.
        """
        if self._closed:
            raise Unavailable("The server is shutting down; try again.")
        if len(self._jobs) >= QUEUE:
            raise Unavailable("Too many writes are waiting; try again in a moment.", code="overloaded")
        job = _Job(use_case, asyncio.get_running_loop().create_future(), patient or heavy, one_trip, time.monotonic())
        self._jobs.append(job)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return cast("T", await job.future)

    async def _write_all(self) -> None:
        """Run the waiting use cases, a transaction at a time, until none is left."""
        while self._jobs:
            batch = [self._jobs.popleft() for _ in range(min(BATCH, len(self._jobs)))]
            try:
                await self._write_batch(batch)
            except sqlite3.Error as error:  # no transaction can be opened now: the waiting use cases would fail too
                batch += self._jobs
                self._jobs.clear()
                _fail(batch, _told(error))
            except BaseException as error:  # in any case, no caller may wait for ever
                _fail(batch, error)
            _answer(batch)

    async def _write_batch(self, batch: list[_Job]) -> None:
        """Run use cases in one transaction. Those for which there is no time wait for the next one."""
        self._check_file()
        connection = self._writer = self._writer or self._connect(write=True)
        await self._begin(connection)
        begun_at = time.monotonic()
        for job in batch:
            meter().wait("writer", begun_at - job.asked_at)
        try:
            if any(job.aside for job in batch):
                await self._in_thread(self._run_jobs, connection, batch)
            else:
                self._run_jobs(connection, batch, time.monotonic() + AT_ONCE_S)
            while not batch[-1].done:
                self._jobs.appendleft(batch.pop())
            if self.probe:
                self.probe.before("COMMIT")
            await self._in_thread(connection.execute, "COMMIT")
            if self.probe:
                self.probe.after("COMMIT")
        except BaseException as error:  # in any case, no caller of this batch may be told that it worked
            # Nor may anybody be told that it failed: the reason of a refusal may be a change that has just been undone.
            cause = error.__cause__ if isinstance(error, _BatchLost) else error
            _fail(batch, _told(cause or error))
            self._roll_back(connection)

    async def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin a transaction, taking turns with other processes."""
        mine = self._turn.take()
        try:
            if not (mine and _begun_at_once(connection)):
                await self._in_thread(self._wait_to_begin, connection, mine)
        finally:
            self._turn.give_back()

    def _wait_to_begin(self, connection: sqlite3.Connection, mine: bool) -> None:
        """Wait until it is this process's turn and no other process writes; raise SQLite's error after
        `BUSY_TIMEOUT_S`.
        """
        for _ in looks(BUSY_TIMEOUT_S):
            mine = mine or self._turn.take()
            if mine and _begun_at_once(connection):
                return
        _begin_now(connection)

    async def _in_thread(self, call: Callable[..., Any], *args: Any) -> None:
        """Call a function in the writer thread, and wait until it is done even if this task is cancelled meanwhile.

        The connection must not be used by two threads at once.
        """
        running = asyncio.get_running_loop().run_in_executor(self._committer, call, *args)
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        running.result()

    def _run_jobs(self, connection: sqlite3.Connection, batch: list[_Job], deadline: float | None = None) -> None:
        for job in batch:
            self._run_job(connection, job)
            job.done = True
            if deadline is not None and time.monotonic() > deadline:
                return

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.rollback()
        except sqlite3.Error:  # then only closing it is sure to undo what it did
            self._writer = None
            with suppress(sqlite3.Error):
                connection.close()

    def _run_job(self, connection: sqlite3.Connection, job: _Job) -> None:
        for _ in range(MAX_ATTEMPTS):
            try:
                job.result = self._in_savepoint(connection, job)
                return
            except Retry as retry:
                if retry.first is None:
                    continue
                first = _Job(retry.first, job.future)
                self._run_job(connection, first)
                if first.error is not None:
                    job.error = first.error
                    return
            except Exception as error:  # the use case's own; its caller gets it
                job.error = _told(error)
                return
        job.error = Unavailable("The same thing was being changed at the same time; try again.", code="busy")

    def _in_savepoint(self, connection: sqlite3.Connection, job: _Job) -> Any:
        try:
            connection.execute("SAVEPOINT use_case")
            result = drive(job.use_case(SqliteTx(connection, self.probe, one_trip=job.one_trip)))
            connection.execute("RELEASE use_case")
        except BaseException as error:
            if not connection.in_transaction:
                raise _BatchLost from error  # SQLite has rolled everything back (disk full, I/O error)
            try:
                connection.execute("ROLLBACK TO use_case")
                connection.execute("RELEASE use_case")
            except sqlite3.Error as failed:
                raise _BatchLost from failed  # or half of it would be committed with its neighbours
            raise
        return result

    async def close(self) -> None:
        """Let queued writes finish, then close all connections."""
        if self._closed:
            return
        self._closed = True
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._committer.shutdown()
        self._readers.shutdown()
        self._turn.close()
        for connection in (*self._reader_connections, self._writer):
            if connection is not None:
                connection.close()


def no_database(path: Path) -> Unavailable:
    """Return the error for a database that doesn't exist, so that no empty one is made in its place."""
    return Unavailable(
        f"There is no database {path.absolute()}: --data or SEATWRIGHT_DATA names the directory that it is in, and "
        "`seatwright migrate` makes a new one.",
        code="no_database",
    )


def _begun_at_once(connection: sqlite3.Connection) -> bool:
    """Begin a transaction if no other process has one: the event loop must not wait for that."""
    try:
        _begin_now(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _begin_now(connection: sqlite3.Connection) -> None:
    """Begin a transaction; raise SQLite's busy error at once."""
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT_S * 1000)}")


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _told(error: BaseException) -> BaseException:
    """Return the error for a caller: `Unavailable` for an outage, any other error unchanged."""
    outage = outages.of_sqlite(error)
    if outage is None:
        return error
    outage.__cause__ = error
    return outage


def _fail(batch: list[_Job], error: BaseException) -> None:
    for job in batch:
        job.error = error


def _answer(batch: list[_Job]) -> None:
    """Wake the callers."""
    for job in batch:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
