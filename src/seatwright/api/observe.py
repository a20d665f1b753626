"""Around every request: its id, its line in the log, the headers that every answer has, HEAD, and whose turn it is."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from seatwright.auth.limits import Turns, weight
from seatwright.auth.networks import network
from seatwright.core import logs
from seatwright.core.ids import new_hex24

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/healthz", "/readyz"})


class Observed:
    """ASGI layer outside of everything else, so that it also sees what has no route."""

    def __init__(self, app: ASGIApp, turns: Turns) -> None:
        self.app = app
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request. Its log line holds the route's template: no ids, query, body, nor header of the client's."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _incoming_id(scope) or new_hex24()
        head = scope["method"] == "HEAD"
        inner: Any = {**scope, "method": "GET"} if head else scope
        inner["state"]["request_id"] = request_id
        status = 0

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                await self._turn(inner, status)
                message["headers"] = [*message["headers"], *_headers(request_id)]
            elif message["type"] == "http.response.body" and head:
                message["body"] = b""
            await send(message)

        try:
            await self.app(inner, receive, observed_send)
        finally:
            template = inner.get("path_template") or "(no route)"
            if template not in _QUIET:
                claims = inner.get("auth")
                logs.request(
                    method=scope["method"],
                    route=template,
                    status=status,
                    duration_ms=round((time.perf_counter() - began) * 1000, 1),
                    request_id=request_id,
                    account_id=claims.account_id if claims else None,
                )

    async def _turn(self, scope: Any, status: int) -> None:
        """Let refusals, and answers to nobody in particular, wait for the caller's turn: a flood of them is cheap.

        A body counts if it was read: what is refused unread, a body that is too large above all, costs next to nothing.
        """
        claims = scope.get("auth")
        if status >= 500 or (status < 400 and claims is not None):
            return
        client = scope.get("client")
        caller = claims.user_id if claims is not None else network(client[0]) if client else ""
        wait_s = self._turns.wait_s(caller, time.monotonic(), weight(len(scope["state"].get("body", b""))))
        if wait_s:
            await asyncio.sleep(wait_s)


def body_bytes(scope: Any) -> int:
    """Return the size of a body as it was announced; 0 if it wasn't."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 19 else 0
    return 0


def _incoming_id(scope: Any) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            return text if _REQUEST_ID.fullmatch(text) else None
    return None


def _headers(request_id: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-request-id", request_id.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
