"""A departure that is moved takes its carts and orders along, and fees count from the new time."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from seatwright.cancellation.service import Target, cancel, quote
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.catalog.model import Product
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.core.fee_reason import MOVED
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.setup import schedule
from seatwright.setup.departure_form import DepartureChange
from seatwright.setup.editor import Editor
from seatwright.storage.engine import Database
from tests.shop import Shop, denver, open_shop


@pytest.fixture
async def shop(database: Database, clock: ManualClock) -> Shop:
    return await open_shop(database, clock)


async def cart_on(shop: Shop, departure_id: str) -> str:
    made = await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))
    asked = ItemRequest(departure_id, {"Adult": 1})
    await shop.database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, made.cart.id, asked))
    return made.cart.id


async def move(shop: Shop, departure_id: str, start: str) -> None:
    editor = Editor(shop.booking.catalogs, shop.booking.clock, shop.account_id, "desk")
    form = DepartureChange(start=start)
    await shop.database.write(lambda tx: schedule.change(tx, editor, departure_id, form))


async def test_orders_and_carts_follow_a_moved_departure(shop: Shop, clock: ManualClock) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    held, over = await cart_on(shop, departure), await cart_on(shop, departure)
    sold = await cart_on(shop, departure)
    await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(sold)))
    await move(shop, departure, "2026-07-16T10:00")
    times = (denver("2026-07-16 10:00"), denver("2026-07-16 14:00"))
    order = await shop.database.read(lambda tx: orders.read(tx, shop.caller, sold))
    cart = await shop.database.read(lambda tx: carts.read(tx, shop.booking, shop.caller, held))
    for item in (order.body.items[0], cart.cart.body.items[0]):
        assert (item.start_at, item.end_at) == times

    clock.advance(shop.booking.hold_ms)
    await move(shop, departure, "2026-07-17T10:00")
    late = await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(over)))
    assert late.body.items[0].start_at == denver("2026-07-17 10:00")
    assert await check(shop.database, clock.now()) == []


async def test_who_is_moved_cancels_without_a_fee(shop: Shop, clock: ManualClock) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    first, second = await cart_on(shop, departure), await cart_on(shop, departure)
    await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(first)))
    await move(shop, departure, "2026-07-02T08:00")  # into the hours before, which cost half
    # Who is added after the move knows the new time.
    added = OrderDetails(second, order_id=first)
    order = await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, added))
    moved, knowing = order.body.items[0].lines
    quoted = quote(order, Target(first), clock.now(), fee_after_move=False)
    assert {line.line_id: line.reason for line in quoted.lines}[moved.id] == MOVED
    assert [line.fee for line in quoted.lines] == [0, knowing.total // 2]
    usual = quote(order, Target(first), clock.now(), fee_after_move=True)
    assert [line.fee for line in usual.lines] == [moved.total // 2, knowing.total // 2]
    # Back at the time that it was sold for, the usual fee counts again.
    await move(shop, departure, "2026-07-14T09:00")
    order = await shop.database.read(lambda tx: orders.read(tx, shop.caller, first))
    assert [line.fee for line in quote(order, Target(first), clock.now(), fee_after_move=False).lines] == [500, 0]
    await move(shop, departure, "2026-07-02T08:00")
    done = await shop.database.write(lambda tx: cancel(tx, shop.booking, shop.caller, Target(first), apply_fee=True))
    assert (done.fee, done.order.total) == (knowing.total // 2, knowing.total // 2)


async def test_fees_count_from_the_new_time(shop: Shop, clock: ManualClock) -> None:
    shop.booking = replace(shop.booking, fee_after_move=True)
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    sold = await cart_on(shop, departure)
    await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(sold)))
    clock.set(denver("2026-07-14 09:00") - HOUR_MS)
    await move(shop, departure, "2026-07-20T09:00")
    done = await shop.database.write(lambda tx: cancel(tx, shop.booking, shop.caller, Target(sold), apply_fee=True))
    assert done.fee == 500


async def test_what_is_pending_is_answered_before_the_new_start(shop: Shop, clock: ManualClock) -> None:
    rafting = shop.entries["rafting"]
    assert isinstance(rafting, Product)
    await shop.add("product", msgspec.structs.replace(rafting, approval_min=30 * 24 * 60))
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    sold = await cart_on(shop, departure)
    order = await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(sold)))
    assert order.answer_by == denver("2026-07-14 09:00")
    for start, deadline in (("2026-07-12T08:00", "2026-07-12 08:00"), ("2026-07-20T08:00", "2026-07-12 08:00")):
        await move(shop, departure, start)
        order = await shop.database.read(lambda tx: orders.read(tx, shop.caller, sold))
        assert (order.status, order.answer_by) == ("pending", denver(deadline))
    assert await check(shop.database, clock.now()) == []
