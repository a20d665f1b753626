"""Words, dates, times, money and reasons of fees in the reader's language.

The words of a language are in its YAML file, one text for each key. Mails and pages share some (`label.`, `status.`,
`reason.`); those that only pages use begin with `page.`; the others are for mails. Operators' templates use them as
well (docs/notifications.md), so a key keeps its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_gmt, get_timezone_name
from babel.numbers import format_currency, format_percent
from babel.units import format_unit

from seatwright.core import money, times
from seatwright.core.clock import Instant
from seatwright.core.fee_reason import FeeReason
from seatwright.core.languages import Language

_DIRECTORY = Path(__file__).parent
_FIRST = re.compile(r"\b1 (?=[^\W\d])")
"""The first of a month."""
_DECIMALS = re.compile(r"0\.0+")


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return all texts of a language by their keys."""
    loaded: dict[str, str] = yaml.safe_load((_DIRECTORY / f"{language}.yaml").read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True, slots=True)
class Wording:
    """One language, as written in the region of its locale, if the locale has one (`en-GB`).

    Instants are UTC and shown on the clock of the zone that comes with them.
    """

    language: Language
    locale: Locale

    @property
    def tag(self) -> str:
        """The language as HTML names it, such as `en` or `en-GB`."""
        return str(self.locale).replace("_", "-")

    def say(self, key: str, **values: Any) -> str:
        """Return the text called `key` with `values` filled in. Raises `KeyError` for an unknown key.

        A value that ends with a full stop, such as "Adria d.o.o.", ends a sentence with it.
        """
        text = texts(self.language)[key]
        for name, value in values.items():
            if f"{{{name}}}." in text and str(value).endswith("."):
                text = text.replace(f"{{{name}}}.", f"{{{name}}}")
        return text.format(**values)

    def line(self, key: str, value: str) -> str:
        """Return a value with the text called `key` as its label."""
        return self.say("line", label=self.say(key), value=value)

    def money(self, minor: int, currency: str) -> str:
        """Return an amount as the language writes it, to the last minor unit: 9900 USD is `$99.00`, or `99,00 $`."""
        decimals = money.decimals(currency)
        pattern = self.locale.currency_formats["standard"].pattern
        pattern = _DECIMALS.sub("0" + ("." + "0" * decimals if decimals else ""), pattern)
        amount = money.to_wire(minor, currency)
        return format_currency(amount, currency, pattern, locale=self.locale, currency_digits=False)

    def percent(self, ppm: int) -> str:
        """Return parts per million as a percentage, with all of its decimals."""
        return format_percent(Decimal(ppm) / money.PPM, locale=self.locale, decimal_quantization=False)

    def date(self, at: Instant, zone_name: str) -> str:
        """Return a day with its weekday."""
        day = format_date(times.to_local(at, zone_name), "full", locale=self.locale)
        return _FIRST.sub("1er ", day) if self.language == "fr" else day  # CLDR leaves that to its users

    def time(self, at: Instant, zone_name: str) -> str:
        """Return a time of day."""
        return self._at_time(self._clock(at, zone_name))

    def times(self, start: Instant, end: Instant | None, zone_name: str) -> str:
        """Return the start and end times of a departure, with the day of its end if that differs."""
        if end is None or end <= start:
            return self.time(start, zone_name)
        if times.to_local(start, zone_name).date() != times.to_local(end, zone_name).date():
            return self.say("from_to", start=self.time(start, zone_name), end=self.moment(end, zone_name))
        span = self.say("from_to", start=self._clock(start, zone_name), end=self._clock(end, zone_name))
        return self._at_time(span)

    def moment(self, at: Instant, zone_name: str) -> str:
        """Return a day and a time of it."""
        return self.when(at, None, zone_name)

    def when(self, start: Instant, end: Instant | None, zone_name: str) -> str:
        """Return when something takes place: its day and `times`."""
        return self.say("date_and_time", date=self.date(start, zone_name), time=self.times(start, end, zone_name))

    def zone(self, at: Instant, zone_name: str) -> str:
        """Return what a zone's time is called at `at`, such as "Mountain Daylight Time"."""
        return get_timezone_name(times.to_local(at, zone_name), width="long", locale=self.locale)

    def deadline(self, at: Instant, zone_name: str) -> str:
        """Return a deadline with its offset from UTC, because its readers may be anywhere."""
        offset = get_timezone_gmt(times.to_local(at, zone_name), "long", locale=self.locale)
        return f"{self.moment(at, zone_name)} ({offset})"

    def duration(self, count: int, unit: str) -> str:
        """Return such as "24 hours"; `unit` is hour, day or year."""
        return format_unit(count, unit, length="long", locale=self.locale)

    def count(self, count: int, name: str) -> str:
        """Return `2 × Adult`."""
        return self.say("count", count=count, name=name)

    def reason(self, reason: FeeReason, currency: str) -> str:
        """Return the reason for a fee; for a fee of a policy, its amount and when it is taken."""
        if reason.kind != "fee":
            return self.say(f"reason.{reason.kind}")
        if reason.calc == "percent":
            said = [self.say("reason.percent", percent=self.percent(reason.amount))]
        else:
            said = [self.say(f"reason.flat_{reason.per}", amount=self.money(reason.amount, currency))]
        if reason.window is not None:
            span = self.duration(reason.window, reason.window_unit.removesuffix("s"))
            said.append(self.say("reason.under", span=span))
        if reason.less is not None:
            said.append(self.say(f"reason.{reason.less}"))
        return ", ".join(said)

    def _clock(self, at: Instant, zone_name: str) -> str:
        local: datetime = times.to_local(at, zone_name)
        # CLDR has a narrow no-break space before AM and PM, which older mail programs show as a box.
        return format_time(local, "short", locale=self.locale).replace("\u202f", " ")

    def _at_time(self, clock: str) -> str:
        # What is said with a time of 24 hours is not said with "a.m.", which a region of the language may have.
        return self.say("at_time", time=clock) if clock[-1].isdigit() else clock


@lru_cache(maxsize=256)
def wording(language: Language, region: str = "") -> Wording:
    """Return the wording of a language, as it is written in a region such as `GB`, if CLDR knows it there."""
    try:
        locale = Locale(language, territory=region or None)
    except UnknownLocaleError:
        locale = Locale(language)
    return Wording(language, locale)
