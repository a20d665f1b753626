"""The check in front of every route that is not open."""

from __future__ import annotations

from typing import Any

from seatwright.auth import tokens
from seatwright.auth.limits import weight
from seatwright.auth.tokens import Claims
from seatwright.core.errors import Unauthorized
from seatwright.http.access import body_bytes
from seatwright.http.context import ApiRequest, Services, services

OPEN: dict[str, Any] = {"opt": {"open": True}, "security": [{}]}
"""Handler options of a route that needs no token: `@post(..., **OPEN)`."""


def require_token(request: ApiRequest) -> None:
    """Verify the bearer token's signature and expiry, before the body is read and without the database.

    This is not one of the framework's guards, because for each guard the framework copies the route's handler. Raises
    `Unauthorized`.
    """
    if request.scope["route_handler"].opt.get("open") or request.method == "OPTIONS":
        return
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(
            "Send the token from /authenticate in the header `Authorization: Bearer <token>`.", code="token_missing"
        )
    parts = services(request)
    request.scope["auth"] = tokens.verify(parts.keyring, token.strip(), now=parts.clock.now())


async def await_turn(request: ApiRequest) -> None:
    """Count a request with a token, before its body is read, and let it wait for its user's turn. Raises `TooMany`.

    A body that is too large doesn't count for its request, because it is not read.
    """
    verified = request.scope.get("auth")
    if verified is None:
        return
    parts = services(request)
    settings, size = parts.settings, body_bytes(request.scope)
    await parts.limits.request(
        verified.caller_id,
        parts.clock.now(),
        settings.requests_per_second,
        settings.request_wait_seconds,
        weight(size if size <= settings.max_body_bytes else 0),
    )


async def note_key_use(parts: Services, verified: Claims) -> None:
    """Store the use of the integration's key for which a token was given, if it was such a key.

    A server that can't write leaves this to the other servers.
    """
    if not parts.settings.read_only:
        await parts.key_uses.note(parts.database, verified, parts.clock.now())
