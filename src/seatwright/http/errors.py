"""Every failure as an envelope with the right status. No input of a client leads to a 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from seatwright.core.errors import (
    Invalid,
    MethodNotAllowed,
    NotFound,
    SeatwrightError,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)
from seatwright.core.meter import meter
from seatwright.http import wire
from seatwright.http.checks import with_head
from seatwright.http.validation import describe

log = structlog.get_logger("seatwright.api")


Words: TypeAlias = Callable[[SeatwrightError], str]
"""A door's words for an error. It is the option `words` of the door's router; without one, the error's own count."""


def error_bytes(request: Request[Any, Any, Any], error: SeatwrightError) -> bytes:
    """Return the body that `error` answers with."""
    route: Any = request.scope.get("route_handler")
    words: Words | None = route.opt.get("words") if route is not None else None
    message = error.message if words is None else words(error)
    details = msgspec.UNSET if error.details is None else error.details
    return wire.encode(wire.ErrorEnvelope(error_message=message, error_code=error.code, details=details))


def to_response(request: Request[Any, Any, Any], error: SeatwrightError) -> Response[Any]:
    """Return the whole answer for an expected failure."""
    meter().refusal(error.code)
    headers: dict[str, str] = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status >= 500:
        log.warning("unavailable", request_id=request_id(request), reason=error.message, error_code=error.code)
    return Response(
        error_bytes(request, error), status_code=error.status, media_type="application/json", headers=headers
    )


def request_id(request: Request[Any, Any, Any]) -> str:
    """Return the id under which this request is logged."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Translate the framework's own errors."""
    if error.status_code >= 500:
        return on_bug(request, error)
    response = to_response(request, _translate(request, error))
    if error.status_code == 405 and error.headers:
        response.headers["Allow"] = with_head(error.headers["allow"].split(", "))
    return response


def _translate(request: Request[Any, Any, Any], error: HTTPException) -> SeatwrightError:
    if isinstance(error, ValidationException):
        return describe(request, error)
    match error.status_code:
        case 404:
            return NotFound("There is nothing at this address.", code="unknown_address")
        case 405:
            return MethodNotAllowed(f"{request.method} is not possible here.")
        case 413:
            return TooLarge("The request's body is larger than this server takes.")
        case 415:
            return UnsupportedMedia("Send the body as JSON, with `Content-Type: application/json`.")
    if error.detail == "Invalid host header":
        return Invalid("The Host header is not a name or an address.", code="invalid_host", field="Host")
    reason = error.detail.removeprefix("JSON is malformed: ").partition(" - at ")[0]
    return Invalid(f"The body is not well-formed JSON: {reason}.", code="malformed_json")


def on_expected(request: Request[Any, Any, Any], error: SeatwrightError) -> Response[Any]:
    """Answer an expected failure."""
    return to_response(request, error)


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Log an unexpected error with its traceback; the answer has only the id to quote."""
    name = request_id(request)
    meter().refusal("internal_error")
    log.error("unexpected failure", request_id=name, exc_info=error)
    body = wire.ErrorEnvelope(
        error_message=f"Something went wrong here, and nothing was changed by it. Ask the operator about {name}.",
        error_code="internal_error",
    )
    return Response(wire.encode(body), status_code=500, media_type="application/json")


HANDLERS: ExceptionHandlersMap = {
    SeatwrightError: on_expected,
    HTTPException: on_http_exception,
    Exception: on_bug,
}
