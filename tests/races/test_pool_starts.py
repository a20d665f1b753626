"""A departure made while somebody takes units that it shares: both count them (PostgreSQL; SQLite has one writer).

The statement that holds seats sees the pool's starts as they were when it began. It waits for the departure's lock,
which whoever makes another departure has, and then has to notice that there is a start which it doesn't know.
"""

from __future__ import annotations

import asyncio

import pytest

from seatwright.core.clock import ManualClock
from seatwright.core.errors import SoldOut
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.inventory import pools, seats
from seatwright.storage.engine import Tx
from tests.conftest import TestAccount
from tests.outfitter import CATALOG, Operator
from tests.races.test_lock_order import until_somebody_waits

pytestmark = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
GUARD = "AND s.pool_starts = (SELECT count(*) FROM pool_taken)"


async def overlapping(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Take 3 of 5 units of a departure while one that begins within it is being made; return both."""
    await operator.load(CATALOG)
    first = (await operator.create("bike", start="2026-07-14T09:00")).departure
    made, waiting = asyncio.Event(), asyncio.Event()
    count_at = pools.count_at

    async def count_and_wait(tx: Tx, *args: object) -> None:
        await count_at(tx, *args)  # type: ignore[arg-type]
        made.set()
        await waiting.wait()

    monkeypatch.setattr(pools, "count_at", count_and_wait)
    async with asyncio.TaskGroup() as group:
        making = group.create_task(operator.create("bike", start="2026-07-14T11:00"))
        await made.wait()
        group.create_task(operator.take(first.id, 3))
        await until_somebody_waits(operator.database)
        waiting.set()
    return first.id, making.result().departure.id


async def test_a_departure_made_while_units_are_being_held_is_counted(
    services: Services, account: TestAccount, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Operator.of(services, account.id)
    first, second = await overlapping(operator, monkeypatch)
    assert await check(operator.database, clock.now()) == []
    assert (await operator.shown(second)).departure.free == 2
    with pytest.raises(SoldOut):
        await operator.take(second, 3)
    assert (await operator.shown(first)).departure.taken == 3


async def test_control_without_the_guard_a_new_departure_is_not_counted(
    services: Services, account: TestAccount, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: what would be sold twice is found by the invariant."""
    assert GUARD in seats.HOLD_STATEMENT
    monkeypatch.setattr(seats, "HOLD_STATEMENT", seats.HOLD_STATEMENT.replace(GUARD, ""))
    operator = Operator.of(services, account.id)
    _, second = await overlapping(operator, monkeypatch)
    assert "pool_seats" in {violation.check for violation in await check(operator.database, clock.now())}
    assert (await operator.shown(second)).departure.free == 5
