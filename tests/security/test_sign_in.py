"""Guessing at keys and passwords over HTTP: stopped for who does it, and for nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from litestar import Litestar

from seatwright.api.context import Services, network
from seatwright.auth import passwords
from seatwright.auth.limits import FAILURES_PER_ADDRESS, FAILURES_PER_NAME
from seatwright.core.clock import SECOND_MS, ManualClock
from tests.security.world import PASSWORD, Side, open_side

PATHS = [("/public/api/authenticate", "apikey"), ("/public/api/login", "password")]
ELSEWHERE = "198.51.100.7"


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


def from_(api: Litestar, address: str) -> httpx.AsyncClient:
    """Return a client at a network address."""
    transport = httpx.ASGITransport(app=api, client=(address, 4711))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


def secret(side: Side, field: str) -> str:
    """Return what is right."""
    return side.apikey if field == "apikey" else PASSWORD


async def attempt(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> int:
    """Try to sign in, and return the status."""
    answer = await client.post(path, json=body)
    if answer.status_code == 429:
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["errorCode"] == "too_many_attempts"
    return answer.status_code


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords compared as they are: what is tested is counting."""
    monkeypatch.setattr(passwords, "_verify", lambda password_hash, password: password == PASSWORD)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("path", "field"), PATHS)
async def test_guessing_is_stopped_and_recovers(
    client: httpx.AsyncClient, api: Litestar, side: Side, clock: ManualClock, path: str, field: str
) -> None:
    wrong, right = {"username": side.username, field: "wrong"}, {"username": side.username, field: secret(side, field)}
    for i in range(FAILURES_PER_NAME):
        assert (
            await attempt(client, path, wrong | {"username": side.username.upper() if i % 2 else side.username}) == 401
        )
    assert await attempt(client, path, wrong) == 429
    assert await attempt(client, path, right) == 429, "not even the right one, which would tell that it is right"
    refused = await client.post(path, json=right)
    assert refused.headers["retry-after"] == "90"
    assert await attempt(client, path, wrong | {"username": "nobody@x.example"}) == 401, "another name"
    async with from_(api, ELSEWHERE) as other:
        assert await attempt(other, path, right) == 200, "another address"
    clock.advance(90 * SECOND_MS - 1)
    assert await attempt(client, path, right) == 429
    clock.advance(1)
    assert await attempt(client, path, right) == 200
    assert await attempt(client, path, wrong) == 401, "the right one has cost nothing, and the ninety seconds gave one"
    assert await attempt(client, path, right) == 429


@pytest.mark.usefixtures("quick")
async def test_trying_many_names_is_stopped(client: httpx.AsyncClient, api: Litestar, side: Side) -> None:
    for i in range(FAILURES_PER_ADDRESS):
        path, field = PATHS[i % 2]
        assert await attempt(client, path, {"username": f"user{i}@canyon.example", field: "wrong"}) == 401
    for path, field in PATHS:
        right = {"username": side.username, field: secret(side, field)}
        assert await attempt(client, path, right) == 429
        async with from_(api, ELSEWHERE) as other:
            assert await attempt(other, path, right) == 200


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("path", "field"), PATHS)
async def test_trying_many_at_once_gains_nothing(client: httpx.AsyncClient, side: Side, path: str, field: str) -> None:
    body = {"username": side.username, field: "wrong"}
    found = await asyncio.gather(*(client.post(path, json=body) for _ in range(5 * FAILURES_PER_NAME)))
    tried = [answer for answer in found if answer.status_code == 401]
    assert len(tried) <= FAILURES_PER_NAME
    assert {answer.status_code for answer in found} == {401, 429}


class Line(Counter[str]):
    """Who waits for a hash, and an event for each newcomer."""

    def __init__(self) -> None:
        super().__init__()
        self.longer = asyncio.Event()

    def __setitem__(self, key: str, value: int) -> None:
        super().__setitem__(key, value)
        self.longer.set()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_one_caller_does_not_keep_all_others_out(
    client: httpx.AsyncClient, api: Litestar, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashes wait in a short line, in which no address has more than its share."""
    going_on, line = threading.Event(), Line()
    monkeypatch.setattr(passwords._gate, "_waiting", line)
    monkeypatch.setattr(passwords, "_verify", lambda password_hash, password: going_on.wait(60))
    most, right = passwords.MAX_WAITING_PER_CALLER, {"username": side.username, "password": PASSWORD}
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(from_(api, f"192.0.2.{i}")) for i in range(9)]
        waiting: list[asyncio.Task[httpx.Response]] = []

        async def fill(other: httpx.AsyncClient, until: int) -> httpx.Response:
            """Send requests until that many wait, and one more."""
            while line.total() < until:
                line.longer.clear()
                waiting.append(asyncio.create_task(other.post("/public/api/login", json=right)))
                await asyncio.wait_for(line.longer.wait(), 60)
            return await other.post("/public/api/login", json=right)

        refused = [await fill(other, most * i) for i, other in enumerate(clients[:4], 1)]
        assert most * 4 == passwords.MAX_WAITING
        refused.append(await clients[4].post("/public/api/login", json=right))
        assert {answer.status_code for answer in refused} == {429}
        assert {answer.headers["retry-after"] for answer in refused} == {"2"}
        going_on.set()
        assert {(await task).status_code for task in waiting} == {200}
        assert (await clients[4].post("/public/api/login", json=right)).status_code == 200


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_addresses_of_one_network_count_together(api: Litestar, side: Side) -> None:
    path, field = PATHS[0]
    wrong = {"username": side.username, field: "wrong"}
    for i in range(FAILURES_PER_NAME):
        async with from_(api, f"2001:db8:0:1::{i:x}") as client:
            assert await attempt(client, path, wrong) == 401
    async with from_(api, "2001:db8:0:1:ffff::1") as client:
        assert await attempt(client, path, wrong) == 429
    async with from_(api, "2001:db8:0:2::1") as client:
        assert await attempt(client, path, wrong) == 401


def test_networks() -> None:
    assert network("192.0.2.7") == "192.0.2.7"
    assert network("::ffff:192.0.2.7") == "192.0.2.7"
    assert network("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert network("fe80::1%eth0") == "fe80::/64"
    assert {network(text) for text in ("unknown", "", "x" * 1000, "1.2.3", "<script>")} == {"unknown"}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_signing_in_is_a_request_like_others(
    client: httpx.AsyncClient, services: Services, side: Side, clock: ManualClock
) -> None:
    """Whoever has a good key can't ask for tokens without end either."""
    object.__setattr__(services.settings, "requests_per_second", 2)
    body = {"username": side.username, "apikey": side.apikey}
    found = [await client.post("/public/api/authenticate", json=body) for _ in range(12)]
    assert [answer.status_code for answer in found] == [200] * 10 + [429] * 2
    assert found[-1].json()["errorCode"] == "too_many_requests"
    clock.advance(SECOND_MS)
    assert (await client.post("/public/api/authenticate", json=body)).status_code == 200
