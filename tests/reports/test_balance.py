"""Whatever happens to orders, the reports balance to the cent, agree with each other, and are the ledger's sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from seatwright.catalog.model import Charge
from seatwright.core.ids import new_hex24
from seatwright.core.money import decimals
from seatwright.orders.model import WAYS
from seatwright.storage.engine import Row
from tests.desk import Desk
from tests.reports.world import DAYS, History, World

DENVER = ZoneInfo("America/Denver")
QUERY = dict(part.split("=") for part in DAYS.split("&"))
DEBIT, CREDIT = 1, -1
COLUMNS = {
    "product": "priceTotal",
    "discount": "discountTotal",
    "pickup": "optionTotal",
    "fee": "feeTotal",
    "service_fee": "feeTotal",
    "tax": "taxTotal",
    "cancellation_fee": "cancellationFeeTotal",
    "commission": "agentCommission",
}
PARTS = sorted({name for name in COLUMNS.values() if name != "agentCommission"})
INCOME = {
    "sales": "product",
    "discounts": "discount",
    "pickups": "pickup",
    "fees": "fee",
    "service_fees": "service_fee",
    "taxes": "tax",
    "cancellation_fees": "cancellation_fee",
    "commissions": "commission",
}


LOWERING = ("discounts", "commissions", "held_by_reseller")


def sums(rows: Iterable[Row], side: int) -> dict[str, int]:
    """Add up entries as they are seen from one side: what was added, and what was taken back or off."""
    found = {"positive": 0, "negative": 0}
    for row in rows:
        back = row["kind"] in ("cancellation", "fee_reduction", "refund", "void")
        found["negative" if back != (row["ledger"] in LOWERING) else "positive"] += side * row["amount"]
    return found


def by(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Sort entries into heaps."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


async def entries(world: World, first: str, last: str) -> list[Row]:
    """Return all entries of the supplier's ledger that Denver's calendar puts on these days."""
    rows = await world.rows(
        """
        SELECT e.*, p.body FROM ledger_entry e LEFT JOIN departure d ON d.account_id = e.account_id
            AND d.id = e.departure_id
        LEFT JOIN catalog_entry p ON p.account_id = e.account_id AND p.id = d.product_id WHERE e.account_id = $1
        """,
        world.supplier,
    )

    def day(row: Row) -> str:
        return f"{datetime.fromtimestamp(row['created_at'] / 1000, DENVER):%Y-%m-%d}"

    return [row for row in rows if first <= day(row) <= last]


def product(row: Row) -> str:
    return str(msgspec.json.decode(row["body"])["name"])


class Report:
    """A report with its money in minor units."""

    def __init__(self, currency: str) -> None:
        self._scale = 10 ** decimals(currency)

    def minor(self, amount: Any) -> int:
        scaled = Decimal(str(amount)) * self._scale
        assert scaled == scaled.to_integral_value()
        return int(scaled)

    def of(self, shown: dict[str, Any]) -> dict[str, int]:
        return {name: self.minor(shown[name]) for name in ("positive", "negative")}

    def net(self, shown: dict[str, Any]) -> int:
        return sum(self.of(shown).values())


async def accrual_is_the_ledger(world: World, report: Report, first: str, last: str) -> dict[str, Any]:
    """Compare the accrual report with sums made here, and check that it balances; return it."""
    found: dict[str, Any] = await world.report(
        world.desk, "/report/accrual/transactionDate", **{"from": first, "to": last}
    )
    rows = await entries(world, first, last)
    ledgers = by(rows, lambda row: row["ledger"])
    cash = {
        **{way.title(): ledgers.get(f"{way}_payments", []) for way in WAYS},
        "Held by reseller": ledgers.get("held_by_reseller", []),
    }
    assert {one["_id"]: report.of(one) for one in found["cashList"]} == {
        name: sums(some, DEBIT) for name, some in cash.items() if some
    }
    owed = by(ledgers.get("receivable", []), lambda row: row["departure_id"] is None)
    assert report.of(found["advanceDepositsCredit"]) == sums(owed.get(True, []), CREDIT)
    assert report.of(found["accountsReceivableDebit"]) == sums(owed.get(False, []), DEBIT)
    between = ledgers.get("reseller_receivable", []), ledgers.get("reseller_payable", [])
    assert report.of(found["resellersReceivableDebit"]) == sums(between[0], DEBIT)
    assert report.of(found["resellersPayableCredit"]) == sums(between[1], CREDIT)
    items = by(
        (row for row in rows if row["ledger"] in INCOME),
        lambda row: (INCOME[row["ledger"]], row["name"], product(row)),
    )
    assert {
        (item["type"], item["name"], item["item_product_name"]): report.of(item) for item in found["accountList"]
    } == {key: sums(some, CREDIT) for key, some in items.items()}
    assert found["noAccountList"] == []
    debit = sum(map(report.net, found["cashList"]))
    debit += report.net(found["accountsReceivableDebit"]) + report.net(found["resellersReceivableDebit"])
    credit = sum(map(report.net, found["accountList"]))
    credit += report.net(found["advanceDepositsCredit"]) + report.net(found["resellersPayableCredit"])
    assert debit == credit == report.minor(found["totalDebit"]) == report.minor(found["totalCredit"])
    return found


async def sales_are_the_accrual(world: World, report: Report, accrual: dict[str, Any]) -> None:
    """By whatever key, sales add up to the same, and to the line items of the accrual report."""
    types = Counter()  # type: ignore[var-annotated]
    for item in accrual["accountList"]:
        types[item["type"]] += report.net(item)
    sold = [item for item in accrual["accountList"] if item["type"] == "product"]
    expected = {
        "grossSales": sum(report.minor(item["positive"]) for item in sold),
        "cancelledSales": sum(report.minor(item["negative"]) for item in sold),
        "discounts": types["discount"],
        "pickups": types["pickup"],
        "fees": types["fee"],
        "serviceFees": types["service_fee"],
        "taxes": types["tax"],
        "cancellationFees": types["cancellation_fee"],
        "commissions": -types["commission"],
        "total": report.net(accrual["accountsReceivableDebit"]),
        "net": sum(map(report.net, accrual["accountList"])),
    }
    orders = await world.rows("SELECT id FROM orders WHERE account_id = $1", world.supplier)
    lines = by(
        await world.rows("SELECT kind, status FROM order_line WHERE account_id = $1", world.supplier),
        lambda row: "cancelled" if row["status"] == "cancelled" else f"{row['kind']}s",
    )
    counts = {name: len(lines.get(name, [])) for name in ("participants", "units", "cancelled")}
    for key in ("product", "channel", "day"):
        found = await world.report(world.desk, "sales", by=key, **QUERY)
        for name, amount in expected.items():
            assert report.minor(found["total"][name]) == amount, (key, name)
            assert sum(report.minor(row[name]) for row in found["rows"]) == amount, (key, name)
        assert found["total"]["orders"] == len(orders)
        for name, count in counts.items():
            assert found["total"][name] == count, (key, name)
            assert sum(row[name] for row in found["rows"]) == count, (key, name)


async def records_are_the_accrual(world: World, report: Report, accrual: dict[str, Any]) -> None:
    """The records of what happened add up to the accrual report, and each order's to what it comes to."""
    path = "transactions"
    records = await world.report(world.desk, path, limit=5_000, **QUERY)
    pages = [
        record for page in range(3) for record in await world.report(world.desk, path, limit=200, page=page, **QUERY)
    ]
    assert pages == records[:600]
    assert [record["date"] for record in records] == sorted(record["date"] for record in records)
    total, paid, commission = (
        sum(report.minor(record[name]) for record in records) for name in ("total", "paid", "commission")
    )
    assert total == report.net(accrual["accountsReceivableDebit"])
    assert paid == report.net(accrual["advanceDepositsCredit"])
    by_type: Counter[str] = Counter()
    for record in records:
        for one in record["payments"]:
            by_type[one["type"]] += report.minor(one["amount"])
        assert report.minor(record["paid"]) == sum(report.minor(one["amount"]) for one in record["payments"])
    assert by_type == {one["_id"]: report.net(one) for one in accrual["cashList"] if one["_id"] != "Held by reseller"}
    assert commission == -sum(report.net(item) for item in accrual["accountList"] if item["type"] == "commission")
    for order_id, of_order in by(records, lambda record: record["orderId"]).items():
        order = await world.desk.data("GET", f"/order/{order_id}")
        for name, of in (("total", "total"), ("paid", "amountPaid")):
            assert sum(report.minor(record[name]) for record in of_order) == report.minor(order[of])
        assert [record["type"] for record in of_order] == ["created"] + ["changed"] * (len(of_order) - 1)
        for record in of_order:
            assert sum(report.minor(item["amount"]) for item in record["items"]) == report.minor(record["total"])
            signs = [-1 if item["type"] == "commission" else 1 for item in record["lineItems"]]
            amounts = [report.minor(item["amount"]) for item in record["lineItems"]]
            assert sum(amount for sign, amount in zip(signs, amounts, strict=True) if sign > 0) == report.minor(
                record["total"]
            )


async def drawers_are_the_cash(world: World, report: Report, accrual: dict[str, Any]) -> None:
    """What all who record in the supplier's orders have taken and given back is its cash, way by way."""
    added, taken_back = Counter[str](), Counter[str]()
    for desk in (world.desk, world.agent, world.shop):
        found = await world.report(desk, "drawers", **QUERY)
        by_drawer = Counter[tuple[str, str, str, str]]()
        for one in found["entries"]:
            assert {one["user"]["id"]} <= {each["user"]["id"] for each in found["drawers"]}
            day = f"{datetime.fromisoformat(one['date']).astimezone(DENVER):%Y-%m-%d}"
            by_drawer[day, one["user"]["id"], one["method"], one["kind"]] += report.minor(one["amount"])
        for drawer in found["drawers"]:
            for name in ("payments", "refunds", "voids", "net"):
                assert report.minor(drawer[name]) == sum(report.minor(each[name]) for each in drawer["methods"])
            for each in drawer["methods"]:
                sums = [report.minor(each[name]) for name in ("payments", "refunds", "voids")]
                assert report.minor(each["net"]) == sum(sums)
                key = drawer["day"], drawer["user"]["id"], each["method"]
                assert sums == [by_drawer[*key, kind] for kind in ("payment", "refund", "void")]
                added[each["method"].title()] += sums[0]
                taken_back[each["method"].title()] += sums[1] + sums[2]
    cash = [one for one in accrual["cashList"] if one["_id"] != "Held by reseller"]
    assert {name: added[name] for name in added} == {one["_id"]: report.minor(one["positive"]) for one in cash}
    assert {name: taken_back[name] for name in added} == {one["_id"]: report.minor(one["negative"]) for one in cash}


async def rows_are_the_records(world: World, report: Report) -> None:
    """The flat rows have the same money as the records, change by change, for all who see an order."""
    for desk in (world.desk, world.agent, world.shop):
        records = await world.report(desk, "transactions", limit=5_000, **QUERY)
        rows = by(
            await world.report(desk, "/report/order/transactionDate", **QUERY),
            lambda row: (row["transactionDate"], row["orderId"]),
        )
        seen = by(records, lambda record: (record["date"], record["orderId"]))
        money_only = {"payment_recorded", "refund_recorded", "payment_voided"}
        assert rows.keys() == {
            key for key, some in seen.items() if any(set(record["actions"]) - money_only for record in some)
        }
        for key, some in rows.items():

            def of(name: str, some: list[Any] = some) -> int:
                return sum(report.minor(row[name]) for row in some)

            assert of("grossProfit") == sum(report.minor(record["total"]) for record in seen[key])
            assert of("agentCommission") == sum(report.minor(record["commission"]) for record in seen[key])
            assert of("netGrossProfit") == of("grossProfit") - of("agentCommission")
            assert of("grossProfit") == sum(map(of, PARTS))
            assert all(
                report.minor(row["grossProfit"]) == sum(report.minor(row[part]) for part in PARTS) for row in some
            )
            by_type = Counter[str]()
            for record in seen[key]:
                for line in record["lineItems"]:
                    by_type[COLUMNS[line["type"]]] += report.minor(line["amount"])
            assert {name: of(name) for name in PARTS} == {name: by_type[name] for name in PARTS}
            by_date = by(some, lambda row: row["activityId"])
            for record in seen[key]:
                for item in record["items"]:
                    amounts = [report.minor(row["grossProfit"]) for row in by_date[item["itemId"]]]
                    assert sum(amounts) == report.minor(item["amount"])


async def both_sides_agree(world: World, report: Report, accrual: dict[str, Any]) -> None:
    """What one owes is what the other is owed, and the supplier's books say the same."""

    async def owed(desk: Desk, direction: str) -> dict[tuple[str, str], int]:
        found = await world.report(desk, direction, **QUERY)
        return {
            (one["accountId"], one["from"]): report.minor(one["amount"]) for one in found if report.minor(one["amount"])
        }

    to, of = await owed(world.desk, "payables"), await owed(world.desk, "receivables")
    assert sum(to.values()) == report.net(accrual["resellersPayableCredit"])
    assert sum(of.values()) == report.net(accrual["resellersReceivableDebit"])
    for mine, theirs, reseller in ((to, "receivables", world.agent), (of, "payables", world.shop)):
        seen = await owed(reseller, theirs)
        assert {first: amount for (_, first), amount in seen.items()} == {
            first: amount for (account, first), amount in mine.items() if account == reseller.shop.account_id
        }
        assert {account for account, _ in seen} <= {world.supplier}
        records = await world.report(reseller, "transactions", limit=5_000, **QUERY)
        everywhere = await world.report(world.desk, "transactions", limit=5_000, **QUERY)
        theirs_in_all = [one for one in everywhere if one["resellerId"] == reseller.shop.account_id]
        strip = {"resellerId", "supplierId"}
        assert [{k: v for k, v in one.items() if k not in strip} for one in records] == [
            {k: v for k, v in one.items() if k not in strip} for one in theirs_in_all
        ]


async def test_what_is_the_orders_own_is_in_every_report(world: World) -> None:
    """A fee per order is spread again over all guests whenever some are added: the same money in all reports."""
    booking = Charge(
        id=new_hex24(),
        code="booking",
        name="Booking fee",
        kind="service_fee",
        calc="flat",
        amount=250,
        per="order",
    )
    await world.desk.shop.add("charge", booking)
    history, report = History(world, 4), Report("USD")
    for _ in range(2):
        await history.go_on(20)
        accrual = await accrual_is_the_ledger(world, report, **{"first": QUERY["from"], "last": QUERY["to"]})
        await sales_are_the_accrual(world, report, accrual)
        await records_are_the_accrual(world, report, accrual)
        await rows_are_the_records(world, report)
        await drawers_are_the_cash(world, report, accrual)
        await both_sides_agree(world, report, accrual)
    assert {"add", "cancel"} <= set(history.done)


@pytest.mark.parametrize(("currency", "seed"), [("USD", 1), ("JPY", 2), ("KWD", 3)])
async def test_reports_balance_after_random_histories(world: World, currency: str, seed: int) -> None:
    await world.in_currency(currency)
    history, report = History(world, seed), Report(currency)
    for _ in range(4):
        await history.go_on(14)
        accrual = await accrual_is_the_ledger(world, report, **{"first": QUERY["from"], "last": QUERY["to"]})
        await sales_are_the_accrual(world, report, accrual)
        await records_are_the_accrual(world, report, accrual)
        await rows_are_the_records(world, report)
        await drawers_are_the_cash(world, report, accrual)
        await both_sides_agree(world, report, accrual)
    assert len(set(history.done)) >= 5, history.done
    days = [f"2026-10-{day}" for day in (30, 31)] + [f"2026-11-0{day}" for day in range(1, 6)]
    by_day = [await accrual_is_the_ledger(world, report, day, day) for day in days]
    assert sum(report.minor(day["totalDebit"]) for day in by_day) == report.minor(accrual["totalDebit"])
    assert sum(day["accountList"] != [] for day in by_day) >= 2
