"""A mail as it is stored in a delivery, and as it is sent."""

from __future__ import annotations

import hashlib
import io
from email import policy
from email.message import EmailMessage

import msgspec
import segno

from seatwright.core import times
from seatwright.core.languages import DEFAULT_LANGUAGE, Language
from seatwright.core.mail import MAX_NAME, Mailbox, header_text, mailbox, one_line
from seatwright.notifications.deliveries import Delivery

QR_CID = "code@seatwright"
"""Content id of the QR code, which HTML shows with `<img src="cid:…">`."""
_QR_SCALE = 5
CALENDAR_FILE = "booking.ics"


class MailContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of a mail, rendered once, so that every attempt sends the same.

    `calendar` is an iCalendar file; `qr` is the content of the QR code, the order's id. `id_domain` is the end of the
    Message-ID: the sender's domain as it was then, so that another `SEATWRIGHT_MAIL_FROM` changes no mail's id.
    """

    subject: str
    text: str
    html: str
    language: Language = DEFAULT_LANGUAGE
    calendar: str | None = None
    qr: str | None = None
    from_name: str = ""
    reply_to: str = ""
    to_name: str = ""
    id_domain: str = ""


def encode(content: MailContent) -> str:
    """Return a content as deliveries store it."""
    return msgspec.json.encode(content).decode()


def decode(text: str) -> MailContent:
    """Return the content that a delivery stores."""
    return msgspec.json.decode(text, type=MailContent)


def qr_png(text: str) -> bytes:
    """Return a QR code as a PNG; the same text is always the same picture."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=_QR_SCALE, border=4)
    return picture.getvalue()


def message_id(delivery_id: str, domain: str) -> str:
    """Return a delivery's Message-ID, by which a mail that arrives twice is recognised."""
    return f"<{delivery_id}@{domain}>"


def build(delivery: Delivery, sender: Mailbox, recipient: Mailbox) -> EmailMessage:
    """Return the mail of a delivery, the same each time it is built for the same sender, and always with the same id.

    Plain text and HTML as alternatives, the HTML with its QR code, and the calendar file attached. All of it is ASCII
    on the wire, but for a recipient whose address is not.
    """
    content = decode(delivery.content)
    utf8 = not recipient.local.isascii()
    rules = policy.SMTP.clone(cte_type="7bit", utf8=utf8, max_line_length=78, refold_source="none")
    mail = EmailMessage(policy=rules)
    from_name = one_line(content.from_name, MAX_NAME) or sender.name
    # Raw, because setting a header parses it: encoded text would be decoded, and encoded in another way.
    mail.set_raw("From", sender._replace(name=from_name).header)
    mail.set_raw("To", recipient._replace(name=content.to_name).header)
    answers = mailbox(content.reply_to, from_name) if content.reply_to else None
    if answers is not None and answers.address.isascii():
        mail.set_raw("Reply-To", answers.header)
    mail.set_raw("Subject", header_text(content.subject, 200))
    mail["Date"] = times.to_utc(delivery.created_at).replace(microsecond=0)
    mail["Message-ID"] = message_id(delivery.id, content.id_domain or sender.domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Content-Language"] = content.language
    mail.set_content(content.text, charset="utf-8", cte="quoted-printable")
    mail.add_alternative(content.html, subtype="html", charset="utf-8", cte="quoted-printable")
    if content.qr:
        _add_qr(mail, content.qr)
    if content.calendar:
        _add_calendar(mail, content.calendar)
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{hashlib.sha256(f'{delivery.id} {number}'.encode()).hexdigest()[:32]}")
    return mail


def _add_qr(mail: EmailMessage, text: str) -> None:
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(qr_png(text), "image", "png", cid=f"<{QR_CID}>", filename="code.png", disposition="inline")


def _add_calendar(mail: EmailMessage, text: str) -> None:
    method = "CANCEL" if "\r\nMETHOD:CANCEL\r\n" in text else "PUBLISH"
    mail.add_attachment(
        text.replace("\r\n", "\n"),
        subtype="calendar",
        charset="utf-8",
        cte="base64",
        filename=CALENDAR_FILE,
        params={"method": method},
    )
