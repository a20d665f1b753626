"""Templates: what customers type stays text, and what an operator writes takes the place of what is built in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from seatwright.catalog.model import Product
from seatwright.core.languages import LANGUAGES, Language
from seatwright.http.context import Services
from seatwright.notifications.mail.rendering import MAIL_KINDS, Look, render
from tests.notifications.office import ANN, Office, embedded, only, templates, with_settings

CUSTOMER = "disableConfirmationEmail"

NASTY = {
    "firstName": "{{ 7*7 }} {% for x in y %} {account}",
    "lastName": '<script>alert(1)</script> O\'Hara & "Söhne"\r\nBcc: all@evil.example\r\n\r\nBuy',
    "email": "ann@lee.example",
    "phone": "1\n2",
    "streetAddress": "<b>Weg</b>\x0b\u2028 1",
}


def facts(**more: Any) -> dict[str, Any]:
    """Return facts with something in every place, as docs/notifications.md lists them."""
    item = {
        "name": "Rafting", "code": "raft", "when": "Tuesday", "date": "Tuesday", "time": "9:00", "place": "Put-in",
        "pickup": "Shuttle", "guests": "2 × Adult", "names": ["Ann Lee"],
        "answers": ["Ann Lee: Allergies: nuts"], "status": "Waiting", "total": "$1.00",
    }  # fmt: skip
    cancelled = {
        "name": "Rafting",
        "when": "Tuesday",
        "guests": "1 × Adult",
        "total": "$1",
        "fee": "$1",
        "reason": "50%",
    }
    return {
        "kind": "confirmation",
        "what": "accepted",
        "heading": "Heading",
        "intro": "Intro",
        "account": {"code": "canyon", "name": "Canyon", "email": "desk@canyon.example"},
        "supplier": {"code": "canyon", "name": "Canyon", "email": "desk@canyon.example"},
        "recipient": {"name": "Gus", "email": "gus@canyon.example"},
        "customer": {"name": "Ann", "organization": "Org", "email": "a@b.example", "phone": "1", "address": "Street"},
        "answers": ["How did you hear about us?: A friend"],
        "order": {
            "id": "i", "number": "100001", "reference": "R", "status": "Confirmed", "date": "Today", "total": "$1",
            "paid": "$1", "balance": "$1", "credit": "$1", "fees": "$1", "currency": "USD", "sold_by": "S",
            "operated_by": "O", "link": "https://book.example/my/x",
        },
        "items": [item],
        "concerned": [item],
        "products": ["Rafting"],
        "cancelled": [cancelled],
        "fee": "$1.00",
        "refund": "$2.00",
        "refunded_by": "Canyon",
        "reason": "High water",
        "paragraphs": ["Please come at eight.", "Bring shoes."],
        "subject": "",
        "qr": "cid:code",
        "has_calendar": True,
        **more,
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_says_something_in_every_language(language: Language) -> None:
    seen = set()
    for kind in MAIL_KINDS:
        rendered = render(Look(None, "canyon", language), kind, facts(kind=kind))
        assert rendered.subject
        assert "100001" in rendered.subject
        assert f'<html lang="{language}">' in rendered.html
        for part in rendered:
            assert not any(left in part for left in ("{{", "}}", "{%", "Undefined", "None", "label."))
        assert "\n\n\n" not in rendered.text
        seen.add(rendered.subject)
    assert len(seen) == len(MAIL_KINDS)


@embedded
async def test_what_a_customer_types_is_never_a_template_a_header_or_markup(office: Office, rafting: str) -> None:
    await office.order((rafting, {"Adult": 1}), customer=NASTY)
    mails = await office.mails()
    assert len(mails) == 3
    for each in mails:
        content = each.content
        assert "{{ 7*7 }} {% for x in y %} {account}" in content.text
        assert "<script>" not in content.html
        assert (
            "&lt;script&gt;alert(1)&lt;/script&gt; O&#39;Hara &amp; &#34;Söhne&#34; Bcc: all@evil.example Buy"
            in content.html
        )
        assert not any(line.startswith(("Bcc:", "Buy")) for line in content.text.splitlines())
        assert "\r" not in content.subject + content.to_name
        assert "\n" not in content.subject + content.to_name
        assert "49" not in content.text
    assert "&lt;b&gt;Weg&lt;/b&gt; 1" in mails[1].content.html
    assert "Phone: 1 2\n" in mails[1].text


@embedded
async def test_an_operators_template_takes_the_place_of_the_built_in_one(
    office: Office, rafting: str, services: Services, tmp_path: Path
) -> None:
    directory = templates(
        tmp_path / "mails",
        {
            "confirmation.html": "<p>For all: {{ customer.name }}</p>",
            "confirmation.es.html": "<p>Para todos: {{ customer.name }}</p>",
            "canyon/confirmation.subject.txt": "Ahoy {{ order.number }}",
            "layout.txt": "{% block body %}{% endblock %}\n-- \nCaptain's own frame",
            "tripdesk/confirmation.txt": "not for Canyon",
        },
    )
    ours = office.using(with_settings(services.settings, templates=directory))
    for language in ("de", "es"):
        customer = {**ANN, "firstName": "<Ann>", "language": language}
        await ours.order((rafting, {"Adult": 1}), customer=customer, flags=only(CUSTOMER))
    german, spanish = await ours.mails()
    assert (german.content.subject, spanish.content.subject) == ("Ahoy 100001", "Ahoy 100002")
    assert german.content.html == "<p>For all: &lt;Ann&gt; Lee</p>\n"
    assert spanish.content.html == "<p>Para todos: &lt;Ann&gt; Lee</p>\n"
    assert german.content.text.endswith("Captain's own frame\n")
    assert "Guten Tag <Ann> Lee," in german.text
    # A change counts at once, and so does a new file.
    templates(
        directory, {"confirmation.html": "<p>Changed since</p>", "canyon/confirmation.html": "<p>Canyon's own</p>"}
    )
    await ours.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    assert (await ours.mails())[-1].content.html == "<p>Canyon's own</p>\n"


BROKEN = {
    "a power": "{{ 10 ** 10 ** 10 }}",
    "a giant": "{{ 'x' * 9999999999 }}",
    "a text without end": "{{ lipsum(n=999999999) }}",
    "a mistake": "{% if %}",
    "a variable that there is not": "{{ customer.shoeSize }}",
    "a text that there is not": "{{ t('no.such.text') }}",
    "a way out of the sandbox": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a file outside": "{% include '../../../../etc/passwd' %}",
    "far too much": "{% for a in range(9999) %}{% for b in range(9999) %}{{ 'x' * 99 }}{% endfor %}{% endfor %}",
    "an endless one": "{% include 'confirmation.txt' %}",
    "a giant width": "{{ '%999999999d' | format(1) }}",
    "a loop that never ends": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "too long a file": "x" * 200_001,
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_operators_template_that_fails_is_logged_and_the_built_in_one_sent(name: str, tmp_path: Path) -> None:
    templates(tmp_path, {"confirmation.txt": BROKEN[name]})
    customer = {**facts()["customer"], "name": "Secretive Sue"}
    with capture_logs() as lines:
        rendered = render(Look(tmp_path, "canyon", "en"), "confirmation", facts(customer=customer))
    assert rendered.text.startswith("Hello Secretive Sue,")
    (line,) = lines
    assert (line["log_level"], line["template"], line["account"]) == ("warning", "confirmation.txt", "canyon")
    assert "Secretive" not in str(line)


@embedded
async def test_one_price_for_all_is_called_by_what_is_sold(office: Office, bike: str) -> None:
    product = office.desk.shop.entries["bike"]
    assert isinstance(product, Product)
    await office.desk.shop.add("product", msgspec.structs.replace(product, name="Bike <26″>"))
    await office.order((bike, {"All": 2}), flags=only(CUSTOMER))
    (mail,) = await office.mails()
    assert "Who: 2 × Bike" in mail.text
    assert "Bike &lt;26″&gt;" in mail.content.html
