"""The dates of an order as a calendar file."""

from __future__ import annotations

from typing import Literal

from seatwright.cart.model import Item
from seatwright.core.clock import Instant
from seatwright.orders.model import OrderStatus, item_status
from seatwright.presentation import calendars
from seatwright.presentation.calendars import Appointment
from seatwright.presentation.guests import guests_text, place_text
from seatwright.selfservice.service import OrderParties
from seatwright.web.my.view import facts
from seatwright.wording.wording import Wording

_STATUS: dict[OrderStatus, Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]] = {
    "confirmed": "CONFIRMED",
    "pending": "TENTATIVE",
    "cancelled": "CANCELLED",
}


def calendar(seen: OrderParties, words: Wording) -> str | None:
    """Return the file, or None for an order without dates.

    An event keeps its UID, and its SEQUENCE is the order's version, so that a newly fetched file updates the calendar;
    cancelled events stay in it as cancelled. The link to the page is not in it: calendars are shared more freely than
    that.
    """
    order = seen.order
    found = [_appointment(item, item.start_at, seen, words) for item in order.body.items if item.start_at is not None]
    if not found:
        return None
    return calendars.calendar("PUBLISH", found, (seen.seller.name, seen.seller.email), order.modified_at)


def _appointment(item: Item, start: Instant, seen: OrderParties, words: Wording) -> Appointment:
    order = seen.order
    told = [words.line("label.number", str(order.confirmation)), f"{seen.seller.name}, {seen.seller.email}"]
    told.append(words.line("label.who", guests_text(item, item.live or item.lines, seen.catalog, words)))
    told += [words.say("line", label=fact.label, value=fact.value) for fact in facts(item, seen, words)]
    return Appointment(
        uid=order.calendar_uid(item),
        sequence=order.version,
        start=start,
        end=item.end_at,
        status=_STATUS[item_status(item)],
        summary=item.product_name,
        place=place_text(item, item.live or item.lines, seen.catalog, words),
        description="\n".join(told),
    )
