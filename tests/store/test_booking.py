"""Carts become orders and orders are cancelled, on both databases, through the services."""

from __future__ import annotations

import pytest

from seatwright.cancellation.service import Target, cancel
from seatwright.cart import holds
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict, Invalid, NotFound, SoldOut
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(database: Database, clock: ManualClock) -> Shop:
    return await open_shop(database, clock)


async def hold(shop: Shop, departure_id: str, counts: dict[str, object], cart_id: str | None = None) -> str:
    async def run(tx):
        return await carts.create(tx, shop.booking, shop.caller)

    cart_id = cart_id or (await shop.database.write(run)).cart.id
    await shop.database.write(
        lambda tx: carts.add_item(tx, shop.booking, shop.caller, cart_id, ItemRequest(departure_id, counts))
    )
    return cart_id


async def place(shop: Shop, cart_id: str, **asked: object):
    return await shop.database.write(
        lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart_id, **asked))
    )


async def healthy(shop: Shop) -> None:
    assert await check(shop.database, shop.booking.clock.now()) == []


async def test_a_cart_becomes_an_order_and_keeps_its_seats(shop: Shop) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    cart_id = await hold(shop, departure, {"All": 1, "Adult": 1, "Child": 0})
    assert await shop.taken(departure) == 1
    order = await place(shop, cart_id, reference_id="OTA-7781", billing={"memo": "payment received"})
    assert await shop.taken(departure) == 1
    assert (order.total, order.paid, order.balance) == (11138, 11138, 0)
    line = order.body.items[0].lines[0]
    assert (line.price, line.fees, line.tax, line.total) == (9900, 495, 743, 11138)
    assert await place(shop, cart_id, reference_id="OTA-7781") == order
    with pytest.raises(Conflict):
        await place(shop, cart_id, reference_id="OTA-7782")
    await healthy(shop)


async def test_the_last_seat_is_sold_once(shop: Shop) -> None:
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=2)
    await hold(shop, departure, {"All": 2})
    with pytest.raises(SoldOut):
        await hold(shop, departure, {"All": 1})
    await healthy(shop)


async def test_an_expired_hold_frees_its_seats_at_once_and_is_taken_again(shop: Shop, clock: ManualClock) -> None:
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=2)
    first = await hold(shop, departure, {"All": 2})
    clock.advance(30 * 60_000)
    second = await hold(shop, departure, {"All": 1})
    with pytest.raises(SoldOut):
        await place(shop, first)
    assert await shop.taken(departure) == 1
    await shop.database.write(lambda tx: carts.delete(tx, shop.booking, shop.caller, second))
    order = await place(shop, first)
    assert order.total == 2 * 7525
    assert await shop.taken(departure) == 2
    await healthy(shop)


async def test_the_sweep_gives_expired_seats_back(shop: Shop, clock: ManualClock) -> None:
    departure = await shop.departure("kayak", "2026-07-14 09:00", capacity=5)
    await hold(shop, departure, {"All": 2})
    clock.advance(30 * 60_000 - 1)
    assert await holds.sweep(shop.database, clock) == 0
    clock.advance(1)
    assert await holds.sweep(shop.database, clock) == 1
    assert await shop.taken(departure) == 0
    await healthy(shop)


async def test_overlapping_rentals_share_their_pool(shop: Shop) -> None:
    whole = await shop.departure("bike", "2026-07-14 09:00", end="2026-07-14 17:00", capacity=5, pool="bikes")
    morning = await shop.departure("bike", "2026-07-14 09:30", end="2026-07-14 13:00", capacity=5, pool="bikes")
    evening = await shop.departure("bike", "2026-07-14 17:00", end="2026-07-14 20:00", capacity=5, pool="bikes")
    await hold(shop, whole, {"All": 3})
    with pytest.raises(SoldOut):
        await hold(shop, morning, {"All": 3})
    cart_id = await hold(shop, morning, {"All": 2})
    await hold(shop, evening, {"All": 5})
    order = await place(shop, cart_id)
    unit = order.body.items[0].lines[0].id
    done = await shop.database.write(
        lambda tx: cancel(
            tx, shop.booking, shop.caller, Target(order.id, item_id=morning, unit_id=unit), apply_fee=True
        )
    )
    assert (done.seats_returned, done.fee) == (1, 300)
    await hold(shop, morning, {"All": 1})
    with pytest.raises(SoldOut):
        await hold(shop, morning, {"All": 1})
    await healthy(shop)


async def test_added_to_an_order_and_cancelled_on_each_level(shop: Shop) -> None:
    rafting = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    kayak = await shop.departure("kayak", "2026-07-15 09:00", capacity=12)
    order = await place(shop, await hold(shop, rafting, {"Adult": 2, "Child": 1}))
    more = await hold(shop, rafting, {"Senior": 1})
    await hold(shop, kayak, {"All": 2}, more)
    order = await place(shop, more, order_id=str(order.confirmation))
    assert [len(item.lines) for item in order.body.items] == [4, 2]
    assert (await shop.taken(rafting), await shop.taken(kayak)) == (4, 2)

    async def cancelled(**target: str):
        return await shop.database.write(
            lambda tx: cancel(tx, shop.booking, shop.caller, Target(order.id, **target), apply_fee=True)
        )

    person = order.body.items[0].lines[0].id
    one = await cancelled(item_id=rafting, participant_id=person)
    assert (one.fee, one.refund, one.seats_returned, one.cancelled) == (500, 11138 - 500, 1, (person,))
    assert await shop.taken(rafting) == 3
    again = await cancelled(item_id=rafting, participant_id=person)
    assert (again.fee, again.seats_returned, again.order) == (0, 0, one.order)
    item = await cancelled(item_id=kayak)
    assert (item.fee, item.seats_returned, item.order.status) == (0, 2, "confirmed")
    with pytest.raises(Invalid):
        await cancelled(item_id=rafting, unit_id=person)
    with pytest.raises(NotFound):
        await cancelled(item_id="0" * 24)
    whole = await cancelled()
    assert (whole.order.status, whole.fee, whole.seats_returned) == ("cancelled", 1500, 3)
    assert whole.order.total == 2000 == whole.order.body.cancellation_fees
    assert (await shop.taken(rafting), await shop.taken(kayak)) == (0, 0)
    await healthy(shop)
