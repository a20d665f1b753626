"""`seatwright doctor` sees assignments of nobody, on nothing and at other times, and resources that can't be."""

from __future__ import annotations

import pytest

from seatwright.assignments import resources, service
from seatwright.assignments.resources import NewResource
from seatwright.assignments.service import Assignment
from seatwright.core.clock import ManualClock
from seatwright.invariants.checks import check
from seatwright.storage.engine import Database, Tx
from tests.shop import open_shop


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1 AS one FROM assignment", set()),
        ("UPDATE assignment SET start_at = start_at + 60000", {"assignment_of_nothing"}),
        ("UPDATE departure SET end_at = end_at + 60000", {"assignment_of_nothing"}),
        ("DELETE FROM departure", {"assignment_of_nothing"}),
        ("DELETE FROM resource", {"assignment_of_nothing"}),
        ("UPDATE resource SET places = 3", {"resource_kind"}),
        ("UPDATE resource SET kind = 'captain'", {"resource_kind"}),
        ("UPDATE resource SET kind = 'boat', places = 0", {"resource_kind"}),
        ("UPDATE resource SET user_id = '000000000000000000000000'", {"resource_kind"}),
    ],
)
async def test_doctor_sees_what_cannot_be(database: Database, clock: ManualClock, sql: str, found: set[str]) -> None:
    shop = await open_shop(database, clock)
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=8)

    async def use_case(tx: Tx) -> None:
        guide = await resources.add(tx, clock, shop.caller, NewResource("guide", "Sam Roe"))
        await service.assign(tx, clock, shop.caller, Assignment(departure, [guide.id]))

    await database.write(use_case)
    assert await check(database, 0) == []
    await database.write(lambda tx: tx.execute(sql) if sql.startswith(("UPDATE", "DELETE")) else tx.rows(sql))
    assert {each.check for each in await check(database, 0)} == found
