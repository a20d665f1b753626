"""A connection to a client, bounded in time and size.

uvicorn has no bound of its own for a request that comes slowly or not at all, for the size of its head, or for an
answer that the client doesn't read (its keep-alive timeout runs only between requests). This is uvicorn's protocol with
such bounds around it. A proxy in front usually has its own bounds, and then these are never reached.
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
from collections import Counter
from functools import cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from seatwright.auth.networks import Networks, networks
from seatwright.core.config import Settings, load_settings
from seatwright.http import streams

HEAD_S = 10.0
"""How long a request's head may take: from the connection's start, or on a reused connection from the head's first
byte.
"""
BODY_S = 30.0
"""How long a body may take after its head."""
LINGER_S = 5.0
"""How long the rest of a body is read and discarded after the answer, so that the client can read the answer."""
STALL_S = 30.0
"""How long a client may leave an answer unread, and how long closing may take."""
WATCH_S = 2.0
"""An exceeded bound is noticed at most this much later."""
MAX_HEAD = 65_536
"""Largest request head (address and headers), in bytes."""
LINGER_BYTES = 16 * 1024 * 1024
LINGER_TIMES = 4
"""Maximum amount of a body that is read beyond what the application accepts, chunk sizes and trailers included: the
greater of this many bytes, and so many times the largest body that the application takes.
"""
MAX_CONNECTIONS = 4_000
"""Connections of one worker process; beyond that requests answer 503."""
MAX_CONNECTIONS_PER_ADDRESS = 1_000
"""Of these, connections from one address that is not a trusted proxy; beyond that they are closed at once. Each network
around an address may have half as many again as the one inside of it."""
_OTHER_FILES = 200

_open: Counter[str] = Counter()
"""Open connections of this process by network."""


def most_connections() -> int:
    """Let this process and its workers open as many files as they may, and return how many can be connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return MAX_CONNECTIONS if most == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, max(100, most - _OTHER_FILES))


class _ClosedLater:
    """The transport to which an answer is written. Closing it waits for the rest of the request, so that the client can
    read the answer.

    To close a socket that has unread bytes, or gets more, is to reset the connection: many clients send all of a body
    before they read, and would see no answer at all.
    """

    __slots__ = ("_connection", "is_closing", "write")

    def __init__(self, connection: BoundedConnection) -> None:
        self._connection = connection
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing

    def close(self) -> None:
        """Send what has been written, and close when the request has arrived, takes too long or is too large."""
        self._connection.close_later()

    def discard(self) -> None:
        """Write nothing more."""
        self.write = _nothing


def _nothing(data: bytes | bytearray | memoryview[Any]) -> None:
    pass


class BoundedConnection(HttpToolsProtocol):
    """For `uvicorn.run(http=...)`."""

    _deadline: float | None = None
    """The deadline for the data awaited from the client (in the loop's time); None if nothing is awaited."""
    _in_head = False
    _in_body = False
    _received = 0
    """Bytes since the chunk in which the message began."""
    _chunk = 0
    _refusal: int | None = None
    _stalled_at: float | None = None
    _closing_at: float | None = None

    def shutdown(self) -> None:
        """Close an idle connection, and let an answer without an end come to one, because the server stops."""
        super().shutdown()
        if self.cycle is not None:
            streams.end(self.cycle.scope)

    _ended = False
    """The last answer has been sent, and further data is discarded."""
    _closed_later: _ClosedLater
    _watch_task: asyncio.TimerHandle | None = None
    _counted: Networks = ()
    _running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._closed_later = _ClosedLater(self)
        self._await(HEAD_S)
        self._watch()
        host = self.client[0] if self.client else ""
        if host and not _is_proxy(host):
            self._counted = networks(host)
            _open.update(self._counted)
            if any(_open[each] > MAX_CONNECTIONS_PER_ADDRESS * 1.5**level for level, each in enumerate(self._counted)):
                transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._watch_task is not None:
            self._watch_task.cancel()
        for each in self._counted:
            _open[each] -= 1
            if not _open[each]:
                del _open[each]
        self._counted = ()
        super().connection_lost(exc)
        if self._running is not None and not self._running.response_complete:
            # uvicorn notifies the request that came last; of several in a pipeline that is not the running one.
            self._running.disconnected = True
            self._running.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Accept bytes, unless there were too many."""
        self._chunk = len(data)
        self._received += self._chunk
        if (self._in_body or self._ended) and self._received > _most_bytes():
            self.transport.abort()
        elif self._refusal is not None:
            return
        elif self._in_head and self._received > 2 * MAX_HEAD:
            self._refuse(431)
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._received = True, 0
        self._await(HEAD_S)

    def on_headers_complete(self) -> None:
        """A request is handed to the application. An error raised here is answered by `send_400_response`."""
        self._in_head = False
        if self._ended:
            raise ValueError("This comes after the last request.")
        if self._chunk + self._received > MAX_HEAD and self._head_bytes() > MAX_HEAD:
            self._refusal = 431
            raise ValueError("The head is too large.")
        super().on_headers_complete()
        self.cycle.transport = self._closed_later  # type: ignore[assignment]
        self._in_body = True
        self._await(BODY_S)

    def on_message_complete(self) -> None:
        """The whole request has arrived."""
        super().on_message_complete()
        self._in_body, self._deadline = False, None
        if self._ended:
            self.transport.close()
        elif self.cycle.response_complete:  # uvicorn's keep-alive timeout has been unset by the rest of the body
            self._await(HEAD_S)

    def on_response_complete(self) -> None:
        """An answer has been sent, perhaps before its whole request arrived."""
        if self._ended:
            self.pipeline.clear()
        super().on_response_complete()
        if self._in_body and self.cycle.response_complete:
            self._await(LINGER_S)

    def close_later(self) -> None:
        """End the answers now, and the connection when the request has been read."""
        if not self._in_body or self.transport.is_closing():
            self.transport.close()
        else:
            self._end()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._stalled_at = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        self._stalled_at = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse data that is no HTTP request, or a head that is too large."""
        self._refuse(self._refusal or 400)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _await(self, seconds: float) -> None:
        self._deadline = self.loop.time() + seconds

    def _end(self) -> None:
        self._ended = True
        self._closed_later.discard()
        self.transport.write_eof()
        self.flow.resume_reading()
        self._await(LINGER_S)

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _watch(self) -> None:
        """Check repeatedly whether a bound has been exceeded."""
        now = self.loop.time()
        if self._deadline is not None and now >= self._deadline:
            self._cut()
        if self._closing_at is None and self.transport.is_closing():
            self._closing_at = now
        if any(since is not None and now - since >= STALL_S for since in (self._stalled_at, self._closing_at)):
            self.transport.abort()
            return
        following = now + WATCH_S if self._deadline is None else min(now + WATCH_S, max(now + 0.01, self._deadline))
        self._watch_task = self.loop.call_at(following, self._watch)

    def _cut(self) -> None:
        """Close a connection that keeps the server waiting, and answer with the reason if an answer is due."""
        self._deadline = None
        running = self.cycle is not None and not self.cycle.response_complete
        if self._ended:
            self.transport.close()
        elif self.flow.read_paused or (running and not self._in_body):
            self._await(HEAD_S)  # it is the client that waits
        elif self._in_head or (self._in_body and running and not self.cycle.response_started):
            self._refuse(408)
        else:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        """Answer without the application, which may be waiting for the rest of the request, and close."""
        self._refusal, self._deadline = status, None
        if self.transport.is_closing() or self._ended:
            return
        code, sentence = _REFUSALS[status]
        body = f'{{"errorMessage":"{sentence}","errorCode":"{code}","data":null}}'.encode()
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + body)
        if status == 408:
            self.transport.close()
        else:
            self._end()


_REFUSALS = {
    400: ("malformed_request", "This is not an HTTP request that can be understood."),
    408: ("request_timeout", "The request took too long to arrive."),
    431: ("head_too_large", "The request's address and headers are larger than this server takes."),
}


@cache
def _settings() -> Settings:
    return load_settings()


@cache
def _most_bytes() -> int:
    most = _settings().max_body_bytes
    return most + max(LINGER_BYTES, LINGER_TIMES * most)


@cache
def _proxies() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(proxy) for proxy in _settings().trusted_proxies)


def _is_proxy(host: str) -> bool:
    return bool(_proxies()) and any(ipaddress.ip_address(host) in proxy for proxy in _proxies())
