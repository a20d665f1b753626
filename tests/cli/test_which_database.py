"""Only `serve` and `migrate` make a database, and every command says which one it is about."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seatwright.core.config import Settings
from seatwright.storage.open import database_name
from seatwright.storage.sqlite import FILE
from tests.backup.conftest import NewPlace, refused, seatwright, with_kept_secret, works
from tests.cli import commands
from tests.server import Server

MAKERS = {"serve", "migrate"}
WITHOUT_DATABASE = {"messages test", "config", "backup verify"}
"""They are about a mail server, settings, and a file."""
OTHERS = sorted(set(commands.ARGUMENTS) - MAKERS - WITHOUT_DATABASE)
HERE = Path("var/data")
"""Where a command looks that is told nothing."""


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to be in, and no setting that names another."""
    directory = tmp_path / "nowhere"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def place(new_place: NewPlace, nowhere: Path) -> Settings:
    """Settings of an empty database, and on SQLite of none; its data directory is the default one, and isn't there."""
    return replace(with_kept_secret(new_place()), data=HERE)


def line(name: str, tmp_path: Path) -> list[str]:
    """Return a command with files of the right kind, which are in another directory."""
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(commands.CATALOG)
    return commands.line(name, catalog=catalog, new_backup=tmp_path / "new.zip", backup=tmp_path / "bad.zip")


def test_every_command_is_known() -> None:
    assert set(commands.names()) == set(commands.ARGUMENTS)


@pytest.mark.parametrize("name", OTHERS)
def test_a_command_in_a_wrong_directory_makes_nothing_and_fails(
    name: str, place: Settings, nowhere: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no backup")
    code, output = seatwright(place, *line(name, tmp_path))
    assert code == 1, output
    assert output.startswith(f"Database: {database_name(place)}\n")
    if name != "restore":
        remedy = "`seatwright migrate`" if name != "backup write" or not place.database_url else "There is no secret"
        assert remedy in output
    assert list(nowhere.iterdir()) == []
    assert not (tmp_path / "new.zip").exists()


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_the_whole_path_is_said_where_standard_output_is_data(place: Settings, nowhere: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "seatwright.cli.main", "doctor"],
        env={name: value for name, value in os.environ.items() if not name.startswith("SEATWRIGHT_")},
        capture_output=True,
        text=True,
        check=False,
    )
    path = nowhere / HERE / FILE
    assert ran.stdout == ""
    said, refusal = ran.stderr.splitlines()
    assert said == f"Database: {path}"
    assert refusal.startswith(f"seatwright: There is no database {path}: ")
    assert list(nowhere.iterdir()) == []


@pytest.mark.parametrize("new_place", ["postgres"], indirect=True)
def test_an_address_is_said_without_its_password(place: Settings) -> None:
    away = replace(place, database_url="postgresql://a:secret@127.0.0.1:1/d")
    _, output = seatwright(away, "doctor")
    assert output.startswith("Database: postgresql://127.0.0.1:1/d\n")
    assert "secret" not in output


def test_migrate_makes_all_that_other_commands_need(place: Settings, nowhere: Path, tmp_path: Path) -> None:
    said = works(place, "migrate")
    assert said.startswith(f"Database: {database_name(place)}\n")
    assert "Made a new secret: " in said
    assert "Made a new secret: " not in works(place, "migrate")
    for name in ("account create", "import", "backup write", "doctor", "messages list", "keys reset"):
        assert works(place, *line(name, tmp_path)).startswith(f"Database: {database_name(place)}\n")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_serve_makes_a_database_and_says_which(settings: Settings) -> None:
    data = settings.data / "new"
    server = Server(settings, "--data", str(data), SEATWRIGHT_SECRET="")
    printed = server.stop()
    assert server.process.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    assert f"Database: {data / FILE}\nMade a new secret: {data / 'secret.key'}\n" in printed
    works(replace(with_kept_secret(settings), data=data), "doctor")


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_what_an_older_program_left_in_a_wrong_directory_is_no_database(place: Settings) -> None:
    """An empty file, which earlier versions made there."""
    HERE.mkdir(parents=True)
    (HERE / FILE).touch()
    for name in ("doctor", "backup write"):
        assert refused(place, *commands.line(name, new_backup="new.zip"))
