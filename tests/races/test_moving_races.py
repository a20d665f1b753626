"""Two desks move a guest each onto the last seat of a departure: one does, the other is told that it is sold out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import SoldOut
from seatwright.invariants.checks import check
from seatwright.inventory import seats
from seatwright.orders import service as orders
from seatwright.orders.move_plan import MoveRequest
from seatwright.orders.moving import move
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database, Tx
from seatwright.storage.open import open_database
from tests.shop import Shop, open_shop

ROUNDS = 8


async def two_orders(shop: Shop, day: str) -> tuple[str, list[str]]:
    """Sell a seat of each of two departures; return a third one with a single seat, and the orders."""
    placed = []
    for hour in ("08", "10"):
        departure = await shop.departure("kayak", f"{day} {hour}:00", capacity=4)
        cart = (await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart.id
        asked = ItemRequest(departure, {"All": 1})
        await shop.database.write(lambda tx, c=cart, a=asked: carts.add_item(tx, shop.booking, shop.caller, c, a))  # type: ignore[misc]
        await shop.database.write(lambda tx, c=cart: orders.place(tx, shop.booking, shop.caller, OrderDetails(c)))  # type: ignore[misc]
        placed.append(cart)
    return await shop.departure("kayak", f"{day} 14:00", capacity=1), placed


async def race(shop: Shop, other: Database, day: str) -> tuple[list[Any], int]:
    """Let two processes move at once; return what came of it, and the seats that are taken then."""
    last, placed = await two_orders(shop, day)
    moves = (
        database.write(
            lambda tx, o=order: move(tx, shop.booking, shop.caller, MoveRequest(o, last), difference=0)  # type: ignore[misc]
        )
        for database, order in zip((shop.database, other), placed, strict=True)
    )
    return await asyncio.gather(*moves, return_exceptions=True), await shop.taken(last)


async def test_one_desk_gets_the_last_seat(settings: Settings, database: Database, clock: ManualClock) -> None:
    shop, other = await open_shop(database, clock), await open_database(settings)
    try:
        for number in range(ROUNDS):
            outcomes, taken = await race(shop, other, f"2026-08-{number + 1:02d}")
            assert taken == 1
            assert sum(isinstance(outcome, SoldOut) for outcome in outcomes) == 1, outcomes
            assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1, outcomes
        assert await check(database, clock.now()) == []
    finally:
        await other.close()


async def test_control_without_the_guard_both_get_it(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take(tx: Tx, account_id: str, wanted: dict[str, int]) -> None:
        for departure_id, count in wanted.items():
            await tx.execute(
                "UPDATE departure SET taken = taken + $2, capacity = capacity + $2 WHERE id = $1", departure_id, count
            )

    shop = await open_shop(database, clock)
    last, placed = await two_orders(shop, "2026-08-01")
    monkeypatch.setattr(seats, "take", take)
    for order in placed:
        await database.write(
            lambda tx, o=order: move(tx, shop.booking, shop.caller, MoveRequest(o, last), difference=0)  # type: ignore[misc]
        )
    assert await shop.taken(last) == 2
