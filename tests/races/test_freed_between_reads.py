"""A seat given back while somebody looks for it is not called sold out (READ COMMITTED: each look is its own)."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.cart import holds
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.errors import SoldOut
from seatwright.storage.engine import Database
from tests.shop import open_shop

HOLD_MS = 1_800_000


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
@pytest.mark.parametrize("pooled", [False, True])
async def test_seats_swept_after_the_departure_was_read_can_be_held(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, pooled: bool
) -> None:
    """The sweep commits between the two queries of whoever wants the seats of a hold that is over."""
    shop = await open_shop(database, clock)
    more: dict[str, Any] = {"pool": "bikes", "end": "2026-07-14 17:00"} if pooled else {}
    product = "bike" if pooled else "kayak"
    departure = await shop.departure(product, "2026-07-14 09:00", capacity=5, **more)

    async def add(count: int) -> None:
        made = await database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))
        asked = ItemRequest(departure, {"All": count})
        await database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, made.cart.id, asked))

    await add(5)
    clock.advance(HOLD_MS)
    look = holds.expired_in_the_way
    swept: list[int] = []

    async def sweep_and_look(*args: Any) -> list[str]:
        swept.append(await holds.sweep(database, clock))
        return await look(*args)

    monkeypatch.setattr(holds, "expired_in_the_way", sweep_and_look)
    await add(5)
    assert swept[0] == 1
    with pytest.raises(SoldOut):
        await add(1)
