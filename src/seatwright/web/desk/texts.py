"""Times, days and money as the desk writes them: English, as it is written where the account is.

Instants are UTC and shown on the clock of the zone that comes with them. Amounts are minor units.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name

from seatwright.auth.model import Account
from seatwright.core import times
from seatwright.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from seatwright.wording.regions import region_of
from seatwright.wording.wording import Wording, wording


class Texts(NamedTuple):
    """How an account's desk writes things."""

    words: Wording
    zone: str
    currency: str

    @property
    def locale(self) -> Locale:
        """Where it is written so."""
        return self.words.locale

    def money(self, minor: int, currency: str = "") -> str:
        """Return an amount, in the account's currency by default; what is below zero has a minus before it."""
        text = self.words.money(abs(minor), currency or self.currency)
        return f"−{text}" if minor < 0 else text

    def clock(self, at: Instant, zone: str = "") -> str:
        """Return a time of day: `8:30 am`, or `08:30` where the day has 24 hours."""
        return _clock(times.to_local(at, zone or self.zone), self.locale)

    def span(self, start: Instant, end: Instant | None, zone: str) -> str:
        """Return `8:30 am to 12:30 pm`, with the day of the end if that is another one."""
        if end is None or end <= start:
            return self.clock(start, zone)
        last = times.to_local(end, zone)
        if last.date() == times.to_local(start, zone).date():
            return f"{self.clock(start, zone)} to {self.clock(end, zone)}"
        return f"{self.clock(start, zone)} to {self.day(last.date())}, {self.clock(end, zone)}"

    def trip(self, start: Instant | None, end: Instant | None, zone: str) -> str:
        """Return `Saturday, 4 July, 8:30 am to 12:30 pm`, or that there is no date."""
        if start is None:
            return "No fixed date"
        return f"{self.day(times.to_local(start, zone).date())}, {self.span(start, end, zone)}"

    def zone_name(self, at: Instant, zone: str) -> str:
        """Return a zone's short name at a moment, such as `MDT`, or else how far it is from UTC."""
        return str(get_timezone_name(times.to_local(at, zone), width="short", locale=self.locale))

    def city(self, zone: str) -> str:
        """Return the place after which a zone is called."""
        return zone.rpartition("/")[2].replace("_", " ")

    def day(self, day: dt.date) -> str:
        """Return `Saturday, 4 July`."""
        return f"{self.weekday(day)}, {self.date(day)}"

    def weekday(self, day: dt.date) -> str:
        """Return `Saturday`."""
        return format_date(day, "EEEE", locale=self.locale)

    def date(self, day: dt.date) -> str:
        """Return `4 July`, or `July 4` where the month comes first."""
        return format_date(day, "MMMM d" if self._month_first else "d MMMM", locale=self.locale)

    def full_date(self, day: dt.date) -> str:
        """Return `4 July 2026`, or `July 4, 2026`."""
        return format_date(day, "MMMM d, y" if self._month_first else "d MMMM y", locale=self.locale)

    def short_date(self, day: dt.date) -> str:
        """Return `4 Jul 2026`, or `Jul 4, 2026`."""
        return format_date(day, "MMM d, y" if self._month_first else "d MMM y", locale=self.locale)

    def month(self, day: dt.date) -> str:
        """Return `July 2026`."""
        return format_date(day, "MMMM y", locale=self.locale)

    def month_short(self, day: dt.date) -> str:
        """Return `Jul`."""
        return format_date(day, "MMM", locale=self.locale)

    def moment(self, at: Instant, zone: str = "") -> str:
        """Return `4 July 2026, 8:30 am`."""
        local = times.to_local(at, zone or self.zone)
        return f"{self.full_date(local.date())}, {_clock(local, self.locale)}"

    def distance(self, at: Instant, now: Instant) -> str:
        """Return how far away a moment is: `in 42 h`, `3 days ago`."""
        far = abs(at - now)
        if far < 90 * MINUTE_MS:
            text = f"{max(1, far // MINUTE_MS)} min"
        elif far < 3 * DAY_MS:
            text = f"{far // HOUR_MS} h"
        else:
            text = f"{far // DAY_MS} days"
        return f"in {text}" if at > now else f"{text} ago"

    @property
    def _month_first(self) -> bool:
        return self.locale.territory in (None, "US")


def texts_of(account: Account) -> Texts:
    """Return how an account's desk writes things."""
    return Texts(wording("en", region_of(account.time_zone)), account.time_zone, account.currency)


@lru_cache(maxsize=4096)
def _clock(local: dt.datetime, locale: Locale) -> str:
    text = format_time(local, "short", locale=locale).replace("\u202f", " ")
    return text.replace("AM", "am").replace("PM", "pm")
