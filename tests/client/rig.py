"""Both clients on a scripted server in this process, with a clock that only moves when the client waits."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

import httpx

from seatwright_client import AsyncSeatwrightClient, RetryPolicy, SeatwrightClient

BASE = "https://book.canyon.example"
APIKEY = "7d1a5b0e-3f3c-4a57-9a30-6d8f5c1e2b44"
Kind: TypeAlias = Literal["sync", "async"]
KINDS: tuple[Kind, ...] = ("sync", "async")
Outcome: TypeAlias = "httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]"
Client: TypeAlias = Any
"""Either client: a use of it is awaited where it has to be."""


async def now(found: Any) -> Any:
    """Return a result of either client, awaited if it has to be; all results of an iterator."""
    if inspect.isasyncgen(found):
        return [each async for each in found]
    if isinstance(found, Iterator):
        return list(found)
    return await found if inspect.isawaitable(found) else found


def jwt(name: str, life_s: int = 86_400) -> str:
    """Return what looks like one of the server's tokens."""
    payload = base64.urlsafe_b64encode(json.dumps({"sub": name, "iat": 1_000, "exp": 1_000 + life_s}).encode())
    return f"eyJh.{payload.decode().rstrip('=')}.c2ln"


def good(data: Any, **headers: str) -> httpx.Response:
    """Return a good answer."""
    return httpx.Response(200, json={"errorMessage": None, "data": data}, headers=headers)


def refusal(status: int, code: str = "a_code", message: str = "A sentence.", **headers: str) -> httpx.Response:
    """Return a refusal; `retry_after="1"` is a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"errorMessage": message, "errorCode": code, "data": None}
    return httpx.Response(status, json=body, headers={"X-Request-Id": "r-1", **named})


def page(status: int, text: str = "<html>nginx</html>", **headers: str) -> httpx.Response:
    """Return what a proxy says."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, html=text, headers=named)


class Rig:
    """A client of one kind, the answers it is to get, and what it did."""

    def __init__(self, kind: Kind, *outcomes: Outcome, rng: float = 1.0, **options: Any) -> None:
        """`rng` is what the dice show each time."""
        self.sent: list[httpx.Request] = []
        """All requests but those for tokens."""
        self.sign_ins: list[httpx.Request] = []
        self.waits: list[float] = []
        self.now_s = 50.0
        self.token_answers: list[Outcome] = []
        """Answers to requests for tokens; a new token each time, when there are none (left)."""
        self.token_life_s = 86_400
        self._outcomes = list(outcomes)
        if "token" not in options:
            options = {"username": "dana@canyon.example", "apikey": APIKEY} | options
        options |= {"clock": lambda: self.now_s, "rng": lambda: rng}
        transport = httpx.MockTransport(self._answer)
        self.client: Client
        if kind == "sync":
            self.client = SeatwrightClient(BASE, http=httpx.Client(transport=transport), sleep=self._sleep, **options)
        else:
            http = httpx.AsyncClient(transport=transport)
            self.client = AsyncSeatwrightClient(BASE, http=http, sleep=self._sleep_async, **options)

    def run(self, use: Callable[[Client], Any]) -> Any:
        """Return what `use` of the client comes to."""
        return asyncio.run(self._use(use))

    async def _use(self, use: Callable[[Client], Any]) -> Any:
        return await now(use(self.client))

    @property
    def left(self) -> int:
        """Answers that nobody asked for."""
        return len(self._outcomes)

    @property
    def keys(self) -> list[str | None]:
        """The idempotency keys of what was sent."""
        return [request.headers.get("idempotency-key") for request in self.sent]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path in ("/public/api/authenticate", "/public/api/login"):
            self.sign_ins.append(request)
            token = jwt(f"token-{len(self.sign_ins)}", self.token_life_s)
            return _come_of(
                self.token_answers.pop(0) if self.token_answers else httpx.Response(200, text=token), request
            )
        self.sent.append(request)
        return _come_of(self._outcomes.pop(0), request)

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds

    async def _sleep_async(self, seconds: float) -> None:
        self._sleep(seconds)


def _come_of(outcome: Outcome, request: httpx.Request) -> httpx.Response:
    if isinstance(outcome, Exception):
        raise outcome
    if isinstance(outcome, httpx.Response):  # the same one may be given again
        return httpx.Response(outcome.status_code, headers=outcome.headers, content=outcome.content)
    return outcome(request)


NO_RETRIES = RetryPolicy(attempts=1)
