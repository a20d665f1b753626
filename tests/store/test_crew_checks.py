"""`seatwright doctor` sees assignments of nobody, on nothing and at other times, and resources that can't be."""

from __future__ import annotations

import pytest

from seatwright.assignments import resources, service
from seatwright.assignments.resources import NewResource
from seatwright.assignments.service import Assignment
from seatwright.core.clock import ManualClock
from seatwright.invariants.checks import CHECKS, check
from seatwright.invariants.crew import CREW_CHECKS
from seatwright.storage.engine import Database, Tx
from tests.shop import open_shop

BREAKING = {
    "UPDATE assignment SET start_at = start_at + 60000": "assignment_of_nothing",
    "UPDATE departure SET end_at = end_at + 60000": "assignment_of_nothing",
    "DELETE FROM departure": "assignment_of_nothing",
    "DELETE FROM resource": "assignment_of_nothing",
    "UPDATE resource SET places = 3": "resource_kind",
    "UPDATE resource SET kind = 'captain'": "resource_kind",
    "UPDATE resource SET kind = 'boat', places = 0": "resource_kind",
    "UPDATE resource SET user_id = '000000000000000000000000'": "resource_kind",
}


class Undo(Exception):
    """Rolls a transaction back, and says what was found in it."""

    def __init__(self, found: set[str]) -> None:
        self.found = found


async def test_doctor_sees_what_cannot_be(database: Database, clock: ManualClock) -> None:
    shop = await open_shop(database, clock)
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=8)

    async def assign(tx: Tx) -> None:
        guide = await resources.add(tx, clock, shop.caller, NewResource("guide", "Sam Roe"))
        await service.assign(tx, clock, shop.caller, Assignment(departure, [guide.id]))

    await database.write(assign)
    assert await check(database, 0) == []
    assert set(CREW_CHECKS) <= set(CHECKS)
    for sql, found in BREAKING.items():

        async def spoil(tx: Tx, sql: str = sql) -> None:
            await tx.execute(sql)
            raise Undo({each.name for each in CREW_CHECKS if await tx.rows(each.sql)})

        with pytest.raises(Undo) as undone:
            await database.write(spoil)
        assert undone.value.found == {found}, sql
    assert await check(database, 0) == []
