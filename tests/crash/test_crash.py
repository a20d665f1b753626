"""Nothing acknowledged is lost and nothing is oversold, whatever is killed: clients over HTTP, real servers, SIGKILL.

`CRASH_SECONDS` and `CRASH_OPERATIONS` bound a run on each engine; whichever is reached first ends it.
`CRASH_PROCESSES` x `CRASH_CLIENTS` clients take part.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from seatwright.core.config import Settings
from tests.conftest import _migrate, settings_for
from tests.crash.figures import show
from tests.crash.harness import Harness
from tests.crash.scale import amount, seconds
from tests.postgres import PostgresServer

SECONDS = seconds("CRASH_SECONDS", 45)
OPERATIONS = amount("CRASH_OPERATIONS", 1_000_000)
PROCESSES = amount("CRASH_PROCESSES", 3)
CLIENTS = amount("CRASH_CLIENTS", 4)


def run(settings: Settings, directory: Path, server: PostgresServer | None, capsys: pytest.CaptureFixture[str]) -> None:
    harness = Harness(settings, directory, server)
    outcome = harness.crash(seconds=SECONDS, operations=OPERATIONS, processes=PROCESSES, clients=CLIENTS)
    show(capsys, f"crash on {'PostgreSQL' if server else 'SQLite'}", **outcome.figures())
    assert outcome.clean, outcome.explain()
    assert outcome.kills.total() >= outcome.seconds / 10
    assert outcome.counts["unknown"] > 0, "no kill hit a request"
    assert outcome.findings.acknowledged >= outcome.seconds * 5


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_killed_servers_lose_nothing_that_was_answered_on_sqlite(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(settings, tmp_path, None, capsys)


def test_killed_servers_and_databases_lose_nothing_that_was_answered_on_postgres(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with PostgresServer(durable=True) as server:
        settings = settings_for(tmp_path, server.create_database("crash"))
        _migrate(settings)
        run(settings, tmp_path, server, capsys)
