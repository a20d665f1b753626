"""Departures' times: the wall clock of their place, written as if it were UTC (Resmark's way)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def wall_clock(text: str | None) -> dt.datetime | None:
    """Return "2026-07-14T09:00:00.000Z" as 9 o'clock without a zone: the Z in it means nothing."""
    return None if text is None else dt.datetime.fromisoformat(text).replace(tzinfo=None)


def in_zone(text: str | None, zone: str) -> dt.datetime | None:
    """Return a wall clock's time as an instant, aware of the IANA zone that it is in.

    An hour that a change of the clocks has twice is its first.
    """
    at = wall_clock(text)
    return None if at is None else at.replace(tzinfo=ZoneInfo(zone))
