"""Instants, wall clocks and zones.

A departure is a UTC instant and an IANA zone (design, rule 4). On the wire there are two kinds of
timestamp: real UTC ones, and a departure's start and end, which are the location's wall clock
written as if it were UTC, because clients cut the hour out of the text (wire reference, "Common").
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from seatwright.core.clock import DAY_MS, Instant
from seatwright.core.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"\d{4}-\d{2}")
_MIN_YEAR, _MAX_YEAR = 1900, 2200


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the zone called `name`, as it was checked by `check_zone` before. Raises `Invalid` if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _no_zone(name) from None


def check_zone(name: str) -> str:
    """Return `name` if it is one of tzdata's own names. Raises `Invalid`.

    Some files in a system's directory of zones are not accepted: `localtime` differs between machines, `right/UTC`
    counts leap seconds, `Factory` means that no zone was set.
    """
    if name not in zone_names():
        raise _no_zone(name)
    return name


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all IANA zones."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split()) - {"Factory"}


def _no_zone(name: str) -> Invalid:
    return Invalid(
        f"timeZone: {name[:80]!r} is not an IANA time zone such as America/Denver.",
        code="invalid_time_zone",
        field="timeZone",
    )


def to_utc(at: Instant) -> datetime:
    """Return `at` as an aware UTC datetime."""
    return _EPOCH + timedelta(milliseconds=at)


def to_local(at: Instant, zone_name: str) -> datetime:
    """Return `at` as an aware datetime on the wall clock of `zone_name`."""
    return to_utc(at).astimezone(zone(zone_name))


def wall_at(at: Instant, zone_name: str) -> datetime:
    """Return what the clocks of `zone_name` show at `at`, as a naive datetime."""
    return to_local(at, zone_name).replace(tzinfo=None)


def from_datetime(moment: datetime) -> Instant:
    """Return the instant of an aware datetime, in milliseconds."""
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


def from_local(wall: datetime, zone_name: str) -> Instant:
    """Return the instant at which the clocks of `zone_name` show `wall` (a naive datetime).

    A time that happens twice (clocks go back) is the first of the two; a time that never happens (clocks go forward) is
    moved ahead by the length of the gap, as clocks are.
    """
    return from_datetime(wall.replace(tzinfo=zone(zone_name), fold=0))


@lru_cache(maxsize=16_384)
def iso_utc(at: Instant) -> str:
    """Return `at` as `2021-12-15T21:31:39.195Z`."""
    return to_utc(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


@lru_cache(maxsize=16_384)
def iso_wall(at: Instant, zone_name: str) -> str:
    """Return the wall clock of `zone_name` at `at`, in the same form as `iso_utc`."""
    return to_local(at, zone_name).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def parse_date(text: str, *, field: str) -> date:
    """Read `YYYY-MM-DD`. Raises `Invalid` naming `field`."""
    if _DATE.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            if _MIN_YEAR <= day.year <= _MAX_YEAR:
                return day
    raise Invalid(
        f"{field}: {text!r} is not a date; write it as YYYY-MM-DD, such as 2026-07-14.",
        code="invalid_date",
        field=field,
    )


def parse_day_range(start: str, end: str, *, max_days: int) -> tuple[date, date]:
    """Read the `from` and `to` of a calendar request, each `YYYY-MM-DD` or `YYYY-MM`.

    A month stands for its first day as `from` and its last day as `to`. Returns both days, inclusive. Raises `Invalid`
    for a value that is neither, for `to` before `from`, and for more than `max_days` days.
    """
    first, _ = _month_or_day(start, field="from")
    _, last = _month_or_day(end, field="to")
    if last < first:
        raise Invalid("to: must not be before from.", code="invalid_date_range", field="to")
    if (last - first).days >= max_days:
        raise Invalid(
            f"to: the range from {first} to {last} is longer than {max_days} days; ask in parts.",
            code="invalid_date_range",
            field="to",
        )
    return first, last


def _month_or_day(text: str, *, field: str) -> tuple[date, date]:
    if _MONTH.fullmatch(text):
        first = parse_date(f"{text}-01", field=field)
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        return first, following - timedelta(days=1)
    day = parse_date(text, field=field)
    return day, day


def utc_day(day: date) -> Instant:
    """Return the instant at which the UTC day `day` begins."""
    return (day - date(1970, 1, 1)).days * DAY_MS


def shift_years(wall: datetime, years: int) -> datetime:
    """Return the naive `wall` moved by whole `years`; 29 February becomes the 28th where needed."""
    try:
        return wall.replace(year=wall.year + years)
    except ValueError:
        return wall.replace(year=wall.year + years, day=28)
