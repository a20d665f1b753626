"""The world of `tests.faults.world`, once per engine and test module; each test puts it back to its beginning."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from seatwright.core.config import Settings
from seatwright.core.ids import new_hex24
from tests.conftest import settings_for
from tests.faults.world import World, open_world
from tests.postgres import PostgresServer


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world_settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a migrated, empty database for the world."""
    data = tmp_path_factory.mktemp("world")
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copyfile(template, data / "seatwright.db")
        yield settings_for(data)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"world_{new_hex24()}"
    url = server.create_database(name, template=request.getfixturevalue("postgres_template"))
    yield settings_for(data, url)
    server.drop_database(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(world_settings: Settings) -> AsyncIterator[World]:
    """The world, wherever the last test has left it."""
    async with open_world(world_settings) as opened:
        yield opened
