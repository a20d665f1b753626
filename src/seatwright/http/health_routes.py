"""Routes for the operator of the server. They need no token and reveal nothing."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.http import wire
from seatwright.http.context import ApiRequest, services
from seatwright.http.security import OPEN
from seatwright.storage.migrate import check_schema


class Alive(wire.Wire):
    """The process runs."""

    status: str = "ok"


@get("/healthz", summary="Is the process alive?", tags=["Operations"], **OPEN)
async def healthz() -> Response[wire.Envelope[Alive]]:
    """Answer 200 as long as the process can answer at all."""
    return _ok()


@get("/readyz", summary="Can the server take requests?", tags=["Operations"], **OPEN)
async def readyz(request: ApiRequest) -> Response[wire.Envelope[Alive]]:
    """Answer 200 if the database answers and its schema is this program's; 503 otherwise."""
    await check_schema(services(request).database)
    return _ok()


def _ok() -> Response[Any]:
    return Response(wire.enveloped(Alive()), media_type="application/json")


ROUTES: list[HTTPRouteHandler] = [healthz, readyz]
