"""Every language says everything, and every reason for a fee."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from seatwright.api import pages
from seatwright.api.pages.formats import WORDS, Formats, accepted, choose
from seatwright.api.pages.reasons import translate
from seatwright.api.pages.words import Words
from seatwright.auth import links
from seatwright.auth.links import LINK_DAYS
from seatwright.auth.secrets import Keyring
from seatwright.cancellation.fees import Cancelled, cancellation_fees
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import DAY_MS
from seatwright.core.fee_reason import NOT_ACCEPTED, WAIVED, FeeReason
from seatwright.core.languages import LANGUAGES
from tests.conftest import SECRET, START

FOLDER = Path(pages.__file__).parent


def test_every_language_fills_in_the_same() -> None:
    assert set(WORDS) == set(LANGUAGES)
    for name in Words.__struct_fields__:
        filled = {
            tuple(sorted(field for _, field, _, _ in Formatter().parse(getattr(words, name)) if field is not None))
            for words in WORDS.values()
        }
        assert len(filled) == 1, name
        assert all(getattr(words, name).strip() for words in WORDS.values()), name


def test_every_text_is_used() -> None:
    sources = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources if not path.name.startswith("words"))
    unused = [name for name in Words.__struct_fields__ if not re.search(rf"\bwords\.{name}\b", text)]
    assert unused == []


def reasons() -> set[FeeReason]:
    """Return every kind of reason that `cancellation.fees` gives."""
    windows = [(None, "hours"), (1, "hours"), (24, "hours"), (1, "days"), (3, "days"), (1, "years"), (2, "years")]
    found = {NOT_ACCEPTED, WAIVED}
    for calc, amount in (("percent", 75_000), ("percent", 333_333), ("flat", 500), ("flat", 100_000)):
        for per, kind in (("person", "participant"), ("unit", "unit"), ("order", "unit")):
            for window, unit in windows:
                fee = Fee(calc=calc, amount=amount, per=per, window=window, window_unit=unit)  # type: ignore[arg-type]
                policy = Policy(id="p", code="p", name="P", fees=(fee,))
                line = Cancelled("a", kind, 10_000, policy, START, "UTC")  # type: ignore[arg-type]
                for charged in ((), ("p",)):
                    found |= {each.reason for each in cancellation_fees([line], START, already_charged=charged).lines}
    bare = Cancelled("a", "unit", 100, None, START, "UTC")
    found |= {each.reason for each in cancellation_fees([bare], START).lines}
    other = Policy(id="q", code="q", name="Q", fees=(Fee(calc="flat", amount=5, per="person"),))
    found |= {cancellation_fees([Cancelled("a", "unit", 100, other, None, "UTC")], START).lines[0].reason}
    return found


def test_every_reason_is_translated() -> None:
    english = re.compile(r"\b(per|under|before|the|start|hours?|days?|years?|fee|limited|already|charged|not|order)\b")
    given = reasons()
    assert len(given) > 60
    for language in LANGUAGES:
        formats = accepted(language)
        said = {reason: translate(reason, "USD", formats) for reason in given}
        if language != "en":
            assert [text for text in said.values() if english.search(text)] == []
    reason = FeeReason("fee", "flat", 100_000, "order", 1, "days", "limited")
    assert translate(reason, "USD", accepted("en")) == (
        "$1,000.00 per booking, less than 1 day before the start, limited to the price"
    )


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("*", "en"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr-CH"),
        ("en;q=0.5, de;q=0.9", "de"),
        ("de;q=0, es", "es"),
        ("de;q=nonsense, es;q=0.1", "es"),
        ("en-XX", "en"),
        ("de-\u00e4\u00e4", "de"),
        ("DE_at", "de-AT"),
        ("es-419", "es"),
        (",;q=,;;" + "x" * 10_000, "en"),
        ("x," * 200 + "en, " + "de," * 200, "en"),
    ],
)
def test_languages_of_browsers(header: str, tag: str) -> None:
    assert accepted(header).tag == tag


def test_the_customers_language_counts_most() -> None:
    assert choose("Deutsch", "fr", "es").tag == "de"
    for unknown in (None, 5, ["de"], "", "xx"):
        assert choose(unknown, "fr", "es").tag == "fr"
    assert choose(None, "", "es").tag == "es"


@pytest.mark.parametrize(
    ("minor", "currency", "texts"),
    [
        (123_450, "USD", ("$1,234.50", "1.234,50 $", "1.234,50 US$", "1 234,50 $US")),
        (-990, "EUR", ("-€9.90", "-9,90 €", "-9,90 €", "-9,90 €")),
        (1200, "JPY", ("¥1,200", "1.200 ¥", "1.200 JPY", "1 200 JPY")),
        (1234, "BHD", ("BHD1.234", "1,234 BHD", "1,234 BHD", "1,234 BHD")),
        (9950, "IRR", ("99.50 IRR", "99,50 IRR", "99,50 IRR", "99,50 IRR")),
    ],
)
def test_money_to_the_last_unit(minor: int, currency: str, texts: tuple[str, ...]) -> None:
    """Also where the library thinks that a currency has fewer decimals than Seatwright reckons with."""
    for language, text in zip(("en", "de", "es", "fr"), texts, strict=True):
        assert accepted(language).money(minor, currency).replace("\u202f", " ").replace("\xa0", " ") == text


def test_times_are_the_places_own() -> None:
    formats: Formats = accepted("en")
    assert formats.moment(START, "America/Denver").replace("\u202f", " ") == "Wednesday, July 1, 2026, 10:00 AM"
    assert formats.zone(START, "America/Denver") == "Mountain Daylight Time"
    assert formats.moment(START, "Asia/Kathmandu").replace("\u202f", " ") == "Wednesday, July 1, 2026, 9:45 PM"


def test_what_a_link_says() -> None:
    keyring, account, order = Keyring.from_secret(SECRET), "0" * 23 + "1", "0c0f3a52-8a42-4c38-93a1-3d3a4a2f6f10"
    made = links.link_to(account, order, START, START + 5 * DAY_MS)
    for link in (made, made._replace(may_cancel=False), made._replace(generation=links.MAX_GENERATION)):
        token = links.sign(keyring, link)
        assert (len(token), links.verify(keyring, token, START)) == (67, link)
    assert made.ends_at - (START + 5 * DAY_MS) - LINK_DAYS * DAY_MS in range(DAY_MS)
    assert links.link_to(account, order, START, START - 9 * DAY_MS) == links.link_to(account, order, START, None)
    assert links.proof(keyring, "t", "a") != links.proof(keyring, "t", "b") != links.proof(keyring, "u", "b")
    assert links.proof(Keyring.from_secret("z" * 32), "t", "a") != links.proof(keyring, "t", "a")
