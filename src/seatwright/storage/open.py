"""Chooses the database that the settings name."""

from __future__ import annotations

from seatwright.core.config import Settings
from seatwright.storage.engine import Database
from seatwright.storage.postgres import PostgresDatabase
from seatwright.storage.sqlite import FILE, SqliteDatabase


async def open_database(settings: Settings) -> Database:
    """Open PostgreSQL if `SEATWRIGHT_DATABASE_URL` is set, else SQLite in the data directory.

    Raises `Unavailable` if it can't be opened. The caller closes it.
    """
    if settings.database_url:
        return await PostgresDatabase.open(settings.database_url, pool_size=settings.pool_size)
    return SqliteDatabase(settings.data / FILE)
