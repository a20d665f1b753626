"""The redirect by which other programs lead a person to the desk (wire reference, "Sign-in by redirect").

It opens nothing: who has no session signs in first. A `token` in the address is neither read nor passed on, so it
leaves the address bar at once.
"""

from __future__ import annotations

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.http.context import ApiRequest
from seatwright.http.parameters import OWN_QUERY
from seatwright.web.desk.booking_form import CUSTOMER_PREFIX
from seatwright.web.desk.frame import go
from seatwright.web.desk.visit import PAGE, Form, query

PATHS = {"ordernew": "/new", "pickupreport": "/pickups"}
"""Where the values of `path` lead, in small letters; every other one leads to today."""
PERSON = "person"
NAMES = {"PhoneNumber": "phone"}
"""Fields of a person that a customer has under another name; all others differ by the prefix only."""


@get("/login", **PAGE | {"opt": PAGE["opt"] | {OWN_QUERY: True}})
async def get_login(request: ApiRequest) -> Response[str]:
    """Lead to the new booking with its customer and reference filled in, to the pickups of the day, or to today."""
    asked = query(request)
    path = PATHS.get(asked.text("path").lower(), "/today")
    answer = go(request, path, **(_booking(asked) if path == "/new" else {}))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _booking(asked: Form) -> dict[str, str]:
    """Return the fields of a new booking that an address names."""
    found = {}
    for name in asked.named(PERSON):
        value = asked.text(PERSON + name)
        if value and name[:1].isupper():
            field = NAMES.get(name, name[0].lower() + name[1:])
            found[CUSTOMER_PREFIX + field] = value
    reference = asked.text("referenceId")
    return found | ({"reference": reference} if reference else {})


LOGIN: list[HTTPRouteHandler] = [get_login]
"""What is under the path of the Resmark API."""
