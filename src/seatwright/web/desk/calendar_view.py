"""The calendar as the desk shows it: a day on a timeline, and weeks, months and lists of the same departures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from seatwright.auth.model import Account
from seatwright.catalog.model import Catalog
from seatwright.core import times
from seatwright.core.clock import Instant
from seatwright.reports.departures import DayDeparture, DayList
from seatwright.web.desk import timeline
from seatwright.web.desk.crew_view import Faces, faces_of
from seatwright.web.desk.departure_view import start_place
from seatwright.web.desk.texts import Texts
from seatwright.web.desk.timeline import Hours, Span

_ANY_DAY = date(2001, 1, 1)


class Block(NamedTuple):
    """A departure on a screen. `look` and `place` are classes: how full it is, and where it is on the timeline."""

    id: str
    product: str
    day: date
    clock: str
    look: str
    place: str
    numbers: str
    left: str
    sub: str
    crew: Faces


class Lane(NamedTuple):
    """The departures of one product on the day's timeline."""

    product: str
    note: str
    blocks: list[Block]


class Fact(NamedTuple):
    """A figure above the day."""

    figure: str
    name: str
    urgent: bool = False


class DayView(NamedTuple):
    """A day. `now` is the minute of the present time from the first hour on; None on another day. `own` are the
    departures on which the reader is a guide or driver."""

    day: date
    facts: list[Fact]
    lanes: list[Lane]
    blocks: list[Block]
    own: list[Block]
    hours: Hours
    labels: list[str]
    now: int | None
    now_clock: str


class Cell(NamedTuple):
    """A day of a week or list with its departures, and the sums of them."""

    day: date
    blocks: list[Block]
    guests: int
    free: int


class MonthDay(NamedTuple):
    """A day of a month with the sums of its departures; days of other months are not `inside`."""

    day: date
    departures: int
    guests: int
    free: int
    inside: bool


def day_view(found: DayList, catalog: Catalog, texts: Texts, *, money: bool, user_id: str) -> DayView:
    """Return a day's departures by product, in the order of the products' numbers; with `money`, what is owed.

    `user_id` is who reads it.
    """
    day = found.days.first
    local = times.to_local(found.now, texts.zone)
    now = local.hour * 60 + local.minute if local.date() == day else None
    spans = {shown.departure.id: _span(shown, day) for shown in found.departures}
    hours = timeline.hours(list(spans.values()), now)
    lanes: dict[str, list[DayDeparture]] = {}
    for shown in sorted(found.departures, key=lambda shown: shown.product.number):
        lanes.setdefault(shown.product.id, []).append(shown)
    return DayView(
        day=day,
        facts=_facts(found, texts, money=money),
        lanes=[_lane(lane, spans, hours, found.now, catalog, texts) for lane in lanes.values()],
        blocks=[block_of(shown, found.now, texts) for shown in found.departures],
        own=[block_of(shown, found.now, texts) for shown in found.departures if shown.has_in_crew(user_id)],
        hours=hours,
        labels=[_hour(hours.first + number, number, texts) for number in range(hours.number)],
        now=None if now is None else now - hours.first * 60,
        now_clock=_short(texts.clock(found.now)),
    )


def cells(found: DayList, days: Sequence[date], texts: Texts) -> list[Cell]:
    """Return these days with their departures."""
    return [
        Cell(day, [block_of(each, found.now, texts) for each in shown], *_sums(shown, found.now))
        for day, shown in _by_day(found, days)
    ]


def month_of(found: DayList, days: Sequence[date], month: int) -> list[MonthDay]:
    """Return these days, of a calendar of a month, with the sums of their departures."""
    return [
        MonthDay(day, len(shown), *_sums(shown, found.now), inside=day.month == month)
        for day, shown in _by_day(found, days)
    ]


def _by_day(found: DayList, days: Sequence[date]) -> list[tuple[date, list[DayDeparture]]]:
    by_day: dict[str, list[DayDeparture]] = {day.isoformat(): [] for day in days}
    for shown in found.departures:
        by_day[shown.departure.local_date or ""].append(shown)
    return list(zip(days, by_day.values(), strict=True))


def _sums(shown: Sequence[DayDeparture], now: Instant) -> tuple[int, int]:
    """Return how many guests there are, and how many seats can still be sold."""
    return sum(each.guests.guests for each in shown), sum(_sellable(each, now) for each in shown)


def today_of(now: Instant, account: Account) -> date:
    """Return the day that it is where an account is."""
    return times.to_local(now, account.time_zone).date()


def weeks_of(day: date) -> list[date]:
    """Return the days of the weeks, from Monday on, that a month has a day in."""
    first = day.replace(day=1)
    first -= timedelta(days=first.weekday())
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    count = -(-(following - first).days // 7) * 7
    return [first + timedelta(days=number) for number in range(count)]


def week_of(day: date) -> list[date]:
    """Return the days of a day's week, from Monday on."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def fortnight_from(day: date) -> list[date]:
    """Return fourteen days from a day on."""
    return [day + timedelta(days=number) for number in range(14)]


def block_of(shown: DayDeparture, now: Instant, texts: Texts, place: str = "") -> Block:
    """Return a departure as it is drawn."""
    departure = shown.departure
    start = departure.start_at
    assert start is not None, "what is on a day has a start"
    look, left = _look(shown, now)
    clock = texts.clock(start, departure.time_zone)
    unit = shown.product.quantity_type == "unit"
    numbers = f"{departure.taken} booked" if unit else f"{departure.taken}/{departure.capacity}"
    return Block(
        id=departure.id,
        product=shown.product.name,
        day=date.fromisoformat(departure.local_date or ""),
        clock=_short(clock),
        look=look,
        place=place,
        numbers=numbers,
        left=left,
        sub=_sub(shown, now),
        crew=faces_of(shown.roster),
    )


def _lane(
    lane: Sequence[DayDeparture],
    spans: dict[str, Span],
    hours: Hours,
    now: Instant,
    catalog: Catalog,
    texts: Texts,
) -> Lane:
    product = lane[0].product
    pool = lane[0].pool
    placed = timeline.places([spans[shown.departure.id] for shown in lane], hours)
    return Lane(
        product=product.name,
        note=f"{pool.units} in the pool" if pool is not None else start_place(product, catalog),
        blocks=[block_of(shown, now, texts, place.classes) for shown, place in zip(lane, placed, strict=True)],
    )


def _look(shown: DayDeparture, now: Instant) -> tuple[str, str]:
    """Return the class and the few words that say how full a departure is, or why it can't be booked."""
    departure, guests = shown.departure, shown.guests
    if departure.closed and departure.cancelled_for is not None:
        return "off", "Cancelled"
    if departure.closed:
        return "shut", "Closed"
    if guests.pending and guests.pending == guests.guests:
        return "wait", "Pending"
    if departure.free <= 0:
        return "f4", "Full"
    if departure.start_at is not None and now >= departure.start_at:
        return _fill(shown), "Under way" if departure.end_at is None or now < departure.end_at else "Over"
    return _fill(shown), f"{departure.free} left"


def _fill(shown: DayDeparture) -> str:
    """Return the class that says how full a departure is."""
    departure = shown.departure
    whole = departure.taken + departure.free
    look = "f0" if departure.taken == 0 else "f1" if departure.taken * 3 < whole else "f2"
    if departure.taken * 3 >= whole * 2:
        look = "f3"
    return look


def _sub(shown: DayDeparture, now: Instant) -> str:
    guests, said = shown.guests, []
    if guests.checked_in:
        said.append(f"{guests.checked_in} of {guests.guests} in")
    if guests.no_shows:
        said.append(f"{guests.no_shows} no-show" + ("s" if guests.no_shows > 1 else ""))
    if guests.pending and guests.pending != guests.guests:
        said.append(f"{guests.pending} pending")
    if shown.held:
        said.append(f"{shown.held} held in carts")
    closes = shown.departure.closes_at
    if not shown.departure.closed and closes is not None and closes <= now < (shown.departure.start_at or 0):
        said.append("past its cut-off")
    return " · ".join(said)


def _sellable(shown: DayDeparture, now: Instant) -> int:
    return max(0, shown.departure.free) if shown.departure.bookable(now) else 0


def _facts(found: DayList, texts: Texts, *, money: bool) -> list[Fact]:
    people = [shown for shown in found.departures if shown.product.quantity_type == "participant"]
    rentals = [shown for shown in found.departures if shown.product.quantity_type == "unit"]
    facts = [Fact(str(sum(shown.guests.guests for shown in people)), "guests")]
    facts.append(Fact(str(sum(shown.guests.checked_in for shown in found.departures)), "checked in"))
    if rentals:
        facts.append(Fact(str(sum(shown.guests.sold for shown in rentals)), "units rented"))
    facts.append(Fact(str(sum(_sellable(shown, found.now) for shown in people)), "seats left"))
    if money and found.collect.owed:
        parties = "1 party" if found.collect.orders == 1 else f"{found.collect.orders} parties"
        facts.append(Fact(texts.money(found.collect.owed, found.currency), f"to collect from {parties}", urgent=True))
    return facts


def _span(shown: DayDeparture, day: date) -> Span:
    """Return a departure's time in minutes of the wall clock of its day. Where clocks go back while it is under way, it
    is drawn at least as long as the clock shows."""
    departure = shown.departure
    assert departure.start_at is not None, "what is on a day has a start"
    midnight = datetime.combine(day, time())
    start = _minutes(times.wall_at(departure.start_at, departure.time_zone) - midnight)
    end = _minutes(times.wall_at(departure.end_at or departure.start_at, departure.time_zone) - midnight)
    return Span(start, max(start, end))


def _short(clock: str) -> str:
    return clock.removesuffix(" am").removesuffix(" pm")


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


def _hour(hour: int, number: int, texts: Texts) -> str:
    """Return the label of an hour from midnight; on a clock of twelve hours only the first hours of a half of the day
    say which half it is."""
    text = texts.clock(times.from_local(datetime.combine(_ANY_DAY, time(hour % 24)), "UTC"), "UTC").replace(":00", "")
    if not text.endswith("m"):
        return text
    if hour % 24 == 12:
        return "noon"
    return text if number == 0 or hour % 12 == 1 or hour % 24 == 0 else text[:-3]
