"""Backups of either database while the server runs, and their restoration.

A backup is consistent: it has everything that was committed before it began, and each transaction that was committed
while it was made either whole or not at all. `backup.archive` describes the file.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from seatwright.backup import archive, postgres, sqlite
from seatwright.backup.archive import Manifest, Reader
from seatwright.backup.postgres_tools import check_dump
from seatwright.core.clock import Clock
from seatwright.core.config import Settings
from seatwright.core.errors import Invalid
from seatwright.core.progress import Progress, untold
from seatwright.core.times import iso_utc
from seatwright.storage.engine import Database, Engine
from seatwright.storage.migrate import migrations
from seatwright.storage.open import open_database

T = TypeVar("T")

_NAMES: dict[Engine, str] = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


async def back_up(
    settings: Settings,
    clock: Clock,
    target: Path,
    *,
    secret: bytes | None,
    secret_check: str,
    force: bool,
    progress: Progress = untold,
) -> Manifest:
    """Write a backup of the database that the settings name to the new file `target`, and return what is in it.

    `secret` is stored in it unchanged; `secret_check` goes into the manifest (see there). Raises `Conflict` if `target`
    exists, unless `force`, and `Unavailable` if the database can't be read, is not sound, or the file can't be written.
    Then there is no new file, and an old one is unchanged.
    """
    created_at = iso_utc(clock.now())  # before the snapshot: everything committed by now is in it
    with archive.new_file(target, force=force) as file, archive.Writer(file, progress) as writer:
        if settings.database_url:
            source = await postgres.dump(settings.database_url, writer)
        else:
            source = await asyncio.to_thread(sqlite.dump, settings.data, target, writer)
        if secret is not None:
            writer.add(archive.SECRET, io.BytesIO(secret), compress=False)
        manifest = Manifest(
            format=archive.FORMAT,
            engine=engine_of(settings),
            engine_version=source.engine_version,
            seatwright_version=version("seatwright"),
            schema_version=source.schema_version,
            namespace=source.namespace,
            created_at=created_at,
            secret_check=secret_check,
            rows=source.rows,
            parts=writer.parts,
        )
        writer.close(manifest)
    return manifest


async def restore(settings: Settings, reader: Reader, finish: Callable[[Database], Awaitable[T]], *, force: bool) -> T:
    """Replace the database that the settings name by a backup's, and return the result of `finish`.

    `finish` brings it up to date. On SQLite it works on a copy that then takes the database's place in one step; on
    PostgreSQL the backup is loaded in one transaction, and `finish` runs after it.

    Raises, with nothing changed: `Invalid` if the backup is damaged, of the other engine, or newer than this program;
    `Conflict` if the database has accounts, unless `force`, or a server uses it; `Unavailable` if it can't be written.
    """
    check_fits(reader.manifest, settings)
    if not settings.database_url:
        return await sqlite.load(settings.data, reader, finish, force=force)
    await postgres.load(settings.database_url, settings.data, reader, force=force)
    database = await open_database(settings)
    try:
        return await finish(database)
    finally:
        await database.close()


async def verify(
    settings: Settings, reader: Reader, scratch: Path, finish: Callable[[Database], Awaitable[T]]
) -> T | None:
    """Try a backup in the empty directory `scratch`, without touching the database that the settings name.

    One of SQLite is restored there, and the result of `finish` returned. Of one of PostgreSQL the dump is read to its
    end. Raises `Invalid` and `Unavailable` as `restore` does.
    """
    place = replace(settings, data=scratch, database_url="")
    if reader.manifest.engine == "sqlite":
        return await restore(place, reader, finish, force=False)
    check_fits(reader.manifest, replace(place, database_url="postgresql://"))
    dump = scratch / archive.DATABASE
    with dump.open("wb") as file:
        reader.extract(archive.DATABASE, file)
    version = reader.manifest.engine_version
    await asyncio.to_thread(check_dump, dump, int(version) if version.isdecimal() else 0)
    return None


def engine_of(settings: Settings) -> Engine:
    """Return which database the settings name."""
    return "postgres" if settings.database_url else "sqlite"


def check_fits(manifest: Manifest, settings: Settings) -> None:
    """Raise `Invalid` unless this program, with these settings, can restore such a backup."""
    engine = engine_of(settings)
    if manifest.engine != engine:
        raise Invalid(
            f"The backup is of {_NAMES[manifest.engine]}, and the settings name {_NAMES[engine]}: "
            "SEATWRIGHT_DATABASE_URL decides.",
            code="backup_other_engine",
        )
    newest = len(migrations(engine))
    if manifest.schema_version > newest:
        raise Invalid(
            f"The backup has schema {manifest.schema_version}, which is newer than this program's {newest}: install "
            "a newer Seatwright.",
            code="schema_newer",
        )
