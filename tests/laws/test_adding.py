"""The law of adding, through the API on both databases: an order is one thing, however it came together.

Two suppliers sell the same goods. At one of them everything is bought in one cart; at the other the same is split over
carts in any way and order, and each is added to the order. Lines, sums, fees quoted at any time, manifests, mails and
reports of the two must be the same, to the cent, and what a cart says of its addition must be what is paid.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from seatwright.auth import store as accounts
from seatwright.core.clock import DAY_MS, HOUR_MS, ManualClock
from seatwright.core.mail import Mailbox
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.messages.context import OrderEvent
from seatwright.messages.facts import Subject, facts_of
from seatwright.orders import store
from seatwright.orders.outbox import Detail, Event
from seatwright.wording.wording import wording
from tests.conftest import START
from tests.desk import Desk, open_desk
from tests.laws.goods import CODE, Chance, Goods, Pick

CASES = int(os.environ.get("LAW_CASES", "6"))


class Side:
    """A supplier with goods, and a reseller that sells them too."""

    def __init__(self, supplier: Desk, agent: Desk) -> None:
        self.supplier, self.agent = supplier, agent
        self.departures: dict[str, str] = {}
        self.names: dict[str, str] = {}

    async def stock(self, goods: Goods) -> None:
        """Put the goods on sale."""
        await self.supplier.shop.add_all(goods.entries())
        for product in goods.products:
            departure = await self.supplier.shop.departure(product.code, "2026-07-14 09:00", capacity=500)
            self.departures[product.code] = departure
            self.names[departure] = product.code

    async def fill(self, seller: Desk, picks: Sequence[Pick], goods: Goods, *, code: bool, order: str = "") -> Any:
        """Fill a cart, one that is meant for an order if it is said, and return it."""
        query = {"orderId": order} if order else {}
        if seller is self.agent:
            query["supplierId"] = self.supplier.shop.account_id
        cart = await seller.data("POST", "/cart", params=query)
        places = {place.code: place.id for place in goods.locations}
        for pick in picks:
            where = {"locationId": places[pick.place]} if pick.place else {}
            cart = await seller.add(cart["id"], self.departures[pick.product], {pick.tier: pick.count}, **where)
        if code:
            answer = await seller.call("POST", f"/cart/{cart['id']}/discount", json={"code": CODE})
            cart = answer.json()["data"] or cart  # a code that is for none of its products is refused
        await seller.data("PUT", f"/cart/{cart['id']}/customer", json={"firstName": "Ann", "email": "ann@lee.example"})
        return cart


def lines_of(item: Any) -> Counter[Any]:
    """Return an item's participants or units as they are shown, without their ids."""
    return Counter(
        str({name: value for name, value in line.items() if name != "id"})
        for line in item["participantList"] + item["unitList"]
    )


def order_of(side: Side, order: Any) -> Any:
    """Return what is the same of an order on both sides."""
    sums = ("price", "discount", "fees", "tax", "total", "amountPaid", "balance", "status", "commission", "netAmount")
    items = {
        side.names[item["id"]]: (
            lines_of(item),
            {name: item[name] for name in (*sums[:5], "status", "location", "pickup")},
        )
        for item in order["items"]
    }
    return items, {name: order[name] for name in sums}


async def quotes(side: Side, seller: Desk, order: Any) -> Any:
    """Return what cancelling all of it, or one item, would cost."""
    found = {}
    for item in (None, *order["items"]):
        query = {"itemId": item["id"]} if item else {}
        quote = await seller.data("GET", f"/api/v1/orders/{order['id']}/cancellation-quote", params=query)
        reasons = Counter((line["fee"], line["reason"]) for line in quote["policy"])
        found[side.names[item["id"]] if item else ""] = (quote["fee"], quote["refund"], reasons)
    return found


async def manifests(side: Side) -> Any:
    """Return who comes, and how they are picked up."""
    found = {}
    for code, departure in side.departures.items():
        manifest = await side.supplier.data("GET", f"/api/v1/departures/{departure}/manifest")
        guests = (
            {name: guest[name] for name in ("tier", "pickup", "status", "balance")} for guest in manifest["guests"]
        )
        found[code] = (manifest["taken"], manifest["tiers"], Counter(map(str, guests)))
    return found


async def mail(services: Services, side: Side, order_id: str) -> Any:
    """Return what a confirmation of the order says."""
    account_id = side.supplier.shop.account_id
    catalog = await services.database.read(lambda tx: services.catalogs.load(tx, account_id))
    order = await services.database.read(lambda tx: store.find(tx, account_id, order_id))
    account = await services.database.read(lambda tx: accounts.account(tx, account_id))
    assert order is not None
    assert account is not None
    event = Event(
        account_id=account_id,
        id="",
        owner_id=account_id,
        order_id=order_id,
        kind="order.created",
        at=0,
        detail=Detail(),
    )
    subject = Subject(
        kind="confirmation",
        what="created",
        order_event=OrderEvent(event, order, catalog),
        speaker=account,
        supplier=account,
        seller=account,
        recipient=Mailbox("", "ann", "lee.example"),
        lines=frozenset(line.id for item in order.body.items for line in item.lines),
        link="",
        qr="",
        has_calendar=False,
    )
    facts = facts_of(subject, wording("en"))
    return {
        "items": sorted(facts["items"], key=lambda item: str(item["name"])),
        "order": {name: facts["order"][name] for name in ("total", "paid", "balance", "credit", "fees", "status")},
    }


async def reports(side: Side) -> Any:
    """Return the money of both accounts' books, without what can't be the same."""
    days = {"from": "2026-07-01", "to": "2026-07-02"}
    sales = await side.supplier.data("GET", "/api/v1/reports/sales", params=days)
    accrual = await side.supplier.data("GET", "/report/accrual/transactionDate", params=days)
    return _sorted(sales), _sorted(accrual)


def _sorted(report: Any) -> Any:
    """Return a report without the order of its lists, which is that of what was sold first, and without our ids."""

    def row(part: Any) -> str:
        return str({name: value for name, value in part.items() if name != "type_id"})

    return {name: sorted(map(row, part)) if isinstance(part, list) else part for name, part in report.items()}


@pytest.fixture
async def sides(client: httpx.AsyncClient, services: Services) -> tuple[Side, Side]:
    """Two suppliers, and a reseller of each."""
    found = []
    for code in ("canyon", "twin"):
        supplier, agent = [await open_desk(client, services, name) for name in (code, f"{code}-agent")]
        terms = {"type": "commission", "rate": {"percent": 15}}
        body = {"resellerId": agent.shop.account_id, "terms": terms}
        await supplier.data("POST", "/api/v1/connections", json=body)
        found.append(Side(supplier, agent))
    return found[0], found[1]


@pytest.mark.parametrize("case", range(CASES))
async def test_an_order_is_the_same_however_it_came_together(
    sides: tuple[Side, Side], services: Services, clock: ManualClock, case: int
) -> None:
    chance = Chance(case)
    goods, picks = chance.goods(), chance.picks()
    code, resold = chance.random.random() < 0.6, chance.random.random() < 0.3
    one, several = sides
    for side in sides:
        await side.stock(goods)
    groups = chance.split(picks)
    seller = one.agent if resold else one.supplier
    cart = await one.fill(seller, picks, goods, code=code)
    together = await seller.data("POST", "/order", json={"id": cart["id"]})
    assert together["total"] == cart["total"]

    seller, added = several.agent if resold else several.supplier, None
    for group in groups:
        targeted = added is not None and chance.random.random() < 0.6
        cart = await several.fill(seller, group, goods, code=code, order=str(added["confirmation"]) if targeted else "")
        named = {"orderId": added["id"]} if added and not (targeted and chance.random.random() < 0.5) else {}
        before = added["total"] if added else 0
        added = await seller.data("POST", "/order", json={"id": cart["id"], **named})
        if targeted:
            assert cart["total"] == cart["addition"]["total"] == round(added["total"] - before, 2)
            assert cart["addition"]["orderTotal"] == added["total"]
    assert added is not None

    assert order_of(several, added) == order_of(one, together)
    assert await manifests(several) == await manifests(one)
    assert await mail(services, several, added["id"]) == await mail(services, one, together["id"])
    assert await reports(several) == await reports(one)
    for moment in (START, START + 10 * DAY_MS, START + 12 * DAY_MS + 2 * HOUR_MS, START + 14 * DAY_MS):
        clock.set(moment)
        of_one = await quotes(one, one.agent if resold else one.supplier, together)
        assert await quotes(several, seller, added) == of_one
    gone = [
        await side.supplier.data("DELETE", f"/order/{order['id']}")
        for side, order in ((one, together), (several, added))
    ]
    assert [each["cancellation"]["fee"] for each in gone] == [gone[0]["cancellation"]["fee"]] * 2
    assert gone[0]["total"] == gone[1]["total"]
    assert await reports(several) == await reports(one)
    assert await check(services.database, 0) == []
