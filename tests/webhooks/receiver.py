"""A receiver of webhooks: a real HTTP server on 127.0.0.1 that does to each call what it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

CLOSE = "close"
"""Close the connection without an answer."""
SILENCE = "silence"
"""Take the call, and never answer; `silent` is told."""
ENDLESS = "endless"
"""Answer 200, and a body that doesn't end."""
UNFINISHED = "unfinished"
"""Answer 200, and the beginning of a body that is never finished."""


@dataclass(frozen=True)
class Call:
    """A call as it came in; names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        """What repetitions are told by."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """The body, read."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


@dataclass
class Receiver:
    """A receiver. `script` is what it does next: a status, with headers if need be, or one of the words above.

    When the script is over, it answers 204.
    """

    port: int = 0
    scheme: str = "http"
    calls: list[Call] = field(default_factory=list)
    script: deque[int | str | tuple[int, str]] = field(default_factory=deque)
    silent: Callable[[], None] = lambda: None
    connections: int = 0
    sent: int = 0
    """Bytes of an endless answer that went out."""

    @property
    def url(self) -> str:
        """Where to call it."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?from=seatwright"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one call."""
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            request, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.calls.append(Call(request.split(" ")[1], headers, body.decode()))
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        step = self.script.popleft() if self.script else 204
        if step == SILENCE:
            self.silent()
            await reader.read()  # until the caller has given up
        elif step == UNFINISHED:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok")
            await reader.read()
        elif step == ENDLESS:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n")
            while not reader.at_eof():
                writer.write(b"x" * 65_536)
                await writer.drain()
                self.sent += 65_536
        elif step != CLOSE:
            status, more = step if isinstance(step, tuple) else (step, "")
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{more}\r\n".encode())
            await writer.drain()


@asynccontextmanager
async def receiving(trust: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver, over TLS if there is a certificate to show."""
    receiver = Receiver(scheme="https" if trust else "http")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=trust)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
