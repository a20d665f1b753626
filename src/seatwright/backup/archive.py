"""A backup is one zip file: a manifest, the database, and the server's secret if it is stored in the data directory.

    manifest.json   what the other parts are, and their SHA-256
    database        an SQLite file, or what `pg_dump --format=custom` wrote
    secret.key      the data directory's secret; absent where SEATWRIGHT_SECRET is set

Nothing in a backup is trusted before its size and SHA-256 are what the manifest says, and no name in it is used as a
path. The file is readable for its owner only: with it one can read customers' names, and with the secret sign tokens.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import msgspec

from seatwright.core.errors import Conflict, Invalid, Unavailable
from seatwright.core.progress import Progress, untold
from seatwright.storage.engine import Engine

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
SECRET = "secret.key"  # noqa: S105 - a part's name
MAX_MANIFEST_BYTES = 1_048_576
MAX_SECRET_BYTES = 4_096
CHUNK_BYTES = 1_048_576
_MALFORMED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, KeyError),
)
"""What the zip and zlib modules raise for a damaged file: an offset that no file has is an OSError, for one."""
COMPRESSION = 3
"""zlib's level for an SQLite file: about a third of its size, and not much slower than copying it."""


MAIN_TABLES = (
    "account",
    "app_user",
    "catalog_entry",
    "departure",
    "cart",
    "hold",
    "orders",
    "order_line",
    "ledger_entry",
    "audit_event",
    "idempotency",
)
"""Tables of every schema version whose rows a manifest counts."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a backup: see `Manifest`."""

    engine_version: str
    schema_version: int
    namespace: str
    rows: dict[str, int]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a backup: its size in bytes and its SHA-256, in hexadecimal."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a backup. Unknown keys are ignored, so that a later program may add some without a new `format`."""

    format: int
    engine: Engine
    engine_version: str
    """PostgreSQL's major version, or SQLite's full one."""
    seatwright_version: str
    schema_version: int
    namespace: str
    """PostgreSQL's schema that the tables are in; empty for SQLite."""
    created_at: str
    """Everything that was committed before this instant is in the backup: ISO 8601, UTC."""
    secret_check: str
    """A keyed hash by which to recognise the secret that API keys were hashed with; empty if unknown."""
    rows: dict[str, int]
    """Rows of each of the main tables."""
    parts: dict[str, Part]


class _Format(msgspec.Struct):
    format: int


@dataclass(frozen=True, slots=True)
class Copied:
    """The result of `copy`: number of bytes and their SHA-256."""

    size: int
    sha256: str


def copy(source: IO[bytes], target: IO[bytes], *, most: int | None = None, progress: Progress = untold) -> Copied:
    """Copy a stream to its end and hash it; `progress` is told bytes, of `most`.

    Raises `Invalid` at more than `most` bytes, and `Unavailable` if `target` takes no more.
    """
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        if most is not None and size > most:
            raise _broken("a part is longer than its manifest says")
        digest.update(chunk)
        try:
            target.write(chunk)
        except OSError as error:
            raise Unavailable(f"There is no writing to the disk: {error.strerror or error}.") from error
        progress(size, most)
    return Copied(size, digest.hexdigest())


class Writer:
    """Writes a backup's parts, then its manifest. It is used in a `with` block, so that an abandoned backup is closed
    properly.
    """

    def __init__(self, file: IO[bytes], progress: Progress = untold) -> None:
        self._zip = zipfile.ZipFile(file, "w", compresslevel=COMPRESSION)
        self._progress = progress
        self.parts: dict[str, Part] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        with suppress(OSError, ValueError):  # its file is discarded, and the error has been reported
            self._zip.close()

    def add(self, name: str, source: IO[bytes], *, compress: bool) -> None:
        """Add a part, read to its end."""
        self._zip.compression = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        with self._zip.open(name, "w", force_zip64=True) as target:
            copied = copy(source, target, progress=self._progress)
        self.parts[name] = Part(copied.size, copied.sha256)

    def close(self, manifest: Manifest) -> None:
        """Add the manifest and end the file."""
        self._zip.compression = zipfile.ZIP_STORED
        self._zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        self._zip.close()


class Reader:
    """Reads a backup. All methods raise `Invalid` for a backup that is incomplete or damaged."""

    def __init__(self, archive: zipfile.ZipFile, progress: Progress = untold) -> None:
        self._zip = archive
        self._progress = progress
        names = archive.namelist()
        if len(names) != len(set(names)) or MANIFEST not in names:
            raise Invalid("This is not a Seatwright backup: it has no manifest.", code="not_a_backup")
        with _sound():
            text = archive.open(MANIFEST).read(MAX_MANIFEST_BYTES)
        self.manifest = _manifest(text)
        if set(names) - {MANIFEST} != set(self.manifest.parts) or DATABASE not in self.manifest.parts:
            raise _broken("its parts are not those that its manifest names")

    def extract(self, name: str, target: IO[bytes]) -> None:
        """Copy a part to `target`. Use its content only after this has returned."""
        part = self.manifest.parts[name]
        with _sound(), self._zip.open(name) as source:
            copied = copy(source, target, most=part.size, progress=self._progress)
        if copied != Copied(part.size, part.sha256):
            raise _broken(f"{name} is not what the manifest says")

    def secret(self) -> bytes | None:
        """Return the data directory's secret as it was stored there, or None if the backup has none."""
        if SECRET not in self.manifest.parts:
            return None
        if self.manifest.parts[SECRET].size > MAX_SECRET_BYTES:
            raise _broken("its secret is too long")
        buffer = io.BytesIO()
        self.extract(SECRET, buffer)
        return buffer.getvalue()


@contextmanager
def reading(path: Path, progress: Progress = untold) -> Iterator[Reader]:
    """Open a backup to read it; `progress` is told the bytes of each part that is extracted.

    Raises `Invalid` if it isn't a backup, `Unavailable` if it can't be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}.") from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
        except _MALFORMED as error:
            raise Invalid(f"{path} is not a Seatwright backup, or its end is missing.", code="not_a_backup") from error
        with archive:
            yield Reader(archive, progress)


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Write a new file, for its owner only, which appears whole under its name and on disk, or not at all.

    Raises `Conflict` if there is one already, unless `force`, and `Unavailable` if it can't be written.
    """
    if path.is_dir() or (not force and os.path.lexists(path)):
        raise _exists(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            put_in_place(draft, path, replace=force)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise Unavailable(f"{path} can't be written: {error.strerror or error}.") from error


def put_in_place(draft: Path, path: Path, *, replace: bool) -> None:
    """Give a finished file its name, in one durable step. Raises `FileExistsError` if the name exists, unless it may
    `replace` it.
    """
    if replace:
        draft.replace(path)
    else:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links, such as a memory stick's
            if path.exists():
                raise
            draft.replace(path)
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _manifest(text: bytes) -> Manifest:
    try:
        found = msgspec.json.decode(text, type=_Format).format
        if found > FORMAT:
            raise Invalid(
                f"The backup has format {found}, which is newer than this program's {FORMAT}: install a newer "
                "Seatwright.",
                code="backup_newer",
            )
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise _broken("its manifest can't be read") from error


@contextmanager
def _sound() -> Iterator[None]:
    """Turn the errors of the zip and zlib modules about a damaged file into one sentence."""
    try:
        yield
    except _MALFORMED as error:
        raise _broken("a part can't be read") from error


def _broken(what: str) -> Invalid:
    return Invalid(f"The backup is damaged: {what}. Nothing was changed.", code="backup_damaged")


def has_accounts(accounts: int) -> Conflict:
    """Return the error for replacing a database that has accounts."""
    return Conflict(
        f"The database has {accounts} account{'s' * (accounts != 1)} in it; --force replaces everything in it by the "
        "backup.",
        code="database_not_empty",
    )


def _exists(path: Path) -> Conflict:
    return Conflict(f"{path} exists already; choose another name, or --force to replace it.", code="file_exists")
