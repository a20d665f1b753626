"""A backup that is made while clients order and cancel, and restored elsewhere: nothing acknowledged is missing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from seatwright.auth.secrets import SECRET_FILE
from seatwright.backup import archive
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.core.times import from_datetime
from seatwright.storage.open import open_database
from tests.backup.conftest import NewPlace, ended, refused, seatwright, start, with_kept_secret, works
from tests.backup.crowd import crowd_at, missing
from tests.conftest import SECRET, _migrate
from tests.crash import outfit
from tests.crash.audit import _everything, _Stored
from tests.crash.figures import show
from tests.crash.journal import Known
from tests.server import Server

CLIENTS = 3
BEFORE, AFTER = 120, 30
"""Answers before a backup begins, and after it is there."""


def serve(settings: Settings, workers: int) -> Server:
    limits = ("REQUESTS_PER_SECOND", "HOLDS_PER_USER", "HOLDS_PER_ADDRESS")
    more = {f"SEATWRIGHT_{name}": "0" for name in limits}
    return Server(settings, "--workers", str(workers), SEATWRIGHT_SECRET="", SEATWRIGHT_HOLD_SECONDS="5", **more)


async def stored_in(settings: Settings) -> _Stored:
    database = await open_database(settings)
    try:
        return await database.read(_everything)
    finally:
        await database.close()


BROKEN = {
    # The database's file without what is still in its write-ahead log: all since this reader began.
    "sqlite": """
import os, shutil, sqlite3
reader = sqlite3.connect(os.environ["SEATWRIGHT_DATA"] + "/seatwright.db", isolation_level=None)
reader.execute("BEGIN")
reader.execute("SELECT * FROM schema_version").fetchone()
from seatwright.backup import sqlite as backup_sqlite
backup_sqlite._copy = lambda path, draft: shutil.copyfile(path, draft)
""",
    # A dump of a later moment than the one that rows were counted at.
    "postgres": """
import time
from seatwright.backup.postgres_tools import Tools
started, dump = Tools._started, Tools.dump
def without_snapshot(self, command, **pipes):
    return started(self, [word for word in command if not word.startswith("--snapshot")], **pipes)
def later(self, *arguments):
    time.sleep(0.5)
    dump(self, *arguments)
Tools._started, Tools.dump = without_snapshot, later
""",
}
"""Backups that go wrong: this test has to notice."""


@dataclass(frozen=True)
class Busy:
    """What clients were told before a backup's snapshot and in the end, and how many answers came while it was made."""

    before: Known
    before_broken: Known
    after: Known
    meanwhile: int


async def busy_while_backed_up(port: int, plan: dict[str, Any], settings: Settings, file: Path) -> Busy:
    """Make a backup while clients are at work."""
    (settings.data / "journals").mkdir()
    async with crowd_at(port, plan, settings.data / "journals", CLIENTS) as crowd:
        await crowd.until(BEFORE)
        began = crowd.acknowledged()
        made = await asyncio.to_thread(ended, start(settings, "backup", file))
        assert made[0] == 0, made
        meanwhile = crowd.acknowledged() - began
        await crowd.until(crowd.acknowledged() + AFTER)
        broken_file = file.with_suffix(".broken")
        broken = BROKEN["postgres" if settings.database_url else "sqlite"]
        code, output = await asyncio.to_thread(ended, start(settings, "backup", broken_file, code=broken))
        assert code == 0 or "damaged" in output, output
    return Busy(crowd.known(before=_instant(file)), crowd.known(before=_instant(broken_file)), crowd.known(), meanwhile)


def _instant(file: Path) -> int:
    """Return the instant before which everything is in a backup; 0 if there is none."""
    if not file.exists():
        return 0
    with archive.reading(file) as reader:
        return from_datetime(datetime.fromisoformat(reader.manifest.created_at))


def test_a_backup_under_load_has_everything_that_was_acknowledged_before_it(
    new_place: NewPlace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = with_kept_secret(new_place()), with_kept_secret(new_place())
    _migrate(here)
    plan = outfit.build(here, SystemClock(), days=4, drop=())
    (here.data / SECRET_FILE).write_text(SECRET)
    (here.data / SECRET_FILE).chmod(0o600)
    file = tmp_path / "busy.backup"
    server = serve(here, 2)
    try:
        known = asyncio.run(busy_while_backed_up(server.port, plan, here, file))
        assert "server" in refused(here, "restore", file, "--force")  # while it runs
    finally:
        server.stop()
    assert known.meanwhile > 0
    works(there, "restore", file)
    assert "checks passed" in works(there, "doctor")
    stored = asyncio.run(stored_in(there))
    assert known.before.acknowledged >= BEFORE
    assert missing(known.before, stored.orders, stored.carts) == []
    assert stored.orders.keys() <= known.after.orders.keys()
    assert stored.carts.keys() <= known.after.carts.keys()
    assert missing(Known(orders=stored.orders), known.after.orders, {}) == []
    figures = {
        "orders_before": len(known.before.orders),
        "orders_in_it": len(stored.orders),
        "orders_after": len(known.after.orders),
        "answers_meanwhile": known.meanwhile,
        "bytes": file.stat().st_size,
    }
    show(capsys, f"backup under load on {'PostgreSQL' if here.database_url else 'SQLite'}", **figures)
    assert file.stat().st_mode & 0o777 == 0o600
    the_broken_one_is_noticed(with_kept_secret(new_place()), file.with_suffix(".broken"), known.before_broken)
    the_old_key_signs_in(there, plan, next(iter(known.before.orders)))


def the_broken_one_is_noticed(settings: Settings, file: Path, told: Known) -> None:
    """The same test of a backup that is not right fails, if there is one: a copy that is torn was refused before."""
    if settings.database_url:
        assert "not as many rows" in refused(settings, "restore", file)
    elif file.exists() and seatwright(settings, "restore", file)[1].count("Restored"):
        stored = asyncio.run(stored_in(settings))
        assert missing(told, stored.orders, stored.carts)


def the_old_key_signs_in(settings: Settings, plan: dict[str, Any], order_id: str) -> None:
    """The server that was restored knows the key, and shows an order to it."""
    server = serve(settings, 1)
    try:
        seen = 0
        for login in plan["logins"]:
            key = {"username": login["username"], "apikey": login["apikey"]}
            token = httpx.post(f"{server.url}/public/api/authenticate", json=key)
            assert token.status_code == 200, token.text
            headers = {"Authorization": f"Bearer {token.text}"}
            seen += httpx.get(f"{server.url}/public/api/order/{order_id}", headers=headers).status_code == 200
        assert seen
    finally:
        server.stop()
