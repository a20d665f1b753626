"""Wire shapes of webhooks and of what was sent to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from seatwright.core import times
from seatwright.http import wire
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.webhooks.model import (
    EVENT_KINDS,
    GRACE_HOURS,
    MAX_GRACE_HOURS,
    MAX_URL,
    EventKind,
    Webhook,
)
from seatwright.notifications.webhooks.service import MAX_RETRIED, WebhookWithSecret

Url: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_URL, examples=["https://hooks.canyon.example/seatwright"])]
Events: TypeAlias = Annotated[list[EventKind], msgspec.Meta(min_length=1, max_length=20)]
DeliveryStatus: TypeAlias = Literal["due", "sent", "dead"]


class WebhookIn(wire.Wire, kw_only=True):
    """A new webhook: where to call, and about what (by default about everything)."""

    url: Url
    events: Events = msgspec.field(default_factory=lambda: list(EVENT_KINDS))


class WebhookPatch(wire.Wire):
    """What to change; what is absent or null stays. `active: false` ends all calls, those that are due as well."""

    url: Url | None = None
    events: Events | None = None
    active: Annotated[bool | None, msgspec.Meta(examples=[False])] = None


class RotateIn(wire.Wire):
    """For how many hours the old secret signs too; 0 ends it at once."""

    grace_hours: Annotated[int, msgspec.Meta(ge=0, le=MAX_GRACE_HOURS, examples=[GRACE_HOURS])] = GRACE_HOURS


class WebhookOut(wire.Wire):
    """A webhook. Until `oldSecretUntil`, calls are signed with the secret before as well."""

    id: str
    url: str
    events: list[EventKind]
    active: bool
    old_secret_until: str | None
    created_date: str


class WebhookSecretOut(WebhookOut):
    """A webhook with its new secret, which is shown this once."""

    secret: str


class AttemptOut(wire.Wire):
    """An attempt at a delivery: when, the receiver's status if there was one, what went wrong, how long it took."""

    date: str
    code: int | None
    error: str | None
    duration_ms: int


class DeliveryOut(wire.Wire):
    """A call of a webhook. `id` is its `webhook-id`, the same at every attempt; `payload` is what is sent.

    It is `due` until it is `sent`, or `dead`: given up.
    """

    id: str
    type: str
    order_id: str | None
    status: DeliveryStatus
    created_date: str
    next_attempt_date: str | None
    attempts: list[AttemptOut]
    payload: Any


class RetriedOut(wire.Wire):
    """How many deliveries are due again. With `more` there may be others that were given up: ask once more."""

    retried: int
    more: bool


def webhook_out(webhook: Webhook) -> WebhookOut:
    """Render a webhook, without its secret."""
    return WebhookOut(**_fields(webhook))


def webhook_secret_out(shown: WebhookWithSecret) -> WebhookSecretOut:
    """Render a webhook with its new secret."""
    return WebhookSecretOut(**_fields(shown.webhook), secret=shown.secret)


def delivery_out(delivery: Delivery) -> DeliveryOut:
    """Render a delivery to a webhook."""
    return DeliveryOut(
        id=delivery.id,
        type=delivery.kind,
        order_id=delivery.order_id,
        status="dead" if delivery.status == "sandbox" else delivery.status,
        created_date=times.iso_utc(delivery.created_at),
        next_attempt_date=times.iso_utc(delivery.due_at) if delivery.status == "due" else None,
        attempts=[
            AttemptOut(
                date=times.iso_utc(attempt.at),
                code=attempt.code,
                error=attempt.error,
                duration_ms=attempt.duration_ms,
            )
            for attempt in delivery.log
        ],
        payload=msgspec.Raw(delivery.content.encode()),
    )


def retried_out(retried: int) -> RetriedOut:
    """Render how many deliveries are due again."""
    return RetriedOut(retried=retried, more=retried == MAX_RETRIED)


def _fields(webhook: Webhook) -> dict[str, Any]:
    until = webhook.old_secret_until
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "active": webhook.active,
        "old_secret_until": None if until is None else times.iso_utc(until),
        "created_date": times.iso_utc(webhook.created_at),
    }
