"""Failures at the desk: without a session the way leads to the sign-in, everything else is a page that says what is
wrong.
"""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response

from seatwright.core.errors import SeatwrightError, Unauthorized
from seatwright.http.context import ApiRequest
from seatwright.http.errors import request_id
from seatwright.web.desk.frame import gate, go
from seatwright.web.desk.visit import PATH, cookie
from seatwright.web.desk.words import sentence

_TITLES = {
    403: "You may not do this",
    404: "There is no such page",
    409: "This isn’t possible now",
    429: "One moment, please",
    503: "The server is busy",
}


def on_failure(request: ApiRequest, error: Exception, status: int) -> Response[str]:
    """Return the desk's page for a failure that has the HTTP status `status`."""
    if isinstance(error, Unauthorized):
        return _to_sign_in(request)
    if isinstance(error, SeatwrightError) and status < 500:
        text = sentence(error)
    elif status < 500:
        text = "Check the address; or go on from today’s departures."
    elif status == 503:
        text = "Nothing was changed. Wait a moment, and do it again."
    else:
        text = (
            f"Nothing was changed. If it happens again, tell whoever runs the server this number: {request_id(request)}"
        )
    title = _TITLES.get(status, "Something went wrong" if status >= 500 else "That didn’t work")
    return gate(request, "failure.html", status=status, title=title, text=text)


def _to_sign_in(request: ApiRequest) -> Response[str]:
    """Lead to the sign-in, and from there back to the page, if it was one that only shows something."""
    wanted = {}
    if request.method == "GET":
        path = request.scope["path"].removeprefix(PATH)
        text = request.scope["query_string"].decode("latin-1")
        if path not in ("", "/"):
            wanted["next"] = f"{path}?{text}" if text else path
    if cookie(request):
        wanted["over"] = "1"
    return go(request, "/sign-in" + (f"?{urlencode(wanted)}" if wanted else ""))
