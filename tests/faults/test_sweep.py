"""One departure whose holds can't be given back keeps no other's from it."""

from __future__ import annotations

import pytest

from seatwright.cart import holds
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.storage.engine import ConstraintViolation, Database, Tx
from tests.shop import Shop, open_shop

DAYS = 20


async def hold(shop: Shop, departure_id: str) -> None:
    cart = (await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart
    asked = ItemRequest(departure_id, {"All": 2})
    await shop.database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, cart.id, asked))


async def test_a_departure_that_can_not_be_swept_is_reported_after_all_others_are(
    database: Database, clock: ManualClock
) -> None:
    shop = await open_shop(database, clock)
    departures = [await shop.departure("kayak", f"2026-07-{day:02} 09:00", capacity=4) for day in range(2, 2 + DAYS)]
    for departure_id in departures:
        await hold(shop, departure_id)
    broken = departures[DAYS // 2]

    async def miscount(tx: Tx) -> None:
        await tx.execute("UPDATE departure SET taken = 1 WHERE id = $1", broken)

    await database.write(miscount)
    clock.advance(30 * MINUTE_MS)
    with pytest.raises(ConstraintViolation):
        await holds.sweep(database, clock)
    assert [await shop.taken(departure_id) for departure_id in departures if departure_id != broken] == [0] * (DAYS - 1)
