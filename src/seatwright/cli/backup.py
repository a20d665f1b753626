"""`seatwright backup`, `seatwright backup verify` and `seatwright restore`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from seatwright.auth.secrets import SECRET_FILE, Keyring, kept_secret, secret_in
from seatwright.backup import archive
from seatwright.backup import service as backup
from seatwright.backup.archive import Manifest, Reader
from seatwright.cart import holds
from seatwright.cli.progress import bar
from seatwright.cli.running import Data, console, fail, make_data_directory, run, say_which, settings
from seatwright.core.clock import Clock, SystemClock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict, Invalid, SeatwrightError, Unavailable
from seatwright.core.files import close_file
from seatwright.core.progress import Progress
from seatwright.invariants.checks import MANY, Finding, check
from seatwright.orders import changes, term_fill
from seatwright.storage.engine import Database
from seatwright.storage.migrate import migrate


class _WritesByDefault(TyperGroup):
    """The group of `seatwright backup`: what names no command of it is a file to write."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command in front, unless a command or help is asked for."""
        if args and args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx):
            args.insert(0, "write")
        return super().parse_args(ctx, args)


backup_app = typer.Typer(
    cls=_WritesByDefault,
    help="Back up (`seatwright backup FILE` is short for `seatwright backup write FILE`), and try a backup.",
    no_args_is_help=True,
)
_SHOWN = ("account", "departure", "cart", "orders")


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The result of a restoration: names of the migrations applied, released holds, and broken promises."""

    applied: list[str]
    swept: int
    findings: list[Finding]


@backup_app.command("write")
def backup_command(
    file: Annotated[Path, typer.Argument(help="The backup, a new file.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    data: Data = None,
) -> None:
    """Write everything to one file, while the server runs: the database, and the secret kept in the data directory."""
    chosen = settings(data)
    with bar(f"Writing {file.name}", in_bytes=True) as progress:
        manifest = run(_back_up(chosen, file, force=force, progress=progress))
    console.print(f"Wrote {file}: {_described(manifest)}.", markup=False)
    if archive.SECRET not in manifest.parts:
        console.print("The server's secret is not in it: SEATWRIGHT_SECRET has to be kept apart.", markup=False)


@backup_app.command("verify")
def verify_command(file: Annotated[Path, typer.Argument(help="A backup.")], data: Data = None) -> None:
    """Try a backup without touching the database: can it be restored, and does what is in it keep every promise?

    One of SQLite is restored to a temporary directory beside it, brought up to date, and checked as `doctor` does. Of
    one of PostgreSQL the parts and the whole dump are read; only restoring it to an empty database shows more.
    """
    chosen = settings(data)
    with bar(f"Reading {file.name}", in_bytes=True) as progress:
        manifest, tried = run(_verify(chosen, file, progress))
    console.print(f"{file} is whole: {_described(manifest)}.", markup=False)
    if tried is None:
        console.print("PostgreSQL's dump in it can be read to its end. To check the promises, restore it elsewhere.")
        return
    _print_findings(tried.findings, "the backup can be restored, and breaks the promises above.")


def restore_command(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a database that has accounts in it; it is lost.")
    ] = False,
    keep_secret: Annotated[
        bool, typer.Option("--keep-secret", help="Go on with another secret; all API keys have to be reset.")
    ] = False,
    data: Data = None,
) -> None:
    """Replace the database by a backup's, bring its schema up to date, and check every promise."""
    chosen = settings(data)
    with bar(f"Restoring {file.name}", in_bytes=True) as progress:
        manifest, restored = run(_restore(chosen, file, force=force, keep_secret=keep_secret, progress=progress))
    for name in restored.applied:
        console.print(f"applied {name}", markup=False)
    if restored.swept:
        console.print(f"Gave back {restored.swept} holds that have run out since.", markup=False)
    console.print(f"Restored {_described(manifest)}.", markup=False)
    _print_findings(restored.findings, "the backup is restored, and breaks the promises above.")


def _print_findings(findings: list[Finding], verdict: str) -> None:
    """Print what breaks a promise; exit with 1 and a verdict if anything does."""
    for finding in findings:
        console.print(f"{finding.check}: {finding.row}", markup=False)
    if findings:
        fail(verdict)
    console.print(f"All {MANY} checks passed.")


async def _back_up(chosen: Settings, file: Path, *, force: bool, progress: Progress) -> Manifest:
    say_which(chosen)
    kept = None if chosen.secret else kept_secret(chosen.data)
    secret = None if kept is None else f"{kept}\n".encode()
    check = _check_of(chosen.secret or kept or "")
    return await backup.back_up(
        chosen, SystemClock(), file, secret=secret, secret_check=check, force=force, progress=progress
    )


async def _verify(chosen: Settings, file: Path, progress: Progress) -> tuple[Manifest, RestoreResult | None]:
    clock = SystemClock()

    async def finish(database: Database) -> RestoreResult:
        return await _brought_up_to_date(database, clock)

    with archive.reading(file, progress) as reader:
        _secret_inside(reader)
        try:
            with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as scratch:
                return reader.manifest, await backup.verify(chosen, reader, Path(scratch), finish)
        except OSError as error:
            raise Unavailable(f"There is no room to try the backup in {file.parent}: {error.strerror}.") from error


async def _restore(
    chosen: Settings, file: Path, *, force: bool, keep_secret: bool, progress: Progress
) -> tuple[Manifest, RestoreResult]:
    clock = SystemClock()

    async def finish(database: Database) -> RestoreResult:
        return await _brought_up_to_date(database, clock)

    say_which(chosen)
    with archive.reading(file, progress) as reader:
        backup.check_fits(reader.manifest, chosen)
        secret = None if keep_secret else _secret_to_write(chosen, reader)
        make_data_directory(chosen)
        restored = await backup.restore(chosen, reader, finish, force=force)
        if secret is not None:
            _write_secret(chosen.data / SECRET_FILE, secret)
        return reader.manifest, restored


async def _brought_up_to_date(database: Database, clock: Clock) -> RestoreResult:
    """Migrate, make old orders findable, end the cursors of programs that follow orders, release the holds that have
    expired since the backup, and check.
    """
    applied = await migrate(database, clock)
    await term_fill.fill(database)
    await changes.restart(database)
    swept = 0
    while count := await holds.sweep(database, clock):
        swept += count
    return RestoreResult([migration.title for migration in applied], swept, await check(database, clock.now()))


def _check_of(secret: str) -> str:
    return Keyring.from_secret(secret).hash_request("seatwright backup") if secret else ""


def _secret_to_write(chosen: Settings, reader: Reader) -> bytes | None:
    """Return the secret that the data directory has to get, if any. Raises `Conflict` if API keys would not work, and
    `Invalid` if the backup's own secret is not the one that they belong to, or is no usable secret.
    """
    wanted, inside = reader.manifest.secret_check, _secret_inside(reader)
    if chosen.secret:
        if wanted in ("", _check_of(chosen.secret)):
            return None
        remedy = "unset it, and the backup's own is used" if inside else "set it to that one"
        raise _other_secret(f"SEATWRIGHT_SECRET is not the secret that the backup's API keys belong to: {remedy}")
    here = _raw_secret(chosen.data / SECRET_FILE)
    if inside is not None:
        return None if inside == here else inside
    if wanted and wanted != _check_of(secret_in(here or b"") or ""):
        raise _other_secret("The backup's API keys belong to a SEATWRIGHT_SECRET that is not in it: set it")
    return None


def _secret_inside(reader: Reader) -> bytes | None:
    """Return the secret in a backup, if any. Raises `Invalid` if it is not the one that the API keys belong to."""
    wanted, inside = reader.manifest.secret_check, reader.secret()
    if inside is not None and (not wanted or _check_of(secret_in(inside) or "") != wanted):
        raise Invalid(
            "The secret in the backup is not the one that its manifest names, or is empty or too short; "
            "--keep-secret leaves it out, and then every API key has to be reset. Nothing was changed.",
            code="backup_damaged",
        )
    return inside


def _raw_secret(path: Path) -> bytes | None:
    """Return the content of a data directory's secret file, valid or not: the backup's secret may replace it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}.") from error


def _other_secret(sentence: str) -> Conflict:
    return Conflict(f"{sentence}; or --keep-secret, and reset every API key. Nothing was changed.", code="other_secret")


def _write_secret(path: Path, secret: bytes) -> None:
    """Write the backup's secret; a secret that it replaces is kept beside it."""
    try:
        if path.exists():
            close_file(path)
            path.replace(path.with_name(f"{path.name}.replaced"))
        with archive.new_file(path, force=False) as file:
            file.write(secret)
    except (OSError, SeatwrightError) as error:
        raise Unavailable(f"The database is restored, but the backup's secret isn't: {error}") from error


def _described(manifest: Manifest) -> str:
    rows = ", ".join(f"{name.removesuffix('s')}s {manifest.rows.get(name, 0)}" for name in _SHOWN)
    size = sum(part.size for part in manifest.parts.values())
    return f"{rows}; schema {manifest.schema_version}, {size} bytes, as of {manifest.created_at}"
