"""`/my/{token}`: the page of an order, for the customer who has its link.

The token is the credential: there is no cookie, so another site can't make a browser send any. A GET changes nothing,
however often a mail program follows the links; only the POST cancels.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.auth import links
from seatwright.core.errors import Invalid, NotFound
from seatwright.http.context import ApiRequest, await_turn_of_address, booking, networks, services
from seatwright.http.security import OPEN
from seatwright.selfservice import mailing, online, service
from seatwright.selfservice.service import Offer, OrderParties, Visit
from seatwright.storage.engine import ReadTx
from seatwright.web.languages import choose
from seatwright.web.my.answers import HEADERS, base, page, style_sheet
from seatwright.web.my.calendar import calendar
from seatwright.web.my.view import choice_text, choice_views, letterhead, offer_view, order_view
from seatwright.wording.wording import Wording

MAX_BODY = 4_096
MAX_FIELDS = 10
DONE = "done"
"""The query of the page to which a cancellation leads."""
UNSUBSCRIBED = "unsubscribed"
"""The query of the page to which the end of a consent to mail leads."""
_FORM = {**OPEN, "opt": {"open": True, "form": True}}


@get("/style.css", include_in_schema=False, sync_to_thread=False, **OPEN)
def get_style(request: ApiRequest) -> Response[bytes]:
    """Answer the pages' style sheet."""
    return style_sheet().answer(request)


@get("/{token:str}", include_in_schema=False, **OPEN)
async def get_order(request: ApiRequest, token: FromPath[str]) -> Response[str]:
    """Show the order: the ticket, what it cost, its cancellation terms, and what can be done."""
    visit, parts = await _visit(request, token), services(request)

    async def run(tx: ReadTx) -> tuple[OrderParties, bool]:
        seen = await service.look(tx, parts.catalogs, visit.link)
        return seen, await mailing.wanted(tx, seen.order)

    seen, subscribed = await parts.database.read(run)
    words = _wording(request, seen)
    open_ = visit.link.may_cancel and online.choices(seen.order, visit.now)
    return page(
        request,
        "order.html",
        words,
        order=order_view(seen, words),
        token=token,
        can_cancel=bool(open_),
        done=DONE in request.query_params and _has_cancelled(seen),
        subscribed=subscribed,
        unsubscribed=UNSUBSCRIBED in request.query_params and not subscribed,
    )


@get("/{token:str}/calendar.ics", include_in_schema=False, **OPEN)
async def get_calendar(request: ApiRequest, token: FromPath[str]) -> Response[str]:
    """Answer the order's dates as a calendar file."""
    visit, parts = await _visit(request, token), services(request)
    seen = await parts.database.read(lambda tx: service.look(tx, parts.catalogs, visit.link))
    file = calendar(seen, _wording(request, seen))
    if file is None:
        raise NotFound("The order has no dates.", code="no_dates")
    name = f'attachment; filename="{seen.order.confirmation}.ics"'
    headers = HEADERS | {"Content-Disposition": name}
    return Response(file, media_type="text/calendar", headers=headers)


@get("/{token:str}/cancel", include_in_schema=False, **OPEN)
async def get_cancel(request: ApiRequest, token: FromPath[str]) -> Response[str]:
    """Ask what is to be cancelled; with `what`, show what that comes to."""
    visit, parts = await _visit(request, token), services(request)
    name = request.query_params.get("what", "")
    if not name:
        return await _choose(request, visit)
    offered = await parts.database.read(lambda tx: service.offer(tx, booking(request), parts.keyring, visit, name))
    return _offered(request, visit, offered, status=200)


@post("/{token:str}/cancel", include_in_schema=False, status_code=200, request_max_body_size=MAX_BODY, **_FORM)
async def post_cancel(request: ApiRequest, token: FromPath[str]) -> Response[str]:
    """Cancel what was shown, for what was shown; else show what it comes to now. Twice is as good as once."""
    visit, parts = await _visit(request, token), services(request)
    form = _form(await request.body())
    name = form.get("what", "")
    if not name:
        return await _choose(request, visit)
    offered = await parts.database.write(
        lambda tx: service.cancel_as_shown(tx, booking(request), parts.keyring, visit, name, form.get("proof", ""))
    )
    if offered.answer == "cancelled":  # the browser fetches the page again, so reloading it doesn't repeat the POST
        headers = HEADERS | {"Location": f"{base(request)}/{token}?{DONE}=1"}
        return Response("", status_code=303, media_type="text/html", headers=headers)
    return _offered(request, visit, offered, status=200 if offered.answer == "gone" else 409)


@post("/{token:str}/unsubscribe", include_in_schema=False, status_code=303, request_max_body_size=MAX_BODY, **_FORM)
async def post_unsubscribe(request: ApiRequest, token: FromPath[str]) -> Response[str]:
    """End the customer's consent to mail. Twice is as good as once."""
    visit, parts = await _visit(request, token), services(request)
    await parts.database.write(lambda tx: mailing.refuse(tx, parts.catalogs, visit))
    headers = HEADERS | {"Location": f"{base(request)}/{token}?{UNSUBSCRIBED}=1"}
    return Response("", status_code=303, media_type="text/html", headers=headers)


async def _choose(request: ApiRequest, visit: Visit) -> Response[str]:
    parts = services(request)
    seen = await parts.database.read(lambda tx: service.look(tx, parts.catalogs, visit.link))
    words = _wording(request, seen)
    found = online.choices(seen.order, visit.now) if visit.link.may_cancel else []
    order = letterhead(seen)
    if not found:
        template = "gone.html" if seen.order.status == "cancelled" else "closed.html"
        return page(request, template, words, order=order, token=visit.token, what="")
    shown = choice_views(found, seen, words)
    return page(request, "choose.html", words, order=order, token=visit.token, choices=shown)


def _offered(request: ApiRequest, visit: Visit, offered: Offer, *, status: int) -> Response[str]:
    words = _wording(request, offered.seen)
    order = letterhead(offered.seen)
    what = choice_text(offered.choice, offered.seen.catalog, words)
    if offered.answer in ("gone", "closed"):
        template = f"{offered.answer}.html"
        return page(request, template, words, status=status, order=order, token=visit.token, what=what)
    return page(
        request,
        "confirm.html",
        words,
        status=status,
        order=order,
        token=visit.token,
        offer=offer_view(offered, words),
        changed=offered.answer == "changed",
    )


async def _visit(request: ApiRequest, token: str) -> Visit:
    """Verify a link. Raises `NotFound`, always the same one, and `TooMany` after too many wrong links."""
    parts, here = services(request), networks(request)
    now = parts.clock.now()
    await await_turn_of_address(request, "page")
    with parts.limits.link(here, now):
        link = links.verify(parts.keyring, token, now)
        if link is None:
            raise NotFound("There is no such page.", code="unknown_link")
    return Visit(link, token, now)


def _wording(request: ApiRequest, seen: OrderParties) -> Wording:
    accept = request.headers.get("accept-language", "")
    return choose(seen.order.body.customer.get("language"), accept, seen.seller.language)


def _has_cancelled(seen: OrderParties) -> bool:
    return any(line.status == "cancelled" for item in seen.order.body.items for line in item.lines)


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Invalid("The body is not a form.", code="malformed_form") from None


ROUTES: list[HTTPRouteHandler] = [get_style, get_order, get_calendar, get_cancel, post_cancel, post_unsubscribe]
