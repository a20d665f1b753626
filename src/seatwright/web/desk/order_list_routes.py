"""The list of orders: every filter, finding while somebody types, and the list as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.catalog.model import Product
from seatwright.core.errors import Invalid
from seatwright.core.times import parse_date, to_utc
from seatwright.http.context import ApiRequest, services
from seatwright.orders.model import OrderStatus
from seatwright.orders.search import OrderSearch, Sort
from seatwright.orders.terms import Balance
from seatwright.reports.order_list import OrderPages, OrderRecord, orders_sheet, page, records_of
from seatwright.reports.sheets import CSV, XLSX, as_csv, as_xlsx
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.frame import HEADERS, go, refused, screen
from seatwright.web.desk.order_list_view import listed
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import PAGE, Form, Visit, admit, query, read

T = TypeVar("T", bound=str)

PAGE_SIZE = 50
MAX_SUGGESTED = 6
MAX_ROWS = 20_000
"""Maximum number of orders in a file of the desk."""
MAX_QUERY = 200
STATUSES: Mapping[OrderStatus, str] = {"confirmed": "Confirmed", "pending": "Pending", "cancelled": "Cancelled"}
BALANCES: Mapping[Balance, str] = {
    "owing": "Something to pay",
    "credit": "Something to give back",
    "settled": "Settled",
}
FILTERS = ("q", "product", "from", "to", "status", "balance", "tag", "customer", "sort")
"""The fields of the filters, as they are in the address."""


class ListFound(NamedTuple):
    """A page of the list: its orders, where the next page begins, and the products that it can be filtered by."""

    records: list[OrderRecord]
    next: int | None
    products: list[Product]


@get("/orders", **PAGE)
async def get_orders(request: ApiRequest) -> Response[str]:
    """Show the orders that match, the newest first. A number that is an order's leads to that order."""
    asked = query(request)
    try:
        pages = OrderPages(services(request).database, _chosen(asked), _sort(asked))
        visit, found = await _read(request, pages, after_of(asked))
    except Invalid as error:
        visit, found = await _read(request, OrderPages(services(request).database, OrderSearch()), None)
        return _list(request, visit, asked, found, notice=refused(error), status=error.status)
    number = asked.text("q")
    if number.isdigit() and [str(each.order.confirmation) for each in found.records] == [number]:
        return go(request, f"/orders/{number}")
    return _list(request, visit, asked, found)


async def _read(request: ApiRequest, pages: OrderPages, after: int | None) -> tuple[Visit, ListFound]:
    async def use_case(tx: ReadTx, visit: Visit) -> ListFound:
        rows, following = await page(tx, visit.account.id, pages, PAGE_SIZE, after)
        catalog = await services(request).catalogs.load(tx, visit.account.id)
        products = sorted(catalog.products.values(), key=lambda product: product.number)
        return ListFound(records_of(rows, visit.account.id), following, products)

    return await read(request, "orders.read", use_case)


@get("/orders/export", **PAGE)
async def get_export(request: ApiRequest) -> Response[bytes]:
    """Answer the same list as a file: `format` csv or xlsx. Raises `Invalid` for more orders than it takes."""
    asked, parts = query(request), services(request)
    pages = OrderPages(parts.database, _chosen(asked), _sort(asked))
    visit = await admit(request, "orders.read")
    async with parts.report_queue.turn(visit.account.id):
        rows, more = await pages.cells(visit.account.id, visit.account.time_zone, MAX_ROWS)
        if more:
            raise Invalid(f"These are more than {MAX_ROWS} orders; filter the list first.", code="too_many_rows")
        sheet = orders_sheet(rows)
        form = "xlsx" if asked.text("format") == "xlsx" else "csv"
        now = to_utc(visit.now)
        content = await asyncio.to_thread(lambda: as_xlsx(sheet, now) if form == "xlsx" else as_csv(sheet))
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="orders.{form}"'}
    return Response(content, media_type=XLSX if form == "xlsx" else f"{CSV}; charset=utf-8", headers=headers)


@get("/find/orders", **PAGE)
async def find_orders(request: ApiRequest) -> Response[str]:
    """Offer the newest orders that match what is typed into the search field."""
    typed = query(request).text("q")[:MAX_QUERY]
    pages = OrderPages(services(request).database, OrderSearch(typed))

    async def use_case(tx: ReadTx, visit: Visit) -> list[OrderRecord]:
        if len(typed) < 2:
            return []
        rows, _ = await page(tx, visit.account.id, pages, MAX_SUGGESTED, None)
        return records_of(rows, visit.account.id)

    visit, records = await read(request, "orders.read", use_case)
    texts = texts_of(visit.account)
    return screen(request, visit, "found_orders.html", here="", orders=[listed(each, texts) for each in records])


def _list(request: ApiRequest, visit: Visit, asked: Form, found: ListFound, **more: Any) -> Response[str]:
    texts = texts_of(visit.account)
    filters = {name: asked.text(name) for name in FILTERS}
    used = {name: value for name, value in filters.items() if value}
    return screen(
        request,
        visit,
        "orders.html",
        here="orders",
        orders=[listed(each, texts) for each in found.records],
        filters=filters,
        filtered=bool(set(used) - {"sort"}),
        first_page=urlencode(used),
        next_page=urlencode(used | {"after": found.next}) if found.next is not None else "",
        later_page=asked.has("after"),
        products=found.products,
        statuses=STATUSES,
        balances=BALANCES,
        q=filters["q"],
        **more,
    )


def _chosen(asked: Form) -> OrderSearch:
    """Return what is looked for. Raises `Invalid`, naming the filter."""
    day_from, day_to = _day(asked, "from"), _day(asked, "to")
    if day_from and day_to and day_to < day_from:
        raise Invalid("The last day is before the first one.", code="invalid_date_range")
    return OrderSearch(
        query=asked.text("q")[:MAX_QUERY],
        product_ids=tuple(filter(None, asked.all("product"))),
        day_from=day_from,
        day_to=day_to,
        status=_one_of(STATUSES, asked.text("status")),
        balance=_one_of(BALANCES, asked.text("balance")),
        customer_id=asked.text("customer") or None,
        tag=asked.text("tag") or None,
    )


def _one_of(choices: Mapping[T, str], text: str) -> T | None:
    """Return the choice that was made; None without one. Raises `Invalid` for one that there isn't."""
    found = next((choice for choice in choices if choice == text), None)
    if text and found is None:
        raise Invalid("There is no such filter; choose one of the list.", code="unknown_filter")
    return found


def _day(asked: Form, name: str) -> str | None:
    text = asked.text(name)
    return parse_date(text, field=name).isoformat() if text else None


def _sort(asked: Form) -> Sort:
    return "oldest" if asked.text("sort") == "oldest" else "newest"


def after_of(asked: Form) -> int | None:
    """Return where the page begins. Raises `Invalid`."""
    text = asked.text("after")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid("This page of the list doesn't exist; here is its beginning.", code="unknown_page")
    return int(text)


ROUTES: list[HTTPRouteHandler] = [get_orders, get_export, find_orders]
