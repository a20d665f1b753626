"""A departure is cancelled while its server is killed: each order once, and each mail once, as far as SMTP can tell.

Real servers on both databases, a real SMTP server, and SIGKILL at the worst moments: when an order is done and not
committed, when it has just been committed, and when the mail server has a mail and nobody has heard that it took it.
`DISRUPTION_ORDERS` and `DISRUPTION_KILLS` ask for more of it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from seatwright.core.config import Settings
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from tests.crash import dying
from tests.crash.figures import show
from tests.crash.scale import amount
from tests.desk import Desk, desk
from tests.notifications.office import only, open_office
from tests.notifications.post import HOST, PostOffice, open_post
from tests.server import Server

__all__ = ["desk"]

ORDERS = amount("DISRUPTION_ORDERS", 30)
KILLS = amount("DISRUPTION_KILLS", 1)
AT_ONCE = 5
"""Mails of an account that one process sends at the same time: as many can be on their way when it dies."""
PATIENCE_S = 90.0


class Living(Server):
    """The server; mails that a dead one had taken are sent again soon."""

    module = "tests.crash.dying"


class Dying(Living):
    """A server that is over once it has killed itself."""

    def _answers(self) -> bool:
        return self.process.poll() is not None


class Killer(PostOffice):
    """A mail server that kills a process when it has so many of its mails, before it says that it took the last one."""

    def __init__(self) -> None:
        """Begin as a mail server like any other."""
        super().__init__()
        self._go, self._left, self._pid = asyncio.Event(), 0, 0
        self._go.set()

    def hold(self) -> None:
        """Keep all mails waiting until it is aimed."""
        self._go.clear()

    def aim(self, pid: int, mails: int) -> None:
        """Go on, and kill this process when it has so many more mails."""
        self._pid, self._left = pid, mails
        self._go.set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail; the process that sent it may not live to hear that."""
        await self._go.wait()
        answer = await super().handle_DATA(server, session, envelope)
        self._left -= 1
        if self._left == 0:
            os.kill(self._pid, signal.SIGKILL)
        return answer


async def sold_out(desk: Desk, services: Services, many: int) -> tuple[str, list[Any]]:
    """Sell a departure in so many orders, each with a customer of its own who gets mails; return it and them."""
    raft = await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=2 * many)
    office = await open_office(desk, services)
    orders = [
        await office.order(
            (raft, {"Adult": 1 + number % 2}),
            customer={"firstName": f"Ann {number}", "email": f"ann{number}@lee.example"},
            flags=only("disableConfirmationEmail"),
        )
        for number in range(many)
    ]
    await office.tell()  # into the sandbox: only the mails of the cancellation go out
    return raft, orders


async def planned(desk: Desk, raft: str) -> tuple[dict[str, Any], str]:
    """Start cancelling the departure; return what the dry run said, and the job's id."""
    path, body = f"/api/v1/departures/{raft}/jobs", {"kind": "cancel", "reason": "The wind is too strong."}
    said = await desk.data("POST", f"{path}?check=true", json=body)
    job = await desk.data("POST", path, json={**body, "orders": said["orders"], "proof": said["proof"]})
    return said, str(job["id"])


async def done_of(desk: Desk, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = await desk.data("GET", f"/api/v1/departure-jobs/{job_id}")
    return found


async def until(condition: Any, what: str) -> None:
    """Wait for what other processes do."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.05)


async def cancellations(services: Services) -> Counter[str]:
    """Count what the customers were to be told, by order, of what is not sent yet too."""
    rows = await services.database.read(
        lambda tx: tx.rows("SELECT order_id, status FROM delivery WHERE kind = 'cancellation'")
    )
    return Counter(row["order_id"] for row in rows)


async def nothing_due(services: Services) -> bool:
    """Tell whether every event has become mails, and every mail was sent."""
    rows = await services.database.read(
        lambda tx: tx.rows("SELECT id FROM outbox_event UNION ALL SELECT id FROM delivery WHERE status = 'due'")
    )
    return not rows


def deaths(kills: int) -> list[str]:
    """Return when the servers die, one after the other."""
    chance = random.Random(kills)
    more = [f"{chance.randint(1, 9)} {chance.choice(('before', 'after'))}" for _ in range(kills)]
    return ["8 before", "8 after", *more][:kills]


async def test_a_killed_server_goes_on_and_does_nothing_twice(
    desk: Desk, services: Services, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raft, orders = await sold_out(desk, services, ORDERS)
    said, job_id = await planned(desk, raft)
    post, counts = Killer(), []
    async with open_post(post) as port:
        mailing = {
            "SEATWRIGHT_SMTP_URL": f"smtp+plain://{HOST}:{port}",
            "SEATWRIGHT_MAIL_FROM": "Bookings <bookings@canyon.example>",
        }
        for when in deaths(KILLS):
            server = await asyncio.to_thread(lambda when=when: Dying(settings, **mailing, DIES_AT=when))
            assert server.process.returncode == -signal.SIGKILL, server.printed()
            counts.append((await done_of(desk, job_id))["done"])
        assert counts[:2] == [7, 15][: len(counts)], "what was not committed is not done, and what was committed is"
        post.hold()
        last = await asyncio.to_thread(lambda: Living(settings, **mailing))
        post.aim(last.process.pid, 3)
        code = await asyncio.to_thread(last.process.wait, PATIENCE_S)
        assert code == -signal.SIGKILL, last.printed()
        server = await asyncio.to_thread(lambda: Living(settings, **mailing))

        async def over() -> bool:
            return (await done_of(desk, job_id))["status"] == "done" and await nothing_due(services)

        await until(over, "the end")
        assert '"unexpected failure"' not in await asyncio.to_thread(server.stop)
    job = await done_of(desk, job_id)
    for field in ("orders", "done", "failed", "guests", "amount", "failures"):
        assert job[field] == said[field], field
    assert (job["done"], job["failed"]) == (ORDERS, 0)
    for order in orders:
        history = await desk.data("GET", f"/api/v1/audit/{order['id']}")
        assert [each["action"] for each in history].count("order.cancelled") == 1
        assert (await desk.data("GET", f"/order/{order['id']}"))["status"] == "cancelled"
    assert await cancellations(services) == {order["id"]: 1 for order in orders}, "each mail was written once"
    arrived: dict[str, list[str]] = {}
    for (recipient, _), mail in zip(post.taken, post.mails(), strict=True):
        arrived.setdefault(recipient, []).append(mail["Message-ID"])
    assert set(arrived) == {f"ann{number}@lee.example" for number in range(ORDERS)}
    assert all(len(set(ids)) == 1 for ids in arrived.values()), "what arrives again is the same mail"
    again = len(post.taken) - ORDERS
    assert 1 <= again <= AT_ONCE * (KILLS + 1), "only those that were on their way when a server died"
    assert await check(services.database, 0) == []
    engine = "PostgreSQL" if settings.database_url else "SQLite"
    show(capsys, f"disruption on {engine}", orders=ORDERS, kills=KILLS + 1, mails=ORDERS, arrived_again=again)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_control_an_order_whose_row_is_written_first_is_forgotten(
    desk: Desk, services: Services, settings: Settings
) -> None:
    raft, orders = await sold_out(desk, services, 10)
    _, job_id = await planned(desk, raft)
    broken = {dying.CLAIMS_FIRST: "1"}
    await asyncio.to_thread(lambda: Dying(settings, **broken, DIES_AT="8 before"))
    server = await asyncio.to_thread(lambda: Living(settings, **broken))

    async def over() -> bool:
        return (await done_of(desk, job_id))["status"] == "done"

    await until(over, "the end")
    await asyncio.to_thread(server.stop)
    left = [each for each in orders if (await desk.data("GET", f"/order/{each['id']}"))["status"] == "confirmed"]
    assert len(left) == 1, "the order that was under way when the server died"
