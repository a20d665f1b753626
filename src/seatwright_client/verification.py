"""Calls of webhooks: whether one is Seatwright's, and what it says. Nothing is sent or awaited here, so it serves a
blocking receiver and an asyncio one alike.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from seatwright_client.answers import Shape
from seatwright_client.errors import SeatwrightError

TOLERANCE_S = 300
"""By how much the clocks of sender and receiver may differ, in seconds; older calls may be replayed ones."""
_PREFIX = "whsec_"


class NotVerified(SeatwrightError):
    """A call that isn't to be trusted: a signature is missing or wrong, or it is too old. Answer it with a 401."""


class EventData(Shape, frozen=True, kw_only=True):
    """What a call says of an order, as it was at `version`; see docs/webhooks.md. Of a `webhook.test` only `entity_id`
    and `webhook_id`.
    """

    entity_id: str
    webhook_id: str | None = None
    order_id: str | None = None
    confirmation: int | None = None
    supplier_id: str | None = None
    reseller_id: str | None = None
    status: str | None = None
    action: str | None = None
    reference_id: str | None = None
    version: int | None = None
    created_date: dt.datetime | None = None
    modified_date: dt.datetime | None = None
    total: Decimal | None = None
    amount_paid: Decimal | None = None
    balance: Decimal | None = None
    currency: str | None = None
    cancelled: tuple[str, ...] = ()
    fee: Decimal | None = None
    refund: Decimal | None = None
    outcome: str | None = None
    reason: str | None = None


class WebhookEvent(Shape, frozen=True, kw_only=True):
    """A call: its id, which is the same whenever it is sent again, what has happened, and when."""

    id: str
    type: str
    timestamp: dt.datetime
    data: EventData


class _Body(Shape, frozen=True, kw_only=True):
    type: str
    timestamp: dt.datetime
    data: EventData


_decoder = msgspec.json.Decoder(_Body, float_hook=Decimal)


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes | str,
    secret: str | Iterable[str],
    *,
    now: float | None = None,
    tolerance_s: float = TOLERANCE_S,
) -> WebhookEvent:
    """Return what a call says, if it is signed with the webhook's secret, or with one of several.

    `headers` are the call's, in any case; `body` is what came, unchanged: JSON that was read and written again
    has another signature. `now` is the receiver's time, in seconds since 1970. Raises `NotVerified`; and `ValueError`
    for a secret that can't be one.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        call_id, at = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"].split()
        age_s = (time.time() if now is None else now) - int(at)
    except (KeyError, ValueError):
        raise NotVerified("The call has no id, time or signature, or they can't be read.") from None
    if abs(age_s) > tolerance_s:
        raise NotVerified("The call's time is too far from this machine's.")
    content = body.encode() if isinstance(body, str) else body
    signed = call_id.encode() + b"." + at.encode() + b"." + content
    secrets = [secret] if isinstance(secret, str) else list(secret)
    wanted = [_signature(each, signed) for each in secrets]
    # Every pair is compared, in constant time, so that the answer's time tells nothing.
    matches = [hmac.compare_digest(one.encode(), other.encode()) for one in wanted for other in signatures]
    if not any(matches):
        raise NotVerified("No signature of the call is made with the webhook's secret.")
    try:
        found = _decoder.decode(content)
    except (msgspec.DecodeError, ValueError):
        raise NotVerified("The call is signed, but isn't an event that this version can read.") from None
    return WebhookEvent(id=call_id, type=found.type, timestamp=found.timestamp, data=found.data)


def _signature(secret: str, content: bytes) -> str:
    try:
        key = base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("a webhook's secret is `whsec_` and base64")
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
