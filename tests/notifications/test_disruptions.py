"""Mails about a departure that does not take place, and messages to all of its guests."""

from __future__ import annotations

from typing import Any

import pytest

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


@pytest.mark.parametrize("kind", ["cancel", "move"])
async def test_the_mail_has_the_reason_and_what_somebody_wrote(
    office: Office, rafting: str, services: Services, kind: str
) -> None:
    await office.order((rafting, {"Adult": 1}), flags=LOUD)
    known = await office.mails()
    later = await office.desk.shop.departure("rafting", "2026-07-15 09:00", capacity=12)
    text = f"We are very sorry.\n\nCall us: {'a long paragraph ' * 60}end."
    more = {"to": later} if kind == "move" else {}
    await job(office, services, rafting, kind=kind, reason="The wind is too strong.", text=text, **more)
    (mail,) = [each for each in await office.new(known) if each.delivery.target == "ann@lee.example"]
    assert mail.delivery.kind == ("rescheduled" if kind == "move" else "cancellation")
    for shown in (mail.content.text, mail.content.html):
        assert "The wind is too strong." in shown
        assert "We are very sorry." in shown
        assert "a long paragraph end." in shown, "nothing is cut"


async def test_a_message_can_have_its_own_subject(office: Office, rafting: str, services: Services) -> None:
    order = await office.order((rafting, {"Adult": 1}), flags={})
    await job(office, services, rafting, kind="message", text="Come early.", subject="We start at <8>")
    (mail,) = [each for each in await office.mails() if each.delivery.kind == "message"]
    assert mail.content.subject == "We start at <8>"
    history = await office.desk.data("GET", f"/api/v1/audit/{order['id']}")
    assert history[-1]["detail"] == {"text": "Come early.", "subject": "We start at <8>"}
    body = {"kind": "cancel", "orders": 1, "subject": "No"}
    refused = await office.desk.refused(400, "POST", f"/api/v1/departures/{rafting}/jobs", json=body)
    assert refused["errorMessage"][:8] == "subject:"


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
