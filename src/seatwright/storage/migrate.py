"""Numbered SQL files, applied in order, each in a transaction with its row in `schema_version`.

`0001_name.sql` runs on both databases; `0002_name.postgres.sql` and `0002_name.sqlite.sql` are one
migration in two dialects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

from seatwright.core.clock import Clock
from seatwright.core.errors import Unavailable
from seatwright.core.progress import Progress, untold
from seatwright.storage.dialect import schema_to_sqlite, statements
from seatwright.storage.engine import Database, Engine, ReadTx, Tx

_FILE = re.compile(r"(\d{4})_(\w+?)(?:\.(postgres|sqlite))?\.sql")

_VERSION_TABLE = """
CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at BIGINT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str

    @property
    def title(self) -> str:
        """The name shown to people, as in its file name: `0001_initial`."""
        return f"{self.version:04d}_{self.name}"


def migrations(engine: Engine) -> list[Migration]:
    """Return the migrations that this program knows for `engine`, in order."""
    found = []
    for file in files("seatwright.storage.migrations").iterdir():
        match = _FILE.fullmatch(file.name)
        if match and match[3] in (None, engine):
            found.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.version)
    assert [migration.version for migration in found] == list(range(1, len(found) + 1)), "migration numbers have a gap"
    return found


async def schema_version(database: Database) -> int:
    """Return the number of the last migration applied; 0 for an empty database."""

    async def read(tx: ReadTx) -> int:
        table = (
            "SELECT to_regclass('schema_version')::text AS name"
            if tx.engine == "postgres"
            else "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"
        )
        found = await tx.row(table)
        if found is None or found["name"] is None:
            return 0
        row = await tx.row("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version")
        return int(row["version"]) if row else 0

    return await database.read(read)


async def check_schema(database: Database) -> None:
    """Raise `Unavailable` unless the schema is exactly what this program needs."""
    version, newest = await schema_version(database), len(migrations(database.engine))
    refuse_newer(version, newest)
    if version < newest:
        raise Unavailable(
            f"The database has schema {version}, this program needs {newest}: run `seatwright migrate`.",
            code="schema_outdated",
        )


def refuse_newer(version: int, newest: int) -> None:
    """Raise `Unavailable` if the schema was made by a newer program than this one."""
    if version > newest:
        raise Unavailable(
            f"The database has schema {version}, which is newer than this program's {newest}: install a newer "
            "Seatwright.",
            code="schema_newer",
        )


async def migrate(
    database: Database, clock: Clock, *, up_to: int | None = None, progress: Progress = untold
) -> list[Migration]:
    """Bring the schema up to date (or to `up_to`) and return what was applied.

    Several processes may do this at once: each migration is applied by one of them. Raises
    `Unavailable` if the schema is newer than the program.
    """
    known = migrations(database.engine)
    await _create_version_table(database)
    refuse_newer(await schema_version(database), len(known))
    applied = []
    for migration in known[:up_to]:
        progress(migration.version - 1, len(known))
        if await schema_version(database) < migration.version and await _apply(database, clock, migration):
            applied.append(migration)
    return applied


async def _create_version_table(database: Database) -> None:
    async def run(tx: Tx) -> None:
        for statement in statements(_lock(tx.engine) + _in_dialect(tx.engine, _VERSION_TABLE)):
            await tx.execute(statement)

    await database.write(run)


async def _apply(database: Database, clock: Clock, migration: Migration) -> bool:
    """Apply one migration; return False if another process did so first."""

    async def run(tx: Tx) -> bool:
        for statement in statements(_lock(tx.engine)):
            await tx.execute(statement)
        done = await tx.row("SELECT 1 AS one FROM schema_version WHERE version = $1", migration.version)
        if done is not None:
            return False
        for statement in statements(_in_dialect(tx.engine, migration.sql)):
            await tx.execute(statement)
        await tx.execute(
            "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)",
            migration.version,
            migration.name,
            clock.now(),
        )
        return True

    return await database.write(run, patient=True)


def _lock(engine: Engine) -> str:
    """One migrating process at a time; SQLite's write lock does that by itself."""
    return "SELECT pg_advisory_xact_lock(7155382);\n" if engine == "postgres" else ""


def _in_dialect(engine: Engine, sql: str) -> str:
    return sql if engine == "postgres" else schema_to_sqlite(sql)
