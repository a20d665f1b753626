"""One reseller's carts want more than its share of a departure at once, and get exactly the share."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from seatwright.cart import hold_limits
from seatwright.cart import store as cart_store
from seatwright.catalog.model import Pool
from seatwright.core.clock import ManualClock
from seatwright.core.errors import SeatwrightError
from seatwright.invariants.checks import check
from seatwright.resellers import service as resellers
from seatwright.storage import postgres
from seatwright.storage.engine import Database
from tests.crash.broken import Cut, without
from tests.crash.figures import show
from tests.crash.scale import amount
from tests.shop import open_shop
from tests.store.test_reseller_share import Trade

ROUNDS = amount("RESELLER_SHARE_ROUNDS", 6)
CAPACITY, SHARE, BUYERS = 40, 20, 30


@pytest.fixture
async def trade(database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Trade:
    monkeypatch.setattr(postgres, "BACKOFF_S", 0.0001)
    shop = await open_shop(database, clock)
    await shop.add("pool", Pool(id=shop.entries["bikes"].id, code="bikes", name="Bikes", units=CAPACITY))
    other = await open_shop(database, clock, code="voyager")
    await database.write(lambda tx: resellers.connect(tx, clock.now(), "test", shop.account_id, other.account_id))
    return Trade(shop, other.caller)


async def rush(trade: Trade, number: int, *, pool: bool) -> tuple[int, Counter[str]]:
    """Let many carts want two seats each at once; return how many are held, and what was answered how often."""
    day = f"2026-08-{1 + number:02d}"
    departures = [await trade.shop.departure("kayak", f"{day} 09:00", capacity=CAPACITY)]
    if pool:
        departures = [
            await trade.shop.departure("bike", f"{day} {hour}:00", capacity=CAPACITY, pool="bikes")
            for hour in ("09", "10", "11")
        ]
    wanted = [(await trade.cart(trade.agent), departures[i % len(departures)]) for i in range(BUYERS)]

    async def buy(cart_id: str, departure: str) -> str:
        try:
            await trade.add(trade.agent, cart_id, departure, 2)
        except SeatwrightError as error:
            return error.code
        return "ok"

    said = Counter(await asyncio.gather(*(buy(*each) for each in wanted)))
    return sum([await trade.shop.taken(departure) for departure in departures]), said


@pytest.mark.parametrize("pool", [False, True], ids=["departure", "rental pool"])
async def test_a_reseller_gets_its_share(
    trade: Trade, database: Database, pool: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    began, answers = time.monotonic(), Counter[str]()
    for number in range(ROUNDS):
        held, said = await rush(trade, number, pool=pool)
        assert held == SHARE, said
        answers += said
    assert answers == {"ok": ROUNDS * SHARE // 2, "reseller_share": ROUNDS * (BUYERS - SHARE // 2)}
    assert await check(database, 0) == []
    show(
        capsys,
        f"a reseller's share of a {'pool' if pool else 'departure'} on {database.engine}",
        rounds=ROUNDS,
        carts_at_once=BUYERS,
        held=answers["ok"],
        refused_409=answers["reseller_share"],
        seconds=time.monotonic() - began,
    )


OLD_NEWS = hold_limits.SellerHolds(0, 0, CAPACITY, 0)
"""What a reseller holds before anybody has come."""
GUARD = Cut("seatwright.inventory.seats", "HOLD_STATEMENT", "$13::bigint IS NULL OR", "TRUE OR $13::bigint = 0 OR")


async def _old_news(*_: Any) -> hold_limits.SellerHolds:
    return OLD_NEWS


@pytest.mark.parametrize("pool", [False, True], ids=["departure", "rental pool"])
async def test_without_the_guard_it_gets_more(
    trade: Trade, database: Database, pool: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard is in PostgreSQL's statement; on SQLite it is that what is read is news."""
    if database.engine == "sqlite":
        monkeypatch.setattr(cart_store, "seller_holds", _old_news)
    with without([GUARD]):
        assert max([(await rush(trade, number, pool=pool))[0] for number in range(ROUNDS)]) > SHARE


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
@pytest.mark.parametrize("pool", [False, True], ids=["departure", "rental pool"])
async def test_the_statement_alone_keeps_a_reseller_within_its_share(
    trade: Trade, pool: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However old what was read is, no more is held: whoever reads old news only has to try again."""
    monkeypatch.setattr(cart_store, "seller_holds", _old_news)
    held, said = await rush(trade, 0, pool=pool)
    assert held <= SHARE
    assert said["busy"] == BUYERS - held // 2
