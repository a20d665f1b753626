"""The check in front of every route that is not open."""

from __future__ import annotations

from typing import Any

from seatwright.api.context import ApiRequest, services
from seatwright.api.observe import body_bytes
from seatwright.auth import tokens
from seatwright.auth.limits import weight
from seatwright.core.errors import Unauthorized

OPEN: dict[str, Any] = {"opt": {"open": True}, "security": [{}]}
"""Handler options of a route that wants no token: `@post(..., **OPEN)`."""


def require_token(request: ApiRequest) -> None:
    """Verify the bearer token's signature and expiry, before the body is read and without the database.

    Not one of the framework's guards: for each of these it copies the route's handler. Raises `Unauthorized`, and
    `TooMany` for a user who sends too many requests.
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
    now = parts.clock.now()
    verified = tokens.verify(parts.keyring, token.strip(), now=now)
    size = body_bytes(request.scope)
    parts.limits.request(verified.user_id, now, parts.settings.requests_per_second, weight(size))
    request.scope["auth"] = verified
