"""The webhooks that an event calls, and the content of the calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc
from seatwright.messages.context import Messenger, OrderEvent
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.webhooks import service, store
from seatwright.orders.outbox import MESSAGE, RESENT
from seatwright.orders.view import view_of
from seatwright.storage.engine import ReadTx

AnswerOutcome: TypeAlias = Literal["accepted", "declined", "expired"]
_OUTCOMES: dict[str, AnswerOutcome] = {
    "order.accepted": "accepted",
    "order.declined": "declined",
    "order.expired": "expired",
}
_encoder = msgspec.json.Encoder(decimal_format="number")


class OrderData(msgspec.Struct, kw_only=True, rename="camel"):
    """The data of a call about an order, without customer data: the owner of a URL need not be allowed to see those.

    All values are those of the order at `version`, which may be later than the event. `entity_id` is the account that
    is called; `reseller_id` is null if the supplier sold the order itself.
    """

    order_id: str
    confirmation: int
    entity_id: str
    supplier_id: str
    reseller_id: str | None
    status: str
    action: str
    reference_id: str | None
    version: int
    created_date: str
    modified_date: str
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    currency: str
    cancelled: list[str] | UnsetType = UNSET
    fee: Decimal | UnsetType = UNSET
    refund: Decimal | UnsetType = UNSET
    outcome: AnswerOutcome | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class OrderCall(msgspec.Struct, kw_only=True):
    """The body of a call (Standard Webhooks, "payload structure"): what happened, when, and to what."""

    type: str
    timestamp: str
    data: OrderData


async def calls_for(tx: ReadTx, parts: Messenger, order_event: OrderEvent) -> list[Delivery]:
    """Return the webhook calls that an event makes, for the supplier and the seller."""
    event, order = order_event.event, order_event.order
    if event.detail.action in (RESENT, MESSAGE):
        return []  # nothing has changed
    called = await store.listening(tx, sorted({order.account_id, order.owner_id}), event.kind)
    now = parts.clock.now()
    return [
        service.new_delivery(webhook, event.kind, order.id, body(order_event, webhook.account_id), now)
        for webhook in called
    ]


def body(order_event: OrderEvent, viewer_id: str) -> str:
    """Return the body of a call about an event to the account `viewer_id`, as JSON."""
    event, order = order_event.event, view_of(order_event.order, viewer_id)
    currency = order.body.currency
    data = OrderData(
        order_id=order.id,
        confirmation=order.confirmation,
        entity_id=viewer_id,
        supplier_id=order.account_id,
        reseller_id=order.owner_id if order.owner_id != order.account_id else None,
        status=order.status,
        action=event.detail.action,
        reference_id=order.body.reference_id,
        version=order.version,
        created_date=iso_utc(order.created_at),
        modified_date=iso_utc(order.modified_at),
        total=to_wire(order.total, currency),
        amount_paid=to_wire(order.paid, currency),
        balance=to_wire(order.balance, currency),
        currency=currency,
    )
    if event.kind == "order.cancelled":
        data.cancelled = list(event.detail.lines)
        data.fee = to_wire(event.detail.fee, currency)
        data.refund = to_wire(event.detail.refund, currency)
    if event.kind == "order.answered":
        data.refund = to_wire(event.detail.refund, currency)
        data.outcome = _OUTCOMES.get(event.detail.action, UNSET)
        data.reason = event.detail.reason
    return _encoder.encode(OrderCall(type=event.kind, timestamp=iso_utc(event.at), data=data)).decode()
