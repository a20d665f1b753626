"""Clients that book while something breaks, each of which remembers what it was told."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

Call = Callable[..., Awaitable[httpx.Response]]
"""`await call(method, path, headers=..., json=...)`; raises `httpx.TransportError` if there is no answer at all."""

PAUSE_S = 0.01


def assert_envelope(answer: httpx.Response) -> None:
    """Check that an answer is what a client may see of a broken database."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "1"
    envelope = answer.json()
    assert envelope["data"] is None
    assert envelope["errorMessage"]
    assert envelope["errorCode"] in ("unavailable", "busy", "overloaded"), envelope


class Traffic:
    """Bookings of one seat each, every request under a key of its own.

    A client tries a request until it is answered with 200, as it may; whatever else it gets must be a 503.
    """

    def __init__(self, call: Call, departure: str, clients: int = 8) -> None:
        self._call = call
        self._departure = departure
        self._clients = clients
        self._numbers = itertools.count()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._waiters: list[tuple[str, int, asyncio.Event]] = []
        self.counts: Counter[str] = Counter()
        self.orders: dict[str, str] = {}
        """Acknowledged orders: id, and the key of the request."""
        self.slowest_s = 0.0

    async def __aenter__(self) -> Traffic:
        self._tasks = [asyncio.create_task(self._client()) for _ in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let every client come to the end of its booking, whatever that takes."""
        self._stopping = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), 60)

    async def more(self, outcome: str, count: int) -> None:
        """Wait until there are so many more answers ("200", "503", "orders")."""
        reached = asyncio.Event()
        self._waiters.append((outcome, self.counts[outcome] + count, reached))
        waiting = asyncio.create_task(reached.wait())
        await asyncio.wait([waiting, *self._tasks], timeout=60, return_when=asyncio.FIRST_COMPLETED)
        for task in self._tasks:
            if task.done():
                task.result()
        assert reached.is_set(), f"waited in vain for {count} {outcome}: {self.counts}"

    async def _client(self) -> None:
        while not self._stopping:
            cart = await self._until_it_works("POST", "/cart")
            body = {"itemId": self._departure, "participants": {"All": 1}}
            await self._until_it_works("POST", f"/cart/{cart['id']}/item", json=body)
            order = await self._until_it_works("POST", "/order", json={"id": cart["id"]})
            self.orders[order["id"]] = cart["id"]
            self._count("orders")

    async def _until_it_works(self, method: str, path: str, **body: Any) -> Any:
        key = {"Idempotency-Key": f"traffic-{next(self._numbers)}"}
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            answer = await self._call(method, path, headers=key, **body)
            self.slowest_s = max(self.slowest_s, loop.time() - began)
            self._count(str(answer.status_code))
            if answer.status_code == 200:
                return answer.json()["data"]
            assert_envelope(answer)
            await asyncio.sleep(PAUSE_S)

    def _count(self, outcome: str) -> None:
        self.counts[outcome] += 1
        for waiter in list(self._waiters):
            if self.counts[waiter[0]] >= waiter[1]:
                waiter[2].set()
                self._waiters.remove(waiter)


async def assert_nothing_lost(call: Call, traffic: Traffic) -> None:
    """Check that every acknowledged order is there, and that there is no order more."""
    found = []
    for page in itertools.count():
        answer = await call("GET", f"/order?limit=100&page={page}")
        assert answer.status_code == 200, answer.text
        orders = answer.json()["data"]
        found += [order["id"] for order in orders]
        if len(orders) < 100:
            break
    assert sorted(found) == sorted(traffic.orders), "every order that was answered, once, and no other"
