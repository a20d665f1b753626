"""Values that prove something to this server alone: a session's cookie, and the links in mails to users.

A handle is 56 bytes in base64url, 75 characters: an account, the id of a row of it, and a secret of 256 random bits.
The row has only a keyed hash of the secret, and is found by its key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from secrets import token_bytes as random_bytes
from typing import Literal, NamedTuple, TypeAlias

from seatwright.auth.secrets import Keyring, same_hash

Use: TypeAlias = Literal["cookie", "invitation", "reset"]
"""What a handle is for. One of another use proves nothing."""
_ID, _SECRET = 12, 32
"""Bytes."""


class Handle(NamedTuple):
    """The parts of a handle."""

    account_id: str
    id: str
    secret: bytes

    @property
    def text(self) -> str:
        """The handle as it is given out."""
        return plain_base64(bytes.fromhex(self.account_id) + bytes.fromhex(self.id) + self.secret)

    def hashed(self, keyring: Keyring, use: Use) -> str:
        """Return what the row has of it."""
        return hmac.new(keyring.session_key, f"{use}\0".encode() + self.secret, hashlib.sha256).hexdigest()

    def matches(self, keyring: Keyring, use: Use, stored: str) -> bool:
        """Tell, in constant time, whether the row has this secret's hash."""
        return same_hash(stored, self.hashed(keyring, use))


def new_handle(account_id: str, row_id: str) -> Handle:
    """Return a handle for a new row, with a fresh secret."""
    return Handle(account_id, row_id, random_bytes(_SECRET))


def read_handle(text: str) -> Handle | None:
    """Return the parts of a handle, or None for a text that has not exactly its form."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 2 * _ID + _SECRET or plain_base64(raw) != text:
        return None
    return Handle(raw[:_ID].hex(), raw[_ID : 2 * _ID].hex(), raw[2 * _ID :])


def plain_base64(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
