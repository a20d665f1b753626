"""Fixtures: either kind of client, and a real server with demo data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from seatwright.core.config import Settings
from seatwright.core.ids import new_hex24
from tests.api.test_serve import seatwright
from tests.client.rig import KINDS, Kind
from tests.conftest import settings_for
from tests.postgres import PostgresServer
from tests.server import Server


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Which client."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture(scope="package", params=["sqlite", "postgres"])
def server_settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a new database on each engine."""
    data = tmp_path_factory.mktemp(f"client-{request.param}")
    if request.param == "sqlite":
        return settings_for(data)
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    return settings_for(data, postgres.create_database(f"client_{new_hex24()}"))


@pytest.fixture(scope="package")
def demo(server_settings: Settings) -> Iterator[dict[str, Any]]:
    """`demo.json` of a server with demo data, for all tests of this folder. Its books balance in the end."""
    server = Server(server_settings, "--demo")
    try:
        yield json.loads((server_settings.data / "demo.json").read_text())
    finally:
        output = server.stop()
    assert "Traceback" not in output
    assert "checks passed" in seatwright(server_settings, "doctor").stdout
