"""A mail that is still to be rendered, and its rendering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from seatwright.auth import links
from seatwright.auth.model import Account
from seatwright.core.clock import Instant
from seatwright.core.ids import new_hex24_at
from seatwright.core.languages import Language
from seatwright.core.mail import Mailbox, one_line
from seatwright.messages.context import Messenger, OrderEvent
from seatwright.messages.facts import Subject, calendar_of, facts_of
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.rendering import Look, MailKind, render
from seatwright.orders.customer_links import link_to
from seatwright.wording.wording import wording

What: TypeAlias = Literal[
    "created",
    "requested",
    "added",
    "edited",
    "again",
    "rescheduled",
    "cancelled",
    "accepted",
    "declined",
    "expired",
    "message",
]
"""What happened, from the recipient's point of view."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to render: its kind, recipient, sender's account, language and subject.

    It is sent in the name of `speaker`, and is a delivery of that account. `lines` are the participants and units that
    it is about. Its order is as the speaker sees it. With `to_customer` it may have a link to the order, which shows
    everything.
    """

    kind: MailKind
    what: What
    order_event: OrderEvent
    speaker: Account
    supplier: Account
    seller: Account
    recipient: Mailbox
    language: Language
    lines: frozenset[str]
    to_customer: bool = False


def write(parts: Messenger, letter: Letter) -> Delivery:
    """Render a letter as a delivery that is due, or in the sandbox as one that is only stored and shown.

    This takes milliseconds of computing, and no database.
    """
    now, order = parts.clock.now(), letter.order_event.order
    words = wording(letter.language)
    calendar = None
    if letter.to_customer and letter.kind not in ("pending_received", "message"):
        calendar = calendar_of(letter.kind, letter.order_event, letter.lines, letter.speaker, words)
    has_qr = letter.kind == "confirmation" or (letter.kind == "rescheduled" and order.status == "confirmed")
    subject = Subject(
        kind=letter.kind,
        what=letter.what,
        order_event=letter.order_event,
        speaker=letter.speaker,
        supplier=letter.supplier,
        seller=letter.seller,
        recipient=letter.recipient,
        lines=letter.lines,
        link=_link(parts, letter, now),
        qr=f"cid:{mail.QR_CID}" if has_qr else "",
        has_calendar=calendar is not None,
    )
    look = Look(parts.settings.templates, letter.speaker.code, letter.language)
    rendered = render(look, letter.kind, facts_of(subject, words))
    content = mail.MailContent(
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        language=letter.language,
        calendar=calendar,
        qr=order.id if has_qr else None,
        from_name=one_line(letter.speaker.name, 100),
        reply_to=letter.speaker.email,
        to_name=letter.recipient.name,
        id_domain=parts.settings.mail_from.domain if parts.settings.mail_from else "",
    )
    sandbox = parts.settings.smtp is None
    return Delivery(
        account_id=letter.speaker.id,
        id=new_hex24_at(now),
        channel="mail",
        kind=letter.kind,
        target=letter.recipient.address,
        order_id=order.id,
        content=mail.encode(content),
        status="sandbox" if sandbox else "due",
        due_at=now,
        created_at=now,
        finished_at=now if sandbox else None,
    )


def _link(parts: Messenger, letter: Letter, now: Instant) -> str:
    """Return the address of the customer's page, only for mails to the customer: the address gives access to the
    order.
    """
    if not letter.to_customer:
        return ""
    order = letter.order_event.order
    token = links.sign(parts.keyring, link_to(order, now))
    return links.address(parts.settings.public_url, token) or ""
