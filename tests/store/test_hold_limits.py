"""One user, or one address, can't sit on a whole season's seats."""

from __future__ import annotations

import dataclasses

import pytest

from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.errors import TooMany
from seatwright.storage.engine import Database
from tests.shop import Shop, caller, open_shop


async def hold(shop: Shop, departure_id: str, *, user: str, address: str) -> str:
    """Hold one seat in a new cart of `user`, with limits of 3 holds per user and 5 per address."""
    booking = dataclasses.replace(shop.booking, address=address, holds_per_user=3, holds_per_address=5)
    who = caller(shop.account_id, user_id=user)
    made = await shop.database.write(lambda tx: carts.create(tx, booking, who))
    asked = ItemRequest(departure_id, {"All": 1})
    await shop.database.write(lambda tx: carts.add_item(tx, booking, who, made.cart.id, asked))
    return made.cart.id


async def test_live_holds_are_limited_by_user_and_by_address(database: Database, clock: ManualClock) -> None:
    shop = await open_shop(database, clock)
    kayak = await shop.departure("kayak", "2026-07-14 09:00", capacity=100)
    held = [await hold(shop, kayak, user="ann", address="192.0.2.1") for _ in range(3)]
    with pytest.raises(TooMany, match="3 holds by this user"):
        await hold(shop, kayak, user="ann", address="192.0.2.9")
    for _ in range(2):
        await hold(shop, kayak, user="bob", address="192.0.2.1")
    with pytest.raises(TooMany, match="5 holds by this network address"):
        await hold(shop, kayak, user="bob", address="192.0.2.1")
    await hold(shop, kayak, user="bob", address="192.0.2.2")
    assert await shop.taken(kayak) == 6
    await shop.database.write(lambda tx: carts.delete(tx, shop.booking, shop.caller, held[0]))
    await hold(shop, kayak, user="ann", address="192.0.2.9")


async def test_expired_holds_do_not_count(database: Database, clock: ManualClock) -> None:
    shop = await open_shop(database, clock)
    kayak = await shop.departure("kayak", "2026-07-14 09:00", capacity=100)
    for _ in range(3):
        await hold(shop, kayak, user="ann", address="192.0.2.1")
    clock.advance(shop.booking.hold_ms)
    await hold(shop, kayak, user="ann", address="192.0.2.1")
