"""The whole journey with either client, against a real server on each database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from seatwright_client import (
    AsyncSeatwrightClient,
    BadRequest,
    BookableTime,
    Conflict,
    Forbidden,
    NotFound,
    SeatwrightClient,
    SoldOut,
    Unauthorized,
)
from tests.client.rig import Client, now
from tests.wire.integration import months_ahead

RAFTING, KAYAK, BIKE = 4101, 4103, 4201


async def test_both_clients_work_a_whole_day(demo: dict[str, Any]) -> None:
    who = {"username": demo["username"], "apikey": demo["apikey"]}
    with SeatwrightClient(demo["baseUrl"], **who) as client:
        await a_day(client, demo)
    async with AsyncSeatwrightClient(demo["baseUrl"], **who) as other:
        await a_day(other, demo)


async def a_day(client: Client, demo: dict[str, Any]) -> None:
    """Everything that an integration does, and then what its operator does."""
    await look_around(client)
    river, bikes = await sell(client)
    await find(client, river, bikes)
    await cancel(client, river, bikes)
    await get_it_wrong(client, demo)
    await resell(client, demo)
    await manage(client, type(client).__name__.lower(), demo)


async def done_with(client: Client) -> None:
    """Close a client."""
    await now(client.aclose() if isinstance(client, AsyncSeatwrightClient) else client.close())


async def look_around(client: Client) -> None:
    products = await now(client.products.iterate(limit=2))
    assert [each.product_number for each in products] == sorted(each.product_number for each in products)
    assert len(products) > 5
    rafting = await now(client.products.read(RAFTING))
    assert rafting == await now(client.products.read(rafting.id)) == await now(client.products.read(rafting.name))
    assert (rafting.quantity_type, rafting.class_, bool(rafting.location[0].id)) == (
        "participant",
        "groupActivity",
        True,
    )
    assert rafting.modified_date is not None
    assert rafting.modified_date.tzinfo is not None
    found = await now(client.products.list(product_numbers=[BIKE, RAFTING], product_name="raft"))
    assert found == [rafting]
    days = await now(client.products.items(RAFTING, from_date=months_ahead(1)))
    first = days[0].times_available[0]
    assert first.local_start is not None
    assert first.start_time == f"{first.local_start.isoformat()}.000Z"
    assert (days[0].date, set(first.price)) == (first.local_start.date(), {"Adult", "Child", "Senior"})


async def a_time(client: Client, product: int, month: str, *, left: int = 0, **query: Any) -> BookableTime:
    """Return the first time in a month with so many seats left."""
    days = await now(client.products.items(product, from_date=month, to_date=month, **query))
    times: list[BookableTime] = [time for day in days for time in day.times_available]
    return next(time for time in times if time.left >= left)


async def left(client: Client, product: int, time: Any) -> int:
    """Return the seats that an order's item, or a time, has left now."""
    day = (time.date if hasattr(time, "date") else time).local_start.date()
    days = await now(client.products.items(product, from_date=day, to_date=day))
    one = time.id if hasattr(time, "id") else time.activity_id
    times: list[BookableTime] = [each for day in days for each in day.times_available]
    return next(each.left for each in times if each.activity_id == one)


async def sell(client: Client) -> tuple[Any, Any]:
    """An order on the river that grows, and one of bikes."""
    time = await a_time(client, RAFTING, months_ahead(1), left=6)
    pickup = (await now(client.products.pickups(RAFTING)))[0]
    cart = await now(client.carts.create())
    cart = await now(
        client.carts.add_item(
            cart.id,
            time.activity_id,
            {"Adult": 2, "Child": 1},
            location_id=pickup.locations[0].id,
            pickup_detail_id=pickup.pickup_details[0].id,
        )
    )
    item = cart.items[0]
    assert (item.pickup.id, item.pickup.pickup_detail.id) == (pickup.id, pickup.pickup_details[0].id)
    assert item.hold_expires_date > cart.modified_date
    assert cart.total == sum((line.total for line in item.lines), Decimal(0)) > 2 * time.price["Adult"]
    assert item.date.start.utcoffset() < dt.timedelta(0)
    assert await left(client, RAFTING, time) == time.left - 3
    assert cart.id in [each.id for each in await now(client.carts.iterate(limit=1))]
    await now(
        client.carts.set_customer(cart.id, {"Allergies or diet": "no nuts"}, first_name="Ann", email="ann@lee.example")
    )
    cart = await now(client.carts.read(cart.id))
    assert cart.customer == {"Allergies or diet": "no nuts", "firstName": "Ann", "email": "ann@lee.example"}
    river = await now(client.orders.create(cart.id, reference_id="OTA-7781", billing={"memo": "payment received"}))
    assert (river.total, river.balance, river.customer) == (cart.total, 0, cart.customer)
    assert (river.payments[0].memo, river.billing) == ("payment received", {"memo": "payment received"})

    more = await now(client.carts.create())
    await now(client.carts.add_item(more.id, time.activity_id, {"Senior": 1}))
    grown = await now(client.orders.create(more.id, order_id=river.confirmation, disable_confirmation_email=True))
    assert (grown.id, len(grown.items), len(grown.items[0].lines)) == (river.id, 1, 4)
    return grown, await rent(client)


async def rent(client: Client) -> Any:
    """An order of bikes, after a change of mind in the cart."""
    rental, time = [await a_time(client, product, months_ahead(1), left=3) for product in (BIKE, RAFTING)]
    cart = await now(client.carts.create())
    await now(client.carts.add_item(cart.id, rental.activity_id, {"All": 3}))
    await now(client.carts.add_item(cart.id, time.activity_id, {"Child": 1}))
    cart = await now(client.carts.remove_item(cart.id, time.activity_id))
    discount = (await now(client.catalog.list("discounts")))[0]
    cheaper = await now(client.carts.apply_discount(cart.id, discount["code"]))
    assert (cheaper.discount_code, cheaper.total < cart.total) == (discount["code"], True)
    assert (await now(client.carts.remove_discount(cart.id))).total == cart.total
    unwanted = await now(client.carts.create())
    await now(client.carts.delete(unwanted.id))
    with pytest.raises(NotFound):
        await now(client.carts.read(unwanted.id))
    bikes = await now(client.orders.create(cart.id))
    assert [len(item.unit_list) for item in bikes.items] == [3]
    return bikes


async def find(client: Client, river: Any, bikes: Any) -> None:
    assert await now(client.orders.read(river.id)) == await now(client.orders.read(river.confirmation)) == river
    both = [river.id, bikes.id]
    found = await now(client.orders.list(confirmation_ids=[bikes.confirmation, river.confirmation], sort_order="desc"))
    assert [each.id for each in found] == both[::-1]
    today = river.created_date.date()
    days = {f"{end}_{which}_date": today for end in ("from", "to") for which in ("created", "modified")}
    assert [each.id for each in await now(client.orders.iterate(ids=both, limit=1, **days))] == both
    assert river.id in [each.id for each in await now(client.orders.iterate(reference_id="OTA-7781"))]
    everything = [each.confirmation for each in await now(client.orders.iterate(limit=2))]
    assert everything == sorted(everything)
    assert {river.confirmation, bikes.confirmation} <= set(everything)


async def cancel(client: Client, river: Any, bikes: Any) -> None:
    """All four levels."""
    trip, rental = river.items[0], bikes.items[0]
    seats = await left(client, RAFTING, trip)
    person, unit = trip.participant_list[0].id, rental.unit_list[0].id
    done = await now(client.orders.cancel_participant(river.id, trip.id, person, apply_cancellation_fee=False))
    assert (done.cancellation.fee, done.cancellation.cancelled) == (0, (person,))
    assert done.cancellation.refund == trip.participant_list[0].total == -done.balance
    assert done.items[0].participant_list[0].status == "cancelled"
    changed = await now(client.orders.set_cancellation_fee(river.id, person, Decimal("1.50")))
    assert (changed.cancellation_fees, changed.balance) == (Decimal("1.50"), done.balance + Decimal("1.50"))
    done = await now(client.orders.cancel_unit(bikes.confirmation, rental.id, unit))
    assert [each.status for each in done.items[0].unit_list] == ["cancelled", "confirmed", "confirmed"]
    done = await now(client.orders.cancel_item(bikes.id, rental.id, apply_cancellation_fee=True))
    assert (done.status, done.cancellation.seats_returned) == ("cancelled", 2)
    done = await now(client.orders.cancel(river.confirmation))
    assert (done.status, await left(client, RAFTING, trip)) == ("cancelled", seats + 4)
    assert (await now(client.orders.cancel(river.confirmation))).cancellation.cancelled == ()
    actions = [event.action for event in await now(client.audit.history(river.id))]
    assert (actions[0], actions.count("order.cancelled")) == ("order.created", 1)


async def get_it_wrong(client: Client, demo: dict[str, Any]) -> None:
    cart = await now(client.carts.create())
    days = [day for month in (0, 1) for day in await now(client.products.items(KAYAK, from_date=months_ahead(month)))]
    full = next(time for day in days for time in day.times_available if time.left == 0)
    with pytest.raises(SoldOut) as sold_out:
        await now(client.carts.add_item(cart.id, full.activity_id, {"All": 1}))
    assert (sold_out.value.status, sold_out.value.code) == (409, "sold_out")
    assert sold_out.value.request_id
    with pytest.raises(BadRequest) as bad:
        await now(client.orders.list(to_created_date="2026-07-01"))
    assert bad.value.field == "toCreatedDate"
    with pytest.raises(BadRequest):
        await now(client.orders.create(cart.id))
    for call in (client.orders.read, client.carts.read, client.products.read):
        with pytest.raises(NotFound):
            await now(call("nowhere"))
    for name in ("apikey", "password", "token"):
        who = {} if name == "token" else {"username": demo["username"]}
        other = type(client)(demo["baseUrl"], **who, **{name: "wrong"})
        with pytest.raises(Unauthorized):
            await now(other.account.read())
        await done_with(other)


async def resell(client: Client, demo: dict[str, Any]) -> None:
    who = demo["reseller"]
    reseller = type(client)(who["baseUrl"], username=who["username"], apikey=who["apikey"])
    supplier = demo["supplierId"]
    assert RAFTING in [each.product_number for each in await now(reseller.products.iterate(supplier_id=supplier))]
    time = await a_time(reseller, RAFTING, months_ahead(2), left=2, supplier_id=supplier)
    cart = await now(reseller.carts.create(supplier_id=supplier))
    assert (await now(reseller.carts.add_item(cart.id, time.activity_id, {"Adult": 2}))).supplier_id == supplier
    order = await now(reseller.orders.create(cart.id, reference_id="TD-1"))
    assert (order.supplier_id, order.resale_type) == (supplier, "commission")
    assert order.commission > 0
    assert order.net_amount == order.total - order.commission
    seen = await now(client.orders.read(order.confirmation))
    assert (seen.total, seen.reseller_id) == (order.total, order.entity_id)
    await now(client.orders.cancel(order.confirmation))
    assert (await now(reseller.orders.read(order.id))).status == "cancelled"
    await done_with(reseller)


async def manage(client: Client, suffix: str, demo: dict[str, Any]) -> None:
    """The account, its users and connections, the catalog, departures, guests, reports, webhooks."""
    account = await now(client.account.read())
    assert (await now(client.account.change(name=account.name))) == account
    code = f"walk-{suffix}"
    number = 9_000 + len(suffix)
    form = {"code": code, "name": f"Walk {suffix}", "number": number, "tiers": {"All": {"price": Decimal("25.10")}}}
    made = await now(client.catalog.create("products", form | {"durationMin": 60, "approvalMin": 600}))
    assert made["tiers"]["All"]["price"] == Decimal("25.10")
    assert await now(client.catalog.replace("products", code, made | {"quantityLabel": "Walker"})) != made
    assert (await now(client.catalog.read("products", code)))["quantityLabel"] == "Walker"
    assert code in [each["code"] for each in await now(client.catalog.iterate("products", limit=3))]
    with pytest.raises(Conflict):
        await now(client.catalog.create("products", form | {"durationMin": 60}))
    for name in ("a", "b"):
        await now(client.catalog.create("tags", {"code": f"{name}-{suffix}", "name": name}))
    assert (await now(client.catalog.delete("tags", f"a-{suffix}")))["name"] == "a"
    document = {"tags": [{"code": f"b-{suffix}", "name": "c"}]}
    shown = await now(client.catalog.import_file(document, check=True))
    assert (shown.check, shown.changed) == (True, True)
    report = await now(client.catalog.import_file(document))
    assert (report.changed, report.counts["tags"].changed) == (True, 1)

    month = months_ahead(3)
    departure = await now(client.departures.create(code, f"{month}-10T09:00", capacity=4, prices={"All": "20.50"}))
    assert (departure.free, departure.prices, departure.start) == (4, {"All": Decimal("20.50")}, f"{month}-10T09:00")
    days = {"from_date": f"{month}-10", "to_date": f"{month}-12"}
    assert await now(client.departures.create_recurring(code, **days, times=["09:00"], capacity=3)) is not None
    assert [each.capacity for each in await now(client.departures.iterate(code, **days, limit=2))] == [4, 3, 3]
    departure = await now(client.departures.change(departure.id, capacity=5))
    assert await now(client.departures.read(departure.id)) == departure
    (*_, spare) = await now(client.departures.iterate(code, **days))
    assert await now(client.departures.delete(spare.id)) == spare
    await handle(client, departure.id, number)
    await users(client, suffix, demo)
    assert [each.active for each in await now(client.connections.iterate(limit=1))] == [True]
    hook = await now(client.webhooks.create("https://hooks.canyon.example/x", events=["order.created"]))
    assert hook.secret not in repr(hook)
    assert (await now(client.webhooks.rotate_secret(hook.id, grace_hours=1))).secret != hook.secret
    assert not (await now(client.webhooks.change(hook.id, active=False))).active
    assert hook.id in [each.id for each in await now(client.webhooks.list())]
    assert await now(client.webhooks.iterate_deliveries(hook.id)) == []
    assert (await now(client.webhooks.delete(hook.id))).id == hook.id


async def handle(client: Client, departure_id: str, number: int) -> None:
    """An order that has to be accepted, and the day on which it comes."""
    orders = []
    for answer in ("accept", "decline"):
        cart = await now(client.carts.create())
        await now(client.carts.add_item(cart.id, departure_id, {"All": 2}))
        order = await now(client.orders.create(cart.id))
        assert (order.status, order.pending_until > order.created_date) == ("pending", True)
        orders.append(await now(getattr(client.orders, answer)(order.id)))
    accepted, declined = orders
    assert (accepted.status, accepted.answer.outcome) == ("confirmed", "accepted")
    assert (declined.status, declined.answer.outcome) == ("cancelled", "declined")
    person = accepted.items[0].lines[0].id
    present = await now(client.orders.check_in(accepted.id, ids=[person]))
    assert [line.checked_in_date is not None for line in present.items[0].lines] == [True, False]
    manifest = await now(client.reports.manifest(departure_id))
    assert (manifest["checkedIn"], len(manifest["guests"])) == (1, 2)
    assert b"Tier" in await now(client.reports.manifest_file(departure_id))
    link = await now(client.orders.customer_link(accepted.id))
    assert (link.can_cancel, link.token in repr(link)) == (True, False)
    assert await now(client.messages.list(order_id=accepted.id)) == []
    accrual = await now(client.reports.accrual())
    assert accrual["totalDebit"] == accrual["totalCredit"] != 0
    sales = await now(client.reports.sales(by="product"))
    row = next(row for row in sales["rows"] if row["name"].startswith("Walk"))
    assert isinstance(row["total"], Decimal)
    records = await now(client.reports.iterate_transactions(product_numbers=[number], limit=1))
    assert {record["orderId"] for record in records} == {accepted.id, declined.id}
    rows = await now(client.reports.orders(product_numbers=[number]))
    assert {row["orderId"] for row in rows} == {accepted.id, declined.id}
    assert sum(row["grossProfit"] for row in rows) == sum(record["total"] for record in records)
    assert (await now(client.reports.file("sales", "xlsx", query={"by": "day"})))[:2] == b"PK"
    assert await now(client.reports.payables()) != []
    assert isinstance(await now(client.reports.receivables()), list)
    assert isinstance(await now(client.reports.iterate_mailing_list()), list)
    refusal = await now(client.refusals.create(f"No{number}@X.example"))
    assert refusal in await now(client.refusals.iterate(limit=1))
    assert await now(client.refusals.delete(refusal.id)) == refusal
    assert await now(client.refusals.list(email=refusal.email)) == []


async def users(client: Client, suffix: str, demo: dict[str, Any]) -> None:
    """A user who may only look."""
    email = f"{suffix}@canyon.example"
    made = await now(client.users.create(email, "Guide", permissions=["orders.read"], password="correct horse battery"))
    assert made in await now(client.users.iterate(limit=1))
    guide = type(client)(demo["baseUrl"], username=email, password="correct horse battery")
    assert (await now(guide.account.read())).id
    with pytest.raises(Forbidden):
        await now(guide.carts.create())
    assert not (await now(client.users.change(made.id, active=False))).active
    with pytest.raises(Unauthorized):
        await now(guide.account.read())
    await done_with(guide)
    key = await now(client.keys.create(f"Till {suffix}", permissions=["orders.read"], expires_date=dt.date(2199, 1, 1)))
    assert key.apikey not in repr(key)
    till = type(client)(demo["baseUrl"], username=demo["username"], apikey=key.apikey)
    assert isinstance(await now(till.orders.list(limit=1)), list)
    with pytest.raises(Forbidden):
        await now(till.carts.create())
    used = next(each for each in await now(client.keys.list()) if each.id == key.id)
    assert used.last_used_date is not None
    assert (await now(client.keys.revoke(key.id))).revoked_date is not None
    with pytest.raises(Unauthorized):
        await now(till.orders.list(limit=1))
    await done_with(till)
    assert key.id in {each.id for each in await now(client.keys.iterate(limit=1))}
    token = await now(client.tokens.authenticate(demo["username"], demo["apikey"]))
    with_token = type(client)(demo["baseUrl"], token=token)
    assert (await now(with_token.account.read())).code == "demo"
    await done_with(with_token)
    raw: Any = await now(client.request("GET", "/api/v1/users", list[dict[str, Any]], query={"limit": 1}))
    assert set(raw[0]) >= {"id", "email"}
    entry: Any = await now(client.request("POST", "/api/v1/tags", dict, body={"code": f"z-{suffix}", "name": "z"}))
    assert (entry["name"], b"errorMessage" in await now(client.request("GET", "/api/v1/account", bytes))) == ("z", True)
