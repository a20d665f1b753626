"""Two desks edit one order that both have read: one edit counts, and the other is told that it was stale."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict
from seatwright.invariants.checks import check
from seatwright.orders import editing
from seatwright.orders import service as orders
from seatwright.orders.edit_plan import EditPlan, GuestEdit, OrderEdit
from seatwright.orders.editing import edit_order
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database, Tx
from seatwright.storage.open import open_database
from tests.shop import Shop, open_shop

ROUNDS = 8


async def sold(shop: Shop, departure: str) -> Order:
    """Sell two seats."""

    async def run(tx: Tx) -> Order:
        cart = await carts.create(tx, shop.booking, shop.caller)
        await carts.add_item(tx, shop.booking, shop.caller, cart.cart.id, ItemRequest(departure, {"Adult": 2}))
        return await orders.place(tx, shop.booking, shop.caller, OrderDetails(cart.cart.id))

    return await shop.database.write(run)


async def race(shop: Shop, other: Database, order: Order) -> list[Any]:
    """Let two desks edit a guest each, both in the version that they have read; return what came of it."""
    first, second = order.body.items[0].lines

    def desk(guest: GuestEdit) -> Callable[[Tx], Awaitable[Order]]:
        edit = OrderEdit(order.id, order.version, guests=(guest,))
        return lambda tx: edit_order(tx, shop.booking, shop.caller, edit)

    edits = (
        shop.database.write(desk(GuestEdit(first.id, tier="Child"))),
        other.write(desk(GuestEdit(second.id, first_name="Bo", tier="Senior"))),
    )
    return await asyncio.gather(*edits, return_exceptions=True)


async def test_one_edit_counts_and_the_other_is_stale(
    settings: Settings, database: Database, clock: ManualClock
) -> None:
    shop, other = await open_shop(database, clock), await open_database(settings)
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=40)
    try:
        for _ in range(ROUNDS):
            order = await sold(shop, departure)
            outcomes = await race(shop, other, order)
            refused = [each for each in outcomes if isinstance(each, Exception)]
            assert len(refused) == 1, outcomes
            assert isinstance(refused[0], Conflict)
            assert refused[0].code == "changed_meanwhile"
            now = await database.read(lambda tx, o=order: orders.read(tx, shop.caller, o.id))  # type: ignore[misc]
            assert now.version == order.version + 1
            assert sum(line.tier == "Adult" for line in now.body.items[0].lines) == 1
        assert await check(database, clock.now()) == []
    finally:
        await other.close()


async def test_control_without_the_version_both_count(
    settings: Settings, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard is what refuses: without it the second form overwrites what it has never seen."""
    guarded = editing._planned

    async def planned(tx: Any, booking: Any, caller: Any, order: Order, edit: OrderEdit) -> EditPlan:
        return await guarded(tx, booking, caller, order, edit._replace(version=order.version))

    monkeypatch.setattr(editing, "_planned", planned)
    shop, other = await open_shop(database, clock), await open_database(settings)
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=40)
    try:
        order = await sold(shop, departure)
        outcomes = await race(shop, other, order)
        assert all(isinstance(each, Order) for each in outcomes), outcomes
        now = await database.read(lambda tx: orders.read(tx, shop.caller, order.id))
        assert now.version == order.version + 2
        assert msgspec.structs.replace(now, version=0).body.items[0].lines[1].first_name == "Bo"
    finally:
        await other.close()
