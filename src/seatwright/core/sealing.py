"""Secrets that have to be read again later, encrypted for the database with AES-256-GCM."""

from __future__ import annotations

import base64
import binascii
from secrets import token_bytes as random_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class UnreadableSecret(Exception):
    """A stored secret can't be read: it was sealed with another server's key, for another thing, or is damaged."""


def seal(key: bytes, secret: str, bound_to: str) -> str:
    """Return a secret as it is stored: encrypted, and bound to the name of the thing that it belongs to."""
    nonce = random_bytes(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, secret.encode(), bound_to.encode())).decode()


def unseal(key: bytes, sealed: str, bound_to: str) -> str:
    """Return the secret that was sealed. Raises `UnreadableSecret`."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        opened = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, binascii.Error, ValueError):
        raise UnreadableSecret from None
    return opened.decode()
