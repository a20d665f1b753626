"""The dates of an order as a calendar file (RFC 5545)."""

from __future__ import annotations

from icalendar import Calendar, Event

from seatwright.api.pages.cases import Seen
from seatwright.api.pages.formats import Formats
from seatwright.api.pages.view import facts
from seatwright.cart.model import Item
from seatwright.core.times import to_utc
from seatwright.orders.model import item_status

_STATUS = {"confirmed": "CONFIRMED", "pending": "TENTATIVE", "cancelled": "CANCELLED"}


def calendar(seen: Seen, formats: Formats) -> bytes | None:
    """Return the file, or None for an order without dates.

    Times are UTC, which every calendar shows on its own clock. An event keeps its UID, and its SEQUENCE is the order's
    version, so that a file that is fetched again changes what is in the calendar; what is cancelled stays, cancelled.
    The link to the page is not in it: calendars are shared more freely than that.
    """
    dated = [item for item in seen.order.body.items if item.start_at is not None]
    if not dated:
        return None
    file = Calendar()
    file.add("prodid", "-//Seatwright//Customer page//EN")
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    for item in dated:
        file.add_component(_event(item, seen, formats))
    made: bytes = file.to_ical()
    return made


def _event(item: Item, seen: Seen, formats: Formats) -> Event:
    assert item.start_at is not None
    order = seen.order
    event = Event()
    event.add("uid", order.calendar_uid(item))
    event.add("sequence", order.version)
    event.add("dtstamp", to_utc(order.modified_at))
    event.add("dtstart", to_utc(item.start_at))
    if item.end_at is not None and item.end_at > item.start_at:
        event.add("dtend", to_utc(item.end_at))
    event.add("summary", item.product_name)
    event.add("status", _STATUS[item_status(item)])
    if item.location is not None:
        event.add("location", seen.catalog.whereabouts(item.location.id, item.location.name))
    told = [f"{formats.words.confirmation}: {order.confirmation}", f"{seen.seller.name}, {seen.seller.email}"]
    told += [f"{fact.label}: {fact.value}" for fact in facts(item, seen, formats)]
    event.add("description", "\n".join(told))
    return event
