"""A departure that is moved: whoever has seats on it is told its new time, and calendars move their entries."""

from __future__ import annotations

from typing import Any

import httpx
import icalendar
import pytest

from seatwright.core.times import to_utc
from seatwright.http.context import Services
from tests.notifications.office import (
    ANN,
    BOATS,
    FLAGS,
    GUIDE,
    LOUD,
    Mail,
    Office,
    embedded,
    only,
    open_reseller,
    with_settings,
)
from tests.shop import denver

CUSTOMER, NOTICE = "disableConfirmationEmail", "disableNotification"


async def move(office: Office, departure: str, start: str = "2026-07-16T10:00") -> None:
    """Move a departure, as the desk does."""
    await office.desk.data("PATCH", f"/api/v1/departures/{departure}", json={"start": start})


def event_of(mail: Mail) -> Any:
    """Return the only appointment of a mail's calendar file, which has to be one to keep."""
    assert mail.content.calendar is not None
    calendar = icalendar.Calendar.from_ical(mail.content.calendar)
    assert str(calendar["METHOD"]) == "PUBLISH"
    (event,) = calendar.walk("VEVENT")
    return event


async def test_the_flags_of_each_order_say_who_is_told(office: Office, rafting: str) -> None:
    orders = {flag: (await office.order((rafting, {"Adult": 1}), flags=only(flag)))["id"] for flag in FLAGS}
    await office.order((rafting, {"Adult": 1}), flags={})
    known = await office.mails()
    await move(office, rafting)
    assert {(each.delivery.order_id, *each.sort) for each in await office.new(known)} == {
        (orders[CUSTOMER], "rescheduled", "ann@lee.example"),
        (orders[NOTICE], "product_notice", GUIDE),
        (orders[NOTICE], "product_notice", BOATS),
    }


async def test_other_changes_of_a_departure_are_told_nobody(office: Office, rafting: str) -> None:
    await office.order((rafting, {"Adult": 1}))
    known = await office.mails()
    await office.desk.data("PATCH", f"/api/v1/departures/{rafting}", json={"capacity": 20, "closed": True})
    assert await office.new(known) == []


@embedded
async def test_the_customer_reads_the_new_time_and_the_calendar_moves_the_entry(
    office: Office, rafting: str, bike: str, services: Services
) -> None:
    linking = office.using(with_settings(services.settings, public_url="https://book.canyon.example"))
    order = await linking.order((rafting, {"Adult": 2}), flags=only(CUSTOMER))
    known = await linking.mails()
    before = event_of(known[0])
    cart = await linking.desk.cart((bike, {"All": 1}))
    await linking.desk.data("POST", "/order", json={"id": cart, "orderId": order["id"]})
    known += await linking.new(known)

    await move(linking, rafting)
    (mail,) = await linking.new(known)
    assert mail.content.subject == "New date or time (100001): Half-day rafting"
    assert ">The date or time has changed</h1>" in mail.content.html
    moved, rest = mail.text.split("Your booking also includes:")
    assert "When: Thursday, July 16, 2026, 10:00 AM – 2:00 PM" in moved
    assert "Mountain bike" not in moved
    assert "Mountain bike" in rest
    assert "Half-day rafting" not in rest
    assert "July 14, 2026, 9:00 AM – 1:00 PM" not in mail.text  # the old time, which nobody shall read again
    assert "has to be accepted" not in mail.text
    assert "Total:" in rest
    assert "https://book.canyon.example/my/" in rest
    assert mail.content.qr == order["id"]
    assert 'src="cid:' in mail.content.html
    assert "It replaces the one in your calendar." in rest

    after = event_of(mail)
    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert str(after["STATUS"]) == "CONFIRMED"
    assert after["DTSTART"].dt == to_utc(denver("2026-07-16 10:00"))
    assert after["DTEND"].dt == to_utc(denver("2026-07-16 14:00"))

    await move(linking, rafting, "2026-07-17T08:30")
    (again,) = await linking.new([*known, mail])
    assert int(event_of(again)["SEQUENCE"]) > int(after["SEQUENCE"])


@pytest.mark.parametrize(
    ("language", "subject", "when"),
    [
        ("es", "Nueva fecha u hora (100001): Half-day rafting", "jueves, 16 de julio de 2026, 10:00 – 14:00 h"),
        ("de", "Neuer Termin (100001): Half-day rafting", "Donnerstag, 16. Juli 2026, 10:00 – 14:00 Uhr"),
        ("fr", "Nouvelle date ou nouvel horaire (100001) : Half-day rafting", "jeudi 16 juillet 2026, 10:00 – 14:00"),
    ],
)
@embedded
async def test_everybody_reads_it_in_their_language(
    office: Office, rafting: str, language: str, subject: str, when: str
) -> None:
    await office.desk.data("PATCH", "/api/v1/account", json={"language": "fr"})
    await office.order((rafting, {"Adult": 1}), customer={**ANN, "language": language})
    known = await office.mails()
    await move(office, rafting)
    mail, *notices = await office.new(known)
    assert mail.content.subject.replace("\xa0", " ") == subject
    assert when in mail.text
    assert {each.content.subject.replace("\xa0", " ") for each in notices} == {
        "Nouvelle date ou nouvel horaire, réservation 100001 : Half-day rafting"
    }
    assert all("jeudi 16 juillet 2026, 10:00 – 14:00" in each.text for each in notices)


async def test_what_is_cancelled_by_then_is_not_told(office: Office, rafting: str, bike: str) -> None:
    gone = await office.order((rafting, {"Adult": 1}))
    without = await office.order((rafting, {"Adult": 1}), (bike, {"All": 1}))
    before = await office.order((rafting, {"Adult": 1}), (bike, {"All": 1}))
    fewer = await office.order((rafting, {"Adult": 1, "Child": 1}))
    await office.desk.data("DELETE", f"/order/{before['id']}/item/{rafting}")
    known = await office.mails()

    await move(office, rafting)
    await office.desk.data("DELETE", f"/order/{gone['id']}")
    await office.desk.data("DELETE", f"/order/{without['id']}/item/{rafting}")
    adult, _ = fewer["items"][0]["participantList"]
    await office.desk.data("DELETE", f"/order/{fewer['id']}/item/{rafting}/participant/{adult['id']}")
    told = [each for each in await office.new(known) if each.content.subject.startswith("New date or time")]
    assert {(each.delivery.order_id, *each.sort) for each in told} == {
        (fewer["id"], "rescheduled", "ann@lee.example"),
        (fewer["id"], "product_notice", GUIDE),
        (fewer["id"], "product_notice", BOATS),
    }
    assert all("Who: 1 × Child\n" in each.text for each in told)


async def test_a_request_still_has_to_be_accepted(office: Office, rafting: str, kayak: str) -> None:
    await office.order((kayak, {"All": 1}), (rafting, {"Adult": 1}), flags=only(CUSTOMER))
    known = await office.mails()
    await move(office, kayak)
    (asked,) = await office.new(known)
    assert "The date or time of your request has changed. It still has to be accepted by Canyon." in asked.text
    assert "Status: Awaiting confirmation" in asked.text
    assert (asked.content.calendar, asked.content.qr) == (None, None)
    # What is confirmed of it may be in a calendar already.
    await move(office, rafting)
    (sure,) = await office.new([*known, asked])
    assert "It still has to be accepted by Canyon." in sure.text
    assert str(event_of(sure)["SUMMARY"]) == "Half-day rafting"


@embedded
async def test_a_resale_is_told_in_the_resellers_name_and_hides_the_customer_from_the_supplier(
    office: Office, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    seller = await open_reseller(office, client, services, customerAccess="limited")
    await office.order((rafting, {"Adult": 1}), by=seller, flags=LOUD)
    ours, theirs = await office.mails(), await office.mails(seller.shop.account_id)
    await move(office, rafting)
    (mail,) = await office.new(theirs, seller.shop.account_id)
    assert mail.sort == ("rescheduled", "ann@lee.example")
    assert mail.content.from_name == "Tripdesk"
    assert "Operated by: Canyon" in mail.text
    assert str(event_of(mail)["ORGANIZER"]) == "mailto:desk@tripdesk.example"
    notices = await office.new(ours)
    assert {each.sort for each in notices} == {("product_notice", GUIDE), ("product_notice", BOATS)}
    assert all("Ann Lee" in each.text and ANN["phone"] not in each.text for each in notices)
