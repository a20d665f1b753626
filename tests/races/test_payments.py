"""Several desks record the last payment of an order, give its money back, or void a payment at once: it counts once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from seatwright.core.clock import ManualClock
from seatwright.core.errors import SeatwrightError
from seatwright.invariants.checks import check
from seatwright.orders import new_payment, payments, store
from seatwright.orders.model import Order
from seatwright.orders.new_payment import NewPayment
from seatwright.orders.payments import WrongPayment
from seatwright.storage import postgres
from seatwright.storage.engine import Database, Tx
from tests.shop import Shop, open_shop
from tests.store.test_booking import hold, place

DESKS = 8
PAID = NewPayment("111.38", "card")
UseCase = Callable[[Tx], Awaitable[Order]]


@pytest.fixture
async def shop(database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(postgres, "BACKOFF_S", 0.0001)
    return await open_shop(database, clock)


async def an_order(shop: Shop, *paid: NewPayment) -> Order:
    """Return an order of one adult, with these payments."""
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    return await place(shop, await hold(shop, departure, {"Adult": 1}), payments=paid)


async def at_once(shop: Shop, use_case: UseCase) -> Counter[str]:
    """Let all desks do the same at once, and return how often each answer was given."""

    async def one() -> str:
        try:
            await shop.database.write(use_case)
        except SeatwrightError as error:
            return error.code
        return "ok"

    return Counter(await asyncio.gather(*(one() for _ in range(DESKS))))


async def money(shop: Shop, order: Order) -> tuple[int, int]:
    """Return what is paid, and the number of payments and refunds."""
    found = await shop.database.read(lambda tx: store.find(tx, shop.account_id, order.id))
    assert found is not None
    return found.paid, len(found.body.payments)


def paying(shop: Shop, order: Order) -> UseCase:
    return partial(payments.record_payment, clock=shop.booking.clock, caller=shop.caller, reference=order.id, new=PAID)


def giving_back(shop: Shop, order: Order) -> UseCase:
    return partial(
        payments.record_refund,
        clock=shop.booking.clock,
        caller=shop.caller,
        reference=order.id,
        new=NewPayment("60", "cash"),
        allow_balance=True,
    )


async def test_the_last_payment_is_recorded_once(shop: Shop, database: Database) -> None:
    order = await an_order(shop)
    assert await at_once(shop, paying(shop, order)) == {"ok": 1, "more_than_owed": DESKS - 1}
    assert await money(shop, order) == (11138, 1)
    assert await check(database, 0) == []


async def test_no_more_is_given_back_than_was_paid(shop: Shop, database: Database) -> None:
    """Twice 60.00 would be more than the 111.38 that were paid."""
    order = await an_order(shop, PAID)
    assert await at_once(shop, giving_back(shop, order)) == {"ok": 1, "more_than_paid": DESKS - 1}
    assert await money(shop, order) == (5138, 2)
    assert await check(database, 0) == []


async def test_a_payment_is_voided_once(shop: Shop, database: Database) -> None:
    order = await an_order(shop, PAID)
    wrong = WrongPayment(order.id, order.body.payments[0].id, "typed twice")
    use_case = partial(payments.void_payment, clock=shop.booking.clock, caller=shop.caller, wrong=wrong)
    assert await at_once(shop, use_case) == {"ok": DESKS}
    assert await money(shop, order) == (0, 1)
    assert await check(database, 0) == []


async def test_control_desks_that_look_at_old_news_take_the_money_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard is that the balance is the one of the order as it is when it is written."""
    order = await an_order(shop)
    before = order.balance
    monkeypatch.setattr(
        payments, "require_owed", lambda paid, _, currency: new_payment.require_owed(paid, before, currency)
    )
    assert await at_once(shop, paying(shop, order)) == {"ok": DESKS}
    assert await money(shop, order) == (DESKS * 11138, DESKS)
