"""TLS to the mail server, and addresses beyond ASCII, with a real server and a certificate of the test's own."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from seatwright.core.mail import parse_server
from seatwright.notifications.deliveries import Delivery, Outcome
from seatwright.notifications.mail.sender import MailSender
from tests.conftest import START, settings_for
from tests.notifications.office import mailing
from tests.notifications.post import HOST, PostOffice, certificate, open_post


@pytest.fixture
def mail() -> Delivery:
    """A mail."""
    return Delivery(
        account_id="a",
        id="0" * 24,
        channel="mail",
        kind="confirmation",
        target="ann@lee.example",
        order_id=None,
        content='{"subject":"Hello","text":"Hello","html":"<p>Hello</p>"}',
        due_at=START,
        created_at=START,
    )


def at(url: str, context: ssl.SSLContext | None) -> MailSender:
    """Return a sender for a server's address."""
    settings = replace(mailing(settings_for(Path()), 1), smtp=parse_server(url))
    sender = MailSender.of(settings)
    assert sender is not None
    return replace(sender, context=context) if context else sender


async def test_starttls_is_used_where_the_certificate_is_good(mail: Delivery, tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)
    post = PostOffice()
    options = {
        "tls_context": theirs,
        "require_starttls": True,
        "authenticator": post.authenticate,
        "auth_required": True,
    }
    async with open_post(post, **options) as port:
        outcome = await at(f"smtp://desk:s3cret%2Fword@{HOST}:{port}", ours)(mail)
        assert outcome == Outcome(sent=True, code=250)
        assert post.logins == [(b"desk", b"s3cret/word")]
        # A certificate that nobody vouches for is refused, and nothing was said before that.
        outcome = await at(f"smtp://desk:s3cret%2Fword@{HOST}:{port}", None)(mail)
        assert (outcome.sent, outcome.final) == (False, False)
        assert "certificate" in (outcome.error or "").lower()
        # A wrong password may be put right, so it is no dead letter; and it is not in what is kept of it.
        outcome = await at(f"smtp://desk:wrong%2Fword@{HOST}:{port}", ours)(mail)
        assert (outcome.sent, outcome.code, outcome.final) == (False, 535, False)
        assert "wrong/word" not in repr(outcome)
    assert len(post.taken) == 1
    assert len(post.logins) >= 2


async def test_a_mail_is_sent_with_tls_from_the_first_byte(mail: Delivery, tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)
    post = PostOffice()
    async with open_post(post, implicit=theirs) as port:
        assert (await at(f"smtps://{HOST}:{port}", ours)(mail)).sent
        assert not (await at(f"smtps://{HOST}:{port}", None)(mail)).sent
    assert len(post.taken) == 1


async def test_a_server_without_starttls_is_refused_unless_the_settings_say_so(mail: Delivery) -> None:
    post = PostOffice()
    async with open_post(post) as port:
        refused = await at(f"smtp://{HOST}:{port}", None)(mail)
        assert (refused.sent, refused.final) == (False, False)
        assert "STARTTLS" in (refused.error or "")
        assert post.taken == []
        assert (await at(f"smtp+plain://{HOST}:{port}", None)(mail)).sent


async def test_an_address_beyond_ascii_is_sent_where_the_server_takes_it(mail: Delivery) -> None:
    jurgen = msgspec.structs.replace(mail, target="jürgen@straße.example")
    post = PostOffice()
    async with open_post(post) as port:
        outcome = await at(f"smtp+plain://{HOST}:{port}", None)(jurgen)
        assert outcome.sent, outcome
    ((recipient, content),) = post.taken
    assert recipient == "jürgen@xn--strae-oqa.example"
    assert "To: jürgen@xn--strae-oqa.example" in content.decode()
