"""Events that can't be told, or not to all: the rest is told, they are tried again, given up, shown, and told later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.core.errors import Unavailable
from seatwright.invariants.checks import check
from seatwright.messages import fanout
from seatwright.messages.context import Messenger
from seatwright.messages.fanout import FIRST_FAILURES, fan_out
from seatwright.messages.letters import Letter
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import MAX_ATTEMPTS, WAITS_MS, Delivery
from seatwright.orders import outbox
from seatwright.orders.outbox import DIED, FAILS_OFTEN, LEASE_MS, UNREADABLE, Event
from seatwright.storage.engine import Tx
from seatwright.worker.loops import Loops
from tests.conftest import START
from tests.notifications.commands import Commands
from tests.notifications.office import BOATS, GUIDE, Office, embedded, only

CUSTOMER = "disableConfirmationEmail"
MADE = {("mail", "confirmation"): 1, ("mail", "product_notice"): 2, ("webhook", "order.created"): 1}
"""What an order of rafting makes where somebody has a webhook."""


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged."""
    with capture_logs() as captured:
        yield captured


class Broken:
    """Letters to whom `cannot` says can't be written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cannot: Callable[[Letter], bool]) -> None:
        self._real = fanout.write
        self.cannot = cannot
        monkeypatch.setattr(fanout, "write", self._write)

    def _write(self, parts: Any, letter: Letter) -> Any:
        if self.cannot(letter):
            raise KeyError(f"{letter.recipient.address} has no boat")
        return self._real(parts, letter)

    def mend(self) -> None:
        """Let everything be written."""
        self.cannot = lambda _: False


async def made(office: Office) -> Counter[tuple[str, str]]:
    """Return how many messages there are of each sort."""
    owner = office.desk.shop.account_id
    found = await office.parts.database.read(lambda tx: deliveries.page(tx, owner, limit=1000, page=0))
    return Counter((each.channel, each.kind) for each in found)


async def failed(office: Office) -> list[Event]:
    return await office.parts.database.read(lambda tx: outbox.failed(tx, limit=100))


async def waiting(office: Office) -> int:
    return await office.parts.database.read(outbox.waiting)


async def listen(office: Office) -> None:
    await office.desk.data("POST", "/api/v1/webhooks", json={"url": "https://hooks.canyon.example/"})


async def test_one_letter_that_can_not_be_written_keeps_no_other_back_and_nothing_is_told_twice(
    office: Office, rafting: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Broken(monkeypatch, lambda letter: letter.recipient.address == BOATS)
    await listen(office)
    await office.order((rafting, {"Adult": 1}))
    most = {**MADE, ("mail", "product_notice"): 1}
    for wait in WAITS_MS[:3]:
        assert await fan_out(office.parts) == 1
        assert await fan_out(office.parts) == 0
        assert await made(office) == most
        clock.advance(wait - 1)
        assert await fan_out(office.parts) == 0, "not before its time"
        clock.advance(1)
    broken.mend()
    notices = [each for each in await office.mails() if each.delivery.kind == "product_notice"]
    assert [each.delivery.target for each in notices] == [GUIDE, BOATS]
    assert await made(office) == MADE


@pytest.mark.parametrize("part", ["mails_for", "calls_for"])
@embedded
async def test_what_can_not_be_decided_keeps_the_rest_not_back(
    office: Office, rafting: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError(part)

    await listen(office)
    await office.order((rafting, {"Adult": 1}))
    with monkeypatch.context() as patch:
        patch.setattr(fanout, part, broken)
        assert await fan_out(office.parts) == 1
    kept = "webhook" if part == "mails_for" else "mail"
    assert await made(office) == {each: count for each, count in MADE.items() if each[0] == kept}
    clock.advance(WAITS_MS[0])
    await office.tell()
    assert await made(office) == MADE


async def test_what_can_not_be_told_is_given_up_in_the_end_and_told_when_it_can_be(
    office: Office,
    rafting: str,
    clock: ManualClock,
    messages: Commands,
    lines: list[MutableMapping[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = Broken(monkeypatch, lambda letter: letter.kind == "confirmation")
    order = await office.order((rafting, {"Adult": 1}))
    for number in range(MAX_ATTEMPTS):
        findings = await check(office.parts.database, clock.now())
        assert [each.check for each in findings] == ["event_failed"] * (number >= FAILS_OFTEN)
        assert await fan_out(office.parts) == 1
        clock.advance(WAITS_MS[min(number, MAX_ATTEMPTS - 2)])
    clock.advance(DAY_MS)
    assert await fan_out(office.parts) == 0
    logged = [line for line in lines if line["event"].startswith("an event")]
    assert [line["log_level"] for line in logged] == [*["warning"] * FIRST_FAILURES, "error"]
    (event,) = await failed(office)
    assert (event.attempts, event.failed_at is None) == (MAX_ATTEMPTS, False)
    assert event.error.startswith("confirmation: KeyError in seatwright.messages.fanout:")
    (finding,) = await check(office.parts.database, clock.now())
    assert "account=canyon" in finding.row
    assert all(f"{name}={getattr(event, name)}" in finding.row for name in ("order_id", "attempts", "error"))
    listed = await messages("failed", "--account", "canyon")
    happened = f"canyon: order.created of {order['id']} at 2026-07-01T16:00:00Z"
    assert listed == f"{happened}: {MAX_ATTEMPTS} attempts, given up: {event.error}\n"
    broken.mend()
    assert await fan_out(office.parts) == 0
    assert await messages("retry", "--failed", "--account", "canyon") == "1 due again.\n"
    clock.set(clock.now() + 3650 * DAY_MS)  # beyond the clock of the commands
    await office.tell()
    assert await made(office) == {each: count for each, count in MADE.items() if each[0] == "mail"}
    assert await check(office.parts.database, clock.now()) == []
    assert await messages("failed") == ""
    assert await messages("retry", "--failed") == "0 due again.\n"


class Killed(BaseException):
    """The process is killed."""


async def test_an_event_that_kills_its_process_is_given_up_and_takes_no_other_with_it(
    office: Office,
    rafting: str,
    clock: ManualClock,
    lines: list[MutableMapping[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = [await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER)) for _ in range(4)]
    real, killer = fanout._made, orders[1]["id"]

    async def deadly(parts: Messenger, event: Event) -> Any:
        if event.order_id == killer:
            raise Killed
        return await real(parts, event)

    monkeypatch.setattr(fanout, "_made", deadly)
    killed = 0
    while not any(each.failed_at for each in await failed(office)):
        try:
            await fan_out(office.parts)
        except Killed:
            killed += 1
        else:
            clock.set(max(clock.now() + LEASE_MS, *(each.due_at for each in await failed(office)), 0))
    assert killed == MAX_ATTEMPTS
    (event,) = await failed(office)
    assert (event.order_id, event.error) == (killer, DIED)
    assert await made(office) == {("mail", "confirmation"): 3}
    assert clock.now() - event.at > sum(WAITS_MS)  # not each minute
    assert [line["order_id"] for line in lines if line["log_level"] == "error"] == [killer]
    monkeypatch.undo()
    await office.parts.database.write(lambda tx: outbox.retry(tx, [event], clock.now()))
    await office.tell()
    assert await made(office) == {("mail", "confirmation"): 4}


async def test_two_who_tell_the_same_event_make_each_message_once(
    office: Office, rafting: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease of the first was over; each of them can write what the other can't."""
    await office.order((rafting, {"Adult": 1}))
    database = office.parts.database

    async def take(*, again: bool) -> Event:
        (event,) = await database.write(lambda tx: outbox.take(tx, clock.now(), limit=10, again=again))
        return event

    first = await take(again=False)
    clock.advance(LEASE_MS)
    second = await take(again=True)
    broken = Broken(monkeypatch, lambda letter: letter.recipient.address == BOATS)
    await fanout._tell(office.parts, second)
    broken.cannot = lambda letter: letter.recipient.address == GUIDE
    await fanout._tell(office.parts, first)
    assert await made(office) == {("mail", "confirmation"): 1, ("mail", "product_notice"): 2}
    assert [(each.attempts, each.due_at - clock.now()) for each in await failed(office)] == [(2, WAITS_MS[1])]
    broken.mend()
    clock.advance(WAITS_MS[1])
    await office.tell()
    assert await made(office) == {("mail", "confirmation"): 1, ("mail", "product_notice"): 2}


@embedded
async def test_an_event_that_can_not_be_read_is_given_up_and_holds_up_no_other(office: Office, rafting: str) -> None:
    """As one that a newer program wrote may be."""
    first = await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    write = "UPDATE outbox_event SET detail = $2 WHERE order_id = $1"
    database = office.parts.database
    await database.write(lambda tx: tx.execute(write, first["id"], '{"lines": 5}'))
    assert await fan_out(office.parts) == 1
    assert await made(office) == {("mail", "confirmation"): 1}
    assert [(each.order_id, each.error) for each in await failed(office)] == [(first["id"], UNREADABLE)]
    await database.write(lambda tx: tx.execute(write, first["id"], '{"action": "order.created"}'))
    for event in await failed(office):
        await database.write(lambda tx, one=event: outbox.retry(tx, [one], START))
    await office.tell()
    assert await made(office) == {("mail", "confirmation"): 2}


@embedded
async def test_what_can_not_be_stored_is_tried_again_too(
    office: Office, rafting: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = deliveries.insert

    async def refused(tx: Tx, rows: Sequence[Delivery]) -> None:
        if rows:
            raise OverflowError("too much")
        await real(tx, rows)

    await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "insert", refused)
        assert await fan_out(office.parts) == 1
    assert [each.error.split(" ")[:2] for each in await failed(office)] == [["writing:", "OverflowError"]]
    clock.advance(WAITS_MS[0])
    await office.tell()
    assert await made(office) == {("mail", "confirmation"): 1}


@embedded
async def test_a_database_that_is_away_is_no_fault_of_the_event(
    office: Office, rafting: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("away")

    await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    with monkeypatch.context() as patch:
        patch.setattr(fanout, "mails_for", away)
        with pytest.raises(Unavailable):
            await fan_out(office.parts)
    assert await failed(office) == []
    clock.advance(LEASE_MS)
    await office.tell()
    assert await made(office) == {("mail", "confirmation"): 1}


@embedded
async def test_what_was_given_up_is_forgotten_after_a_while(
    office: Office, rafting: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    Broken(monkeypatch, lambda _: True)
    monkeypatch.setattr(outbox, "MAX_ATTEMPTS", 1)
    await office.order((rafting, {"Adult": 1}))
    await fan_out(office.parts)
    loops = Loops(office.parts.database, clock, office.parts.settings)
    clock.advance(office.parts.settings.message_days * DAY_MS)
    assert (await loops.forget_messages(), await waiting(office)) == (0, 1)
    clock.advance(1)
    assert (await loops.forget_messages(), await waiting(office)) == (1, 0)
