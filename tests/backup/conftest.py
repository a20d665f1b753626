"""Databases to restore to, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seatwright.cli.main import app
from seatwright.core.config import Settings
from seatwright.core.ids import new_hex24
from tests.conftest import settings_for
from tests.postgres import PostgresServer

NewPlace = Callable[[], Settings]
"""Makes the settings of an empty database, without a schema, in a data directory of its own."""


@pytest.fixture(params=["sqlite", "postgres"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewPlace]:
    """Empty databases of each engine."""
    server: PostgresServer | None = None
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
    made: list[str] = []

    def new() -> Settings:
        name = f"test_{new_hex24()}"
        data = tmp_path / name
        data.mkdir(mode=0o700)
        if server is None:
            return settings_for(data)
        made.append(name)
        return settings_for(data, server.create_database(name))

    yield new
    for name in made:
        assert server is not None
        server.drop_database(name)


def with_kept_secret(settings: Settings) -> Settings:
    """Return settings whose secret is not set: the one in the data directory counts."""
    return replace(settings, secret="")


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables of a process that has these settings, and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SEATWRIGHT_", "PG"))}
    return inherited | _variables(settings)


def _variables(settings: Settings) -> dict[str, str]:
    return {
        "SEATWRIGHT_DATA": str(settings.data),
        "SEATWRIGHT_DATABASE_URL": settings.database_url,
        "SEATWRIGHT_SECRET": settings.secret,
    }


def start(settings: Settings, *arguments: str | Path, code: str = "") -> subprocess.Popen[str]:
    """Start `seatwright` in a process of its own; `code` runs in it before."""
    run = f"{code}\nfrom seatwright.cli.main import app\napp()"
    return subprocess.Popen(
        [sys.executable, "-c", run, *map(str, arguments)],
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def seatwright(settings: Settings, *arguments: str | Path) -> tuple[int, str]:
    """Run `seatwright` in this process, and return its exit code and what it printed."""
    result = CliRunner().invoke(app, [*map(str, arguments)], env=_variables(settings))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def works(settings: Settings, *arguments: str | Path) -> str:
    """Run a command that has to succeed, and return what it printed."""
    returned, output = seatwright(settings, *arguments)
    assert returned == 0, output
    return output


def refused(settings: Settings, *arguments: str | Path) -> str:
    """Run a command that has to be refused with one line, and return that."""
    returned, output = seatwright(settings, *arguments)
    assert returned == 1, output
    return one_line(output)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process, and return its exit code and what it printed."""
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def one_line(output: str) -> str:
    """Return a refusal, which is one line beside the one that says which database it is about."""
    (line,) = [line for line in output.splitlines(keepends=True) if not line.startswith("Database: ")]
    assert line.startswith("seatwright: "), output
    assert line.endswith("\n"), output
    return line
