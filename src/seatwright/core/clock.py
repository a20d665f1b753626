"""The only place where the wall clock is read.

An instant is an `int`: milliseconds since 1970-01-01T00:00Z. Services take a `Clock` and never ask the system for the
time, so that a test can set every boundary.
"""

from __future__ import annotations

import time
from typing import Protocol

Instant = int
"""Milliseconds since the Unix epoch, UTC."""

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Clock(Protocol):
    """An object that returns the current instant."""

    def now(self) -> Instant:
        """Return the current instant in milliseconds, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """Return the machine's time in milliseconds, UTC."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is told to move. For tests and replays."""

    def __init__(self, at: Instant) -> None:
        self._at = at

    def now(self) -> Instant:
        """Return the instant this clock was set to."""
        return self._at

    def set(self, at: Instant) -> None:
        """Jump to `at`, forwards or backwards."""
        self._at = at

    def advance(self, milliseconds: int) -> None:
        """Move by `milliseconds` (negative goes back)."""
        self._at += milliseconds
