"""Chooses the database that the settings name."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from seatwright.core.config import Settings
from seatwright.storage.engine import Database
from seatwright.storage.postgres import PostgresDatabase
from seatwright.storage.sqlite import FILE, SqliteDatabase


async def open_database(settings: Settings, *, make: bool = False) -> Database:
    """Open PostgreSQL if `SEATWRIGHT_DATABASE_URL` is set, else SQLite in the data directory.

    A missing SQLite file is made only with `make`, for a caller that migrates it next. Raises `Unavailable` if it can't
    be opened. The caller closes it.
    """
    if settings.database_url:
        return await PostgresDatabase.open(settings.database_url, pool_size=settings.pool_size)
    return SqliteDatabase(settings.data / FILE, make=make)


def database_name(settings: Settings) -> str:
    """Return the name of the database for people: the address without user and password, or the file's absolute
    path.
    """
    if settings.database_url:
        return re.sub(r"//[^/?]*@", "//", without_password(settings.database_url)[0])
    return str((settings.data / FILE).absolute())


def without_password(url: str) -> tuple[str, str]:
    """Split the password off a PostgreSQL URL: its own, or the one among its parameters."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    password = next((value for name, value in parameters if name == "password"), unquote(password))
    query = urlencode([(name, value) for name, value in parameters if name != "password"])
    address = f"{parts.scheme}://{user}{at}{host}{parts.path}"
    return address + (f"?{query}" if query else ""), password
