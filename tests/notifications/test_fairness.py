"""Whoever is slow to receive holds up their own messages, and nobody else's: no other account's, no other webhook's."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

import pytest
from structlog.testing import capture_logs

from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.ids import new_hex24
from seatwright.notifications import deliveries
from seatwright.notifications.deliverer import AT_ONCE, PER_ACCOUNT, PER_TARGET, Deliverer, Outcome
from seatwright.notifications.deliveries import LEASE_MS, MAX_ATTEMPTS, Channel, Delivery
from seatwright.storage.engine import Database
from seatwright.worker import messaging
from seatwright.worker.messaging import Messaging
from tests.notifications.office import Office, embedded, mailing

MANY = AT_ONCE + PER_ACCOUNT["webhook"]  # enough to fill a process


def call(account: str, number: int, target: str = "", channel: Channel = "webhook") -> Delivery:
    return Delivery(
        account_id=account,
        id=f"{number:024x}",
        channel=channel,
        kind="order.created",
        target=target or new_hex24(),
        order_id=None,
        content="{}",
        due_at=number,
        created_at=number,
    )


class Receivers:
    """Everybody that something is sent to: the `slow`, by account or target, answer when `let_go` is set."""

    def __init__(self, *slow: str) -> None:
        self.slow = slow
        self.let_go = asyncio.Event()
        self.at_once: Counter[str] = Counter()
        """The most that were being sent at the same time, by account and by target."""
        self.sent: list[Delivery] = []
        self._now: Counter[str] = Counter()

    async def __call__(self, delivery: Delivery) -> Outcome:
        """Be sent something."""
        whose = {delivery.account_id, delivery.target}
        self._now.update(whose)
        self.at_once |= self._now
        await (self.let_go.wait() if whose & {*self.slow} else asyncio.sleep(0))
        self._now.subtract(whose)
        self.sent.append(delivery)
        return Outcome(sent=True, code=200)

    def count(self, whose: str) -> int:
        """Return how many of an account's, or a target's, were sent."""
        return sum(whose in (each.account_id, each.target) for each in self.sent)


async def all_sent(deliverer: Deliverer, receivers: Receivers, whose: str, many: int) -> None:
    async with asyncio.timeout(30):
        while receivers.count(whose) < many:
            await deliverer.step()
            await asyncio.sleep(0)


@pytest.mark.parametrize("others", [3, MANY])
async def test_a_slow_account_holds_up_no_other(database: Database, clock: ManualClock, others: int) -> None:
    slow, quick = new_hex24(), new_hex24()
    rows = [call(slow, number) for number in range(MANY)] + [call(quick, MANY + number) for number in range(others)]
    await database.write(lambda tx: deliveries.insert(tx, rows))
    receivers = Receivers(slow)
    deliverer = Deliverer(database, clock, "webhook", receivers)
    await all_sent(deliverer, receivers, quick, others)
    assert receivers.count(slow) == 0
    receivers.let_go.set()
    await deliverer.finish()
    while await deliverer.step():
        await deliverer.finish()
    assert receivers.count(slow) == MANY
    assert receivers.at_once[slow] == PER_ACCOUNT["webhook"]


async def test_webhooks_that_do_not_answer_hold_up_no_other_of_the_account(
    database: Database, clock: ManualClock
) -> None:
    account, silent, good = new_hex24(), [new_hex24() for _ in range(4)], new_hex24()
    rows = [call(account, number, silent[number % len(silent)]) for number in range(MANY)]
    rows += [call(account, MANY + number, good) for number in range(20)]
    await database.write(lambda tx: deliveries.insert(tx, rows))
    receivers = Receivers(*silent)
    deliverer = Deliverer(database, clock, "webhook", receivers)
    await all_sent(deliverer, receivers, good, 20)
    assert {receivers.at_once[target] for target in silent} == {PER_TARGET["webhook"]}
    receivers.let_go.set()
    await deliverer.finish()


@pytest.mark.parametrize("channel", ["mail", "webhook"])
async def test_an_account_has_no_more_at_once_than_it_may(
    database: Database, clock: ManualClock, channel: Channel
) -> None:
    """Also where there is room for one when the next are taken."""
    account, most = new_hex24(), PER_ACCOUNT[channel]
    first = [call(account, number, channel=channel) for number in range(most - 1)]
    await database.write(lambda tx: deliveries.insert(tx, first))
    receivers = Receivers(account)
    deliverer = Deliverer(database, clock, channel, receivers)
    while await deliverer.step():
        pass
    rest = [call(account, most + number, channel=channel) for number in range(most)]
    await database.write(lambda tx: deliveries.insert(tx, rest))
    assert await deliverer.step() == 1
    assert await deliverer.step() == 0
    await asyncio.sleep(0)
    assert receivers.at_once[account] == most
    receivers.let_go.set()
    await deliverer.finish()


@embedded
async def test_a_worker_goes_on_as_soon_as_there_is_room(
    office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It doesn't pause while more is due to whoever has just taken something."""
    monkeypatch.setattr(messaging, "PAUSE_S", 60.0)
    database, target = office.parts.database, new_hex24()
    rows = [call(new_hex24(), number, target) for number in range(3)]
    one = [call(office.desk.shop.account_id, 10 + number, target) for number in range(5 * PER_TARGET["webhook"])]
    await database.write(lambda tx: deliveries.insert(tx, [*rows, *one]))
    receivers, stop = Receivers(), asyncio.Event()
    monkeypatch.setattr(Messaging, "senders", lambda _: {"webhook": receivers})
    running = asyncio.create_task(Messaging(office.using(mailing(settings, 1)).parts).run(stop))
    async with asyncio.timeout(30):
        while receivers.count(target) < len(rows) + len(one):
            assert not running.done()
            await asyncio.sleep(0.01)  # what a worker does has no event to wait for
    stop.set()
    await running


async def test_a_delivery_that_kills_its_process_is_given_up(database: Database, clock: ManualClock) -> None:
    account = new_hex24()
    await database.write(lambda tx: deliveries.insert(tx, [call(account, 1), call(account, 2)]))
    sound, at_once = f"{2:024x}", deliveries.Attempt(at=clock.now())
    with capture_logs() as lines:
        for number in range(MAX_ATTEMPTS + 1):
            taken = await database.write(lambda tx: deliveries.take(tx, "webhook", clock.now(), limit=10))
            assert [each.id[-1] for each in taken if each.id != sound] == ["1"] * (number < MAX_ATTEMPTS)
            for each in taken:
                if each.id == sound:
                    await database.write(partial(deliveries.settle, taken=each, attempt=at_once, sent=True))
            clock.advance(LEASE_MS)
    dead = await database.read(lambda tx: deliveries.find(tx, account, f"{1:024x}"))
    assert dead is not None
    assert (dead.status, dead.attempts, dead.log[-1].error) == ("dead", MAX_ATTEMPTS, deliveries.DIED)
    assert dead.finished_at == clock.now() - LEASE_MS
    assert [(line["log_level"], line["delivery_id"]) for line in lines] == [("error", dead.id)]
