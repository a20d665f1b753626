"""`/api/v1/webhooks`: where an account wants to be called, and what was sent there."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from seatwright.api.manage.webhook_wire import (
    DeliveryOut,
    DeliveryStatus,
    RetriedOut,
    RotateIn,
    WebhookIn,
    WebhookOut,
    WebhookPatch,
    WebhookSecretOut,
    delivery_out,
    retried_out,
    webhook_out,
    webhook_secret_out,
)
from seatwright.auth.model import Caller
from seatwright.http import wire
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.openapi import body
from seatwright.http.wire import Envelope
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.webhooks import service as webhooks
from seatwright.notifications.webhooks.model import GRACE_HOURS, Webhook
from seatwright.notifications.webhooks.service import Editor, WebhookWithSecret
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Webhooks"]
_WebhookId = Annotated[str, PathParameter(description="The webhook's id.")]
_DeliveryId = Annotated[str, PathParameter(description="The delivery's id, which receivers get as `webhook-id`.")]


def _editor(request: ApiRequest, who: Caller) -> Editor:
    parts = services(request)
    return Editor(
        account_id=who.account_id,
        actor=who.user_id,
        now=parts.clock.now(),
        key=parts.keyring.webhook_key,
        internal=parts.settings.webhook_internal,
    )


@get("/webhooks", summary="List webhooks", tags=_TAGS)
async def get_webhooks(request: ApiRequest) -> Response[Envelope[list[WebhookOut]]]:
    """Answer all of the account's webhooks, oldest first; there are at most 20."""

    async def use_case(tx: ReadTx, who: Caller) -> list[Webhook]:
        return await webhooks.page(tx, who.account_id)

    return await read(request, "webhooks.write", use_case, lambda found: [webhook_out(each) for each in found])


@post("/webhooks", status_code=200, summary="Make a webhook", tags=_TAGS)
async def post_webhook(request: ApiRequest, data: JSONBody[WebhookIn]) -> Response[Envelope[WebhookSecretOut]]:
    """Make a webhook, and answer the secret that its calls are signed with, this once. A 21st webhook is a 409.

    An Idempotency-Key is ignored: the answer is never stored.
    """

    async def use_case(tx: Tx, who: Caller) -> WebhookWithSecret:
        return await webhooks.create(tx, _editor(request, who), data.url.strip(), data.events)

    return await write(request, "webhooks.write", use_case, webhook_secret_out, replayable=False)


@get("/webhooks/{webhook_id:str}", summary="Read a webhook", tags=_TAGS)
async def get_webhook(request: ApiRequest, webhook_id: _WebhookId) -> Response[Envelope[WebhookOut]]:
    """Answer a webhook, without its secret."""

    async def use_case(tx: ReadTx, who: Caller) -> Webhook:
        return await webhooks.get(tx, who.account_id, webhook_id)

    return await read(request, "webhooks.write", use_case, webhook_out)


@patch("/webhooks/{webhook_id:str}", summary="Change a webhook, or switch it off", tags=_TAGS)
async def patch_webhook(
    request: ApiRequest, webhook_id: _WebhookId, data: JSONBody[WebhookPatch]
) -> Response[Envelope[WebhookOut]]:
    """Change what is given. What is due goes to the new URL; switched off, it is given up."""
    url = None if data.url is None else data.url.strip()

    async def use_case(tx: Tx, who: Caller) -> Webhook:
        return await webhooks.change(
            tx, _editor(request, who), webhook_id, url=url, events=data.events, active=data.active
        )

    return await write(request, "webhooks.write", use_case, webhook_out)


@delete("/webhooks/{webhook_id:str}", status_code=200, summary="Delete a webhook", tags=_TAGS)
async def delete_webhook(request: ApiRequest, webhook_id: _WebhookId) -> Response[Envelope[WebhookOut]]:
    """Delete a webhook; what is due to it is given up."""

    async def use_case(tx: Tx, who: Caller) -> Webhook:
        return await webhooks.delete(tx, _editor(request, who), webhook_id)

    return await write(request, "webhooks.write", use_case, webhook_out)


@post(
    "/webhooks/{webhook_id:str}/secret",
    status_code=200,
    summary="Rotate a webhook's secret",
    tags=_TAGS,
    opt=body({"$ref": "#/components/schemas/RotateIn"}, required=False, example={"graceHours": GRACE_HOURS}),
)
async def rotate_secret(
    request: ApiRequest, webhook_id: _WebhookId, data: JSONBody[RotateIn | None] = None
) -> Response[Envelope[WebhookSecretOut]]:
    """Answer a new secret, this once. Calls are signed with the old one as well for a while (24 hours).

    An Idempotency-Key is ignored: the answer is never stored.
    """
    grace_hours = (data or RotateIn()).grace_hours

    async def use_case(tx: Tx, who: Caller) -> WebhookWithSecret:
        return await webhooks.rotate(tx, _editor(request, who), webhook_id, grace_hours)

    return await write(request, "webhooks.write", use_case, webhook_secret_out, replayable=False)


@post("/webhooks/{webhook_id:str}/test", status_code=200, summary="Send a test event", tags=_TAGS)
async def send_test(request: ApiRequest, webhook_id: _WebhookId) -> Response[Envelope[DeliveryOut]]:
    """Call a webhook with an event of type `webhook.test`; what came of it is in the delivery log."""

    async def use_case(tx: Tx, who: Caller) -> Delivery:
        return await webhooks.test(tx, _editor(request, who), webhook_id)

    return await write(request, "webhooks.write", use_case, delivery_out)


@get("/webhooks/{webhook_id:str}/deliveries", summary="Read a webhook's delivery log", tags=_TAGS)
async def get_deliveries(
    request: ApiRequest,
    webhook_id: _WebhookId,
    limit: wire.Limit = wire.DEFAULT_LIMIT,
    page: wire.Page = 0,
    status: Annotated[DeliveryStatus | None, QueryParameter(description="Only those that are so.")] = None,
) -> Response[Envelope[list[DeliveryOut]]]:
    """Answer what was sent to a webhook, and what came of every attempt, newest first."""

    async def use_case(tx: ReadTx, who: Caller) -> list[Delivery]:
        return await webhooks.log(tx, who.account_id, webhook_id, limit=limit, page=page, status=status)

    return await read(request, "webhooks.write", use_case, lambda found: [delivery_out(each) for each in found])


@post(
    "/webhooks/{webhook_id:str}/deliveries/{delivery_id:str}/retry",
    status_code=200,
    summary="Try a delivery again",
    tags=_TAGS,
)
async def retry_delivery(
    request: ApiRequest, webhook_id: _WebhookId, delivery_id: _DeliveryId
) -> Response[Envelope[DeliveryOut]]:
    """Make a delivery due again that was given up. One that was made, or is due anyway, is a 409."""

    async def use_case(tx: Tx, who: Caller) -> Delivery:
        return await webhooks.retry(tx, _editor(request, who), webhook_id, delivery_id)

    return await write(request, "webhooks.write", use_case, delivery_out)


@post(
    "/webhooks/{webhook_id:str}/deliveries/retry",
    status_code=200,
    summary="Try deliveries again",
    tags=_TAGS,
)
async def retry_deliveries(request: ApiRequest, webhook_id: _WebhookId) -> Response[Envelope[RetriedOut]]:
    """Make what was given up due again, as after a long outage of the receiver: up to 500 deliveries at a time."""

    async def use_case(tx: Tx, who: Caller) -> int:
        return await webhooks.retry_all(tx, _editor(request, who), webhook_id)

    return await write(request, "webhooks.write", use_case, retried_out)


ROUTES: list[HTTPRouteHandler] = [
    get_webhooks,
    post_webhook,
    get_webhook,
    patch_webhook,
    delete_webhook,
    rotate_secret,
    send_test,
    get_deliveries,
    retry_delivery,
    retry_deliveries,
]
