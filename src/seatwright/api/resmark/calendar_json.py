"""A product's dates in JSON, put together from cached pieces and the seats that are free at this moment.

The data of a departure besides its seats are also read each time, as one text; while this text is the same, the cached
pieces of JSON around the numbers are valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

import msgspec

from seatwright.api.resmark.product_wire import TimeOut
from seatwright.catalog.model import Catalog, Product
from seatwright.core.clock import Instant
from seatwright.core.money import to_wire
from seatwright.core.times import iso_wall
from seatwright.http import wire
from seatwright.http.byte_bounded_cache import ByteBoundedCache
from seatwright.inventory.store import FIXED, calendar, glance
from seatwright.storage.engine import ReadTx


class _Time(NamedTuple):
    """A departure's piece of JSON, before and after its seats, and its place."""

    id: str
    day: str | None
    start_at: Instant
    until: Instant | None
    """When booking ends; None means never."""
    place: int
    """The index of its free seats in the glance."""
    before: str
    after: str


class _Calendar(NamedTuple):
    """A calendar's text as it was read, with the times in order and the JSON around their seats."""

    version: int
    fixed: str
    times: Sequence[_Time]
    until: Instant | None
    around: Sequence[str]


class CalendarJsonCache:
    """A cache of recently shown calendars. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: ByteBoundedCache[tuple[str, str, str, date, date], _Calendar] = ByteBoundedCache()

    async def show(
        self, tx: ReadTx, catalog: Catalog, product: Product, first: date, last: date, now: Instant
    ) -> msgspec.Raw:
        """Return a product's bookable departures on the local days from `first` to `last`, as the JSON of
        `ItemsOut`.
        """
        seen = await glance(tx, catalog.account_id, product.id, first, last, now)
        shown = self._calendar(catalog, product, first, last, seen.fixed)
        free = [seen.free[time.place] for time in shown.times]
        if seen.overdue:
            counted = await calendar(tx, catalog.account_id, product.id, first, last, now)
            by_id = {departure.id: departure.free for departure in counted}
            free = [str(by_id.get(time.id, 0)) for time in shown.times]
        around = shown.around
        if shown.until is not None and now >= shown.until:
            left = [(time, seats) for time, seats in zip(shown.times, free, strict=True) if _bookable(time, now)]
            around, free = _around([time for time, _ in left]), [seats for _, seats in left]
        pieces = [""] * (2 * len(free) + 1)
        pieces[0::2], pieces[1::2] = around, free
        return msgspec.Raw("".join(pieces).encode())

    def _calendar(self, catalog: Catalog, product: Product, first: date, last: date, fixed: str) -> _Calendar:
        key = (catalog.account_id, product.id, product.price_category, first, last)
        kept = self._kept.get(key)
        if kept is not None and kept.version == catalog.version and kept.fixed == fixed:
            return kept
        times = _times(catalog, product, fixed)
        until = min((time.until for time in times if time.until is not None), default=None)
        made = _Calendar(catalog.version, fixed, times, until, _around(times))
        self._kept.put(key, made, _size(made))
        return made


def _size(calendar: _Calendar) -> int:
    return 3 * len(calendar.fixed) + 2 * sum(map(len, calendar.around))


def _times(catalog: Catalog, product: Product, fixed: str) -> list[_Time]:
    times = [_time(catalog, product, line, place) for place, line in enumerate(fixed.split("\n") if fixed else [])]
    shown = [time for time in times if time is not None]
    return sorted(shown, key=lambda time: (time.day or "", time.start_at, time.id))


def _time(catalog: Catalog, product: Product, line: str, place: int) -> _Time | None:
    """Return a departure's piece; None for one that is closed."""
    values = dict(zip(FIXED, line.split("|", len(FIXED) - 1), strict=True))
    if values["closed"] in ("1", "true"):
        return None
    start_at, end_at, closes_at = (int(values[name]) if values[name] else None for name in _INSTANTS)
    zone = values["time_zone"]
    prices: dict[str, int] = msgspec.json.decode(values["prices"]) if values["prices"] else {}
    out = TimeOut(
        activity_id=values["id"],
        start_time=None if start_at is None else iso_wall(start_at, zone),
        end_time=None if end_at is None else iso_wall(end_at, zone),
        tiers_available={"*": 0},
        price={tier.code: to_wire(tier.price_on(prices), catalog.currency) for tier in product.tiers},
    )
    before, _, after = wire.encode(out).decode().partition('"*":0')
    ends = [instant for instant in (start_at, closes_at) if instant is not None]
    return _Time(
        id=values["id"],
        day=values["local_date"] or None,
        start_at=start_at or 0,
        until=min(ends, default=None),
        place=place,
        before=before + '"*":',
        after=after,
    )


_INSTANTS = ("start_at", "end_at", "closes_at")


def _bookable(time: _Time, now: Instant) -> bool:
    return time.until is None or now < time.until


def _around(times: Sequence[_Time]) -> list[str]:
    """Return the JSON around the seats of some times: before the first, between each two, after the last."""
    around, text = [], '{"items":['
    for number, (day, group) in enumerate(groupby(times, key=lambda time: time.day)):
        text += ("," if number else "") + f'{{"date":{wire.encode(day).decode()},"timesAvailable":['
        for place, time in enumerate(group):
            around.append(text + ("," if place else "") + time.before)
            text = time.after
        text += "]}"
    return [*around, text + "]}"]
