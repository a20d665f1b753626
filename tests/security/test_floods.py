"""Too much of something by one caller: refused, with a time to come back, while the next caller is served."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from seatwright.app.assembly import create_app
from seatwright.auth.limits import TURNS_BURST_S
from seatwright.auth.model import PERMISSIONS
from seatwright.core.clock import SECOND_MS, ManualClock
from seatwright.http import access
from seatwright.http.context import Services
from tests.conftest import settings_for
from tests.security.live import fresh_settings, open_account
from tests.security.world import Side, dump, open_side
from tests.server import Server

ACCOUNT = "/api/v1/account"
PACED = {"SEATWRIGHT_REQUESTS_PER_SECOND": "20"}
AT_ONCE = PACED | {"SEATWRIGHT_REQUEST_WAIT_SECONDS": "0"}
"""Whatever is over the rate is refused at once."""


@pytest.fixture
def limits(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings that a test changes."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
def limited(services: Services, limits: dict[str, str]) -> Services:
    """The services with low limits."""
    settings = settings_for(services.settings.data, services.settings.database_url, **limits)
    object.__setattr__(services, "settings", settings)
    return services


@pytest.fixture
def api(limited: Services) -> Litestar:
    """The application, with low limits."""
    return create_app(limited.settings, limited)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("limits", [AT_ONCE], indirect=True)
async def test_a_flood_by_one_user_is_refused_and_the_next_is_served(
    client: httpx.AsyncClient, services: Services, clock: ManualClock
) -> None:
    canyon, mesa = await open_side(client, services, "canyon"), await open_side(client, services, "mesa")
    _, flooding = await canyon.user_with(frozenset(PERMISSIONS))
    found = [await client.get(ACCOUNT, headers=flooding) for _ in range(150)]
    assert [answer.status_code for answer in found] == [200] * 100 + [429] * 50, "a burst of five seconds' worth"
    assert {answer.headers["retry-after"] for answer in found[100:]} == {"1"}
    assert {answer.json()["errorCode"] for answer in found[100:]} == {"too_many_requests"}
    for other in (mesa, canyon):
        assert (await client.get(ACCOUNT, headers=other.headers)).status_code == 200, "account and user are others'"
    clock.advance(SECOND_MS)
    found = [await client.get(ACCOUNT, headers=flooding) for _ in range(25)]
    assert [answer.status_code for answer in found] == [200] * 20 + [429] * 5
    refused = await client.post("/public/api/cart", headers=flooding | {"Idempotency-Key": "one"})
    assert refused.status_code == 429
    clock.advance(SECOND_MS)
    again = await client.post("/public/api/cart", headers=flooding | {"Idempotency-Key": "one"})
    assert again.status_code == 200, "a refusal is not kept as the answer"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("limits", [AT_ONCE], indirect=True)
async def test_a_flood_costs_the_database_nothing(client: httpx.AsyncClient, services: Services) -> None:
    side = await open_side(client, services, "canyon")
    while (await client.get(ACCOUNT, headers=side.headers)).status_code == 200:
        pass
    await services.database.close()  # whatever needs it now is a 503
    for method, path in (("GET", ACCOUNT), ("POST", "/public/api/order"), ("DELETE", "/public/api/cart/x")):
        body = "{" * 3_000 if method == "POST" else None
        answer = await client.request(method, path, headers=side.headers, content=body)
        assert answer.status_code == 429, "nor is the body looked at"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("limits", [PACED], indirect=True)
async def test_one_request_after_the_other_is_never_refused(
    client: httpx.AsyncClient, services: Services, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a token or without: whoever waits for each answer is slowed down to the rate."""
    waited_s = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal waited_s
        waited_s += seconds
        clock.advance(math.ceil(seconds * SECOND_MS))

    object.__setattr__(services.limits, "sleep", sleep)
    side = await open_side(client, services, "canyon")
    _, headers = await side.user_with(frozenset(PERMISSIONS))
    for _ in range(300):
        assert (await client.get(ACCOUNT, headers=headers)).status_code == 200
    assert 9.9 < waited_s < 10.1, "five seconds' worth at once, and the others at 20 a second"
    body = {"username": side.username, "apikey": side.apikey}
    for _ in range(150):
        assert (await client.post("/public/api/authenticate", json=body)).status_code == 200
    large, paused = b" " * 1_000_000, []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(access, "pause", pause)
    for _ in range(10):
        answer = await client.put("/public/api/cart/x/customer", content=large + b"{}", headers=headers)
        assert answer.status_code == 404
    assert len(paused) == 9, "all but the first wait for their turn, because of their size"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("limits", [AT_ONCE], indirect=True)
async def test_a_body_that_is_refused_unread_counts_as_one_request(
    client: httpx.AsyncClient, services: Services
) -> None:
    side = await open_side(client, services, "canyon")
    _, headers = await side.user_with(frozenset(PERMISSIONS))
    large = b" " * (services.settings.max_body_bytes + 1)

    async def parts() -> AsyncIterator[bytes]:
        yield large

    for i in range(60):
        answer = await client.post("/api/v1/invitations", content=large if i % 2 else parts(), headers=headers)
        assert answer.status_code == 413
    for query in ("?a=%00", "?a=%00&b=1"):
        assert (await client.post(f"/api/v1/invitations{query}", content=large[1:], headers=headers)).status_code == 400
    for _ in range(40):
        assert (await client.get(ACCOUNT, headers=headers)).status_code == 200


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("limits", [AT_ONCE], indirect=True)
async def test_refusals_are_given_out_in_turn(client: httpx.AsyncClient, services: Services) -> None:
    """Whoever sends what is refused, at full speed, is answered at an even pace (by real time), and nobody waits."""
    side = await open_side(client, services, "canyon")
    garbage = {"Authorization": "Bearer garbage"}
    began = time.monotonic()
    paths = ("/api/v1/account", "/nope", "/healthz", "/public/api/order/x")
    waiting = [asyncio.create_task(client.get(paths[i % 4], headers=garbage)) for i in range(80)]
    assert (await client.get(ACCOUNT, headers=side.headers)).status_code == 200
    assert not all(task.done() for task in waiting)
    assert {(await task).status_code for task in waiting} == {200, 401, 404}
    assert time.monotonic() - began >= 79 / 20 - TURNS_BURST_S


HOLDS = {"SEATWRIGHT_HOLDS_PER_USER": "20", "SEATWRIGHT_HOLDS_PER_ADDRESS": "30", "SEATWRIGHT_REQUESTS_PER_SECOND": "0"}


async def squat(client: httpx.AsyncClient, side: Side, headers: dict[str, str], carts: int) -> Counter[Any]:
    """Hold one seat in each of so many new carts, as fast as it goes; return what the answers were."""

    async def one() -> Any:
        made = await client.post("/public/api/cart", headers=headers)
        body = {"itemId": side.fixed["departure"], "participants": {"Adult": 1}}
        path = f"/public/api/cart/{made.json()['data']['id']}/item"
        answer = await client.post(path, json=body, headers=headers)
        if answer.status_code == 429:
            assert answer.headers["retry-after"] == "60"
        return answer.json().get("errorCode", answer.status_code)

    found: Counter[Any] = Counter()
    for _ in range(0, carts, 10):
        found.update(await asyncio.gather(*(one() for _ in range(10))))
    return found


@pytest.mark.parametrize("limits", [HOLDS], indirect=True)
async def test_nobody_can_sit_on_a_season(
    client: httpx.AsyncClient, api: Litestar, services: Services, clock: ManualClock
) -> None:
    """`SEATWRIGHT_HOLDS_PER_USER` and `..._PER_ADDRESS`; several at once may pass together, but no crowd does."""
    side = await open_side(client, services, "canyon")
    _, second = await side.user_with(frozenset(PERMISSIONS))
    at_once = 10
    first = await squat(client, side, side.headers, 200)
    assert set(first) == {200, "too_many_holds"}
    assert 20 <= first[200] < 20 + at_once
    # Another user of that address has what is left of its 30; at another address as many as a user may have.
    more = await squat(client, side, second, 100)
    assert 30 - first[200] <= more[200] < 30 - first[200] + at_once
    transport = httpx.ASGITransport(app=api, client=("198.51.100.7", 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as elsewhere:
        assert (await squat(elsewhere, side, second, 10))[200] > 0
        assert (await squat(elsewhere, side, side.headers, 10))[200] == 0, "a user has its limit everywhere"
    held = len((await dump(services))["hold"])
    assert 30 <= held < 70
    clock.advance(services.settings.hold_seconds * SECOND_MS)
    assert (await squat(client, side, side.headers, 10))[200] == 10, "over is over"


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server with a low limit."""
    started = Server(fresh_settings(sqlite_template, tmp_path_factory), SEATWRIGHT_REQUESTS_PER_SECOND="20")
    yield started
    started.stop()


async def test_a_flood_at_a_real_server(server: Server) -> None:
    """150 connections of one user, of which 60 may wait; meanwhile another sends one request after the other."""
    settings = settings_for(server.data)
    flooding, calm = [await asyncio.to_thread(open_account, settings, server, code) for code in ("canyon", "mesa")]
    url, over, flooded = f"{server.url}{ACCOUNT}", asyncio.Event(), asyncio.Event()
    found: Counter[int] = Counter()

    async def flood(client: httpx.AsyncClient) -> None:
        while not over.is_set():
            answer = await client.get(url, headers=flooding.headers)
            found[answer.status_code] += 1
            if answer.status_code == 429:
                flooded.set()
                assert int(answer.headers["retry-after"]) >= 1

    began = time.monotonic()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client, httpx.AsyncClient(timeout=60) as other:
        tasks = [asyncio.create_task(flood(client)) for _ in range(150)]
        await asyncio.wait_for(flooded.wait(), 60)
        for _ in range(130):
            assert (await other.get(url, headers=calm.headers)).status_code == 200, "more than its burst"
        over.set()
        await asyncio.gather(*tasks)
    assert set(found) == {200, 429}
    assert found[200] <= 100 + 20 * (time.monotonic() - began) + 1, "a burst of five seconds' worth, then 20 a second"
