"""`/api/v1/reports`, and the manifest of a departure."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from seatwright.api.manage.manifest_wire import ManifestOut, manifest_out, manifest_sheet
from seatwright.api.manage.report_wire import (
    RecipientOut,
    SalesOut,
    SettlementOut,
    recipients_out,
    sales_out,
    settlement_out,
)
from seatwright.api.manage.transaction_wire import TransactionOut, listed
from seatwright.api.shapes import reporting
from seatwright.api.shapes.reporting import FormOrPdf, FormParameter, From, ReportView, To
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
from seatwright.core.errors import Invalid
from seatwright.core.times import parse_date
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import Envelope, Page
from seatwright.reports import manifest, manifest_print, transactions
from seatwright.reports.mailing import mailing_list
from seatwright.reports.manifest_pdf import manifest_pdf
from seatwright.reports.manifest_print import PrintFound, print_of
from seatwright.reports.periods import Span, midnight, read_span
from seatwright.reports.sales import By, Sales, sales
from seatwright.reports.settlements import Direction, Settlement, settlements
from seatwright.reports.tables import recipients_sheet, sales_sheet, settlements_sheet, transactions_sheet
from seatwright.reports.transactions import Found
from seatwright.storage.engine import ReadTx

_TAGS = ["Reports"]
MAX_PAGE = 10_000
"""Customers on one page of the mailing list at most; a file takes more."""


@get("/reports/sales", summary="Sales report", tags=_TAGS, opt=reporting.FILES)
async def sales_report(
    request: ApiRequest,
    from_: From = None,
    to: To = None,
    by: Annotated[By, QueryParameter(description="What the rows are: products, channels or days.")] = "product",
    format: FormParameter = "json",
) -> Response[Envelope[SalesOut]]:
    """What the account sold in some days by product, channel or day: money from the ledger, and counts."""
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, account_id: str) -> tuple[Account, Span, Sales]:
        account = await accounts.account(tx, account_id)
        span = read_span(from_, to, now, account.time_zone)
        return account, span, await sales(tx, account_id, span, by)

    async def gather(who: Caller) -> ReportView:
        account, span, report = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return ReportView(
            data=lambda: sales_out(report, account, span),
            sheet=lambda: sales_sheet(report, account.currency),
            file=f"sales-by-{by}-{span.label}",
        )

    return await reporting.answer(request, "reports.read", format, gather)


@get("/reports/transactions", summary="Transactions", tags=_TAGS, opt=reporting.FILES)
async def transaction_report(
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
        QueryParameter(ge=1, le=MAX_CHANGES, description="Records on a page; else 50, and 5,000 in a file."),
    ] = None,
    page: Page = 0,
    format: FormParameter = "json",
) -> Response[Envelope[list[TransactionOut]]]:
    """A record for each time that an order was made or changed, oldest first. At least one filter is required."""
    parts = services(request)
    size, whole = reporting.page_size(limit, format, MAX_CHANGES), limit is None and format != "json"
    now, window = parts.clock.now(), Window(from_, to, size, page, whole)
    chosen = filter_of(order_ids, confirmation_ids, product_numbers, from_product_start_date, to_product_start_date)

    async def run(tx: ReadTx, account_id: str) -> tuple[Account, Found]:
        account = await accounts.account(tx, account_id)
        return account, await read_changes(tx, account, chosen, window, now)

    async def gather(who: Caller) -> ReportView:
        account, found = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return ReportView(
            data=lambda: listed(transactions.records_of(found)),
            sheet=lambda: transactions_sheet(transactions.records_of(found), account.time_zone),
            file="transactions",
        )

    return await reporting.answer(request, "transactions.read", format, gather)


@get("/reports/payables", summary="Payables report", tags=_TAGS, opt=reporting.FILES)
async def payables_report(
    request: ApiRequest, from_: From = None, to: To = None, format: FormParameter = "json"
) -> Response[Envelope[list[SettlementOut]]]:
    """What the account owes resellers (commissions) and suppliers (net rates) for every billing cycle in these days."""
    return await _settled(request, "payables", from_, to, format)


@get("/reports/receivables", summary="Receivables report", tags=_TAGS, opt=reporting.FILES)
async def receivables_report(
    request: ApiRequest, from_: From = None, to: To = None, format: FormParameter = "json"
) -> Response[Envelope[list[SettlementOut]]]:
    """What resellers (net rates) and suppliers (commissions) owe the account for every billing cycle in these days."""
    return await _settled(request, "receivables", from_, to, format)


async def _settled(
    request: ApiRequest, direction: Direction, first: str | None, last: str | None, format: reporting.Form
) -> Response[Envelope[list[SettlementOut]]]:
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, account_id: str) -> tuple[Span, list[Settlement]]:
        account = await accounts.account(tx, account_id)
        span = read_span(first, last, now, account.time_zone)
        return span, await settlements(tx, account_id, span, direction, now)

    async def gather(who: Caller) -> ReportView:
        span, found = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return ReportView(
            data=lambda: [settlement_out(one) for one in found],
            sheet=lambda: settlements_sheet(direction.title(), found),
            file=f"{direction}-{span.label}",
        )

    return await reporting.answer(request, "reports.read", format, gather)


@get("/reports/mailing-list", summary="Mailing list", tags=_TAGS, opt=reporting.FILES)
async def mailing_report(
    request: ApiRequest,
    from_: Annotated[
        str | None,
        QueryParameter(
            name="from",
            description="Only who ordered on this day or later, YYYY-MM-DD in the account's time zone.",
            schema_extra={"format": "date"},
        ),
    ] = None,
    limit: Annotated[
        int | None,
        QueryParameter(
            ge=1,
            le=reporting.MAX_ROWS,
            description="Customers on a page, up to 10,000, or 100,000 in a file; else 50, or all in a file.",
        ),
    ] = None,
    page: Page = 0,
    format: FormParameter = "json",
) -> Response[Envelope[list[RecipientOut]]]:
    """Customers of the account's own orders whose newest order says that they want mail, newest first."""
    parts = services(request)
    size = reporting.page_size(limit, format, reporting.MAX_ROWS)
    if format == "json" and size > MAX_PAGE:
        raise Invalid(f"limit: a page has at most {MAX_PAGE} customers; a file has more.", field="limit")

    async def gather(who: Caller) -> ReportView:
        account = await parts.database.read(lambda tx: accounts.account(tx, who.account_id))
        since = midnight(parse_date(from_, field="from"), account.time_zone) if from_ else None
        found = await mailing_list(parts.database, who.account_id, since=since, limit=size, page=page)
        reporting.check_whole(limit is None and format != "json", more=found.more)
        return ReportView(
            data=lambda: recipients_out(found),
            sheet=lambda: recipients_sheet(found, account.time_zone),
            file="mailing-list",
        )

    return await reporting.answer(request, "mailing.write", format, gather)


@get("/departures/{departure_id:str}/manifest", summary="Manifest", tags=_TAGS, opt=reporting.FILES_AND_PDF)
async def manifest_report(
    request: ApiRequest,
    departure_id: Annotated[str, PathParameter(description="The departure's id.")],
    format: Annotated[
        FormOrPdf, QueryParameter(name="format", description="`json` (default), or a file: `csv`, `xlsx` or `pdf`.")
    ] = "json",
) -> Response[Envelope[ManifestOut]]:
    """Who comes to a departure: tier, pickup, answers to questions, balance, check-in."""
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, who: Caller) -> tuple[manifest.Found, PrintFound | None]:
        if format == "pdf":
            seen = await manifest_print.read(tx, parts.catalogs, who, departure_id)
            return seen.found, seen
        return await manifest.read(tx, who.account_id, departure_id), None

    async def gather(who: Caller) -> ReportView:
        found, seen = await parts.database.read(lambda tx: run(tx, who), patient=True)
        return ReportView(
            data=lambda: manifest_out(manifest.manifest_of(found, who.permissions)),
            sheet=lambda: manifest_sheet(manifest.manifest_of(found, who.permissions)),
            file=f"manifest-{departure_id}",
            pdf=None if seen is None else lambda: manifest_pdf(print_of(seen, who.permissions, now)),
        )

    return await reporting.answer(request, "manifests.read", format, gather, at_once=format == "json")


ROUTES: list[HTTPRouteHandler] = [
    sales_report,
    transaction_report,
    payables_report,
    receivables_report,
    mailing_report,
    manifest_report,
]
