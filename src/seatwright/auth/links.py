"""Signed links by which a customer sees an order without an account. The link alone gives access to the order.

A token is 34 bytes (account, order, rights, day of expiry, generation) and 16 of an HMAC-SHA256 over them, in
base64url: 67 characters.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from typing import NamedTuple

from seatwright.auth.secrets import Keyring
from seatwright.core.clock import DAY_MS, Instant

LINK_DAYS = 400
"""Days for which a link is valid after it was made, or after the last date of its order (our decision)."""
PATH = "/my"
"""The path of customers' pages on this server."""
_HEAD = 34
_MAC = 16
_VIEW_ONLY = 1
MAX_GENERATION = 2**16 - 1
_PROOF = b"what a customer was shown\0"


class OrderLink(NamedTuple):
    """The order that a link shows, as its seller `account_id` sees it, and the expiry (a whole day, UTC).

    Without `may_cancel` the link only shows the order. `generation` is how often the order's links had been ended
    before.
    """

    account_id: str
    order_id: str
    ends_at: Instant
    may_cancel: bool = True
    generation: int = 0


def sign(keyring: Keyring, link: OrderLink) -> str:
    """Return the token of a link."""
    day = -(-link.ends_at // DAY_MS)
    kind = 0 if link.may_cancel else _VIEW_ONLY
    order = uuid.UUID(link.order_id).bytes
    until = day.to_bytes(3, "big") + link.generation.to_bytes(2, "big")
    head = bytes.fromhex(link.account_id) + order + bytes([kind]) + until
    return _text(head + _mac(keyring, head))


def verify(keyring: Keyring, token: str, now: Instant) -> OrderLink | None:
    """Return the link of a token, or None if the token is not exactly one of ours, or has expired.

    The caller checks whether the generation is still the order's.
    """
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    head, mac = raw[:-_MAC], raw[-_MAC:]
    if len(head) != _HEAD or _text(raw) != token or not hmac.compare_digest(mac, _mac(keyring, head)):
        return None
    link = OrderLink(
        account_id=head[:12].hex(),
        order_id=str(uuid.UUID(bytes=head[12:28])),
        ends_at=int.from_bytes(head[29:32], "big") * DAY_MS,
        may_cancel=head[28] != _VIEW_ONLY,
        generation=int.from_bytes(head[32:], "big"),
    )
    return link if now < link.ends_at else None


def link_to(account_id: str, order_id: str, now: Instant, last_date: Instant | None) -> OrderLink:
    """Return a link to an order, made `now`, whose last departure is at `last_date`; it expires at the end of a day,
    UTC.
    """
    day = -(-max(now, last_date or now) // DAY_MS)
    return OrderLink(account_id, order_id, (day + LINK_DAYS) * DAY_MS)


def address(public_url: str, token: str) -> str | None:
    """Return the address of the page that a token opens; None without a public address of the server."""
    return f"{public_url}{PATH}/{token}" if public_url else None


def proof(keyring: Keyring, token: str, shown: str) -> str:
    """Return a proof, of 22 characters, that its sender saw `shown` on the page of `token`."""
    message = _PROOF + token.encode() + b"\0" + shown.encode()
    return _text(hmac.new(keyring.link_key, message, hashlib.sha256).digest()[:_MAC])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _mac(keyring: Keyring, head: bytes) -> bytes:
    return hmac.new(keyring.link_key, head, hashlib.sha256).digest()[:_MAC]
