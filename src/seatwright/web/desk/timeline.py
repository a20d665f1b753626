"""The day as a timeline: its hours, and the place of each departure on it, as classes of a style sheet.

The pages have no inline styles, so a departure's place is said with classes: `s` and the quarter hour in which it
begins, `w` and how many quarter hours it lasts, `r` and its row within its product's lane. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

QUARTER_MIN = 15
MAX_HOURS = 48
"""The longest day on a timeline: a departure at 23:00 may last into the next evening, and no longer is shown."""
MAX_ROWS = 40
_FEWEST_HOURS = 8
_SHORTEST = 4
"""The fewest quarter hours with which a departure is drawn, so that its text has room."""


class Span(NamedTuple):
    """A departure's time, in minutes of its day's wall clock; `end` may be on the next day."""

    start: int
    end: int


class Place(NamedTuple):
    """Where a span is on the timeline: its first quarter hour, its number of quarter hours, and its row, from 1."""

    quarter: int
    length: int
    row: int

    @property
    def classes(self) -> str:
        """The classes of the style sheet that put an element there."""
        return f"s{self.quarter} w{self.length} r{self.row}"


class Hours(NamedTuple):
    """The hours that a timeline shows: the first one, from midnight, and how many."""

    first: int
    number: int

    @property
    def minutes(self) -> int:
        """The timeline's length in minutes."""
        return self.number * 60


def hours(spans: Sequence[Span], now: int | None = None) -> Hours:
    """Return the hours of a timeline that shows all spans, and the minute `now`; at least eight hours."""
    starts = [span.start for span in spans] + ([now] if now is not None else [])
    ends = [span.end for span in spans] + ([now + 1] if now is not None else [])
    first = max(0, min(starts, default=8 * 60) // 60)
    last = min(first + MAX_HOURS, -(-max(ends, default=16 * 60) // 60))
    if last - first < _FEWEST_HOURS:
        first = min(first, max(last, 24) - _FEWEST_HOURS)
        last = first + _FEWEST_HOURS
    return Hours(first, last - first)


def places(spans: Sequence[Span], shown: Hours) -> list[Place]:
    """Return the place of each span of one lane; spans that overlap are in different rows."""
    free_from: list[int] = []
    found = []
    for span in spans:
        last = shown.number * 60 // QUARTER_MIN
        quarter = min(max(0, (span.start - shown.first * 60) // QUARTER_MIN), last - _SHORTEST)
        end = min(last, -(-(span.end - shown.first * 60) // QUARTER_MIN))
        length = max(_SHORTEST, end - quarter)
        row = next((row for row, free in enumerate(free_from) if free <= quarter), len(free_from))
        row = min(row, MAX_ROWS - 1)
        if row == len(free_from):
            free_from.append(0)
        free_from[row] = quarter + length
        found.append(Place(quarter, length, row + 1))
    return found


def style_sheet() -> str:
    """Return the classes of all places."""
    quarters = MAX_HOURS * 60 // QUARTER_MIN
    rules = [f".h{count}{{--hours:{count}}}" for count in range(1, MAX_HOURS + 1)]
    rules += [f".s{quarter}{{grid-column-start:{quarter + 1}}}" for quarter in range(quarters)]
    rules += [f".w{length}{{grid-column-end:span {length}}}" for length in range(1, quarters + 1)]
    rules += [f".track .r{row}{{grid-row:{row}}}" for row in range(1, MAX_ROWS + 1)]
    return "\n".join(rules) + "\n"
