"""The days of a report, and how the databases count days and billing cycles. Pure.

Reports are an operator's bookkeeping, so their days are the account's own: from midnight to midnight in its time zone
(our decision; filters of lists are UTC days, as the reference's timestamps are). Days have 23 or 25 hours where the
clocks change, and are still days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.times import from_local, parse_date, to_local
from seatwright.resellers.model import BillingCycle

MAX_DAYS = 366
"""Days of one report at most."""

_DAY = timedelta(days=1)
_FIRST_BIWEEK = date(1970, 1, 5)
"""A Monday with which a cycle of two weeks begins, as every second Monday after it (our decision)."""


class Span(NamedTuple):
    """Days from `first` to `last`, both included, in the IANA zone `zone`."""

    first: date
    last: date
    zone: str

    @property
    def start(self) -> Instant:
        """The instant at which the first day begins."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> Instant:
        """The instant at which the last day ends; exclusive."""
        return midnight(self.last + _DAY, self.zone)

    @property
    def days(self) -> list[date]:
        """Every day, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def label(self) -> str:
        """The days as text for a file's name."""
        return f"{self.first}-to-{self.last}"


def read_span(first: str | None, last: str | None, now: Instant, zone: str) -> Span:
    """Read `from` and `to`, each `YYYY-MM-DD`: by default the days of this month until today in `zone`.

    Raises `Invalid`, naming the parameter, for a value that is no day, `to` without `from` or before it, and more than
    `MAX_DAYS` days.
    """
    if last and not first:
        raise Invalid("to: is only possible together with from.", code="missing_from_date", field="to")
    today = to_local(now, zone).date()
    start = parse_date(first, field="from") if first else today.replace(day=1)
    end = parse_date(last, field="to") if last else max(start, today)
    return checked(Span(start, end, zone), "from", "to")


def checked(span: Span, first: str, last: str) -> Span:
    """Return a span after checking it. Raises `Invalid`, naming the parameters `first` and `last`, as `read_span`
    does.
    """
    if span.last < span.first:
        raise Invalid(f"{last}: must not be before {first}.", code="invalid_date_range", field=last)
    if (span.last - span.first).days >= MAX_DAYS:
        raise Invalid(
            f"{last}: {span.first} to {span.last} is more than {MAX_DAYS} days; ask in parts.",
            code="invalid_date_range",
            field=last,
        )
    return span


def midnight(day: date, zone: str) -> Instant:
    """Return the instant at which a day begins; where the clocks skip midnight, the first instant of the day."""
    return from_local(datetime.combine(day, time()), zone)


def cycle_start(day: date, cycle: BillingCycle) -> date:
    """Return the first day of the billing cycle that `day` is in: a Monday, every second Monday, or the first of the
    month (our decision)."""
    if cycle == "monthly":
        return day.replace(day=1)
    if cycle == "weekly":
        return day - timedelta(days=day.weekday())
    return day - timedelta(days=(day - _FIRST_BIWEEK).days % 14)


def next_cycle(start: date, cycle: BillingCycle) -> date:
    """Return the first day of the cycle after the one that begins with `start`."""
    if cycle == "monthly":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if cycle == "weekly" else 14)


def cycles(first: date, last: date, cycle: BillingCycle) -> list[date]:
    """Return the first days of all cycles that contain a day from `first` to `last`, in order."""
    found = [cycle_start(first, cycle)]
    while (following := next_cycle(found[-1], cycle)) <= last:
        found.append(following)
    return found


class Periods(NamedTuple):
    """Adjoining periods, each beginning with one of `starts`, the last one over at `end`."""

    starts: Sequence[Instant]
    end: Instant

    def number(self, column: str, parameter: int) -> tuple[str, list[int]]:
        """Return SQL for the number, from 0, of the period that the instant in `column` is in, and its values.

        Their parameters are numbered from `parameter` on. The databases need no time zones: consecutive periods of one
        length are counted by division, so a year of days needs five cases and not 365.
        """
        edges = [*self.starts, self.end]
        values: list[int] = []
        cases, first = "", 0
        while first < len(self.starts):
            length, last = edges[first + 1] - edges[first], first + 1
            while last < len(self.starts) and edges[last + 1] - edges[last] == length:
                last += 1
            until, begin, base, by = (f"${parameter + len(values) + place}::bigint" for place in range(4))
            cases += f" WHEN {column} < {until} THEN {base} + ({column} - {begin}) / {by}"
            values += [edges[last], edges[first], first, length]
            first = last
        return f"CASE{cases} END", values


def days_of(span: Span) -> Periods:
    """Return the days of a span as periods."""
    return Periods([midnight(day, span.zone) for day in span.days], span.end)
