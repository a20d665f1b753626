"""A real server process with accounts in it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.storage.engine import Database
from seatwright.storage.open import open_database
from tests.conftest import SECRET, settings_for
from tests.server import Server

T = TypeVar("T")


class QuickServer(Server):
    """A server whose bounds on slow clients are short."""

    module = "tests.security.quick"


@dataclass(frozen=True)
class Login:
    """An account of the running server: its key, the name of its user, and a token."""

    account_id: str
    username: str
    apikey: str
    headers: dict[str, str]


def fresh_settings(template: Path, directories: pytest.TempPathFactory) -> Settings:
    """Return settings of an empty SQLite database of its own, for fixtures that several tests share."""
    data = directories.mktemp("server")
    shutil.copyfile(template, data / "seatwright.db")
    return settings_for(data)


def in_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something in a server's database, beside the server."""

    async def run() -> T:
        database = await open_database(settings)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def open_account(settings: Settings, server: Server, code: str) -> Login:
    """Make an account with a user who may do everything, and get a token for its key."""
    now, username = SystemClock().now(), f"dana@{code}.example"
    fields = {"code": code, "name": code, "currency": "USD", "time_zone": "America/Denver"}

    async def run(database: Database) -> tuple[str, str]:
        keyring = Keyring.from_secret(SECRET)
        account, key = await database.write(lambda tx: auth.create_account(tx, keyring, now, email=username, **fields))
        new = auth.NewUser(email=username, name="Dana Reyes", permissions=ALL_PERMISSIONS)
        await database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, account.id, new))
        return account.id, key

    account_id, key = in_database(settings, run)
    answer = httpx.post(f"{server.url}/public/api/authenticate", json={"username": username, "apikey": key})
    assert answer.status_code == 200, answer.text
    return Login(account_id, username, key, {"Authorization": f"Bearer {answer.text}"})
