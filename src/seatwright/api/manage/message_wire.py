"""Wire shapes of mails."""

from __future__ import annotations

from typing import Any

from seatwright.api.manage.webhook_wire import AttemptOut
from seatwright.core import times
from seatwright.core.languages import Language
from seatwright.http import wire
from seatwright.notifications.deliveries import Delivery, Status
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.rendering import MailKind
from seatwright.notifications.webhooks.model import EventKind
from seatwright.orders.outbox import Event


class MessageOut(wire.Wire):
    """A mail. It is `due` until it is `sent`, or `dead`: given up; in the `sandbox` it is only shown."""

    id: str
    kind: MailKind
    status: Status
    to: str
    subject: str
    language: Language
    order_id: str | None
    created_date: str
    next_attempt_date: str | None
    attempts: list[AttemptOut]


class WholeMessageOut(MessageOut):
    """A mail with all that it says. `calendar` is the file attached; `qr` what the code in the HTML part says."""

    from_name: str
    reply_to: str
    to_name: str
    text: str
    html: str
    calendar: str | None
    qr: str | None


class UntoldOut(wire.Wire):
    """Something that happened to an order and was not told, or not to all. It is tried again at `nextAttemptDate`; null
    if it was given up."""

    id: str
    type: EventKind
    order_id: str
    date: str
    attempts: int
    next_attempt_date: str | None
    error: str


def untold_out(event: Event) -> UntoldOut:
    """Render what could not be told."""
    return UntoldOut(
        id=event.id,
        type=event.kind,
        order_id=event.order_id,
        date=times.iso_utc(event.at),
        attempts=event.attempts,
        next_attempt_date=times.iso_utc(event.due_at) if event.failed_at is None else None,
        error=event.error,
    )


def message_out(delivery: Delivery) -> MessageOut:
    """Render a mail for a list."""
    return MessageOut(**_fields(delivery, mail.decode(delivery.content)))


def whole_message_out(delivery: Delivery) -> WholeMessageOut:
    """Render a mail with all that it says."""
    content = mail.decode(delivery.content)
    return WholeMessageOut(
        **_fields(delivery, content),
        from_name=content.from_name,
        reply_to=content.reply_to,
        to_name=content.to_name,
        text=content.text,
        html=content.html,
        calendar=content.calendar,
        qr=content.qr,
    )


def _fields(delivery: Delivery, content: mail.MailContent) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "status": delivery.status,
        "to": delivery.target,
        "subject": content.subject,
        "language": content.language,
        "order_id": delivery.order_id,
        "created_date": times.iso_utc(delivery.created_at),
        "next_attempt_date": times.iso_utc(delivery.due_at) if delivery.status == "due" else None,
        "attempts": [
            AttemptOut(
                date=times.iso_utc(attempt.at),
                code=attempt.code,
                error=attempt.error,
                duration_ms=attempt.duration_ms,
            )
            for attempt in delivery.log
        ],
    }
