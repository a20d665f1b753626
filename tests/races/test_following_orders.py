"""A program follows an account's orders while they are made and changed: it meets each state once, and misses none."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.cancellation.service import Target, cancel
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict, Invalid
from seatwright.invariants.checks import check
from seatwright.orders import changes
from seatwright.orders import service as orders
from seatwright.orders.changes import Cursor, read_cursor
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database, Tx
from seatwright.storage.open import open_database
from tests.shop import Shop, open_shop

WRITERS, ORDERS = 4, 6


class Follower:
    """What somebody has met who follows a shop's orders from the beginning."""

    def __init__(self, shop: Shop, limit: int = 3) -> None:
        self.shop, self.limit = shop, limit
        self.cursor = Cursor(0)
        self.met: list[tuple[str, int]] = []

    async def page(self) -> bool:
        """Read a page; tell whether there may be more already."""
        found = await self.shop.database.read(
            lambda tx: changes.page(tx, self.shop.account_id, self.cursor, limit=self.limit)
        )
        self.met += [(row.id, row.version) for row in found.orders]
        self.cursor = read_cursor(found.cursor.text())
        return found.more

    async def catch_up(self) -> None:
        """Read until there is no more."""
        while await self.page():
            pass


async def sell(database: Database, shop: Shop, departure: str) -> Order:
    """Sell a seat."""

    async def run(tx: Tx) -> Order:
        cart = await carts.create(tx, shop.booking, shop.caller)
        await carts.add_item(tx, shop.booking, shop.caller, cart.cart.id, ItemRequest(departure, {"All": 1}))
        return await orders.place(tx, shop.booking, shop.caller, OrderDetails(cart.cart.id))

    return await database.write(run)


async def sell_and_cancel(database: Database, shop: Shop, departure: str) -> None:
    for number in range(ORDERS):
        order = await sell(database, shop, departure)
        if number % 2:
            await database.write(
                lambda tx, id=order.id: cancel(tx, shop.booking, shop.caller, Target(id), apply_fee=False)
            )  # type: ignore[misc]


async def latest(shop: Shop) -> set[tuple[str, int]]:
    """Return every order with its present version."""
    rows = await shop.database.read(lambda tx: tx.rows("SELECT id, version FROM orders"))
    return {(row["id"], row["version"]) for row in rows}


async def test_each_state_comes_once_and_none_is_missed(
    settings: Settings, database: Database, clock: ManualClock
) -> None:
    shop, other = await open_shop(database, clock), await open_database(settings)
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=100)
    follower = Follower(shop)
    selling = [
        asyncio.create_task(sell_and_cancel(each, shop, departure)) for each in (database, other) * (WRITERS // 2)
    ]
    while not all(each.done() for each in selling):
        await follower.page()
        await asyncio.sleep(0)
    await asyncio.gather(*selling)
    await follower.catch_up()
    assert len(set(follower.met)) == len(follower.met), "no state came twice"
    last = dict(sorted(follower.met, key=lambda each: each[1]))
    assert set(last.items()) == await latest(shop), "the last state of each came"
    assert len(last) == WRITERS * ORDERS
    assert await check(database, clock.now()) == []
    await other.close()


async def overtaken(settings: Settings, shop: Shop) -> tuple[list[tuple[str, int]], set[tuple[str, int]]]:
    """Let a sale that began first commit last, with a page in between; return what was met in the end, and all."""
    other = await open_database(settings)
    first, second = [await shop.departure("kayak", f"2026-07-1{day} 09:00", capacity=9) for day in (1, 2)]
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx) -> None:
        cart = await carts.create(tx, shop.booking, shop.caller)
        await carts.add_item(tx, shop.booking, shop.caller, cart.cart.id, ItemRequest(first, {"All": 1}))
        begun.set()
        await go_on.wait()
        await orders.place(tx, shop.booking, shop.caller, OrderDetails(cart.cart.id))

    waiting = asyncio.create_task(other.write(slow))
    await begun.wait()
    await sell(shop.database, shop, second)
    follower = Follower(shop)
    await follower.catch_up()
    go_on.set()
    await waiting
    await follower.catch_up()
    await other.close()
    return follower.met, await latest(shop)


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
async def test_a_sale_that_commits_late_is_met(settings: Settings, database: Database, clock: ManualClock) -> None:
    met, all_orders = await overtaken(settings, await open_shop(database, clock))
    assert set(met) == all_orders
    assert len(met) == 2


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
async def test_control_without_the_guard_it_is_missed(
    settings: Settings, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(changes._REACHED, "postgres", "")
    met, all_orders = await overtaken(settings, await open_shop(database, clock))
    assert len(met) == 1
    assert len(all_orders) == 2


async def test_who_begins_with_a_moment_meets_what_was_changed_then_or_later(
    database: Database, clock: ManualClock
) -> None:
    shop = await open_shop(database, clock)
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=100)
    sold = []
    for _ in range(6):
        sold.append(await sell(database, shop, departure))
        clock.advance(changes.SLACK_MS)
    since = sold[3].created_at
    await database.write(lambda tx: cancel(tx, shop.booking, shop.caller, Target(sold[0].id), apply_fee=False))
    follower = Follower(shop, limit=2)
    follower.cursor = Cursor(since)
    await follower.catch_up()
    assert follower.met == [(sold[3].id, 1), (sold[4].id, 1), (sold[5].id, 1), (sold[0].id, 2)]


async def test_a_cursor_of_another_state_of_the_database_is_refused(database: Database, clock: ManualClock) -> None:
    shop = await open_shop(database, clock)
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=100)
    for _ in range(3):
        await sell(database, shop, departure)
    follower = Follower(shop, limit=2)
    await follower.page()
    await changes.restart(database)
    with pytest.raises(Conflict, match="begin again, with modifiedSince"):
        await follower.page()
    again = Follower(shop, limit=2)
    await again.catch_up()
    await sell(database, shop, departure)
    await again.catch_up()
    assert set(again.met) == await latest(shop)
    assert len(again.met) == 4
    assert await check(database, clock.now()) == []


async def test_the_check_finds_a_change_that_has_not_come(database: Database, clock: ManualClock) -> None:
    shop = await open_shop(database, clock)
    await sell(database, shop, await shop.departure("kayak", "2026-07-14 09:00", capacity=9))
    await database.write(lambda tx: tx.execute("UPDATE order_view SET changed = $1", 2**60))
    assert [finding.check for finding in await check(database, clock.now())] == ["order_changes"]


@given(st.builds(Cursor, *[st.integers(0, 2**62 - 1)] * 3))
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert read_cursor(cursor.text()) == cursor


@given(st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    try:
        found = read_cursor(text)
    except Invalid:
        return
    assert all(0 <= each < 2**62 for each in found)
