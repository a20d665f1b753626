"""The same sums over HTTP and in the stored rows, in currencies of 0, 2 and 3 decimals, on both databases."""

from __future__ import annotations

import json
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.cart.context import BookingContext
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.core.money import from_wire
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.storage.engine import ReadTx, Row
from tests.conftest import NewAccount
from tests.desk import Desk, another_user
from tests.shop import Shop, _catalog, caller
from tests.times.test_money import CURRENCIES

ORDERS = 4
MONEY = {
    "orders": ("total", "paid"),
    "order_line": ("price", "discount", "fees", "tax", "total", "cancellation_fee"),
    "ledger_entry": ("amount",),
}
PRODUCTS = {"rafting": ("Adult", "Child", "Senior"), "kayak": ("All",), "bike": ("All",)}


class Till:
    """A desk that reads amounts as the decimals that they are on the wire, and refuses any other notation."""

    def __init__(self, desk: Desk, currency: str) -> None:
        self.desk, self.currency = desk, currency

    async def ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Send a request that has to succeed; return its data with every amount as a `Decimal` or int."""
        answer = await self.desk.call(method, path, **request)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = json.loads(answer.content, parse_float=Decimal)["data"]
        return data

    def minor(self, value: Decimal | int) -> int:
        """Return an amount on the wire in minor units; it must have no more decimals than the currency."""
        assert type(value) in (Decimal, int)
        assert "E" not in str(value)
        return from_wire(value, self.currency, field="amount")

    def check(self, order: dict[str, Any]) -> None:
        """Assert that an order's lines add up to its items, its items to its totals, and those to its balance."""
        live = order["cancellationFees"]
        for item in order["items"]:
            lines = [line for line in (*item["participantList"], *item["unitList"]) if line["status"] == "confirmed"]
            for name in ("price", "discount", "fees", "tax", "total"):
                assert self.minor(item[name]) == sum(self.minor(line[name]) for line in lines)
            for line in lines:
                parts = self.minor(line["price"]) - self.minor(line["discount"])
                assert self.minor(line["total"]) == parts + self.minor(line["fees"]) + self.minor(line["tax"])
            live += item["total"]
        assert self.minor(order["total"]) == self.minor(live)
        assert self.minor(order["balance"]) == self.minor(order["total"]) - self.minor(order["amountPaid"])
        assert sum(self.minor(payment["amount"]) for payment in order["payments"]) == self.minor(order["amountPaid"])


async def till(client: httpx.AsyncClient, services: Services, new_account: NewAccount, currency: str) -> Till:
    """Return a till of a new shop that sells in a currency, with three departures."""
    account = await new_account(currency.lower(), currency=currency)
    booking = BookingContext(clock=services.clock, catalogs=services.catalogs, hold_ms=HOUR_MS // 2)
    shop = Shop(services.database, booking, account.id, caller(account.id, user_id=account.user_id))
    await shop.add_all(_catalog())
    new = auth.NewUser(email=f"till@{account.code}.example", name="Till", permissions=ALL_PERMISSIONS)
    return Till(await another_user(client, services, shop, new), currency)


async def random_order(till: Till, departures: dict[str, str], chance: random.Random) -> dict[str, Any]:
    """Place an order, with a discount now and then, and add to it now and then."""
    order: dict[str, Any] = {}
    for _ in range(chance.choice((1, 2))):
        chosen = chance.sample(sorted(PRODUCTS), chance.randint(1, 3))
        asked = [(departures[code], {chance.choice(PRODUCTS[code]): chance.randint(1, 3)}) for code in chosen]
        cart = await till.desk.cart(*asked)
        if chance.random() < 0.5:
            await till.ask("POST", f"/cart/{cart}/discount", json={"code": "EARLY10"})
        body = {"id": cart} | ({"orderId": order["id"]} if order else {})
        order = await till.ask("POST", "/order", json=body)
        till.check(order)
        assert till.minor(order["balance"]) == 0
    return order


def levels(order: dict[str, Any]) -> list[str]:
    """Return the address of everything of an order that can still be cancelled, on all four levels."""
    whole = f"/order/{order['id']}"
    found = []
    for item in order["items"]:
        for kind, lines in (("participant", item["participantList"]), ("unit", item["unitList"])):
            live = [line for line in lines if line["status"] == "confirmed"]
            found += [f"{whole}/item/{item['id']}/{kind}/{line['id']}" for line in live]
        if item["status"] == "confirmed":
            found.append(f"{whole}/item/{item['id']}")
    return [*found, whole] if found else []


@pytest.mark.parametrize("currency", CURRENCIES)
async def test_the_wire_the_lines_and_the_ledger_say_the_same(
    client: httpx.AsyncClient, services: Services, new_account: NewAccount, clock: ManualClock, currency: str
) -> None:
    counter, chance, met = await till(client, services, new_account, currency), random.Random(currency), Counter[str]()
    shop = counter.desk.shop
    departures = {
        "rafting": await shop.departure("rafting", "2026-07-04 09:00", capacity=100),
        "kayak": await shop.departure("kayak", "2026-07-05 09:00", capacity=100),
        "bike": await shop.departure("bike", "2026-07-03 09:00", capacity=5, pool="bikes"),
    }
    for _ in range(ORDERS):
        order, refunds = await random_order(counter, departures, chance), 0
        while there := levels(order):
            clock.advance(HOUR_MS)
            order = await counter.ask("DELETE", chance.choice(there))
            counter.check(order)
            did = order["cancellation"]
            refunds += counter.minor(did["refund"])
            assert counter.minor(did["fee"]) == sum(counter.minor(line["fee"]) for line in did["policy"]) >= 0
            assert refunds == -counter.minor(order["balance"]) <= counter.minor(order["amountPaid"])
            met.update(cancellations=1, fees=did["fee"] > 0)
        assert (order["status"], order["total"]) == ("cancelled", order["cancellationFees"])
        await stored_as_shown(counter, order)
    assert min(met.values()) > 0
    assert await check(services.database, clock.now()) == []
    assert {name: await shop.taken(departure) for name, departure in departures.items()} == dict.fromkeys(departures, 0)


async def stored_as_shown(counter: Till, order: dict[str, Any]) -> None:
    """Assert that an order's rows are whole numbers, and that its ledger adds up to what was shown."""

    async def look(tx: ReadTx) -> dict[str, list[Row]]:
        return {
            table: list(
                await tx.rows(
                    f"SELECT * FROM {table} WHERE account_id = $1 AND {'id' if table == 'orders' else 'order_id'} = $2",
                    counter.desk.shop.account_id,
                    order["id"],
                )
            )
            for table in MONEY
        }

    rows = await counter.desk.services.database.read(look)
    assert all(
        type(row[column]) is int for table, columns in MONEY.items() for row in rows[table] for column in columns
    )
    assert [row["total"] for row in rows["orders"]] == [counter.minor(order["total"])]
    assert sum(row["cancellation_fee"] for row in rows["order_line"]) == counter.minor(order["cancellationFees"])
    ledgers = Counter[str]()
    for row in rows["ledger_entry"]:
        ledgers[row["ledger"]] += row["amount"]
    assert sum(ledgers.values()) == 0
    assert ledgers["external_payments"] == counter.minor(order["amountPaid"])
    assert -ledgers["cancellation_fees"] == counter.minor(order["total"])
    left = {name for name, amount in ledgers.items() if amount}
    assert left <= {"external_payments", "cancellation_fees", "receivable"}, "all that was sold has been taken back"
