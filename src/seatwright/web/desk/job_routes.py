"""Work that goes on in the background: departures that are cancelled, moved or written to, and how far it has come."""

from __future__ import annotations

from typing import NamedTuple

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.auth.model import Permission
from seatwright.disruptions import service as disruptions
from seatwright.disruptions.model import JobKind, Progress
from seatwright.http.context import ApiRequest, booking, services
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.disruption_routes import NEEDS
from seatwright.web.desk.frame import screen
from seatwright.web.desk.job_view import job_row
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import PAGE, Visit, page_of, query, read

PAGE_SIZE = 20
WAIVE: Permission = "cancellation_fee.edit"
"""What cancelling a departure needs besides: it costs no fee."""


class JobFound(NamedTuple):
    """A job with its departure, None if that is gone, and the name of the product."""

    progress: Progress
    departure: Departure | None
    product: str


@get("/jobs", **PAGE)
async def get_jobs(request: ApiRequest) -> Response[str]:
    """Show the jobs of all departures, the newest first."""
    number = page_of(query(request))

    async def use_case(tx: ReadTx, visit: Visit) -> list[JobFound]:
        catalog = await services(request).catalogs.load(tx, visit.account.id)
        found = []
        for page in (number, number + 1):
            for each in await disruptions.page(tx, booking(request), visit.caller, limit=PAGE_SIZE, page=page):
                departure = await inventory.find(tx, visit.account.id, each.request.departure_id, visit.now)
                product = None if departure is None else catalog.products_by_id.get(departure.product_id)
                found.append(JobFound(each, departure, product.name if product else ""))
        return found

    visit, found = await read(request, "orders.read", use_case)
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "jobs.html",
        here="jobs",
        jobs=[(job_row(*each, texts), _may_repeat(visit, each.progress.request.kind)) for each in found[:PAGE_SIZE]],
        page=number,
        more=len(found) > PAGE_SIZE,
    )


def _may_repeat(visit: Visit, kind: JobKind) -> bool:
    """Tell whether somebody may do the rest of a job."""
    return visit.may(NEEDS[kind]) and (kind != "cancel" or visit.may(WAIVE))


ROUTES: list[HTTPRouteHandler] = [get_jobs]
