"""Locks are taken in one order everywhere, so nothing waits in a circle (PostgreSQL; SQLite has one writer).

A transaction of the test holds the later of two departures that share a rental pool; a use case that needs both is
started and runs until it waits for it. What it has locked by then must not be in the way of the test's transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from seatwright.cancellation.service import Target, cancel
from seatwright.cart import holds
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database, ReadTx, Tx
from tests.postgres import PostgresServer
from tests.shop import Shop, open_shop

HOLD_MS = 1_800_000

pytestmark = pytest.mark.parametrize("settings", ["postgres"], indirect=True)

UseCase = Callable[[Shop, str], Awaitable[object]]


async def cancel_order(shop: Shop, cart_id: str) -> None:
    target = Target(cart_id)
    await shop.database.write(lambda tx: cancel(tx, shop.booking, shop.caller, target, apply_fee=True))


async def place_order(shop: Shop, cart_id: str) -> None:
    await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart_id)))


async def delete_cart(shop: Shop, cart_id: str) -> None:
    await shop.database.write(lambda tx: carts.delete(tx, shop.booking, shop.caller, cart_id))


async def make_room(shop: Shop, cart_id: str) -> None:
    async def departures(tx: ReadTx) -> list[str]:
        rows = await tx.rows("SELECT departure_id FROM hold WHERE cart_id = $1", cart_id)
        return [row["departure_id"] for row in rows]

    found = await shop.database.read(departures)
    now = shop.booking.clock.now()
    await shop.database.write(lambda tx: holds.make_room(tx, shop.account_id, found, now))


@pytest.mark.parametrize(
    ("before", "after_ms", "use_case"),
    [
        (place_order, 0, cancel_order),
        (None, 0, delete_cart),
        (None, HOLD_MS, place_order),
        (None, HOLD_MS, make_room),
    ],
    ids=["cancel", "delete a cart", "take expired holds anew", "make room"],
)
async def test_pools_are_locked_after_all_departures(
    database: Database,
    clock: ManualClock,
    postgres_server: PostgresServer,
    before: UseCase | None,
    after_ms: int,
    use_case: UseCase,
) -> None:
    shop = await open_shop(database, clock)
    some = [
        await shop.departure("bike", f"2026-07-14 {hour}:00", end="2026-07-14 17:00", capacity=5, pool="bikes")
        for hour in ("09", "10")
    ]
    cart = await database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))

    async def add(tx: Tx, asked: ItemRequest) -> object:
        return await carts.add_item(tx, shop.booking, shop.caller, cart.cart.id, asked)

    for each in some:
        await database.write(partial(add, asked=ItemRequest(each, {"All": 1})))
    if before is not None:
        await before(shop, cart.cart.id)
    clock.advance(after_ms)
    deadlocks = postgres_server.log().count("deadlock detected")
    later, locked, waiting = max(some), asyncio.Event(), asyncio.Event()

    async def competitor(tx: Tx) -> None:
        await tx.execute("UPDATE departure SET taken = taken WHERE id = $1", later)
        locked.set()
        await waiting.wait()
        await tx.rows(
            "SELECT start_at FROM pool_start WHERE account_id = $1 ORDER BY start_at FOR UPDATE", shop.account_id
        )

    async with asyncio.TaskGroup() as group:
        group.create_task(database.write(competitor))
        await locked.wait()
        group.create_task(use_case(shop, cart.cart.id))  # type: ignore[arg-type]
        await until_somebody_waits(database)
        waiting.set()
    assert postgres_server.log().count("deadlock detected") == deadlocks


async def test_an_order_that_is_added_to_is_locked_before_departures(
    database: Database, clock: ManualClock, postgres_server: PostgresServer
) -> None:
    """Also where the cart's seats have to be taken again: a cancellation locks the order, and then its departures."""
    shop = await open_shop(database, clock)
    kayak = await shop.departure("kayak", "2026-07-14 09:00", capacity=9)

    async def hold(tx: Tx) -> str:
        cart = await carts.create(tx, shop.booking, shop.caller)
        return cart.cart.id

    first, second = await database.write(hold), await database.write(hold)
    for cart_id in (first, second):
        await database.write(
            partial(
                carts.add_item,
                booking=shop.booking,
                caller=shop.caller,
                cart_id=cart_id,
                item_request=ItemRequest(kayak, {"All": 1}),
            )
        )
    await place_order(shop, first)
    clock.advance(HOLD_MS)
    deadlocks = postgres_server.log().count("deadlock detected")
    locked, waiting = asyncio.Event(), asyncio.Event()

    async def competitor(tx: Tx) -> None:
        await tx.rows("SELECT id FROM orders WHERE id = $1 FOR UPDATE", first)
        locked.set()
        await waiting.wait()
        await tx.execute("UPDATE departure SET taken = taken WHERE id = $1", kayak)

    asked = OrderDetails(second, order_id=first)
    async with asyncio.TaskGroup() as group:
        group.create_task(database.write(competitor))
        await locked.wait()
        added = group.create_task(database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, asked)))
        await until_somebody_waits(database)
        waiting.set()
    assert len(added.result().body.items[0].lines) == 2
    assert postgres_server.log().count("deadlock detected") == deadlocks


async def until_somebody_waits(database: Database) -> None:
    """Return once a transaction waits for another one's lock."""

    async def look(tx: ReadTx) -> int:
        row = await tx.row(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return int(row["n"]) if row else 0

    async with asyncio.timeout(60):
        while not await database.read(look):  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # another server's state: there is no event to wait for
