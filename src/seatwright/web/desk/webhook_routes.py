"""The account's webhooks: where it is called, about what, and what came of each call. A secret is shown once."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.core.errors import NotFound, SeatwrightError
from seatwright.core.ids import new_hex24
from seatwright.http.context import ApiRequest, services
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.webhooks import service as webhooks
from seatwright.notifications.webhooks.model import EVENT_KINDS, GRACE_HOURS, EventKind, Webhook
from seatwright.notifications.webhooks.service import Editor, WebhookWithSecret
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.once import once
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, page_of, query, read, write
from seatwright.web.desk.webhook_view import CHOICES, call_row, webhook_row

PAGE_SIZE = 30
_DONE = {
    "changed": "Changed.",
    "paused": "Paused: nothing is called any more, and what was due is given up.",
    "active": "It is called again from now on.",
    "deleted": "The webhook is gone; what was due is given up.",
    "tested": "A test call is on its way; what comes of it is in the list of calls.",
    "again": "The call is made again.",
}
"""What was done, by the word that the address has after it."""


class Found(NamedTuple):
    """A webhook, and a page of its calls; there may be more."""

    webhook: Webhook
    calls: list[Delivery]
    more: bool


@get("/webhooks", **PAGE)
async def get_webhooks(request: ApiRequest) -> Response[str]:
    """Show all webhooks, with a form for a new one."""
    return await _show_all(request, notice=_notice(request))


@post("/webhooks", **FORM)
async def post_webhook(request: ApiRequest) -> Response[str]:
    """Make a webhook, and show its secret this once."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> WebhookWithSecret:
        return await webhooks.create(tx, _editor(request, visit), sent.text("url"), _events(sent))

    try:
        _, made = await write(request, "webhooks.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403)
        return await _show_all(request, sent=sent, notice=refused(error), status=error.status)
    return await _show(request, made.webhook.id, secret=made.secret)


@get("/webhooks/{webhook_id:str}", **PAGE)
async def get_webhook(request: ApiRequest, webhook_id: FromPath[str]) -> Response[str]:
    """Show a webhook with its calls, the newest first."""
    return await _show(request, webhook_id, notice=_notice(request))


@post("/webhooks/{webhook_id:str}", **FORM)
async def post_change(request: ApiRequest, webhook_id: FromPath[str]) -> Response[str]:
    """Change a webhook, pause it or go on, delete it, test it, make a call again, or give it a new secret, which is
    shown this once."""
    sent = await form(request)
    action, _, what = sent.text("do", "change").partition(" ")

    async def use_case(tx: Tx, visit: Visit) -> str:
        return await _act(tx, request, visit, webhook_id, action, what, sent)

    try:
        _, result = await write(request, "webhooks.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        return await _show(request, webhook_id, sent=sent, notice=refused(error), status=error.status)
    if action == "secret":
        return await _show(request, webhook_id, secret=result)
    return go(request, "/webhooks" if action == "delete" else f"/webhooks/{webhook_id}", done=result)


async def _act(tx: Tx, request: ApiRequest, visit: Visit, webhook_id: str, action: str, what: str, sent: Form) -> str:
    """Do what a button says, and return the word for it; for a new secret, the secret. Raises `NotFound`."""
    editor = _editor(request, visit)
    if action == "change":
        await webhooks.change(tx, editor, webhook_id, url=sent.text("url"), events=_events(sent))
        return "changed"
    if action in ("pause", "activate"):
        await webhooks.change(tx, editor, webhook_id, active=action == "activate")
        return "active" if action == "activate" else "paused"
    if action == "delete":
        await webhooks.delete(tx, editor, webhook_id)
        return "deleted"
    if action == "test":
        await once(tx, request, visit, sent, lambda tx, _: webhooks.test(tx, editor, webhook_id))
        return "tested"
    if action == "again":
        await once(tx, request, visit, sent, lambda tx, _: webhooks.retry(tx, editor, webhook_id, what))
        return "again"
    if action == "secret":
        return (await webhooks.rotate(tx, editor, webhook_id, GRACE_HOURS)).secret
    raise NotFound("There is no such button.", code="unknown_address")


async def _show_all(
    request: ApiRequest, *, sent: Form | None = None, notice: Notice | None = None, status: int = 200
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> list[Webhook]:
        return await webhooks.page(tx, visit.account.id)

    visit, found = await read(request, "webhooks.write", use_case)
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "webhooks.html",
        here="webhooks",
        notice=notice,
        status=status,
        webhooks=[webhook_row(each, texts) for each in found],
        choices=CHOICES,
        url=sent.text("url") if sent else "",
        events=sent.all("event") if sent else list(EVENT_KINDS),
    )


async def _show(
    request: ApiRequest,
    webhook_id: str,
    *,
    sent: Form | None = None,
    secret: str = "",
    notice: Notice | None = None,
    status: int = 200,
) -> Response[str]:
    asked = query(request)

    async def use_case(tx: ReadTx, visit: Visit) -> Found:
        account_id, calls = visit.account.id, list[Delivery]()
        for page in (page_of(asked), page_of(asked) + 1):
            calls += await webhooks.log(tx, account_id, webhook_id, limit=PAGE_SIZE, page=page, status=None)
        return Found(await webhooks.get(tx, account_id, webhook_id), calls[:PAGE_SIZE], len(calls) > PAGE_SIZE)

    visit, found = await read(request, "webhooks.write", use_case)
    texts, typed = texts_of(visit.account), sent is not None and sent.has("url")
    shown: dict[str, Any] = {
        "webhook": webhook_row(found.webhook, texts),
        "calls": [call_row(each, texts) for each in found.calls],
        "more": found.more,
        "page": page_of(asked),
        "choices": CHOICES,
        "url": sent.text("url") if sent and typed else found.webhook.url,
        "events": sent.all("event") if sent and typed else found.webhook.events,
        "secret": secret,
        "grace": GRACE_HOURS,
        "once": new_hex24(),
    }
    return screen(request, visit, "webhook.html", here="webhooks", notice=notice, status=status, **shown)


def _notice(request: ApiRequest) -> Notice | None:
    done = _DONE.get(query(request).text("done"))
    return Notice("good", done) if done else None


def _events(sent: Form) -> list[EventKind]:
    """Return the events that are ticked; an empty list is refused by the use case."""
    return [event for event in EVENT_KINDS if event in sent.all("event")]


def _editor(request: ApiRequest, visit: Visit) -> Editor:
    parts = services(request)
    return Editor(
        account_id=visit.account.id,
        actor=visit.caller.user_id,
        now=visit.now,
        key=parts.keyring.webhook_key,
        internal=parts.settings.webhook_internal,
    )


ROUTES: list[HTTPRouteHandler] = [get_webhooks, post_webhook, get_webhook, post_change]
