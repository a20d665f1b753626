"""The words of mails: every language says everything, and says dates, money and reasons as its readers write them."""

from __future__ import annotations

import re

import pytest

from seatwright.cancellation.fees import Cancelled, cancellation_fees
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import DAY_MS, HOUR_MS
from seatwright.core.errors import Invalid
from seatwright.core.fee_reason import NO_FEE, NO_POLICY, NOT_ACCEPTED, WAIVED, FeeReason
from seatwright.core.languages import LANGUAGES, Language, check_language, language_of
from seatwright.core.mail import MAX_NAME, mailbox, one_line, parse_mailbox, parse_server
from seatwright.notifications.wording import texts, wording
from tests.shop import denver

START, ZONE = denver("2026-07-14 09:00"), "America/Denver"


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_text_with_the_same_values(language: Language) -> None:
    english, other = texts("en"), texts(language)
    assert set(other) == set(english)
    for key, text in english.items():
        assert set(re.findall(r"{(\w+)}", other[key])) == set(re.findall(r"{(\w+)}", text)), key


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("Tuesday, July 14, 2026, 9:00 AM – 1:00 PM", "$1,234.50", "2 × Adult", "Wednesday, July 1, 2026")),
        ("es", ("martes, 14 de julio de 2026, 9:00 – 13:00 h", "1.234,50 US$", "2 × Adult", "miércoles, 1 de julio de 2026")),  # noqa: E501
        ("de", ("Dienstag, 14. Juli 2026, 09:00 – 13:00 Uhr", "1.234,50 $", "2 × Adult", "Mittwoch, 1. Juli 2026")),
        ("fr", ("mardi 14 juillet 2026, 09:00 – 13:00", "1 234,50 $US", "2 × Adult", "mercredi 1er juillet 2026")),
    ],
)  # fmt: skip
def test_moments_and_money_are_written_as_there(language: Language, expected: tuple[str, ...]) -> None:
    words = wording(language)
    said = (
        words.when(START, START + 4 * HOUR_MS, ZONE),
        words.money(123_450, "USD"),
        words.count(2, "Adult"),
        words.date(denver("2026-07-01 09:00"), ZONE),
    )
    assert tuple(map(plain, said)) == expected


def test_money_has_the_decimals_of_its_currency_and_times_are_those_of_the_place() -> None:
    words = wording("de")
    assert [plain(words.money(12_345, code)) for code in ("JPY", "KWD", "IQD")] == [
        "12.345 ¥",
        "12,345 KWD",
        "12,345 IQD",
    ]
    assert plain(words.money(-5, "EUR")) == "-0,05 €"
    assert words.time(START, "Asia/Tokyo") == "00:00 Uhr"
    assert words.when(START, None, ZONE) == "Dienstag, 14. Juli 2026, 09:00 Uhr"
    assert words.when(START, START + 2 * DAY_MS, ZONE).startswith("Dienstag, 14. Juli 2026, 09:00 Uhr – Donnerstag")


def _reasons() -> set[FeeReason]:
    """Every form of reason that there is, as cancelling says it."""
    fees = [
        Fee(calc=calc, amount=amount, per=per, window=window, window_unit=unit)
        for calc, amount in (("percent", 125_000), ("flat", 550), ("flat", 99_900))
        for per in ("person", "unit", "order")
        for window, unit in (
            (None, "hours"),
            *((count, unit) for count in (1, 3) for unit in ("hours", "days", "years")),
        )
    ]
    found = {NO_POLICY, NO_FEE, NOT_ACCEPTED, WAIVED}
    for fee in fees:
        policy = Policy(id="p", code="p", name="P", fees=(fee,))  # type: ignore[arg-type]
        kind = "unit" if fee.per == "unit" else "participant"
        line = Cancelled("l", kind, 10_000, policy, START, ZONE)  # type: ignore[arg-type]
        for charged in ((), ("p",)):
            found |= {each.reason for each in cancellation_fees([line], START, already_charged=charged).lines}
    return found


def test_every_reason_that_cancelling_gives_is_put_into_words() -> None:
    reasons = _reasons()
    assert len(reasons) > 60
    for language in LANGUAGES:
        words = wording(language)
        for reason in reasons:
            said = words.reason(reason, "USD")
            assert "before the start" not in said or language == "en", (language, reason)
            assert "per order" not in said
    german, french = wording("de"), wording("fr")
    assert (
        plain(german.reason(FeeReason("fee", "percent", 500_000, window=24), "USD"))
        == "50 %, weniger als 24 Stunden vor Beginn"
    )
    assert plain(german.reason(FeeReason("fee", "flat", 550, "order", 1, "days", "charged"), "USD")) == (
        "5,50 $ pro Buchung, weniger als 1 Tag vor Beginn, bereits berechnet"
    )
    assert (
        plain(french.reason(FeeReason("fee", "flat", 99_900, less="limited"), "EUR"))
        == "999,00 € par personne, limité au prix"
    )


def test_a_language_is_known_by_code_tag_or_name() -> None:
    names = ["de", "DE-at", "de_CH", " Deutsch ", "German", "es-419", "Español", "castellano", "fr-CA", "French", "EN"]
    assert [language_of(name) for name in names] == ["de"] * 5 + ["es"] * 3 + ["fr"] * 2 + ["en"]
    assert [language_of(text) for text in ("it", "", "dexx", None, 3, ["de"])] == [None] * 6
    with pytest.raises(Invalid, match="language"):
        check_language("Deutsch")


def test_only_what_can_be_written_to_is_a_mailbox() -> None:
    good = {
        "ann@lee.example": "ann@lee.example",
        " Ann.O'Hara+trip@Lee.Example ": "Ann.O'Hara+trip@lee.example",
        "ann@straße.example": "ann@strasse.example",
        "ann@müller.example": "ann@xn--mller-kva.example",
        "jürgen@lee.example": "jürgen@lee.example",
        "root@localhost": "root@localhost",
    }
    assert {text: found.address for text in good if (found := mailbox(text))} == good
    bad = ["", "ann", "@lee.example", "ann@", "ann@lee", ".ann@lee.example", "a..n@lee.example", "a b@lee.example"]
    bad += ["ann@lee..example", "ann@lee_.example", "ann@[1.2.3.4]", '"ann"@lee.example', "ann@lee.example\nBcc: x@y.z"]
    bad += [
        "ann\0@lee.example",
        "a>b@lee.example",
        f"{'a' * 65}@lee.example",
        f"ann@{'a.' * 130}example",
        "a@b@c.example",
    ]
    assert [text for text in bad if mailbox(text)] == []
    assert parse_mailbox("Böök, Desk <desk@lee.example>") is None
    assert parse_mailbox('"Desk, all" <desk@lee.example>') == ("Desk, all", "desk", "lee.example")
    assert one_line(" a\r\nBcc:\tb\x00\u2028c ", 100) == "a Bcc: b c"
    assert len(one_line("x" * 500, MAX_NAME)) == MAX_NAME


def test_the_mail_servers_address_says_how_it_is_secured() -> None:
    server = parse_server("smtp://desk%40lee:s3cret%2Fword@mail.example")
    assert (server.host, server.port, server.security, server.user, server.password) == (
        "mail.example",
        587,
        "starttls",
        "desk@lee",
        "s3cret/word",
    )
    assert "s3cret" not in repr(server)
    assert parse_server("smtps://mail.example").port == 465
    assert parse_server("smtp+plain://localhost:1025").security == "none"
    for bad in (
        "mail.example:25",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:x",
        "smtp+plain://u:secretword@localhost",
        "smtp://u@mail.example",
        "smtp://u:secretword/@mail.example",
    ):
        with pytest.raises(ValueError, match=r"must|needs|takes|is not|has something") as refused:
            parse_server(bad)
        assert "secretword" not in str(refused.value)
