"""Failures of the doors for people: the same statuses as elsewhere, as each door's own page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from litestar import Response
from litestar.types import ExceptionHandlersMap

from seatwright.auth.links import PATH as MY
from seatwright.http.context import ApiRequest
from seatwright.web.desk import errors as desk_errors
from seatwright.web.desk.visit import PATH as DESK
from seatwright.web.my import errors as my_errors

FailurePage: TypeAlias = Callable[[ApiRequest, Exception, int], Response[Any]]
"""Makes a page of a request, what went wrong, and the HTTP status."""

PAGES: Mapping[str, FailurePage] = {MY: my_errors.on_failure, DESK: desk_errors.on_failure}
_KEPT = ("Retry-After", "Allow")
"""Headers that say something to a browser too."""


def with_pages(handlers: ExceptionHandlersMap) -> ExceptionHandlersMap:
    """Return the handlers of failures, which answer with a page under the paths of the doors for people."""
    return {kind: _for_people(handler) for kind, handler in handlers.items()}


def _for_people(handler: Callable[[Any, Any], Response[Any]]) -> Callable[[Any, Any], Response[Any]]:
    def handle(request: ApiRequest, error: Exception) -> Response[Any]:
        answer = handler(request, error)
        path = request.scope["path"]
        for door, page in PAGES.items():
            if path == door or path.startswith(f"{door}/"):
                shown = page(request, error, answer.status_code or 500)
                shown.headers.update({name: answer.headers[name] for name in _KEPT if name in answer.headers})
                return shown
        return answer

    return handle
