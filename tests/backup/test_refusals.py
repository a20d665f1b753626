"""What is not a whole and fitting backup changes nothing; nor does a restoration that is refused or killed."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import random
import re
import signal
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seatwright.auth.secrets import SECRET_FILE
from seatwright.backup import archive, postgres_tools, sqlite
from seatwright.cli import backup
from seatwright.core.config import Settings
from seatwright.core.errors import Invalid, Unavailable
from seatwright.storage.open import open_database, without_password
from tests.backup.conftest import NewPlace, ended, refused, start, with_kept_secret, works
from tests.backup.fixtures import NEWEST, load
from tests.conftest import SECRET

OTHER_SECRET = "another secret, of enough characters as well"
HIDDEN = (".restore", ".partial", "seatwright.db-")
"""What names of leftovers hold."""


def filled(settings: Settings) -> Settings:
    """Put an outfitter's business into an empty database."""

    async def run() -> None:
        database = await open_database(settings, make=True)
        await load(database, NEWEST)
        await database.close()

    asyncio.run(run())
    return settings


def mark(settings: Settings) -> Settings:
    """Put a row into a database that is in no backup."""

    async def run() -> None:
        database = await open_database(settings)
        await database.write(lambda tx: tx.execute("INSERT INTO discount_use VALUES ('a', 'old', 1)"))
        await database.close()

    asyncio.run(run())
    return settings


def is_marked(settings: Settings) -> bool:
    """Tell whether a database is the marked one still; its orders are there either way."""

    async def run() -> bool:
        database = await open_database(settings)
        marks = await database.read(lambda tx: tx.rows("SELECT uses FROM discount_use WHERE discount_id = 'old'"))
        orders = await database.read(lambda tx: tx.rows("SELECT id FROM orders"))
        await database.close()
        assert len(orders) == 3
        return len(marks) == 1

    return asyncio.run(run())


def leftovers(settings: Settings) -> list[str]:
    return [path.name for path in settings.data.iterdir() if any(part in path.name for part in HIDDEN)]


@pytest.fixture
def place(new_place: NewPlace) -> Settings:
    """A database with business in it, and `a.backup` of it in its data directory; it was marked since."""
    settings = filled(new_place())
    works(settings, "backup", settings.data / "a.backup")
    return mark(settings)


Change = Callable[[dict[str, Any]], None]


def rewritten(file: Path, change: Change, **parts: bytes) -> bytes:
    """Return a backup with another manifest, and with other parts under names of which `_` stands for a point."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = parts.get(name.replace(".", "_"), old.read(name))
            if name == archive.MANIFEST:
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            new.writestr(name, content)
    return buffer.getvalue()


def flipped(content: bytes, at: int) -> bytes:
    """Return it with 32 bytes inverted: one bit may be one that compressed zeros don't depend on."""
    return content[:at] + bytes(byte ^ 0xFF for byte in content[at : at + 32]) + content[at + 32 :]


def test_a_broken_backup_changes_nothing(place: Settings) -> None:
    good = place.data / "a.backup"
    content, bad = good.read_bytes(), place.data / "b.backup"
    broken = {
        "damaged": flipped(content, len(content) // 2),
        "not a Seatwright backup, or its end is missing": content[: len(content) // 2],
        "its end is missing": content[:-1],
        "is not a Seatwright backup": b"",
        "newer than this program's": rewritten(good, lambda manifest: manifest.update(schema_version=NEWEST + 1)),
        "install a newer Seatwright": rewritten(good, lambda manifest: manifest.update(format=2)),
        "manifest says": rewritten(good, lambda manifest: manifest["rows"].update(orders=4)),
        "is not what the manifest says": rewritten(
            good, lambda manifest: manifest["parts"]["database"].update(sha256="0")
        ),
        "longer than its manifest says": rewritten(good, lambda manifest: manifest["parts"]["database"].update(size=9)),
        "its manifest can't be read": rewritten(good, lambda manifest: manifest.pop("rows")),
        "not those that its manifest names": rewritten(good, lambda manifest: manifest["parts"].pop("database")),
    }
    for sentence, text in broken.items():
        bad.write_bytes(text)
        assert sentence in refused(place, "restore", bad, "--force")
        assert is_marked(place), sentence
    bad.unlink()
    with zipfile.ZipFile(bad, "w") as foreign:
        foreign.writestr("holiday.jpg", b"not a manifest")
    assert "no manifest" in refused(place, "restore", bad, "--force")
    assert "can't be read" in refused(place, "restore", place.data / "nothing.backup", "--force")
    assert is_marked(place)
    works(place, "restore", good, "--force")
    assert not is_marked(place)
    assert leftovers(place) == []


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_a_flipped_byte_is_noticed_or_means_nothing(place: Settings) -> None:
    content = (place.data / "a.backup").read_bytes()
    bad = place.data / "b.backup"

    def unpacked() -> bytes:
        buffer = io.BytesIO()
        with archive.reading(bad) as reader:
            reader.extract(archive.DATABASE, buffer)
        return buffer.getvalue()

    bad.write_bytes(content)
    whole, chance, noticed = unpacked(), random.Random(1), 0
    edges = [*range(64), *range(len(content) - 400, len(content))]
    for at in edges + [chance.randrange(len(content)) for _ in range(300)]:
        bad.write_bytes(flipped(content, at))
        try:
            assert unpacked() == whole, at
        except Invalid:
            noticed += 1
    assert noticed > 500, noticed


def test_a_database_in_use_is_not_replaced_unasked(place: Settings, new_place: NewPlace) -> None:
    assert "1 account in it" not in refused(place, "restore", place.data / "a.backup")
    assert "--force" in refused(place, "restore", place.data / "a.backup")
    assert is_marked(place)
    empty = new_place()
    works(empty, "migrate")
    works(empty, "restore", place.data / "a.backup")
    assert not is_marked(empty)


def test_an_existing_file_is_not_replaced_unasked(place: Settings) -> None:
    file = place.data / "a.backup"
    before = file.read_bytes()
    assert "exists already" in refused(place, "backup", file)
    assert file.read_bytes() == before
    works(place, "backup", file, "--force")
    assert file.read_bytes() != before
    away = replace(place, data=place.data / "nowhere", database_url=place.database_url and f"{place.database_url}x")
    assert re.search("can't be|is no database", refused(away, "backup", file, "--force"))
    works(place, "restore", file, "--force")
    assert is_marked(place)  # what is restored is the second backup, which the third did no harm
    assert leftovers(place) == []


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_a_backup_of_the_other_engine_is_refused(place: Settings) -> None:
    away = replace(place, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    assert "The backup is of SQLite" in refused(away, "restore", place.data / "a.backup", "--force")


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_a_log_without_its_database_is_not_taken_for_the_new_one_s(place: Settings, new_place: NewPlace) -> None:
    fresh = new_place()
    orphan = fresh.data / "seatwright.db-wal"
    orphan.touch()
    assert "move it away" in refused(fresh, "restore", place.data / "a.backup")
    orphan.unlink()
    (fresh.data / sqlite.FILE).write_bytes(b"no database, and longer than a header of one " * 20)
    assert "move it away" in refused(fresh, "restore", place.data / "a.backup", "--force")


KILLS = {
    "sqlite": (
        ("from seatwright.backup import archive as a; a.put_in_place = lambda *_, **__: die()", True),
        (
            "from seatwright.backup import archive as a; p = a.put_in_place\n"
            "def then_die(*a, **b): p(*a, **b); die()\na.put_in_place = then_die",
            False,
        ),
    ),
    "postgres": (
        (
            "from seatwright.backup import postgres_tools as t\n"
            "def half(self, source, target): target.write(source.read(1 << 20)[:-400]); target.flush(); die()\n"
            "t.Tools._pass_on = half",
            True,
        ),
    ),
}
"""How a restoration is killed, and whether the old database is there then."""


def test_killed_in_the_middle_it_is_the_old_or_the_new_one(place: Settings) -> None:
    for code, old in KILLS["postgres" if place.database_url else "sqlite"]:
        die = f"import os\ndef die(): os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
        code_, output = ended(start(place, "restore", place.data / "a.backup", "--force", code=die + code))
        assert code_ == -signal.SIGKILL, output
        assert is_marked(place) == old
        assert "checks passed" in works(place, "restore", place.data / "a.backup", "--force")
        assert not is_marked(place)
        mark(place)


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_a_backup_brings_the_secret_along(new_place: NewPlace) -> None:
    old = filled(new_place())
    file, unset = old.data / "a.backup", with_kept_secret(old)
    (old.data / SECRET_FILE).write_text(f"{SECRET}\n")
    (old.data / SECRET_FILE).chmod(0o600)
    works(unset, "backup", file)
    new = with_kept_secret(new_place())
    assert "SEATWRIGHT_SECRET" in refused(replace(new, secret=OTHER_SECRET), "restore", file)
    (new.data / SECRET_FILE).write_text("a younger secret")
    works(new, "restore", file)
    kept = new.data / SECRET_FILE
    assert kept.read_text() == f"{SECRET}\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (new.data / f"{SECRET_FILE}.replaced").read_text() == "a younger secret"
    works(replace(new, secret=OTHER_SECRET), "restore", file, "--force", "--keep-secret")
    works(replace(new, secret=SECRET), "restore", file, "--force")


def with_secret(file: Path, secret: bytes, **manifest: str) -> bytes:
    """Return a backup with another secret in it, which its manifest describes as a part."""
    part = {"size": len(secret), "sha256": hashlib.sha256(secret).hexdigest()}

    def change(content: dict[str, Any]) -> None:
        content["parts"][archive.SECRET] = part
        content.update(manifest)

    return rewritten(file, change, secret_key=secret)


def test_a_backup_s_secret_is_the_one_that_its_keys_belong_to(new_place: NewPlace) -> None:
    old, new = with_kept_secret(filled(new_place())), with_kept_secret(new_place())
    made = old.data / SECRET_FILE
    made.write_text(f"{SECRET}\n")
    made.chmod(0o600)
    works(old, "backup", old.data / "a.backup")
    bad = new.data / "b.backup"
    before = sorted(new.data.iterdir())
    for content in (
        with_secret(old.data / "a.backup", OTHER_SECRET.encode()),
        with_secret(old.data / "a.backup", b""),
        with_secret(old.data / "a.backup", b"", secret_check=""),
        with_secret(old.data / "a.backup", b"short", secret_check=backup._check_of("short")),
        with_secret(old.data / "a.backup", SECRET.encode(), secret_check=""),
    ):
        bad.write_bytes(content)
        for place in (new, replace(new, secret=SECRET)):
            assert "not the one that its manifest names" in refused(place, "restore", bad)
        bad.unlink()
        assert sorted(new.data.iterdir()) == before, "nothing was changed"
    bad.write_bytes(content)
    works(new, "restore", bad, "--keep-secret")
    assert not (new.data / SECRET_FILE).exists()
    works(new, "restore", old.data / "a.backup", "--force")
    assert (new.data / SECRET_FILE).read_text() == f"{SECRET}\n"


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_a_secret_that_is_elsewhere_has_to_be_set(place: Settings, new_place: NewPlace) -> None:
    file, new = place.data / "a.backup", with_kept_secret(new_place())
    assert archive.SECRET not in zipfile.ZipFile(file).namelist()
    assert "set it" in refused(new, "restore", file)
    assert not (new.data / SECRET_FILE).exists()
    works(new, "restore", file, "--keep-secret")
    works(replace(new, secret=SECRET), "restore", file, "--force")


def test_old_or_missing_programs_are_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgres_tools, "_FOLDERS", ())
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    if not Path("/bin/pg_dump").exists():
        with pytest.raises(Unavailable, match="was not found"):
            postgres_tools.Tools.find("postgresql://a@b/c", 15)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("pg_dump", "pg_restore", "psql"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 14.2'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(Unavailable, match=r"pg_dump of PostgreSQL 15 .* only that of PostgreSQL 14 was found"):
        postgres_tools.Tools.find("postgresql://a@b/c", 15)
    assert postgres_tools.Tools.find("postgresql://a@b/c", 14).psql == tmp_path / "psql"
    assert os.environ["PATH"] == str(tmp_path)


@pytest.mark.parametrize(
    ("url", "address", "password"),
    [
        ("postgresql://u:s%40crt@h:5433/d", "postgresql://u@h:5433/d", "s@crt"),
        ("postgresql://u@h/d", "postgresql://u@h/d", ""),
        ("postgresql:///d?user=u&password=p%3A&sslmode=require", "postgresql:///d?user=u&sslmode=require", "p:"),
        ("postgres://u:p@[::1]:5433,h2:5432/d", "postgres://u@[::1]:5433,h2:5432/d", "p"),
        ("postgresql:///d?host=%2Fvar%2Frun", "postgresql:///d?host=%2Fvar%2Frun", ""),
    ],
)
def test_no_password_on_a_command_line(url: str, address: str, password: str) -> None:
    assert without_password(url) == (address, password)
