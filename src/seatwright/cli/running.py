"""Shared by all commands: settings from options and environment, and failures as one line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from seatwright.auth.secrets import SECRET_FILE, Keyring, make_secret
from seatwright.core.clock import Clock, SystemClock
from seatwright.core.config import Settings, load_settings, unknown_settings
from seatwright.core.errors import SeatwrightError
from seatwright.core.files import close_directory
from seatwright.core.progress import Progress, untold
from seatwright.storage.engine import Database
from seatwright.storage.migrate import check_schema, migrate
from seatwright.storage.open import database_name, open_database
from seatwright.storage.waiting import STOPPING

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """The objects that a command uses."""

    database: Database
    clock: Clock
    settings: Settings

    @property
    def keyring(self) -> Keyring:
        """The server's keys. They are read only when they are needed, so that other commands work without a secret.
        Raises `Unavailable`.
        """
        return Keyring.open(self.settings.secret, self.settings.data)


console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data directory; overrides SEATWRIGHT_DATA.", show_default=False),
]

BAD_SETTINGS = 2
"""Exit code for settings or arguments that can't be used."""


def settings(data: Path | None = None) -> Settings:
    """Read the settings; an option overrides its variable, for worker processes too. Exits with 2 if they are bad.

    Warns of variables that look like settings and are none: a mistyped name would otherwise change nothing in silence.
    """
    for sentence in unknown_settings(os.environ):
        errors.print(f"seatwright: warning: {sentence}", markup=False)
    if data is not None:
        os.environ["SEATWRIGHT_DATA"] = str(data)
    try:
        return load_settings()
    except SeatwrightError as error:
        fail(error.message, code=BAD_SETTINGS)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end. An expected failure is one line and exit code 1; a stop on request is no failure."""
    try:
        return asyncio.run(work)
    except SeatwrightError as error:
        fail(error.message, code=0 if error.code == STOPPING else 1)


def fail(message: str, *, code: int = 1) -> NoReturn:
    """Print a line on standard error and exit."""
    errors.print(f"seatwright: {message}", markup=False)
    raise typer.Exit(code)


def plain(value: object) -> Text:
    """Return a foreign text for the terminal, without markup and control characters."""
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value)))


@asynccontextmanager
async def opened(chosen: Settings) -> AsyncIterator[Parts]:
    """Open the database, which has to be there with this program's schema, and say which it is. Raises
    `Unavailable`."""
    say_which(chosen)
    database = await open_database(chosen)
    try:
        await check_schema(database)
        yield Parts(database, SystemClock(), chosen)
    finally:
        await database.close()


async def migrated(chosen: Settings, progress: Progress = untold) -> list[str]:
    """Make the files that a server needs, bring the schema up to date, and return the names of the migrations applied.

    Raises `Unavailable`, before it changes the database, if the stored secret may not be used by a server.
    """
    make_data_directory(chosen)
    if not chosen.secret and make_secret(chosen.data):
        errors.print(f"Made a new secret: {chosen.data / SECRET_FILE}", markup=False)
    Keyring.open(chosen.secret, chosen.data)
    database = await open_database(chosen, make=True)
    try:
        applied = await migrate(database, SystemClock(), progress=progress)
    finally:
        await database.close()
    return [migration.title for migration in applied]


def say_which(chosen: Settings) -> None:
    """Print which database a command is about; on standard error, because standard output may be data."""
    errors.print(f"Database: {database_name(chosen)}", markup=False)


def make_data_directory(chosen: Settings) -> None:
    """Make the data directory, for its owner only, if it is missing; take away other users' right to write to an
    existing one.
    """
    try:
        chosen.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        close_directory(chosen.data)
    except OSError as error:
        fail(f"SEATWRIGHT_DATA: {chosen.data} can't be made: {error.strerror}.", code=BAD_SETTINGS)
