"""The values for mail templates: plain texts about an order, in a language.

docs/notifications.md lists all of them; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seatwright.auth.model import Account
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Instant
from seatwright.core.mail import Mailbox, one_line
from seatwright.customers.fields import full_name
from seatwright.messages.context import OrderEvent
from seatwright.notifications.mail.rendering import MailKind
from seatwright.orders.model import Order
from seatwright.presentation.calendars import Appointment, calendar
from seatwright.presentation.guests import MAX_VALUE, answer_texts, guest_name, guests_text, pickup_text, place_text
from seatwright.wording.wording import Wording

MAX_REASON = 500
MAX_SUBJECT = 200
MAX_PARAGRAPH = 5_000
"""Longest line of what somebody wrote, in characters: all that may be written at once."""
MAX_NAMES = 100
"""Maximum number of an item's participants that are named; all are counted."""

_CONFIRMED_BY = {
    "added": "_added",
    "edited": "_edited",
    "again": "_again",
    "accepted": "_accepted",
    "declined": "_rest",
    "expired": "_rest",
    "cancelled": "_rest",
}
"""The first sentences of confirmations that aren't for a new order."""

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a mail, as its speaker sees it. `lines` are the participants and units concerned."""

    kind: MailKind
    what: str
    order_event: OrderEvent
    speaker: Account
    supplier: Account
    seller: Account
    recipient: Mailbox
    lines: frozenset[str]
    link: str
    qr: str
    has_calendar: bool


def facts_of(subject: Subject, words: Wording) -> Facts:
    """Return the values for the templates of a mail."""
    order, detail = subject.order_event.order, subject.order_event.event.detail
    currency = order.body.currency
    live = [(item, item.live) for item in order.body.items if item.live]
    concerned = _chosen(order.body.items, subject.lines)
    items = [_item(item, lines, subject, words) for item, lines in live]
    return {
        "kind": subject.kind,
        "what": subject.what,
        "heading": _heading(subject, words, partly=bool(live)),
        "intro": _intro(subject, words),
        "account": _account(subject.speaker),
        "supplier": _account(subject.supplier),
        "recipient": {"name": subject.recipient.name, "email": subject.recipient.address},
        "customer": customer_facts(order),
        "answers": answer_texts(order.body.customer, subject.order_event.catalog, words),
        "order": _order(subject, words),
        "items": items,
        "concerned": [_item(item, lines, subject, words) for item, lines in concerned],
        "products": list(dict.fromkeys(_line(item.product_name) for item, _ in concerned)),
        "cancelled": _cancelled(subject.order_event, words),
        "fee": words.money(detail.fee, currency),
        "refund": words.money(detail.refund, currency) if detail.refund else "",
        "refunded_by": _line(_refunder(subject).name),
        "reason": one_line(detail.reason, MAX_REASON),
        "subject": one_line(detail.subject, MAX_SUBJECT),
        "paragraphs": [one_line(line, MAX_PARAGRAPH) for line in detail.message.splitlines()],
        "qr": subject.qr,
        "has_calendar": subject.has_calendar,
    }


def customer_facts(order: Order) -> Facts:
    """Return the customer; each field is one line of text, empty if it is unknown or must not be shown."""
    customer = order.body.customer

    def field(name: str) -> str:
        value = customer.get(name)
        return _line(value) if isinstance(value, str) else ""

    name = _line(full_name(customer)) or field("organization")
    town = " ".join(filter(None, (field("postalCode"), field("city"))))
    address = ", ".join(filter(None, (field("streetAddress"), town, field("state"), field("country"))))
    return {
        "name": name,
        "organization": field("organization"),
        "email": field("email"),
        "phone": field("phone"),
        "address": address,
    }


def calendar_of(
    kind: MailKind, order_event: OrderEvent, lines: frozenset[str], speaker: Account, words: Wording
) -> str | None:
    """Return the calendar file of a mail to the customer, with the confirmed parts of its items; None if it would be
    empty.

    A confirmation has all items, other mails the items of their `lines`. An item with confirmed lines is published
    again, with the remaining guests; an item without any left is cancelled.
    """
    items = order_event.order.body.items
    appointments = []
    for item in items if kind == "confirmation" else [item for item, _ in _chosen(items, lines)]:
        confirmed = [line for line in item.live if not line.pending_until]
        if confirmed:
            appointments += _appointment(order_event, item, confirmed, "CONFIRMED", words)
        elif kind in ("cancellation", "pending_answer") and _may_be_in_calendars(item):
            appointments += _appointment(order_event, item, item.lines, "CANCELLED", words)
    if kind in ("rescheduled", "cancellation"):
        known = {each.uid for each in appointments}
        appointments += [each for each in _left(order_event, lines, words) if each.uid not in known]
    if not appointments:
        return None
    whole = all(each.status == "CANCELLED" for each in appointments)
    organizer = (_line(speaker.name), speaker.email)
    return calendar("CANCEL" if whole else "PUBLISH", appointments, organizer, order_event.event.at)


def _left(order_event: OrderEvent, lines: frozenset[str], words: Wording) -> list[Appointment]:
    """Return the appointments of items that these guests have left for another departure, at any time: published again
    with those who are there, or cancelled.
    """
    found: list[Appointment] = []
    for left, gone in _chosen(order_event.order.body.left, lines):
        item = order_event.order.body.item(left.id)
        confirmed = [line for line in item.live if not line.pending_until] if item else []
        if item is not None and confirmed:
            found += _appointment(order_event, item, confirmed, "CONFIRMED", words)
        else:
            found += _appointment(order_event, left, gone, "CANCELLED", words)
    return found


def _may_be_in_calendars(item: Item) -> bool:
    """Tell whether a mail has put an item into calendars, or the customer's page has, which also shows pending
    items.
    """
    return not item.live or any(not line.pending_until for line in item.lines)


def _appointment(
    order_event: OrderEvent,
    item: Item,
    lines: Sequence[Line],
    status: Literal["CONFIRMED", "CANCELLED"],
    words: Wording,
) -> list[Appointment]:
    """Return the appointment of an item with these participants or units; none for an item without a date."""
    order, catalog = order_event.order, order_event.catalog
    if item.start_at is None:
        return []
    number = words.line("label.number", str(order.confirmation))
    who = words.line("label.who", guests_text(item, lines, catalog, words))
    return [
        Appointment(
            uid=order.calendar_uid(item),
            sequence=order.version,
            start=item.start_at,
            end=item.end_at,
            status=status,
            summary=_line(item.product_name),
            place=place_text(item, lines, catalog, words),
            description=f"{number}\n{who}",
        )
    ]


def _heading(subject: Subject, words: Wording, *, partly: bool) -> str:
    if subject.kind in ("product_notice", "pending_answer"):
        return words.say(f"{subject.kind}.{subject.what}.heading")
    if subject.kind == "cancellation" and partly:
        return words.say("cancellation.heading_partly")
    return words.say(f"{subject.kind}.heading")


def _intro(subject: Subject, words: Wording) -> str:
    account, order = _line(subject.speaker.name), subject.order_event.order
    if subject.kind == "confirmation":
        ending = _CONFIRMED_BY.get(subject.what, "")
        return words.say(f"confirmation.intro{ending}", account=account)
    if subject.kind == "rescheduled":
        ending = "_pending" if order.status == "pending" else ""
        return words.say(f"rescheduled.intro{ending}", account=account, supplier=_line(subject.supplier.name))
    if subject.kind in ("pending_received", "pending_notice"):
        if order.answer_by is None:
            return words.say(f"{subject.kind}.intro_open", account=account)
        until = words.deadline(order.answer_by, subject.supplier.time_zone)
        return words.say(f"{subject.kind}.intro", account=account, answer_by=until)
    if subject.kind == "pending_answer":
        supplier = _line(subject.supplier.name)
        return words.say(f"pending_answer.{subject.what}.intro", supplier=supplier, number=order.confirmation)
    return ""


def _refunder(subject: Subject) -> Account:
    """Return the account that took the money and gives it back: the supplier, unless a reseller sold at a net rate."""
    resale = subject.order_event.order.body.resale
    return subject.seller if resale is not None and resale.kind == "net" else subject.supplier


def _order(subject: Subject, words: Wording) -> Facts:
    order, resold = subject.order_event.order, subject.supplier.id != subject.seller.id
    currency, for_seller = order.body.currency, subject.speaker.id == subject.seller.id
    return {
        "id": order.id,
        "number": str(order.confirmation),
        "reference": _line(order.body.reference_id or ""),
        "status": words.say(f"status.{order.status}"),
        "date": words.date(order.created_at, subject.supplier.time_zone),
        "total": words.money(order.total, currency),
        "paid": words.money(order.paid, currency),
        "balance": words.money(order.balance, currency) if order.balance > 0 else "",
        "credit": words.money(-order.balance, currency) if order.balance < 0 else "",
        "fees": words.money(order.body.cancellation_fees, currency) if order.body.cancellation_fees else "",
        "currency": currency,
        "sold_by": _line(subject.seller.name) if resold and not for_seller else "",
        "operated_by": _line(subject.supplier.name) if resold and for_seller else "",
        "link": subject.link,
    }


def _guest_answers(line: Line, subject: Subject, words: Wording) -> str:
    """Return a guest's answers in one line; empty without answers."""
    answers = answer_texts(line.answers, subject.order_event.catalog, words)
    return words.say("line", label=guest_name(line) or line.tier, value="; ".join(answers)) if answers else ""


def _item(item: Item, lines: Sequence[Line], subject: Subject, words: Wording) -> Facts:
    catalog, currency = subject.order_event.catalog, subject.order_event.order.body.currency
    names = [guest_name(line) for line in lines[:MAX_NAMES]]
    answers = [_guest_answers(line, subject, words) for line in lines[:MAX_NAMES]]
    return {
        "name": _line(item.product_name),
        "code": item.product_code,
        "when": _when(item, words),
        "date": words.date(item.start_at, item.time_zone) if item.start_at is not None else "",
        "time": words.time(item.start_at, item.time_zone) if item.start_at is not None else "",
        "place": place_text(item, lines, catalog, words),
        "pickup": pickup_text(item, lines, catalog, words),
        "guests": guests_text(item, lines, catalog, words),
        "names": [name for name in names if name],
        "answers": [text for text in answers if text],
        "status": words.say("status.pending")
        if any(line.pending_until and line.status == "confirmed" for line in lines)
        else "",
        "total": words.money(sum(line.total for line in lines), currency),
    }


def _cancelled(order_event: OrderEvent, words: Wording) -> list[Facts]:
    """Return what an event cancelled and the fees: for each item, a part for each reason of a fee."""
    order, currency = order_event.order, order_event.order.body.currency
    fees = {fee.line_id: fee for fee in order_event.event.detail.fees}
    found: list[Facts] = []
    for item, lines in _chosen(order.body.items, frozenset(fees)):
        for reason in dict.fromkeys(fees[line.id].reason for line in lines):
            some = [line for line in lines if fees[line.id].reason == reason]
            found.append(
                {
                    "name": _line(item.product_name),
                    "when": _when(item, words),
                    "guests": guests_text(item, some, order_event.catalog, words),
                    "total": words.money(sum(line.total for line in some), currency),
                    "fee": words.money(sum(fees[line.id].fee for line in some), currency),
                    "reason": reason if isinstance(reason, str) else words.reason(reason, currency),
                }
            )
    return found


def _chosen(items: Iterable[Item], lines: frozenset[str]) -> list[tuple[Item, list[Line]]]:
    """Return the items that have any of these lines, each with only these lines."""
    found = [(item, [line for line in item.lines if line.id in lines]) for item in items]
    return [(item, some) for item, some in found if some]


def _when(item: Item, words: Wording) -> str:
    start: Instant | None = item.start_at
    return "" if start is None else words.when(start, item.end_at, item.time_zone)


def _account(account: Account) -> Facts:
    return {"code": account.code, "name": _line(account.name), "email": account.email}


def _line(text: str) -> str:
    return one_line(text, MAX_VALUE)
