"""Chooses the database that the settings name."""

from __future__ import annotations

import re

from seatwright.core.config import Settings
from seatwright.storage.engine import Database
from seatwright.storage.postgres import PostgresDatabase
from seatwright.storage.postgres_tools import without_password
from seatwright.storage.sqlite import FILE, SqliteDatabase


async def open_database(settings: Settings, *, make: bool = False) -> Database:
    """Open PostgreSQL if `SEATWRIGHT_DATABASE_URL` is set, else SQLite in the data directory.

    An SQLite file that isn't there is only made if `make` says so: for who migrates it next. Raises `Unavailable` if
    it can't be opened. The caller closes it.
    """
    if settings.database_url:
        return await PostgresDatabase.open(settings.database_url, pool_size=settings.pool_size)
    return SqliteDatabase(settings.data / FILE, make=make)


def database_name(settings: Settings) -> str:
    """Return how the database is named to people: the address without user and password, or the file's whole path."""
    if settings.database_url:
        return re.sub(r"//[^/?]*@", "//", without_password(settings.database_url)[0])
    return str((settings.data / FILE).absolute())
