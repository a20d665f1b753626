"""`/public/api/report`: the accrual and order reports by transaction date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from litestar import Response, Router, get
from litestar.params import QueryParameter

from seatwright.api import reporting
from seatwright.api.context import ApiRequest, services
from seatwright.api.reporting import FormParameter, From, Shown, To
from seatwright.api.resmark.csv import NUMBERS, csv_numbers, csv_values
from seatwright.api.resmark.report_wire import (
    AccrualOut,
    TransactionOut,
    accrual_out,
    accrual_sheet,
    listed,
    transactions_sheet,
)
from seatwright.api.wire import Envelope, Page
from seatwright.auth import service as accounts
from seatwright.auth.model import Account, Caller
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.times import parse_date
from seatwright.reports import transactions
from seatwright.reports.accrual import Accrual, accrual
from seatwright.reports.periods import Span, checked, read_span
from seatwright.reports.transactions import Found, TransactionFilter
from seatwright.storage.engine import ReadTx

MAX_PAGE = 5_000
"""Records on one page at most."""

_DATE = {"format": "date"}
_OnDay = "YYYY-MM-DD, on the location's calendar."


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

    async def gather(who: Caller) -> Shown:
        account, span, report = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return Shown(
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
    order_ids: Annotated[str | None, QueryParameter(name="orderIds", description="Comma-separated order IDs.")] = None,
    confirmation_ids: Annotated[
        str | None,
        QueryParameter(
            name="confirmationIds",
            description="Comma-separated confirmation numbers.",
            schema_extra=NUMBERS,
        ),
    ] = None,
    product_numbers: Annotated[
        str | None,
        QueryParameter(
            name="productNumbers",
            description="Comma-separated product numbers.",
            schema_extra=NUMBERS,
        ),
    ] = None,
    from_product_start_date: Annotated[
        str | None,
        QueryParameter(name="fromProductStartDate", description=f"First day of an item. {_OnDay}", schema_extra=_DATE),
    ] = None,
    to_product_start_date: Annotated[
        str | None,
        QueryParameter(name="toProductStartDate", description=f"Last day of an item. {_OnDay}", schema_extra=_DATE),
    ] = None,
    limit: Annotated[
        int | None,
        QueryParameter(ge=1, le=MAX_PAGE, description="Records on a page; else 50, and 5,000 in a file."),
    ] = None,
    page: Page = 0,
    format: FormParameter = "json",
) -> Response[Envelope[list[TransactionOut]]]:
    """A record for each time that an order was made or changed, oldest first. At least one filter is required."""
    parts = services(request)
    now, size = parts.clock.now(), reporting.page_size(limit, format, MAX_PAGE)
    chosen = TransactionFilter(
        order_ids=csv_values("orderIds", order_ids),
        confirmations=csv_numbers("confirmationIds", confirmation_ids),
        product_numbers=csv_numbers("productNumbers", product_numbers),
        starts=_starts(from_product_start_date, to_product_start_date),
    )

    async def run(tx: ReadTx, account_id: str) -> tuple[Account, Found]:
        account = await accounts.account(tx, account_id)
        narrowed = chosen._replace(span=_span(from_, to, now, account.time_zone))
        more = 1 if limit is None and format != "json" else 0
        found = await transactions.read(tx, account_id, narrowed, limit=size, page=page, more=more)
        reporting.check_whole(limit, format, more=len(found.moments) > size)
        return account, found

    async def gather(who: Caller) -> Shown:
        account, found = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return Shown(
            data=lambda: listed(transactions.records_of(found), who.account_id),
            sheet=lambda: transactions_sheet(transactions.records_of(found), account.time_zone),
            file="orders",
        )

    return await reporting.answer(request, "orders.read", format, gather)


def _span(first: str | None, last: str | None, now: Instant, zone: str) -> Span | None:
    return read_span(first, last, now, zone) if first or last else None


def _starts(first: str | None, last: str | None) -> tuple[date, date] | None:
    """Return the days from `fromProductStartDate` to `toProductStartDate`, a year from the first without the second."""
    if last and not first:
        raise Invalid(
            "toProductStartDate: is only possible together with fromProductStartDate.",
            code="missing_from_date",
            field="toProductStartDate",
        )
    if not first:
        return None
    start = parse_date(first, field="fromProductStartDate")
    end = parse_date(last, field="toProductStartDate") if last else start + timedelta(days=365)
    return checked(Span(start, end, "UTC"), "fromProductStartDate", "toProductStartDate")[:2]


ROUTES = [Router("/report", route_handlers=[accrual_report, order_report], tags=["Reports"])]
