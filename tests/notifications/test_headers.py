"""Names that try to become headers, recipients or text of a mail, as a real mail server gets them."""

from __future__ import annotations

import email
from email.header import decode_header, make_header
from pathlib import Path

import msgspec
import pytest

from seatwright.catalog.model import Product
from seatwright.core.mail import mailbox, one_line
from seatwright.notifications.deliverer import deliver
from seatwright.notifications.mail.sender import MailSender
from tests.conftest import settings_for
from tests.notifications.office import ANN, Office, embedded, mailing
from tests.notifications.post import PostOffice, open_post, parsed
from tests.notifications.test_mail import delivery

LINES = "x=0D=0AReply-To:_evil=40x.example=0D=0A=0D=0APay_at_evil.example"
HOSTILE = (
    f"=?utf-8?q?{LINES}?=",
    f"=?utf-8?Q?{LINES}?= Lee",
    f"Ann =?us-ascii?q?{LINES}?=",
    f"Ann=?utf-8*en?q?{LINES}?=",
    f"(=?utf-8?q?{LINES}?=)",
    f'"=?utf-8?q?{LINES}?="',
    f"==??utf-8?q?{LINES}?=",
    f"é, =?utf-8?q?{LINES}?= " + "ß" * 80,
    "=?utf-8?b?DQpCY2M6IGFAYi5jDQoNCkJ1eQ==?=",
    "=?utf-8?q?Ann=00?=",
    "=?utf-8?q?=E2=80=A8?= =?utf-16?b?AAoACg==?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3F=0D=0AX:y=3F=3D?=",
    "Ann\r\nBcc: all@x.example\r\n\r\nBuy",
    "Ann\x00\x0b\x85\u2028Lee",
    "all@x.example, Ann <boss@x.example>; a,b: c;" + "x" * 70,
    "李 <;>,@ " * 12,
    'Ann "the <boss@x.example>" \\',
    "A" * 300,
    "=?",
)
HEADERS = (
    *("To", "From", "Reply-To", "Subject", "Date", "Message-ID"),
    *("Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
)
FIELDS = ("To", "From", "Reply-To", "Subject")
ADDRESSES = {"To": "ann@lee.example", "From": "bookings@seatwright.example", "Reply-To": "desk@canyon.example"}


def check(content: bytes) -> dict[str, str]:
    """Assert that a mail has nothing that it should not; return its names and its subject, decoded."""
    assert b"\n" not in content.replace(b"\r\n", b"").replace(b"\r", b"\n")
    assert b"\x00" not in content
    read = parsed(content)
    assert sorted(read.keys()) == sorted(HEADERS)
    for field, address in ADDRESSES.items():
        assert [each.addr_spec for each in read[field].addresses] == [address]
    raw = email.message_from_bytes(content)
    found = {field: str(make_header(decode_header(raw[field]))) for field in FIELDS}
    assert not any(ord(c) < 32 for value in found.values() for c in value)
    return {field: value.removesuffix(f"<{ADDRESSES.get(field)}>").strip() for field, value in found.items()}


async def test_no_name_gets_out_of_its_header() -> None:
    post = PostOffice()
    async with open_post(post) as port:
        sender = MailSender.of(mailing(settings_for(Path()), port))
        assert sender is not None
        for text in HOSTILE:
            mail = delivery(to_name=text, from_name=text, subject=text, qr=None, calendar=None)
            assert (await sender(mail)).sent
    for text, (_, content) in zip(HOSTILE, post.taken, strict=True):
        shown, subject = (one_line(text, limit).replace("=?", "= ?") for limit in (100, 200))
        assert check(content) == {"To": shown, "From": shown, "Reply-To": shown, "Subject": subject}


@embedded
async def test_an_order_full_of_such_names_is_mailed_as_it_should(office: Office, rafting: str) -> None:
    evil = HOSTILE[0]
    raft = office.desk.shop.entries["rafting"]
    assert isinstance(raft, Product)
    await office.desk.shop.add("product", msgspec.structs.replace(raft, name=evil))
    await office.desk.data("PATCH", "/api/v1/account", json={"name": evil})
    post = PostOffice()
    async with open_post(post) as port:
        sending = office.using(mailing(office.parts.settings, port))
        sender = MailSender.of(sending.parts.settings)
        assert sender is not None
        await sending.order((rafting, {"Adult": 1}), customer={**ANN, "firstName": evil, "lastName": evil})
        await sending.tell()
        while await deliver(office.parts.database, office.parts.clock, "mail", sender):
            pass
    assert len(post.taken) == 3
    for recipient, content in post.taken:
        found = check(content.replace(b"<" + recipient.encode() + b">", b"<ann@lee.example>"))
        assert found["From"] == found["Reply-To"]
        assert found["From"].startswith("= ?utf-8?q?x=0D=0A")


@pytest.mark.parametrize("local", ["=?utf-8?q?x=0D=0ABcc=3A_x=40y?=", "ann=?"])
def test_an_address_that_reads_as_an_encoded_word_is_none(local: str) -> None:
    assert mailbox(f"{local}@lee.example") is None
    assert mailbox("ann=tag?@lee.example") is not None
