"""Dates and times as people write them in catalogs and filters."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.core.times import from_datetime, from_local, parse_date

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{3}(?:\d{3})?)?)?)"
    r"(?P<offset>Z|[-+ ]\d{2}:\d{2})?",
    re.ASCII,
)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


def parse_moment(text: str, zone: str, *, field: str, end: bool = False) -> Instant:
    """Read `2026-07-14`, `2026-07-14T09:00` or `2026-07-14T09:00:00Z` (or `+02:00`) as an instant.

    Without an offset it is a local time in `zone`. A date alone means its first instant, or with `end` the first
    instant after it. A `+` that arrives as a space from a query string is understood. Raises `Invalid` naming `field`.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        day = parse_day(text, field=field)
        return from_local(day + timedelta(days=1 if end else 0), zone)
    parse_day(match["day"], field=field)
    offset = (match["offset"] or "").replace(" ", "+")
    try:
        wall = datetime.fromisoformat(f"{match['day']}T{match['time']}{offset}")
    except ValueError:
        raise _bad(field, text) from None
    return from_local(wall, zone) if wall.tzinfo is None else from_datetime(wall)


def days_between(first: str | None, last: str | None, zone: str) -> tuple[Instant | None, Instant | None]:
    """Return the first instant of the day `from`, and the first one after the day `to`, which is the same day if it is
    missing; None without a `from`. Raises `Invalid`, naming the field, also for a `to` before or without `from`.
    """
    if not first:
        if last:
            raise bad_field("to", "is only possible together with from.")
        return None, None
    start = parse_day(first, field="from")
    end = parse_day(last, field="to") if last else start
    if end < start:
        raise bad_field("to", "must not be before from.", code="invalid_date_range")
    return from_local(start, zone), from_local(end + timedelta(days=1), zone)


def wall_of(text: str) -> datetime | None:
    """Return the local time in a text that `parse_moment` can read; None if the text has an offset."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return parse_day(text, field="")
    return None if match["offset"] else datetime.fromisoformat(f"{match['day']}T{match['time']}")


def parse_day(text: str, *, field: str) -> datetime:
    """Read `YYYY-MM-DD` as a naive midnight. Raises `Invalid` naming `field`."""
    try:
        day = parse_date(text.strip(), field=field)
    except Invalid:
        raise _bad(field, text) from None
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock, whose zone is the caller's


def parse_clock(text: str, *, field: str) -> tuple[int, int]:
    """Read `HH:MM` on the 24-hour clock as hour and minute. Raises `Invalid` naming `field`."""
    if not _CLOCK.fullmatch(text):
        raise Invalid(
            f"{field}: {text[:40]!r} is not a time; write it as HH:MM, such as 09:30.", code="invalid_time", field=field
        )
    return int(text[:2]), int(text[3:])


def _bad(field: str, text: str) -> Invalid:
    sentence = f"{text[:40]!r} is not a date or time; write 2026-07-14, or 2026-07-14T09:00."
    return bad_field(field, sentence, code="invalid_date")
