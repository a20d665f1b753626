"""Says things in the language of whoever reads them: words, dates, times, money, and the reasons of fees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from babel import Locale
from babel.dates import format_date, format_time, get_timezone_gmt
from babel.numbers import format_currency, format_percent

from seatwright.core import money, times
from seatwright.core.clock import Instant
from seatwright.core.fee_reason import FeeReason
from seatwright.core.languages import Language
from seatwright.core.money import PPM

_DIRECTORY = Path(__file__).parent / "words"
_LOCALES: dict[Language, str] = {"en": "en_US", "es": "es", "de": "de_DE", "fr": "fr_FR"}
_FIRST = re.compile(r"\b1 (?=[^\W\d])")
"""The first of a month."""
_DECIMALS = re.compile(r"0\.0+")


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return all texts of a language by their keys."""
    loaded: dict[str, str] = yaml.safe_load((_DIRECTORY / f"{language}.yaml").read_text(encoding="utf-8"))
    return loaded


class Wording:
    """One language. Instants are UTC and shown on the clock of the zone that comes with them."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = Locale.parse(_LOCALES[language])
        self._texts = texts(language)

    def say(self, key: str, **values: Any) -> str:
        """Return the text called `key` with `values` filled in. Raises `KeyError` for one that there is not."""
        return self._texts[key].format(**values)

    def money(self, minor: int, currency: str) -> str:
        """Return an amount as it is written there: 9900 USD is `$99.00`, or `99,00 $`."""
        decimals = money.decimals(currency)
        pattern = self._locale.currency_formats["standard"].pattern
        pattern = _DECIMALS.sub("0" + ("." + "0" * decimals if decimals else ""), pattern)
        amount = money.to_wire(minor, currency)
        return format_currency(amount, currency, pattern, locale=self._locale, currency_digits=False)

    def date(self, at: Instant, zone_name: str) -> str:
        """Return a day with its weekday."""
        return self._day(times.to_local(at, zone_name), "full")

    def time(self, at: Instant, zone_name: str) -> str:
        """Return a time of day."""
        return self.say("at_time", time=self._clock(times.to_local(at, zone_name)))

    def when(self, start: Instant, end: Instant | None, zone_name: str) -> str:
        """Return when something takes place: day and times, or two days with their times if it ends on another."""
        begins = times.to_local(start, zone_name)
        if end is None or end == start:
            return self._moment(begins, "full")
        ends = times.to_local(end, zone_name)
        if begins.date() != ends.date():
            return self.say("from_to", start=self._moment(begins, "full"), end=self._moment(ends, "full"))
        span = self.say("from_to", start=self._clock(begins), end=self._clock(ends))
        day = self._day(begins, "full")
        return self.say("date_and_time", date=day, time=self.say("at_time", time=span))

    def deadline(self, at: Instant, zone_name: str) -> str:
        """Return a moment that somebody anywhere has to keep to: day, time and zone."""
        local = times.to_local(at, zone_name)
        return f"{self._moment(local, 'long')} ({get_timezone_gmt(local, 'long', locale=self._locale)})"

    def count(self, count: int, name: str) -> str:
        """Return `2 × Adult`."""
        return self.say("count", count=count, name=name)

    def reason(self, reason: FeeReason, currency: str) -> str:
        """Return why a fee is what it is."""
        if reason.kind != "fee":
            return self.say(f"reason.{reason.kind}")
        if reason.calc == "percent":
            share = format_percent(Decimal(reason.amount) / PPM, locale=self._locale, decimal_quantization=False)
            parts = [self.say("reason.percent_order" if reason.per == "order" else "reason.percent", percent=share)]
        else:
            parts = [self.say(f"reason.flat_{reason.per}", amount=self.money(reason.amount, currency))]
        if reason.window is not None:
            unit = reason.window_unit if reason.window > 1 else reason.window_unit.removesuffix("s")
            parts.append(self.say("reason.under", span=self.say(f"span.{unit}", count=reason.window)))
        if reason.less is not None:
            parts.append(self.say(f"reason.{reason.less}"))
        return ", ".join(parts)

    def _clock(self, local: datetime) -> str:
        # CLDR has a narrow no-break space before AM and PM, which older mail programs show as a box.
        return format_time(local, "short", locale=self._locale).replace("\u202f", " ")

    def _day(self, local: datetime, width: Literal["full", "long"]) -> str:
        day = format_date(local, width, locale=self._locale)
        return _FIRST.sub("1er ", day) if self.language == "fr" else day  # CLDR leaves that to its users

    def _moment(self, local: datetime, width: Literal["full", "long"]) -> str:
        day = self._day(local, width)
        return self.say("date_and_time", date=day, time=self.say("at_time", time=self._clock(local)))


@cache
def wording(language: Language) -> Wording:
    """Return the wording of a language."""
    return Wording(language)
