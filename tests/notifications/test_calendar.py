"""The customer's calendar: after every change of an order, the files that they got say what is booked."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

import icalendar
import pytest

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.times import to_utc
from seatwright.http.context import Services
from seatwright.orders import store
from seatwright.orders.model import Order
from seatwright.storage.engine import ReadTx
from seatwright.worker.loops import Loops
from tests.notifications.office import LOUD, Mail, Office, embedded

TIERS = {"raft": "Adult", "kayak": "All", "bike": "All"}
ELSEWHERE = {"raft": "other", "other": "raft"}
"""Departures between which guests go to and fro."""


class Calendar:
    """A customer's calendar, which takes files in as RFC 5546 has it: by UID, and the highest SEQUENCE counts."""

    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}

    def take(self, text: str) -> None:
        """Take a file in. One that says something else in the same SEQUENCE, or comes with an older one, is wrong."""
        calendar = icalendar.Calendar.from_ical(text)
        for event in calendar.walk("VEVENT"):
            known = self.entries.get(str(event["UID"]))
            if known is not None:
                assert int(event["SEQUENCE"]) >= int(known["SEQUENCE"])
                if int(event["SEQUENCE"]) == int(known["SEQUENCE"]):
                    assert shown(event) == shown(known), "who has taken the first in ignores the second"
            assert str(calendar["METHOD"]) == "PUBLISH" or str(event["STATUS"]) == "CANCELLED"
            self.entries[str(event["UID"])] = event

    def booked(self) -> dict[str, tuple[Any, int]]:
        """Return what it shows as booked: when, and for how many."""
        live = {uid: event for uid, event in self.entries.items() if str(event["STATUS"]) == "CONFIRMED"}
        return {uid: shown(event)[1:] for uid, event in live.items()}


def shown(event: Any) -> tuple[str, Any, int]:
    """Return an entry's status, its start, and how many are on it."""
    (who,) = re.findall(r"^Who: (.*)$", str(event["DESCRIPTION"]), re.MULTILINE)
    return str(event["STATUS"]), event["DTSTART"].dt, sum(int(part.split()[0]) for part in who.split(", "))


class BookingContext:
    """An order of Ann's that is changed step by step, and her calendar."""

    def __init__(self, office: Office, departures: dict[str, str], services: Services) -> None:
        self._office, self._departures, self._services = office, departures, services
        self._known: list[Mail] = []
        self._days = 15
        self.calendar = Calendar()
        self.order_id = ""

    async def order(self) -> Order:
        """Return the order as it is kept."""

        async def run(tx: ReadTx) -> Order:
            found = await store.find(tx, self._office.desk.shop.account_id, self.order_id)
            assert found is not None
            return found

        return await self._services.database.read(run)

    async def do(self, step: str) -> None:
        """Make a change: `+2 raft` orders or adds, `-1 raft` cancels so many, `- raft` the item, `--` the order."""
        desk, (verb, _, name) = self._office.desk, step.partition(" ")
        if verb[0] == "+":
            chosen = (self._departures[name], {TIERS[name]: int(verb)})
            if not self.order_id:
                self.order_id = (await self._office.order(chosen, flags=LOUD))["id"]
            else:
                await desk.order(chosen, orderId=self.order_id)
        elif verb == "--":
            await desk.data("DELETE", f"/order/{self.order_id}")
        elif verb == "-":
            await desk.data("DELETE", f"/order/{self.order_id}/item/{self._departures[name]}")
        elif verb[0] == "-":
            await self._cancel(int(verb[1:]), name)
        elif verb == "move":
            self._days += 1
            moved = {"start": f"2026-07-{self._days}T10:00"}
            await desk.data("PATCH", f"/api/v1/departures/{self._departures[name]}", json=moved)
        elif verb == ">":
            await self._go(name)
        elif verb == "expire":
            assert isinstance(self._services.clock, ManualClock)
            self._services.clock.advance(61 * MINUTE_MS)
            await Loops(self._services.database, self._services.clock, self._services.settings).expire_pending()
        else:
            await desk.data("POST", f"/api/v1/orders/{self.order_id}/{verb}", json={})

    async def _go(self, name: str) -> None:
        """Let a guest go to the other departure."""
        item = next(item for item in (await self.order()).body.items if item.id == self._departures[name])
        body = {"departureId": self._departures[ELSEWHERE[name]], "ids": [item.live[0].id], "difference": 0}
        await self._office.desk.data("POST", f"/api/v1/orders/{self.order_id}/move", json=body)

    async def _cancel(self, many: int, name: str) -> None:
        item = next(item for item in (await self.order()).body.items if item.id == self._departures[name])
        kind = "unit" if name == "bike" else "participant"
        for line in item.live[:many]:
            path = f"/order/{self.order_id}/item/{item.id}/{kind}/{line.id}"
            await self._office.desk.data("DELETE", path)

    async def told(self) -> list[Mail]:
        """Let everything be told, and take the files of the mails to Ann in; return those mails."""
        new = [mail for mail in await self._office.new(self._known) if mail.delivery.target == "ann@lee.example"]
        self._known += new
        for mail in new:
            if mail.content.calendar is not None:
                self.calendar.take(mail.content.calendar)
        return new

    async def check(self) -> None:
        """See that the calendar shows what is confirmed, no more and no less, and so does the page's file."""
        order = await self.order()
        confirmed = {
            order.calendar_uid(item): (to_utc(item.start_at), sum(not line.pending_until for line in item.live))
            for item in order.body.items
            if item.start_at is not None and any(not line.pending_until for line in item.live)
        }
        assert self.calendar.booked() == confirmed
        link = await self._office.desk.data("GET", f"/api/v1/orders/{order.id}/customer-link")
        page = await self._office.desk.client.get(f"/my/{link['token']}/calendar.ics")
        whole = {
            order.calendar_uid(item): (to_utc(item.start_at), len(item.live), bool(item.pending_until))
            for item in order.body.items
            if item.start_at is not None and item.live
        }
        events = icalendar.Calendar.from_ical(page.text).walk("VEVENT")
        assert {int(event["SEQUENCE"]) for event in events} == {order.version}
        live = {str(event["UID"]): event for event in events if str(event["STATUS"]) != "CANCELLED"}
        assert {uid: (*shown(e)[1:], str(e["STATUS"]) == "TENTATIVE") for uid, e in live.items()} == whole


@pytest.fixture
async def booking(office: Office, rafting: str, kayak: str, bike: str, services: Services) -> BookingContext:
    """No order yet."""
    other = await office.desk.shop.departure("rafting", "2026-07-13 09:00", capacity=12)
    return BookingContext(office, {"raft": rafting, "kayak": kayak, "bike": bike, "other": other}, services)


async def test_who_is_left_is_in_the_calendar(booking: BookingContext) -> None:
    """The case that was found: of two guests one is cancelled."""
    await booking.do("+2 raft")
    (confirmation,) = await booking.told()
    await booking.do("-1 raft")
    (cancellation,) = await booking.told()
    assert confirmation.content.calendar is not None
    assert cancellation.content.calendar is not None
    assert "METHOD:PUBLISH" in cancellation.content.calendar
    before, after = (
        icalendar.Calendar.from_ical(mail.content.calendar or "").walk("VEVENT")[0]
        for mail in (confirmation, cancellation)
    )
    assert (before["UID"], str(after["STATUS"])) == (after["UID"], "CONFIRMED")
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert [shown(event)[2] for event in (before, after)] == [2, 1]
    await booking.check()


COURSES = {
    "one guest after the other": "+3 raft, -1 raft, -1 raft, -1 raft",
    "one of two items": "+2 raft, +1 bike, - raft, - bike",
    "a unit of several": "+3 bike, -2 bike, --",
    "more of the same": "+1 raft, +2 raft, -1 raft, +1 raft",
    "something else": "+1 raft, +1 bike, -1 raft, +1 raft, --",
    "moved": "+2 raft, move raft, -1 raft, move raft, +1 raft, -2 raft",
    "one goes elsewhere": "+2 raft, > raft, > raft",
    "there and back": "+2 raft, > raft, > other, > raft, > raft",
    "elsewhere, and cancelled": "+2 raft, > raft, - other, - raft",
    "all elsewhere, and cancelled": "+1 raft, +1 bike, > raft, --",
    "accepted": "+2 kayak, accept, -1 kayak, -1 kayak",
    "declined": "+2 kayak, decline",
    "expired": "+2 kayak, expire",
    "taken back": "+2 kayak, -1 kayak, accept, --",
    "a part is accepted": "+1 raft, +2 kayak, accept, - raft, -1 kayak",
    "a part is declined": "+1 raft, +2 kayak, decline, -1 raft",
    "more of what was accepted": "+2 kayak, accept, +1 kayak, decline, -1 kayak",
    "only what is asked for is left": "+1 kayak, accept, +1 kayak, -1 kayak, accept, --",
    "only what is asked for is left, and declined": "+1 kayak, accept, +1 kayak, -1 kayak, decline",
    "moved while it is asked for": "+1 kayak, accept, +1 kayak, move kayak, -1 kayak, move kayak, accept",
}
"""Orders, change by change."""


@embedded
@pytest.mark.parametrize("name", COURSES)
async def test_the_last_file_says_what_is_booked(booking: BookingContext, name: str) -> None:
    for step in COURSES[name].split(", "):
        await booking.do(step)
        await booking.told()
        await booking.check()


@embedded
@pytest.mark.parametrize("name", COURSES)
async def test_the_last_file_says_what_is_booked_however_late_it_is_told(booking: BookingContext, name: str) -> None:
    for step in COURSES[name].split(", "):
        await booking.do(step)
    await booking.told()
    await booking.check()


@embedded
@pytest.mark.parametrize("seed", range(10))
async def test_after_any_changes_the_calendar_shows_what_is_booked(booking: BookingContext, seed: int) -> None:
    """The law: steps drawn at random, told at random."""
    dice, done = random.Random(seed), Counter[str]()
    await booking.do(dice.choice(["+3 raft", "+2 kayak", "+2 bike"]))
    for _ in range(12):
        order = await booking.order()
        live = {item.id: item for item in order.body.items if item.live}
        names = [name for name, departure in booking._departures.items() if departure in live]
        steps = [f"+1 {name}" for name in TIERS] if order.status != "cancelled" else []
        steps += [
            f"{verb} {name}"
            for name in names
            for verb in ("-1", "-1", "-", "move")
            if (verb, name) != ("move", "other")
        ]
        steps += [f"> {name}" for name in names if name in ELSEWHERE]
        steps += ["accept", "decline"] if order.status == "pending" else []
        if not steps:
            break
        step = dice.choice([each for each in steps if each != "move bike"])
        await booking.do(step)
        done[step] += 1
        if dice.random() < 0.7:
            await booking.told()
            await booking.check()
    await booking.told()
    await booking.check()
    assert done
