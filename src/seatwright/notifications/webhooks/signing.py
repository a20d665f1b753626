"""Secrets of webhooks, and the signatures made with them (Standard Webhooks, "symmetric signatures")."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from secrets import token_bytes as random_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seatwright.core.clock import SECOND_MS, Instant

PREFIX = "whsec_"
_SECRET_BYTES = 32
_NONCE_BYTES = 12


class UnreadableSecret(Exception):
    """A stored secret can't be read: it was sealed with another server's key, for another webhook, or is damaged."""


def new_secret() -> str:
    """Return a new secret as its receiver gets it: `whsec_` and base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(random_bytes(_SECRET_BYTES)).decode()


def seal(key: bytes, secret: str, account_id: str, webhook_id: str) -> str:
    """Return a secret as it is stored: encrypted with AES-256-GCM, and bound to its account and webhook."""
    nonce = random_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(account_id, webhook_id))
    return base64.b64encode(nonce + sealed).decode()


def unseal(key: bytes, sealed: str, account_id: str, webhook_id: str) -> str:
    """Return the secret that was sealed. Raises `UnreadableSecret`."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        opened = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound_to(account_id, webhook_id))
    except (InvalidTag, binascii.Error, ValueError):
        raise UnreadableSecret from None
    return opened.decode()


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


def _bound_to(account_id: str, webhook_id: str) -> bytes:
    return f"webhook {account_id} {webhook_id}".encode()
