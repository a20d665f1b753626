"""Failures on the customers' pages: the same statuses as elsewhere, as pages for people."""

from __future__ import annotations

from litestar import Response

from seatwright.http.context import ApiRequest
from seatwright.http.errors import request_id
from seatwright.web.languages import accepted
from seatwright.web.my.answers import page


def on_failure(request: ApiRequest, _: Exception, status: int) -> Response[str]:
    """Return the page that explains a status, without details of the failure or of the request."""
    words = accepted(request.headers.get("accept-language", ""))
    said = f"page.{_happened(status)}"
    title, text = words.say(f"{said}_title"), words.say(said, number=request_id(request))
    return page(request, "failure.html", words, status=status, title=title, text=text)


def _happened(status: int) -> str:
    """Return the key of a failure's text."""
    named = {404: "not_found", 429: "too_many", 503: "unavailable"}
    return named.get(status, "failed" if status >= 500 else "refused_request")
