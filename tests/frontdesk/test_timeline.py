"""Where departures are on the day's timeline."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.web.desk.timeline import MAX_HOURS, Span, hours, places, style_sheet

STARTS = st.integers(0, 24 * 60 - 1)
SPANS = st.lists(
    st.builds(lambda start, length: Span(start, start + length), STARTS, st.integers(0, 26 * 60)), max_size=12
)


@given(SPANS)
def test_departures_of_one_lane_never_cover_each_other(spans: list[Span]) -> None:
    spans = sorted(spans)
    shown = hours(spans)
    placed = places(spans, shown)
    assert len(placed) == len(spans)
    for one, other in combinations(placed, 2):
        apart = one.quarter + one.length <= other.quarter or other.quarter + other.length <= one.quarter
        assert one.row != other.row or apart
    last = shown.number * 4
    for place in placed:
        assert place.quarter >= 0
        assert place.quarter + place.length <= last


@given(SPANS, st.none() | STARTS)
def test_all_departures_and_the_present_time_are_within_the_hours(spans: list[Span], now: int | None) -> None:
    shown = hours(spans, now)
    assert 8 <= shown.number <= MAX_HOURS
    for span in spans:
        assert shown.first * 60 <= span.start < (shown.first + shown.number) * 60
    if now is not None:
        assert shown.first * 60 <= now < (shown.first + shown.number) * 60


@pytest.mark.parametrize(
    ("spans", "first", "number"), [([], 8, 8), ([Span(510, 750)], 8, 8), ([Span(420, 1260)], 7, 14)]
)
def test_a_short_day_has_eight_hours(spans: list[Span], first: int, number: int) -> None:
    assert hours(spans) == (first, number)


def test_each_class_of_a_place_is_in_the_style_sheet() -> None:
    rules = style_sheet()
    for span in (Span(0, 1), Span(23 * 60 + 45, 26 * 60), Span(0, 24 * 60)):
        shown = hours([span, Span(0, 48 * 60)])
        (place,) = places([span], shown)
        for name in place.classes.split():
            assert f".{name}{{" in rules
    assert ".h48{" in rules
