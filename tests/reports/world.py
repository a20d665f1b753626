"""A supplier with two resellers, one on commission and one at a net rate, and random months of theirs."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest

from seatwright.catalog.model import AnyEntry, Charge, Location, Pickup, Product, Tier
from seatwright.core.clock import HOUR_MS, MINUTE_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.core.times import iso_utc
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.orders.model import WAYS
from seatwright.storage.engine import Row
from tests.desk import Desk, open_desk
from tests.shop import denver

BEGIN = denver("2026-10-30 09:00")
"""Two days before the clocks go back in Denver."""
DAYS = "from=2026-10-30&to=2026-11-05"


@dataclass
class World:
    """The supplier's desk, those of the resellers, and what they sell."""

    desk: Desk
    agent: Desk
    """A reseller on commission (15 %), settled every week."""
    shop: Desk
    """A reseller at a net rate (80 %), settled every two weeks, whose customers' contacts the supplier doesn't see."""
    services: Services
    clock: ManualClock
    departures: dict[str, str]
    others: dict[str, str]
    """A second departure of some products, at other prices, to which guests move."""

    @property
    def supplier(self) -> str:
        """The supplier's account."""
        return self.desk.shop.account_id

    async def in_currency(self, currency: str) -> None:
        """Let the supplier sell in another currency, at the same minor units."""
        account = self.supplier
        await self.services.database.write(
            lambda tx: tx.execute("UPDATE account SET currency = $2 WHERE id = $1", account, currency)
        )
        await self.desk.shop.add_all([])

    async def rows(self, sql: str, *args: Any) -> list[Row]:
        """Ask the database."""
        return list(await self.services.database.read(lambda tx: tx.rows(sql, *args)))

    async def report(self, desk: Desk, path: str, **query: Any) -> Any:
        """Return a report under `/api/v1/reports`, or a Resmark one for a path that begins with a slash."""
        return await desk.data("GET", path if path.startswith("/") else f"/api/v1/reports/{path}", params=query)


@pytest.fixture
async def world(client: httpx.AsyncClient, services: Services, clock: ManualClock) -> AsyncIterator[World]:
    """Everything, and books that must balance when the test is over."""
    clock.set(BEGIN)
    desk, agent, shop = [await open_desk(client, services, code) for code in ("canyon", "agent", "shop")]
    kayak = desk.shop.entries["kayak"]
    assert isinstance(kayak, Product)
    await desk.shop.add("product", msgspec.structs.replace(kayak, approval_min=24 * 60))
    await desk.shop.add_all(_ferry())
    for reseller, terms in (
        (agent, {"type": "commission", "rate": {"percent": 15}, "billingCycle": "weekly", "channel": "Agents"}),
        (
            shop,
            {"type": "net", "rate": {"percent": 80}, "billingCycle": "biweekly", "customerAccess": "limited"},
        ),
    ):
        body = {"resellerId": reseller.shop.account_id, "terms": terms}
        await desk.data("POST", "/api/v1/connections", json=body)
    departures = {
        "rafting": await desk.shop.departure("rafting", "2026-11-20 09:00", capacity=500),
        "kayak": await desk.shop.departure("kayak", "2026-11-21 09:00", capacity=500),
        "ferry": await desk.shop.departure("ferry", "2026-11-22 09:00", capacity=500),
        "bike": await desk.shop.departure("bike", "2026-11-03 09:00", end="2026-11-03 17:00", capacity=5, pool="bikes"),
    }
    others = {
        "rafting": await desk.shop.departure("rafting", "2026-11-20 14:00", capacity=500, prices={"Adult": 8800}),
        "ferry": await desk.shop.departure("ferry", "2026-11-22 14:00", capacity=500, prices={"Adult": 3000}),
    }
    yield World(desk, agent, shop, services, clock, departures, others)
    found = [finding for finding in await check(services.database, 0) if finding.check != "hold_expired"]
    assert found == [], found


TIERS = {"rafting": ("Adult", "Child"), "kayak": ("All",), "bike": ("All",), "ferry": ("Adult", "Infant")}
PICKUPS = {"rafting": "hotel", "ferry": "pier"}


def _ferry() -> list[tuple[str, AnyEntry]]:
    """A product with taxes in its prices, gratis guests, and a pickup that costs something."""
    return [
        ("location", Location(id=new_hex24(), code="pier", name="Pier")),
        ("pickup", Pickup(id=new_hex24(), code="bus", name="Bus", price=1190, locations=("pier",))),
        (
            "charge",
            Charge(
                id=new_hex24(),
                code="vat",
                name="VAT",
                kind="tax",
                calc="percent",
                amount=190_000,
                included=True,
                products=("ferry",),
            ),
        ),
        (
            "product",
            Product(
                id=new_hex24(),
                code="ferry",
                name="Ferry",
                number=4301,
                tiers=(Tier(code="Adult", name="Adult", price=2380), Tier(code="Infant", name="Infant", price=0)),
                pickups=("bus",),
                policy="tiered",
            ),
        ),
    ]


class History:
    """Random things that happen, each in its turn, to orders of all three."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.orders: list[tuple[Desk, str]] = []
        self.done: list[str] = []

    async def go_on(self, steps: int, *, cancelling: bool = True, paying: bool = True, moving: bool = True) -> None:
        """Let `steps` things happen, with up to five hours between them; without `cancelling` only what sells, without
        `paying` nothing that is only about payments, and without `moving` nobody goes to another departure.
        """
        things = [self._order, self._order, self._add, *([self._move] if moving else [])]
        if cancelling:
            things += [self._cancel, self._cancel, self._fee, self._answer]
            things += [self._pay, self._give_back, self._void] if paying else []
        for _ in range(steps):
            self.world.clock.advance(self.chance.choice((0, 1, MINUTE_MS, HOUR_MS, 5 * HOUR_MS)))
            await self.chance.choice(things)()

    async def cancel_all(self) -> None:
        """Cancel everything that is left, part by part."""
        while any(
            [(await seller.data("GET", f"/order/{one}"))["status"] != "cancelled" for seller, one in self.orders]
        ):
            await self._cancel()

    async def _order(self) -> None:
        seller = self.chance.choice((self.world.desk, self.world.agent, self.world.shop))
        cart = await self._cart(seller)
        if self.chance.random() < 0.3:  # paid later
            order = await seller.data("POST", "/api/v1/orders", json={"cartId": cart})
        else:
            order = await seller.data("POST", "/order", json={"id": cart})
        self.orders.append((seller, order["id"]))
        self.done.append("order")

    async def _cart(self, seller: Desk) -> str:
        world, chance = self.world, self.chance
        cart = await seller.cart(supplier="" if seller is world.desk else world.supplier)
        for product in chance.sample(tuple(TIERS), chance.choice((1, 1, 2))):
            counts = {tier: chance.randint(0, 2) for tier in TIERS[product]}
            sure = chance.choice(TIERS[product]) if product == "ferry" else TIERS[product][0]
            counts[sure] = 1 if product == "bike" else max(1, counts[sure])
            body: dict[str, Any] = {"itemId": world.departures[product], "participants": counts}
            if product in PICKUPS and chance.random() < 0.4:
                pickup = world.desk.shop.entries[PICKUPS[product]]
                body["locationId"] = pickup.id
            answer = await seller.call("POST", f"/cart/{cart}/item", json=body)
            assert answer.status_code in (200, 409), answer.text
            if answer.status_code == 409:  # no bikes left
                body = {"itemId": world.departures["rafting"], "participants": {"Child": 1}}
                await seller.data("POST", f"/cart/{cart}/item", json=body)
        if chance.random() < 0.3:
            await seller.data("POST", f"/cart/{cart}/discount", json={"code": "EARLY10"})
        return cart

    async def _any(self) -> tuple[Desk, dict[str, Any]] | None:
        if not self.orders:
            return None
        seller, order_id = self.chance.choice(self.orders)
        return seller, await seller.data("GET", f"/order/{order_id}")

    async def _add(self) -> None:
        found = await self._any()
        if found is not None and found[1]["status"] != "cancelled":
            cart = await self._cart(found[0])
            await found[0].data("POST", "/order", json={"id": cart, "orderId": found[1]["id"]})
            self.done.append("add")

    async def _move(self) -> None:
        """Move some guests to the same product's other departure, at the kept or a new price."""
        found, world, chance = await self._any(), self.world, self.chance
        pairs = [(world.departures[code], other) for code, other in world.others.items()]
        elsewhere = dict([*pairs, *((other, one) for one, other in pairs)])
        movable = [
            (item, line)
            for item in (found[1]["items"] if found else ())
            for line in (*item["participantList"], *item["unitList"])
            if line["status"] == "confirmed" and not line["pendingUntil"] and item["id"] in elsewhere
        ]
        if found is None or not movable:
            return
        item, line = chance.choice(movable)
        path = f"/api/v1/orders/{found[1]['id']}/move"
        body = {"departureId": elsewhere[item["id"]], "ids": [line["id"]], "price": chance.choice(("kept", "new"))}
        quote = await world.desk.data("POST", f"{path}?check=true", json=body)
        done = await world.desk.data("POST", path, json={**body, "difference": quote["difference"]})
        assert (done["total"], done["order"]["total"]) == (quote["total"], quote["total"])
        self.done.append("move")

    async def _cancel(self) -> None:
        found = await self._any()
        if found is None:
            return
        seller, order = found
        by, item = self.chance.choice((seller, self.world.desk)), self.chance.choice(order["items"])
        kind = "participant" if item["participantList"] else "unit"
        line = self.chance.choice(item["participantList"] or item["unitList"])
        part = self.chance.choice(("", f"/item/{item['id']}", *(f"/item/{item['id']}/{kind}/{line['id']}",) * 3))
        query = self.chance.choice(("", "?applyCancellationFee=false"))
        await by.data("DELETE", f"/order/{order['id']}{part}{query}")
        self.done.append("cancel")

    async def _fee(self) -> None:
        found = await self._any()
        lines = [
            line
            for item in (found[1]["items"] if found else ())
            for line in (*item["participantList"], *item["unitList"])
            if line["status"] == "cancelled"
        ]
        if found is None or not lines:
            return
        line = self.chance.choice(lines)
        amount = self.chance.choice((0, line["cancellationFee"], line["total"]))
        path = f"/api/v1/orders/{found[1]['id']}/lines/{line['id']}/cancellation-fee"
        answer = await self.world.desk.call("PUT", path, json={"amount": amount})
        if answer.status_code == 200:
            self.done.append("fee")
        else:
            assert answer.json()["errorCode"] == "not_accepted", answer.text

    async def _money(self) -> tuple[Desk, str, dict[str, Any]] | None:
        """Return who takes the money of any order, the order's address, and its money."""
        found = await self._any()
        if found is None:
            return None
        seller, order = found
        taker = self.world.shop if seller is self.world.shop else self.world.desk
        path = f"/api/v1/orders/{order['id']}"
        return taker, path, await taker.data("GET", f"{path}/payments")

    async def _pay(self) -> None:
        await self._record("payments", "balance", "allowOverpayment")

    async def _give_back(self) -> None:
        await self._record("refunds", "amountPaid", "allowBalance")

    async def _record(self, kind: str, of: str, flag: str) -> None:
        """Record a payment or refund of any order, of a part or all of one of its amounts."""
        found = await self._money()
        if found is None:
            return
        taker, path, money = found
        whole = round(money[of])  # of a part, whole units are an amount in every currency
        amount = self.chance.choice((whole // 3, money[of]))
        if amount > 0:
            body = {"amount": amount, "method": self.chance.choice(WAYS), flag: True}
            await taker.data("POST", f"{path}/{kind}", json=body)
            self.done.append(kind)

    async def _void(self) -> None:
        found = await self._money()
        if found is not None and found[2]["payments"]:
            taker, path, money = found
            payment = self.chance.choice(money["payments"])
            answer = await taker.call("POST", f"{path}/payments/{payment['id']}/void", json={"reason": "Typed wrong"})
            assert answer.status_code in (200, 409), answer.text
            self.done.append("void")

    async def _answer(self) -> None:
        for _, order_id in reversed(self.orders):
            order = await self.world.desk.data("GET", f"/order/{order_id}")
            if order["status"] == "pending":
                in_time = order["pendingUntil"] > iso_utc(self.world.clock.now())
                what = self.chance.choice(("accept", "decline")) if in_time else "decline"
                await self.world.desk.data("POST", f"/api/v1/orders/{order_id}/{what}", json={})
                self.done.append(what)
                return
