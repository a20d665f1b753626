"""The state machine: random requests to the API, each answer and the whole state compared with the model."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from seatwright.cancellation import approval
from seatwright.cart import holds
from seatwright.core.times import from_datetime
from seatwright.invariants.checks import GRACE_MS, check
from tests.conftest import START
from tests.crash.wire import Answer
from tests.model.model import DAY, HOUR, PRICES, Cart, Line, Model, Order
from tests.model.shown import cents, model_cart, model_order, summary, wire_cart, wire_order
from tests.model.world import API, World

T = TypeVar("T")

ACCOUNTS = st.sampled_from(["canyon", "canyon", "voyager"])
INDEX = st.integers(0, 39)
NAMES = st.sampled_from(["R1", "R2", "K1", "K2", "K2", "B1", "B2", "B3"])
COUNTS = st.lists(st.integers(0, 2), min_size=3, max_size=3).filter(any)
KEYED = st.sampled_from([True, True, True, False])
DAY_S = 86_400


@dataclass(frozen=True)
class Sent:
    """A request with a key, and its answer."""

    who: str
    method: str
    path: str
    body: Any
    key: str
    at: int
    answer: Answer


class Machine(RuleBasedStateMachine):
    """Drives `world`, which a subclass names, with `runner`."""

    world: ClassVar[World]
    runner: ClassVar[asyncio.Runner]
    steps: ClassVar[int] = 0
    seen: ClassVar[Counter[tuple[Any, ...]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.model: Model = self.run(self.world.reset())
        self.names = {departure_id: name for name, departure_id in self.world.ids.items()}
        self.lines: dict[str, dict[str, list[str]]] = {}
        self.confirmations: dict[str, str] = {}
        self.sent: list[Sent] = []
        self.keys = self.wrong_keys = 0
        for login in self.world.logins.values():
            login.token, login.token_from = "", 0
        self.first_keys = {who: login.key for who, login in self.world.logins.items()}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end."""
        return self.runner.run(work)

    # How a client talks to the API.

    def token(self, who: str) -> str:
        """Return a token that is good now; one that is over must be refused first."""
        login = self.world.logins[who]
        if login.token and self.model.now >= login.token_from + DAY_S * 1000:
            assert self._send(login.token, "GET", f"{API}/order").status == 401
            login.token = ""
        if not login.token:
            credentials = {"username": login.username, "apikey": login.key}
            answer = self._send("", "POST", f"{API}/authenticate", credentials)
            assert answer.status == 200, answer
            login.token, login.token_from = answer.body.decode(), self.model.now // 1000 * 1000
        return login.token

    def _send(self, token: str, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        return self.run(self.world.ask(token, method, path, body, key))

    def write(self, who: str, method: str, path: str, body: Any, *, keyed: bool) -> tuple[str, Any]:
        """Send a request that writes; return "ok" or the error's code, and the data."""
        self.keys += keyed
        key = f"key-{self.keys}" if keyed else None
        answer = self._send(self.token(who), method, path, body, key)
        assert answer.status < 500, answer
        assert not answer.replayed
        if key is not None and answer.status != 403:  # which is not kept: whoever is let in later may use the key
            self.sent.append(Sent(who, method, path, body, key, self.model.now, answer))
        envelope = json.loads(answer.body)
        said = "ok" if answer.status == 200 else envelope["errorCode"]
        self.seen[method, path.split("/")[3].partition("?")[0], path.count("/"), said] += 1
        return said, envelope["data"]

    def read(self, who: str, path: str) -> Any:
        """Read something that is there."""
        answer = self._send(self.token(who), "GET", path)
        assert answer.status == 200, answer
        return json.loads(answer.body)["data"]

    def open_carts(self, *, filled: bool) -> list[str]:
        """Return the ids of open carts; `filled`: those with something in them."""
        carts = self.model.carts.items()
        return [cart_id for cart_id, cart in carts if cart.status == "open" and (cart.items or not filled)]

    def cart(self, index: int, *, filled: bool = False) -> tuple[str, Cart]:
        """Choose a cart: mostly an open one, with something in it if that is wanted, and rather a late one."""
        carts, usual = self.model.carts, self.open_carts(filled=filled)
        cart_ids = usual if usual and index % 4 < 3 else list(carts)
        cart_id = cart_ids[-1 - index // 4 % min(len(cart_ids), 5)]
        return cart_id, carts[cart_id]

    def order(self, index: int) -> tuple[str, Order]:
        """Choose an order: mostly one that is not cancelled, and rather a late one."""
        orders = self.model.orders
        order_ids = [order_id for order_id, order in orders.items() if order.live] if index % 4 < 3 else []
        order_ids = order_ids or list(orders)
        order_id = order_ids[-1 - index // 4 % min(len(order_ids), 4)]
        return order_id, self.model.orders[order_id]

    def all_lines(self, order_id: str) -> list[tuple[str, Line]]:
        """Return an order's lines, each with its departure's name."""
        return [(name, line) for name, item in self.model.orders[order_id].items.items() for line in item.lines]

    def all_ids(self, order_id: str) -> list[str]:
        """Return the ids of these lines."""
        return [line_id for line_ids in self.lines[order_id].values() for line_id in line_ids]

    def same_cart(self, cart_id: str, data: Any) -> None:
        """Compare a cart that was answered with the model's."""
        assert wire_cart(data, self.names, instant) == model_cart(self.model.carts[cart_id])

    def same_order(self, order_id: str, data: Any) -> None:
        """Compare an order that was answered with the model's, and learn the ids of its lines."""
        assert wire_order(data, self.names) == model_order(self.model.orders[order_id])
        self.confirmations[order_id] = str(data["confirmation"])
        self.lines[order_id] = {
            self.names[item["id"]]: [line["id"] for line in item["participantList"] + item["unitList"]]
            for item in data["items"]
        }

    # What clients do.

    @precondition(lambda self: len(self.open_carts(filled=False)) - len(self.open_carts(filled=True)) < 2)
    @rule(who=ACCOUNTS, keyed=KEYED)
    def new_cart(self, who: str, keyed: bool) -> None:
        self._new_cart(who, keyed)

    @rule(
        who=ACCOUNTS,
        names=st.lists(NAMES, min_size=1, max_size=3),
        counts=COUNTS,
        code=st.sampled_from([None, None, "EARLY10", "FLAT20"]),
        to=st.sampled_from([None, None, 0, 4]),
        keyed=KEYED,
    )
    def book(
        self, who: str, names: list[str], counts: list[int], code: str | None, to: int | None, keyed: bool
    ) -> None:
        """What most clients do: make a cart, fill it, and order it or add it to an order."""
        cart_id = self._new_cart(who, keyed)
        for name in names if cart_id else []:
            self._add(cart_id, name, counts, False, keyed)
            self.agree()
        if cart_id and code:
            self._discount(cart_id, code, keyed)
        if cart_id:
            order_id = None if to is None or not self.model.orders else self.order(to)[0]
            self._place(cart_id, order_id, order_id, None, keyed)

    def _new_cart(self, who: str, keyed: bool) -> str:
        supplier = f"?supplierId={self.world.logins['canyon'].account_id}" if who == "voyager" else ""
        said, data = self.write(who, "POST", f"{API}/cart{supplier}", {}, keyed=keyed)
        assert said == ("ok" if who == "canyon" or self.model.connected else "supplier_not_found")
        if said == "ok":
            self.model.carts[data["id"]] = Cart(who)
            self.same_cart(data["id"], data)
        return data["id"] if data else ""

    @precondition(lambda self: self.model.carts)
    @rule(index=INDEX, name=NAMES, counts=COUNTS, pickup=st.booleans(), keyed=KEYED)
    def add(self, index: int, name: str, counts: list[int], pickup: bool, keyed: bool) -> None:
        self._add(self.cart(index)[0], name, counts, pickup, keyed)

    def _add(self, cart_id: str, name: str, counts: list[int], pickup: bool, keyed: bool) -> None:
        cart = self.model.carts[cart_id]
        product = self.model.departures[name].product
        tiers = PRICES[product]
        asked = {"All": max(counts)} if "All" in tiers else dict(zip(tiers, counts, strict=True))
        pickup = pickup and product == "rafting"
        body = {"itemId": self.world.ids[name], "participants": asked}
        body |= {"pickupDetailId": self.world.ids["detail"]} if pickup else {}
        said, data = self.write(cart.owner, "POST", f"{API}/cart/{cart_id}/item", body, keyed=keyed)
        assert said == self.model.add(cart, name, asked, pickup)
        if said == "ok":
            self.same_cart(cart_id, data)

    @precondition(lambda self: self.open_carts(filled=True))
    @rule(index=INDEX, which=INDEX, keyed=KEYED)
    def remove(self, index: int, which: int, keyed: bool) -> None:
        cart_id, cart = self.cart(index, filled=True)
        name = (list(cart.items) or ["R1"])[which % max(1, len(cart.items))]
        path = f"{API}/cart/{cart_id}/item/{self.world.ids[name]}"
        said, data = self.write(cart.owner, "DELETE", path, None, keyed=keyed)
        assert said == self.model.remove(cart, name)
        if said == "ok":
            self.same_cart(cart_id, data)

    @precondition(lambda self: self.model.carts)
    @rule(index=INDEX, code=st.sampled_from(["EARLY10", "FLAT20", "FLAT20", None]), keyed=KEYED)
    def discount(self, index: int, code: str | None, keyed: bool) -> None:
        self._discount(self.cart(index)[0], code, keyed)

    def _discount(self, cart_id: str, code: str | None, keyed: bool) -> None:
        cart = self.model.carts[cart_id]
        method, body = ("POST", {"code": code.lower()}) if code else ("DELETE", None)
        said, data = self.write(cart.owner, method, f"{API}/cart/{cart_id}/discount", body, keyed=keyed)
        assert said == self.model.discount(cart, code)
        if said == "ok":
            self.same_cart(cart_id, data)

    @precondition(lambda self: len(self.open_carts(filled=False)) > 2)
    @rule(index=INDEX, keyed=KEYED)
    def delete(self, index: int, keyed: bool) -> None:
        cart_id, cart = self.cart(index)
        said, _ = self.write(cart.owner, "DELETE", f"{API}/cart/{cart_id}", None, keyed=keyed)
        assert said == self.model.delete(cart)

    @precondition(lambda self: self.open_carts(filled=True))
    @rule(index=INDEX, reference=st.sampled_from([None, None, "OTA-1"]), keyed=KEYED)
    def place(self, index: int, reference: str | None, keyed: bool) -> None:
        self._place(self.cart(index, filled=True)[0], None, None, reference, keyed)

    @precondition(lambda self: self.open_carts(filled=True) and self.model.orders)
    @rule(index=INDEX, to=INDEX, spoken=st.booleans(), reference=st.sampled_from([None, "OTA-2"]), keyed=KEYED)
    def add_to_order(self, index: int, to: int, spoken: bool, reference: str | None, keyed: bool) -> None:
        order_id, _ = self.order(to)
        said = self.confirmations[order_id] if spoken else order_id
        self._place(self.cart(index, filled=True)[0], order_id, said, reference, keyed)

    def _place(self, cart_id: str, to: str | None, spoken: str | None, reference: str | None, keyed: bool) -> None:
        cart = self.model.carts[cart_id]
        body = {"id": cart_id, "billing": {"memo": "paid"}, "orderId": spoken, "referenceId": reference}
        said, data = self.write(cart.owner, "POST", f"{API}/order", body, keyed=keyed)
        assert said == self.model.place(cart_id, to, (spoken, reference))
        if said == "ok":
            assert cart.became is not None
            assert data["id"] == cart.became
            self.same_order(cart.became, data)

    @precondition(lambda self: self.model.orders)
    @rule(
        index=INDEX,
        level=st.sampled_from(["order", "item", "line", "line", "line"]),
        which=INDEX,
        line=INDEX,
        fee=st.sampled_from([None, True, False]),
        in_body=st.booleans(),
        keyed=KEYED,
    )
    def cancel(
        self, index: int, level: str, which: int, line: int, fee: bool | None, in_body: bool, keyed: bool
    ) -> None:
        order_id, order = self.order(index)
        name = list(order.items)[which % len(order.items)]
        chosen = list(zip(self.all_lines(order_id), self.all_ids(order_id), strict=True))
        path = f"{API}/order/{order_id if in_body else self.confirmations[order_id]}"
        if level != "order":
            path += f"/item/{self.world.ids[name]}"
            chosen = [each for each in chosen if each[0][0] == name]
        if level == "line":
            place = line % len(chosen)
            kind = "unit" if self.model.departures[name].slots else "participant"
            path += f"/{kind}/{chosen[place][1]}"
            chosen = chosen[place : place + 1]
        body = {"applyCancellationFee": fee} if in_body and fee is not None else None
        path += f"?applyCancellationFee={str(fee).lower()}" if not in_body and fee is not None else ""
        who = order.owner if line % 2 else "canyon"
        live = [(line.seats, line_id) for (_, line), line_id in chosen if not line.gone]
        said, data = self.write(who, "DELETE", path, body, keyed=keyed)
        taken, refund = self.model.cancel(order, [each for each, _ in chosen], fee is not False)
        assert said == "ok"
        self.same_order(order_id, data)
        did = data["cancellation"]
        assert (cents(did["fee"]), cents(did["refund"]), did["seatsReturned"]) == (
            taken,
            refund,
            sum(s for s, _ in live),
        )
        assert did["cancelled"] == [line_id for _, line_id in live]

    @precondition(lambda self: self.model.orders)
    @rule(
        index=INDEX, who=st.sampled_from(["canyon", "canyon", "canyon", "voyager"]), accept=st.booleans(), keyed=KEYED
    )
    def answer(self, index: int, who: str, accept: bool, keyed: bool) -> None:
        """Accept or decline an order, mostly one that waits for it."""
        waiting = [order_id for order_id, order in self.model.orders.items() if order.pending]
        order_id = waiting[index % len(waiting)] if waiting and index % 4 else self.order(index)[0]
        order = self.model.orders[order_id]
        if who not in ("canyon", order.owner):
            who = "canyon"
        path = f"/api/v1/orders/{order_id}/{'accept' if accept else 'decline'}"
        said, data = self.write(who, "POST", path, None if accept else {"reason": "No"}, keyed=keyed)
        assert said == self.model.reply(order, accept, who)
        if said == "ok":
            self.same_order(order_id, data)

    @precondition(lambda self: any(line.gone for _, line in self.ever_sold()))
    @rule(index=INDEX, live=st.booleans(), amount=st.integers(0, 12_000), keyed=KEYED)
    def change_fee(self, index: int, live: bool, amount: int, keyed: bool) -> None:
        sold = [(order_id, line) for order_id, line in self.ever_sold() if line.gone or (live and index % 4 == 3)]
        order_id, line = sold[index % len(sold)]
        place = next(i for i, (_, other) in enumerate(self.all_lines(order_id)) if other is line)
        path = f"/api/v1/orders/{order_id}/lines/{self.all_ids(order_id)[place]}/cancellation-fee"
        said, data = self.write("canyon", "PUT", path, {"amount": f"{amount / 100:.2f}"}, keyed=keyed)
        assert said == self.model.change_fee(self.model.orders[order_id], line, amount)
        if said == "ok":
            self.same_order(order_id, data)

    def ever_sold(self) -> list[tuple[str, Line]]:
        """Return every line of every order, with the order's id."""
        return [(order_id, line) for order_id in self.model.orders for _, line in self.all_lines(order_id)]

    # What happens besides.

    @rule(which=st.sampled_from([0, 0, 0, 1, 1, 2, 4, 8]), beside=st.sampled_from([-1, 0, 0, 1]))
    def time_passes(self, which: int, beside: int) -> None:
        model = self.model
        marks = [i.expires for c in model.carts.values() if c.status == "open" for i in c.items.values()]
        marks += [d.start - before for d in model.departures.values() for before in (0, DAY, 3 * DAY)]
        marks += [line.pending for order in model.orders.values() for line in order.pending]
        marks += [d.closes for d in model.departures.values()]
        marks += [
            model.flat20_ends,
            model.now + HOUR,
            *(login.token_from + DAY for login in self.world.logins.values()),
        ]
        following = sorted({mark + beside for mark in marks if mark + beside > model.now})
        model.now = following[which % len(following)]
        self.world.clock.set(model.now)
        self.run(approval.expire(self.world.database, self.world.clock))
        model.expire()

    @rule()
    def sweep(self) -> None:
        self.run(holds.sweep(self.world.database, self.world.clock))
        assert self.run(check(self.world.database, self.model.now + GRACE_MS + 1)) == [], "a hold outlived its time"

    @precondition(lambda self: len(self.model.orders) > 1)
    @rule(who=ACCOUNTS, active=st.sampled_from([None, None, True, False, False]))
    def administer(self, who: str, active: bool | None) -> None:
        """Reset a key, or open or close the connection."""
        if active is None:
            self._reset_key(who)
            return
        path = f"/api/v1/connections/{self.world.logins['voyager'].account_id}"
        answer = self._send(self.token("canyon"), "PATCH", path, {"active": active})
        assert answer.status == 200, answer
        self.model.connected = active

    def _reset_key(self, who: str) -> None:
        login, old_key = self.world.logins[who], self.world.logins[who].key
        old_token = self.token(who)
        answer = self._send(old_token, "POST", "/api/v1/account/key")
        assert answer.status == 200
        login.key = json.loads(answer.body)["data"]["apikey"]
        login.token = ""
        assert self._send(old_token, "POST", f"{API}/cart", {}).status == 401
        self.wrong_keys += 1
        if self.wrong_keys < 8:  # at the tenth failure its sender would have to wait
            credentials = {"username": login.username, "apikey": old_key}
            assert self._send("", "POST", f"{API}/authenticate", credentials).status == 401

    @precondition(lambda self: self.sent)
    @rule(index=INDEX, otherwise=st.booleans())
    def repeat(self, index: int, otherwise: bool) -> None:
        """Send a request again with its key, as it was or otherwise."""
        self.sent = [sent for sent in self.sent if sent.at >= self.model.now - DAY]
        sent = self.sent[index % len(self.sent)] if self.sent else None
        if sent is None:
            return
        body = {**(sent.body or {}), "another": "body"} if otherwise else sent.body
        answer = self._send(self.token(sent.who), sent.method, sent.path, body, sent.key)
        if otherwise:
            wanted = {(422, "idempotency_key_reused")}
            if not sent.path.startswith(API):  # our own API takes no unknown key, where a body is wanted
                wanted.add((400, "unknown_field"))
            assert (answer.status, json.loads(answer.body).get("errorCode")) in wanted
        else:
            assert answer.replayed
            assert (answer.status, answer.body) == (sent.answer.status, sent.answer.body)

    @precondition(lambda self: self.model.carts)
    @rule(index=INDEX)
    def look(self, index: int) -> None:
        """Read back what there is, as each account sees it."""
        cart_id, cart = self.cart(index)
        other = "voyager" if cart.owner == "canyon" else "canyon"
        assert self._send(self.token(other), "GET", f"{API}/cart/{cart_id}").status == 404
        for who in self.world.logins:
            carts = {data["id"]: data for data in self.read(who, f"{API}/cart?limit=1000")}
            open_ids = {cart_id for cart_id, c in self.model.carts.items() if c.owner == who and c.status == "open"}
            assert set(carts) == open_ids
            for cart_id, data in carts.items():
                self.same_cart(cart_id, data)
            orders = self.read(who, f"{API}/order?limit=1000")
            mine = [order_id for order_id, order in self.model.orders.items() if who in ("canyon", order.owner)]
            assert [data["id"] for data in orders] == mine
            for data in orders:
                self.same_order(data["id"], data)
            self._look_at_calendar(who)
            newest = self.read(who, f"{API}/order?limit=2&page=0&sortOrder=desc")
            assert [data["id"] for data in newest] == mine[::-1][:2]

    def _look_at_calendar(self, who: str) -> None:
        if who == "voyager" and not self.model.connected:
            return
        supplier = f"&supplierId={self.world.logins['canyon'].account_id}" if who == "voyager" else ""
        for product in PRICES:
            data = self.read(who, f"{API}/product/{product}/item?from=2026-07-01&to=2026-07-31{supplier}")
            times = [time for day in data["items"] for time in day["timesAvailable"]]
            seen = {self.names[time["activityId"]]: time["tiersAvailable"]["*"] for time in times}
            names = [name for name, d in self.model.departures.items() if d.product == product]
            assert seen == {name: self.model.free(name) for name in names if not self.model.closed(name)}

    @invariant()
    def agree(self) -> None:
        """Model and system say the same, and no promise is broken."""
        type(self).steps += 1
        assert self.run(self.world.seats()) == {name: self.model.free(name) for name in self.model.departures}
        assert self.run(self.world.orders()) == summary(self.model)
        assert self.run(check(self.world.database, START)) == []

    def teardown(self) -> None:
        """Give the accounts their first keys back: `World.reset` puts their hashes in the database."""
        for who, key in self.first_keys.items():
            self.world.logins[who].key = key


def instant(text: str) -> int:
    """Read a timestamp of the wire."""
    return from_datetime(datetime.fromisoformat(text))
