"""The frame around the desk's screens: headers, navigation, and what the templates know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Response

from seatwright.auth import sessions
from seatwright.auth.model import PERMISSIONS, Permission
from seatwright.core.errors import SeatwrightError
from seatwright.http.context import ApiRequest, services
from seatwright.web.desk.assets import assets
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import COOKIE, MOST_WAITING, PATH, Visit, cookie
from seatwright.web.desk.words import sentence
from seatwright.web.pages import base_path, environment

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy: nothing inline, no frame, nothing from elsewhere."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Language": "en",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Headers of all of the desk's pages; `http.access` adds no-store."""
WITH_CAMERA = {**HEADERS, "Permissions-Policy": "camera=(self), microphone=(), geolocation=()"}
"""Headers of a page that scans codes."""


class Screen(NamedTuple):
    """An entry of the navigation: its key, name, icon, address, and the permission without which it isn't shown."""

    key: str
    name: str
    icon: str
    path: str
    permission: Permission


DAY: tuple[Screen, ...] = (
    Screen("today", "Today", "sun", "/today", "departures.read"),
    Screen("calendar", "Calendar", "calendar-days", "/calendar", "departures.read"),
    Screen("pickups", "Pickups", "map-pin", "/pickups", "manifests.read"),
    Screen("orders", "Orders", "list-checks", "/orders", "orders.read"),
    Screen("customers", "Customers", "user", "/customers", "customers.read"),
    Screen("pending", "Pending", "hourglass", "/pending", "orders.read"),
)
"""The desk's own screens."""
BUSINESS: tuple[Screen, ...] = (
    Screen("crew", "Crew and boats", "life-buoy", "/crew", "departures.read"),
    Screen("drawer", "Drawer", "banknote", "/drawer", "transactions.read"),
    Screen("reports", "Reports", "chart-column", "/reports", "transactions.read"),
    Screen("messages", "Messages", "mail", "/messages", "messages.read"),
    Screen("jobs", "Jobs", "refresh-cw", "/jobs", "orders.read"),
    Screen("webhooks", "Webhooks", "bell", "/webhooks", "webhooks.write"),
    Screen("users", "Users", "users", "/users", "users.write"),
    Screen("audit", "Audit log", "scroll-text", "/audit", "audit.read"),
)
"""The screens about the business."""

_ENVIRONMENT = environment("seatwright.web.desk")


class Notice(NamedTuple):
    """A sentence above a screen: what was done, or what is wrong. `kind` is good, bad or wait."""

    kind: str
    text: str


def refused(error: SeatwrightError) -> Notice:
    """Return the notice of an error."""
    return Notice("bad", sentence(error))


def check_mendable(error: SeatwrightError, *others: int) -> None:
    """Raise an error about which nobody at the desk can do anything on the page: the session is over, the server can't,
    or one with another of these statuses."""
    if error.status in (401, *others) or error.status >= 500:
        raise error


def screen(
    request: ApiRequest,
    visit: Visit,
    template: str,
    *,
    here: str,
    notice: Notice | None = None,
    status: int = 200,
    headers: Mapping[str, str] = HEADERS,
    **shown: Any,
) -> Response[str]:
    """Return a screen in the frame. `here` is the key of its entry in the navigation; a template of a part of a screen
    simply doesn't extend the frame."""
    text = render(
        request,
        template,
        visit=visit,
        texts=texts_of(visit.account),
        here=here,
        notice=notice,
        day_screens=[each for each in DAY if visit.may(each.permission)],
        business_screens=[each for each in BUSINESS if visit.may(each.permission)],
        counts={"pending": visit.waiting},
        most=MOST_WAITING,
        may={name: visit.may(name) for name in PERMISSIONS},
        **shown,
    )
    return Response(text, status_code=status, media_type="text/html", headers=dict(headers))


def gate(request: ApiRequest, template: str, *, status: int = 200, csrf: str = "", **shown: Any) -> Response[str]:
    """Return a page for somebody who isn't signed in."""
    text = render(request, template, csrf=csrf, **shown)
    return Response(text, status_code=status, media_type="text/html", headers=dict(HEADERS))


def open_gate(
    request: ApiRequest,
    template: str,
    error: SeatwrightError | None = None,
    *,
    notice: Notice | None = None,
    **shown: object,
) -> Response[str]:
    """Return a page for somebody who isn't signed in, whose form has a token from a cookie that opens nothing."""
    parts = services(request)
    value = cookie(request) or sessions.new_visitor()
    page = gate(
        request,
        template,
        status=200 if error is None else error.status,
        csrf=sessions.csrf_token(parts.keyring, value),
        notice=notice if error is None else refused(error),
        **shown,
    )
    return set_cookie(page, value, parts.settings.session_seconds)


def render(request: ApiRequest, template: str, **shown: Any) -> str:
    """Return a template's text. It also knows `desk`, the address of the desk, and `asset`, that of a file."""
    desk = base_path(request) + PATH
    static = f"{desk}/static/{assets().hash}"
    return _ENVIRONMENT.get_template(template).render(desk=desk, static=static, **shown)


def go(request: ApiRequest, path: str, **query: str) -> Response[str]:
    """Lead the browser to a page of the desk, which it fetches with GET, so reloading it doesn't repeat a form."""
    where = f"{base_path(request)}{PATH}{path}"
    if query:
        where += ("&" if "?" in path else "?") + urlencode(query)
    headers = HEADERS | {"Location": where}
    if "hx-request" in request.headers:  # a part of a page can't be led elsewhere with a 303: the whole page is
        return Response("", status_code=200, media_type="text/html", headers=HEADERS | {"HX-Redirect": where})
    return Response("", status_code=303, media_type="text/html", headers=headers)


def set_cookie(answer: Response[str], value: str, max_age_s: int) -> Response[str]:
    """Give the browser the cookie of a session, or take it away with an empty value."""
    answer.set_cookie(
        key=COOKIE,
        value=value,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
        max_age=max_age_s if value else 0,
    )
    return answer
