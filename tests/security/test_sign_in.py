"""Guessing at keys and passwords over HTTP: stopped for who does it, and for nobody else."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from seatwright.auth import passwords
from seatwright.auth.limits import FAILURE_WINDOW_MS, FAILURES_PER_ADDRESS, FAILURES_PER_NAME, WIDER
from seatwright.auth.networks import networks
from seatwright.core.clock import SECOND_MS, ManualClock
from seatwright.http.context import Services
from tests.conftest import settings_for
from tests.security.live import QuickServer, fresh_settings, open_account
from tests.security.world import PASSWORD, Side, open_side

PATHS = [("/public/api/authenticate", "apikey"), ("/public/api/login", "password")]
ELSEWHERE = "198.51.100.7"
PACED = {"SEATWRIGHT_REQUESTS_PER_SECOND": "200"}


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


def test_an_address_belongs_to_the_networks_that_count_together() -> None:
    assert networks("192.0.2.7") == networks("::ffff:192.0.2.7") == ("192.0.2.7", "192.0.2.0/24")
    assert networks("2001:db8:1:234:3:4:5:6") == ("2001:db8:1:234::/64", "2001:db8:1:200::/56", "2001:db8:1::/48")
    assert networks("fe80::1%eth0") == ("fe80::/64", "fe80::/56", "fe80::/48")
    assert {networks(text) for text in ("unknown", "", "x" * 1000, "1.2.3", "<script>")} == {("unknown",)}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_signing_in_is_a_request_like_others(
    client: httpx.AsyncClient, services: Services, side: Side, clock: ManualClock
) -> None:
    """Whoever has a good key can't ask for tokens without end either."""
    object.__setattr__(services.settings, "requests_per_second", 2)
    object.__setattr__(services.settings, "request_wait_seconds", 0)
    body = {"username": side.username, "apikey": side.apikey}
    found = [await client.post("/public/api/authenticate", json=body) for _ in range(12)]
    assert [answer.status_code for answer in found] == [200] * 10 + [429] * 2
    assert found[-1].json()["errorCode"] == "too_many_requests"
    clock.advance(SECOND_MS)
    assert (await client.post("/public/api/authenticate", json=body)).status_code == 200


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickServer]:
    """A real server behind a proxy, which is this test."""
    started = QuickServer(
        fresh_settings(sqlite_template, tmp_path_factory), SEATWRIGHT_TRUSTED_PROXIES="127.0.0.1", **PACED
    )
    yield started
    started.stop()


@pytest.mark.parametrize("busy_with", ["random names", "the owner's name"])
async def test_an_owner_signs_in_at_a_real_server_while_others_try(server: QuickServer, busy_with: str) -> None:
    """Sixty attackers in all subnets of a /56 ask as fast as they are answered, of which most is a refusal."""
    code = busy_with.rpartition(" ")[2]
    login = await asyncio.to_thread(open_account, settings_for(server.data), server, code)
    url, numbers = f"{server.url}/public/api/login", count()
    crowded, over = asyncio.Event(), asyncio.Event()
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=login.headers, timeout=60) as users:
        user = (await users.get("/users")).json()["data"][0]["id"]
        assert (await users.patch(f"/users/{user}", json={"password": PASSWORD})).status_code == 200
    right = {"username": login.username, "password": PASSWORD}
    found: Counter[int] = Counter()
    began = time.monotonic()

    async def attack(client: httpx.AsyncClient) -> None:
        while not over.is_set():
            number = next(numbers)
            name = login.username if code == "name" else f"name{number}"
            where = {"X-Forwarded-For": f"2001:db8:{len(code)}:1{number % 256:02x}::{number:x}"}
            try:
                answer = await client.post(url, json={"username": name, "password": "wrong horse"}, headers=where)
            except httpx.TransportError:  # a server that is asked so much may close a connection that rested
                continue
            found[answer.status_code] += 1
            if found[429] >= 100:
                crowded.set()
            assert answer.status_code == 401 or int(answer.headers["retry-after"]) > 0

    async with httpx.AsyncClient(timeout=None) as client, httpx.AsyncClient(timeout=60) as owner:
        tasks = [asyncio.create_task(attack(client)) for _ in range(60)]
        await asyncio.wait_for(crowded.wait(), 120)
        for address in ("198.51.100.7", "198.51.100.7", "2001:db8:ffff::1", "2001:db8:ffff::1"):
            answer = await owner.post(url, json=right, headers={"X-Forwarded-For": address})
            assert answer.status_code == 200, answer.text
        over.set()
        await asyncio.gather(*tasks)
    most = FAILURES_PER_NAME if code == "name" else FAILURES_PER_ADDRESS
    assert set(found) == {401, 429}
    returned = (time.monotonic() - began) * 1000 / FAILURE_WINDOW_MS
    assert found[401] <= most * WIDER * (1 + returned) + 1, "for the whole /56"
