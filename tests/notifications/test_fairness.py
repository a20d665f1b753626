"""An account whose receivers are slow holds up its own messages, and nobody else's."""

from __future__ import annotations

import asyncio

import pytest

from seatwright.core.clock import ManualClock
from seatwright.core.ids import new_hex24
from seatwright.messages.delivering import AT_ONCE, PER_ACCOUNT, Deliverer, Outcome
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Delivery
from seatwright.storage.engine import Database

MANY = AT_ONCE + PER_ACCOUNT  # enough to fill a process


def call(account: str, number: int) -> Delivery:
    return Delivery(
        account_id=account,
        id=f"{number:024x}",
        channel="webhook",
        kind="order.created",
        target=new_hex24(),
        order_id=None,
        content="{}",
        due_at=number,
        created_at=number,
    )


@pytest.mark.parametrize("others", [3, MANY])
async def test_a_slow_account_holds_up_no_other(database: Database, clock: ManualClock, others: int) -> None:
    slow, quick = new_hex24(), new_hex24()
    rows = [call(slow, number) for number in range(MANY)] + [call(quick, MANY + number) for number in range(others)]
    await database.write(lambda tx: deliveries.insert(tx, rows))
    let_go, answered = asyncio.Event(), asyncio.Event()
    sent: list[str] = []

    async def send(delivery: Delivery) -> Outcome:
        if delivery.account_id == slow:
            await let_go.wait()
        sent.append(delivery.account_id)
        if sent.count(quick) == others:
            answered.set()
        return Outcome(sent=True, code=200)

    deliverer = Deliverer(database, clock, "webhook", send)

    async def work() -> None:
        while not answered.is_set():
            await deliverer.step()
            await asyncio.sleep(0)

    async with asyncio.timeout(30):
        await work()
    assert set(sent) == {quick}
    let_go.set()
    await deliverer.finish()
    while await deliverer.step():
        await deliverer.finish()
    assert sent.count(slow) == MANY
