"""A lean HTTP/1.1 client: keep-alive connections in a closed loop, as little processor time as possible.

Client and server share the machine's cores, so whatever the client spends is missing on the other side. Requests are
bytes made once, answers are cut at `Content-Length`, and nothing else of HTTP is looked at.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TypeAlias, cast

import msgspec
import uvloop

TIMEOUT_S = 60.0
"""How long an answer may take before the run is given up."""


class LoadError(RuntimeError):
    """An answer was not what the benchmark counts on; the message holds its beginning."""


def request(method: str, path: str, *, token: str = "", body: object = None, scheme: str = "Bearer") -> bytes:
    """Return a whole request as it goes over the wire."""
    content = b"" if body is None else msgspec.json.encode(body)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: {scheme} {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


class _Wire(asyncio.Protocol):
    """One connection: one request at a time, its answer as a future."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[bytes] | None = None
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, but not by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LoadError(f"the server closed the connection: {exc}"))

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, data: bytes) -> asyncio.Future[bytes]:
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            self._fail(f"an answer without a length: {head[:200]!r}")
            return
        stop = head.find(b"\r\n", at)
        length = int(head[at + 15 : stop if stop >= 0 else len(head)])
        if len(self._buffer) < end + 4 + length or self._waiting is None:
            return
        answer, self._buffer = self._buffer, b""
        if b"connection: close" in head and self._transport is not None:
            self._transport.close()
        self._waiting.set_result(answer)

    def _fail(self, message: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LoadError(message))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass
class Tally:
    """What a run saw: scripts finished, the time it took, latencies in seconds for each kind of call."""

    finished: int = 0
    seconds: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def rate(self) -> float:
        """Scripts finished in a second."""
        return self.finished / self.seconds if self.seconds else 0.0

    def p50_ms(self, kind: str) -> float:
        """Median latency of a kind of call, in milliseconds."""
        return median(self.latencies[kind]) * 1000 if self.latencies[kind] else 0.0

    def p99_ms(self, kind: str) -> float:
        """99th percentile, in milliseconds."""
        values = self.latencies[kind]
        return (quantiles(values, n=100)[98] if len(values) > 1 else sum(values)) * 1000

    def add(self, other: Tally) -> None:
        """Take in another run."""
        self.finished += other.finished
        self.seconds += other.seconds
        for kind, values in other.latencies.items():
            self.latencies[kind] += values


class Connection:
    """A connection to one server, opened again where the server closes it (as gunicorn's sync workers do)."""

    def __init__(self, port: int, tally: Tally) -> None:
        self._port = port
        self._wire: _Wire | None = None
        self.tally = tally

    async def call(self, kind: str, data: bytes, *, status: bytes = b"20") -> bytes:
        """Send a request and return the answer's body. Raises `LoadError` unless its status begins with `status`."""
        began = time.perf_counter()
        if self._wire is None or not self._wire.open:
            _, self._wire = await asyncio.get_running_loop().create_connection(_Wire, "127.0.0.1", self._port)
        answer = await self._wire.send(data)
        self.tally.latencies[kind].append(time.perf_counter() - began)
        if not answer.startswith(status, 9):
            raise LoadError(f"{kind}: {answer[:1500].decode(errors='replace')}")
        return answer[answer.find(b"\r\n\r\n") + 4 :]

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()


Script: TypeAlias = Callable[[Connection], Awaitable[None]]
"""One thing that a user does, such as making an order; several calls on its connection."""


async def drive(port: int, scripts: Iterable[Script], seconds: float, *, times: int | None = None) -> Tally:
    """Let each script repeat on a connection of its own for `seconds`, or `times` times in all if that is sooner.

    A script begun in time is finished and counted, and the time runs until the last one is done.
    """
    tally = Tally()
    connections = []
    left = times if times is not None else 1 << 60
    began = time.perf_counter()
    deadline = began + seconds

    async def user(script: Script, connection: Connection) -> None:
        nonlocal left
        while left > 0 and time.perf_counter() < deadline:
            left -= 1
            await script(connection)
            tally.finished += 1

    async with asyncio.timeout(seconds + TIMEOUT_S), asyncio.TaskGroup() as users:
        for script in scripts:
            connection = Connection(port, tally)
            connections.append(connection)
            users.create_task(user(script, connection))
    tally.seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return tally


def run(port: int, scripts: Iterable[Script], seconds: float, *, times: int | None = None) -> Tally:
    """`drive()` on a loop of its own."""
    return uvloop.run(drive(port, scripts, seconds, times=times))


def once(port: int, data: bytes, *, status: bytes = b"20") -> bytes:
    """Send one request and return its answer's body."""

    async def work() -> bytes:
        connection = Connection(port, Tally())
        try:
            return await connection.call("once", data, status=status)
        finally:
            connection.close()

    return uvloop.run(work())
