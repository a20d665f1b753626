"""Orders of which a part has to be accepted: whatever comes of it, the customer is told once of what is confirmed."""

from __future__ import annotations

from typing import Any

import httpx
import icalendar
import pytest

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.http.context import Services
from seatwright.worker.loops import Loops
from tests.desk import Desk
from tests.notifications.office import LOUD, Mail, Office, embedded, open_reseller

FLAGS = {**LOUD, "disableNotification": True}
"""Everything is told, but not the people named on products."""
REST = "The rest of your booking is confirmed. This is how it stands now."
TIERS = {"raft": "Adult", "kayak": "All", "bike": "All"}
PRODUCTS = {"raft": "Half-day rafting", "kayak": "Kayak tour", "bike": "Mountain bike"}


class BookingContext:
    """An order, changed step by step: `+raft kayak` orders or adds, `-kayak` cancels; kayaks have to be accepted."""

    def __init__(self, office: Office, departures: dict[str, str], services: Services, seller: Desk | None = None):
        self._office, self._departures, self._services = office, departures, services
        self._seller = seller or office.desk
        self._known: list[Mail] = []
        self.order: dict[str, Any] = {}

    async def do(self, step: str) -> None:
        """Make one change."""
        seller, number = self._seller, self.order.get("id")
        if step[0] == "+":
            items = [(self._departures[name], {TIERS[name]: 1}) for name in step[1:].split()]
            if number is None:
                by = seller if seller is not self._office.desk else None
                self.order = await self._office.order(*items, by=by, flags=FLAGS)
            else:
                supplier = self._office.desk.shop.account_id if seller is not self._office.desk else ""
                await seller.order(*items, supplier=supplier, orderId=number)
        elif step[0] == "-":
            await seller.data("DELETE", f"/order/{number}/item/{self._departures[step[1:]]}")
        elif step == "expire":
            assert isinstance(self._services.clock, ManualClock)
            self._services.clock.advance(61 * MINUTE_MS)
            loops = Loops(self._services.database, self._services.clock, self._services.settings)
            assert await loops.expire_pending() == 1
        else:
            await self._office.desk.data("POST", f"/api/v1/orders/{number}/{step}", json={})

    async def told(self) -> list[Mail]:
        """Return the mails that have come since, in the seller's name."""
        new = await self._office.new(self._known, self._seller.shop.account_id)
        self._known += new
        return new


@pytest.fixture
def booking(office: Office, rafting: str, kayak: str, bike: str, services: Services) -> BookingContext:
    """No order yet."""
    return BookingContext(office, {"raft": rafting, "kayak": kayak, "bike": bike}, services)


def kinds(mails: list[Mail]) -> str:
    """Return the kinds of mails in one line, a confirmation with what it confirms."""
    return ", ".join(f"{each.delivery.kind}{confirmed(each)}" for each in mails)


def confirmed(mail: Mail) -> str:
    """Return what a confirmation says is confirmed, the same in its text and in its calendar file."""
    if mail.delivery.kind != "confirmation":
        return ""
    items = mail.text.split("\n* ")[1:]
    said = [name for name, title in PRODUCTS.items() if any(i.startswith(title) and "Status:" not in i for i in items)]
    assert mail.content.calendar is not None
    events = icalendar.Calendar.from_ical(mail.content.calendar).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} == {PRODUCTS[name] for name in said}
    assert mail.content.qr
    return f"({' '.join(said)})"


ASKED = "pending_received, pending_notice"
SCENARIOS = {
    "declined": [
        ("+raft kayak", ASKED),
        ("decline", "pending_answer, confirmation(raft)"),
    ],
    "expired": [
        ("+raft kayak", ASKED),
        ("expire", "pending_answer, confirmation(raft)"),
    ],
    "cancelled": [
        ("+raft kayak", ASKED),
        ("-kayak", "cancellation, confirmation(raft)"),
    ],
    "accepted": [
        ("+raft kayak", ASKED),
        ("accept", "confirmation(raft kayak)"),
    ],
    "confirmed before": [
        ("+raft", "confirmation(raft)"),
        ("+kayak", ASKED),
        ("decline", "pending_answer"),
    ],
    "confirmed meanwhile": [
        ("+raft kayak", ASKED),
        ("+bike", "confirmation(raft bike)"),
        ("decline", "pending_answer"),
    ],
    "part of it confirmed before": [
        ("+raft", "confirmation(raft)"),
        ("+bike kayak", ASKED),
        ("decline", "pending_answer, confirmation(raft bike)"),
    ],
    "what was not confirmed before is gone": [
        ("+raft", "confirmation(raft)"),
        ("+bike kayak", ASKED),
        ("-bike", "cancellation"),
        ("decline", "pending_answer"),
    ],
    "nothing is left": [
        ("+raft kayak", ASKED),
        ("-raft", "cancellation"),
        ("decline", "pending_answer"),
    ],
    "asked twice": [
        ("+raft kayak", ASKED),
        ("+kayak", ASKED),
        ("decline", "pending_answer, confirmation(raft)"),
        ("+kayak", ASKED),
        ("accept", "confirmation(raft kayak)"),
        ("+bike", "confirmation(raft kayak bike)"),
    ],
}


@pytest.mark.parametrize("name", SCENARIOS)
@embedded
async def test_the_customer_is_told_once_of_what_is_confirmed(booking: BookingContext, name: str) -> None:
    for step, expected in SCENARIOS[name]:
        await booking.do(step)
        new = await booking.told()
        assert (step, kinds(new)) == (step, expected)
        for each in new:
            assert (REST in each.text) == (each.delivery.kind == "confirmation" and step[0] not in "+a")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("declined", "pending_answer, confirmation(raft)"),
        ("expired", "pending_answer, confirmation(raft)"),
        ("cancelled", "cancellation, confirmation(raft)"),
        ("accepted", "confirmation(raft kayak)"),
        ("confirmed before", "confirmation(raft), pending_answer"),
        ("confirmed meanwhile", "confirmation(raft bike), pending_answer"),
        ("part of it confirmed before", "pending_answer, confirmation(raft bike)"),
        ("what was not confirmed before is gone", "confirmation(raft), cancellation, pending_answer"),
        ("nothing is left", "cancellation, pending_answer"),
        ("asked twice", "pending_answer, confirmation(raft kayak bike), confirmation(raft kayak bike)"),
    ],
)
@embedded
async def test_the_customer_is_told_once_of_changes_that_are_told_together(
    booking: BookingContext, clock: ManualClock, name: str, expected: str
) -> None:
    for step, _ in SCENARIOS[name]:
        await booking.do(step)
        clock.advance(1)
    assert kinds(await booking.told()) == expected


async def test_a_resellers_customer_is_told_too(
    booking: BookingContext, office: Office, rafting: str, kayak: str, client: httpx.AsyncClient, services: Services
) -> None:
    seller = await open_reseller(office, client, services)
    resold = BookingContext(office, {"raft": rafting, "kayak": kayak}, services, seller)
    await resold.do("+raft kayak")
    assert kinds(await resold.told()) == "pending_received"
    await resold.do("decline")
    (mail,) = await resold.told()
    assert kinds([mail]) == "confirmation(raft)"
    assert (mail.delivery.target, mail.content.from_name) == ("ann@lee.example", "Tripdesk")


@embedded
async def test_a_clock_that_was_set_back_swallows_no_mail(booking: BookingContext, clock: ManualClock) -> None:
    await booking.do("+kayak")
    await booking.do("accept")
    assert kinds(await booking.told()) == "confirmation(kayak)"
    clock.advance(-20 * MINUTE_MS)
    await booking.do("+raft")
    clock.advance(20 * MINUTE_MS)
    assert kinds(await booking.told()) == "confirmation(raft kayak)"
