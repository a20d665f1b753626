"""Mails over a real SMTP server that is down for a day, slow, refusing, or dying in the middle (trust row 11).

Bookings go on in all of it, nothing is lost, and what arrives twice has the same Message-ID.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from seatwright.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, ManualClock
from seatwright.core.errors import Unavailable
from seatwright.core.mail import Mailbox, parse_server
from seatwright.notifications import deliverer, deliveries
from seatwright.notifications.deliverer import PER_ACCOUNT, Deliverer, Outcome, deliver
from seatwright.notifications.deliveries import LEASE_MS, MAX_ATTEMPTS, WAITS_MS, Delivery
from seatwright.notifications.mail.sender import MailSender
from seatwright.worker import messaging
from seatwright.worker.messaging import Messaging
from tests.conftest import START
from tests.notifications.office import ANN, Mail, Office, embedded, mailing, only
from tests.notifications.post import HOST, PostOffice, open_post, parsed
from tests.server import closed_port

CUSTOMER = "disableConfirmationEmail"


@pytest.fixture
def held() -> Iterator[socket.socket]:
    """A port on which nobody listens."""
    with closed_port() as port:
        yield port


class Round:
    """Whoever delivers this office's mails, to a server at a port of this machine."""

    def __init__(self, office: Office, port: int, scheme: str = "smtp+plain", context: ssl.SSLContext | None = None):
        settings = mailing(office.parts.settings, port, scheme)
        settings = replace(settings, smtp=parse_server(f"{scheme}://{HOST}:{port}"))
        self.office = office.using(settings)
        sender = MailSender.of(settings)
        assert sender is not None
        self.sender = replace(sender, context=context or sender.context)
        assert isinstance(office.parts.clock, ManualClock)
        self.clock = office.parts.clock

    async def go(self) -> int:
        """Make mails of what has happened and send what is due; return how many attempts that were."""
        await self.office.tell()
        tried = 0
        while count := await deliver(self.office.parts.database, self.clock, "mail", self.sender):
            tried += count
        return tried

    async def only_mail(self) -> Mail:
        """Return the one mail that there is."""
        (mail,) = await self.office.mails()
        return mail

    async def until_next(self) -> None:
        """Let the time pass until the one mail is due again."""
        self.clock.set(max(self.clock.now(), (await self.only_mail()).delivery.due_at))


async def test_a_mail_is_delivered_once(office: Office, rafting: str) -> None:
    post = PostOffice()
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        assert await round_.go() == 1
        assert await round_.go() == 0
    ((recipient, _),) = post.taken
    (mail,) = post.mails()
    kept = (await round_.only_mail()).delivery
    assert recipient == "ann@lee.example"
    assert str(mail["From"]) == "Canyon <bookings@seatwright.example>"
    assert str(mail["To"]) == "Ann Lee <ann@lee.example>"
    assert str(mail["Reply-To"]) == "Canyon <desk@canyon.example>"
    assert mail["Message-ID"] == f"<{kept.id}@seatwright.example>"
    assert (kept.status, [(each.code, each.error) for each in kept.log]) == ("sent", [(250, None)])


async def test_a_server_that_is_down_for_a_day_loses_nothing_and_stops_no_booking(
    office: Office, rafting: str, held: socket.socket
) -> None:
    round_ = Round(office, held.getsockname()[1])
    await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    waits, last = [], START
    while round_.clock.now() < START + DAY_MS:
        assert await round_.go() == 1
        waits.append(round_.clock.now() - last)
        last = round_.clock.now()
        assert (await round_.only_mail()).delivery.status == "due"
        await round_.until_next()
    assert waits == [0, *WAITS_MS[: len(waits) - 1]]
    assert len(waits) < MAX_ATTEMPTS
    await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    post = PostOffice()
    async with open_post(post, held):
        await round_.go()
        round_.clock.advance(MINUTE_MS)
        await round_.go()
    assert sorted(str(mail["Subject"]) for mail in post.mails()) == [
        "Your booking 100001 with Canyon is confirmed",
        "Your booking 100002 with Canyon is confirmed",
    ]


@embedded
async def test_a_server_that_never_comes_back_leaves_a_dead_letter(
    office: Office, rafting: str, held: socket.socket
) -> None:
    round_ = Round(office, held.getsockname()[1])
    await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    for _ in range(MAX_ATTEMPTS):
        assert await round_.go() == 1
        await round_.until_next()
    dead = (await round_.only_mail()).delivery
    assert (dead.status, dead.attempts, len(dead.log)) == ("dead", MAX_ATTEMPTS, MAX_ATTEMPTS)
    assert dead.finished_at is not None
    assert dead.finished_at - START > 72 * HOUR_MS
    assert await round_.go() == 0


@embedded
async def test_a_slow_mail_holds_up_no_other(office: Office, rafting: str) -> None:
    release, others = asyncio.Event(), 2 * PER_ACCOUNT["mail"]
    post = PostOffice(slow={"slow@lee.example": release})
    async with open_post(post) as port:
        round_ = Round(office, port)
        for name in ("slow", *(f"ann{number}" for number in range(others))):
            customer = {**ANN, "email": f"{name}@lee.example"}
            await round_.office.order((rafting, {"Adult": 1}), customer=customer, flags=only(CUSTOMER))
        await round_.office.tell()
        deliverer = Deliverer(office.parts.database, round_.clock, "mail", round_.sender)
        sent = 0
        while sent < others + 1:
            sent += await deliverer.step()
        await post.until(others)
        assert "slow@lee.example" not in {recipient for recipient, _ in post.taken}
        release.set()
        await deliverer.finish()
    assert len(post.taken) == others + 1
    assert {each.delivery.status for each in await round_.office.mails()} == {"sent"}


@embedded
async def test_what_takes_too_long_is_given_up_and_tried_again(
    office: Office, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = PostOffice(slow={"ann@lee.example": asyncio.Event()})
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        with monkeypatch.context() as patch:
            patch.setattr("seatwright.notifications.mail.smtp.DATA_S", 0.05)
            assert await round_.go() == 1
        kept = (await round_.only_mail()).delivery
        assert (kept.status, kept.log[0].error) == ("due", "the mail server took too long")
        post.slow.clear()
        await round_.until_next()
        assert await round_.go() == 1
    assert len(post.taken) == 1


@embedded
async def test_a_4xx_is_tried_again(office: Office, rafting: str) -> None:
    post = PostOffice(recipient_answers=["450 4.2.0 greylisted"], data_answers=["451 4.3.0 try later"])
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        for _ in range(3):
            assert await round_.go() == 1
            await round_.until_next()
    kept = (await round_.only_mail()).delivery
    assert [each.code for each in kept.log] == [450, 451, 250]
    assert kept.log[0].error == "4.2.0 greylisted"
    assert (kept.status, len(post.taken)) == ("sent", 1)


@pytest.mark.parametrize("stage", ["recipient_answers", "data_answers"])
async def test_a_5xx_is_a_dead_letter_at_once_which_can_be_retried(office: Office, rafting: str, stage: str) -> None:
    post = PostOffice()
    getattr(post, stage).append("550 5.1.1 no such mailbox")
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        assert await round_.go() == 1
        (dead,) = await office.desk.data("GET", "/api/v1/messages?status=dead")
        assert (dead["to"], dead["attempts"][0]["code"]) == ("ann@lee.example", 550)
        assert dead["attempts"][0]["error"] == "5.1.1 no such mailbox"
        round_.clock.advance(DAY_MS)
        assert await round_.go() == 0
        again = await office.desk.data("POST", f"/api/v1/messages/{dead['id']}/retry")
        assert again["status"] == "due"
        assert await round_.go() == 1
    assert len(post.taken) == 1
    sent = await office.desk.data("GET", f"/api/v1/messages/{dead['id']}")
    assert (sent["status"], [each["code"] for each in sent["attempts"]]) == ("sent", [550, 250])


@pytest.mark.parametrize("when", ["before", "after"])
@embedded
async def test_a_server_that_dies_in_the_middle_gets_the_same_mail_again(
    office: Office, rafting: str, when: str
) -> None:
    post = PostOffice(dies=[when])
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        assert await round_.go() == 1
        assert (await round_.only_mail()).delivery.status == "due"
        await round_.until_next()
        assert await round_.go() == 1
    assert len(post.seen) == (2 if when == "after" else 1)
    assert len(set(post.seen)) == 1


async def test_a_process_that_dies_after_the_servers_yes_sends_again_with_the_same_message_id(
    office: Office, rafting: str
) -> None:
    post = PostOffice()
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        await round_.office.tell()

        async def dying(delivery: Delivery) -> Outcome:
            outcome = await round_.sender(delivery)
            assert outcome.sent
            raise asyncio.CancelledError

        assert await deliver(office.parts.database, round_.clock, "mail", dying) == 1
        assert await round_.go() == 0  # whoever took it may be sending it still
        round_.clock.advance(LEASE_MS)
        assert await round_.go() == 1
        assert await round_.go() == 0
    first, second = post.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert len({content for _, content in post.taken}) == 1


@embedded
async def test_another_sender_in_the_settings_leaves_a_mail_its_message_id(office: Office, rafting: str) -> None:
    post = PostOffice(dies=["after"])
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        assert await round_.go() == 1
        round_.sender = replace(round_.sender, sender=Mailbox("Desk", "desk", "moab.example"))
        await round_.until_next()
        assert await round_.go() == 1
    first, second = (parsed(content) for content in post.seen)
    assert first["Message-ID"] == second["Message-ID"]
    assert str(second["From"]) == "Canyon <desk@moab.example>"


async def test_a_database_that_is_away_when_a_mail_was_sent_makes_no_second_one(
    office: Office, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = deliveries.settle, 3

    async def away(*args: object, **more: object) -> deliveries.Status:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise Unavailable("away")
        return await real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(deliverer, "SETTLE_PAUSE_S", 0.0)
    monkeypatch.setattr(deliveries, "settle", away)
    post = PostOffice()
    async with open_post(post) as port:
        round_ = Round(office, port)
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        assert await round_.go() == 1
        round_.clock.advance(DAY_MS)
        assert await round_.go() == 0
    assert len(post.taken) == 1


@embedded
async def test_the_loops_send_what_happens_and_let_a_mail_finish_when_they_stop(
    office: Office, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messaging, "PAUSE_S", 0.02)
    monkeypatch.setattr(messaging, "FINISH_S", 60.0)
    release, stop = asyncio.Event(), asyncio.Event()
    post = PostOffice(slow={"ann@lee.example": release})
    async with open_post(post) as port:
        round_ = Round(office, port)
        running = asyncio.create_task(Messaging(round_.office.parts).run(stop))
        other = {**ANN, "email": "bo@lee.example"}
        await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
        await round_.office.order((rafting, {"Adult": 1}), customer=other, flags=only(CUSTOMER))
        await post.until(1)
        stop.set()
        release.set()
        await asyncio.wait_for(running, 60)
    assert {recipient for recipient, _ in post.taken} == {"ann@lee.example", "bo@lee.example"}
    assert {each.delivery.status for each in await round_.office.mails()} == {"sent"}


async def test_the_sandbox_sends_nothing_and_shows_everything(office: Office, rafting: str) -> None:
    assert Messaging(office.parts).senders().get("mail") is None
    order = await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    await office.tell()
    (shown,) = await office.desk.data("GET", f"/api/v1/messages?status=sandbox&orderId={order['id']}")
    assert (shown["kind"], shown["attempts"], shown["nextAttemptDate"]) == ("confirmation", [], None)
    whole = await office.desk.data("GET", f"/api/v1/messages/{shown['id']}")
    assert whole["subject"] == "Your booking 100001 with Canyon is confirmed"
    assert "We look forward to seeing you." in whole["text"]
    assert whole["html"].startswith("<!doctype html>")
    assert whole["qr"] == order["id"]
    assert whole["calendar"].startswith("BEGIN:VCALENDAR")
    await office.desk.refused(409, "POST", f"/api/v1/messages/{shown['id']}/retry")


@embedded
async def test_the_log_has_no_addresses(office: Office, rafting: str) -> None:
    post = PostOffice(recipient_answers=["550 5.1.1 <ann@lee.example> is unknown"])
    async with open_post(post) as port:
        round_ = Round(office, port)
        with capture_logs() as lines:
            await round_.office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
            await round_.go()
    (line,) = [each for each in lines if each["event"] == "delivery"]
    assert (line["status"], line["code"]) == ("dead", 550)
    assert "ann@lee" not in str(lines)
