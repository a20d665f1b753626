"""The files that the desk's pages load."""

from __future__ import annotations

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.core.errors import NotFound
from seatwright.http.context import ApiRequest
from seatwright.http.static import FOREVER
from seatwright.web.desk.assets import assets
from seatwright.web.desk.visit import PAGE


@get("/static/{version:str}/{name:path}", sync_to_thread=False, **PAGE)
def get_asset(request: ApiRequest, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Answer a file. A page of another version of the program gets this version's file, and keeps it a while."""
    known = assets()
    file = known.files.get(name.lstrip("/"))
    if file is None:
        raise NotFound("There is no such file.", code="unknown_address")
    return file.answer(request, FOREVER) if version == known.hash else file.answer(request)


ROUTES: list[HTTPRouteHandler] = [get_asset]
