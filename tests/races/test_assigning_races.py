"""Two desks put the same guide on two departures at the same hour: one does, the other is asked first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from seatwright.assignments import resources, service, store
from seatwright.assignments.resources import NewResource
from seatwright.assignments.service import Assignment, InConflict
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.invariants.checks import check
from seatwright.storage.engine import Database
from seatwright.storage.open import open_database
from tests.shop import Shop, open_shop

ROUNDS = 8


async def race(shop: Shop, other: Database, day: str) -> tuple[list[Any], int]:
    """Let two processes assign a new guide at once; return what came of it, and on how many departures the guide is."""
    new = NewResource("guide", f"Guide of {day}")
    guide = (await shop.database.write(lambda tx: resources.add(tx, shop.booking.clock, shop.caller, new))).id
    departures = [await shop.departure("kayak", f"{day} {hour}:00", capacity=4) for hour in ("09", "10")]
    writes = (
        database.write(
            lambda tx, d=departure: service.assign(tx, shop.booking.clock, shop.caller, Assignment(d, [guide]))  # type: ignore[misc]
        )
        for database, departure in zip((shop.database, other), departures, strict=True)
    )
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    on = [await shop.database.read(lambda tx, d=each: store.assigned_to(tx, shop.account_id, d)) for each in departures]  # type: ignore[misc]
    return outcomes, sum(guide in each for each in on)


async def test_one_desk_gets_the_guide(settings: Settings, database: Database, clock: ManualClock) -> None:
    shop, other = await open_shop(database, clock), await open_database(settings)
    try:
        for number in range(ROUNDS):
            outcomes, on = await race(shop, other, f"2026-08-{number + 1:02d}")
            assert on == 1
            assert sum(isinstance(outcome, InConflict) for outcome in outcomes) == 1, outcomes
            assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1, outcomes
        assert await check(database, clock.now()) == []
    finally:
        await other.close()


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
async def test_control_without_the_lock_both_get_the_guide(
    settings: Settings, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has looked before the other has written: only the lock makes one of them look afterwards."""
    shop, other = await open_shop(database, clock), await open_database(settings)
    looked, first = asyncio.Barrier(2), service._roster

    async def roster(*args: Any) -> Any:
        found = await first(*args)
        await looked.wait()
        return found

    monkeypatch.setattr(store, "lock", store.resources_with_ids)
    monkeypatch.setattr(service, "_roster", roster)
    try:
        outcomes, on = await race(shop, other, "2026-08-01")
        assert (on, [each for each in outcomes if isinstance(each, Exception)]) == (2, [])
    finally:
        await other.close()
