"""Leap days, the end of the year, and departures at local midnight.

What is promised: 29 February is a day like any other where it exists (2028) and refused where it doesn't (2100); a
departure belongs to the day on its place's wall, whatever day it is in UTC; and days have no time between them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from seatwright.cancellation.fees import CancelledLine, cancellation_fees
from seatwright.catalog.fee_windows import cutoff
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import DAY_MS
from seatwright.core.errors import Invalid
from seatwright.core.moments import parse_moment
from seatwright.core.times import from_local, iso_utc, iso_wall, parse_date, parse_day_range, shift_years, to_local
from seatwright.http.context import Services
from seatwright.setup.convert import Terms
from seatwright.setup.departure_form import Recurrence
from seatwright.setup.specs import specs_of, times_of
from tests.conftest import TestAccount
from tests.outfitter import CATALOG, Operator
from tests.times.catalogs import RAFT, catalog
from tests.times.zones import changing

PLACES = ["America/Denver", "Pacific/Kiritimati", "Etc/GMT+12", "Australia/Lord_Howe"]


def local(text: str, zone: str) -> int:
    """Return the instant of a time on the wall, such as "2028-02-29 09:00"."""
    return from_local(datetime.fromisoformat(text), zone)


def scheduled(zone: str, first: str, last: str, time: str) -> list[str]:
    """Return the local days of a daily recurrence, as they are stored; each must keep its time on the wall."""
    form = Recurrence(from_=first, to=last, times=[time], capacity=1)
    found = []
    for spec in specs_of(catalog(RAFT, time_zone=zone), Terms("USD", zone, 0), RAFT, form, path="").specs:
        stored = times_of(spec.start_at, 60_000, zone)
        assert spec.start_at is not None
        assert stored.local_date is not None
        assert iso_wall(spec.start_at, zone) == f"{stored.local_date}T{time}:00.000Z"
        found.append(stored.local_date)
    return found


@pytest.mark.parametrize("zone", PLACES)
@pytest.mark.parametrize("time", ["00:00", "09:00", "23:59"])
def test_a_leap_day_is_scheduled_where_it_exists(zone: str, time: str) -> None:
    assert scheduled(zone, "2028-02-28", "2028-03-01", time) == ["2028-02-28", "2028-02-29", "2028-03-01"]
    assert scheduled(zone, "2100-02-28", "2100-03-01", time) == ["2100-02-28", "2100-03-01"]
    assert len(scheduled(zone, "2028-01-01", "2028-12-31", time)) == 366
    assert len(scheduled(zone, "2100-01-01", "2100-12-31", time)) == 365


@pytest.mark.parametrize("day", ["2100-02-29", "2027-02-29", "2028-02-30"])
def test_a_day_that_does_not_exist_is_refused(day: str) -> None:
    with pytest.raises(Invalid):
        parse_date(day, field="from")
    for text in (day, f"{day}T09:00", f"{day}T09:00Z"):
        with pytest.raises(Invalid):
            parse_moment(text, "America/Denver", field="start")
    with pytest.raises(Invalid):
        scheduled("America/Denver", "2027-01-01", day, "09:00")


def test_a_month_ends_on_its_last_day_also_in_february() -> None:
    assert parse_day_range("2028-02", "2028-02", max_days=31) == (date(2028, 2, 1), date(2028, 2, 29))
    assert parse_day_range("2100-02", "2100-02", max_days=31) == (date(2100, 2, 1), date(2100, 2, 28))
    assert parse_day_range("2027-12", "2028-01", max_days=62) == (date(2027, 12, 1), date(2028, 1, 31))


def test_a_year_before_a_leap_day_is_the_28th() -> None:
    wall = datetime(2028, 2, 29, 9)  # noqa: DTZ001 - a wall clock
    assert [shift_years(wall, -n).strftime("%Y-%m-%d %H:%M") for n in (1, 4)] == [
        "2027-02-28 09:00",
        "2024-02-29 09:00",
    ]
    assert shift_years(wall.replace(year=2104), -4).date() == date(2100, 2, 28)
    assert shift_years(wall, 72).date() == date(2100, 2, 28)


@pytest.mark.parametrize("zone", PLACES)
@pytest.mark.parametrize(
    ("start", "window", "unit", "opens"),
    [
        ("2028-02-29 09:00", 1, "years", "2027-02-28 09:00"),
        ("2028-02-29 09:00", 366, "days", "2027-02-28 09:00"),
        ("2028-03-01 00:00", 1, "days", "2028-02-29 00:00"),
        ("2028-03-01 00:00", 24, "hours", "2028-02-29 00:00"),
        ("2100-03-01 00:00", 1, "days", "2100-02-28 00:00"),
        ("2104-02-29 23:59", 4, "years", "2100-02-28 23:59"),
        ("2029-01-01 00:00", 1, "days", "2028-12-31 00:00"),
        ("2028-12-31 23:59", 1, "years", "2027-12-31 23:59"),
        ("2029-01-01 00:00", 366, "days", "2028-01-01 00:00"),
    ],
)
def test_a_fee_counts_from_the_day_it_says(zone: str, start: str, window: int, unit: Any, opens: str) -> None:
    fee = Fee(calc="percent", amount=500_000, per="person", window=window, window_unit=unit)
    start_at, opens_at = local(start, zone), local(opens, zone)
    assert cutoff(fee, start_at, zone) == opens_at
    line = CancelledLine("a", "participant", 9_901, Policy(id="p", code="p", name="P", fees=(fee,)), start_at, zone)
    for now, expected in ((opens_at - 1, 0), (opens_at, 0), (opens_at + 1, 4_951), (start_at + DAY_MS, 4_951)):
        assert cancellation_fees([line], now).fee == expected


def test_days_have_no_time_between_them_and_none_twice() -> None:
    """Around every change of every zone: a day ends where the next begins, and its first instant shows that day."""
    for name, change in changing():
        middle = to_local(change.at, name).date()
        for day in (middle + timedelta(days=n) for n in (-1, 0, 1)):
            begins = parse_moment(f"{day}", name, field="from")
            assert parse_moment(f"{day - timedelta(days=1)}", name, field="to", end=True) == begins
            assert to_local(begins, name).date() == day, (name, day)
            assert to_local(begins - 1, name).date() == day - timedelta(days=1), (name, day)


DAYS = {  # the instant in UTC of a departure at midnight in Denver, and one a minute before
    "2028-02-29": ("2028-02-29T07:00:00.000Z", "2028-03-01T06:59:00.000Z"),
    "2028-12-31": ("2028-12-31T07:00:00.000Z", "2029-01-01T06:59:00.000Z"),
    "2029-01-01": ("2029-01-01T07:00:00.000Z", "2029-01-02T06:59:00.000Z"),
}


async def test_the_calendar_shows_a_departure_on_its_own_day(
    client: httpx.AsyncClient, services: Services, account: TestAccount
) -> None:
    operator = Operator.of(services, account.id)
    await operator.load(CATALOG)
    for day in DAYS:
        await operator.create_many("raft", first=day, last=day, times=["00:00", "23:59"], capacity=5)
    assert [iso_utc(row["start_at"]) for row in await operator.departures()] == [
        at for two in DAYS.values() for at in two
    ]
    for span, expected in {
        "from=2028-02&to=2028-02": ["2028-02-29"],
        "from=2028-02-29&to=2028-02-29": ["2028-02-29"],
        "from=2028-02-28&to=2028-02-28": [],
        "from=2028-03-01&to=2028-03-01": [],
        "from=2028-12-30&to=2028-12-31": ["2028-12-31"],
        "from=2028-12-31&to=2029-01-01": ["2028-12-31", "2029-01-01"],
        "from=2029-01&to=2029-01": ["2029-01-01"],
    }.items():
        answer = await client.get(f"/public/api/product/4101/item?{span}", headers=account.headers)
        shown = [time["startTime"] for found in answer.json()["data"]["items"] for time in found["timesAvailable"]]
        assert shown == [f"{day}T{time}:00.000Z" for day in expected for time in ("00:00", "23:59")], span
    for day in ("2100-02-29", "2027-02-29"):
        answer = await client.get(f"/public/api/product/4101/item?from={day}&to={day}", headers=account.headers)
        assert answer.status_code == 400
