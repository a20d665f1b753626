"""Clients that are slow, silent, endless or gone, against a real server: others are served, and these are cut off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from seatwright.cli.connection import MAX_HEAD
from tests.security.live import QuickServer, fresh_settings
from tests.security.quick import BODY_S, HEAD_S, LINGER_S, PER_ADDRESS

MANY = 25
WAIT_S = 30.0
"""How long a test waits for what should happen within seconds, on a machine that does other things too."""
HEAD = b"POST /public/api/authenticate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    """A server with short bounds."""
    started = QuickServer(fresh_settings(sqlite_template, tmp_path_factory))
    yield started
    output = started.stop()
    errors = [line for line in output.splitlines() if '"level":"error"' in line]
    assert errors == [], "nothing that a client does is a failure of the server's"
    assert "Traceback" not in output


@contextlib.asynccontextmanager
async def connected(
    server: QuickServer, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection from an address of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def to_the_end(reader: asyncio.StreamReader) -> bytes:
    """Return all that the server sends until it closes the connection."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := await asyncio.wait_for(reader.read(65_536), WAIT_S):
            received += chunk
    return received


async def drip(writer: asyncio.StreamWriter, one: bytes) -> None:
    """Send a little, again and again."""
    with contextlib.suppress(OSError):
        while not writer.is_closing():
            writer.write(one)
            await writer.drain()
            await asyncio.sleep(0.05)


async def slow(server: QuickServer, first: bytes, one: bytes = b"") -> tuple[bytes, float]:
    """Send the beginning of a request and then little or nothing; return the answer and when it was all over."""
    began = time.monotonic()
    async with connected(server) as (reader, writer):
        writer.write(first)
        dripping = asyncio.create_task(drip(writer, one)) if one else None
        received = await to_the_end(reader)
        if dripping:
            dripping.cancel()
        return received, time.monotonic() - began


async def is_served(server: QuickServer, **headers: str) -> bool:
    """Tell whether somebody else gets an answer, on a connection of their own."""
    async with httpx.AsyncClient(timeout=WAIT_S) as client:
        return (await client.get(f"{server.url}/healthz", headers=headers)).status_code == 200


async def served(server: QuickServer, until: asyncio.Event) -> int:
    """Ask for something again and again, as somebody else does; each time it has to be there."""
    count = 0
    async with httpx.AsyncClient(timeout=WAIT_S) as client:
        while not until.is_set():
            assert (await client.get(f"{server.url}/readyz")).status_code == 200
            assert await is_served(server), "on a new connection, too"
            count += 1
            await asyncio.sleep(0.02)
    return count


async def test_slow_clients_are_cut_off_while_others_are_served(server: QuickServer) -> None:
    body, chunks = HEAD + b"Content-Length: 10000\r\n\r\n{", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    kinds = {
        "silent": (b"", b"", HEAD_S, b""),
        "half a line": (b"GET /hea", b"", HEAD_S, b"408"),
        "slow headers": (b"GET /healthz HTTP/1.1\r\nX-A: ", b"a", HEAD_S, b"408"),
        "endless headers": (b"GET /healthz HTTP/1.1\r\n", b"X-A: b\r\n", HEAD_S, b"408"),
        "no body": (body, b"", BODY_S, b"408"),
        "slow body": (body, b" ", BODY_S, b"408"),
        "endless chunks": (chunks, b"1\r\n \r\n", BODY_S, b"408"),
        "slow second request": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /h", b"a", HEAD_S, b"408"),
    }
    done = asyncio.Event()
    others = asyncio.create_task(served(server, done))
    found = await asyncio.gather(*(slow(server, *kind[:2]) for kind in kinds.values() for _ in range(MANY // 5)))
    done.set()
    assert await others > 3
    for (name, (_, _, bound_s, status)), index in zip(kinds.items(), range(0, len(found), MANY // 5), strict=True):
        for received, took_s in found[index : index + MANY // 5]:
            last = received[received.rfind(b"HTTP/1.1 ") :]
            assert last[9:12] == status, (name, received)
            assert took_s >= bound_s - 0.1, (name, "had its time")
            assert took_s < WAIT_S / 2, (name, took_s)
            if status:
                assert json.loads(last.partition(b"\r\n\r\n")[2])["errorCode"] == "request_timeout"


async def test_an_answer_that_nobody_reads_is_given_up(server: QuickServer) -> None:
    """Its connection is closed and its memory is free again, although the client is still there."""
    async with contextlib.AsyncExitStack() as stack:
        stuck = []
        for _ in range(MANY):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", server.port))
            sock.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
            stuck.append(sock)
        await until(lambda: open_sockets(server) >= MANY)
        assert await is_served(server)
        await until(lambda: open_sockets(server) <= MANY // 5)
        assert await is_served(server)
        assert len(stuck) == MANY, "none of which was closed on this side"


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something in the server's process, which has no event for it."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


def open_sockets(server: QuickServer) -> int:
    """Return how many connections the server process has."""
    inodes = set()
    with open(f"/proc/{server.process.pid}/net/tcp") as table:
        port = f"0100007F:{server.port:04X}"
        for line in list(table)[1:]:
            fields = line.split()
            if fields[1] == port and fields[3] == "01":
                inodes.add(fields[9])
    return len(inodes)


async def test_the_rest_of_a_refused_body_is_not_waited_for(server: QuickServer) -> None:
    """10 MB announced: the 413 is there before the body is sent, and the connection ends soon after."""
    async with connected(server) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 10000000\r\n\r\n{")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
        assert head.startswith(b"HTTP/1.1 413 ")
        began = time.monotonic()
        dripping = asyncio.create_task(drip(writer, b" "))
        rest = await to_the_end(reader)
        dripping.cancel()
        assert b"too_large" in rest
        assert LINGER_S - 0.2 <= time.monotonic() - began < WAIT_S / 2
    async with connected(server) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 10000000000\r\n\r\n")
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 64 * 1024 * 1024:
                writer.write(b" " * 65_536)
                await writer.drain()
                sent += 65_536
        assert sent < 64 * 1024 * 1024, "more than a client in good faith would have sent by then is not read"


async def test_a_client_that_sends_10_mb_still_reads_the_refusal(server: QuickServer) -> None:
    async with httpx.AsyncClient(timeout=WAIT_S) as client:
        for body in (b" " * 3_000_000, b"[" * 3_000_000):
            answer = await client.post(f"{server.url}/public/api/authenticate", content=body)
            assert (answer.status_code, answer.json()["errorCode"]) == (413, "too_large")
            assert (await client.get(f"{server.url}/healthz")).status_code == 200


@pytest.mark.parametrize("what", ["one header", "many headers", "the address", "in pieces", "never ends"])
def test_a_huge_head_is_refused(server: QuickServer, what: str) -> None:
    start, size = b"GET /healthz HTTP/1.1\r\nHost: x\r\n", 4 * MAX_HEAD
    heads = {
        "one header": start + b"X-A: " + b"a" * size + b"\r\n\r\n",
        "many headers": start + b"X-A: b\r\n" * (size // 8) + b"\r\n",
        "the address": b"GET /healthz?" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "in pieces": start + b"X-A: " + b"a" * size,
        "never ends": start + b"X-A: " + b"a" * (64 * MAX_HEAD),
    }
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(heads[what])
        with contextlib.suppress(ConnectionError):
            while chunk := sock.recv(65_536):
                received += chunk
    assert received.startswith(b"HTTP/1.1 431 ")
    assert b"head_too_large" in received
    assert httpx.get(f"{server.url}/healthz", headers={"X-A": "a" * (MAX_HEAD // 2)}).status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /public/api/login HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /public/api/login HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        b"POST /public/api/login HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX-A: a\x00b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX A: b\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_a_400_and_the_end(server: QuickServer, request_: bytes) -> None:
    received, _ = await slow(server, request_)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["errorCode"] == "malformed_request"
    assert received.count(b"HTTP/1.1") == 1


async def test_one_address_has_so_many_connections_and_others_have_theirs(server: QuickServer) -> None:
    async with contextlib.AsyncExitStack() as stack:
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        opened = []
        for _ in range(PER_ADDRESS + 10):
            reader, writer = await stack.enter_async_context(connected(server))
            with contextlib.suppress(OSError):
                writer.write(request)
            opened.append(reader)
        first = await asyncio.gather(*(answered(reader) for reader in opened))
        assert PER_ADDRESS - 5 <= sum(first) <= PER_ADDRESS
        reader, writer = await stack.enter_async_context(connected(server, "127.0.0.2"))
        writer.write(request)
        assert await answered(reader)


async def answered(reader: asyncio.StreamReader) -> bool:
    """Tell whether there is an answer, or else the connection has been closed."""
    try:
        return (await asyncio.wait_for(reader.read(12), WAIT_S)) == b"HTTP/1.1 200"
    except ConnectionResetError:
        return False
