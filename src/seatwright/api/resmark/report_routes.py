"""`/public/api/report`: the accrual and order reports by transaction date."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, Router, get
from litestar.params import QueryParameter

from seatwright.api.resmark.order_report_wire import OrderRowOut, listed, order_rows_sheet
from seatwright.api.resmark.report_wire import AccrualOut, accrual_out
from seatwright.api.shapes import reporting
from seatwright.api.shapes.reporting import FormParameter, From, ReportView, To
from seatwright.api.shapes.transaction_query import (
    MAX_CHANGES,
    ConfirmationIds,
    FromProductStartDate,
    OrderIds,
    ProductNumbers,
    ToProductStartDate,
    Window,
    filter_of,
    read_changes,
)
from seatwright.auth import service as accounts
from seatwright.auth.model import Account, Caller
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import Envelope, Page
from seatwright.reports import transactions
from seatwright.reports.accrual import Accrual, accrual
from seatwright.reports.order_facts import Facts, facts_of
from seatwright.reports.periods import Span, read_span
from seatwright.reports.tables import accrual_sheet
from seatwright.reports.transactions import Found
from seatwright.storage.engine import ReadTx


@get("/accrual/transactionDate", summary="Accrual report", opt=reporting.FILES)
async def accrual_report(
    request: ApiRequest, from_: From = None, to: To = None, format: FormParameter = "json"
) -> Response[Envelope[AccrualOut]]:
    """What was sold, paid and owed in some days, by account, from the ledger: debits and credits come to the same."""
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, account_id: str) -> tuple[Account, Span, Accrual]:
        account = await accounts.account(tx, account_id)
        span = read_span(from_, to, now, account.time_zone)
        return account, span, await accrual(tx, account_id, span)

    async def gather(who: Caller) -> ReportView:
        account, span, report = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return ReportView(
            data=lambda: accrual_out(report, account.currency, account.time_zone),
            sheet=lambda: accrual_sheet(report, account.currency),
            file=f"accrual-{span.label}",
        )

    return await reporting.answer(request, "orders.read", format, gather)


@get("/order/transactionDate", summary="Orders by transaction date", opt=reporting.FILES)
async def order_report(
    request: ApiRequest,
    from_: From = None,
    to: To = None,
    order_ids: OrderIds = None,
    confirmation_ids: ConfirmationIds = None,
    product_numbers: ProductNumbers = None,
    from_product_start_date: FromProductStartDate = None,
    to_product_start_date: ToProductStartDate = None,
    limit: Annotated[
        int | None,
        QueryParameter(ge=1, le=MAX_CHANGES, description="Changes of orders on a page; else all, up to 5,000."),
    ] = None,
    page: Page = 0,
    format: FormParameter = "json",
) -> Response[Envelope[list[OrderRowOut]]]:
    """A row for each date and price tier of each change of an order, oldest first. At least one filter is required."""
    parts = services(request)
    now, window = parts.clock.now(), Window(from_, to, limit or MAX_CHANGES, page, whole=limit is None)
    chosen = filter_of(order_ids, confirmation_ids, product_numbers, from_product_start_date, to_product_start_date)

    async def run(tx: ReadTx, account_id: str) -> tuple[Found, Facts]:
        account = await accounts.account(tx, account_id)
        found = await read_changes(tx, account, chosen, window, now)
        return found, await facts_of(tx, parts.catalogs, account, found)

    async def gather(who: Caller) -> ReportView:
        found, facts = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return ReportView(
            data=lambda: listed(transactions.records_of(found), facts),
            sheet=lambda: order_rows_sheet(transactions.records_of(found), facts),
            file="orders",
        )

    return await reporting.answer(request, "orders.read", format, gather)


ROUTES = [Router("/report", route_handlers=[accrual_report, order_report], tags=["Reports"])]
