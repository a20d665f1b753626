"""Every IANA zone's changes of the clock from 2026 to 2036, found by looking at nothing but the offset from UTC."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

FIRST = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
LAST = round(datetime(2036, 12, 31, tzinfo=UTC).timestamp())
STEP_S = 5 * 86_400
"""No zone changes its clock twice in this time (that none does is tested day by day)."""


class Change(NamedTuple):
    """The instant at which a zone's clocks change (milliseconds), and their offset from UTC before and after it."""

    at: int
    before: int
    after: int

    @property
    def gap(self) -> bool:
        """Whether the clocks go forward, so that some times on the wall never come; else some come twice."""
        return self.after > self.before

    @property
    def first_wall(self) -> int:
        """The first time on the wall (milliseconds as if it were UTC) that never comes, or comes twice."""
        return self.at + min(self.before, self.after)

    @property
    def end_wall(self) -> int:
        """The first time on the wall after those that never come, or come twice."""
        return self.at + max(self.before, self.after)


class Table(NamedTuple):
    """A zone's offset in 2026, and all its changes until 2036."""

    offset: int
    changes: tuple[Change, ...]

    def at(self, instant: int) -> int:
        """Return the offset from UTC at an instant."""
        return next((change.after for change in reversed(self.changes) if change.at <= instant), self.offset)


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds()) * 1000


def table(name: str) -> Table:
    """Return a zone's changes."""
    zone, found = ZoneInfo(name), []
    first = offset = _offset(zone, FIRST)
    for second in range(FIRST + STEP_S, LAST + STEP_S, STEP_S):
        then = _offset(zone, second)
        if then == offset:
            continue
        low, high = second - STEP_S, second
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        found.append(Change(high * 1000, offset, then))
        offset = then
    return Table(first, tuple(found))


@cache
def tables() -> dict[Table, list[str]]:
    """Return the zones by their changes: those with the same ones need to be looked at once."""
    found: dict[Table, list[str]] = defaultdict(list)
    for name in sorted(available_timezones()):
        found[table(name)].append(name)
    return dict(found)


def changing() -> list[tuple[str, Change]]:
    """Return every change of every zone, the same change of the same zone by another name left out."""
    return [(names[0], change) for found, names in tables().items() for change in found.changes]
