"""A body that is too large, or not wanted at all, is answered, and the client gets to read the answer.

Many clients send all of a body before they read anything. The server answers at once, so it has to read on, or else
they see a connection that was reset.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from seatwright.cli.connection import LINGER_BYTES, LINGER_S
from tests.conftest import settings_for
from tests.security.live import Login, fresh_settings, open_account
from tests.server import Server

try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]

TIMES = 8
SIZES = (1_100_000, 4_000_000, 12_000_000)
TIMEOUT_S = 60


class Answer(NamedTuple):
    """What a client saw."""

    status: int
    body: bytes


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server."""
    started = Server(fresh_settings(sqlite_template, tmp_path_factory))
    yield started
    output = started.stop()
    assert "Traceback" not in output, output
    assert '"level":"error"' not in output


@pytest.fixture(scope="module")
def login(server: Server) -> Login:
    """An account of the server's."""
    return open_account(settings_for(server.data), server, "canyon")


@pytest.fixture(scope="module", params=SIZES)
def body(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a large JSON body."""
    path = tmp_path_factory.mktemp("bodies") / "body.json"
    path.write_bytes(b'{"a": "' + b"x" * request.param + b'"}')
    return path


def with_urllib(url: str, headers: Mapping[str, str], body: Path) -> Answer:
    """As Python's own client does it, which always sends `Connection: close`."""
    request = urllib.request.Request(url, body.read_bytes(), dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read())


def with_requests(url: str, headers: Mapping[str, str], body: Path) -> Answer:
    """As `requests` does it."""
    if requests is None:
        pytest.skip("requests is not installed")
    answer = requests.post(url, data=body.read_bytes(), headers=dict(headers), timeout=TIMEOUT_S)
    return Answer(answer.status_code, answer.content)


def with_httpx(url: str, headers: Mapping[str, str], body: Path) -> Answer:
    """As httpx does it."""
    answer = httpx.post(url, content=body.read_bytes(), headers=dict(headers), timeout=TIMEOUT_S)
    return Answer(answer.status_code, answer.content)


def with_httpx_in_chunks(url: str, headers: Mapping[str, str], body: Path) -> Answer:
    """Without a Content-Length."""

    def chunks() -> Iterator[bytes]:
        with body.open("rb") as file:
            while chunk := file.read(65_536):
                yield chunk

    answer = httpx.post(url, content=chunks(), headers=dict(headers), timeout=TIMEOUT_S)
    return Answer(answer.status_code, answer.content)


def with_curl(url: str, headers: Mapping[str, str], body: Path) -> Answer:
    """As curl does it, without waiting for `100 Continue`."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "-m", str(TIMEOUT_S), "-w", "\n%{http_code}", "-H", "Expect:", *given]
    command += ["--data-binary", f"@{body}", url]
    found = subprocess.run(command, capture_output=True, check=False)
    assert found.returncode == 0, found.stderr
    content, _, status = found.stdout.rpartition(b"\n")
    return Answer(int(status), content)


NODE = """
const [url, headers, file] = process.argv.slice(1);
const body = require("fs").readFileSync(file);
const options = {method: "POST", headers: {...JSON.parse(headers), "Content-Length": body.length}};
const request = require("http").request(url, options, answer => {
  const parts = [];
  answer.on("data", part => parts.push(part));
  answer.on("end", () => console.log(JSON.stringify([answer.statusCode, Buffer.concat(parts).toString()])));
});
request.on("error", error => { console.error(error); process.exitCode = 1; });
request.end(body);
"""


def with_node(url: str, headers: Mapping[str, str], body: Path) -> Answer:
    """As Node's own client does it."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    command = ["node", "-e", NODE, url, json.dumps(dict(headers)), str(body)]
    found = subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT_S)
    assert found.returncode == 0, found.stderr
    status, content = json.loads(found.stdout)
    return Answer(status, content.encode())


CLIENTS = [with_urllib, with_requests, with_httpx, with_httpx_in_chunks, with_curl, with_node]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_the_refusal_of_a_large_body_arrives(
    server: Server, login: Login, body: Path, client: Callable[..., Answer], connection: str
) -> None:
    """Whatever sends it: too large with a token, without, for nobody at all, or at an address that there isn't."""
    headers = {"Content-Type": "application/json", "Connection": connection}
    slow = client in (with_curl, with_node)
    for path, given, status, code in [
        ("/api/v1/invitations", headers | login.headers, 413, "too_large"),
        ("/public/api/authenticate", headers, 413, "too_large"),
        ("/public/api/order", headers, 401, "token_missing"),
        ("/nothing/here", headers, 404, "unknown_address"),
    ]:
        for _ in range(2 if slow or status != 413 else TIMES):
            answer = client(f"{server.url}{path}", given, body)
            assert (answer.status, json.loads(answer.body)["errorCode"]) == (status, code)


def test_no_request_is_run_after_the_last_answer(server: Server, login: Login) -> None:
    """A request that said `Connection: close` is the last one, whatever is sent after its body."""
    token = login.headers["Authorization"]
    first, second = [
        f"POST /public/api/cart HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n{more}\r\n\r\n"
        for more in ("Connection: close\r\nContent-Length: 2000000", "Content-Length: 0")
    ]
    carts = f"{server.url}/public/api/cart"
    before = len(httpx.get(carts, headers=login.headers).json()["data"])
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as sock:
        sock.sendall(first.encode() + b" " * 2_000_000 + second.encode())
        received = b""
        while chunk := sock.recv(65_536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.count(b"HTTP/1.1") == 1
    assert len(httpx.get(carts, headers=login.headers).json()["data"]) == before


async def send(writer: asyncio.StreamWriter, piece: bytes, most: int, pause_s: float = 0) -> int:
    """Send pieces until the server has closed, or so many; return how many."""
    for sent in range(most):
        try:
            writer.write(piece)
            await writer.drain()
        except OSError:
            return sent
        await asyncio.sleep(pause_s)
    return most


async def test_what_is_thrown_away_is_bounded_in_time_and_size(server: Server) -> None:
    head = b"POST /public/api/authenticate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += b"Content-Length: 10000000000\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    loop = asyncio.get_running_loop()
    writer.write(head)
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 413 ")
    began = loop.time()
    assert b"too_large" in await reader.read(), "all of the answer is here, and its end"
    assert await send(writer, b" ", 2_000, 0.05) < 2_000
    assert loop.time() - began >= LINGER_S - 0.5
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head)
    assert await send(writer, b" " * 65_536, 8 * LINGER_BYTES // 65_536) < 4 * LINGER_BYTES // 65_536
