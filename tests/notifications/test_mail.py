"""A mail on the wire: its parts, its headers, the code and the calendar file in it; the same each time it is built."""

from __future__ import annotations

import io
from email.message import EmailMessage

import icalendar
import segno

from seatwright.catalog.model import Question
from seatwright.core.ids import new_hex24
from seatwright.core.mail import Mailbox, mailbox
from seatwright.core.times import to_utc
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.message import MailContent
from seatwright.notifications.mail.rendering import MAIL_KINDS
from tests.conftest import START
from tests.notifications.office import ANN, LOUD, Mail, Office, embedded, only
from tests.notifications.post import parsed
from tests.shop import denver

SENDER = Mailbox("Bookings", "bookings", "seatwright.example")
ANN_BOX = mailbox("ann@lee.example")


def delivery(**more: object) -> Delivery:
    """Return a delivery of a mail with everything in it."""
    fields = {
        "subject": "Grüße",
        "text": "Hallo Jürgen\n. one dot\n" + "x" * 2000,
        "html": "<p>Hallo Jürgen</p>",
        "calendar": "BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n",
        "qr": "72597f74-18ab-4809-858d-50f6b44f028b",
        "from_name": "Canyon Outfitters",
        "reply_to": "desk@canyon.example",
        "to_name": "Ann Lee",
        **more,
    }
    return Delivery(
        account_id="a",
        id="019f570e900000007f7ea69e",
        channel="mail",
        kind="confirmation",
        target="ann@lee.example",
        order_id=None,
        content=mail.encode(MailContent(**fields)),  # type: ignore[arg-type]
        due_at=START,
        created_at=START,
    )


def built(one: Delivery, recipient: Mailbox | None = ANN_BOX) -> tuple[bytes, EmailMessage]:
    """Return a mail as bytes, and read back."""
    assert recipient is not None
    content = mail.build(one, SENDER, recipient).as_bytes()
    return content, parsed(content)


def body(read: EmailMessage, kind: str) -> str:
    """Return a mail's plain text or HTML."""
    part = read.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def made(one: Mail) -> EmailMessage:
    """Return a mail of the office, read back."""
    return built(one.delivery, mailbox(one.delivery.target))[1]


def test_a_mails_parts_are_alternatives_with_a_code_and_an_attachment() -> None:
    content, read = built(delivery())
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    kinds = [part.get_content_type() for part in read.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
    ]
    assert body(read, "plain") == "Hallo Jürgen\n. one dot\n" + "x" * 2000 + "\n"
    assert body(read, "html") == "<p>Hallo Jürgen</p>\n"
    (attached,) = read.iter_attachments()
    assert attached["Content-Type"].params["method"] == "PUBLISH"
    assert attached.get_filename() == "booking.ics"
    assert read["Subject"] == "Grüße"
    assert read["Date"].datetime == to_utc(START)
    assert read["Message-ID"] == "<019f570e900000007f7ea69e@seatwright.example>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert not any(name.lower().startswith("list-") for name in read.keys())  # noqa: SIM118 - a header
    assert built(delivery())[0] == content


def test_the_code_is_the_orders_id() -> None:
    _, read = built(delivery())
    (picture,) = [part for part in read.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == f"<{mail.QR_CID}>"
    expected = io.BytesIO()
    segno.make("72597f74-18ab-4809-858d-50f6b44f028b", error="m", micro=False).save(
        expected, kind="png", scale=5, border=4
    )
    assert picture.get_content() == expected.getvalue()


def test_no_text_gets_into_the_headers() -> None:
    evil = "Canyon\r\nBcc: all@evil.example\r\n\r\nBuy"
    more = {"from_name": evil, "to_name": evil, "subject": evil, "reply_to": "desk@canyon.example\r\nX-Evil: 1"}
    _, read = built(delivery(**more))
    assert read["Bcc"] is None
    assert read["X-Evil"] is None
    assert read["Reply-To"] is None
    assert str(read["Subject"]) == "Canyon Bcc: all@evil.example Buy"
    assert [address.addr_spec for address in read["From"].addresses] == ["bookings@seatwright.example"]
    assert [address.addr_spec for address in read["To"].addresses] == ["ann@lee.example"]
    quoted = built(delivery(from_name='Canyon, "Moab" <x@y.example>; Co', to_name="李 <;>,@"))[1]
    assert [address.addr_spec for address in quoted["From"].addresses] == ["bookings@seatwright.example"]
    assert quoted["From"].addresses[0].display_name == 'Canyon, "Moab" <x@y.example>; Co'
    assert quoted["To"].addresses[0].display_name == "李 <;>,@"


@embedded
async def test_the_calendar_file_follows_the_order(office: Office, rafting: str, bike: str) -> None:
    gift = await office.desk.shop.departure("rafting", None, capacity=5)
    items = (rafting, {"Adult": 2}), (bike, {"All": 1}), (gift, {"Adult": 1})
    order = await office.order(*items, customer={**ANN, "language": "de"}, flags=only("disableConfirmationEmail"))
    (confirmation,) = await office.mails()
    assert confirmation.content.calendar is not None
    calendar = icalendar.Calendar.from_ical(confirmation.content.calendar)
    assert str(calendar["METHOD"]) == "PUBLISH"
    first, second = calendar.walk("VEVENT")  # what has no date has no appointment
    assert str(first["SUMMARY"]) == "Half-day rafting"
    assert first["DTSTART"].dt == to_utc(denver("2026-07-14 09:00"))
    assert first["DTEND"].dt == to_utc(denver("2026-07-14 13:00"))
    assert str(first["LOCATION"]) == "Green River put-in, 1 River Road, Moab, UT"
    assert str(first["ORGANIZER"]) == "mailto:desk@canyon.example"
    assert "Wer: 2 × Adult" in str(first["DESCRIPTION"])
    assert str(first["UID"]) != str(second["UID"])
    (attached,) = made(confirmation).iter_attachments()
    assert icalendar.Calendar.from_ical(attached.get_content()) == calendar

    await office.desk.data("DELETE", f"/order/{order['id']}/item/{rafting}")
    (cancellation,) = await office.new([confirmation])
    assert cancellation.content.calendar is not None
    gone = icalendar.Calendar.from_ical(cancellation.content.calendar)
    assert str(gone["METHOD"]) == "CANCEL"
    (event,) = gone.walk("VEVENT")
    assert (str(event["UID"]), str(event["STATUS"])) == (str(first["UID"]), "CANCELLED")
    assert int(event["SEQUENCE"]) > int(first["SEQUENCE"])
    (attached,) = made(cancellation).iter_attachments()
    assert attached["Content-Type"].params["method"] == "CANCEL"


@embedded
async def test_every_mail_that_there_is_can_be_built_and_read(office: Office, rafting: str, kayak: str) -> None:
    for day, language in enumerate(("en", "es", "de", "fr"), 20):
        for item in ((rafting, {"Adult": 1, "Child": 1}), (kayak, {"All": 1})):
            customer = {**ANN, "lastName": "Ñandú-Größe 李", "language": language}
            order = await office.order(item, customer=customer, flags=LOUD)
            await office.tell()
            moved = {"start": f"2026-07-{day}T09:00"}
            await office.desk.data("PATCH", f"/api/v1/departures/{item[0]}", json=moved)
            await office.tell()
            await office.desk.data("DELETE", f"/order/{order['id']}")
    mails = await office.mails()
    kinds = {each.delivery.kind for each in mails}
    assert kinds == set(MAIL_KINDS) - {"pending_answer", "message"}
    for each in mails:
        read = made(each)
        assert str(read["Subject"]) == each.content.subject
        assert body(read, "plain") == each.content.text
        assert body(read, "html") == each.content.html
        assert "Ñandú-Größe 李" in each.content.text


async def test_mails_say_who_comes_and_what_they_answered(office: Office, rafting: str) -> None:
    desk = office.desk
    await desk.shop.add("question", Question(id=new_hex24(), code="weight", name="Weight", kind="number"))
    diet = Question(id=new_hex24(), code="diet", name="Diet", per="participant")
    await desk.shop.add("question", diet)
    cart = await desk.cart((rafting, {"Adult": 1, "Child": 1}))
    ann, bo = (await desk.data("GET", f"/cart/{cart}"))["items"][0]["participantList"]
    guests = [
        {"id": ann["id"], "firstName": "Ann", "lastName": "Lee", "answers": {"Diet": "no nuts\r\nBcc: x"}},
        {"id": bo["id"], "answers": {"diet": "vegan"}},
    ]
    body = ANN | {"Weight": "68", "participants": guests}
    await desk.data("PUT", f"/cart/{cart}/customer", json=body)
    await desk.data("POST", "/order", json={"id": cart, **LOUD})
    mails = await office.mails()
    assert {mail.sort[0] for mail in mails} >= {"confirmation", "product_notice"}
    for each in mails:
        for said in ("Names: Ann Lee", "Ann Lee: Diet: no nuts Bcc: x", "Child: Diet: vegan", "Weight: 68"):
            assert said in each.text, each.text
