"""Reports say what happened: nothing is cancelled without a cancellation; when all is cancelled, fees are left."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import pytest

from seatwright.invariants.checks import check
from seatwright.orders.ledger import Kind
from seatwright.storage.dialect import statements
from seatwright.storage.engine import Tx
from seatwright.storage.migrate import migrations
from tests.reports.test_balance import QUERY, Report
from tests.reports.world import History, World

LOWERING = ("discount", "commission")
BYS = ("product", "channel", "day")


async def taken_back(world: World, report: Report) -> dict[str, int]:
    """Return every figure of every report that says what was cancelled or taken back, by its name."""
    found: Counter[str] = Counter()
    for by in BYS:
        sold = await world.report(world.desk, "sales", by=by, **QUERY)
        for row in (*sold["rows"], sold["total"]):
            found[f"sales by {by}: cancelledSales"] += abs(report.minor(row["cancelledSales"]))
            found[f"sales by {by}: cancelled"] += row["cancelled"]
            found[f"sales by {by}: cancellationFees"] += abs(report.minor(row["cancellationFees"]))
    accrual = await world.report(world.desk, "/report/accrual/transactionDate", **QUERY)
    for line in accrual["accountList"]:
        side = "positive" if line["type"] in LOWERING else "negative"
        found[f"accrual: {line['type']} {line['name']}"] += abs(report.minor(line[side]))
    for name in (
        "advanceDepositsCredit",
        "accountsReceivableDebit",
        "resellersReceivableDebit",
        "resellersPayableCredit",
    ):
        found[f"accrual: {name}"] += abs(report.minor(accrual[name]["negative"]))
    for cash in accrual["cashList"]:
        side = "negative" if cash["_id"] == "External" else "positive"
        found[f"accrual: {cash['_id']}"] += abs(report.minor(cash[side]))
    for desk in (world.desk, world.agent, world.shop):
        for direction in ("payables", "receivables"):
            for one in await world.report(desk, direction, **QUERY):
                found[direction] += abs(report.minor(one["takenBack"]))
    return found


async def test_a_gratis_guest_with_a_pickup_is_no_cancellation(world: World) -> None:
    """19 % of 11.90 are taken out of a sale of nothing, which leaves -1.90; sales tax comes on top."""
    ferry, pier = world.departures["ferry"], world.desk.shop.entries["pier"].id
    cart = await world.desk.cart()
    await world.desk.add(cart, ferry, {"Infant": 1}, locationId=pier)
    order = await world.desk.data("POST", "/order", json={"id": cart})
    assert order["total"] == 12.79
    sold = (await world.report(world.desk, "sales", **QUERY))["total"]
    assert (sold["cancelledSales"], sold["cancelled"]) == (0, 0)
    assert (sold["grossSales"], sold["pickups"], sold["taxes"], sold["total"]) == (-1.9, 11.9, 2.79, 12.79)
    accrual = await world.report(world.desk, "/report/accrual/transactionDate", **QUERY)
    assert {line["name"]: (line["positive"], line["negative"]) for line in accrual["accountList"]} == {
        "Ferry": (-1.9, 0),
        "Bus": (11.9, 0),
        "VAT": (1.9, 0),
        "Sales tax": (0.89, 0),
    }
    await world.desk.data("DELETE", f"/order/{order['id']}?applyCancellationFee=false")
    sold = (await world.report(world.desk, "sales", **QUERY))["total"]
    assert (sold["grossSales"], sold["cancelledSales"], sold["total"], sold["cancelled"]) == (-1.9, 1.9, 0, 1)


async def test_a_sale_in_parts_is_reported_as_one(world: World) -> None:
    """Positive and negative figures don't depend on which guests happened to share a ledger entry."""
    ferry, pier = world.departures["ferry"], world.desk.shop.entries["pier"].id

    async def reports() -> list[Any]:
        accrual = await world.report(world.desk, "/report/accrual/transactionDate", **QUERY)
        return [accrual["accountList"], (await world.report(world.desk, "sales", by="channel", **QUERY))["total"]]

    async def cart(guests: dict[str, int]) -> str:
        made = await world.desk.cart()
        await world.desk.add(made, ferry, guests, locationId=pier)
        return made

    first = await world.desk.data("POST", "/order", json={"id": await cart({"Adult": 1})})
    await world.desk.data("POST", "/order", json={"id": await cart({"Infant": 2}), "orderId": first["id"]})
    in_parts = await reports()
    assert in_parts[1]["grossSales"] == 14.3
    await world.desk.data("POST", "/order", json={"id": await cart({"Adult": 1, "Infant": 2})})
    twice = await reports()

    def doubled(value: Any) -> Any:
        return round(2 * value, 2) if isinstance(value, int | float) else value

    assert twice[1] == {name: doubled(amount) for name, amount in in_parts[1].items()}
    assert twice[0] == [
        {name: value if "number" in name else doubled(value) for name, value in line.items()} for line in in_parts[0]
    ]


@pytest.mark.parametrize(("currency", "seed"), [("USD", 11), ("JPY", 14), ("KWD", 13)])
async def test_without_cancellations_nothing_is_cancelled_and_cancelling_all_leaves_the_fees(
    world: World, currency: str, seed: int
) -> None:
    await world.in_currency(currency)
    history, report = History(world, seed), Report(currency)
    await history.go_on(18, cancelling=False)
    assert set(history.done) == {"order", "add", "move"}
    found = await taken_back(world, report)
    assert len(found) > 15
    assert +found == Counter()
    await history.cancel_all()
    assert any((+await taken_back(world, report)).values())
    orders = [await seller.data("GET", f"/order/{order}") for seller, order in history.orders]
    kept = sum(report.minor(order["cancellationFees"]) for order in orders)
    assert kept == sum(report.minor(order["total"]) for order in orders) > 0
    await only_fees_are_left(world, report, kept)


async def only_fees_are_left(world: World, report: Report, kept: int) -> None:
    """Every report's net figures are the fees that were kept, and nothing else."""
    for by in BYS:
        sold = await world.report(world.desk, "sales", by=by, **QUERY)
        # What is sold on one day is cancelled on another.
        for row in (*(sold["rows"] if by != "day" else ()), sold["total"]):
            assert report.minor(row["grossSales"]) == -report.minor(row["cancelledSales"])
            left = {
                name for name in ("discounts", "pickups", "fees", "serviceFees", "taxes", "commissions") if row[name]
            }
            assert not left, row
            assert row["total"] == row["net"] == row["cancellationFees"]
        assert report.minor(sold["total"]["total"]) == kept
        assert sold["total"]["participants"] == sold["total"]["units"] == 0
    accrual = await world.report(world.desk, "/report/accrual/transactionDate", **QUERY)
    nets = [(line["type"], report.net(line)) for line in accrual["accountList"]]
    assert {type_ for type_, net in nets if net} == {"cancellation_fee"}
    assert sum(net for _, net in nets) == report.net(accrual["accountsReceivableDebit"]) == kept
    assert report.net(accrual["resellersPayableCredit"]) == 0
    held = [report.net(one) for one in accrual["cashList"] if one["_id"] == "Held by reseller"]
    assert report.net(accrual["resellersReceivableDebit"]) == -sum(held)
    payables = await world.report(world.desk, "payables", **QUERY)
    by_reseller: Counter[str] = Counter()
    for one in payables:
        by_reseller[one["accountId"]] += report.minor(one["amount"])
    assert not any(by_reseller.values())


@pytest.mark.parametrize("seed", [21, 22])
async def test_the_migration_finds_what_happened_in_books_that_did_not_say(world: World, seed: int) -> None:
    history = History(world, seed)
    sql = "SELECT order_id, transaction_no, entry_no, kind FROM ledger_entry"
    await history.go_on(40, paying=False, moving=False)  # it is older
    order = await world.desk.order((world.departures["rafting"], {"Adult": 1}))
    await world.desk.data("DELETE", f"/order/{order['id']}")
    guest = order["items"][0]["participantList"][0]["id"]
    path = f"/api/v1/orders/{order['id']}/lines/{guest}/cancellation-fee"
    await world.desk.data("PUT", path, json={"amount": 0})
    before = sorted(map(tuple, await world.rows(sql)))
    assert {row[3] for row in before} == set(get_args(Kind)) - {"refund", "void"}
    database = world.services.database
    migration = next(one for one in migrations(database.engine) if one.name == "ledger_kind_and_business")
    alter, *others = statements(migration.sql)
    assert "ADD COLUMN kind TEXT NOT NULL DEFAULT 'sale'" in alter
    updates = [statement for statement in others if "UPDATE ledger_entry" in statement]

    async def run(tx: Tx) -> None:
        await tx.execute("UPDATE ledger_entry SET kind = 'sale'")
        for statement in updates:
            await tx.execute(statement)

    await database.write(run)
    assert sorted(map(tuple, await world.rows(sql))) == before


async def test_the_doctor_sees_books_that_say_that_something_else_happened(world: World) -> None:
    order = await world.desk.order((world.departures["ferry"], {"Adult": 2}))
    guest = order["items"][0]["participantList"][0]["id"]
    await world.desk.data("DELETE", f"/order/{order['id']}/item/{order['items'][0]['id']}/participant/{guest}")

    async def update(condition: str, *values: object) -> None:
        sql = f"UPDATE ledger_entry SET kind = $2 WHERE order_id = $1 AND ledger = 'receivable' AND {condition}"
        await world.services.database.write(lambda tx: tx.execute(sql, order["id"], *values))

    for kind, other, of in (
        ("sale", "payment", "departure_id IS NOT NULL AND name = 'Receivable'"),
        ("cancellation_fee", "cancellation", "name = 'Cancellation fee'"),
        ("payment", "sale", "departure_id IS NULL"),
    ):
        await update("kind = $3", other, kind)
        assert {found.check for found in await check(world.services.database, 0)} == {"ledger_kinds"}
        await update(f"{of} AND kind = $3", kind, other)
    assert await check(world.services.database, 0) == []
