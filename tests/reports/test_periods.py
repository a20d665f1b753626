"""Days and cycles: the account's own, whatever its clocks do, and the same in SQL as on its calendar."""

from __future__ import annotations

import random
import sqlite3
from datetime import date, timedelta

import pytest

from seatwright.core.clock import DAY_MS
from seatwright.core.errors import Invalid
from seatwright.core.times import to_local
from seatwright.reports.periods import Span, cycle_start, cycles, days_of, next_cycle, read_span
from seatwright.storage.dialect import to_sqlite
from tests.conftest import START


@pytest.mark.parametrize(
    "zone",
    ["America/Denver", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago", "Asia/Beirut", "UTC"],
)
def test_sql_counts_the_days_of_the_calendar(zone: str) -> None:
    """Zones with a quarter of a day's worth of oddities: half-hour changes, changes at midnight, four in a year."""
    span = Span(date(2026, 1, 15), date(2027, 1, 15), zone)
    sql, values = days_of(span).number("at", 1)
    assert len(values) < 60, "a year is a few cases, not 366"
    chance = random.Random(zone)
    instants = [chance.randrange(span.start, span.end) for _ in range(2_000)]
    edges = [edge + off for edge in days_of(span).starts[1:] for off in (-1, 0)]
    with sqlite3.connect(":memory:") as database:
        for at in [*instants, *edges, span.start, span.end - 1]:
            number = database.execute(f"SELECT {to_sqlite(sql)} FROM (SELECT {at} AS at)", values)
            assert span.first + timedelta(days=number.fetchone()[0]) == to_local(at, zone).date(), at


def test_a_day_of_the_clocks_change_is_a_day() -> None:
    """In Denver 2026-11-01 has 25 hours, 2026-03-08 has 23."""
    long, short = (Span(day, day, "America/Denver") for day in (date(2026, 11, 1), date(2026, 3, 8)))
    assert (long.end - long.start, short.end - short.start) == (DAY_MS * 25 // 24, DAY_MS * 23 // 24)


def test_a_period_is_read_or_refused_by_the_name_of_its_day() -> None:
    zone = "Pacific/Auckland"  # where it is 2026-07-02 already
    assert read_span(None, None, START, zone)[:2] == (date(2026, 7, 1), date(2026, 7, 2))
    assert read_span("2026-06-05", None, START, zone)[:2] == (date(2026, 6, 5), date(2026, 7, 2))
    assert read_span("2027-06-05", None, START, zone)[:2] == (date(2027, 6, 5), date(2027, 6, 5))
    assert len(read_span("2024-01-01", "2024-12-31", START, zone).days) == 366
    for first, last, field in (
        (None, "2026-07-01", "to"),
        ("2026-07-02", "2026-07-01", "to"),
        ("2026-01-01", "2027-01-02", "to"),
        ("2026-7-1", None, "from"),
        ("2026-07-01", "2026-02-30", "to"),
    ):
        with pytest.raises(Invalid) as refused:
            read_span(first, last, START, zone)
        assert refused.value.field == field


def test_cycles_adjoin_and_hold_their_days() -> None:
    for cycle, weekday, lengths in (("weekly", 0, {7}), ("biweekly", 0, {14}), ("monthly", None, {28, 29, 30, 31})):
        day = date(2026, 1, 1)
        for _ in range(800):
            start, following = cycle_start(day, cycle), next_cycle(cycle_start(day, cycle), cycle)
            assert start <= day < following
            assert cycle_start(following, cycle) == following
            assert (following - start).days in lengths
            assert weekday is None or start.weekday() == weekday
            day += timedelta(days=1)
    assert cycle_start(date(2026, 7, 1), "biweekly") == date(2026, 6, 22)
    assert cycles(date(2026, 6, 30), date(2026, 8, 1), "monthly") == [date(2026, month, 1) for month in (6, 7, 8)]
