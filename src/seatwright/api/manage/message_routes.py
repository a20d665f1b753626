"""`/api/v1/messages`: the account's mails: sent, due, given up, or only shown in the sandbox."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from seatwright.api.manage.message_wire import (
    MessageOut,
    UntoldOut,
    WholeMessageOut,
    message_out,
    untold_out,
    whole_message_out,
)
from seatwright.auth import service as accounts
from seatwright.auth.model import Caller
from seatwright.core.moments import days_between
from seatwright.http import wire
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.wire import Envelope
from seatwright.notifications import service as outgoing
from seatwright.notifications.deliveries import Delivery, Status
from seatwright.orders import outbox
from seatwright.orders.outbox import Event
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Messages"]
_MessageId = Annotated[str, PathParameter(description="The message's id, which is in its Message-ID.")]


@get("/messages", summary="List messages", tags=_TAGS)
async def get_messages(
    request: ApiRequest,
    limit: wire.Limit = wire.DEFAULT_LIMIT,
    page: wire.Page = 0,
    status: Annotated[Status | None, QueryParameter(description="Only those that are so.")] = None,
    order_id: Annotated[
        str | None, QueryParameter(name="orderId", max_length=100, description="Only those about this order, by id.")
    ] = None,
    from_: Annotated[
        str | None,
        QueryParameter(
            name="from",
            description="First day, YYYY-MM-DD in the account's time zone.",
            schema_extra={"format": "date"},
        ),
    ] = None,
    to: Annotated[
        str | None, QueryParameter(description="Last day; else the same as from.", schema_extra={"format": "date"})
    ] = None,
) -> Response[Envelope[list[MessageOut]]]:
    """Answer the account's mails, newest first, with what came of every attempt; `status=dead` are the given up."""

    async def use_case(tx: ReadTx, who: Caller) -> list[Delivery]:
        first, end = days_between(from_, to, (await accounts.account(tx, who.account_id)).time_zone)
        return await outgoing.page(
            tx,
            who.account_id,
            limit=limit,
            page=page,
            status=status,
            order_id=order_id,
            first=first,
            end=end,
        )

    return await read(request, "messages.read", use_case, lambda found: [message_out(each) for each in found])


@get("/messages/untold", summary="List what could not be told", tags=_TAGS)
async def get_untold(
    request: ApiRequest, limit: wire.Limit = wire.DEFAULT_LIMIT
) -> Response[Envelope[list[UntoldOut]]]:
    """Answer what happened to the account's orders and of which not all messages could be made, oldest first."""

    async def use_case(tx: ReadTx, who: Caller) -> list[Event]:
        return await outbox.failed(tx, account_id=who.account_id, limit=limit)

    return await read(request, "messages.read", use_case, lambda found: [untold_out(each) for each in found])


@get("/messages/{message_id:str}", summary="Read a message", tags=_TAGS)
async def get_message(request: ApiRequest, message_id: _MessageId) -> Response[Envelope[WholeMessageOut]]:
    """Answer a mail with all that it says: subject, text, HTML, calendar file."""

    async def use_case(tx: ReadTx, who: Caller) -> Delivery:
        return await outgoing.get(tx, who.account_id, message_id)

    return await read(request, "messages.read", use_case, whole_message_out)


@post("/messages/{message_id:str}/retry", status_code=200, summary="Send a message again", tags=_TAGS)
async def retry_message(request: ApiRequest, message_id: _MessageId) -> Response[Envelope[MessageOut]]:
    """Make a mail due again that was given up. Any other is a 409."""
    parts = services(request)

    async def use_case(tx: Tx, who: Caller) -> Delivery:
        return await outgoing.retry(tx, parts.clock.now(), who.user_id, who.account_id, message_id)

    return await write(request, "messages.write", use_case, message_out)


@post("/messages/{message_id:str}/resend", status_code=200, summary="Send a message once more", tags=_TAGS)
async def resend_message(request: ApiRequest, message_id: _MessageId) -> Response[Envelope[MessageOut]]:
    """Send a mail once more that was sent, and answer the new mail. Any other is a 409."""
    parts = services(request)

    async def use_case(tx: Tx, who: Caller) -> Delivery:
        return await outgoing.resend(tx, parts.clock.now(), who.user_id, who.account_id, message_id)

    return await write(request, "messages.write", use_case, message_out)


ROUTES: list[HTTPRouteHandler] = [get_messages, get_untold, get_message, retry_message, resend_message]
