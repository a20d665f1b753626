"""The drawers of a day, for counting the money when the desk closes."""

from __future__ import annotations

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.core.times import parse_date, to_local
from seatwright.http.context import ApiRequest
from seatwright.reports.drawer import Drawers, drawers
from seatwright.reports.periods import Span
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.drawer_view import drawer_page
from seatwright.web.desk.frame import screen
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import PAGE, Visit, query, read


@get("/drawer", **PAGE)
async def get_drawer(request: ApiRequest) -> Response[str]:
    """Show what each user took and gave back on a day: today, or `day`; with `mine`, only what the visitor did."""
    asked = query(request)
    chosen = parse_date(asked.text("day"), field="day") if asked.text("day") else None

    async def use_case(tx: ReadTx, visit: Visit) -> tuple[Span, Drawers]:
        zone = visit.account.time_zone
        day = chosen or to_local(visit.now, zone).date()
        span = Span(day, day, zone)
        user_id = visit.caller.user_id if asked.has("mine") else ""
        return span, await drawers(tx, visit.account.id, span, user_id)

    visit, (span, report) = await read(request, "transactions.read", use_case)
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "drawer.html",
        here="drawer",
        day=span.first,
        mine=asked.has("mine"),
        page=drawer_page(report, texts),
    )


ROUTES: list[HTTPRouteHandler] = [get_drawer]
