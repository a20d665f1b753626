"""Which failures of a database are outages. An outage is `Unavailable` (503): nothing was acknowledged, and trying
again is safe. Every other error of a database is a mistake of ours, and must be reported as one.

The sentences go to clients, so they hold no addresses, paths or names; the original error is the cause.
"""

from __future__ import annotations

import sqlite3

import asyncpg

from seatwright.core.errors import Unavailable

_DISK_FULL = "its disk is full"
_READ_ONLY = "it takes no writes"
_IO = "it can't read or write its files"
_BUSY = "something else keeps it busy"
_TOO_LONG = "it took too long"
_EXHAUSTED = "it has no connections or memory left"
_SHUTTING_DOWN = "it is being shut down or started"
_REACH = "it can't be reached"

ASYNCPG = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""The errors that the library raises, both for outages and for mistakes."""

_SQLITE = {
    sqlite3.SQLITE_FULL: _DISK_FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _IO,
    sqlite3.SQLITE_CANTOPEN: _IO,
    sqlite3.SQLITE_CORRUPT: _IO,
    sqlite3.SQLITE_NOTADB: _IO,
    sqlite3.SQLITE_PROTOCOL: _BUSY,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_NOMEM: _EXHAUSTED,
}
"""Primary result codes of outages; all others (no such table, misuse, ...) are mistakes."""

_POSTGRES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((asyncpg.DiskFullError,), _DISK_FULL),
    ((asyncpg.ReadOnlySQLTransactionError,), _READ_ONLY),
    ((asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.TransactionTimeoutError), _TOO_LONG),
    ((asyncpg.IdleInTransactionSessionTimeoutError, TimeoutError), _TOO_LONG),
    ((asyncpg.InsufficientResourcesError,), _EXHAUSTED),
    ((asyncpg.OperatorInterventionError,), _SHUTTING_DOWN),
    ((asyncpg.PostgresSystemError, asyncpg.InternalServerError), _IO),
    ((asyncpg.TransactionRollbackError,), _BUSY),
    ((asyncpg.PostgresConnectionError, OSError), _REACH),
)
"""By class of SQLSTATE, the more specific ones first."""


def _outage(reason: str) -> Unavailable:
    return Unavailable(f"The database can't do this now: {reason}. Try again in a moment.")


def of_sqlite(error: BaseException) -> Unavailable | None:
    """Return the outage that SQLite's `error` shows, or None if it is a mistake."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", None)  # absent where Python's own module refuses
    reason = None if code is None else _SQLITE.get(code & 0xFF)
    return None if reason is None else _outage(reason)


def of_postgres(error: BaseException, *, closed: bool = False) -> Unavailable | None:
    """Return the outage that asyncpg's `error` shows, or None if it is a mistake.

    `closed` says that the connection is gone. An error of the library about misuse then only means that.
    """
    for classes, reason in _POSTGRES:
        if isinstance(error, classes):
            return _outage(reason)
    if closed and isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return _outage(_REACH)
    return None


def of_connecting(error: Exception) -> Unavailable:
    """Return the outage for a connection that can't be opened. The caller can do nothing about it, for any cause."""
    return of_postgres(error, closed=True) or _outage(_REACH)
