"""The account's reports as pages with filters, and as files. What a page shows is what the API answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.auth.model import Permission
from seatwright.core.errors import Invalid
from seatwright.core.times import parse_date, to_utc
from seatwright.http.context import ApiRequest, services
from seatwright.reports import transactions
from seatwright.reports.accrual import accrual
from seatwright.reports.mailing import mailing_list
from seatwright.reports.periods import Span, midnight, read_span
from seatwright.reports.sales import By, sales
from seatwright.reports.settlements import Direction, settlements
from seatwright.reports.sheets import CSV, XLSX, Sheet, as_csv, as_xlsx
from seatwright.reports.tables import (
    accrual_sheet,
    recipients_sheet,
    sales_sheet,
    settlements_sheet,
    transactions_sheet,
)
from seatwright.reports.transactions import TransactionFilter
from seatwright.web.desk.frame import HEADERS, refused, screen
from seatwright.web.desk.report_view import Drawing, drawing_of, table_view
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import PAGE, Form, Visit, admit, page_of, query, read

PAGE_SIZE = 50
MAX_CHANGES = 5_000
"""Transactions in a file at most."""
MAX_RECIPIENTS = 100_000
"""Customers in a file of the mailing list at most."""
BY: Mapping[By, str] = {"product": "Product", "channel": "Channel", "day": "Day"}


class Made(NamedTuple):
    """A report that was read: its table, its file's name, what is drawn of it, and whether there is another page."""

    sheet: Sheet
    file: str
    drawing: Drawing | None = None
    more: bool = False


class About(NamedTuple):
    """A report's page: its key, which is in its address, its title, what it says, its permission, and its filters."""

    key: str
    title: str
    text: str
    permission: Permission
    filters: tuple[str, ...] = ("from", "to")


SALES = About("sales", "Sales", "What was sold, by product, channel or day.", "reports.read", ("from", "to", "by"))
ACCRUAL = About(
    "accrual", "Accrual", "Every account of the ledger: debits and credits come to the same.", "reports.read"
)
TRANSACTIONS = About(
    "transactions",
    "Transactions",
    "Each time that an order was made or changed, with its amounts.",
    "transactions.read",
    ("from", "to", "order"),
)
PAYABLES = About("payables", "Payables", "What you owe resellers and suppliers, by billing cycle.", "reports.read")
RECEIVABLES = About("receivables", "Receivables", "What resellers and suppliers owe you.", "reports.read")
MAILING = About("mailing-list", "Mailing list", "Customers who want to be written to.", "mailing.write", ("from",))
ALL = (SALES, ACCRUAL, TRANSACTIONS, PAYABLES, RECEIVABLES, MAILING)


@get("/reports", **PAGE)
async def get_reports(request: ApiRequest) -> Response[str]:
    """Show which reports there are."""

    async def nothing(*_: object) -> None:
        return None

    visit, _ = await read(request, "transactions.read", nothing)
    reports = [each for each in ALL if visit.may(each.permission)]
    return screen(request, visit, "reports.html", here="reports", reports=reports)


@get("/reports/sales", **PAGE)
async def get_sales(request: ApiRequest) -> Response[Any]:
    """Show sales by product, channel or day, with a chart."""

    async def make(visit: Visit, asked: Form, _: bool) -> Made:
        by = next((each for each in BY if each == asked.text("by", "product")), None)
        if by is None:
            raise Invalid("There is no such view; choose one of the list.", code="unknown_filter")
        span = _span(visit, asked)
        account, database = visit.account, services(request).database
        report = await database.read(lambda tx: sales(tx, account.id, span, by), patient=True)
        file = f"sales-by-{by}-{span.label}"
        return Made(sales_sheet(report, account.currency), file, drawing_of(report, texts_of(account)))

    return await _answer(request, SALES, make, by=BY)


@get("/reports/accrual", **PAGE)
async def get_accrual(request: ApiRequest) -> Response[Any]:
    """Show what was sold, paid and owed in some days, by the accounts of the ledger."""

    async def make(visit: Visit, asked: Form, _: bool) -> Made:
        span, account, database = _span(visit, asked), visit.account, services(request).database
        report = await database.read(lambda tx: accrual(tx, account.id, span), patient=True)
        return Made(accrual_sheet(report, account.currency), f"accrual-{span.label}")

    return await _answer(request, ACCRUAL, make)


@get("/reports/transactions", **PAGE)
async def get_transactions(request: ApiRequest) -> Response[Any]:
    """Show each time that an order was made or changed, of some days or of one order, oldest first."""

    async def make(visit: Visit, asked: Form, whole: bool) -> Made:
        account, database = visit.account, services(request).database
        size, page = (MAX_CHANGES, 0) if whole else (PAGE_SIZE, page_of(asked))
        chosen = TransactionFilter(span=_span(visit, asked))
        if asked.text("order"):
            days = chosen.span if asked.text("from") else None
            chosen = TransactionFilter(span=days, confirmations=[_number(asked.text("order"))])
        found = await database.read(
            lambda tx: transactions.read(tx, account.id, chosen, limit=size, page=page, more=1), patient=True
        )
        more = len(found.moments) > size
        if more and whole:
            raise Invalid(f"These are more than {MAX_CHANGES} changes; choose fewer days.", code="too_many_rows")
        found = found._replace(moments=found.moments[:size])
        sheet = transactions_sheet(transactions.records_of(found), account.time_zone)
        return Made(sheet, "transactions", more=more)

    return await _answer(request, TRANSACTIONS, make, without=("Order",), orders="Confirmation")


@get("/reports/payables", **PAGE)
async def get_payables(request: ApiRequest) -> Response[Any]:
    """Show what the account owes resellers and suppliers."""
    return await _settled(request, PAYABLES, "payables")


@get("/reports/receivables", **PAGE)
async def get_receivables(request: ApiRequest) -> Response[Any]:
    """Show what resellers and suppliers owe the account."""
    return await _settled(request, RECEIVABLES, "receivables")


async def _settled(request: ApiRequest, about: About, direction: Direction) -> Response[Any]:
    async def make(visit: Visit, asked: Form, _: bool) -> Made:
        span, database = _span(visit, asked), services(request).database
        found = await database.read(
            lambda tx: settlements(tx, visit.account.id, span, direction, visit.now), patient=True
        )
        return Made(settlements_sheet(direction.title(), found), f"{direction}-{span.label}")

    return await _answer(request, about, make, without=("Account id",))


@get("/reports/mailing-list", **PAGE)
async def get_mailing_list(request: ApiRequest) -> Response[Any]:
    """Show the customers who want to be written to, newest first."""

    async def make(visit: Visit, asked: Form, whole: bool) -> Made:
        first, zone = asked.text("from"), visit.account.time_zone
        since = midnight(parse_date(first, field="from"), zone) if first else None
        size, page = (MAX_RECIPIENTS, 0) if whole else (PAGE_SIZE, page_of(asked))
        database = services(request).database
        found = await mailing_list(database, visit.account.id, since=since, limit=size, page=page)
        return Made(recipients_sheet(found, zone), "mailing-list", more=found.more)

    return await _answer(request, MAILING, make)


Make = Callable[[Visit, Form, bool], Awaitable[Made]]
"""Reads a report for a visit and what its address asks for; `True` for all of it, as a file has it."""


async def _answer(
    request: ApiRequest, about: About, make: Make, *, without: tuple[str, ...] = (), orders: str = "", **more: Any
) -> Response[Any]:
    """Answer with a report's page, or with its file (`format` csv or xlsx). Reports wait for their turn, as in the API.

    `without` and `orders` are as for `table_view`. Raises `Invalid` for a file that can't be made.
    """
    asked, parts = query(request), services(request)
    form: Literal["csv", "xlsx", ""] = "csv" if asked.text("format") == "csv" else ""
    form = "xlsx" if asked.text("format") == "xlsx" else form

    async def nothing(*_: object) -> None:
        return None

    await admit(request, about.permission)
    visit, _ = await read(request, about.permission, nothing)
    made: Made | None = None
    problem: Invalid | None = None
    async with parts.report_queue.turn(visit.account.id):
        try:
            made = await make(visit, asked, bool(form))
        except Invalid as error:
            if form:
                raise
            problem = error
        if form and made is not None:
            sheet, now = made.sheet, to_utc(visit.now)
            work = (lambda: as_xlsx(sheet, now)) if form == "xlsx" else (lambda: as_csv(sheet))
            content = await parts.report_queue.shape(work)
            headers = HEADERS | {"Content-Disposition": f'attachment; filename="{made.file}.{form}"'}
            return Response(content, media_type=XLSX if form == "xlsx" else f"{CSV}; charset=utf-8", headers=headers)
        texts = texts_of(visit.account)
        table = None
        if made is not None:
            sheet = made.sheet
            table = await parts.report_queue.shape(lambda: table_view(sheet, texts, without=without, orders=orders))
    shown = {name: asked.text(name) for name in about.filters}
    used = urlencode({name: value for name, value in shown.items() if value})
    number = page_of(asked)
    return screen(
        request,
        visit,
        "report.html",
        here="reports",
        notice=refused(problem) if problem else None,
        status=problem.status if problem else 200,
        about=about,
        filters=shown | _days(visit, shown),
        table=table,
        drawing=made.drawing if made else None,
        used=used,
        page=number,
        more_pages=made is not None and made.more,
        **more,
    )


def _days(visit: Visit, shown: Mapping[str, str]) -> dict[str, str]:
    """Return the days that a page shows without being asked for any: the present month's."""
    if "to" not in shown or any(shown.get(name) for name in ("from", "to", "order")):
        return {}
    span = read_span(None, None, visit.now, visit.account.time_zone)
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


def _span(visit: Visit, asked: Form) -> Span:
    """Return the days that are asked for. Raises `Invalid`."""
    return read_span(asked.text("from") or None, asked.text("to") or None, visit.now, visit.account.time_zone)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid("An order is found by its number here, such as 100042.", code="invalid_field", field="order")
    return int(text)


ROUTES: list[HTTPRouteHandler] = [
    get_reports,
    get_sales,
    get_accrual,
    get_transactions,
    get_payables,
    get_receivables,
    get_mailing_list,
]
