"""Webhooks: where the account wants to be called, and what was sent there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, Request, get, given, path, several, write

_WEBHOOKS = f"{MANAGE}/webhooks"


class Webhook(Shape, frozen=True, kw_only=True):
    """A webhook. Until `old_secret_until`, calls are signed with the secret before as well."""

    id: str
    url: str
    events: tuple[str, ...]
    active: bool
    old_secret_until: dt.datetime | None = None
    created_date: dt.datetime


class WebhookWithSecret(Webhook, frozen=True, kw_only=True):
    """A webhook with its new secret, which is shown this once."""

    secret: str

    def __repr__(self) -> str:
        """Return it without the secret."""
        return f"WebhookWithSecret(id={self.id!r}, url={self.url!r})"


class DeliveryAttempt(Shape, frozen=True, kw_only=True):
    """An attempt at a delivery: when, the receiver's status if there was one, what went wrong, how long it took."""

    date: dt.datetime
    code: int | None = None
    error: str | None = None
    duration_ms: int


class Delivery(Shape, frozen=True, kw_only=True):
    """A call of a webhook: `due` until it is `sent`, or `dead`, given up. `payload` is what is sent."""

    id: str
    type: str
    order_id: str | None = None
    status: str
    created_date: dt.datetime
    next_attempt_date: dt.datetime | None = None
    attempts: tuple[DeliveryAttempt, ...] = ()
    payload: Any = None


class Retried(Shape, frozen=True, kw_only=True):
    """How many deliveries are due again. With `more` there may be others that were given up: ask once more."""

    retried: int
    more: bool


_webhook, _with_secret, _delivery = enveloped(Webhook), enveloped(WebhookWithSecret), enveloped(Delivery)
_Webhooks: TypeAlias = list[Webhook]
_Deliveries: TypeAlias = list[Delivery]


class Webhooks(Resource[Mode]):
    """`client.webhooks`. The answers with a secret in them are never repeated: see `account.reset_key`."""

    @operation
    def list(self) -> Request[_Webhooks]:
        """Return all of the account's webhooks, oldest first."""
        return get(_WEBHOOKS, enveloped(_Webhooks))

    @operation
    def create(self, url: str, *, events: Iterable[str] | None = None) -> Request[WebhookWithSecret]:
        """Make a webhook for these kinds of events, or for all. Never sent again once it may have been taken."""
        body = given(url=url, events=several(events))
        return write("POST", _WEBHOOKS, _with_secret, body=body)

    @operation
    def read(self, webhook_id: str) -> Request[Webhook]:
        """Return a webhook, without its secret."""
        return get(path(_WEBHOOKS, webhook_id), _webhook)

    @operation
    def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Iterable[str] | None = None,
        active: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Webhook]:
        """Change what is given. `active` False ends all calls, those that are due as well."""
        body = given(url=url, events=several(events), active=active)
        return write("PATCH", path(_WEBHOOKS, webhook_id), _webhook, key=idempotency_key, body=body)

    @operation
    def delete(self, webhook_id: str, *, idempotency_key: str | None = None) -> Request[Webhook]:
        """Delete a webhook; what is due to it is given up."""
        return write("DELETE", path(_WEBHOOKS, webhook_id), _webhook, key=idempotency_key)

    @operation
    def rotate_secret(self, webhook_id: str, *, grace_hours: int | None = None) -> Request[WebhookWithSecret]:
        """Return a new secret; the old one signs too for a while. Never sent again once it may have been taken."""
        body = given(grace_hours=grace_hours)
        return write("POST", path(_WEBHOOKS, webhook_id, "secret"), _with_secret, body=body)

    @operation
    def send_test(self, webhook_id: str, *, idempotency_key: str | None = None) -> Request[Delivery]:
        """Call a webhook with an event of type `webhook.test`."""
        return write("POST", path(_WEBHOOKS, webhook_id, "test"), _delivery, key=idempotency_key)

    @operation
    def deliveries(
        self,
        webhook_id: str,
        *,
        status: Literal["due", "sent", "dead"] | None = None,
        limit: int = 200,
        page: int = 0,
    ) -> Request[_Deliveries]:
        """Return a page of what was sent to a webhook, and what came of every attempt, newest first."""
        query = {"status": status, "limit": limit, "page": page}
        return get(path(_WEBHOOKS, webhook_id, "deliveries"), enveloped(_Deliveries), query)

    iterate_deliveries = pages(deliveries)

    @operation
    def retry_delivery(
        self, webhook_id: str, delivery_id: str, *, idempotency_key: str | None = None
    ) -> Request[Delivery]:
        """Make a delivery due again that was given up."""
        where = path(_WEBHOOKS, webhook_id, "deliveries", delivery_id, "retry")
        return write("POST", where, _delivery, key=idempotency_key)

    @operation
    def retry_deliveries(self, webhook_id: str, *, idempotency_key: str | None = None) -> Request[Retried]:
        """Make deliveries due again that were given up, as many as the server does at a time."""
        where = path(_WEBHOOKS, webhook_id, "deliveries", "retry")
        return write("POST", where, enveloped(Retried), key=idempotency_key)
