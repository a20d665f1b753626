"""A cart's seats are held longer, up to each hold's latest end; what can't be is told, and nothing else changes."""

from __future__ import annotations

import random
from collections import Counter

import httpx
import pytest

from seatwright.cart import service as carts
from seatwright.cart.extension import CartHolds, extend, hold_times
from seatwright.cart.holds import sweep
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.errors import Conflict, NotFound, SeatwrightError, SoldOut
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database
from tests.desk import open_desk
from tests.shop import Shop, open_shop
from tests.store.test_hold_time import HOLD, LONGEST, Watch, add, holds, new_cart


@pytest.fixture
async def shop(database: Database, clock: ManualClock) -> Shop:
    return await open_shop(database, clock)


@pytest.fixture
async def kayak(shop: Shop) -> str:
    return await shop.departure("kayak", "2026-07-14 09:00", capacity=10)


async def longer(shop: Shop, cart: str) -> CartHolds:
    return await shop.database.write(lambda tx: extend(tx, shop.booking, shop.caller, cart))


async def times(shop: Shop, cart: str) -> CartHolds:
    return await shop.database.read(lambda tx: hold_times(tx, shop.booking, shop.caller, cart))


async def test_a_hold_is_extended_up_to_its_latest_end(shop: Shop, kayak: str, clock: ManualClock) -> None:
    cart, start = await new_cart(shop), clock.now()
    await add(shop, cart, kayak, 2)
    (hold,) = (await times(shop, cart)).holds
    assert (hold.expires_at, hold.latest_end, hold.live) == (start + HOLD, start + LONGEST, True)
    for minutes, end in ((10, 40), (25, 55), (40, 60)):
        clock.set(start + minutes * MINUTE_MS)
        (hold,) = (await longer(shop, cart)).holds
        assert (hold.expires_at, hold.latest_end) == (start + end * MINUTE_MS, start + LONGEST)
        assert await holds(shop) == {(cart, kayak): hold.expires_at}
        assert (await times(shop, cart)).holds == [hold]
    clock.advance(MINUTE_MS)
    with pytest.raises(Conflict) as refused:
        await longer(shop, cart)
    assert refused.value.code == "hold_time_used"
    assert await holds(shop) == {(cart, kayak): start + LONGEST}, "what is held stays held"
    assert await shop.taken(kayak) == 2
    assert await check(shop.database, 0) == []


async def test_nothing_that_was_typed_is_lost(shop: Shop, kayak: str, clock: ManualClock) -> None:
    cart = await new_cart(shop)
    await add(shop, cart, kayak, 2)
    customer = {"firstName": "Ann", "email": "ann@lee.example"}
    await shop.database.write(lambda tx: carts.set_customer(tx, shop.booking, shop.caller, cart, customer))
    await shop.database.write(lambda tx: carts.apply_discount(tx, shop.booking, shop.caller, cart, "EARLY10"))

    async def typed() -> tuple[object, ...]:
        read = await shop.database.read(lambda tx: carts.read(tx, shop.booking, shop.caller, cart))
        body = read.cart.body
        return body.customer, body.discount_code, tuple(item.lines for item in body.items)

    before = await typed()
    clock.advance(20 * MINUTE_MS)
    await longer(shop, cart)
    assert await typed() == before
    clock.advance(HOLD)
    await add(shop, await new_cart(shop), kayak, 9)
    with pytest.raises(SoldOut):
        await longer(shop, cart)
    assert await typed() == before


async def test_lapsed_seats_are_taken_again_where_they_are_free(shop: Shop, kayak: str, clock: ManualClock) -> None:
    other, full = [await shop.departure("kayak", f"2026-07-{day} 09:00", capacity=5) for day in (15, 16)]
    cart, start = await new_cart(shop), clock.now()
    for place in (kayak, other, full):
        await add(shop, cart, place, 3)
    clock.advance(35 * MINUTE_MS)
    rival = await new_cart(shop)
    await add(shop, rival, full, 4)
    found = {hold.item.id: hold for hold in (await longer(shop, cart)).holds}
    assert [found[place].live for place in (kayak, other, full)] == [True, True, False]
    assert found[kayak].expires_at == start + LONGEST
    assert {place for owner, place in await holds(shop) if owner == cart} == {kayak, other}
    assert [await shop.taken(place) for place in (kayak, other, full)] == [3, 3, 4]
    while await sweep(shop.database, clock):
        pass
    assert await check(shop.database, clock.now()) == []


async def test_carts_that_hold_nothing_or_are_gone(shop: Shop, kayak: str, clock: ManualClock) -> None:
    with pytest.raises(NotFound):
        await longer(shop, "0" * 24)
    cart = await new_cart(shop)
    with pytest.raises(Conflict) as refused:
        await longer(shop, cart)
    assert refused.value.code == "cart_empty"
    await add(shop, cart, kayak)
    await shop.database.write(lambda tx: tx.execute("UPDATE departure SET closed = TRUE WHERE id = $1", kayak))
    with pytest.raises(Conflict) as refused:
        await longer(shop, cart)
    assert refused.value.code == "not_bookable"
    await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart)))
    with pytest.raises(Conflict) as refused:
        await longer(shop, cart)
    assert refused.value.code == "cart_ordered"


async def test_a_resellers_share_counts_when_lapsed_seats_are_taken_again(
    client: httpx.AsyncClient, services: Services, clock: ManualClock
) -> None:
    desk, agent = [await open_desk(client, services, code) for code in ("canyon", "agent")]
    await desk.data("POST", "/api/v1/connections", json={"resellerId": agent.shop.account_id})
    kayak = await desk.shop.departure("kayak", "2026-07-14 09:00", capacity=16)
    supplier = desk.shop.account_id
    first = await agent.cart((kayak, {"All": 6}), supplier=supplier)
    clock.advance(31 * MINUTE_MS)
    await agent.cart((kayak, {"All": 6}), supplier=supplier)
    refused = await agent.refused(409, "POST", f"/api/v1/carts/{first}/extend")
    assert refused["errorCode"] == "reseller_share"


async def test_the_routes_tell_the_ends(client: httpx.AsyncClient, services: Services, clock: ManualClock) -> None:
    desk = await open_desk(client, services)
    place = await desk.shop.departure("kayak", "2026-07-17 09:00", capacity=8)
    cart = await desk.cart((place, {"All": 1}))
    shown = await desk.data("GET", f"/api/v1/carts/{cart}/holds")
    assert (shown["now"], shown["endDate"]) == ("2026-07-01T16:00:00.000Z", "2026-07-01T16:30:00.000Z")
    (hold,) = shown["holds"]
    assert (hold["itemId"], hold["seats"], hold["live"]) == (place, 1, True)
    assert hold["latestEndDate"] == "2026-07-01T17:00:00.000Z"
    clock.advance(15 * MINUTE_MS)
    assert (await desk.data("POST", f"/api/v1/carts/{cart}/extend"))["endDate"] == "2026-07-01T16:45:00.000Z"
    clock.advance(HOLD)
    shown = await desk.data("GET", f"/api/v1/carts/{cart}/holds")
    assert (shown["endDate"], shown["holds"][0]["live"]) == (None, False)


@pytest.mark.parametrize("seed", range(3))
async def test_no_hold_ends_later_than_it_may(shop: Shop, clock: ManualClock, seed: int) -> None:
    """The law of `test_hold_time.py`, with extensions among what moves, ends or takes holds again."""
    chance, watch, said = random.Random(seed), Watch(), Counter[str]()
    places = [await shop.departure("kayak", f"2026-08-0{day} 09:00", capacity=6) for day in (1, 2)]
    ours = [await new_cart(shop) for _ in range(3)]
    for _ in range(60):
        cart, place = chance.choice(ours), chance.choice(places)
        try:
            if chance.random() < 0.6:
                await longer(shop, cart)
            else:
                await add(shop, cart, place)
            said["done"] += 1
        except SeatwrightError as error:
            said[error.code] += 1
        watch.see(clock.now(), await holds(shop), given_back=None)
        assert await check(shop.database, 0) == []
        clock.advance(chance.choice((0, 1, 5, 10, 30, 31)) * MINUTE_MS)
    assert said["done"] > 10
    assert said["hold_time_used"] + said["sold_out"] + said["cart_empty"] > 0
