"""The worker loops: retention, and that a failure doesn't end them."""

import asyncio

import pytest

from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Unavailable
from seatwright.storage import idempotency
from seatwright.storage.engine import Database, ReadTx, Tx
from seatwright.worker import loops
from seatwright.worker.loops import Loops


async def keys(database: Database) -> list[str]:
    async def read(tx: ReadTx) -> list[str]:
        return [row["key"] for row in await tx.rows("SELECT key FROM idempotency ORDER BY key")]

    return await database.read(read)


async def test_old_answers_are_forgotten_in_portions(
    database: Database, clock: ManualClock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def store(tx: Tx) -> None:
        for number in range(7):
            await idempotency.claim(tx, "a", f"old-{number}", "x", clock.now(), expired_before=0)
        await idempotency.claim(tx, "a", "young", "x", clock.now() + 1, expired_before=0)

    await database.write(store)
    monkeypatch.setattr(loops, "PORTION", 3)
    steps = Loops(database, clock, settings)
    clock.advance(DAY_MS)
    assert await steps.forget_answers() == 0
    clock.advance(1)
    assert await steps.forget_answers() == 7
    assert await keys(database) == ["young"]


async def test_loops_go_on_after_a_failure_and_stop_when_told(
    database: Database, clock: ManualClock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = 0
    stop = asyncio.Event()

    async def sweep(*_: object) -> int:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise Unavailable("Down.")
        stop.set()
        return 0

    monkeypatch.setattr(loops, "EXPIRY_S", 0.01)
    monkeypatch.setattr(loops.holds, "sweep", sweep)
    await asyncio.wait_for(Loops(database, clock, settings).run(stop), 5)
    assert runs == 2
