"""`/metrics`, for Prometheus. It has a token of its own; without one in the settings there is no such page."""

from __future__ import annotations

import hmac

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.core.errors import NotFound, SeatwrightError, Unauthorized
from seatwright.http.context import ApiRequest, services
from seatwright.http.prometheus import CONTENT_TYPE, exposition
from seatwright.http.security import OPEN
from seatwright.reports.operation import Levels, levels

PATH = "/metrics"


@get(PATH, include_in_schema=False, **OPEN)
async def metrics(request: ApiRequest) -> Response[bytes]:
    """Answer what is counted, also while the database can't be read. Raises `NotFound` and `Unauthorized`."""
    parts = services(request)
    token = parts.settings.metrics_token
    if not token:
        raise NotFound("There is nothing at this address.", code="unknown_address")
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Unauthorized(
            "Send SEATWRIGHT_METRICS_TOKEN in the header `Authorization: Bearer <token>`.", code="token_missing"
        )
    now = parts.clock.now()
    found: Levels | None
    try:
        found = await parts.database.read(lambda tx: levels(tx, now))
    except SeatwrightError:
        found = None
    return Response(exposition(found), media_type=CONTENT_TYPE)


ROUTES: list[HTTPRouteHandler] = [metrics]
