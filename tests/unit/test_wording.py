"""Every language says everything that mails and pages say, and writes dates, money and reasons as its readers do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from babel.localedata import locale_identifiers
from msgspec import structs

import seatwright
from seatwright.cancellation.fees import CancelledLine, cancellation_fees
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import DAY_MS, HOUR_MS
from seatwright.core.errors import Invalid
from seatwright.core.fee_reason import NO_FEE, NO_POLICY, NOT_ACCEPTED, WAIVED, FeeReason
from seatwright.core.languages import LANGUAGES, Language, check_language, language_of
from seatwright.core.money import decimals
from seatwright.messages.letters import What
from seatwright.notifications.mail.rendering import MAIL_KINDS
from seatwright.orders.model import OrderStatus
from seatwright.wording.wording import texts, wording
from tests.shop import denver

START, ZONE = denver("2026-07-14 09:00"), "America/Denver"
SOURCES = Path(seatwright.__file__).parent
SAID = re.compile(r'(?:\bt|\.say|\.line|\brow)\(\s*(?:t\()?f?"([a-z_.{}]+)"(?: if [^()]+ else "([a-z_.]+)")?')
"""Where a text is asked for by its name: `t("label.total")` in a template, `words.say("page.title")` in a module."""


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


def filled(text: str) -> list[str]:
    """Return what is filled into a text, in the order of the alphabet."""
    return sorted({field for _, field, _, _ in Formatter().parse(text) if field is not None})


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_text_with_the_same_values(language: Language) -> None:
    english, other = texts("en"), texts(language)
    lines = (SOURCES / "wording" / f"{language}.yaml").read_text(encoding="utf-8").splitlines()
    keys = [line.partition(":")[0] for line in lines if line and not line.startswith("#")]
    assert keys == list(other) == list(english), "each once, in the same order: two can be read side by side"
    for key, text in other.items():
        assert filled(text) == filled(english[key]), key
        assert text == text.strip() != "", key
        assert text.count("{") == len(filled(text)), f"{key} has a value twice"
    if language == "fr":
        assert [key for key, text in other.items() if re.search(r"[^\xa0][:;?!](?:$|\s)", text)] == []


def composed() -> Iterator[str]:
    """Yield the names that are put together where texts are asked for."""
    happened = set(get_args(What)) - {"edited", "again", "message"}  # of which only the customer is told
    yield from (f"status.{status}" for status in get_args(OrderStatus))
    yield from (f"product_notice.{what}.{part}" for what in happened for part in ("subject", "heading"))
    for what in ("accepted", "declined", "expired"):
        yield from (f"pending_answer.{what}.{part}" for part in ("subject", "heading", "intro"))
    yield from (f"{kind}.heading" for kind in MAIL_KINDS if kind not in ("product_notice", "pending_answer"))
    yield from (f"confirmation.intro{ending}" for ending in ("", "_added", "_edited", "_again", "_accepted", "_rest"))
    yield from (f"rescheduled.intro{ending}" for ending in ("", "_pending"))
    yield from (f"{kind}.intro{end}" for kind in ("pending_received", "pending_notice") for end in ("", "_open"))
    for part in ("not_found", "too_many", "unavailable", "failed", "refused_request"):
        yield from (f"page.{part}", f"page.{part}_title")
    yield from ("page.declined", "page.expired")
    yield from (
        f"reason.{name}" for name in ("none", "free", "waived", "edited", "not_accepted", "moved", "limited", "charged")
    )
    yield from (f"reason.flat_{per}" for per in ("person", "unit", "order"))


def test_every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() -> None:
    asked, places = set(composed()), 0
    for path in [*SOURCES.rglob("*.py"), *SOURCES.rglob("*.html"), *SOURCES.rglob("*.txt")]:
        for found in SAID.finditer(path.read_text(encoding="utf-8")):
            places += 1
            asked |= {name for name in found.groups() if name and "{" not in name and not name.endswith(".")}
    assert places > 150
    assert asked == set(texts("en"))


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


def test_times_are_those_of_the_place() -> None:
    words = wording("de")
    assert words.time(START, "Asia/Tokyo") == "00:00 Uhr"
    assert words.when(START, None, ZONE) == words.moment(START, ZONE) == "Dienstag, 14. Juli 2026, 09:00 Uhr"
    assert words.when(START, START, ZONE) == words.moment(START, ZONE)
    assert words.when(START, START + 2 * DAY_MS, ZONE) == (
        "Dienstag, 14. Juli 2026, 09:00 Uhr – Donnerstag, 16. Juli 2026, 09:00 Uhr"
    )
    english = wording("en")
    assert english.times(START, START + 4 * HOUR_MS, ZONE) == "9:00 AM – 1:00 PM"
    assert english.zone(START, ZONE) == "Mountain Daylight Time"
    assert english.deadline(START, ZONE) == "Tuesday, July 14, 2026, 9:00 AM (GMT-06:00)"
    assert english.moment(START, "Asia/Kathmandu") == "Tuesday, July 14, 2026, 8:45 PM"


@pytest.mark.parametrize(
    ("language", "region", "tag", "time", "money"),
    [
        ("en", "GB", "en-GB", "09:00", "US$9.90"),
        ("es", "MX", "es-MX", "9:00 a.m.", "USD9.90"),
        ("fr", "CA", "fr-CA", "09 h 00", "9,90 $ US"),
        ("de", "AT", "de-AT", "09:00 Uhr", "$ 9,90"),
        ("en", "XX", "en", "9:00 AM", "$9.90"),
    ],
)
def test_a_region_has_its_own_way_to_write(language: Language, region: str, tag: str, time: str, money: str) -> None:
    words = wording(language, region)
    assert (words.tag, plain(words.time(START, ZONE)), plain(words.money(990, "USD"))) == (tag, time, money)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (123_450, "USD", ("$1,234.50", "1.234,50 $", "1.234,50 US$", "1 234,50 $US")),
        (-990, "EUR", ("-€9.90", "-9,90 €", "-9,90 €", "-9,90 €")),
        (1200, "JPY", ("¥1,200", "1.200 ¥", "1.200 JPY", "1 200 JPY")),
        (1234, "BHD", ("BHD1.234", "1,234 BHD", "1,234 BHD", "1,234 BHD")),
        (9950, "IRR", ("IRR99.50", "99,50 IRR", "99,50 IRR", "99,50 IRR")),
        (12_345, "IQD", ("IQD12.345", "12,345 IQD", "12,345 IQD", "12,345 IQD")),
    ],
)
def test_money_is_written_with_all_decimals_of_its_currency(minor: int, currency: str, said: tuple[str, ...]) -> None:
    """Also where CLDR thinks that a currency has fewer decimals than Seatwright reckons with."""
    for language, text in zip(("en", "de", "es", "fr"), said, strict=True):
        assert plain(wording(language).money(minor, currency)) == text  # type: ignore[arg-type]


def test_money_has_its_decimals_in_every_region() -> None:
    regions = {tuple(name.split("_")) for name in locale_identifiers() if re.fullmatch(r"(en|es|de|fr)_[A-Z]{2}", name)}
    assert len(regions) > 100
    for language, region in regions:
        words = wording(language, region)  # type: ignore[arg-type]
        for currency in ("USD", "JPY", "KWD", "IRR"):
            digits = re.findall(r"\d+", words.money(1_234_567, currency))
            assert "".join(digits) == "1234567", (words.tag, currency)
            assert decimals(currency) in (0, len(digits[-1])), (words.tag, currency)


def reasons() -> set[FeeReason]:
    """Return every form of reason that cancelling gives."""
    windows = [(None, "hours"), *((count, unit) for count in (1, 3) for unit in ("hours", "days", "years"))]
    fees = [
        Fee(calc=calc, amount=amount, per=per, window=window, window_unit=unit)  # type: ignore[arg-type]
        for calc, amount in (("percent", 125_000), ("percent", 333_333), ("flat", 550), ("flat", 99_900))
        for per in ("person", "unit", "order")
        for window, unit in windows
    ]
    found = {NO_POLICY, NO_FEE, NOT_ACCEPTED, WAIVED}
    for fee in fees:
        policy = Policy(id="p", code="p", name="P", fees=(fee,))
        kind = "unit" if fee.per == "unit" else "participant"
        line = CancelledLine("l", kind, 10_000, policy, START, ZONE)  # type: ignore[arg-type]
        for charged in ((), ("p",)):
            found |= {each.reason for each in cancellation_fees([line], START, already_charged=charged).lines}
    return found


def test_every_reason_is_put_into_words() -> None:
    english = re.compile(r"\b(per|under|before|the|start|hours?|days?|years?|fee|limited|already|charged|not|order)\b")
    given = reasons()
    assert len(given) > 90
    for language in LANGUAGES:
        said = {reason: wording(language).reason(reason, "USD") for reason in given}
        assert language == "en" or [text for text in said.values() if english.search(text)] == []
        # A percentage of what is cancelled is the same to a customer, whether reckoned together or one by one.
        alike = {structs.replace(each, per="person") if each.calc == "percent" else each for each in given}
        assert len(set(said.values())) == len(alike), language
    german, french = wording("de"), wording("fr")
    half = FeeReason("fee", "percent", 500_000, window=24)
    assert plain(german.reason(half, "USD")) == "50 % des Preises, weniger als 24 Stunden vor Beginn"
    once = FeeReason("fee", "flat", 550, "order", 1, "days", "charged")
    assert plain(german.reason(once, "USD")) == "5,50 $ pro Buchung, weniger als 1 Tag vor Beginn, bereits berechnet"
    assert wording("en").reason(FeeReason("fee", "flat", 100_000, "order", 1, "days", "limited"), "USD") == (
        "$1,000.00 per booking, less than 1 day before the start, limited to the price"
    )
    cut = FeeReason("fee", "flat", 99_900, less="limited")
    assert plain(french.reason(cut, "EUR")) == "999,00 € par personne, limité au prix"


def test_a_language_is_known_by_code_tag_or_name() -> None:
    names = ["de", "DE-at", "de_CH", " Deutsch ", "German", "es-419", "Español", "castellano", "fr-CA", "French", "EN"]
    assert [language_of(name) for name in names] == ["de"] * 5 + ["es"] * 3 + ["fr"] * 2 + ["en"]
    assert [language_of(text) for text in ("it", "", "dexx", None, 3, ["de"])] == [None] * 6
    with pytest.raises(Invalid, match="language"):
        check_language("Deutsch")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_that_ends_with_a_full_stop_ends_a_sentence_with_one(language: Language) -> None:
    words = wording(language)
    for key, text in texts(language).items():
        names = {name for _, name, _, _ in Formatter().parse(text) if name}
        said = words.say(key, **dict.fromkeys(names, "Adria d.o.o."))
        assert "d.o.o.." not in said, key
        assert said.count("d.o.o.") == sum(text.count(f"{{{name}}}") for name in names), key
