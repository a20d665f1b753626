"""The days that a calendar is asked for."""

from __future__ import annotations

from datetime import date, timedelta

from seatwright.core.clock import Instant
from seatwright.core.times import parse_date, parse_day_range, to_local

MAX_DAYS = 366
DEFAULT_DAYS = 31


def calendar_days(first: str | None, last: str | None, now: Instant, zone: str) -> tuple[date, date]:
    """Return the first and last day that `from` and `to` mean, each `YYYY-MM-DD` or `YYYY-MM`.

    `from` is today in `zone` if it is missing; `to` is 31 days later, or the end of the month that `from` is. Raises
    `Invalid`, naming the parameter, also for more than `MAX_DAYS`.
    """
    first = first or to_local(now, zone).date().isoformat()
    if not last:
        last = first if len(first) == len("2026-07") else _later(first)
    return parse_day_range(first, last, max_days=MAX_DAYS)


def _later(first: str) -> str:
    return (parse_date(first, field="from") + timedelta(days=DEFAULT_DAYS)).isoformat()
