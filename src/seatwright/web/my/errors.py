"""Failures on the customers' pages: the same statuses as elsewhere, as pages for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.types import ExceptionHandlersMap

from seatwright.auth.links import PATH
from seatwright.http.context import ApiRequest
from seatwright.http.errors import request_id
from seatwright.web.languages import accepted
from seatwright.web.my.answers import page

_KEPT = ("Retry-After", "Allow")
"""Headers that say something to a browser too."""


def with_pages(handlers: ExceptionHandlersMap) -> ExceptionHandlersMap:
    """Return the handlers of failures, which answer with a page if a person's browser asked."""
    return {kind: _for_people(handler) for kind, handler in handlers.items()}


def _for_people(handler: Callable[[Any, Any], Response[Any]]) -> Callable[[Any, Any], Response[Any]]:
    def handle(request: ApiRequest, error: Exception) -> Response[Any]:
        answer = handler(request, error)
        path = request.scope["path"]
        return _failure(request, answer) if path == PATH or path.startswith(f"{PATH}/") else answer

    return handle


def _failure(request: ApiRequest, answer: Response[Any]) -> Response[Any]:
    """Explain the answer's status, without details of the failure or of the request."""
    words, status = accepted(request.headers.get("accept-language", "")), answer.status_code or 500
    said = f"page.{_happened(status)}"
    title, text = words.say(f"{said}_title"), words.say(said, number=request_id(request))
    shown = page(request, "failure.html", words, status=status, title=title, text=text)
    shown.headers.update({name: answer.headers[name] for name in _KEPT if name in answer.headers})
    return shown


def _happened(status: int) -> str:
    """Return the key of a failure's text."""
    named = {404: "not_found", 429: "too_many", 503: "unavailable"}
    return named.get(status, "failed" if status >= 500 else "refused_request")
