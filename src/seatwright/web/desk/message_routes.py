"""The account's mails: what was sent, what is on its way, what was given up, and what could not even be written."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.core.errors import Forbidden, Invalid, SeatwrightError
from seatwright.core.ids import new_hex24
from seatwright.core.moments import days_between
from seatwright.http.context import ApiRequest
from seatwright.notifications import service as outgoing
from seatwright.notifications.deliveries import Delivery, Status
from seatwright.orders import outbox
from seatwright.orders import store as orders
from seatwright.orders.outbox import Event
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.message_view import STATES, mail_page, mail_row, untold_row
from seatwright.web.desk.once import once
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, page_of, query, read, write

PAGE_SIZE = 50
MAX_UNTOLD = 20
"""What could not be told that the page lists at most."""
FILTERS = ("status", "order", "from", "to")
_DONE = {"again": "It is on its way again."}


class Found(NamedTuple):
    """A page of mails, whether there are more, and what could not be told."""

    mails: list[Delivery]
    more: bool
    untold: list[Event]


@get("/messages", **PAGE)
async def get_messages(request: ApiRequest) -> Response[str]:
    """Show mails by state, order and day, the newest first."""
    asked = query(request)
    problem: SeatwrightError | None = None

    async def use_case(tx: ReadTx, visit: Visit) -> Found:
        nonlocal problem
        untold = await outbox.failed(tx, account_id=visit.account.id, limit=MAX_UNTOLD)
        try:
            mails = await _mails(tx, visit, asked)
        except Invalid as error:
            problem = error
            return Found([], False, untold)
        return Found(mails[:PAGE_SIZE], len(mails) > PAGE_SIZE, untold)

    visit, found = await read(request, "messages.read", use_case)
    texts = texts_of(visit.account)
    filters = {name: asked.text(name) for name in FILTERS}
    used = {name: value for name, value in filters.items() if value}
    return screen(
        request,
        visit,
        "messages.html",
        here="messages",
        notice=None if problem is None else refused(problem),
        status=200 if problem is None else problem.status,
        mails=[mail_row(each, texts) for each in found.mails],
        untold=[untold_row(each, visit.now, texts) for each in found.untold],
        filters=filters,
        filtered=bool(used),
        states={status: tag.text for status, tag in STATES.items()},
        next_page=urlencode(used | {"page": page_of(asked) + 1}) if found.more else "",
        first_page=urlencode(used),
        later_page=page_of(asked) > 0,
    )


async def _mails(tx: ReadTx, visit: Visit, asked: Form) -> list[Delivery]:
    """Return the mails of the page that is asked for, and of the next one. Raises `Invalid`."""
    first, end = days_between(asked.text("from") or None, asked.text("to") or None, visit.account.time_zone)
    status, reference, number = _status(asked.text("status")), asked.text("order"), page_of(asked)
    order_id: str | None = None
    if reference:
        order = await orders.look_up(tx, visit.account.id, reference)
        if order is None:
            return []
        order_id = order.id
    found: list[Delivery] = []
    for page in (number, number + 1):
        found += await outgoing.page(
            tx,
            visit.account.id,
            limit=PAGE_SIZE,
            page=page,
            status=status,
            order_id=order_id,
            first=first,
            end=end,
        )
    return found


def _status(text: str) -> Status | None:
    found = next((status for status in STATES if status == text), None)
    if text and found is None:
        raise Invalid("There is no such state; choose one of the list.", code="unknown_filter")
    return found


@get("/messages/{message_id:str}", **PAGE)
async def get_message(request: ApiRequest, message_id: FromPath[str]) -> Response[str]:
    """Show a mail: its text, and what came of every attempt to send it."""
    done = _DONE.get(query(request).text("done"))
    return await _show(request, message_id, notice=Notice("good", done) if done else None)


@post("/messages/{message_id:str}", **FORM)
async def post_message(request: ApiRequest, message_id: FromPath[str]) -> Response[str]:
    """Send a mail again: one that was given up is tried again, one that was sent is sent once more. It is one mail for
    each time that the page was shown, however often the form is sent."""
    sent = await form(request)

    async def send(tx: Tx, visit: Visit) -> None:
        found = await outgoing.get(tx, visit.account.id, message_id)
        again = outgoing.retry if found.status == "dead" else outgoing.resend
        await again(tx, visit.now, visit.caller.user_id, visit.account.id, message_id)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await once(tx, request, visit, sent, send)

    try:
        await write(request, "messages.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        try:
            return await _show(request, message_id, notice=refused(error), status=error.status)
        except Forbidden:  # who may send, and not read
            raise error from None
    return go(request, f"/messages/{message_id}", done="again")


async def _show(
    request: ApiRequest, message_id: str, *, notice: Notice | None = None, status: int = 200
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> Delivery:
        return await outgoing.get(tx, visit.account.id, message_id)

    visit, found = await read(request, "messages.read", use_case)
    return screen(
        request,
        visit,
        "message.html",
        here="messages",
        notice=notice,
        status=status,
        mail=mail_page(found, texts_of(visit.account)),
        once=new_hex24(),
    )


ROUTES: list[HTTPRouteHandler] = [get_messages, get_message, post_message]
