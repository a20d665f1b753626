"""Secrets of webhooks, and the signatures made with them (Standard Webhooks, "symmetric signatures")."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from secrets import token_bytes as random_bytes

from seatwright.core.clock import SECOND_MS, Instant

PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret as its receiver gets it: `whsec_` and base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(random_bytes(_SECRET_BYTES)).decode()


def bound_to(account_id: str, webhook_id: str) -> str:
    """Return what a webhook's secret is bound to when it is sealed (`core.sealing`)."""
    return f"webhook {account_id} {webhook_id}"


def headers(signing: Sequence[str], call_id: str, at: Instant, body: str) -> dict[str, str]:
    """Return the headers that prove a call's origin: its id, its time, and a signature for each secret.

    The id is the same at every attempt; the time, in seconds, is that of the attempt, so receivers can refuse replays.
    """
    seconds = at // SECOND_MS
    content = f"{call_id}.{seconds}.{body}".encode()
    return {
        "webhook-id": call_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_signature(secret, content) for secret in signing),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
