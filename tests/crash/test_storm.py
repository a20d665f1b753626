"""The storm: clients that are servers too, killed or not; and that it would tell if a guard were missing.

`STORM_SECONDS` and `STORM_OPERATIONS` bound a run on each engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seatwright.core.config import Settings
from tests.crash.figures import show
from tests.crash.harness import DEPARTURES_DROP, Harness, Outcome
from tests.crash.scale import amount, seconds
from tests.postgres import PostgresServer

SECONDS = seconds("STORM_SECONDS", 120)
OPERATIONS = amount("STORM_OPERATIONS", 3000)
KILLED_SECONDS = seconds("STORM_KILLED_SECONDS", 8)
CONTROL_SECONDS = 60.0
CONTROL_OPERATIONS = 30_000
REPEATED = ("twice at once", "not as before", "a used key")
"""What a client says whose key didn't count."""
GONE = ("cart_empty", "_not_found", *REPEATED)
"""What a client is told, or says, whose cart, item, order or key is gone."""


@pytest.fixture
def harness(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Harness:
    """A harness on each engine."""
    server: PostgresServer | None = request.getfixturevalue("postgres_server") if settings.database_url else None
    return Harness(settings, tmp_path, server)


def told(harness: Harness, what: str, outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    show(capsys, f"{what} on {'PostgreSQL' if harness.server else 'SQLite'}", **outcome.figures())


def test_nothing_is_lost_or_oversold(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = harness.storm(seconds=SECONDS, operations=OPERATIONS)
    told(harness, "storm", outcome, capsys)
    assert outcome.clean, outcome.explain()
    assert outcome.findings.acknowledged > outcome.counts["operations"] / 2 > 0


def test_nothing_is_lost_when_processes_are_killed(harness: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = harness.storm(seconds=KILLED_SECONDS, operations=10**9, kills=True)
    told(harness, "storm with kills", outcome, capsys)
    assert outcome.clean, outcome.explain()
    assert outcome.kills.total() > KILLED_SECONDS / 4


def control(harness: Harness, guard: str, capsys: pytest.CaptureFixture[str], **more: Any) -> Outcome:
    """Run the storm without a guard, until there is harm."""
    bounds = {"seconds": CONTROL_SECONDS, "operations": CONTROL_OPERATIONS}
    outcome = harness.storm(**bounds | more, without=guard)
    told(harness, f"storm without the guard {guard!r}", outcome, capsys)
    print(outcome.explain())
    assert not outcome.clean, f"nothing was noticed without the guard {guard!r}"
    return outcome


def test_control_without_the_capacity_predicate_seats_are_oversold(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = control(harness, "capacity", capsys)
    assert outcome.findings.harms.get("taken", 0) + outcome.findings.harms.get("seats", 0) > 0


def test_control_without_the_pools_check_units_are_oversold(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = control(harness, "pool", capsys, drop=(*DEPARTURES_DROP, "pool_not_oversold"))
    assert outcome.findings.harms.get("pool", 0) > 0


def test_control_without_the_expiry_predicate_expired_holds_are_sold(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control(harness, "expiry", capsys, days=4).findings.harms.get("expired", 0) > 0


def test_control_without_the_idempotency_insert_a_repeated_request_is_answered_otherwise(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = control(harness, "idempotency", capsys).failures
    assert any(word in failure for failure in failures for word in REPEATED)


def test_control_with_answers_before_the_commit_acknowledged_writes_are_missed(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a guard of the list, but the other promise: an acknowledged write that is gone must be missed, in the end, or
    by its client if that goes on from it before."""
    more: dict[str, Any] = (
        {"operations": 1500} if harness.server else {"kills": True, "seconds": KILLED_SECONDS, "processes": 1}
    )
    outcome = control(harness, "commit", capsys, **more)
    missed = any(word in failure for failure in outcome.failures for word in GONE)
    assert outcome.findings.lost or missed


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_control_without_the_lock_order_there_are_deadlocks(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control(harness, "lock order", capsys, product="bike", speed=100).deadlocks > 0
