"""Sales, payables, receivables, and the record of what happened: whose they are, of which days, what is refused."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from typing import Any

import httpx
import openpyxl
import pytest

from seatwright.auth import service as auth
from seatwright.catalog.model import Product, Tier
from seatwright.core.clock import MINUTE_MS
from seatwright.core.errors import Unavailable
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from seatwright.http.report_queue import MAX_WAITING, MAX_WAITING_EACH, ReportQueue
from seatwright.setup import schedule
from seatwright.setup.departure_form import DepartureChange
from seatwright.setup.editor import Editor
from tests.desk import Desk, another_user, open_desk
from tests.reports.world import World
from tests.shop import denver

ACCRUAL, HAPPENED = "/report/accrual/transactionDate", "/api/v1/reports/transactions"
ORDERS = "/report/order/transactionDate"
RAFT = 11138
"""What an adult on the raft costs: 9900, 495 river fee, 743 tax."""


def day(first: str, last: str = "") -> dict[str, str]:
    return {"from": first, "to": last or first}


async def test_days_are_the_accounts_own(world: World) -> None:
    """An order at 23:59 in Denver, 06:59 UTC on the next day, is on the day that Denver's calendar says."""
    world.clock.set(denver("2026-11-03 23:59"))
    late = await world.desk.order((world.departures["rafting"], {"Adult": 1}))
    world.clock.advance(MINUTE_MS)
    await world.desk.order((world.departures["rafting"], {"Child": 1}))
    sold = await world.report(world.desk, "sales", by="day", **day("2026-11-02", "2026-11-05"))
    assert [(row["key"], row["orders"], row["grossSales"]) for row in sold["rows"]] == [
        ("2026-11-02", 0, 0),
        ("2026-11-03", 1, 99),
        ("2026-11-04", 1, 59),
        ("2026-11-05", 0, 0),
    ]
    accrual = await world.report(world.desk, ACCRUAL, **day("2026-11-03"))
    assert (accrual["totalDebit"], accrual["timeZone"]) == (222.76, "America/Denver")
    assert [item["positive"] for item in accrual["accountList"]] == [99, 4.95, 7.43]
    happened = await world.report(world.desk, HAPPENED, **day("2026-11-03"))
    assert [record["orderId"] for record in happened] == [late["id"]]
    await world.desk.data("PATCH", "/api/v1/account", json={"timeZone": "UTC"})
    sold = await world.report(world.desk, "sales", by="day", **day("2026-11-04"))
    assert sold["total"]["orders"] == 2


async def test_accrual_in_the_words_of_the_reference(world: World) -> None:
    await world.desk.order((world.departures["rafting"], {"Adult": 2}))
    order = await world.desk.order((world.departures["bike"], {"All": 1}))
    await world.desk.data("DELETE", f"/order/{order['id']}")
    found = await world.report(world.desk, ACCRUAL)
    assert found["advanceDepositsCredit"] == {"_id": None, "positive": 287.26, "negative": 0}
    assert found["cashList"] == [{"_id": "External", "positive": 287.26, "negative": 0}]
    assert found["accountsReceivableDebit"] == {"positive": 290.26, "negative": -64.5}
    assert found["noAccountList"] == []
    bike, tax = world.desk.shop.entries["bike"], world.desk.shop.entries["tax"]
    by_name = {(item["name"], item["item_product_name"]): item for item in found["accountList"]}
    assert by_name["Mountain bike", "Mountain bike"] == {
        "name": "Mountain bike",
        "type": "product",
        "type_id": bike.id,
        "item_product_id": bike.id,
        "item_product_number": 4201,
        "item_product_name": "Mountain bike",
        "positive": 60,
        "negative": -60,
    }
    assert (
        by_name["Sales tax", "Half-day rafting"]["type_id"],
        by_name["Sales tax", "Half-day rafting"]["positive"],
    ) == (
        tax.id,
        14.86,
    )
    assert by_name["Cancellation fee", "Mountain bike"]["positive"] == 3


async def test_sales_by_channel_and_product_are_the_suppliers(world: World) -> None:
    raft, bike = world.departures["rafting"], world.departures["bike"]
    await world.desk.order((raft, {"Adult": 1}), (bike, {"All": 1}))
    await world.agent.order((raft, {"Adult": 1, "Child": 1}), supplier=world.supplier)
    await world.shop.order((bike, {"All": 2}), supplier=world.supplier)
    channels = await world.report(world.desk, "sales", by="channel")
    assert [
        (row["key"], row["name"], row["orders"], row["participants"], row["units"], row["total"], row["commissions"])
        for row in channels["rows"]
    ] == [
        ("", "Own sales", 1, 1, 1, 175.88, 0),
        ("Agents", "Agents", 1, 2, 0, 177.76, 24.88),
        ("Shop", "Shop", 1, 0, 2, 129, 24),
    ]
    products = await world.report(world.desk, "sales", by="product")
    assert [(row["key"], row["orders"], row["grossSales"]) for row in products["rows"]] == [
        ("rafting", 2, 257),
        ("bike", 2, 180),
    ]
    assert products["total"]["orders"] == 3
    for reseller in (world.agent, world.shop):
        assert (await world.report(reseller, "sales", by="channel"))["rows"] == []
        assert (await world.report(reseller, ACCRUAL))["accountList"] == []


async def settled(world: World, desk: Desk, direction: str, first: str, last: str = "") -> list[tuple[Any, ...]]:
    found = await world.report(desk, direction, **day(first, last))
    names = ("accountName", "role", "type", "from", "to", "over", "orders", "earned", "takenBack", "amount")
    return [tuple(one[name] for name in names) for one in found]


async def test_cycles_are_whole_and_the_same_for_both_sides(world: World) -> None:
    raft = world.departures["rafting"]
    orders = {}
    for name, when in (("a", "2026-11-01 23:59"), ("b", "2026-11-02 00:00"), ("c", "2026-11-08 23:59")):
        world.clock.set(denver(when))
        orders[name] = await world.agent.order((raft, {"Adult": 1}), supplier=world.supplier)
        await world.shop.order((raft, {"Adult": 1}), supplier=world.supplier)
    world.clock.set(denver("2026-11-09 00:00"))
    await world.desk.data("DELETE", f"/order/{orders['a']['id']}")
    weeks = [
        ("commission", "2026-10-26", "2026-11-01", True, 1, 15.59, 0, 15.59),
        ("commission", "2026-11-02", "2026-11-08", True, 2, 31.18, 0, 31.18),
        ("commission", "2026-11-09", "2026-11-15", False, 1, 0, -15.59, -15.59),
    ]
    assert await settled(world, world.desk, "payables", "2026-11-01", "2026-11-09") == [
        ("Agent", "reseller", *week) for week in weeks
    ]
    assert await settled(world, world.agent, "receivables", "2026-11-01", "2026-11-09") == [
        ("Canyon", "supplier", *week) for week in weeks
    ]
    assert await settled(world, world.desk, "payables", "2026-11-04") == [("Agent", "reseller", *weeks[1])]
    two_weeks = [("net", "2026-10-26", "2026-11-08", True, 3, 271.77, 0, 271.77)]
    assert await settled(world, world.desk, "receivables", "2026-11-01", "2026-11-09") == [
        ("Shop", "reseller", *two_weeks[0])
    ]
    assert await settled(world, world.shop, "payables", "2026-11-08") == [("Canyon", "supplier", *two_weeks[0])]
    for desk, direction in ((world.agent, "payables"), (world.shop, "receivables")):
        assert await settled(world, desk, direction, "2026-11-01", "2026-11-09") == []


async def test_two_suppliers_of_one_reseller_each_have_their_currency_zone_and_cycle(
    world: World, client: httpx.AsyncClient, services: Services
) -> None:
    """Each has its own currency, time zone and cycle; a third account sees none of it."""
    other = await open_desk(client, services, "mesa")
    await services.database.write(
        lambda tx: tx.execute(
            "UPDATE account SET currency = 'JPY', time_zone = 'Asia/Tokyo' WHERE id = $1", other.shop.account_id
        )
    )
    await other.shop.add_all([])
    body = {"resellerId": world.agent.shop.account_id, "terms": {"rate": {"percent": 10}}}
    await other.data("POST", "/api/v1/connections", json=body)
    departure = await other.shop.departure("kayak", "2026-11-20 09:00", capacity=9)
    world.clock.set(denver("2026-10-31 12:00"))  # in Tokyo it is November
    await world.agent.order((departure, {"All": 1}), supplier=other.shop.account_id)
    await world.agent.order((world.departures["rafting"], {"Adult": 1}), supplier=world.supplier)
    found = await world.report(world.agent, "receivables", **day("2026-10-31", "2026-11-01"))
    assert [(one["accountName"], one["currency"], one["from"], one["amount"]) for one in found] == [
        ("Canyon", "USD", "2026-10-26", 15.59),
        ("Mesa", "JPY", "2026-11-01", 700),
    ]
    assert (await world.report(other, "payables", **day("2026-11-01")))[0]["amount"] == 700
    assert await world.report(world.shop, "receivables", **day("2026-10-31", "2026-11-01")) == []


async def test_transactions_are_found_by_every_filter(
    world: World, client: httpx.AsyncClient, services: Services
) -> None:
    desk, departures = world.desk, world.departures
    raft = await desk.order((departures["rafting"], {"Adult": 1}), referenceId="OTA-1")
    bike = await desk.order((departures["bike"], {"All": 1}))
    world.clock.set(denver("2026-11-02 12:00"))
    await desk.data("DELETE", f"/order/{bike['id']}")
    resold = await world.agent.order((departures["kayak"], {"All": 1}), supplier=world.supplier)

    async def found(of: Desk = desk, **query: Any) -> list[tuple[str, str]]:
        records = await world.report(of, HAPPENED, **query)
        return [(record["orderId"], ",".join(record["actions"])) for record in records]

    made, gone, sold = (raft["id"], "created"), (bike["id"], "cancelled"), (resold["id"], "created")
    bikes = [(bike["id"], "created"), gone]
    for query, expected in (
        (day("2026-10-30"), [made, bikes[0]]),
        (day("2026-11-02"), [gone, sold]),
        (day("2026-10-30", "2026-11-02"), [made, *bikes, sold]),
        ({"orderIds": f"{raft['id']},{new_hex24()}"}, [made]),
        ({"orderIds": bike["id"], **day("2026-11-02")}, [gone]),
        ({"confirmationIds": f"{bike['confirmation']}, {resold['confirmation']}"}, [*bikes, sold]),
        ({"productNumbers": "4101,4102"}, [made, sold]),
        ({"productNumbers": "4201", **day("2026-11-02")}, [gone]),
        ({"productNumbers": "999"}, []),
        ({"fromProductStartDate": "2026-11-03", "toProductStartDate": "2026-11-20"}, [made, *bikes]),
        ({"fromProductStartDate": "2026-11-20"}, [made, sold]),
        ({"fromProductStartDate": "2026-11-04", "toProductStartDate": "2026-11-20", "productNumbers": "4201"}, []),
        ({**day("2026-10-30", "2026-11-02"), "limit": "2", "page": "1"}, [gone, sold]),
    ):
        assert await found(**query) == expected, query
    assert await found(world.agent, productNumbers="4102") == [sold]
    assert await found(world.agent, **day("2026-10-30", "2026-11-02")) == [sold]
    assert await found(world.agent, orderIds=f"{raft['id']},{bike['id']}") == []
    record = (await world.report(desk, HAPPENED, orderIds=raft["id"]))[0]
    assert (record["referenceId"], record["type"], record["total"], record["paid"]) == (
        "OTA-1",
        "created",
        111.38,
        111.38,
    )
    assert [(item["productName"], item["startTime"], item["amount"]) for item in record["items"]] == [
        ("Half-day rafting", "2026-11-20T09:00:00.000Z", 111.38)
    ]
    third = await open_desk(client, services, "third")
    assert await found(third, orderIds=f"{raft['id']},{resold['id']}") == []
    assert (await desk.refused(400, "GET", HAPPENED))["errorCode"] == "missing_filter"


async def test_changes_without_money_are_reported_too(world: World) -> None:
    """An order that costs nothing, a departure that is moved, and a pending order that is accepted have a record each;
    checking guests in is none."""
    desk = world.desk
    free = Product(
        id=new_hex24(), code="free", name="Walk", number=4400, tiers=(Tier(code="All", name="All", price=0),)
    )
    await desk.shop.add("product", free)
    walk = await desk.shop.departure("free", "2026-11-20 09:00", capacity=9)
    order = await desk.order((walk, {"All": 1}), (world.departures["kayak"], {"All": 1}))
    world.clock.advance(MINUTE_MS)
    await desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    world.clock.advance(MINUTE_MS)
    await desk.data("POST", f"/api/v1/orders/{order['id']}/check-in", json={})
    world.clock.advance(MINUTE_MS)
    editor = Editor(catalogs=world.services.catalogs, clock=world.clock, account_id=world.supplier, actor="desk")
    move = DepartureChange(start="2026-11-20T10:00")
    await world.services.database.write(lambda tx: schedule.change(tx, editor, walk, move))
    only_free = await desk.order((walk, {"All": 1}))
    records = await world.report(desk, HAPPENED, orderIds=f"{order['id']},{only_free['id']}")
    assert [(record["actions"], record["total"], len(record["items"])) for record in records] == [
        (["created"], 75.25, 2),
        (["accepted"], 0, 1),
        (["rescheduled"], 0, 1),
        (["created"], 0, 1),
    ]


@pytest.mark.parametrize("path", [ACCRUAL, ORDERS, HAPPENED, "/api/v1/reports/sales", "/api/v1/reports/payables"])
async def test_bad_days_are_refused_by_name(world: World, path: str) -> None:
    for query, field in (
        ("to=2026-07-01", "to"),
        ("from=2026-07-02&to=2026-07-01", "to"),
        ("from=2025-01-01&to=2026-01-02", "to"),
        ("from=yesterday", "from"),
        ("from=2026-07-01&to=2026-02-30", "to"),
        ("from=2026-07-01&format=pdf", "format"),
    ):
        refused = await world.desk.refused(400, "GET", f"{path}?{query}")
        assert refused["errorMessage"].startswith(f"{field}:"), refused
    for query, field in (
        ("toProductStartDate=2026-07-01", "toProductStartDate"),
        ("fromProductStartDate=2026-07-02&toProductStartDate=2026-07-01", "toProductStartDate"),
        ("productNumbers=x", "productNumbers"),
        ("confirmationIds=1,-2", "confirmationIds"),
        ("orderIds=1&limit=5001", "limit"),
    ):
        for of_orders in (HAPPENED, ORDERS):
            refused = await world.desk.refused(400, "GET", f"{of_orders}?{query}")
            assert refused["errorMessage"].startswith(f"{field}:"), refused
    assert (await world.desk.refused(400, "GET", "/api/v1/reports/sales?by=moon"))["errorMessage"].startswith("by:")


async def test_every_report_is_a_file_too(world: World) -> None:
    """With the same rows as the JSON, under a name of its own."""
    raft = world.departures["rafting"]
    cart = await world.agent.cart((raft, {"Adult": 2}), supplier=world.supplier)
    customer = {"firstName": "=Ann", "email": "ann@lee.example", "marketingConsent": True}
    await world.agent.data("PUT", f"/cart/{cart}/customer", json=customer)
    await world.agent.data("POST", "/order", json={"id": cart})
    month = "from=2026-10-01&to=2026-10-31"
    for desk, path, name, rows in (
        (world.desk, f"/public/api{ACCRUAL}?{month}", "accrual-2026-10-01-to-2026-10-31", 9),
        (world.desk, f"{HAPPENED}?{month}", "transactions", 1),
        (world.desk, f"/public/api{ORDERS}?{month}", "orders", 1),
        (world.desk, f"/api/v1/reports/sales?{month}", "sales-by-product-2026-10-01-to-2026-10-31", 1),
        (world.desk, f"/api/v1/reports/sales?by=day&{month}", "sales-by-day-2026-10-01-to-2026-10-31", 31),
        (world.desk, f"/api/v1/reports/payables?{month}", "payables-2026-10-01-to-2026-10-31", 1),
        (world.agent, f"/api/v1/reports/receivables?{month}", "receivables-2026-10-01-to-2026-10-31", 1),
        (world.agent, "/api/v1/reports/mailing-list?limit=5", "mailing-list", 1),
        (world.desk, f"/api/v1/departures/{raft}/manifest?", f"manifest-{raft}", 2),
    ):
        answer = await desk.client.get(f"{path}&format=csv", headers=desk.headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
        table = list(csv.reader(io.StringIO(answer.text, newline="")))
        assert len(table) == rows + 1, (path, table)
        assert {len(row) for row in table} == {len(table[0])}
        answer = await desk.client.get(f"{path}&format=xlsx", headers=desk.headers)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}.xlsx"'
        assert "spreadsheetml" in answer.headers["content-type"]
        page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert page is not None
        values = list(page.iter_rows(values_only=True))
        assert list(values[0]) == table[0]
        shown = [row for row in values[1:] if row[0] != "Total"]
        for cells, texts in zip(shown, table[1:], strict=True):
            for cell, text in zip(cells, texts, strict=True):
                if isinstance(cell, int | float) and not isinstance(cell, bool):
                    assert float(text) == cell
                elif isinstance(cell, str):
                    assert text.removeprefix("'") == cell
    accrual = await world.desk.call("GET", f"{ACCRUAL}?{month}&format=csv")
    table = list(csv.DictReader(io.StringIO(accrual.text, newline="")))
    sides = [sum(float(row[side] or 0) for row in table) for side in ("Debit (USD)", "Credit (USD)")]
    assert sides[0] == pytest.approx(sides[1])
    answer = await world.desk.call("GET", "/api/v1/reports/sales?format=csv&from=nonsense")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")


async def test_reports_take_turns() -> None:
    """One after the other, in a queue that has an end; the next one begins when one is done or has failed."""
    queue, begun = ReportQueue(at_once=1), asyncio.Event()

    async def another(account: str = "b") -> None:
        async with queue.turn(account):
            begun.set()

    async with queue.turn("a"):
        waiting = [asyncio.create_task(another(str(number))) for number in range(MAX_WAITING)]
        await asyncio.sleep(0)
        assert not begun.is_set()
        with pytest.raises(Unavailable):
            await another()
    await asyncio.gather(*waiting)
    with pytest.raises(ZeroDivisionError):
        async with queue.turn("a"):
            await queue.shape(lambda: 1 // 0)
    await another()
    assert vars(queue)["_queues"] == {}


async def test_an_account_that_wants_all_reports_keeps_no_other_from_its_own() -> None:
    """It has one turn at a time, and a queue of its own that has an end."""
    queue, done, go_on = ReportQueue(), asyncio.Semaphore(0), asyncio.Event()

    async def report(account: str) -> None:
        async with queue.turn(account):
            await go_on.wait()
            done.release()

    tasks = [asyncio.create_task(report("greedy")) for _ in range(1 + MAX_WAITING_EACH)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="of this account"):
        await report("greedy")
    async with asyncio.timeout(30), queue.turn("other"):
        pass
    tasks.pop().cancel()  # who gives up makes room
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(report("greedy")))
    go_on.set()
    await asyncio.gather(*tasks)
    assert vars(queue)["_queues"] == {}


async def test_who_may_not_have_a_report_takes_no_turn(
    world: World, client: httpx.AsyncClient, services: Services
) -> None:
    """While the account's turn and its whole queue are taken: 403 without waiting, and 503 only for this account."""
    queue, account = services.report_queue, world.supplier
    new = auth.NewUser(email="clerk@x.example", name="Clerk", permissions=frozenset({"orders.write"}))
    clerk = await another_user(client, services, world.desk.shop, new)
    raft = world.departures["rafting"]
    manifest = f"/api/v1/departures/{raft}/manifest"
    go_on = asyncio.Event()

    async def busy() -> None:
        async with queue.turn(account):
            await go_on.wait()

    tasks = [asyncio.create_task(busy()) for _ in range(1 + MAX_WAITING_EACH)]
    await asyncio.sleep(0)
    for path in ("/api/v1/reports/sales", f"{manifest}?format=csv"):
        await clerk.refused(403, "GET", path)
        assert (await world.desk.refused(503, "GET", path))["errorCode"] == "overloaded"
    await world.desk.data("GET", manifest)  # somebody stands and waits for it
    await world.agent.data("GET", "/api/v1/reports/sales")
    go_on.set()
    await asyncio.gather(*tasks)
    await world.desk.data("GET", "/api/v1/reports/sales")


async def test_a_reports_thread_gives_way_sooner() -> None:
    queue, usual = ReportQueue(), sys.getswitchinterval()
    during = await asyncio.gather(*(queue.shape(sys.getswitchinterval) for _ in range(3)))
    assert max(during) < usual / 10
    assert sys.getswitchinterval() == usual
