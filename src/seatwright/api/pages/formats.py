"""The language of a page, and amounts, dates and times as people write them there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from babel.units import format_unit

from seatwright.api.pages.words import Words
from seatwright.api.pages.words_de import GERMAN
from seatwright.api.pages.words_en import ENGLISH
from seatwright.api.pages.words_es import SPANISH
from seatwright.api.pages.words_fr import FRENCH
from seatwright.core.clock import Instant
from seatwright.core.languages import DEFAULT_LANGUAGE, Language, language_of
from seatwright.core.money import PPM, decimals, to_wire
from seatwright.core.times import to_local, zone

WORDS: dict[Language, Words] = {"en": ENGLISH, "es": SPANISH, "de": GERMAN, "fr": FRENCH}
MAX_ACCEPT = 500
"""Characters of an Accept-Language header that are looked at."""


@dataclass(frozen=True, slots=True)
class Formats:
    """A language with its words, and the country's way to write (`en-GB`), where one was named."""

    words: Words
    locale: Locale

    @property
    def tag(self) -> str:
        """The language as HTML names it, such as `en` or `en-GB`."""
        return str(self.locale).replace("_", "-")

    def money(self, minor: int, currency: str) -> str:
        """Return an amount of minor units with its currency, to the last decimal that Seatwright reckons with."""
        amount, places = to_wire(minor, currency), decimals(currency)
        if get_currency_precision(currency) == places:
            return str(format_currency(amount, currency, locale=self.locale))
        pattern = "#,##0." + "0" * places if places else "#,##0"
        return f"{format_decimal(amount, pattern, locale=self.locale)}\u00a0{currency}"

    def percent(self, ppm: int) -> str:
        """Return parts per million as a percentage."""
        return str(format_percent(Decimal(ppm) / PPM, locale=self.locale, decimal_quantization=False))

    def date(self, at: Instant, zone_name: str) -> str:
        """Return the day, with its weekday, that `at` is on in a zone."""
        return str(format_date(to_local(at, zone_name).date(), "full", locale=self.locale))

    def time(self, at: Instant, zone_name: str) -> str:
        """Return what the clocks of a zone show at `at`."""
        return str(format_time(to_local(at, zone_name), "short", tzinfo=zone(zone_name), locale=self.locale))

    def zone(self, at: Instant, zone_name: str) -> str:
        """Return what a zone's time is called at `at`, such as "Mountain Daylight Time"."""
        return str(get_timezone_name(to_local(at, zone_name), width="long", locale=self.locale))

    def moment(self, at: Instant, zone_name: str) -> str:
        """Return a day and a time of it."""
        return f"{self.date(at, zone_name)}, {self.time(at, zone_name)}"

    def duration(self, count: int, unit: str) -> str:
        """Return such as "24 hours"; `unit` is hour, day or year."""
        return str(format_unit(count, unit, length="long", locale=self.locale))


def choose(customer: Any, accept: str, account: Language) -> Formats:
    """Return the formats of a customer's language: what they are known to speak, else what their browser says
    (an Accept-Language header), else the account's."""
    for tag in (customer, *_accepted(accept[:MAX_ACCEPT])):
        language = language_of(tag)
        if language is not None:
            return _formats(language, tag)
    return _formats(account, account)


def accepted(accept: str) -> Formats:
    """Return the formats for somebody of whom nothing is known but an Accept-Language header."""
    return choose(None, accept, DEFAULT_LANGUAGE)


def _accepted(header: str) -> Iterator[str]:
    """Yield the languages of a header, the most wanted first; what it says wrongly is not wanted."""
    wanted = []
    for place, part in enumerate(header.split(",")):
        tag, _, rest = part.partition(";")
        weight = _weight(rest.strip())
        if weight > 0:
            wanted.append((-weight, place, tag.strip()))
    yield from (tag for _, _, tag in sorted(wanted))


def _weight(text: str) -> float:
    if not text:
        return 1.0
    try:
        return float(text.removeprefix("q="))
    except ValueError:
        return 0.0


def _formats(language: Language, tag: str) -> Formats:
    """Return the formats of a language as it is written where the tag says."""
    region = tag.strip().replace("_", "-").partition("-")[2][:2].upper()
    return _cached(language, region if region.isascii() and region.isalpha() else "")


@lru_cache(maxsize=256)
def _cached(language: Language, region: str) -> Formats:
    try:
        locale = Locale(language, territory=region or None)
    except UnknownLocaleError:
        locale = Locale(language)
    return Formats(WORDS[language], locale)
