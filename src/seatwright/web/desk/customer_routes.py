"""Customers of earlier orders: found by what somebody types, and each with their orders, money, notes and tags."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.annotations import service as own_notes
from seatwright.annotations.model import Note, TagCount
from seatwright.core.errors import Forbidden, Invalid, SeatwrightError
from seatwright.http.context import ApiRequest, services
from seatwright.orders import earlier_customers
from seatwright.orders.earlier_customers import Customers, EarlierCustomer, Money
from seatwright.orders.search import OrderSearch
from seatwright.reports.order_list import OrderPages, OrderRecord, page, records_of
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.customer_view import customer_page, customer_row
from seatwright.web.desk.edit_routes import change_notes, change_tags
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.notes_view import notes_card
from seatwright.web.desk.order_list_routes import MAX_QUERY, after_of
from seatwright.web.desk.order_list_view import listed
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Visit, form, query, read, write

PAGE_SIZE = 50
MAX_ORDERS = 20
"""Newest orders that a customer's page shows."""


class CustomerFound(NamedTuple):
    """What was read for a customer's page."""

    customer: EarlierCustomer
    money: list[Money]
    orders: list[OrderRecord]
    notes: Sequence[Note]
    tags: Sequence[str]
    counts: Sequence[TagCount]


@get("/customers", **PAGE)
async def get_customers(request: ApiRequest) -> Response[str]:
    """Show the customers whose words begin with what is typed, those who ordered last first."""
    asked = query(request)
    typed = asked.text("q")[:MAX_QUERY]
    problem: SeatwrightError | None = None

    async def use_case(tx: ReadTx, visit: Visit) -> Customers:
        nonlocal problem
        try:
            after = after_of(asked)
            return await earlier_customers.find(tx, visit.account.id, typed, limit=PAGE_SIZE, after=after)
        except Invalid as error:
            problem = error
            return Customers([], None)

    visit, found = await read(request, "customers.read", use_case)
    texts = texts_of(visit.account)
    used = {"q": typed} if typed else {}
    return screen(
        request,
        visit,
        "customers.html",
        here="customers",
        notice=refused(problem) if problem else None,
        status=problem.status if problem else 200,
        customers=[customer_row(each, texts) for each in found.customers],
        typed=typed,
        first_page=urlencode(used),
        next_page=urlencode(used | {"after": found.next}) if found.next is not None else "",
        later_page=asked.has("after"),
    )


@get("/customers/{customer_id:str}", **PAGE)
async def get_customer(request: ApiRequest, customer_id: FromPath[str]) -> Response[str]:
    """Show a customer."""
    return await _show(request, customer_id)


@post("/customers/{customer_id:str}/notes", **FORM)
async def post_notes(request: ApiRequest, customer_id: FromPath[str]) -> Response[str]:
    """Write a note on a customer, delete one, or pin or unpin it."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await change_notes(tx, services(request).clock, visit.caller, "customer", customer_id, sent)

    return await _do(request, customer_id, use_case)


@post("/customers/{customer_id:str}/tags", **FORM)
async def post_tags(request: ApiRequest, customer_id: FromPath[str]) -> Response[str]:
    """Put a tag on a customer, or take one off."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await change_tags(tx, services(request).clock, visit.caller, "customer", customer_id, sent)

    return await _do(request, customer_id, use_case)


async def _do(request: ApiRequest, customer_id: str, use_case: Callable[[Tx, Visit], Awaitable[None]]) -> Response[str]:
    try:
        await write(request, "orders.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        try:
            return await _show(request, customer_id, notice=refused(error), status=error.status)
        except Forbidden:  # who may write, and not read
            raise error from None
    return go(request, f"/customers/{customer_id}")


async def _show(
    request: ApiRequest, customer_id: str, *, notice: Notice | None = None, status: int = 200
) -> Response[str]:
    pages = OrderPages(services(request).database, OrderSearch(customer_id=customer_id))

    async def use_case(tx: ReadTx, visit: Visit) -> CustomerFound:
        account_id, caller = visit.account.id, visit.caller
        customer, money = await earlier_customers.one(tx, account_id, customer_id)
        rows, _ = await page(tx, account_id, pages, MAX_ORDERS, None)
        return CustomerFound(
            customer,
            money,
            records_of(rows, account_id),
            await own_notes.notes(tx, caller, "customer", customer_id),
            await own_notes.tags(tx, caller, "customer", customer_id),
            await own_notes.tag_counts(tx, caller),
        )

    visit, found = await read(request, "orders.read", use_case)
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "customer.html",
        here="customers",
        notice=notice,
        status=status,
        customer=customer_page(found.customer, found.money, texts),
        orders=[listed(each, texts) for each in found.orders],
        notes=notes_card(found.notes, found.tags, found.counts, texts),
    )


ROUTES: list[HTTPRouteHandler] = [get_customers, get_customer, post_notes, post_tags]
