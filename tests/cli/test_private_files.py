"""Whatever the program makes is for its own user only, also with a umask of 000, and what is too open is closed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from seatwright.auth.secrets import SECRET_FILE, Keyring
from seatwright.core.config import Settings
from seatwright.core.errors import Unavailable
from seatwright.core.files import close_directory, close_file
from seatwright.storage.sqlite import FILE, SqliteDatabase
from tests.api import test_serve as serve_test
from tests.backup.conftest import NewPlace, refused, seatwright, with_kept_secret, works
from tests.cli import commands
from tests.server import Server

OPEN_TO_OTHERS = 0o077
NO_FILES = {"serve", "messages test"}
"""Commands with a test of their own, and those that have nothing to do with files."""


@pytest.fixture(autouse=True)
def umask_000() -> Iterator[None]:
    """Whoever starts the program has a umask of 000."""
    before = os.umask(0)
    yield
    os.umask(before)


def too_open(*directories: Path) -> list[str]:
    """Return the files under directories on which others have rights, and at least one of which there must be."""
    found = [path for directory in directories for path in directory.rglob("*") if not path.is_symlink()]
    assert found
    return [f"{path.stat().st_mode:o} {path}" for path in found if path.stat().st_mode & OPEN_TO_OTHERS]


def test_every_command_is_known() -> None:
    assert set(commands.names()) == set(commands.ARGUMENTS)


def test_what_commands_make_is_private(new_place: NewPlace, tmp_path: Path) -> None:
    settings = with_kept_secret(new_place())
    settings.data.chmod(0o777)
    made = tmp_path / "made"
    made.mkdir()
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(commands.CATALOG)
    first = ["migrate", "account create", "import", "backup write", "restore"]
    for name in [*first, *(set(commands.names()) - NO_FILES - set(first))]:
        os.umask(0)
        line = commands.line(name, catalog=catalog, new_backup=made / f"{name}.zip", backup=made / "backup write.zip")
        code, output = seatwright(settings, *line)
        assert code == 0 or name not in first, output
        assert too_open(settings.data, made) == [], name
        assert settings.data.stat().st_mode & 0o022 == 0, "nobody else puts anything there"
        assert os.umask(0) == 0o077, "nor could anybody read what was there only for a moment"
    assert {path.name for path in made.iterdir()} == {"backup write.zip"}
    assert (settings.data / SECRET_FILE).exists()


def test_what_a_server_makes_is_private(settings: Settings) -> None:
    data = settings.data / "new"
    server = Server(settings, "--demo", "--workers", "2", "--data", str(data), SEATWRIGHT_SECRET="")
    try:
        names = {path.name for path in data.iterdir()}
        assert {SECRET_FILE, "demo.json"} <= names
        if not settings.database_url:
            assert {FILE, f"{FILE}-wal", f"{FILE}-shm"} <= names
        assert too_open(data) == []
        assert data.stat().st_mode & OPEN_TO_OTHERS == 0
        parent = server.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        assert len(children) >= 2
        for pid in (parent, *children):
            assert "Umask:\t0077\n" in Path(f"/proc/{pid}/status").read_text()
    finally:
        server.stop()
    assert too_open(data) == []


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_what_is_found_too_open_is_closed(new_place: NewPlace) -> None:
    settings = new_place()
    works(settings, "migrate")
    path = settings.data / FILE
    with closing(SqliteDatabase(path)._connect(write=True)) as another:
        another.execute("PRAGMA user_version = 1")
        for opened in (path, path.with_name(f"{FILE}-wal"), path.with_name(f"{FILE}-shm")):
            opened.chmod(0o666)
        works(settings, "doctor")
        assert too_open(settings.data) == []


def test_what_can_not_be_closed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another user's, that is."""

    def chmod(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    (tmp_path / "a file").touch(0o640)
    monkeypatch.setattr(Path, "chmod", chmod)
    with pytest.raises(Unavailable, match=r"run `chmod go= '.*/a file'` as its owner"):
        close_file(tmp_path / "a file")
    with pytest.raises(Unavailable, match="chmod go="):
        SqliteDatabase(tmp_path / "a file")
    close_file(tmp_path / "no file")


def test_directories_of_others_are_left(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    close_directory(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777, "such as /tmp"
    tmp_path.chmod(0o777)
    close_directory(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o755


UNSAFE = {
    "empty": (b"", 0o600),
    "a line break": (b"\n", 0o600),
    "short": (b"x" * 31 + b"\n", 0o600),
    "zeros, as after a crash of the machine": (bytes(65), 0o600),
    "not text": (bytes(range(128, 192)), 0o600),
    "read by the group": (b"x" * 64, 0o640),
    "read by all": (b"x" * 64, 0o604),
    "written by all": (b"x" * 64, 0o602),
}
WITH_SECRET = ["migrate", "account create", "keys reset", "keys create", "backup write"]
"""Commands that use the secret, beside `serve`."""


@pytest.mark.parametrize("case", UNSAFE)
def test_a_secret_that_others_know_is_refused_with_what_mends_it(
    case: str, new_place: NewPlace, tmp_path: Path
) -> None:
    settings = with_kept_secret(new_place())
    works(settings, "migrate")
    content, mode = UNSAFE[case]
    path = settings.data / SECRET_FILE
    path.write_bytes(content)
    path.chmod(mode)
    files = sorted(settings.data.iterdir())
    for name in WITH_SECRET:
        sentence = refused(settings, *commands.line(name, new_backup=tmp_path / "new.zip"))
    assert sorted(settings.data.iterdir()) == files
    (remedy, *_) = re.findall(r"run `(.*?)`", sentence)
    assert str(path) in remedy
    subprocess.run(["sh", "-c", remedy], check=True)
    works(settings, "migrate")
    works(settings, *commands.line("account create"))
    works(settings, *commands.line("keys reset"))
    assert too_open(settings.data) == []


def test_a_server_refuses_such_a_secret(settings: Settings) -> None:
    path = settings.data / SECRET_FILE
    path.write_text("x" * 31)
    path.chmod(0o600)
    ended = serve_test.seatwright(settings, "serve", "--workers", "2", SEATWRIGHT_SECRET="")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"run `rm {path}`" in ended.stderr


def test_a_secret_is_read_whatever_is_around_it(tmp_path: Path) -> None:
    path = tmp_path / SECRET_FILE
    for content in ("x" * 32, f"{'x' * 32}\n", f"  {'x' * 32}\r\n"):
        path.write_text(content)
        path.chmod(0o400)
        assert Keyring.open("", tmp_path) == Keyring.from_secret("x" * 32)
        path.unlink()
    path.mkdir()
    with pytest.raises(Unavailable, match="can't be read"):
        Keyring.open("", tmp_path)
