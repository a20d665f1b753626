"""The outermost layer of every request: its id, its log line, the headers of every answer, HEAD, and the rate limit."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from seatwright.auth.limits import Turns, weight
from seatwright.auth.networks import UNKNOWN, networks
from seatwright.core import logs
from seatwright.core.ids import new_hex24
from seatwright.core.meter import meter
from seatwright.http import wire

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
pause = asyncio.sleep
"""Waits for some seconds; a name of its own, so that a test needn't wait."""


class AccessMiddleware:
    """ASGI layer outside of everything else, so that it also handles requests without a route."""

    def __init__(self, app: ASGIApp, turns: Turns) -> None:
        self.app = app
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request. Its log line has the route's template, and no ids, query, body or headers of the client."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        incoming_id, hosts = _incoming(scope)
        request_id = incoming_id or new_hex24()
        app = self.app if hosts == 1 or (hosts == 0 and scope["http_version"] == "1.0") else _refuse_host
        head = scope["method"] == "HEAD"
        inner: Any = {**scope, "method": "GET"} if head else scope
        inner["state"]["request_id"] = request_id
        status, held = 0, None

        async def observed_send(message: Message) -> None:
            nonlocal status, held
            if message["type"] == "http.response.start":
                status = message["status"]
                await self._turn(inner, status)
                kept = "static_bytes" in inner["state"]
                message["headers"] = [*message["headers"], *_headers(request_id)[kept:]]
                if "warnings" in inner["state"]:
                    held = message
                    return
            elif message["type"] == "http.response.body":
                if held is not None:
                    await send(_with_warnings(held, message, inner["state"]["warnings"]))
                    held = None
                if head:
                    message["body"] = b""
            await send(message)

        try:
            await app(inner, receive, observed_send)
        finally:
            template = inner.get("path_template") or "(no route)"
            if template not in _QUIET:
                seconds = time.perf_counter() - began
                meter().request(scope["method"], template, status, seconds)
                claims = inner.get("auth")
                logs.request(
                    method=scope["method"],
                    route=template,
                    status=status,
                    duration_ms=round(seconds * 1000, 1),
                    request_id=request_id,
                    account_id=claims.account_id if claims else None,
                )

    async def _turn(self, scope: Any, status: int) -> None:
        """Let refusals, and answers without a token, wait for the caller's turn: otherwise a flood of them would cost
        the caller nothing.

        A body counts if it was read: a request that is refused unread, above all one with too large a body, costs next
        to nothing. So do answers that are the same for everybody (`http.static`).
        """
        claims = scope.get("auth")
        if status >= 500 or (status < 400 and claims is not None):
            return
        state, now_s = scope["state"], time.monotonic()
        heavy = weight(len(state.get("body", b"")) + state.get("static_bytes", 0))
        if claims is not None:
            wait_s = self._turns.wait_s(claims.caller_id, now_s, heavy)
        else:
            client = scope.get("client")
            wait_s = self._turns.wait_from_s(networks(client[0]) if client else UNKNOWN, now_s, heavy)
        if wait_s:
            await pause(wait_s)


def body_bytes(scope: Any) -> int:
    """Return the announced size of a body; 0 without an announcement."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 19 else 0
    return 0


def _incoming(scope: Any) -> tuple[str | None, int]:
    """Return the request's id, if its client sent a valid one, and the number of Host headers."""
    found, hosts = None, 0
    for name, value in scope["headers"]:
        if name == b"host":
            hosts += 1
        elif name == b"x-request-id" and found is None:
            text = value.decode("latin-1")
            found = text if _REQUEST_ID.fullmatch(text) else None
    return found, hosts


def _with_warnings(start: Any, body: Any, warnings: list[str]) -> Any:
    """Put `warnings` beside the `data` of an envelope, and return the start of the answer; files get no warnings."""
    headers = dict(start["headers"])
    whole = headers.get(b"content-type", b"").startswith(b"application/json") and not body.get("more_body")
    if whole and body.get("body", b"").endswith(b"}"):
        body["body"] = body["body"][:-1] + b',"warnings":' + wire.encode(warnings) + b"}"
        length = (b"content-length", b"%d" % len(body["body"]))
        start["headers"] = [length if name == b"content-length" else (name, value) for name, value in start["headers"]]
    return start


async def _refuse_host(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request without a Host header, or with two (RFC 9112, 3.2)."""
    sentence = "Send one Host header, with the server's name."
    content = wire.encode(wire.ErrorEnvelope(error_message=sentence, error_code="invalid_host"))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


def _headers(request_id: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer; the first one is left out for answers that are the same for everybody."""
    return [
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
