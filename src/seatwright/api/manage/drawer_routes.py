"""`/api/v1/reports/drawers`: what each user took and gave back on each day."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from seatwright.api.manage.drawer_wire import DrawersOut, RowsOf, drawers_out, drawers_sheet
from seatwright.api.shapes import reporting
from seatwright.api.shapes.reporting import FormParameter, ReportView
from seatwright.auth import service as accounts
from seatwright.auth.model import Caller
from seatwright.core.times import to_local
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import Envelope
from seatwright.reports.drawer import Drawers, drawers
from seatwright.reports.periods import Span, read_span
from seatwright.storage.engine import ReadTx

_TAGS = ["Reports"]
_DAY = "YYYY-MM-DD in the account's time zone"


@get("/reports/drawers", summary="Drawers", tags=_TAGS, opt=reporting.FILES)
async def drawer_report(
    request: ApiRequest,
    from_: Annotated[
        str | None,
        QueryParameter(name="from", description=f"First day, {_DAY}; else today.", schema_extra={"format": "date"}),
    ] = None,
    to: Annotated[
        str | None,
        QueryParameter(
            name="to", description=f"Last day, {_DAY}, included; else the first day.", schema_extra={"format": "date"}
        ),
    ] = None,
    user_id: Annotated[
        str | None, QueryParameter(name="userId", description="Only this user's, or this key's.")
    ] = None,
    rows: Annotated[
        RowsOf, QueryParameter(description="What the rows of a file are: sums by user, day and method; or each entry.")
    ] = "sums",
    format: FormParameter = "json",
) -> Response[Envelope[DrawersOut]]:
    """Answer what each user and key recorded on each day: payments, refunds and voided payments by method."""
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, account_id: str) -> tuple[Span, Drawers]:
        account = await accounts.account(tx, account_id)
        first = from_ or ("" if to else f"{to_local(now, account.time_zone).date()}")
        span = read_span(first, to or first, now, account.time_zone)
        return span, await drawers(tx, account_id, span, user_id or "")

    async def gather(who: Caller) -> ReportView:
        span, report = await parts.database.read(lambda tx: run(tx, who.account_id), patient=True)
        return ReportView(
            data=lambda: drawers_out(report, span),
            sheet=lambda: drawers_sheet(report, span, rows),
            file=f"drawers-{span.label}",
        )

    return await reporting.answer(request, "transactions.read", format, gather)


ROUTES: list[HTTPRouteHandler] = [drawer_report]
