"""Management of departures, and the import of a catalog file as JSON."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from seatwright.api.manage.day_wire import DayListOut, day_list_out
from seatwright.api.manage.departure_wire import (
    DepartureOut,
    ImportOut,
    MadeOut,
    departure_out,
    import_out,
    made_out,
)
from seatwright.api.manage.editor import editor
from seatwright.api.shapes.csv import csv_values
from seatwright.api.shapes.days import calendar_days
from seatwright.auth.model import Caller
from seatwright.core.times import parse_day_range, to_local
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import prepared, read, write
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page, enveloped
from seatwright.reports.departures import MAX_DAYS, Days, departures_of
from seatwright.setup import schedule
from seatwright.setup.departure_form import DepartureChange, NewDeparture, Recurrence
from seatwright.setup.importing import ImportForm, ImportReport, Options, Preview, import_document
from seatwright.setup.reading import MAX_BYTES
from seatwright.setup.schedule import DepartureView, RecurrenceResult
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Departures"]
_CATALOG = {
    "products": [{"code": "walk", "name": "Canyon walk", "number": 4110, "tiers": {"All": {"price": 25.00}}}],
    "schedules": [{"product": "walk", "times": ["09:00"], "capacity": 12}],
}
_Code = Annotated[str, PathParameter(description="The product's code.")]
_Id = Annotated[str, PathParameter(description="The departure's id.")]


@get("/products/{code:str}/departures", summary="List departures", tags=_TAGS)
async def list_departures(
    request: ApiRequest,
    code: _Code,
    from_: Annotated[str | None, QueryParameter(name="from", description="First day or month; else today.")] = None,
    to: Annotated[str | None, QueryParameter(description="Last day or month; else 31 days later.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    page: Page = 0,
) -> Response[Envelope[list[DepartureOut]]]:
    """List a product's departures by start, those that are closed or over too. At most 366 days at once."""
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, who: Caller) -> list[DepartureView]:
        catalog = await parts.catalogs.load(tx, who.account_id)
        product = catalog.products.get(code)
        first, last = calendar_days(from_, to, now, catalog.zone_of(product) if product else catalog.time_zone)
        return await schedule.page(
            tx, parts.catalogs, now, who.account_id, code, first=first, last=last, limit=limit, page=page
        )

    return await read(request, "departures.read", run, lambda found: [departure_out(shown) for shown in found])


@get("/departures", summary="List the departures of some days", tags=_TAGS)
async def list_day(
    request: ApiRequest,
    from_: Annotated[str | None, QueryParameter(name="from", description="First day or month; else today.")] = None,
    to: Annotated[str | None, QueryParameter(description="Last day or month; else the same.")] = None,
    product_ids: Annotated[
        str | None, QueryParameter(name="productIds", description="Comma-separated product IDs; else all products.")
    ] = None,
    mine: Annotated[bool, QueryParameter(description="Only those on which the caller is a guide or driver.")] = False,
) -> Response[Envelope[DayListOut]]:
    """List the departures of all products by day and start, with who is on them. At most 93 days and 5,000 departures.

    Days are those on the wall clock of each place. Dateless products are on no day.
    """
    parts = services(request)
    now, products = parts.clock.now(), csv_values("productIds", product_ids)

    async def run(tx: ReadTx, who: Caller) -> DayListOut:
        catalog = await parts.catalogs.load(tx, who.account_id)
        start = from_ or to_local(now, catalog.time_zone).date().isoformat()
        first, last = parse_day_range(start, to or start, max_days=MAX_DAYS)
        days = Days(first, last, products, who.user_id if mine else None)
        found = await departures_of(tx, parts.catalogs, now, who.account_id, days)
        return day_list_out(found, money="orders.read" in who.permissions)

    return await read(request, "departures.read", run, lambda shown: shown)


@post("/products/{code:str}/departures", status_code=200, summary="Make a departure", tags=_TAGS)
async def create_departure(
    request: ApiRequest, code: _Code, data: JSONBody[NewDeparture]
) -> Response[Envelope[DepartureOut]]:
    """Make one departure. A dateless product has a single one, which is answered as it is once it is there."""

    async def run(tx: Tx, who: Caller) -> DepartureView:
        return await schedule.create(tx, editor(request, who), code, data)

    return await write(request, "departures.write", run, departure_out, heavy=True)


@post("/products/{code:str}/departures/recurring", status_code=200, summary="Make many departures", tags=_TAGS)
async def create_departures(
    request: ApiRequest, code: _Code, data: JSONBody[Recurrence]
) -> Response[Envelope[MadeOut]]:
    """Make the departures of a recurrence. Those that are there already stay as they are."""

    async def run(tx: Tx, who: Caller) -> RecurrenceResult:
        return await schedule.create_many(tx, editor(request, who), code, data)

    return await write(request, "departures.write", run, made_out, heavy=True)


@get("/departures/{departure_id:str}", summary="Read a departure", tags=_TAGS)
async def read_departure(request: ApiRequest, departure_id: _Id) -> Response[Envelope[DepartureOut]]:
    """Read a departure with what is taken and free."""
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, who: Caller) -> DepartureView:
        return await schedule.get(tx, parts.catalogs, now, who.account_id, departure_id)

    return await read(request, "departures.read", run, departure_out)


@patch("/departures/{departure_id:str}", summary="Change a departure", tags=_TAGS)
async def change_departure(
    request: ApiRequest, departure_id: _Id, data: JSONBody[DepartureChange]
) -> Response[Envelope[DepartureOut]]:
    """Change what is given. Seats that are held or sold stay; a capacity below them is a 409 that says how many."""

    async def run(tx: Tx, who: Caller) -> DepartureView:
        return await schedule.change(tx, editor(request, who), departure_id, data)

    return await write(request, "departures.write", run, departure_out, heavy=True)


@delete("/departures/{departure_id:str}", status_code=200, summary="Delete a departure", tags=_TAGS)
async def delete_departure(request: ApiRequest, departure_id: _Id) -> Response[Envelope[DepartureOut]]:
    """Delete a departure on which nobody has or had seats; otherwise it is a 409 that says what to do."""

    async def run(tx: Tx, who: Caller) -> DepartureView:
        return await schedule.delete(tx, editor(request, who), departure_id)

    return await write(request, "departures.write", run, departure_out, heavy=True)


@post(
    "/import",
    status_code=200,
    summary="Import a catalog",
    tags=["Catalog"],
    opt={"example": _CATALOG},
    request_max_body_size=MAX_BYTES,
)
async def import_catalog(
    request: ApiRequest,
    data: JSONBody[ImportForm],
    check: Annotated[bool, QueryParameter(description="Try it, say what it would do, and write nothing.")] = False,
    prune: Annotated[
        bool,
        QueryParameter(
            description="Delete departures from now on that the file doesn't cover and that nobody has seats on."
        ),
    ] = False,
    move_sold: Annotated[
        bool,
        QueryParameter(
            name="moveSold", description="Departures with seats held or sold follow into a corrected time zone, too."
        ),
    ] = False,
) -> Response[Envelope[ImportOut]]:
    """Import a catalog file in its JSON form: all or nothing, and nothing the second time."""
    options = Options(check=check, prune=prune, move_sold=move_sold)

    async def run(tx: Tx, who: Caller) -> ImportReport:
        who.require("departures.write")
        return await import_document(tx, editor(request, who), data, options)

    try:
        return await write(request, "catalog.write", run, import_out, heavy=True)
    except Preview as preview:
        return prepared(enveloped(import_out(preview.report)))


ROUTES: list[HTTPRouteHandler] = [
    list_day,
    list_departures,
    create_departure,
    create_departures,
    read_departure,
    change_departure,
    delete_departure,
    import_catalog,
]
