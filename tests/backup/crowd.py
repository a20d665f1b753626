"""Clients that keep a server busy while a backup is made, and know what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatwright.core.clock import SystemClock
from tests.crash.journal import Known, _progress, _rank
from tests.crash.traffic import Client
from tests.crash.wire import Answer, Connection, Transport

Told = dict[str, dict[str, Any]]
"""Orders by id, as a client was told of them."""


@dataclass
class Crowd:
    """Some clients of one server, each with its own connections and journal."""

    clients: list[Client] = field(default_factory=list)
    _told: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    _stopped: bool = False
    _answers: asyncio.Condition = field(default_factory=asyncio.Condition)

    def known(self, *, before: int | None = None) -> Known:
        """Return what was acknowledged, all of it or before an instant."""
        known = Known()
        for at, told in self._told:
            if before is None or at < before:
                known.take(told)
        return known

    def acknowledged(self) -> int:
        """Return how many answers were taken in."""
        return len(self._told)

    def add(self, client: Client) -> None:
        """Let a client take part, and note when it learns what."""
        learns = client.journal.learns

        def learned(key: str, told: dict[str, Any]) -> None:
            self._told.append((SystemClock().now(), told))
            learns(key, told)

        client.journal.learns = learned  # type: ignore[method-assign]
        self.clients.append(client)

    async def until(self, acknowledged: int) -> None:
        """Wait until so many answers were taken in."""
        async with asyncio.timeout(60), self._answers:
            await self._answers.wait_for(lambda: self.acknowledged() >= acknowledged)

    def connect(self, port: int) -> Transport:
        """Return a connection that tells whoever waits of each answer."""
        connection = Connection(port)

        async def send(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
            answer = await connection(method, path, headers, body)
            async with self._answers:
                self._answers.notify_all()
            return answer

        return send


@asynccontextmanager
async def crowd_at(port: int, plan: dict[str, Any], journals: Path, clients: int) -> AsyncIterator[Crowd]:
    """Keep the server at `port` busy; when the block is left, everything is settled."""
    crowd = Crowd()
    for number in range(clients):
        path = journals / f"{number}.jsonl"
        login = plan["logins"][number % 2]
        crowd.add(Client(str(number), lambda: crowd.connect(port), login, plan["departures"], path, number))
    async with asyncio.TaskGroup() as running:
        for client in crowd.clients:
            running.create_task(client.run(lambda: crowd._stopped))
        yield crowd
        crowd._stopped = True


def missing(told: Known, orders: Told, carts: dict[str, str]) -> list[str]:
    """Return what was told and isn't among the orders and the states of carts, nor a later state of it."""
    lost = []
    for order_id, order in told.orders.items():
        there = orders.get(order_id)
        if there is None or _progress(there) < _progress(order) or (_same(there, order) and there != order):
            lost.append(f"order {order_id}: told {order}, stored {there}")
    for cart_id, cart in told.carts.items():
        status = carts.get(cart_id)
        if status is None or _rank({"status": status}) < _rank(cart):
            lost.append(f"cart {cart_id}: told {cart}, stored {status}")
    return lost


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return _progress(one) == _progress(other)
