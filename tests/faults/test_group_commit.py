"""SQLite's group commit: many use cases in one transaction, and what one of them can do to the others."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict, SoldOut, Unavailable
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.storage import sqlite
from seatwright.storage.engine import Tx
from seatwright.storage.sqlite import SqliteDatabase
from tests.conftest import settings_for
from tests.faults.caretaker import SqliteCaretaker
from tests.shop import Shop, open_shop

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

UseCase = Callable[[Tx], Awaitable[Any]]
NEIGHBOURS = 3


@pytest.fixture(autouse=True)
def all_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, what waits fits into one transaction."""
    monkeypatch.setattr(sqlite, "AT_ONCE_S", 60.0)


@pytest.fixture
async def shop(database: SqliteDatabase, clock: ManualClock) -> Shop:
    return await open_shop(database, clock)


def embedded(shop: Shop) -> SqliteDatabase:
    assert isinstance(shop.database, SqliteDatabase)
    return shop.database


async def in_one_commit(database: SqliteDatabase, use_cases: list[UseCase], writer: Any = None) -> list[Any]:
    """Run use cases in one group commit, on another connection if one is given; return results and exceptions."""
    entered, go = threading.Event(), threading.Event()

    async def block(tx: Tx) -> None:
        entered.set()
        assert go.wait(10)

    blocked = asyncio.create_task(database.write(block, patient=True))
    await asyncio.to_thread(entered.wait, 10)
    waiting = [asyncio.create_task(database.write(use_case)) for use_case in use_cases]
    await asyncio.sleep(0)  # each comes as far as the queue
    assert len(database._jobs) == len(use_cases)
    if writer is not None:
        database._writer = writer
    go.set()
    await blocked
    return await asyncio.gather(*waiting, return_exceptions=True)


class Victim:
    """A use case that fails at its nth event, and the probe that makes it; its neighbours run through it unharmed."""

    def __init__(self, use_case: UseCase, fail_at: int | None) -> None:
        self._use_case = use_case
        self._fail_at = fail_at
        self._running = False
        self.events = 0
        self.commits = 0

    async def __call__(self, tx: Tx) -> Any:
        self._running = True
        try:
            return await self._use_case(tx)
        finally:
            self._running = False

    def before(self, sql: str) -> None:
        self.commits += sql == "COMMIT"
        self._count()

    def after(self, sql: str) -> None:
        self._count()

    def _count(self) -> None:
        if self._running:
            self.events += 1
            if self.events - 1 == self._fail_at:
                raise ConnectionResetError("injected")


async def new_cart(shop: Shop, departure_id: str, count: int) -> str:
    cart = (await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart
    asked = ItemRequest(departure_id, {"All": count})
    await shop.database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, cart.id, asked))
    return cart.id


def placement(shop: Shop, cart_id: str) -> UseCase:
    return lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart_id))


async def test_a_use_case_that_fails_at_any_step_leaves_its_neighbours_alone(
    shop: Shop, clock: ManualClock, tmp_path: Path
) -> None:
    """Orders of other carts, before and after it in the same commit, are placed as if it weren't there."""
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=900)
    caretaker = SqliteCaretaker(settings_for(tmp_path))
    database, events, number = embedded(shop), 1, 0
    while number < events:
        cart_ids = [await new_cart(shop, departure, 2) for _ in range(2 * NEIGHBOURS + 1)]
        before = await caretaker.dump()
        own = cart_ids.pop(NEIGHBOURS)
        victim = database.probe = Victim(placement(shop, own), number)
        use_cases: list[UseCase] = [placement(shop, cart_id) for cart_id in cart_ids]
        use_cases.insert(NEIGHBOURS, victim)
        results = await in_one_commit(database, use_cases)
        database.probe = None
        assert victim.commits == 2, "the blocker's, and one for all others"
        failed = results.pop(NEIGHBOURS)
        assert isinstance(failed, ConnectionResetError), number
        assert [order.id for order in results] == cart_ids, number

        after = await caretaker.dump()
        assert not [row for table in after for row in after[table] if own in str(row) and row not in before[table]]
        assert len(after["orders"]) == len(before["orders"]) + 2 * NEIGHBOURS
        if number == 0:
            counted = database.probe = Victim(placement(shop, own), None)
            await database.write(counted)
            database.probe, events = None, counted.events
        number += 1
    await caretaker.close()
    assert events >= 20


class Fragile:
    """A connection of which some statements fail, as none does in a test of its own accord."""

    def __init__(self, connection: sqlite3.Connection, *broken: str) -> None:
        self._connection = connection
        self._broken = broken

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if sql.startswith(self._broken):
            error = sqlite3.OperationalError(f"injected: {sql}")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return self._connection.execute(sql, *args)

    def rollback(self) -> None:
        self.execute("ROLLBACK")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def refuse(tx: Tx) -> None:
    await tx.execute("DELETE FROM cart")
    raise Conflict("No.")


@pytest.mark.parametrize("broken", [("COMMIT",), ("COMMIT", "ROLLBACK"), ("ROLLBACK TO",), ("RELEASE",)])
async def test_a_batch_whose_commit_fails_is_acknowledged_to_nobody(shop: Shop, broken: tuple[str, ...]) -> None:
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=4)
    cart_id = await new_cart(shop, departure, 1)
    database = embedded(shop)
    whole: Any = database._writer
    made = await carts_of(shop)

    def hold(count: int) -> UseCase:
        asked = ItemRequest(departure, {"All": count})
        return lambda tx: carts.add_item(tx, shop.booking, shop.caller, cart_id, asked)

    use_cases = [hold(3), hold(1), refuse, placement(shop, cart_id)]
    results = await in_one_commit(database, use_cases, Fragile(whole, *broken))
    assert [type(result) for result in results] == [Unavailable] * 4, "not even SoldOut, for the seats are free again"
    if database._writer is not None:
        database._writer = whole
    assert await shop.taken(departure) == 1
    assert await carts_of(shop) == made

    results = await in_one_commit(database, use_cases)
    assert [type(result).__name__ for result in results] == ["PricedCart", "SoldOut", "Conflict", "Order"]
    assert isinstance(results[1], SoldOut)
    assert await shop.taken(departure) == 4


async def carts_of(shop: Shop) -> int:
    row = await shop.database.read(lambda tx: tx.row("SELECT COUNT(*) AS many FROM cart"))
    assert row is not None
    return int(row["many"])


async def test_a_batch_waits_once_for_another_process_and_not_once_for_each_write(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue of many batches behind a lock is answered when the first one gives up, not one after the other."""
    monkeypatch.setattr(sqlite, "BATCH", 2)
    database = embedded(shop)
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.2)
    with sqlite3.connect(tmp_path / "seatwright.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        loop = asyncio.get_running_loop()
        began = loop.time()
        waiting = (database.write(lambda tx: carts.create(tx, shop.booking, shop.caller)) for _ in range(100))
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(result) for result in results} == {Unavailable}
        assert loop.time() - began < 50 * 0.2 / 2, "a fraction of what 50 batches would have waited"
        other.execute("ROLLBACK")
    other.close()
    await database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))
