"""Dates of an order as a file for calendars (RFC 5545, RFC 5546). Times are UTC; each calendar shows them in its own
time zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from icalendar import Calendar, Event, vCalAddress

from seatwright.core import times
from seatwright.core.clock import Instant

Method: TypeAlias = Literal["PUBLISH", "CANCEL"]


class Appointment(NamedTuple):
    """One item of an order that has a date.

    `uid` is the same in every file about the item; `sequence` grows with every change, so that the newest file counts.
    """

    uid: str
    sequence: int
    start: Instant
    end: Instant | None
    status: Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
    summary: str
    place: str
    description: str


def calendar(method: Method, appointments: Sequence[Appointment], organizer: tuple[str, str], at: Instant) -> str:
    """Return appointments as a file made at `at`; `organizer` is a name and an address.

    A `CANCEL` removes the appointments from a calendar that has them; published ones that are `CANCELLED` stay there
    and are shown as cancelled.
    """
    made = Calendar()
    made.add("prodid", "-//Seatwright//Bookings//EN")
    made.add("version", "2.0")
    made.add("method", method)
    for appointment in appointments:
        made.add_component(_event(appointment, organizer, at))
    text: bytes = made.to_ical()
    return text.decode()


def _event(appointment: Appointment, organizer: tuple[str, str], at: Instant) -> Event:
    event = Event()
    event.add("uid", appointment.uid)
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", times.to_utc(at))
    event.add("dtstart", times.to_utc(appointment.start))
    if appointment.end is not None and appointment.end > appointment.start:
        event.add("dtend", times.to_utc(appointment.end))
    event.add("status", appointment.status)
    event.add("summary", appointment.summary)
    if appointment.place:
        event.add("location", appointment.place)
    if appointment.description:
        event.add("description", appointment.description)
    name, address = organizer
    if address:
        person = vCalAddress(f"mailto:{address}")
        person.params["CN"] = name.replace('"', "'")
        event.add("organizer", person)
    return event
