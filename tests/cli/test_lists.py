"""What the command line lists and changes, for people and for programs: accounts, users, connections, settings."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from seatwright.cli import progress, tables
from seatwright.cli.main import app
from seatwright.core.config import SETTINGS, Settings
from seatwright.core.ids import new_hex24
from seatwright.storage.open import without_password
from tests.backup.conftest import refused, seatwright, with_kept_secret, works
from tests.cli import commands
from tests.conftest import settings_for
from tests.postgres import PostgresServer

DOCS = Path(__file__).parents[2] / "docs"
MINE = ("--account", "canyon")
DANA = "dana@canyon.example"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A database with the account `canyon`, whose owner is Dana; each test adds what it needs."""
    data, name = tmp_path_factory.mktemp("data"), f"test_{new_hex24()}"
    server: PostgresServer | None = None
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
    settings = with_kept_secret(settings_for(data, server.create_database(name) if server else ""))
    works(settings, "migrate")
    works(settings, *commands.line("account create"))
    yield settings
    if server:
        server.drop_database(name)


def listed(settings: Settings, *arguments: str) -> list[dict[str, Any]]:
    """Return what a command lists for programs: standard output is JSON and nothing else."""
    result = CliRunner().invoke(
        app,
        [*arguments, "--json"],
        env={
            "SEATWRIGHT_DATA": str(settings.data),
            "SEATWRIGHT_DATABASE_URL": settings.database_url,
            "SEATWRIGHT_SECRET": settings.secret,
        },
    )
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def user(settings: Settings, email: str) -> dict[str, Any]:
    return next(each for each in listed(settings, "users", "list", *MINE) if each["email"] == email)


def test_users_are_made_changed_locked_and_let_in_again(place: Settings) -> None:
    sam = "sam@canyon.example"
    made = works(place, "users", "add", *MINE, "--email", "Sam@canyon.example", "--name", "Sam", "--role", "front_desk")
    assert f"username  {sam}\npassword  " in made
    found = user(place, sam)
    assert (found["role"], found["locked"]) == ("front_desk", False)
    assert "orders.write" in found["permissions"]
    assert "username" in works(place, "users", "password", sam, *MINE)
    works(place, "users", "permissions", found["id"], *MINE, "--permission", "reports.read")
    assert user(place, sam)["permissions"] == ["reports.read"]
    assert works(place, "users", "lock", "SAM@canyon.example", *MINE).endswith(f"{sam} is locked\n")
    assert user(place, sam)["locked"] is True
    works(place, "users", "unlock", sam, *MINE)
    assert user(place, sam)["locked"] is False
    assert works(place, "users", "no-second-step", sam, *MINE).endswith("without a second step, as before\n")


def test_what_would_lock_everybody_out_or_means_nothing_is_refused(place: Settings) -> None:
    assert "last active owner" in refused(place, "users", "lock", DANA, *MINE)
    assert "last active owner" in refused(place, "users", "permissions", DANA, *MINE, "--role", "guide")
    assert "has no user 'nobody'" in refused(place, "users", "password", "nobody", *MINE)
    assert "there is no permission 'fly'" in refused(place, "users", "permissions", DANA, *MINE, "--permission", "fly")
    for wrong in ([], ["--role", "owner", "--permission", "orders.read"], ["--role", "pilot"]):
        code, said = seatwright(place, "users", "permissions", DANA, *MINE, *wrong)
        assert (code, said.count("\n")) == (2, 1), said


def test_a_password_of_ones_own_comes_from_standard_input(place: Settings) -> None:
    env = {"SEATWRIGHT_DATA": str(place.data), "SEATWRIGHT_DATABASE_URL": place.database_url, "SEATWRIGHT_SECRET": ""}
    command = ["users", "password", DANA, *MINE, "--stdin"]
    set_it = CliRunner().invoke(app, command, env=env, input="a long enough password\n")
    assert (set_it.exit_code, set_it.stdout) == (0, f"username  {DANA}\n")
    short = CliRunner().invoke(app, command, env=env, input="short\n")
    assert short.exit_code == 1
    assert "password: must have" in short.stderr


def test_connections_are_opened_and_closed(place: Settings) -> None:
    works(place, "account", "create", "--code", "desk", "--name", "Trip Desk", "--email", "sam@desk.example")
    both = ("--account", "canyon", "--reseller", "desk")
    assert "There are no" not in works(place, "account", "list")
    assert works(place, "connections", "list", *MINE).endswith("The account has no connections.\n")
    assert works(place, "connections", "open", *both).endswith("Trip Desk may sell for Canyon\n")
    works(place, "connections", "close", *both)
    (closed,) = listed(place, "connections", "list", "--account", "desk")
    assert (closed["supplier"], closed["reseller"], closed["open"]) == ("Canyon", "Trip Desk", False)
    works(place, "connections", "open", *both)
    assert listed(place, "connections", "list", *MINE)[0]["open"] is True


def lists() -> list[str]:
    """Return the commands that print lists."""
    return [name for name in commands.names() if name.split()[-1] in ("list", "pending", "failed", "config")]


def test_every_list_is_json_for_programs(place: Settings) -> None:
    assert len(lists()) >= 8
    for name in lists():
        assert isinstance(listed(place, *commands.line(name)), list), name


def test_a_list_in_a_pipe_is_a_line_for_each_row_and_cuts_nothing_off(place: Settings) -> None:
    name = "Canyon " * 20 + "Outfitters"
    works(place, "account", "create", "--code", "long", "--name", name, "--email", "a@long.example")
    _, titles, *rows = works(place, "account", "list").splitlines()
    assert titles.split() == ["code", "name", "e-mail", "currency", "time", "zone"]
    dana, long = (next(row for row in rows if row.startswith(code)) for code in ("canyon ", "long "))
    assert name in long
    assert dana.index(DANA) == titles.index("e-mail") == long.index("a@long.example")


@pytest.mark.parametrize("width", [80, 40])
def test_a_list_on_a_terminal_fits_it_and_ids_stay_whole(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        tables, "console", Console(file=screen, force_terminal=True, width=width, color_system=None, soft_wrap=True)
    )
    row = {"id": "5f2c" * 6, "name": "A name of several words " * 5, "may": ["orders.read", "reports.read"], "no": None}
    titles = {"id": "id", "name": "name", "may": "may", "no": "nothing"}
    tables.print_list([row], titles, as_json=False, empty="")
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any(str(row["id"]) in line for line in lines)


def test_nothing_is_said_in_words_to_people_and_as_an_empty_list_to_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables.print_list([], {"id": "id"}, as_json=True, empty="Nothing.")
    assert json.loads(capsys.readouterr().out) == []


def test_control_characters_of_a_name_reach_no_terminal(place: Settings) -> None:
    works(place, "users", "add", *MINE, "--email", "x@canyon.example", "--name", "\x1b[31mred", "--role", "guide")
    assert "\x1b" not in works(place, "users", "list", *MINE)


def test_config_says_each_setting_and_where_it_comes_from_and_no_secret(place: Settings) -> None:
    env = {
        "SEATWRIGHT_DATABASE_URL": "postgresql://sw:hunter1@db.example/seats",
        "SEATWRIGHT_SECRET": "hunter2" * 10,
        "SEATWRIGHT_SMTP_URL": "smtp://sw:hunter3@mail.example",
        "SEATWRIGHT_MAIL_FROM": "desk@canyon.example",
    }
    ran = CliRunner().invoke(app, ["config", "--json", "--data", "/srv/x"], env=env)
    assert ran.exit_code == 0, ran.output
    assert "hunter" not in ran.output
    rows = {row["name"]: (row["value"], row["from"]) for row in json.loads(ran.stdout)}
    assert set(rows) == {setting.name for setting in SETTINGS}
    assert rows["SEATWRIGHT_DATA"] == ("/srv/x", "--data")
    assert rows["SEATWRIGHT_DATABASE_URL"] == ("postgresql://sw:(hidden)@db.example/seats", "environment")
    assert rows["SEATWRIGHT_SECRET"] == ("(hidden)", "environment")
    assert rows["SEATWRIGHT_SMTP_URL"] == ("smtp://sw:(hidden)@mail.example", "environment")
    assert rows["SEATWRIGHT_HOLD_SECONDS"] == ("1800", "default")


def test_a_setting_that_may_hold_a_secret_hides_it() -> None:
    secretive = ("SECRET", "_URL", "TOKEN", "PASSWORD", "_KEY")
    open_ones = {"SEATWRIGHT_PUBLIC_URL"}
    for setting in SETTINGS:
        if setting.name.endswith(secretive) and setting.name not in open_ones:
            assert setting.hides != "nothing", setting.name
    assert without_password("postgresql://u@h/d?password=x")[1] == "x"


def test_version_and_completion() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("seatwright 0.")
    words = {"_SEATWRIGHT_COMPLETE": "complete_bash", "COMP_WORDS": "seatwright users pass", "COMP_CWORD": "2"}
    completed = CliRunner().invoke(app, [], env=words, prog_name="seatwright")
    assert completed.stdout.split() == ["password"]


def test_a_progress_bar_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in (True, False):
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=terminal, width=80)
        monkeypatch.setattr(progress, "errors", console)
        with progress.bar("Checking") as move:
            move(3, 24)
        assert ("Checking" in screen.getvalue(), "3/24" in screen.getvalue()) == (terminal, terminal)


def test_a_backup_is_tried_without_touching_the_database(place: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    file = folder / "a.backup"
    works(place, "backup", file)
    again = folder / "b.backup"
    works(place, "backup", "write", again)
    before = sorted(place.data.iterdir())
    said = works(place, "backup", "verify", file)
    assert f"{file} is whole: accounts " in said
    assert ("checks passed." in said) == (not place.database_url)
    assert sorted(place.data.iterdir()) == before
    assert sorted(folder.iterdir()) == [file, again], "nothing is left"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    again.write_bytes(content)
    assert "damaged" in refused(place, "backup", "verify", again)
    assert "can't be read" in refused(place, "backup", "verify", folder / "none")
    assert sorted(folder.iterdir()) == [file, again]


def test_the_command_line_is_documented() -> None:
    """Every command, and no other, has its row."""
    text = (DOCS / "command-line.md").read_text()
    rows = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `seatwright ")}
    assert rows == {f"seatwright {name}" for name in commands.names()}


def test_every_command_says_what_it_does() -> None:
    group: Any = typer.main.get_command(app)
    for name in commands.names():
        command: Any = group
        for word in name.split():
            command = command.commands[word]
        assert command.help, name
