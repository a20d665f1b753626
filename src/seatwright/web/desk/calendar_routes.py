"""The day, and the week, month and list around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.catalog.model import Catalog
from seatwright.core import times
from seatwright.core.errors import NotFound, SeatwrightError
from seatwright.http.context import ApiRequest, services
from seatwright.reports import manifest
from seatwright.reports.departures import DayList, Days, departures_of
from seatwright.reports.manifest import Found
from seatwright.storage.engine import ReadTx
from seatwright.web.desk import calendar_view
from seatwright.web.desk.departure_view import Peek, peek_of
from seatwright.web.desk.frame import go, screen
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.todo import Task, tasks
from seatwright.web.desk.visit import PAGE, Visit, admit, query, read


class DayFound(NamedTuple):
    """What was read for a day: its departures, what needs somebody, and the departure that is chosen."""

    days: DayList
    catalog: Catalog
    tasks: list[Task]
    chosen: Found | None


@get("/today", **PAGE)
async def get_today(request: ApiRequest) -> Response[str]:
    """Show the day that it is where the account is."""
    return await _day(request, None)


@get("/", **PAGE)
async def get_root(request: ApiRequest) -> Response[str]:
    """Lead a browser to the desk. Raises `NotFound` for a program, for which there is nothing here."""
    if "text/html" not in request.headers.get("accept", ""):
        raise NotFound("There is nothing at this address.", code="unknown_address")
    return go(request, "")


@get("/", **PAGE)
async def get_desk(request: ApiRequest) -> Response[str]:
    """Lead to today."""
    return go(request, "/today")


@get("/more", **PAGE)
async def get_more(request: ApiRequest) -> Response[str]:
    """Show all screens, for phones, whose bar has room for a few."""
    visit = await admit(request, None)
    return screen(request, visit, "more.html", here="more")


@get("/day/{day:str}", **PAGE)
async def get_day(request: ApiRequest, day: FromPath[str]) -> Response[str]:
    """Show a day, `YYYY-MM-DD`; with `departure`, that one beside it."""
    return await _day(request, times.parse_date(day, field="day"))


@get("/calendar", **PAGE)
async def get_calendar(request: ApiRequest) -> Response[str]:
    """Show the month of `day` (today by default); with `view`, its week, or a list from it on."""
    asked = query(request)
    text = asked.text("day")
    day = times.parse_date(text, field="day") if text else None
    shown = asked.text("view")
    if shown == "week":
        return await _week(request, day)
    return await _list(request, day) if shown == "list" else await _month(request, day)


async def _day(request: ApiRequest, day: date | None) -> Response[str]:
    chosen = query(request).text("departure")

    async def use_case(tx: ReadTx, visit: Visit) -> DayFound:
        wanted = day or _today(visit)
        found = await _departures(tx, request, visit, Days(wanted, wanted))
        catalog = await services(request).catalogs.load(tx, visit.account.id)
        peeked = await _chosen(tx, visit, chosen) if chosen and visit.may("manifests.read") else None
        return DayFound(found, catalog, await tasks(tx, visit), peeked)

    visit, found = await read(request, "departures.read", use_case)
    texts = texts_of(visit.account)
    view = calendar_view.day_view(
        found.days, found.catalog, texts, money=visit.may("orders.read"), user_id=visit.caller.user_id
    )
    departures = {shown.departure.id: shown for shown in found.days.departures}
    peek: Peek | None = None
    if found.chosen is not None and chosen in departures:
        peek = peek_of(
            departures[chosen],
            manifest.manifest_of(found.chosen, visit.caller.permissions),
            found.catalog,
            visit.now,
            texts,
        )
    today = _today(visit)
    return screen(
        request,
        visit,
        "day.html",
        here="today" if view.day == today else "calendar",
        view=view,
        today=today,
        tasks=found.tasks,
        peek=peek,
        before=view.day - timedelta(days=1),
        after=view.day + timedelta(days=1),
    )


async def _chosen(tx: ReadTx, visit: Visit, departure_id: str) -> Found | None:
    """Return a departure with its guests; None for one that is gone: the day is shown all the same."""
    try:
        return await manifest.read(tx, visit.account.id, departure_id)
    except SeatwrightError:
        return None


async def _month(request: ApiRequest, day: date | None) -> Response[str]:
    visit, wanted, days, found = await _read_days(request, day, calendar_view.weeks_of, crew=False)
    first = wanted.replace(day=1)
    return _calendar(
        request,
        visit,
        "month.html",
        day=wanted,
        days=calendar_view.month_of(found, days, wanted.month),
        before=(first - timedelta(days=1)).replace(day=1),
        after=(first + timedelta(days=32)).replace(day=1),
    )


async def _week(request: ApiRequest, day: date | None) -> Response[str]:
    visit, wanted, days, found = await _read_days(request, day, calendar_view.week_of)
    return _calendar(
        request,
        visit,
        "week.html",
        day=wanted,
        cells=calendar_view.cells(found, days, texts_of(visit.account)),
        before=days[0] - timedelta(days=7),
        after=days[0] + timedelta(days=7),
    )


async def _list(request: ApiRequest, day: date | None) -> Response[str]:
    visit, wanted, days, found = await _read_days(request, day, calendar_view.fortnight_from)
    return _calendar(
        request,
        visit,
        "list.html",
        day=wanted,
        cells=[cell for cell in calendar_view.cells(found, days, texts_of(visit.account)) if cell.blocks],
        before=wanted - timedelta(days=len(days)),
        after=wanted + timedelta(days=len(days)),
    )


async def _read_days(
    request: ApiRequest, day: date | None, days_of: Callable[[date], Sequence[date]], *, crew: bool = True
) -> tuple[Visit, date, Sequence[date], DayList]:
    """Return who asks, the day that is meant (today by default), the days around it, and their departures, with their
    `crew` or without."""

    async def use_case(tx: ReadTx, visit: Visit) -> tuple[date, Sequence[date], DayList]:
        wanted = day or _today(visit)
        days = days_of(wanted)
        return wanted, days, await _departures(tx, request, visit, Days(days[0], days[-1], crew=crew))

    visit, found = await read(request, "departures.read", use_case)
    return visit, *found


def _calendar(request: ApiRequest, visit: Visit, template: str, **shown: Any) -> Response[str]:
    return screen(request, visit, template, here="calendar", today=_today(visit), **shown)


async def _departures(tx: ReadTx, request: ApiRequest, visit: Visit, days: Days) -> DayList:
    return await departures_of(tx, services(request).catalogs, visit.now, visit.account.id, days)


def _today(visit: Visit) -> date:
    return calendar_view.today_of(visit.now, visit.account)


ROUTES: list[HTTPRouteHandler] = [get_desk, get_today, get_more, get_day, get_calendar]

ROOT: list[HTTPRouteHandler] = [get_root]
"""What is not under the desk's own path."""
