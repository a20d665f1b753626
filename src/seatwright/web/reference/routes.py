"""`/docs`: the API reference as a page, drawn in the browser from `/openapi.json`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.core.errors import NotFound
from seatwright.http.context import ApiRequest
from seatwright.http.security import OPEN
from seatwright.http.static import FOREVER, Static
from seatwright.web.pages import base_path, environment

PATH = "/docs"
_DIRECTORY = Path(__file__).parent / "static"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_ENVIRONMENT = environment("seatwright.web.reference")
_PAGE: dict[str, Any] = {"include_in_schema": False, **OPEN}
HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Language": "en",
}
"""Nothing comes from elsewhere, nor is anything sent there, and no script is inline or made from text. The viewer's
script writes style sheets and attributes, which needs `unsafe-inline` for styles."""


@get("/", sync_to_thread=False, **_PAGE)
def show_reference(request: ApiRequest) -> Response[str]:
    """Answer the page."""
    base = base_path(request)
    page = _ENVIRONMENT.get_template("page.html").render(base=base, static=f"{base}{PATH}/static/{_version()}")
    return Response(page, media_type="text/html; charset=utf-8", headers=HEADERS)


@get("/static/{version:str}/{name:path}", **_PAGE)
async def get_reference_file(request: ApiRequest, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Answer a file of the page. It is large, so it is read and compressed in a thread, when somebody wants it."""
    path = _files().get(name.lstrip("/"))
    if path is None:
        raise NotFound("There is no such file.", code="unknown_address")
    file = await asyncio.to_thread(_static, path)
    return file.answer(request, FOREVER) if version == _version() else file.answer(request)


@cache
def _files() -> Mapping[str, Path]:
    found = (path for path in sorted(_DIRECTORY.rglob("*")) if path.suffix in _KINDS)
    return {path.relative_to(_DIRECTORY).as_posix(): path for path in found}


@cache
def _version() -> str:
    """Return a hash of all files, which is in their addresses, so that browsers keep them for ever."""
    whole = hashlib.sha256()
    for name, path in _files().items():
        whole.update(b"%s %d\n" % (name.encode(), path.stat().st_size))
        whole.update(path.read_bytes())
    return whole.hexdigest()[:16]


@cache
def _static(path: Path) -> Static:
    return Static.of(path.read_bytes(), _KINDS[path.suffix])


ROUTES: list[HTTPRouteHandler] = [show_reference, get_reference_file]
