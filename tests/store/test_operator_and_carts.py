"""What closing, deactivating, moving or deleting a departure does to carts that have its seats (docs/operations.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from seatwright.cart import service as carts
from seatwright.cart.holds import sweep
from seatwright.cart.service import ItemRequest, PricedCart
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.errors import Conflict, NotFound, SeatwrightError, SoldOut
from seatwright.core.times import iso_wall
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from tests.conftest import TestAccount
from tests.outfitter import CATALOG, Operator

Step = Callable[[Operator, str], Awaitable[Any]]


async def close(operator: Operator, departure_id: str) -> None:
    await operator.change(departure_id, closed=True)


async def deactivate(operator: Operator, departure_id: str) -> None:
    products = [{**product, "active": product["code"] != "raft"} for product in CATALOG["products"]]
    await operator.load({"products": products})


async def reach_cutoff(operator: Operator, departure_id: str) -> None:
    await operator.change(departure_id, cutoffMin=60 * 24 * 30)


@pytest.fixture
async def operator(services: Services, account: TestAccount) -> Operator:
    made = Operator.of(services, account.id)
    await made.load(CATALOG)
    return made


async def place(operator: Operator, cart_id: str) -> Order:
    return await operator.database.write(
        lambda tx: orders.place(tx, operator.booking, operator.caller, OrderDetails(cart_id))
    )


async def add(operator: Operator, cart_id: str, departure_id: str) -> PricedCart:
    asked = ItemRequest(departure_id, {"Adult": 1})
    return await operator.database.write(
        lambda tx: carts.add_item(tx, operator.booking, operator.caller, cart_id, asked)
    )


async def read(operator: Operator, cart_id: str) -> PricedCart:
    return await operator.database.read(lambda tx: carts.read(tx, operator.booking, operator.caller, cart_id))


async def remove(operator: Operator, cart_id: str, departure_id: str) -> PricedCart:
    return await operator.database.write(
        lambda tx: carts.remove_item(tx, operator.booking, operator.caller, cart_id, departure_id)
    )


async def raft(operator: Operator, start: str = "2026-07-14T09:00", capacity: int = 6) -> str:
    return (await operator.create("raft", start=start, capacity=capacity)).departure.id


async def refused(error: type[SeatwrightError], code: str, attempt: Awaitable[Any]) -> None:
    with pytest.raises(error) as found:
        await attempt
    assert found.value.code == code


@pytest.mark.parametrize("end_sale", [close, deactivate, reach_cutoff])
async def test_where_the_sale_has_ended_holds_are_honoured_while_they_run(
    operator: Operator, clock: ManualClock, end_sale: Step
) -> None:
    departure = await raft(operator)
    held, lapsed = await operator.take(departure, 2), await operator.take(departure, 1)
    await end_sale(operator, departure)
    await refused(Conflict, "not_bookable", add(operator, held, departure))
    assert len((await read(operator, held)).cart.body.items) == 1
    assert (await place(operator, held)).status == "confirmed"
    clock.advance(30 * MINUTE_MS)
    await refused(Conflict, "not_bookable", place(operator, lapsed))
    assert len((await remove(operator, lapsed, departure)).cart.body.items) == 0
    assert (await operator.shown(departure)).departure.taken == 2
    assert await check(operator.database, clock.now()) == []


async def test_a_move_takes_carts_along(operator: Operator, clock: ManualClock) -> None:
    departure = await raft(operator)
    held, lapsed = await operator.take(departure, 2), await operator.take(departure, 1)
    before = (await read(operator, held)).cart
    clock.advance(29 * MINUTE_MS)
    await operator.change(departure, start="2026-07-15T11:00")
    after = (await read(operator, held)).cart
    assert iso_wall(after.body.items[0].start_at or 0, "America/Denver")[:16] == "2026-07-15T11:00"
    assert after.body.items[0].expires_at == before.body.items[0].expires_at, "the hold ends when it would have"
    assert after.version == before.version + 1
    order = await place(operator, held)
    assert order.body.items[0].start_at == after.body.items[0].start_at
    clock.advance(MINUTE_MS)
    assert (await place(operator, lapsed)).body.items[0].start_at == after.body.items[0].start_at
    assert await check(operator.database, clock.now()) == []


async def test_a_cart_whose_hold_is_over_learns_of_a_move_when_it_is_ordered(
    operator: Operator, clock: ManualClock
) -> None:
    departure = await raft(operator)
    lapsed = await operator.take(departure, 1)
    clock.advance(30 * MINUTE_MS)
    await sweep(operator.database, clock)
    old = (await read(operator, lapsed)).cart.body.items[0].start_at
    moved = (await operator.change(departure, start="2026-07-15T11:00")).departure.start_at
    assert (await read(operator, lapsed)).cart.body.items[0].start_at == old != moved
    assert (await place(operator, lapsed)).body.items[0].start_at == moved
    assert await check(operator.database, clock.now()) == []


async def test_a_departure_moved_into_its_cutoff(operator: Operator, clock: ManualClock) -> None:
    departure = await raft(operator)
    held, lapsed = await operator.take(departure, 1), await operator.take(departure, 1)
    await operator.change(departure, start=iso_wall(clock.now() + 45 * MINUTE_MS, "America/Denver")[:16])
    assert (await place(operator, held)).status == "confirmed"
    clock.advance(30 * MINUTE_MS)
    await refused(Conflict, "not_bookable", place(operator, lapsed))


async def test_a_deleted_departure_leaves_carts_whose_hold_is_over(operator: Operator, clock: ManualClock) -> None:
    departure, other = await raft(operator), await raft(operator, "2026-07-16T09:00")
    cart = await operator.take(departure, 1)
    await add(operator, cart, other)
    await refused(Conflict, "departure_taken", operator.delete(departure))
    clock.advance(30 * MINUTE_MS)
    await refused(Conflict, "departure_taken", operator.delete(departure))  # until the next sweep, a second later
    await sweep(operator.database, clock)
    await operator.delete(departure)
    assert len((await read(operator, cart)).cart.body.items) == 2
    await refused(NotFound, "item_not_found", place(operator, cart))
    await remove(operator, cart, departure)
    assert (await place(operator, cart)).body.items[0].id == other
    gone = await operator.take(other, 1)
    await operator.give_up(gone)
    assert await check(operator.database, clock.now()) == []


async def test_capacity_may_fall_below_what_an_expired_cart_had_which_then_can_not_be_ordered(
    operator: Operator, clock: ManualClock
) -> None:
    departure = await raft(operator)
    held = await operator.take(departure, 4)
    await refused(Conflict, "below_taken", operator.change(departure, capacity=3))
    clock.advance(30 * MINUTE_MS)
    await sweep(operator.database, clock)
    await operator.change(departure, capacity=3)
    await refused(SoldOut, "sold_out", place(operator, held))
