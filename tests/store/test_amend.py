"""A cancellation fee is changed afterwards, and the books follow."""

from __future__ import annotations

import pytest

from seatwright.cancellation.amend import NewFee, change_fee
from seatwright.cancellation.service import Target, cancel
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict, Forbidden, Invalid, NotFound, SeatwrightError
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database
from tests.shop import Shop, caller, open_shop


async def an_order(shop: Shop) -> Order:
    """Two adults on a rafting trip, the first of whom has cancelled for a fee of 5.00."""
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    made = await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))
    asked = ItemRequest(departure, {"Adult": 2})
    await shop.database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, made.cart.id, asked))
    order = await shop.database.write(
        lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(made.cart.id))
    )
    target = Target(order.id, item_id=departure, participant_id=order.body.items[0].lines[0].id)
    done = await shop.database.write(lambda tx: cancel(tx, shop.booking, shop.caller, target, apply_fee=True))
    assert (done.fee, done.order.total, done.order.balance) == (500, 11138 + 500, -11138 + 500)
    return done.order


async def amended(shop: Shop, order: Order, line: int, amount: str | float) -> Order:
    wanted = NewFee(order.id, order.body.items[0].lines[line].id, amount)
    return await shop.database.write(lambda tx: change_fee(tx, shop.booking, shop.caller, wanted))


@pytest.mark.parametrize(("amount", "fee"), [("12.50", 1250), (0, 0), (111.38, 11138), (5, 500)])
async def test_the_fee_and_the_balance_follow(
    database: Database, clock: ManualClock, amount: str | float, fee: int
) -> None:
    shop = await open_shop(database, clock)
    order = await an_order(shop)
    changed = await amended(shop, order, 0, amount)
    assert changed.body.items[0].lines[0].cancellation_fee == fee == changed.body.cancellation_fees
    assert (changed.total, changed.balance) == (11138 + fee, fee - 11138)
    assert await amended(shop, changed, 0, amount) == changed
    assert await check(database, clock.now()) == []


@pytest.mark.parametrize(
    ("line", "amount", "error"), [(0, "-1", Invalid), (0, 111.39, Invalid), (0, "x", Invalid), (1, 1, Conflict)]
)
async def test_a_fee_that_cannot_be_is_refused(
    database: Database, clock: ManualClock, line: int, amount: str | float, error: type[SeatwrightError]
) -> None:
    shop = await open_shop(database, clock)
    order = await an_order(shop)
    with pytest.raises(error):
        await amended(shop, order, line, amount)
    with pytest.raises(NotFound):
        await database.write(lambda tx: change_fee(tx, shop.booking, shop.caller, NewFee(order.id, "x", 1)))
    shop.caller = caller(shop.account_id, permissions=frozenset({"orders.cancel"}))
    with pytest.raises(Forbidden):
        await amended(shop, order, 0, 1)
    assert await check(database, clock.now()) == []
