"""Mails in a list and one by one, as texts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from seatwright.core.clock import Instant
from seatwright.notifications.deliveries import Attempt, Delivery, Status
from seatwright.notifications.mail import message as mail
from seatwright.orders.outbox import Event
from seatwright.web.desk.order_view import Tag
from seatwright.web.desk.texts import Texts

STATES: Mapping[Status, Tag] = {
    "due": Tag("wait", "On its way"),
    "sent": Tag("good", "Sent"),
    "dead": Tag("bad", "Given up"),
    "sandbox": Tag("", "Not sent: sandbox"),
}
"""What became of a mail or call."""
KINDS: Mapping[str, str] = {
    "confirmation": "Confirmation",
    "pending_received": "Request received",
    "rescheduled": "New time",
    "cancellation": "Cancellation",
    "product_notice": "Notice to the team",
    "pending_notice": "Request to answer",
    "pending_answer": "Answer to a request",
    "message": "Message",
}
"""What a mail is about."""
EVENTS: Mapping[str, str] = {
    "order.created": "An order was made",
    "order.changed": "An order was changed",
    "order.cancelled": "An order was cancelled",
    "order.answered": "A pending order was answered",
}
"""What happened to an order."""


class MailRow(NamedTuple):
    """A mail in a list. `problem` is what went wrong the last time, and `order` the id of its order; "" for none."""

    id: str
    subject: str
    kind: str
    to: str
    order: str
    when: str
    state: Tag
    problem: str


class AttemptRow(NamedTuple):
    """An attempt to send: when, what came of it, and how long it took."""

    when: str
    result: str
    took: str


class MailPage(NamedTuple):
    """A mail with all that it says. `again` says what sending it again does: `retry`, `resend`, or "" for neither."""

    row: MailRow
    sender: str
    reply_to: str
    language: str
    text: str
    enclosed: list[str]
    attempts: list[AttemptRow]
    next_attempt: str
    again: str


class UntoldRow(NamedTuple):
    """Something that happened to an order and could not be told."""

    what: str
    order: str
    when: str
    following: str
    error: str


def mail_row(delivery: Delivery, texts: Texts) -> MailRow:
    """Return a mail in a list."""
    return MailRow(
        id=delivery.id,
        subject=mail.decode(delivery.content).subject,
        kind=KINDS.get(delivery.kind, delivery.kind),
        to=delivery.target,
        order=delivery.order_id or "",
        when=texts.moment(delivery.created_at),
        state=STATES[delivery.status],
        problem=problem_of(delivery),
    )


def mail_page(delivery: Delivery, texts: Texts) -> MailPage:
    """Return a mail with its text, not its HTML: nothing of it is run or loaded."""
    content = mail.decode(delivery.content)
    enclosed = ["a calendar file" if content.calendar else "", "the code for check-in" if content.qr else ""]
    return MailPage(
        row=mail_row(delivery, texts),
        sender=content.from_name,
        reply_to=content.reply_to,
        language=content.language,
        text=content.text,
        enclosed=list(filter(None, enclosed)),
        attempts=attempt_rows(delivery, texts),
        next_attempt=texts.moment(delivery.due_at) if delivery.status == "due" else "",
        again={"dead": "retry", "sent": "resend"}.get(delivery.status, ""),
    )


def problem_of(delivery: Delivery) -> str:
    """Return what went wrong with a delivery the last time; "" if nothing did."""
    return _result(delivery.log[-1]) if delivery.status in ("due", "dead") and delivery.log else ""


def attempt_rows(delivery: Delivery, texts: Texts) -> list[AttemptRow]:
    """Return the attempts to send something, the newest first."""
    return [
        AttemptRow(texts.moment(each.at), _result(each), f"{each.duration_ms} ms") for each in reversed(delivery.log)
    ]


def _result(attempt: Attempt) -> str:
    return " ".join(filter(None, (str(attempt.code or ""), attempt.error or "accepted")))


def untold_row(event: Event, now: Instant, texts: Texts) -> UntoldRow:
    """Return what could not be told."""
    following = "given up" if event.failed_at is not None else f"tried again {texts.distance(event.due_at, now)}"
    return UntoldRow(
        what=EVENTS.get(event.kind, event.kind),
        order=event.order_id,
        when=texts.moment(event.at),
        following=f"{event.attempts} attempt{'' if event.attempts == 1 else 's'}, {following}",
        error=event.error,
    )
