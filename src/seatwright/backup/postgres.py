"""Backup and restoration of a PostgreSQL database, by PostgreSQL's own programs."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from seatwright.backup import archive
from seatwright.backup.archive import Reader, Source, Writer
from seatwright.backup.postgres_tools import Tools, quoted
from seatwright.core.errors import Conflict, Invalid, Unavailable
from seatwright.storage import outages
from seatwright.storage.migrate import migrations
from seatwright.storage.postgres import PATIENT_TIMEOUT_S

CONNECT_TIMEOUT_S = 10.0
_CREATED = re.compile(r"CREATE (TABLE|SEQUENCE) (?:IF NOT EXISTS )?(\w+)")


async def dump(url: str, writer: Writer) -> Source:
    """Add a dump of the schema that the tables are in to a backup, all of it as of one snapshot.

    Raises `Unavailable` if PostgreSQL or its programs can't do that.
    """
    async with connected(url) as connection:
        server, namespace = await _server(connection)
        tools = await asyncio.to_thread(Tools.find, url, server)
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
                raise Unavailable("The database has no tables of Seatwright's; there is nothing to back up.")
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            dumping = asyncio.create_task(asyncio.to_thread(tools.dump, namespace, snapshot, writer))
            try:
                version = await connection.fetchval("SELECT MAX(version) FROM schema_version")
                rows = {
                    name: int(await connection.fetchval(f"SELECT COUNT(*) FROM {name}"))  # noqa: S608 - names of ours
                    for name in archive.MAIN_TABLES
                }
            finally:
                await dumping
    return Source(engine_version=str(server), schema_version=int(version), namespace=namespace, rows=rows)


async def load(url: str, data: Path, reader: Reader, *, force: bool) -> None:
    """Replace Seatwright's tables by a backup's, in one transaction. See `backup.restore`.

    The dump is unpacked to the data directory first, and checked there.
    """
    manifest = reader.manifest
    async with connected(url) as connection:
        server, namespace = await _server(connection)
        if not manifest.engine_version.isdecimal() or int(manifest.engine_version) > server:
            raise Invalid(
                f"The backup is of PostgreSQL {manifest.engine_version}, and the server is {server}: restore it on "
                f"{manifest.engine_version} or newer."
            )
        if manifest.namespace != namespace:
            raise Invalid(
                f"The backup's tables are in the schema {manifest.namespace!r}, and the user's is {namespace!r}: "
                "set search_path to the backup's."
            )
        await _refuse(connection, force)
        tools = await asyncio.to_thread(Tools.find, url, server)
        with tempfile.TemporaryDirectory(dir=data, prefix=".restore.") as directory:
            path = Path(directory) / archive.DATABASE
            with path.open("wb") as file:
                reader.extract(archive.DATABASE, file)
            await asyncio.to_thread(tools.load, path, namespace, _drops(namespace), manifest.rows)
        await connection.execute("ANALYZE", timeout=PATIENT_TIMEOUT_S)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    try:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=PATIENT_TIMEOUT_S,
            server_settings={"application_name": "seatwright-backup", "timezone": "UTC"},
        )
    except outages.ASYNCPG as error:
        raise Unavailable(f"PostgreSQL can't be reached: {error}.") from error
    try:
        yield connection
    except outages.ASYNCPG as error:
        raise Unavailable(f"PostgreSQL can't do this now: {error}.") from error
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)


async def _server(connection: Any) -> tuple[int, str]:
    """Return the server's major version, and the schema that tables are made and found in."""
    namespace = await connection.fetchval("SELECT current_schema()")
    if namespace is None:
        raise Unavailable("The database has no schema for the user's tables; search_path names none that exists.")
    return connection.get_server_version().major, str(namespace)


async def _refuse(connection: Any, force: bool) -> None:
    """Raise `Conflict` if accounts, or a server, are in the way."""
    await refuse_servers(connection)
    known = await connection.fetchval("SELECT to_regclass('account')") is not None
    accounts = await connection.fetchval("SELECT COUNT(*) FROM account") if known else 0
    if accounts and not force:
        raise archive.has_accounts(accounts)


async def refuse_servers(connection: Any) -> None:
    """Raise `Conflict` if a server uses the database."""
    busy = """
        SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'seatwright'
        """
    if await connection.fetchval(busy):
        raise Conflict("A Seatwright server uses this database: stop it first.", code="database_in_use")


async def refuse_target(connection: Any) -> None:
    """Raise `Conflict` unless a migrated database has no accounts, and no server uses it."""
    await refuse_servers(connection)
    accounts = await connection.fetchval("SELECT COUNT(*) FROM account")
    if accounts:
        raise Conflict(
            f"The database to move to has {accounts} account{'s' * (accounts != 1)} in it: name an empty one.",
            code="database_not_empty",
        )


def _drops(namespace: str) -> str:
    """Return statements that drop everything that this program's schema ever had, also things that an older backup
    lacks.
    """
    made = {found for migration in migrations("postgres") for found in _CREATED.findall(migration.sql)}
    names = sorted(made | {("TABLE", "schema_version")})
    return "".join(f"DROP {kind} IF EXISTS {quoted(namespace)}.{name} CASCADE;\n" for kind, name in names)
