"""Two ways to send a request to Seatwright: over a socket, and straight into an application of this process.

Both are as small as they can be, so that what is measured and stressed is the server and not its client.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

from litestar import Litestar

TIMEOUT_S = 20.0
"""How long a client waits for an answer before it counts as lost, in seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: status, headers by lower-case name, body bytes."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def replayed(self) -> bool:
        """Whether this is the stored answer to an Idempotency-Key that came before."""
        return self.headers.get("idempotent-replayed") == "true"


class Lost(Exception):
    """The connection ended before the answer did: nobody knows whether the request had an effect."""


class Unreachable(Lost):
    """There was nobody to connect to: the request was not even sent."""


class Transport(Protocol):
    """Sends one request and returns its answer, or raises `Lost`."""

    async def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer: ...


class InProcess:
    """Calls the application as an ASGI server would, without a server."""

    def __init__(self, app: Litestar) -> None:
        self._app = app

    async def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request."""
        target, _, query = path.partition("?")
        named = {"host": "localhost", "content-length": str(len(body)), **headers}
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        status, received, parts = 0, {}, []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, received
            if message["type"] == "http.response.start":
                status = message["status"]
                received = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return Answer(status, received, b"".join(parts))


class Connection:
    """One HTTP/1.1 connection to 127.0.0.1 that is opened anew whenever it has died."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request. Raises `Lost`."""
        lines = [f"{method} {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError as error:
                raise Unreachable(repr(error)) from error
        reader, writer = self._streams
        try:
            async with asyncio.timeout(TIMEOUT_S):
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                answer = await _read(reader)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            self.close()
            raise Lost(repr(error)) from error
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(first.split(" ", 2)[1]), headers, body)
