"""The laws of payments: in whatever ways and parts an order is paid, its books balance and its totals are the same.

Random desks pay, give back, void and cancel in any order. After each step the doctor must find nothing, and the order
must have what was really paid, added up here.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.invariants.checks import check
from seatwright.orders import ledger
from seatwright.orders.model import WAYS, Payment, Voiding
from tests.desk import Desk
from tests.laws.goods import Chance

CASES = int(os.environ.get("LAW_CASES", "4"))
STEPS = 12


class Drawer:
    """An order, and what its desk has really taken, in cents: by payment, and in all."""

    def __init__(self, desk: Desk, order: Any, chance: Chance) -> None:
        self.desk, self.order, self.chance = desk, order, chance
        self.path = f"/api/v1/orders/{order['id']}"
        self.taken: dict[str, tuple[str, int]] = {}

    @property
    def paid(self) -> int:
        return sum(amount for _, amount in self.taken.values())

    async def money(self) -> Any:
        return await self.desk.data("GET", f"{self.path}/payments")

    async def take(self, cents: int, *, back: bool = False) -> None:
        """Record a payment or a refund."""
        method = self.chance.random.choice(WAYS)
        kind, flag = ("refunds", "allowBalance") if back else ("payments", "allowOverpayment")
        body = {"amount": f"{cents // 100}.{cents % 100:02}", "method": method, flag: True}
        money = await self.desk.data("POST", f"{self.path}/{kind}", json=body)
        self.taken[money["payments"][-1]["id"]] = (method, -cents if back else cents)

    async def void(self) -> None:
        """Void any payment, unless more was given back than would be left."""
        if not self.taken:
            return
        payment = self.chance.random.choice(sorted(self.taken))
        answer = await self.desk.call("POST", f"{self.path}/payments/{payment}/void", json={"reason": "wrong"})
        fits = self.paid - self.taken[payment][1] >= 0
        assert answer.status_code == (200 if fits else 409)
        if fits:
            del self.taken[payment]

    async def cancel(self) -> None:
        """Cancel a guest that is left, if there is one."""
        order = await self.desk.data("GET", f"/order/{self.order['id']}")
        for item in order["items"]:
            for line in item["participantList"]:
                if line["status"] == "confirmed":
                    await self.desk.data("DELETE", f"/order/{order['id']}/item/{item['id']}/participant/{line['id']}")
                    return

    async def step(self) -> None:
        """Do anything that a desk does."""
        dice = self.chance.random.random()
        if dice < 0.4:
            await self.take(self.chance.random.randint(1, 9_999))
        elif dice < 0.6 and self.paid > 0:
            await self.take(self.chance.random.randint(1, self.paid), back=True)
        elif dice < 0.85:
            await self.void()
        else:
            await self.cancel()

    async def agrees(self) -> None:
        """The order has what was taken, by way, and the books balance."""
        money = await self.money()
        by_way: Counter[str] = Counter()
        for way, amount in self.taken.values():
            by_way[way] += amount
        assert round(money["amountPaid"] * 100) == self.paid
        assert {each["method"]: round(each["amount"] * 100) for each in money["byMethod"] if each["amount"]} == {
            way: amount for way, amount in by_way.items() if amount
        }
        assert round((money["total"] - money["amountPaid"] - money["balance"]) * 100) == 0
        assert await check(self.desk.services.database, 0) == []


@pytest.mark.parametrize("seed", range(CASES))
async def test_whatever_a_desk_does_the_books_balance(desk: Desk, rafting: str, clock: ManualClock, seed: int) -> None:
    cart = await desk.cart((rafting, {"Adult": 2, "Child": 1}))
    order = await desk.data("POST", "/api/v1/orders", json={"cartId": cart})
    drawer = Drawer(desk, order, Chance(seed))
    for _ in range(STEPS):
        clock.advance(drawer.chance.random.choice((0, 1, MINUTE_MS)))
        await drawer.step()
        await drawer.agrees()


@pytest.mark.parametrize("seed", range(CASES))
async def test_paying_in_parts_is_paying_at_once(desk: Desk, rafting: str, seed: int) -> None:
    """The order, its totals, and the price of cancelling it are the same, however it was paid."""
    chance = Chance(seed)

    async def booked(parts: list[int], *, at_once: bool) -> Any:
        cart = await desk.cart((rafting, {"Adult": 1, "Child": 1}))
        methods = [chance.random.choice(WAYS) for _ in parts]
        payments = [
            {"amount": f"{cents // 100}.{cents % 100:02}", "method": method}
            for cents, method in zip(parts, methods, strict=True)
        ]
        with_order = payments if at_once else payments[: chance.random.randint(0, len(payments))]
        body = {"cartId": cart, "payments": with_order}
        order = await desk.data("POST", "/api/v1/orders", json=body)
        for payment in payments[len(with_order) :]:
            await desk.data("POST", f"/api/v1/orders/{order['id']}/payments", json=payment)
        return await desk.data("GET", f"/order/{order['id']}")

    one = await booked([17776], at_once=True)
    cuts = sorted(chance.random.sample(range(1, 17776), 3))
    other = await booked([b - a for a, b in zip([0, *cuts], [*cuts, 17776], strict=True)], at_once=False)
    resmark = await desk.order((rafting, {"Adult": 1, "Child": 1}))
    same = ("total", "amountPaid", "balance", "price", "fees", "tax", "status", "cancellationFees")
    assert {name: one[name] for name in same} == {name: other[name] for name in same} == {n: resmark[n] for n in same}
    quotes = [await desk.data("GET", f"/api/v1/orders/{each['id']}/cancellation-quote") for each in (one, other)]
    assert (quotes[0]["fee"], quotes[0]["refund"]) == (quotes[1]["fee"], quotes[1]["refund"])


PAYMENTS = st.builds(
    Payment,
    id=st.uuids().map(str),
    amount=st.integers(-(10**10), 10**10).filter(bool),
    at=st.just(1),
    method=st.sampled_from(WAYS),
    voided=st.one_of(st.none(), st.just(Voiding(at=1))),
)


@settings(deadline=None)
@given(st.lists(PAYMENTS, max_size=20))
def test_the_ledger_of_payments_is_their_sum_by_way(payments: list[Payment]) -> None:
    """Each transaction sums to zero; voiding takes out exactly what a payment or refund brought in."""
    transactions = [ledger.payment(each) for each in payments]
    transactions += [ledger.void(each) for each in payments if each.voided]
    assert all(sum(entry.amount for entry in transaction) == 0 for transaction in transactions)
    entries = [entry for transaction in transactions for entry in transaction]
    for way in WAYS:
        of_way = sum(entry.amount for entry in entries if entry.ledger == ledger.PAYMENTS[way])
        assert of_way == sum(each.counted for each in payments if each.method == way)
    assert ledger.paid_change(entries) == sum(each.counted for each in payments)
    assert ledger.total_change(entries) == 0
