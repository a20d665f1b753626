"""Several desks cancel the same participants at once: it is one cancellation, and the others are told."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from seatwright.cancellation import breakdown
from seatwright.cancellation.breakdown import LinesToCancel, breakdown_of, cancel_lines
from seatwright.core.clock import ManualClock
from seatwright.core.errors import SeatwrightError
from seatwright.invariants.checks import check
from seatwright.orders import store
from seatwright.orders.model import Order
from seatwright.storage import postgres
from seatwright.storage.engine import Database
from tests.shop import Shop, open_shop
from tests.store.test_booking import hold, place

DESKS = 8


@pytest.fixture
async def shop(database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(postgres, "BACKOFF_S", 0.0001)
    return await open_shop(database, clock)


async def an_order(shop: Shop) -> Order:
    """Return an order of three adults, at 111.38 each, with a fee of 5.00 each."""
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    return await place(shop, await hold(shop, departure, {"Adult": 3}))


def shown(shop: Shop, order: Order, *places: int) -> LinesToCancel:
    """Return the request to cancel lines of the order's first item, for what they cost now."""
    item = order.body.items[0]
    chosen = [(item, tuple(item.lines[place] for place in places))]
    proof = breakdown_of(order, chosen, shop.booking.clock.now(), fee_after_move=False).proof
    return LinesToCancel(order.id, [item.lines[place].id for place in places], proof)


async def at_once(shop: Shop, *wanted: LinesToCancel) -> Counter[str]:
    """Send all requests at once, and return how often each answer was given."""

    async def one(each: LinesToCancel) -> str:
        try:
            await shop.database.write(lambda tx: cancel_lines(tx, shop.booking, shop.caller, each))
        except SeatwrightError as error:
            return error.code
        except AssertionError:
            return "bug"
        return "ok"

    return Counter(await asyncio.gather(*(one(each) for each in wanted)))


async def now(shop: Shop, order: Order) -> Order:
    found = await shop.database.read(lambda tx: store.find(tx, shop.account_id, order.id))
    assert found is not None
    return found


async def test_the_same_lines_are_cancelled_once(shop: Shop, database: Database) -> None:
    order = await an_order(shop)
    wanted = shown(shop, order, 0, 2)
    assert await at_once(shop, *[wanted] * DESKS) == {"ok": 1, "already_cancelled": DESKS - 1}
    left = await now(shop, order)
    assert (left.body.cancellation_fees, left.total) == (1000, 11138 + 1000)
    assert await shop.taken(order.body.items[0].id) == 1
    assert await check(database, 0) == []


async def test_of_cancellations_that_overlap_one_is_done_as_it_was_shown(shop: Shop, database: Database) -> None:
    order = await an_order(shop)
    wanted = [shown(shop, order, 0, 1), shown(shop, order, 1, 2)] * (DESKS // 2)
    answers = await at_once(shop, *wanted)
    assert answers == {"ok": 1, "already_cancelled": DESKS // 2 - 1, "amounts_changed": DESKS // 2}
    assert await shop.taken(order.body.items[0].id) == 1
    assert await check(database, 0) == []


async def test_control_desks_that_do_not_look_again_cancel_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a look at what is cancelled by then, the books refuse to take the same lines back again."""
    order = await an_order(shop)
    wanted = shown(shop, order, 0, 2)
    item = order.body.items[0]
    monkeypatch.setattr(breakdown, "choose_lines", lambda *_: [(item, (item.lines[0], item.lines[2]))])
    monkeypatch.setattr(breakdown.Breakdown, "proof", wanted.proof)
    assert await at_once(shop, *[wanted] * DESKS) == {"ok": 1, "bug": DESKS - 1}
