"""Mails about a departure that does not take place, and messages to all of its guests."""

from __future__ import annotations

from typing import Any

from seatwright.http.context import Services
from seatwright.worker.loops import Loops
from tests.notifications.office import LOUD, Office


async def job(office: Office, services: Services, departure: str, **body: Any) -> None:
    """Do something with all orders of a departure, as the worker does."""
    path = f"/api/v1/departures/{departure}/jobs"
    await office.desk.data("POST", path, json={"orders": 1, **body})
    await Loops(services.database, services.clock, services.settings).do_departure_jobs()


async def test_a_cancellation_says_why(office: Office, rafting: str, services: Services) -> None:
    await office.order((rafting, {"Adult": 1}), flags=LOUD)
    known = await office.mails()
    await job(office, services, rafting, kind="cancel", reason="The wind is too strong.")
    (mail,) = [each for each in await office.new(known) if each.delivery.target == "ann@lee.example"]
    assert mail.delivery.kind == "cancellation"
    for text in (mail.content.text, mail.content.html):
        assert "The wind is too strong." in text


async def test_a_message_is_sent_whatever_the_flags_say(office: Office, rafting: str, services: Services) -> None:
    order = await office.order((rafting, {"Adult": 1}), flags={})
    known = await office.mails()
    text = "Please come at eight.\n\n<b>Bring</b> shoes."
    await job(office, services, rafting, kind="message", text=text)
    (mail,) = await office.new(known)
    assert mail.sort == ("message", "ann@lee.example")
    assert str(order["confirmation"]) in mail.content.subject
    assert "Please come at eight.\n" in mail.content.text
    assert "<b>Bring</b> shoes." in mail.content.text
    assert "&lt;b&gt;Bring" in mail.content.html
    assert mail.content.calendar is None
