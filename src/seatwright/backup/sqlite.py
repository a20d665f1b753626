"""Backup and restoration of the embedded database."""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from seatwright.backup import archive
from seatwright.backup.archive import Manifest, Reader, Source, Writer
from seatwright.core.errors import Conflict, Invalid, Unavailable
from seatwright.storage.engine import Database
from seatwright.storage.sqlite import BUSY_TIMEOUT_S, FILE, SqliteDatabase, no_database

T = TypeVar("T")

IN_USE_WAIT_S = 2.0
"""How long a restoration waits for another process that still uses the file, in seconds."""
_BESIDE = ("-wal", "-shm", "-journal")
_REPLACED = b"This database was replaced by `seatwright restore`.\n"


def dump(data: Path, target: Path, writer: Writer) -> Source:
    """Add a copy of the data directory's database to a backup, checked page by page.

    The copy is made in one reading transaction: writers can go on meanwhile. It needs the database's size in free space
    beside `target`. Raises `Unavailable` if there is no database, or it is damaged.
    """
    path = data / FILE
    if not path.exists():
        raise no_database(path)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as directory:
        draft = Path(directory) / FILE
        try:
            _copy(path, draft)
            with closing(sqlite3.connect(draft)) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")  # one file for every program that opens it
                _check(connection, "integrity_check")
                source = _described(connection)
        except sqlite3.Error as error:
            raise Unavailable(f"The database {path} can't be backed up: {error}.") from error
        with draft.open("rb") as file:
            writer.add(archive.DATABASE, file, compress=True)
    return source


async def load(data: Path, reader: Reader, finish: Callable[[Database], Awaitable[T]], *, force: bool) -> T:
    """Put a backup's database, `finish`ed, in the place of the data directory's. See `backup.restore`."""
    path = data / FILE
    _check_place(path, force)
    draft = data / f".{FILE}.{secrets.token_hex(4)}.restore"
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: ASYNC230
            reader.extract(archive.DATABASE, file)
        _check_draft(draft, reader.manifest)
        with _alone(path, force):
            database = SqliteDatabase(draft)
            try:
                result = await finish(database)
            finally:
                await database.close()
            make_one_file(draft)
            archive.put_in_place(draft, path, replace=path.exists())
        return result
    except FileExistsError:
        raise _in_use(path) from None
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The backup can't be restored in {data}: {error}. Nothing was changed.") from error
    finally:
        for leftover in (draft, *beside(draft)):
            leftover.unlink(missing_ok=True)


def _copy(path: Path, draft: Path) -> None:
    address = f"{path.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)) as source,
        closing(sqlite3.connect(draft, isolation_level=None)) as target,
    ):
        target.execute("PRAGMA synchronous=OFF")  # the copy is read once, and deleted
        source.backup(target)  # all pages in one step, so no commit in between makes it start again


def _check(connection: sqlite3.Connection, pragma: str) -> None:
    """Raise `Unavailable` unless SQLite finds its file sound."""
    found = connection.execute(f"PRAGMA {pragma}(1)").fetchone()[0]
    if found != "ok":
        raise Unavailable(f"The database is damaged: {' '.join(found.split())}.", code="database_damaged")


def _described(connection: sqlite3.Connection) -> Source:
    """Return the description of a database. Raises `Unavailable` if it isn't one of Seatwright's."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables.issuperset(archive.MAIN_TABLES):
        raise Unavailable("The database has no tables of Seatwright's; there is nothing to back up.")
    (version,) = connection.execute("SELECT MAX(version) FROM schema_version").fetchone()
    rows = {name: _count(connection, name) for name in archive.MAIN_TABLES}
    return Source(engine_version=sqlite3.sqlite_version, schema_version=version, namespace="", rows=rows)


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608 - names of ours


def _check_draft(draft: Path, manifest: Manifest) -> None:
    """Raise `Invalid` unless a restored file is the database that the manifest describes."""
    try:
        with closing(sqlite3.connect(draft)) as connection:
            _check(connection, "quick_check")
            found = _described(connection)
    except (Unavailable, sqlite3.Error) as error:
        raise Invalid(f"The backup's database can't be used: {error} Nothing was changed.") from error
    rows = {name: count for name, count in manifest.rows.items() if name in found.rows}
    if found.schema_version != manifest.schema_version or not rows.items() <= found.rows.items():
        raise Invalid("The backup's database is not what its manifest says. Nothing was changed.")


def _check_place(path: Path, force: bool) -> None:
    """Raise `Conflict` if something is in the way of a new database, without changing it."""
    if not path.exists():
        _refuse_orphans(path)
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            _refuse_accounts(connection, force)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error


def _refuse_orphans(path: Path) -> None:
    """Refuse leftover files of a removed database: SQLite would take them for a part of the new one."""
    for orphan in beside(path):
        if orphan.exists():
            raise Conflict(f"{orphan} is left of a database that is gone: move it away first.", code="file_exists")


def _refuse_accounts(connection: sqlite3.Connection, force: bool) -> None:
    known = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'account'")
    accounts = _count(connection, "account") if known.fetchone()[0] else 0
    if accounts and not force:
        raise archive.has_accounts(accounts)


@contextmanager
def _alone(path: Path, force: bool) -> Iterator[None]:
    """Keep every other process out of the database at `path`, if there is one, until it is replaced.

    Its write-ahead log is emptied and removed first: it must not be mistaken for the new one's. Raises `Conflict` if
    another process uses it.
    """
    if not path.exists():
        _refuse_orphans(path)
        yield
        return
    # Opened before SQLite does, and closed after: closing a file drops all of a process's locks on it.
    descriptor = os.open(path, os.O_RDWR)
    try:
        with closing(locked(path)) as connection:
            _refuse_accounts(connection, force)
            yield
            if not os.path.samestat(os.fstat(descriptor), path.stat()):
                # A process that has opened the old file meanwhile waits for its lock, and must not go on with a deleted
                # file.
                os.pwrite(descriptor, _REPLACED, 0)
    finally:
        os.close(descriptor)


def locked(path: Path) -> sqlite3.Connection:
    """Open a database that no other process has open, and that none can read until this is closed."""
    connection = sqlite3.connect(path, timeout=IN_USE_WAIT_S, isolation_level=None)
    try:
        if connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
            raise _in_use(path)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        connection.close()
        busy = (error.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        raise (_in_use(path) if busy else _unreadable(path, error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def make_one_file(draft: Path) -> None:
    """Write everything into the file itself, and sync the file to the disk."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    descriptor = os.open(draft, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in _BESIDE]


def _in_use(path: Path) -> Conflict:
    return Conflict(f"{path} is in use: stop the server, then restore.", code="database_in_use")


def _unreadable(path: Path, error: sqlite3.Error) -> Conflict:
    return Conflict(
        f"{path} can't be read ({error}): move it away, with what is named like it, then restore.",
        code="database_damaged",
    )
