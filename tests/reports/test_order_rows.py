"""Orders by transaction date as flat rows: the very names and types that a reporting tool reads, and what they say."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from seatwright.cancellation import approval
from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Product, Tier
from seatwright.core.clock import DAY_MS, MINUTE_MS
from seatwright.core.ids import new_hex24
from seatwright.orders.model import Order, OrderBody
from seatwright.reports.order_rows import rows_of
from seatwright.reports.transactions import Deed, Entry, Transaction
from tests.reports.test_balance import QUERY
from tests.reports.world import History, World

ORDERS = "/report/order/transactionDate"
MARKS = """
processDate s, entityId s, transactionDate d, createdDate d, startDate d, confirmation s, advancePurchaseDays s,
participantSold s, productSold s, priceTotal n, feeTotal s, cancellationFeeTotal s, optionTotal s, discountTotal s,
processingTotal s, taxTotal n, grossProfit n, productId s, productName s, productStartDate d, productCity s,
productState s, productCountry s, pickupLocation s, returnLocation s, customerName s, customerCity ?, customerState
?, customerCountry ?, customerPostalCode s, agencyId ?, agencyName ?, agencyCity ?, agencyState ?, agencyCountry ?,
agencyPostalCode ?, agentName ?, agentEmail ?, agentCommission s, createdBy s, createdByEmail s, createdByCommission
s, originalCreatedBy s, originalCreatedByEmail s, supplierId s, supplierName s, supplierUserName s,
supplierUserEmail s, supplierNetRate n, activityId s, supplierOptionTotal s, supplierTaxTotal n, supplierFeeTotal s,
supplierServiceFeeTotal s, cancelledDate ?, referenceId ?, agentAlternativeId ?, createdByAlternativeId ?,
originalCreatedByAlternativeId ?, supplierUserAlternativeId ?, productNumber n, billWeek ?, billMonth ?, billYear ?,
transactionId s, productLocation s, productType s, productClass s, salesChannel ?, productSupplier ?, taxExemptTotal
s, processingAbsorbTotal s, collectedSupplierTaxTotal n, serviceFeeBillable b, billDate ?, tierName t,
supplierDiscountTotal s, salesChannelId s, processorEntityId s, dateChange b, orderAgentCreatedBy ?,
orderAgentCreatedByEmail ?, orderAgentCreatedByAlternativeId ?, productCreatedBy s, productCreatedByEmail s,
productCreatedByAlternativeId ?, productAgentCreatedBy ?, productAgentCreatedByEmail ?,
productAgentCreatedByAlternativeId ?, agencyConnectionType ?, supplierConnectionType s, orderStartDate d,
arDrProcessDate ?, pickupZone s, pickupZoneId s, pickupLocationId s, discountCount ?, feeCount ?, taxCount ?,
itemAddonQuantity s, itemAddonTotal s, orderCreatedBy s, netGrossProfit n, processingPayable s, percentage s,
orderId s
"""
"""Every name with its mark: s text, n number, d date and time, b boolean, ? anything or null, t a tier's name."""
NAMES = dict(part.split() for part in MARKS.replace("\n", " ").split(", "))


def check_types(row: dict[str, Any]) -> None:
    """Every name is there, and has a value of its type."""
    assert set(row) == set(NAMES)
    for name, mark in NAMES.items():
        value = row[name]
        if mark == "s":
            assert isinstance(value, str), (name, value)
        elif mark == "n":
            assert isinstance(value, int | float), (name, value)
            assert not isinstance(value, bool)
        elif mark == "b":
            assert isinstance(value, bool), (name, value)
        elif mark == "d":
            assert value.endswith("Z"), (name, value)
            assert datetime.fromisoformat(value)
        elif mark == "t":
            assert {key: type(part) for key, part in value.items()} == {"key": str, "name": str}
        else:
            assert mark == "?"
    assert isinstance(row["productNumber"], int)


def read(amount: str | int | float) -> int:
    """Return an amount in cents."""
    return int(Decimal(str(amount)) * 100)


def check_tiers(rows: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
    """Each tier's rows come to what its participants and units cost now, and to the fees of those that are gone."""
    owed = defaultdict[str, int](int)
    for line in lines:
        owed[line["tier"]] += read(line["total"] if line["status"] == "confirmed" else line["cancellationFee"])
    for row in rows:
        owed[row["tierName"]["key"]] -= read(row["grossProfit"])
    assert not any(owed.values()), owed


def sold(guests: tuple[tuple[str, int], ...], *entries: Entry) -> Transaction:
    """Return the sale of guests by tier and price on one departure, with what the ledger says of it."""
    lines = tuple(
        Line(id=str(number), kind="participant", tier=tier, seats=1, price=price)
        for number, (tier, price) in enumerate(guests)
    )
    item = Item(
        id="d",
        product_id="p",
        product_code="p",
        product_name="Raft",
        product_number=1,
        kind="participant",
        start_at=None,
        end_at=None,
        time_zone="UTC",
        lines=lines,
    )
    body = OrderBody(created_by="", created_by_email="", currency="USD", items=(item,))
    order = Order(
        account_id="a",
        id="o",
        confirmation=1,
        owner_id="a",
        status="confirmed",
        version=1,
        body=body,
        total=0,
        paid=0,
        created_at=0,
        modified_at=0,
    )
    return Transaction(
        at=0,
        order=order,
        actions=("order.created",),
        total=sum(entry.amount for entry in entries),
        payments={},
        commission=0,
        items=(item,),
        entries=entries,
        deeds=(Deed("order.created", "", frozenset("d"), frozenset(line.id for line in lines)),),
        creator="",
        first_fees={},
    )


async def test_every_row_of_any_history_has_all_names_with_their_types(world: World) -> None:
    """For the supplier and both resellers, with a product without a date, a customer and without one."""
    voucher = Product(
        id=new_hex24(),
        code="voucher",
        name="Voucher",
        number=4400,
        dateless=True,
        tiers=(Tier(code="All", name="All", price=100),),
    )
    await world.desk.shop.add("product", voucher)
    dateless = await world.desk.shop.departure("voucher", None, capacity=9)
    await world.desk.order((dateless, {"All": 1}))
    cart = await world.desk.cart((world.departures["rafting"], {"Adult": 1}), (dateless, {"All": 1}))
    customer = {"firstName": "Ann", "lastName": "Lee", "city": "Moab", "postalCode": 84532, "country": "US"}
    await world.desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    await world.desk.data("POST", "/order", json={"id": cart})
    history = History(world, 31)
    await history.go_on(40)
    assert {"order", "add", "cancel"} <= set(history.done)
    for desk in (world.desk, world.agent, world.shop):
        rows = await world.report(desk, ORDERS, **QUERY)
        assert rows
        for row in rows:
            check_types(row)
        keys = [(row["transactionId"], row["activityId"], row["tierName"]["key"]) for row in rows]
        assert len(set(keys)) == len(keys)
        assert [row["transactionDate"] for row in rows] == sorted(row["transactionDate"] for row in rows)
        sold = defaultdict[str, int](int)
        for row in rows:
            sold[row["orderId"]] += int(row["participantSold"]) + int(row["productSold"])
        for order_id, count in sold.items():
            order = await desk.data("GET", f"/order/{order_id}")
            lines = [line for item in order["items"] for line in item["participantList"] + item["unitList"]]
            assert count == sum(line["status"] == "confirmed" for line in lines)
            check_tiers([row for row in rows if row["orderId"] == order_id], lines)


async def test_a_row_has_the_customer_place_and_money_of_its_change(world: World) -> None:
    desk, raft = world.desk, world.departures["rafting"]
    cart = await desk.cart()
    lodge = desk.shop.entries["hotel"].id
    await desk.add(cart, raft, {"Adult": 2, "Child": 1}, locationId=lodge)
    customer = {"firstName": "Ann", "lastName": "Lee", "city": "Moab", "state": "UT", "country": "US"}
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer | {"postalCode": "84532"})
    order = await desk.data("POST", "/order", json={"id": cart, "referenceId": "OTA-1"})
    adults, child = await world.report(desk, ORDERS, orderIds=order["id"])
    assert (adults["tierName"], child["tierName"]) == (
        {"key": "Adult", "name": "Adult"},
        {"key": "Child", "name": "Child"},
    )
    assert {name: adults[name] for name in ("priceTotal", "optionTotal", "feeTotal", "taxTotal", "grossProfit")} == {
        "priceTotal": 198,
        "optionTotal": "20.00",
        "feeTotal": "10.90",
        "taxTotal": 16.36,
        "grossProfit": 245.26,
    }
    expected = {
        "confirmation": f"{order['confirmation']}",
        "orderId": order["id"],
        "referenceId": "OTA-1",
        "activityId": raft,
        "participantSold": "2",
        "productSold": "0",
        "startDate": "2026-11-20T09:00:00.000Z",
        "orderStartDate": "2026-11-20T09:00:00.000Z",
        "createdDate": order["createdDate"],
        "transactionDate": order["createdDate"],
        "processDate": "2026-10-30",
        "advancePurchaseDays": "21",
        "customerName": "Ann Lee",
        "customerCity": "Moab",
        "customerPostalCode": "84532",
        "productName": "Half-day rafting",
        "productNumber": 4101,
        "productType": "participant",
        "productClass": "groupActivity",
        "productLocation": "Green River put-in",
        "pickupLocation": "Red Cliffs Lodge",
        "pickupLocationId": lodge,
        "supplierId": world.supplier,
        "supplierName": "Canyon",
        "supplierUserName": "Dana Reyes",
        "supplierUserEmail": "dana@canyon.example",
        "createdBy": "Dana Reyes",
        "originalCreatedBy": "Dana Reyes",
        "agencyId": None,
        "agentName": None,
        "agentCommission": "0.00",
        "cancelledDate": None,
        "dateChange": False,
    }
    assert {name: adults[name] for name in expected} == expected
    assert read(adults["grossProfit"]) + read(child["grossProfit"]) == read(order["total"])


async def test_cancelling_and_changing_a_fee_are_rows_of_their_tiers(world: World) -> None:
    desk, raft = world.desk, world.departures["rafting"]
    order = await desk.order((raft, {"Adult": 1, "Child": 1}))
    child = next(line for line in order["items"][0]["participantList"] if line["tier"] == "Child")
    world.clock.advance(MINUTE_MS)
    await desk.data("DELETE", f"/order/{order['id']}/item/{raft}/participant/{child['id']}")
    world.clock.advance(MINUTE_MS)
    fee = f"/api/v1/orders/{order['id']}/lines/{child['id']}/cancellation-fee"
    await desk.data("PUT", fee, json={"amount": 2})
    _, _, cancelled, changed = await world.report(desk, ORDERS, orderIds=order["id"])
    assert (cancelled["tierName"]["key"], cancelled["participantSold"]) == ("Child", "-1")
    assert (cancelled["priceTotal"], cancelled["cancellationFeeTotal"]) == (-59, "5.00")
    assert cancelled["cancelledDate"] == cancelled["transactionDate"]
    assert (changed["tierName"]["key"], changed["participantSold"], changed["priceTotal"]) == ("Child", "0", 0)
    assert (changed["cancellationFeeTotal"], changed["grossProfit"], changed["cancelledDate"]) == ("-3.00", -3, None)
    later = {"from": "2026-10-31", "to": "2026-11-01"}
    assert await world.report(desk, ORDERS, **later) == []


async def test_a_resold_order_for_both_sides(world: World) -> None:
    """The supplier sees the agency and its agent; the reseller no user of the supplier's; what is hidden stays so."""
    business = {"city": "Salt Lake City", "state": "UT", "country": "US", "postalCode": "84101"}
    await world.agent.data("PATCH", "/api/v1/account", json={"business": business})
    raft = world.departures["rafting"]
    order = await world.agent.order((raft, {"Adult": 1}), supplier=world.supplier)
    world.clock.advance(DAY_MS)
    await world.desk.data("DELETE", f"/order/{order['id']}")
    sold, gone = await world.report(world.desk, ORDERS, orderIds=order["id"])
    expected = {
        "agencyId": world.agent.shop.account_id,
        "agencyName": "Agent",
        "agencyCity": "Salt Lake City",
        "agencyPostalCode": "84101",
        "agentName": "Dana Reyes",
        "agentEmail": "dana@agent.example",
        "agentCommission": "15.59",
        "netGrossProfit": 95.79,
        "salesChannel": "Agents",
        "supplierConnectionType": "commission",
        "supplierUserName": "",
        "processorEntityId": world.supplier,
        "entityId": world.agent.shop.account_id,
    }
    assert {name: sold[name] for name in expected} == expected
    assert (gone["createdByEmail"], gone["originalCreatedByEmail"]) == ("dana@canyon.example", "dana@agent.example")
    assert gone["agentCommission"] == "-15.59"
    _, seen = await world.report(world.agent, ORDERS, orderIds=order["id"])
    assert (seen["createdBy"], seen["createdByEmail"]) == ("Canyon", "")
    cart = await world.shop.cart((raft, {"Adult": 1}), supplier=world.supplier)
    await world.shop.data("PUT", f"/cart/{cart}/customer", json={"firstName": "Ann", "city": "Moab"})
    hidden = await world.shop.data("POST", "/order", json={"id": cart})
    (for_supplier,) = await world.report(world.desk, ORDERS, orderIds=hidden["id"])
    (for_seller,) = await world.report(world.shop, ORDERS, orderIds=hidden["id"])
    assert (for_supplier["customerName"], for_supplier["customerCity"]) == ("Ann", None)
    assert for_seller["customerCity"] == "Moab"
    assert for_supplier["supplierNetRate"] == for_seller["supplierNetRate"] == for_seller["netGrossProfit"]
    assert for_seller["processorEntityId"] == world.shop.shop.account_id


async def test_an_order_in_a_resellers_name(world: World) -> None:
    """The supplier's user made it, for an agent if one is named; both sides see the same."""
    agent, supplier = world.agent.shop.account_id, world.supplier
    await world.agent.data("PUT", f"/api/v1/connections/{supplier}/supplier-orders", json={"allowed": True})
    (user, *_) = await world.agent.data("GET", "/api/v1/users")
    for agent_id in (None, user["id"]):
        named = {"resellerEntityId": agent} | ({"agentId": agent_id} if agent_id else {})
        order = await world.desk.order((world.departures["rafting"], {"Adult": 1}), **named)
        (row,), (seen,) = [await world.report(desk, ORDERS, orderIds=order["id"]) for desk in (world.desk, world.agent)]
        for one in (row, seen):
            assert (one["agencyId"], one["agentName"]) == (agent, user["name"] if agent_id else None)
            assert one["supplierUserEmail"] == one["createdByEmail"] == "dana@canyon.example"


def test_tiers_whose_names_count_as_the_same_share_a_row() -> None:
    lines = (("Adult", 1000), ("ADULT", 500), ("Child", 100))
    adults, child = rows_of(sold(lines, Entry("product", "Raft", "d", 1600)))
    assert (adults.tier, adults.participants, adults.total) == ("Adult", 2, 1500)
    assert (child.tier, child.total) == ("Child", 100)


async def test_what_the_system_did_is_nobodys_in_the_rows(world: World) -> None:
    """An order that nobody accepts in time is declined by the system, and by neither business."""
    order = await world.agent.order((world.departures["kayak"], {"All": 1}), supplier=world.supplier)
    world.clock.advance(2 * DAY_MS)
    assert await approval.expire(world.services.database, world.clock) == 1
    for desk in (world.desk, world.agent):
        made, over = await world.report(desk, ORDERS, orderIds=order["id"])
        assert (over["createdBy"], over["createdByEmail"]) == ("system", "")
        assert over["originalCreatedBy"] == made["createdBy"] == "Dana Reyes"
        assert (over["grossProfit"], over["cancellationFeeTotal"]) == (-made["grossProfit"], "0.00")
        assert over["cancelledDate"] is not None


def test_what_the_lines_do_not_account_for_is_split_all_the_same() -> None:
    """To the cent: by what they cost where they cost something else, and on the first row where it is no item's."""
    record = sold(
        (("Adult", 1000), ("Adult", 1000), ("Child", 501)),
        Entry("product", "Raft", "d", 2501),
        Entry("fee", "Landing", "d", 100),
        Entry("service_fee", "Booking", None, 250),
    )
    adults, child = rows_of(record)
    assert (adults.amounts["product"], child.amounts["product"]) == (2000, 501)
    assert (adults.amounts["fee"], child.amounts["fee"]) == (80, 20)
    assert (adults.amounts["service_fee"], child.amounts.get("service_fee", 0)) == (250, 0)
    assert (adults.participants, child.participants, adults.total + child.total) == (2, 1, record.total)


async def test_without_a_limit_nothing_is_left_out(world: World) -> None:
    """A tool asks for days and nothing else. As a file, the same rows with the same names."""
    for _ in range(52):
        await world.desk.order((world.departures["kayak"], {"All": 1}))
    rows = await world.report(world.desk, ORDERS, **QUERY)
    assert len(rows) == 52
    assert await world.report(world.desk, ORDERS, limit=2, page=25, **QUERY) == rows[50:]
    query = "&".join(f"{name}={value}" for name, value in QUERY.items())
    answer = await world.desk.call("GET", f"{ORDERS}?{query}&format=csv")
    table = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert set(table[0]) == {*NAMES, "tierName.key", "tierName.name"} - {"tierName"}
    assert [row["confirmation"] for row in table] == [row["confirmation"] for row in rows]
