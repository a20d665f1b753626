"""One client that does random things: fills carts, orders, adds to orders, cancels, gives up, and asks again.

It knows the outcome of everything it did. Where a connection dies before the answer, or the server has none (503), it
sends the same request with the same key until it is answered, as a careful client does; in the end nothing is unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.journal import Journal, Known, Request, lines_of, told_by
from tests.crash.wire import Answer, Lost, Transport, Unreachable

API = "/public/api"
PATIENCE_S = 180.0
"""How long one request may stay without an answer before the client gives up on the server, in seconds."""
PAUSE_S = 0.03
MAX_CARTS, MAX_ORDERS, KEPT = 4, 12, 30

REFUSALS = {404, 409}
"""Answers that say no, and that this traffic provokes."""


class ClientFailed(Exception):
    """The server did something that no server may; the message says what."""


@dataclass
class Client:
    """A client with its own journal; `connect` gives it as many transports as it wants."""

    name: str
    connect: Callable[[], Transport]
    login: dict[str, Any]
    departures: list[dict[str, str]]
    path: Path
    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Learn from the journal what this client knew when it was killed."""
        self.chance = random.Random(self.seed)
        self.known = Known()
        self.pending: dict[str, Request] = {}
        for line in lines_of(self.path):
            if "ask" in line:
                self.pending[line["ask"][3]] = Request(*line["ask"])
            else:
                self.pending.pop(line["ack"])
                self.known.take(line)
        self.journal = Journal(self.path)
        self.transports = [self.connect(), self.connect()]
        self.token = ""
        self.kept: deque[tuple[Request, int, str]] = deque(maxlen=KEPT)
        self.serial = 0

    async def run(self, stop: Callable[[], bool]) -> None:
        """Do random things until `stop()`; then everything is settled."""
        for request in list(self.pending.values()):
            self.counts["unknown"] += 1
            await self._settle(self.transports[0], request)
        while not stop():
            await self._step()
        self.journal.close()

    async def _step(self) -> None:
        dice = self.chance.random()
        if dice < 0.06 and self.kept:
            await self._again()
        elif dice < 0.08 and self.kept:
            await self._otherwise()
        elif dice < 0.13:
            request = self._choose()
            first, second = await self._both(request, request)
            if (first.status, first.body) != (second.status, second.body):
                raise ClientFailed(f"twice at once, {request} was answered {first} and {second}")
        elif dice < 0.18 and (pair := self._clash()):
            await self._both(*pair)
        else:
            await self._settle(self.transports[0], self._choose())

    async def _both(self, one: Request, other: Request) -> list[Answer]:
        pairs = zip(self.transports, (one, other), strict=True)
        return await asyncio.gather(*(self._settle(transport, request) for transport, request in pairs))

    # Settling.

    async def _settle(self, transport: Transport, request: Request) -> Answer:
        """Send a request until it has an answer, and write down what that says."""
        if request.key not in self.pending:
            self.pending[request.key] = request
            self.journal.asks(request)
        answer = await self._answer(transport, request)
        if answer.status not in (200, *REFUSALS):
            raise ClientFailed(f"{request} was answered {answer}")
        if self.pending.pop(request.key, None):
            told = told_by(request, answer)
            self.journal.learns(request.key, told)
            self.known.take(told)
            digest = hashlib.sha256(answer.body).hexdigest()
            self.kept.append((request, answer.status, digest))
            self.counts["sold_out" if b"sold_out" in answer.body else f"{request.method} {answer.status}"] += 1
        return answer

    async def _answer(self, transport: Transport, request: Request) -> Answer:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        unknown = False
        while asyncio.get_running_loop().time() < deadline:
            if not self.token:
                await self._authenticate(transport)
            self.counts["operations"] += 1
            headers = {"authorization": f"Bearer {self.token}", "idempotency-key": request.key}
            body = b"" if request.body is None else json.dumps(request.body).encode()
            headers |= {"content-type": "application/json"} if body else {}
            try:
                answer = await transport(request.method, request.path, headers, body)
            except Lost as lost:
                if isinstance(lost, Unreachable):
                    self.counts["operations"] -= 1
                else:
                    self.counts["unknown"] += not unknown
                    unknown = True
                await asyncio.sleep(PAUSE_S * (1 + self.chance.random()))
                continue
            if answer.status == 401:
                self.token = ""
            elif answer.status >= 500:
                self.counts[f"answered {answer.status}"] += 1
                if answer.status != 503:
                    raise ClientFailed(f"{request} was answered {answer}")
                await asyncio.sleep(PAUSE_S * (1 + self.chance.random()))
            else:
                self.counts["settled"] += unknown
                return answer
        raise ClientFailed(f"{request} had no answer for {PATIENCE_S} s")

    async def _authenticate(self, transport: Transport) -> None:
        credentials = json.dumps({name: self.login[name] for name in ("username", "apikey")}).encode()
        try:
            answer = await transport("POST", f"{API}/authenticate", {"content-type": "application/json"}, credentials)
        except Lost:
            await asyncio.sleep(PAUSE_S)
            return
        if answer.status == 200:
            self.token = answer.body.decode()
        elif answer.status != 503:
            raise ClientFailed(f"authentication was answered {answer}")

    # Asking again.

    async def _again(self) -> None:
        request, status, digest = self.chance.choice(self.kept)
        answer = await self._answer(self.transports[0], request)
        if (answer.status, hashlib.sha256(answer.body).hexdigest()) != (status, digest) or not answer.replayed:
            raise ClientFailed(f"asked again, {request} was answered {answer}, and not as before")
        self.counts["repeated"] += 1

    async def _otherwise(self) -> None:
        request, *_ = self.chance.choice(self.kept)
        changed = Request(request.method, request.path, {**(request.body or {}), "another": "body"}, request.key)
        answer = await self._answer(self.transports[0], changed)
        if answer.status != 422:
            raise ClientFailed(f"another request with a used key, {changed}, was answered {answer}")
        self.counts["refused 422"] += 1

    # Choosing.

    def _request(self, method: str, path: str, body: Any = None) -> Request:
        self.serial += 1
        return Request(method, f"{API}{path}", body, f"{self.name}-{self.serial}-{self.chance.getrandbits(64):x}")

    def _open(self, *, filled: bool = False) -> list[str]:
        return [cart_id for cart_id, cart in self.known.open_carts.items() if cart["items"] or not filled]

    def _live_orders(self) -> list[str]:
        return list(self.known.live_orders)

    def _choose(self) -> Request:
        carts, filled, orders = self._open(), self._open(filled=True), self._live_orders()
        weights = {
            self._new_cart: 3 if len(carts) < MAX_CARTS else 0,
            self._add: 6 if carts else 0,
            self._remove: 0.5 if filled else 0,
            self._give_up: 0.7 if len(carts) == MAX_CARTS else 0,
            self._discount: 0.3 if carts else 0,
            self._order: 4 if filled else 0,
            self._add_to_order: 1 if filled and orders else 0,
            self._cancel: (0.5 + 8 * (len(orders) > MAX_ORDERS)) if orders else 0,
        }
        return self.chance.choices(list(weights), list(weights.values()))[0]()

    def _clash(self) -> list[Request] | None:
        """Return two requests on the same cart or order that can't both have their way, or can in any order."""
        filled, orders = self._open(filled=True), self._live_orders()
        if orders and self.chance.random() < 0.5:
            order_id = self.chance.choice(orders)
            return [self._cancel(order_id), self._cancel(order_id)]
        if not filled:
            return None
        cart_id = self.chance.choice(filled)
        other = self.chance.choice([self._add, self._order, self._give_up, self._add_to_order])
        if other == self._add_to_order and not orders:
            return None
        return [self._order(cart_id), other(cart_id)]

    def _new_cart(self) -> Request:
        supplier = self.login["supplier"]
        return self._request("POST", f"/cart?supplierId={supplier}" if supplier else "/cart", {})

    def _add(self, cart_id: str = "") -> Request:
        departure = self.chance.choice(self.departures)
        tiers = ("Adult", "Child", "Senior") if departure["product"] == "rafting" else ("All",)
        counts = {tier: self.chance.randint(0, 2) for tier in tiers}
        counts[tiers[0]] += not any(counts.values())
        path = f"/cart/{cart_id or self.chance.choice(self._open())}/item"
        return self._request("POST", path, {"itemId": departure["id"], "participants": counts})

    def _remove(self) -> Request:
        cart_id = self.chance.choice(self._open(filled=True))
        item_id = self.chance.choice(list(self.known.carts[cart_id]["items"]))
        return self._request("DELETE", f"/cart/{cart_id}/item/{item_id}")

    def _give_up(self, cart_id: str = "") -> Request:
        return self._request("DELETE", f"/cart/{cart_id or self.chance.choice(self._open())}")

    def _discount(self) -> Request:
        return self._request("POST", f"/cart/{self.chance.choice(self._open())}/discount", {"code": "EARLY10"})

    def _order(self, cart_id: str = "") -> Request:
        cart_id = cart_id or self.chance.choice(self._open(filled=True))
        return self._request("POST", "/order", {"id": cart_id, "billing": {"memo": "paid"}, "referenceId": self.name})

    def _add_to_order(self, cart_id: str = "") -> Request:
        cart_id = cart_id or self.chance.choice(self._open(filled=True))
        return self._request("POST", "/order", {"id": cart_id, "orderId": self.chance.choice(self._live_orders())})

    def _cancel(self, order_id: str = "") -> Request:
        order_id = order_id or self.chance.choice(self._live_orders())
        lines = self.known.orders[order_id]["lines"]
        line_id, (departure_id, *_) = self.chance.choice(list(lines.items()))
        bikes = {departure["id"] for departure in self.departures if departure["product"] == "bike"}
        kind = "unit" if departure_id in bikes else "participant"
        item = f"/item/{departure_id}"
        level = self.chance.choice(["", "", item, item, f"{item}/{kind}/{line_id}"])
        fee = self.chance.choice(["", "?applyCancellationFee=false"])
        return self._request("DELETE", f"/order/{order_id}{level}{fee}")
