"""Tokens: fetched when needed, renewed in time, once for everybody; and secrets are never shown."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from seatwright_client import (
    AsyncSeatwrightClient,
    ConnectionFailed,
    RateLimited,
    RetryPolicy,
    SeatwrightClient,
    Unauthorized,
    Unavailable,
)
from seatwright_client.errors import SeatwrightError
from tests.client.rig import APIKEY, BASE, Client, Kind, Rig, good, jwt, page, refusal

ACCOUNT = {
    "id": "a1",
    "code": "canyon",
    "name": "Canyon",
    "email": "desk@canyon.example",
    "currency": "USD",
    "timeZone": "America/Denver",
    "createdDate": "2026-07-01T16:00:00.000Z",
}


def read(client: Client) -> Any:
    return client.account.read()


def bearers(rig: Rig) -> list[str]:
    """Which token each request carried."""
    return [request.headers["authorization"].removeprefix("Bearer ") for request in rig.sent]


def test_a_token_is_fetched_with_the_first_call_and_kept(kind: Kind) -> None:
    rig = Rig(kind, good(ACCOUNT), good(ACCOUNT))
    assert rig.sign_ins == []
    rig.run(read)
    rig.run(read)
    assert bearers(rig) == [jwt("token-1")] * 2
    (sign_in,) = rig.sign_ins
    assert str(sign_in.url) == f"{BASE}/public/api/authenticate"
    assert json.loads(sign_in.content) == {"username": "dana@canyon.example", "apikey": APIKEY}
    assert "authorization" not in sign_in.headers


def test_a_password_logs_in(kind: Kind) -> None:
    rig = Rig(kind, good(ACCOUNT), apikey=None, password="correct horse battery")
    rig.run(read)
    assert rig.sign_ins[0].url.path == "/public/api/login"


def test_a_token_is_renewed_before_it_expires(kind: Kind) -> None:
    rig = Rig(kind, *[good(ACCOUNT)] * 4)
    for at_s in (0, 86_400 - 61, 86_400 - 60, 86_400 - 59):
        rig.now_s = 50.0 + at_s
        rig.run(read)
    assert bearers(rig) == [jwt("token-1"), jwt("token-1"), jwt("token-2"), jwt("token-2")]


def test_a_short_lived_token_is_renewed_in_the_last_tenth_of_its_life(kind: Kind) -> None:
    rig = Rig(kind, *[good(ACCOUNT)] * 3)
    rig.token_life_s = 100
    for at_s in (0, 89, 90):
        rig.now_s = 50.0 + at_s
        rig.run(read)
    assert bearers(rig) == [jwt("token-1", 100), jwt("token-1", 100), jwt("token-2", 100)]


def test_a_token_that_says_nothing_of_its_life_is_used_until_it_is_refused(kind: Kind) -> None:
    rig = Rig(kind, good(ACCOUNT), good(ACCOUNT))
    rig.token_answers = [httpx.Response(200, text="opaque")]
    rig.run(read)
    rig.now_s += 1e9
    rig.run(read)
    assert bearers(rig) == ["opaque", "opaque"]


def test_a_refused_token_is_renewed_once_and_the_key_stays(kind: Kind) -> None:
    rig = Rig(kind, refusal(401, "token_withdrawn"), good(ACCOUNT))
    rig.run(lambda client: client.account.change(name="Canyon"))
    assert bearers(rig) == [jwt("token-1"), jwt("token-2")]
    assert rig.keys[0] == rig.keys[1] is not None
    rig = Rig(kind, refusal(401, "token_withdrawn"), refusal(401, "token_withdrawn"))
    with pytest.raises(Unauthorized):
        rig.run(read)
    assert (len(rig.sent), len(rig.sign_ins), rig.waits) == (2, 2, [])


def test_a_token_that_was_given_is_used_as_it_is(kind: Kind) -> None:
    rig = Rig(kind, good(ACCOUNT), refusal(401, "token_expired"), token=jwt("given", 10))
    rig.run(read)
    rig.now_s += 100
    with pytest.raises(Unauthorized):
        rig.run(read)
    assert (bearers(rig), rig.sign_ins) == ([jwt("given", 10)] * 2, [])


def test_wrong_credentials_are_tried_once(kind: Kind) -> None:
    rig = Rig(kind)
    rig.token_answers = [refusal(401, "wrong_credentials")]
    with pytest.raises(Unauthorized, match="wrong_credentials"):
        rig.run(lambda client: client.account.change(name="Canyon"))
    assert (len(rig.sign_ins), rig.sent) == (1, [])


def test_signing_in_is_repeated_like_a_read(kind: Kind) -> None:
    rig = Rig(kind, good(ACCOUNT))
    rig.token_answers = [httpx.ReadTimeout("slow"), refusal(503, "unavailable")]
    rig.run(read)
    assert len(rig.sign_ins) == 3
    rig = Rig(kind, good(ACCOUNT))
    rig.token_answers = [httpx.ConnectError("refused"), refusal(429, "too_many_requests", retry_after="1")]
    rig.run(read)
    assert len(rig.sign_ins) == 3
    rig = Rig(kind)
    rig.token_answers = [refusal(429, "too_many_attempts", retry_after="900")]
    with pytest.raises(RateLimited):
        rig.run(read)


def test_a_call_that_may_have_been_done_is_known_even_if_no_new_token_is_to_be_had(kind: Kind) -> None:
    rig = Rig(kind, httpx.ReadError("reset"), refusal(401, "token_expired"))
    down = [httpx.ReadError("reset") for _ in range(RetryPolicy().attempts)]
    rig.token_answers = [httpx.Response(200, text="first"), httpx.ConnectError("refused"), *down]
    with pytest.raises(ConnectionFailed) as raised:
        rig.run(lambda client: client.account.change(name="Canyon"))
    assert (raised.value.outcome_unknown, raised.value.idempotency_key) == (True, rig.keys[0])


@pytest.mark.parametrize("answer", [page(200), httpx.Response(200, text=""), httpx.Response(200, json={"data": 1})])
def test_a_page_is_no_token(kind: Kind, answer: httpx.Response) -> None:
    rig = Rig(kind)
    rig.token_answers = [answer]
    with pytest.raises(SeatwrightError, match="not a token"):
        rig.run(read)
    assert rig.sent == []


class CountedLock:
    """A lock that knows how many have come to it."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.arrived.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_threads_share_one_token() -> None:
    lock, sign_ins = CountedLock(), []

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/authenticate"):
            return good(ACCOUNT)
        sign_ins.append(request)
        if len(sign_ins) == 1:  # all want a token before there is one
            assert all(lock.arrived.acquire(timeout=30) for _ in range(8))
        return httpx.Response(200, text=jwt("token"))

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = SeatwrightClient(BASE, username="dana@canyon.example", apikey=APIKEY, http=http)
    vars(client)["_caller"]._renewing = lock
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: client.account.read().code, range(8)))
    assert (found, len(sign_ins)) == (["canyon"] * 8, 1)


async def test_tasks_share_one_token_also_when_it_is_refused() -> None:
    sign_ins, refused = [], []

    async def answer(request: httpx.Request) -> httpx.Response:
        for _ in range(20):
            await asyncio.sleep(0)  # lets the other seven come as far as they can
        if request.url.path.endswith("/authenticate"):
            sign_ins.append(request)
            return httpx.Response(200, text=jwt(f"token-{len(sign_ins)}"))
        if request.headers["authorization"] == f"Bearer {jwt('token-1')}":
            refused.append(request)
            return refusal(401, "token_withdrawn")
        return good(ACCOUNT)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    client = AsyncSeatwrightClient(BASE, username="dana@canyon.example", apikey=APIKEY, http=http)
    found = await asyncio.gather(*[client.account.read() for _ in range(8)])
    assert ([each.code for each in found], len(refused), len(sign_ins)) == (["canyon"] * 8, 8, 2)


def test_threads_that_wait_for_a_sign_in_share_its_failure() -> None:
    """With the server away, ten calls take as long as one: nobody tries again what was tried while they waited."""
    lock, sign_ins, waits = CountedLock(), [], []

    def answer(request: httpx.Request) -> httpx.Response:
        sign_ins.append(request)
        if len(sign_ins) == 1:
            assert all(lock.arrived.acquire(timeout=30) for _ in range(8))
        raise httpx.ConnectError("refused")

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = SeatwrightClient(BASE, username="dana@canyon.example", apikey=APIKEY, http=http, sleep=waits.append)
    vars(client)["_caller"]._renewing = lock

    def change(number: int) -> SeatwrightError:
        with pytest.raises(ConnectionFailed, match="refused") as raised:
            client.account.change(name="Canyon", idempotency_key=f"k{number}")
        return raised.value

    with ThreadPoolExecutor(8) as pool:
        errors = list(pool.map(change, range(8)))
    assert (len(sign_ins), len(waits)) == (RetryPolicy().attempts, RetryPolicy().attempts - 1)
    assert [error.idempotency_key for error in errors] == [f"k{number}" for number in range(8)]
    with pytest.raises(ConnectionFailed):  # whoever comes later tries anew
        client.account.read()
    assert len(sign_ins) == 2 * RetryPolicy().attempts


async def test_tasks_that_wait_for_a_sign_in_share_its_failure_but_not_that_it_was_cancelled() -> None:
    arrived, go_on, sign_ins = asyncio.Semaphore(0), asyncio.Event(), []

    async def answer(request: httpx.Request) -> httpx.Response:
        sign_ins.append(request)
        arrived.release()
        await go_on.wait()
        if len(sign_ins) == 3:
            return httpx.Response(200, text="token")
        return refusal(401, "wrong_credentials") if request.url.path.endswith("/authenticate") else good(ACCOUNT)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    client = AsyncSeatwrightClient(BASE, username="dana@canyon.example", apikey=APIKEY, http=http)

    async def both() -> list[asyncio.Task[Any]]:
        calls = [asyncio.create_task(read(client)) for _ in range(2)]
        await arrived.acquire()
        for _ in range(20):
            await asyncio.sleep(0)  # lets the other come to the lock
        return calls

    failing = await both()
    go_on.set()
    found = await asyncio.gather(*failing, return_exceptions=True)
    assert [type(error) for error in found] == [Unauthorized, Unauthorized]
    assert (found[0] is found[1], len(sign_ins)) == (False, 1)
    go_on.clear()
    cancelled, waiting = await both()
    cancelled.cancel()
    await arrived.acquire()
    go_on.set()
    assert ((await waiting).code, len(sign_ins)) == ("canyon", 4)


def test_a_sign_in_has_no_more_time_than_the_call_that_needs_it(kind: Kind) -> None:
    policy = RetryPolicy(attempts=100, base_s=4, cap_s=4, total_s=10)
    busy = refusal(503, "unavailable")
    rig = Rig(kind, busy, busy, refusal(401, "token_withdrawn"), retries=policy)
    rig.token_answers = [httpx.Response(200, text="first"), busy]
    with pytest.raises(Unavailable):
        rig.run(read)
    assert (rig.waits, len(rig.sign_ins)) == ([4, 4], 2)


@pytest.mark.parametrize("around", ["{}\n", " {}\r\n", "{}"])
def test_a_token_or_key_read_from_a_file_is_taken_without_the_lines_end(kind: Kind, around: str) -> None:
    rig = Rig(kind, good(ACCOUNT), token=around.format(jwt("given")))
    rig.run(read)
    assert bearers(rig) == [jwt("given")]
    rig = Rig(kind, good(ACCOUNT), apikey=around.format(APIKEY))
    rig.run(read)
    assert json.loads(rig.sign_ins[0].content)["apikey"] == APIKEY


@pytest.mark.parametrize("secret", ["s3cret\nmore", "s3cret more", "s3cr\u00e9t", "s3cr\ud800t", "s3cret\x00", "", " "])
def test_what_can_be_no_token_is_said_at_once_and_not_shown(secret: str) -> None:
    for client in (SeatwrightClient, AsyncSeatwrightClient):
        with pytest.raises(ValueError, match=r"^token: ") as raised:
            client(BASE, token=secret)
        assert "s3cr" not in str(raised.value)


def test_a_header_that_can_not_be_sent_is_neither_sent_again_nor_shown(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    illegal = httpx.LocalProtocolError("Illegal header value b'Bearer s3cret'")
    rig = Rig(kind, illegal, token="t")
    with pytest.raises(ConnectionFailed, match="can't be sent") as raised:
        rig.run(lambda client: client.account.change(name="Canyon"))
    assert (len(rig.sent), rig.waits, raised.value.outcome_unknown) == (1, [], False)
    rig = Rig(kind, httpx.ReadError("reset"), illegal, token="t")
    with pytest.raises(ConnectionFailed, match="can't be sent") as raised:
        rig.run(lambda client: client.account.change(name="Canyon"))
    assert raised.value.outcome_unknown is True  # by the first attempt
    assert "s3cret" not in caplog.text + repr(raised.value) + str(raised.value.__context__)


def test_no_secret_is_shown(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rig = Rig(kind, httpx.ReadError("reset"), good(ACCOUNT), good({"apikey": "another-secret"}), refusal(409))
    rig.run(read)
    assert "GET /api/v1/account again in" in caplog.text
    rig.run(lambda client: client.account.reset_key())
    with pytest.raises(SeatwrightError) as raised:
        rig.run(lambda client: client.users.create("a@b.example", "Ann", permissions=[], password="a-pass-word"))
    core = rig.client._core
    shown = caplog.text + repr(rig.client) + repr(core) + repr(core._credentials) + repr(raised.value)
    shown += str(raised.value) + repr(vars(raised.value))
    assert repr(rig.client).endswith(f"(base_url='{BASE}', username='dana@canyon.example')")
    for secret in (APIKEY, jwt("token-1"), "another-secret", "a-pass-word"):
        assert secret not in shown


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"username": "dana"},
        {"apikey": "k"},
        {"username": "dana", "apikey": "k", "password": "p"},
        {"username": "dana", "apikey": "k", "token": "t"},
        {"username": "dana", "apikey": " \n"},
    ],
)
def test_credentials_are_one_of_three(credentials: dict[str, Any]) -> None:
    for client in (SeatwrightClient, AsyncSeatwrightClient):
        with pytest.raises(ValueError, match=r"username|empty"):
            client(BASE, **credentials)


def test_an_address_that_can_not_be_one() -> None:
    for bad in ("", "x.example", "ftp://x.example", "https://", "https://u:p@x.example", "https://x.example/?a=1"):
        with pytest.raises(ValueError, match="base_url"):
            SeatwrightClient(bad, token="t")


@pytest.mark.parametrize("tail", ["", "/", "/public/api", "/public/api/"])
def test_the_address_that_an_integration_has_is_fine(tail: str) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return good(ACCOUNT)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    SeatwrightClient(f"https://x.example/under{tail}", token="t", http=http).account.read()
    assert seen == ["https://x.example/under/api/v1/account"]
