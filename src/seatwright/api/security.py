"""The guard in front of every route that is not open."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from seatwright.api.context import services
from seatwright.api.observe import body_bytes
from seatwright.auth import tokens
from seatwright.auth.limits import weight
from seatwright.core.errors import Unauthorized

OPEN: dict[str, Any] = {"opt": {"open": True}, "security": [{}]}
"""Handler options of a route that wants no token: `@post(..., **OPEN)`."""


async def require_token(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Verify the bearer token's signature and expiry, before the body is read and without the database.

    Asynchronous only because the framework runs other guards in a thread. Raises `Unauthorized`, and `TooMany` for a
    user who sends too many requests.
    """
    if handler.opt.get("open") or connection.scope.get("method") == "OPTIONS":
        return
    header = connection.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(
            "Send the token from /authenticate in the header `Authorization: Bearer <token>`.", code="token_missing"
        )
    parts = services(connection)
    now = parts.clock.now()
    verified = tokens.verify(parts.keyring, token.strip(), now=now)
    size = body_bytes(connection.scope)
    parts.limits.request(verified.user_id, now, parts.settings.requests_per_second, weight(size))
    connection.scope["auth"] = verified
