"""Webhooks: the URLs at which an account is called about its orders, and their rules. Pure.

Headers, secrets and signatures are those of Standard Webhooks (https://www.standardwebhooks.com).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import httpx
import msgspec

from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.notifications.webhooks.addresses import is_public, literal

EventKind: TypeAlias = Literal["order.created", "order.changed", "order.cancelled", "order.answered"]
EVENT_KINDS: tuple[EventKind, ...] = ("order.created", "order.changed", "order.cancelled", "order.answered")
"""The events about which an account can be called."""

MAX_WEBHOOKS = 20
"""Webhooks of an account at most (our decision)."""
MAX_URL = 2_000
GRACE_HOURS = 24
"""Default hours for which the old secret is still used to sign after a rotation."""
MAX_GRACE_HOURS = 168
TEST_KIND = "webhook.test"
"""The type of a test call."""

_HOST = re.compile(r"[a-z0-9_.-]{1,253}")


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A URL at which an account is called, and the events. `secret` and `old_secret` are sealed (`signing`).

    Until `old_secret_until` the old secret is used to sign, too.
    """

    account_id: str
    id: str
    url: str
    events: tuple[EventKind, ...]
    secret: str
    old_secret: str | None = None
    old_secret_until: Instant | None = None
    active: bool = True
    created_at: Instant

    def sealed(self, now: Instant) -> tuple[str, ...]:
        """Return the secrets that sign now, the newest first."""
        if self.old_secret is None or self.old_secret_until is None or self.old_secret_until <= now:
            return (self.secret,)
        return (self.secret, self.old_secret)


def check_events(events: Iterable[EventKind]) -> tuple[EventKind, ...]:
    """Return each event once, in the order of `EVENT_KINDS`. Raises `Invalid` for an empty list."""
    chosen = frozenset(events)
    if not chosen:
        raise Invalid("events: must have at least one.", code="no_events", field="events")
    return tuple(kind for kind in EVENT_KINDS if kind in chosen)


def check_url(url: str, *, internal: bool) -> str:
    """Return a URL that may be called. Raises `Invalid`, naming the field.

    Addresses of a name are checked when it is called (`caller`); an address in the URL itself is checked now. With
    `internal` (the setting SEATWRIGHT_WEBHOOK_INTERNAL), internal addresses and http are allowed.
    """
    if len(url) > MAX_URL:
        raise _bad(f"must have at most {MAX_URL} characters.")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise _bad("is not a URL such as https://hooks.canyon.example/seatwright.") from None
    if parsed.scheme not in (("https", "http") if internal else ("https",)):
        raise _bad("must begin with https://.")
    if parsed.userinfo:
        raise _bad("must not have a user name or a password in it; calls are signed.")
    host = parsed.raw_host.decode("ascii").strip("[]")
    if not _HOST.fullmatch(host) and literal(host) is None:
        raise _bad("has no host, or one that is not a name or an address.")
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise _bad("has a port that nobody can listen on.")
    if not internal and _is_internal(host):
        raise Invalid(
            "url: is an address of the server's own network, which it doesn't call.",
            code="internal_address",
            field="url",
        )
    return url


def _is_internal(host: str) -> bool:
    name, address = host.rstrip("."), literal(host.rstrip("."))
    return not is_public(address) if address is not None else name == "localhost" or name.endswith(".localhost")


def write_events(events: Sequence[EventKind]) -> str:
    """Return events as they are stored: words with spaces between them."""
    return " ".join(events)


def read_events(text: str) -> tuple[EventKind, ...]:
    """Read stored events."""
    words = frozenset(text.split())
    return tuple(kind for kind in EVENT_KINDS if kind in words)


def _bad(sentence: str) -> Invalid:
    return bad_field("url", sentence, code="invalid_url")
