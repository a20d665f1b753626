"""Every change of the clock in every IANA zone from 2026 to 2036: instants, cancellation fees and schedules.

What is promised:

- A time on the wall is the instant at which the wall shows it; of one that comes twice, the first; one that never comes
  is moved ahead by the length of the gap. Times that come are in the order of their instants.
- No fee is below zero or above what the line cost; where a narrower window never costs less, the fee never goes down
  while time moves on, whatever the clocks do in between.
- A recurrence keeps its time on the wall, and every local day has its departure once.

The expected offsets are integers found by looking at the zones day by day, not the code under test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from seatwright.cancellation.fees import CancelledLine, cancellation_fees
from seatwright.catalog.fee_windows import cutoff
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from seatwright.core.moments import parse_moment
from seatwright.core.times import from_local, iso_utc, iso_wall, to_local, utc_day
from seatwright.setup.convert import Terms
from seatwright.setup.departure_form import Recurrence
from seatwright.setup.specs import closes_at, specs_of, times_of
from tests.crash.scale import amount
from tests.times.catalogs import RAFT, catalog
from tests.times.zones import FIRST, LAST, Change, changing, tables

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock
MS = timedelta(milliseconds=1)
STARTS = amount("ZONE_STARTS", 1)


def wall_at(ms: int) -> datetime:
    """Return a time on the wall that is given in milliseconds, as if it were UTC."""
    return EPOCH + ms * MS


def expected(change: Change, wall: int) -> int:
    """Return the instant of a time on the wall (milliseconds) near a change."""
    return wall - (change.before if wall < change.end_wall else change.after)


def comes(change: Change, wall: int) -> bool:
    """Tell whether a time on the wall near a change ever comes."""
    return not (change.gap and change.first_wall <= wall < change.end_wall)


def walls(change: Change) -> list[int]:
    """Return times on the wall around a change: the days before and after, and each edge to the millisecond."""
    first, end = change.first_wall, change.end_wall
    middle = (first + end) // 2
    days = (first - DAY_MS, first - HOUR_MS, end + HOUR_MS, end + DAY_MS)
    return sorted({*days, *(edge + by for edge in (first, middle, end) for by in (-MINUTE_MS, -1, 0, 1, MINUTE_MS))})


def test_the_zones_are_known_to_the_day() -> None:
    """Nothing below is proved of changes that were not found."""
    found = tables()
    assert sum(len(names) for names in found.values()) > 400
    assert len(changing()) > 500
    assert {change.gap for _, change in changing()} == {True, False}
    for table, names in found.items():
        for second in range(FIRST, LAST, 86_400):
            shown = to_local(second * 1000, names[0]).utcoffset()
            assert shown == table.at(second * 1000) * MS, (names[0], second)
        for name in names[1:]:
            assert all(to_local(change.at, name).utcoffset() == change.after * MS for change in table.changes)


def test_a_time_on_the_wall_is_one_instant_and_back() -> None:
    gaps = folds = 0
    for name, change in changing():
        before = -1
        for wall in walls(change):
            at = from_local(wall_at(wall), name)
            assert type(at) is int
            assert at == expected(change, wall), (name, wall_at(wall))
            shown = to_local(at, name)
            if comes(change, wall):
                assert before < at, (name, wall_at(wall))
                assert (shown.replace(tzinfo=None), shown.fold) == (wall_at(wall), 0)
                before = at
            else:
                assert shown.replace(tzinfo=None) == wall_at(wall + change.after - change.before)
                gaps += 1
            folds += not change.gap and change.first_wall <= wall < change.end_wall
            text = wall_at(wall).isoformat(timespec="milliseconds")
            assert parse_moment(text, name, field="start") == at
            assert iso_wall(at, name) == shown.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            assert parse_moment(iso_utc(at), name, field="start") == at
    assert min(gaps, folds) > 1000


def test_an_instant_is_one_time_on_the_wall_and_back_but_the_second_of_two() -> None:
    twice = 0
    for name, change in changing():
        length = abs(change.after - change.before)
        for by in (-DAY_MS, -length - 1, -length, -1, 0, 1, length - 1, length, length + 1, DAY_MS):
            at = change.at + by
            wall = to_local(at, name).replace(tzinfo=None)
            assert wall == wall_at(at + (change.before if at < change.at else change.after))
            second = not change.gap and 0 <= by < length
            twice += second
            assert from_local(wall, name) == (at - length if second else at), (name, at)
    assert twice > 300


# --- Cancellation fees -------------------------------------------------------------------------------


def tiered(id: str, *tiers: tuple[int, int | None, str]) -> Policy:
    """Return a policy of percentages per person, or per order if `id` says so, each with its window."""
    per = "order" if "order" in id else "person"
    fees = tuple(
        Fee(calc="percent", amount=percent * 10_000, per=per, window=window, window_unit=unit)  # type: ignore[arg-type]
        for percent, window, unit in tiers
    )
    return Policy(id=id, code=id, name=id, fees=fees)


HOURS = tiered("hours", (100, 2, "hours"), (50, 24, "hours"), (25, 72, "hours"), (5, None, "hours"))
DAYS = tiered("days-order", (80, 1, "days"), (50, 2, "days"), (20, 7, "days"), (10, 1, "years"))
MIXED = tiered("mixed", (90, 3, "hours"), (60, 1, "days"), (30, 60, "hours"), (0, 14, "days"))
FLAT = Policy(
    id="flat",
    code="flat",
    name="Flat",
    fees=(
        Fee(calc="flat", amount=20_000, per="person", window=1, window_unit="days"),
        Fee(calc="flat", amount=500, per="person", window=36),
    ),
)
LINES = [("hours", HOURS, 11_138), ("days", DAYS, 9_901), ("more", DAYS, 1), ("mixed", MIXED, 33), ("flat", FLAT, 777)]


def cancelled_at(start_at: int, name: str) -> list[CancelledLine]:
    """Return a participant under each policy."""
    return [CancelledLine(line_id, "participant", total, policy, start_at, name) for line_id, policy, total in LINES]


def instants(change: Change, start_at: int, name: str) -> list[int]:
    """Return every instant at which a window opens, the clocks change or the trip starts, and those next to them."""
    opens = {cutoff(fee, start_at, name) for policy in (HOURS, DAYS, MIXED, FLAT) for fee in policy.fees} - {None}
    edges = {*opens, change.at, start_at, start_at - 9 * DAY_MS, start_at + DAY_MS}
    return sorted({edge + by for edge in edges if edge is not None for by in (0, 1)})


def starts(change: Change, number: int) -> list[int]:
    """Return starts just before a change, within it and after it, and those of which a window opens within it.

    They take turns from one change to the next, `ZONE_STARTS` (6 are all) at a time.
    """
    middle = (change.first_wall + change.end_wall) // 2
    near = [expected(change, wall) for wall in (change.first_wall - HOUR_MS, middle, change.end_wall + HOUR_MS)]
    later = [expected(change, middle + days * DAY_MS) for days in (1, 2, 7)]
    six = [near[0], later[0], near[1], later[1], near[2], later[2]]
    return [six[(number * STARTS + n) % 6] for n in range(STARTS)]


def test_no_change_of_the_clocks_makes_a_fee_negative_or_larger_than_the_price_or_smaller_as_time_moves_on() -> None:
    met: Counter[int] = Counter()
    for number, (name, change) in enumerate(changing()):
        for start_at in starts(change, number):
            lines, least = cancelled_at(start_at, name), [0] * len(LINES)
            for now in instants(change, start_at, name):
                result = cancellation_fees(lines, now)
                fees = [line.fee for line in result.lines]
                assert all(type(fee) is int and 0 <= fee <= line.total for fee, line in zip(fees, lines, strict=True))
                # The two lines under one policy per order share a rounding; together they never cost less.
                fees[1:3] = [fees[1] + fees[2], 0]
                assert all(low <= fee for low, fee in zip(least, fees, strict=True)), (name, start_at, now)
                least = fees
                met[fees[0]] += 1
            assert least == [11_138, 7_922, 0, 30, 777], "in the end the narrowest windows count"
    assert set(met) == {557, 2785, 5569, 11_138}
    assert min(met.values()) > 500


def test_windows_in_days_open_at_the_time_on_the_wall_and_before_the_start() -> None:
    for name, change in changing():
        middle = (change.first_wall + change.end_wall) // 2
        for days in (1, 2, 7):
            fee = Fee(calc="flat", amount=1, per="order", window=days, window_unit="days")
            for wall in (middle, middle + days * DAY_MS, change.end_wall + HOUR_MS):
                start_at = expected(change, wall)
                shown = start_at + (change.before if start_at < change.at else change.after)
                opens = cutoff(fee, start_at, name)
                assert opens == expected(change, shown - days * DAY_MS), (name, days, wall_at(wall))
                assert opens < start_at


# --- Schedules ---------------------------------------------------------------------------------------


def recurrence(name: str, first: date, last: date, *times: str) -> list[tuple[int, str, str]]:
    """Return the departures of a recurrence: start, local day as it is stored, and time on the wall."""
    form = Recurrence(from_=first.isoformat(), to=last.isoformat(), times=list(times), capacity=1)
    terms = Terms(currency="USD", time_zone=name, now=FIRST * 1000)
    made = []
    for spec in specs_of(catalog(RAFT, time_zone=name), terms, RAFT, form, path="").specs:
        assert spec.start_at is not None
        assert closes_at(spec) == spec.start_at - HOUR_MS, "booking ends an hour of real time before"
        times_stored = times_of(spec.start_at, 4 * HOUR_MS, name)
        assert times_stored.end_at == spec.start_at + 4 * HOUR_MS
        assert times_stored.local_date is not None
        made.append((spec.start_at, times_stored.local_date, iso_wall(spec.start_at, name)))
    return made


def days(first: date, last: date) -> Iterator[date]:
    """Return every day from one to another, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def test_nine_o_clock_stays_nine_o_clock_for_ten_years_in_every_zone() -> None:
    first, last = date(2026, 1, 1), date(2035, 12, 31)
    for table, names in tables().items():
        until = last if table.changes else date(2026, 1, 31)
        made = recurrence(names[0], first, until, "09:00")
        every_day = list(days(first, until))
        assert [(day, shown) for _, day, shown in made] == [(f"{day}", f"{day}T09:00:00.000Z") for day in every_day]
        for day, (start_at, _, _) in zip(every_day, made, strict=True):
            assert start_at == utc_day(day) + 9 * HOUR_MS - table.at(start_at), (names[0], day)


def test_a_time_that_comes_twice_or_never_has_one_departure_a_day_too() -> None:
    """Around each change, at a time of day within it and at midnight.

    Where a gap lasts until midnight, as in Nuuk, a departure that would be in it is early the next day.
    """
    past_midnight = set()
    for name, change in changing():
        middle = wall_at((change.first_wall + change.end_wall) // 2).replace(second=0, microsecond=0)
        around = list(days(middle.date() - timedelta(days=2), middle.date() + timedelta(days=2)))
        for time in (middle.strftime("%H:%M"), "00:00"):
            made = recurrence(name, around[0], around[-1], time)
            on_wall = [(datetime.fromisoformat(f"{day}T{time}") - EPOCH) // MS for day in around]
            assert [start_at for start_at, *_ in made] == [expected(change, wall) for wall in on_wall], (name, time)
            shown = [wall if comes(change, wall) else wall + change.after - change.before for wall in on_wall]
            assert [day for _, day, _ in made] == [wall_at(wall).date().isoformat() for wall in shown]
            if [day for _, day, _ in made] != [day.isoformat() for day in around]:
                assert change.gap
                assert change.end_wall % DAY_MS == 0
                past_midnight.add(name)
    assert past_midnight <= {"America/Nuuk", "America/Godthab", "America/Scoresbysund"}, past_midnight
