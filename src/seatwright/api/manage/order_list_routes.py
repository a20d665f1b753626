"""`GET /api/v1/orders` and `GET /api/v1/customers`: what the desk finds orders and customers with."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from seatwright.api.manage.order_list_wire import (
    CustomerOut,
    CustomerPageOut,
    OrderPageOut,
    customer_out,
    customers_out,
    listed_order_out,
)
from seatwright.api.shapes import reporting
from seatwright.api.shapes.csv import csv_values
from seatwright.api.shapes.reporting import MAX_ROWS, FormParameter, ReportView
from seatwright.auth import service as accounts
from seatwright.auth.model import Caller
from seatwright.core.errors import Invalid
from seatwright.core.times import parse_date
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit
from seatwright.orders import earlier_customers
from seatwright.orders.earlier_customers import Customers, EarlierCustomer, Money
from seatwright.orders.model import OrderStatus
from seatwright.orders.search import OrderSearch, Sort
from seatwright.orders.terms import Balance
from seatwright.reports.order_list import OrderPages, orders_sheet
from seatwright.storage.engine import ReadTx

_TAGS = ["Orders"]
MAX_QUERY = 200
"""Longest text that is looked for, in characters."""

Query: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="q",
        max_length=MAX_QUERY,
        description="Words: the beginnings of names, of an e-mail address or of a phone number; a confirmation number, "
        "a reference. All of them must match, at most 8.",
    ),
]
After: TypeAlias = Annotated[
    int | None, QueryParameter(ge=0, le=2**53, description="Where the page begins: `next` of the page before it.")
]
Day: TypeAlias = str | None


@get("/orders", summary="Find orders", tags=_TAGS, opt=reporting.FILES)
async def find_orders(
    request: ApiRequest,
    q: Query = None,
    product_ids: Annotated[
        str | None, QueryParameter(name="productIds", description="Only with one of these products, comma-separated.")
    ] = None,
    departure_from: Annotated[
        Day,
        QueryParameter(
            name="departureFrom",
            description="Only with a departure on this day or later, YYYY-MM-DD, local.",
            schema_extra={"format": "date"},
        ),
    ] = None,
    departure_to: Annotated[
        Day,
        QueryParameter(
            name="departureTo",
            description="Only with a departure on this day or earlier.",
            schema_extra={"format": "date"},
        ),
    ] = None,
    status: Annotated[OrderStatus | None, QueryParameter(description="Only orders with this status.")] = None,
    balance: Annotated[
        Balance | None,
        QueryParameter(
            description="Only orders for which money is owed (`owing`), is to be given back (`credit`), or neither."
        ),
    ] = None,
    tag: Annotated[str | None, QueryParameter(description="Only orders with this tag of the account's.")] = None,
    customer_id: Annotated[
        str | None, QueryParameter(name="customerId", description="Only this customer's, whom `/customers` names.")
    ] = None,
    sort: Annotated[Sort, QueryParameter(description="By when they were made.")] = "newest",
    after: After = None,
    limit: Annotated[
        int | None, QueryParameter(ge=1, le=1_000, description="Orders on a page; else 50, or all in a file.")
    ] = None,
    format: FormParameter = "json",
) -> Response[Envelope[OrderPageOut]]:
    """Find orders by words and filters, or get all of what is found as a file."""
    parts = services(request)
    chosen = OrderSearch(
        query=q or "",
        product_ids=csv_values("productIds", product_ids) or (),
        day_from=_day(departure_from, "departureFrom"),
        day_to=_day(departure_to, "departureTo"),
        status=status,
        balance=balance,
        customer_id=customer_id or None,
        tag=tag or None,
    )
    if chosen.day_from and chosen.day_to and chosen.day_to < chosen.day_from:
        raise Invalid("departureTo: must not be before departureFrom.", code="invalid_date_range", field="departureTo")
    pages = OrderPages(parts.database, chosen, sort)

    async def gather(who: Caller) -> ReportView:
        if format != "json":
            account = await parts.database.read(lambda tx: accounts.account(tx, who.account_id))
            rows, more = await pages.cells(account.id, account.time_zone, limit or MAX_ROWS, after)
            reporting.check_whole(limit is None, more=more)
            return ReportView(lambda: None, lambda: orders_sheet(rows), "orders")
        found, following = await pages.page(who.account_id, limit or DEFAULT_LIMIT, after)
        return ReportView(
            data=lambda: OrderPageOut(
                orders=[listed_order_out(row.order(), who.account_id, tags) for row, tags in found], next=following
            ),
            sheet=lambda: orders_sheet(()),
            file="orders",
        )

    return await reporting.answer(request, "orders.read", format, gather, at_once=format == "json")


def _day(text: str | None, field: str) -> str | None:
    return parse_date(text, field=field).isoformat() if text else None


@get("/customers", summary="Find earlier customers", tags=_TAGS)
async def find_customers(
    request: ApiRequest, q: Query = None, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Response[Envelope[CustomerPageOut]]:
    """Find the customers of earlier orders by words, each person once with their newest order's data, newest first."""

    async def run(tx: ReadTx, caller: Caller) -> Customers:
        return await earlier_customers.find(tx, caller.account_id, q or "", limit=limit, after=after)

    return await endpoint.read(request, "orders.read", run, customers_out)


@get("/customers/{customer_id:str}", summary="Read a customer", tags=_TAGS)
async def get_customer(
    request: ApiRequest, customer_id: Annotated[str, PathParameter(description="The customer's id.")]
) -> Response[Envelope[CustomerOut]]:
    """Answer a customer as their newest order has them, with what all of their orders come to."""

    async def run(tx: ReadTx, caller: Caller) -> tuple[EarlierCustomer, list[Money]]:
        return await earlier_customers.one(tx, caller.account_id, customer_id)

    return await endpoint.read(request, "orders.read", run, customer_out)


ROUTES: list[HTTPRouteHandler] = [find_orders, find_customers, get_customer]
