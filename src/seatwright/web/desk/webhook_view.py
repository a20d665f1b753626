"""Webhooks and their calls, as texts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.webhooks.model import TEST_KIND, EventKind, Webhook
from seatwright.web.desk.message_view import EVENTS, STATES, AttemptRow, attempt_rows, problem_of
from seatwright.web.desk.order_view import Tag
from seatwright.web.desk.texts import Texts

CHOICES: Mapping[EventKind, str] = {
    "order.created": "An order is made",
    "order.changed": "An order is changed",
    "order.cancelled": "An order is cancelled",
    "order.answered": "A pending order is answered",
}
"""What a webhook can be called about."""


class WebhookRow(NamedTuple):
    """A webhook: where it calls, about what, since when, and whether it does."""

    id: str
    url: str
    events: list[str]
    since: str
    active: bool
    state: Tag


class CallRow(NamedTuple):
    """A call of a webhook, with what it says and what came of each attempt. One that was given up can be made
    `again`."""

    id: str
    what: str
    order: str
    when: str
    state: Tag
    problem: str
    attempts: list[AttemptRow]
    says: str
    again: bool


def webhook_row(webhook: Webhook, texts: Texts) -> WebhookRow:
    """Return a webhook, without its secret."""
    return WebhookRow(
        id=webhook.id,
        url=webhook.url,
        events=[CHOICES[event] for event in CHOICES if event in webhook.events],
        since=texts.moment(webhook.created_at),
        active=webhook.active,
        state=Tag("good", "Active") if webhook.active else Tag("", "Paused"),
    )


def call_row(delivery: Delivery, texts: Texts) -> CallRow:
    """Return a call of a webhook."""
    return CallRow(
        id=delivery.id,
        what="Test call" if delivery.kind == TEST_KIND else EVENTS.get(delivery.kind, delivery.kind),
        order=delivery.order_id or "",
        when=texts.moment(delivery.created_at),
        state=STATES[delivery.status],
        problem=problem_of(delivery),
        attempts=attempt_rows(delivery, texts),
        says=msgspec.json.format(delivery.content.encode(), indent=2).decode(),
        again=delivery.status == "dead",
    )
