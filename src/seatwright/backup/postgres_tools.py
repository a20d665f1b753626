"""Runs `pg_dump`, `pg_restore` and `psql`. Passwords are passed to them in the environment, never on a command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seatwright.backup import archive
from seatwright.backup.archive import Writer
from seatwright.core.errors import Unavailable
from seatwright.storage.open import without_password

LOCK_WAIT_MS = 30_000
"""How long a dump or a restoration waits for another session's lock on a table, in milliseconds."""
_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_NEWER_SETTING = b"SET transaction_timeout = 0;\n"
"""The first line of dumps by programs from version 17 on, which servers before 17 refuse."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs, and how they reach the server."""

    pg_dump: Path
    pg_restore: Path
    psql: Path
    url: str
    """The database's address without a password."""
    environment: dict[str, str]
    server: int

    @classmethod
    def find(cls, url: str, server: int) -> Tools:
        """Find programs that fit a server of the major version `server`. Raises `Unavailable` if there are none."""
        address, password = without_password(url)
        environment = {**os.environ, "PGAPPNAME": "seatwright-backup", "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C"}
        if password:
            environment["PGPASSWORD"] = password
        pg_dump, pg_restore, psql = (_find(name, server) for name in ("pg_dump", "pg_restore", "psql"))
        return cls(pg_dump, pg_restore, psql, address, environment, server)

    def dump(self, namespace: str, snapshot: str, writer: Writer) -> None:
        """Add a dump of a schema, as of an exported snapshot, to a backup. Raises `Unavailable` if it fails."""
        command = [
            *(str(self.pg_dump), f"--dbname={self.url}", "--no-password", "--format=custom"),
            *("--no-owner", "--no-privileges", f"--schema={quoted(namespace)}"),
            *(f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT_MS}"),
        ]
        with self._started(command, stdout=subprocess.PIPE) as (process, errors):
            assert process.stdout is not None
            writer.add(archive.DATABASE, process.stdout, compress=False)  # pg_dump has compressed it
            if process.wait() != 0:
                raise Unavailable(f"pg_dump failed: {_told(errors)}")

    def load(self, dump: Path, namespace: str, drops: str, rows: dict[str, int]) -> None:
        """Run `drops`, then a dump, check how many rows tables have, and commit it all at once.

        Raises `Unavailable` if any of it fails; nothing is changed then.
        """
        reading = [str(self.pg_restore), "--clean", "--if-exists", "--no-owner", "--no-privileges"]
        reading += [f"--schema={namespace}", "--file=-", str(dump)]
        writing = [str(self.psql), f"--dbname={self.url}", "--no-password", "--no-psqlrc", "--quiet"]
        writing += ["--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"]
        with (
            self._started(writing, stdin=subprocess.PIPE) as (psql, refused),
            self._started(reading, stdout=subprocess.PIPE) as (pg_restore, unread),
        ):
            assert psql.stdin is not None
            assert pg_restore.stdout is not None
            try:
                psql.stdin.write(f"BEGIN;\nSET LOCAL lock_timeout = {LOCK_WAIT_MS};\n{drops}".encode())
                self._pass_on(pg_restore.stdout, psql.stdin)
                if pg_restore.wait() != 0:
                    psql.kill()  # it must not mistake the end of half a dump for the end of a whole one
                    raise Unavailable(f"pg_restore can't read the backup's dump: {_told(unread)} Nothing was changed.")
                psql.stdin.write(f"{_expect(namespace, rows)}COMMIT;\n".encode())
                psql.stdin.close()
            except BrokenPipeError:
                psql.wait()
            if psql.wait() != 0:
                raise Unavailable(f"PostgreSQL refused the backup: {_told(refused)} Nothing was changed.")

    def _pass_on(self, source: IO[bytes], target: IO[bytes]) -> None:
        first = source.read(archive.CHUNK_BYTES)
        target.write(first.replace(_NEWER_SETTING, b"", 1) if self.server < 17 else first)
        shutil.copyfileobj(source, target, archive.CHUNK_BYTES)

    @contextmanager
    def _started(
        self, command: list[str], *, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
    ) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        """Start a program, and end it in any case. Its standard error goes to a file."""
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(  # noqa: S603 - programs and arguments of ours, and no shell
                command, stdin=stdin, stdout=stdout, stderr=errors, env=self.environment
            )
            try:
                yield process, errors
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        _close(pipe)


def check_dump(dump: Path, version: int) -> None:
    """Read a dump of a PostgreSQL of a major version to its end. Raises `Unavailable` if `pg_restore` can't."""
    pg_restore = _find("pg_restore", version)
    with tempfile.TemporaryFile() as errors:
        command = [str(pg_restore), "--file=/dev/null", str(dump)]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=errors, check=False)  # noqa: S603
        if ran.returncode != 0:
            raise Unavailable(f"pg_restore can't read the backup's dump: {_told(errors)}")


def _find(name: str, server: int) -> Path:
    """Return the program of the server's own version, or of the next newer one that is installed."""
    found: dict[int, Path] = {}
    on_path = shutil.which(name)
    folders = [path for pattern in _FOLDERS for path in Path("/").glob(pattern[1:])]
    for path in [*([Path(on_path)] if on_path else []), *(folder / name for folder in sorted(folders))]:
        if path.exists() and (version := _version(path)):
            found.setdefault(version, path)
    fitting = [version for version in sorted(found) if version >= server]
    if fitting:
        return found[fitting[0]]
    newest = f"only that of PostgreSQL {max(found)} was found" if found else "it was not found"
    raise Unavailable(
        f"{name} of PostgreSQL {server} or newer is needed, as the server is, and {newest}. Install it (Debian: "
        f"apt-get install postgresql-client-{server}).",
        code="postgres_tools_missing",
    )


def _version(path: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            [str(path), "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    match = _VERSION.search(answer.stdout)
    return int(match[1]) if match else None


def _expect(namespace: str, rows: dict[str, int]) -> str:
    """Return statements that fail unless tables have so many rows. A table that is not ours is not looked at."""
    return "".join(
        f"DO $$ BEGIN IF (SELECT COUNT(*) FROM {quoted(namespace)}.{name}) <> {rows[name]} THEN\n"  # noqa: S608
        f"RAISE EXCEPTION 'the dump has not as many rows of {name} as the manifest says'; END IF; END $$;\n"
        for name in archive.MAIN_TABLES
        if name in rows
    )


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _told(errors: IO[bytes]) -> str:
    """Return the first line of a program's output, as a sentence."""
    errors.seek(0)
    lines = errors.read(100_000).decode(errors="replace").splitlines()
    line = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "it gave no reason")
    return line.strip().rstrip(".") + "."


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # its reader has stopped, and has reported why
