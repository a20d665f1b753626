"""A reseller sells a supplier's seats over HTTP: both see the order, each in its own list, and either may cancel."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.catalog.model import Discount
from seatwright.core.clock import HOUR_MS, MINUTE_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.conftest import START
from tests.desk import KAYAK, RAFTING, Desk, open_desk


@pytest.fixture
async def reseller(desk: Desk, client: httpx.AsyncClient, services: Services) -> Desk:
    """Another outfitter, which may sell what `desk` has."""
    opened = await open_desk(client, services, "tripdesk")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": opened.shop.account_id})
    return opened


async def disconnect(desk: Desk, reseller: Desk, *, active: bool = False) -> None:
    """Close the connection, or open it again."""
    await desk.data("PATCH", f"/api/v1/connections/{reseller.shop.account_id}", json={"active": active})


async def ids(desk: Desk, query: str = "") -> list[str]:
    """Return the ids in the list of orders that an account sees."""
    return [order["id"] for order in await desk.data("GET", f"/order{query}")]


def for_both(order: dict[str, Any]) -> dict[str, Any]:
    """Return what supplier and reseller see alike."""
    ours = {"entityId", "supplierId", "resellerId", "cancellation", "createdDate"}
    return {name: value for name, value in order.items() if name not in ours}


async def test_a_reseller_finds_and_sells_what_the_supplier_has(desk: Desk, reseller: Desk, rafting: str) -> None:
    supplier = desk.shop.account_id
    products = await reseller.data("GET", f"/product?supplierId={supplier}")
    assert products == await desk.data("GET", "/product")
    days = f"item?from=2026-07&to=2026-07&supplierId={supplier}"
    assert await reseller.data("GET", f"/product/{RAFTING}/{days}") == await desk.data(
        "GET", f"/product/{RAFTING}/{days}"
    )
    cart_id = await reseller.cart((rafting, {"Adult": 2}), supplier=supplier)
    cart = await reseller.data("GET", f"/cart/{cart_id}")
    assert (cart["entityId"], cart["supplierId"]) == (reseller.shop.account_id, supplier)
    assert (cart["createdByEmail"], cart["total"]) == ("dana@tripdesk.example", 222.76)
    assert await desk.free(RAFTING, rafting) == 10
    # The cart is the reseller's alone.
    assert await desk.data("GET", "/cart") == []
    await desk.refused(404, "GET", f"/cart/{cart_id}")
    await desk.refused(404, "POST", "/order", json={"id": cart_id})

    order = await reseller.data("POST", "/order", json={"id": cart_id, "referenceId": "TD-9"})
    seen = await desk.data("GET", f"/order/{order['confirmation']}")
    assert (order["entityId"], order["supplierId"], order["resellerId"]) == (reseller.shop.account_id, supplier, None)
    assert (seen["entityId"], seen["supplierId"], seen["resellerId"]) == (supplier, None, reseller.shop.account_id)
    assert for_both(seen) == for_both(order)
    assert order["createdByEmail"] == "dana@tripdesk.example"
    assert await reseller.data("POST", "/order", json={"id": cart_id, "referenceId": "TD-9"}) == order
    assert await desk.free(RAFTING, rafting) == 10


async def test_supplier_and_reseller_each_have_their_own_list_of_orders(
    desk: Desk, reseller: Desk, rafting: str, clock: ManualClock
) -> None:
    supplier = desk.shop.account_id
    kayak = await reseller.shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    mine, theirs, both = [], [], []
    for i in range(3):
        mine.append((await desk.order((rafting, {"Adult": 1}), referenceId="REF"))["id"])
        theirs.append((await reseller.order((kayak, {"All": 1}), referenceId="REF"))["id"])
        sold = await reseller.order((rafting, {"Child": 1}), supplier=supplier, referenceId=f"TD-{i}")
        both.append(sold["id"])
        clock.advance(MINUTE_MS)
    for side, own in ((desk, mine), (reseller, theirs)):
        expected = [order_id for pair in zip(own, both, strict=True) for order_id in pair]
        assert await ids(side) == expected
        assert await ids(side, "?sortOrder=desc") == expected[::-1]
        assert [*await ids(side, "?limit=4"), *await ids(side, "?limit=4&page=1")] == expected
        assert await ids(side, "?referenceId=REF") == expected[::2]
        assert await ids(side, "?referenceId=TD-1") == [both[1]]
        assert await ids(side, f"?ids={','.join(mine + theirs + both)}") == expected
    number = (await desk.data("GET", f"/order/{both[2]}"))["confirmation"]
    assert (
        await ids(desk, f"?confirmationIds={number}") == await ids(reseller, f"?confirmationIds={number}") == [both[2]]
    )
    for order_id in mine:
        await reseller.refused(404, "GET", f"/order/{order_id}")
    for order_id in theirs:
        await desk.refused(404, "GET", f"/order/{order_id}")


async def test_either_side_cancels_on_any_level(desk: Desk, reseller: Desk, rafting: str, bike: str) -> None:
    order = await reseller.order((rafting, {"Adult": 3}), (bike, {"All": 2}), supplier=desk.shop.account_id)
    whole, people = f"/order/{order['confirmation']}", order["items"][0]["participantList"]
    unit = order["items"][1]["unitList"][0]["id"]
    steps = [
        (reseller, f"{whole}/item/{rafting}/participant/{people[0]['id']}", 5, (10, 3)),
        (desk, f"{whole}/item/{rafting}/participant/{people[1]['id']}?applyCancellationFee=false", 0, (11, 3)),
        (desk, f"{whole}/item/{bike}/unit/{unit}", 3, (11, 4)),
        (reseller, f"{whole}/item/{bike}", 3, (11, 5)),
        (reseller, whole, 5, (12, 5)),
    ]
    for side, path, fee, free in steps:
        done = await side.data("DELETE", path)
        assert done["cancellation"]["fee"] == fee
        assert (await desk.free(RAFTING, rafting), await desk.free(4201, bike)) == free
        other = reseller if side is desk else desk
        assert for_both(await other.data("GET", whole)) == for_both(done)
    assert (await desk.data("GET", whole))["status"] == "cancelled"


async def test_a_cart_is_added_only_to_an_order_between_the_same_two_accounts(
    desk: Desk, reseller: Desk, rafting: str
) -> None:
    supplier = desk.shop.account_id
    kayak = await reseller.shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    resold = await reseller.order((rafting, {"Adult": 1}), supplier=supplier)
    more = await reseller.order((rafting, {"Child": 1}), supplier=supplier, orderId=resold["id"])
    assert [line["tier"] for line in more["items"][0]["participantList"]] == ["Adult", "Child"]
    own, direct = await reseller.order((kayak, {"All": 1})), await desk.order((rafting, {"Adult": 1}))
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=supplier)
    plain, theirs = await reseller.cart((kayak, {"All": 1})), await desk.cart((rafting, {"Adult": 1}))
    cases = [
        (reseller, cart, own, 409, "other_supplier"),
        (reseller, cart, direct, 404, "order_not_found"),
        (reseller, plain, resold, 409, "other_supplier"),
        (desk, theirs, resold, 409, "other_supplier"),
    ]
    for side, cart_id, order, status, code in cases:
        envelope = await side.refused(status, "POST", "/order", json={"id": cart_id, "orderId": order["id"]})
        assert (envelope["errorCode"], envelope["errorMessage"].split(":")[0]) == (code, "orderId")
    assert for_both(await desk.data("GET", f"/order/{resold['id']}")) == for_both(more)


async def test_a_resellers_cart_takes_discounts_and_departures_of_the_supplier_alone(
    desk: Desk, reseller: Desk, rafting: str
) -> None:
    for side, code in ((desk, "SUPPLIER"), (reseller, "RESELLER")):
        discount = Discount(id=new_hex24(), code=code, name=code, calc="flat", amount=1000)
        await side.shop.add("discount", discount)
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    assert (await reseller.data("POST", f"/cart/{cart}/discount", json={"code": "SUPPLIER"}))["discount"] == 10
    await reseller.refused(404, "POST", f"/cart/{cart}/discount", json={"code": "RESELLER"})
    own = await reseller.shop.departure("rafting", "2026-07-15 09:00", capacity=8)
    body = {"itemId": own, "participants": {"Adult": 1}}
    assert (await reseller.refused(404, "POST", f"/cart/{cart}/item", json=body))["errorCode"] == "item_not_found"
    plain = await reseller.cart((own, {"Adult": 1}))
    body = {"itemId": rafting, "participants": {"Adult": 1}}
    assert (await reseller.refused(404, "POST", f"/cart/{plain}/item", json=body))["errorCode"] == "item_not_found"


async def test_a_cart_for_a_supplier_that_is_not_connected_is_refused(desk: Desk, reseller: Desk) -> None:
    for supplier in ("0" * 24, "nonsense", reseller.shop.account_id[:23]):
        envelope = await reseller.refused(404, "POST", f"/cart?supplierId={supplier}")
        assert (envelope["errorCode"], envelope["errorMessage"].split(":")[0]) == ("supplier_not_found", "supplierId")
    # A connection has a direction.
    await desk.refused(404, "POST", f"/cart?supplierId={reseller.shop.account_id}")
    assert await reseller.data("GET", "/cart") == await desk.data("GET", "/cart") == []


async def test_after_the_connection_has_ended_nothing_new_is_sold_and_old_orders_stay(
    desk: Desk, reseller: Desk, rafting: str, clock: ManualClock
) -> None:
    supplier = desk.shop.account_id
    order = await reseller.order((rafting, {"Adult": 2}), supplier=supplier)
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=supplier)
    left = await reseller.cart((rafting, {"Adult": 3}), supplier=supplier)
    await disconnect(desk, reseller)
    body = {"itemId": rafting, "participants": {"Adult": 1}}
    for method, path, sent in (
        ("POST", f"/cart?supplierId={supplier}", None),
        ("POST", f"/cart/{cart}/item", body),
        ("POST", "/order", {"id": cart}),
        ("POST", "/order", {"id": cart, "orderId": order["id"]}),
        ("GET", f"/product?supplierId={supplier}", None),
    ):
        envelope = await reseller.refused(404, method, path, json=sent)
        assert envelope["errorCode"] == "supplier_not_found"
    # What was sold stays sold: it is seen, answered again and cancelled; what is held is given back.
    assert await reseller.data("POST", "/order", json={"id": order["id"]}) == order
    await reseller.data("DELETE", f"/cart/{left}")
    person = order["items"][0]["participantList"][0]["id"]
    await reseller.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{person}")
    assert await ids(desk) == await ids(reseller) == [order["id"]]
    assert await desk.free(RAFTING, rafting) == 10
    clock.advance(30 * MINUTE_MS)
    await reseller.refused(404, "POST", "/order", json={"id": cart})
    assert await desk.free(RAFTING, rafting) == 11
    # Together again, the cart is as good as it was.
    await disconnect(desk, reseller, active=True)
    resold = await reseller.data("POST", "/order", json={"id": cart})
    await desk.data("DELETE", f"/order/{resold['id']}")
    assert (await reseller.data("GET", f"/order/{resold['id']}"))["status"] == "cancelled"


async def test_a_third_account_sees_nothing(
    desk: Desk, reseller: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    third = await open_desk(client, services, "third")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": third.shop.account_id})
    order = await reseller.order((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    assert await ids(third) == await ids(third, f"?ids={order['id']}") == []
    for reference in (order["id"], order["confirmation"]):
        await third.refused(404, "GET", f"/order/{reference}")
        await third.refused(404, "DELETE", f"/order/{reference}")
    cart = await third.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    await third.refused(404, "POST", "/order", json={"id": cart, "orderId": order["id"]})


async def test_the_books_have_the_supplier_s_date(
    desk: Desk, reseller: Desk, rafting: str, services: Services, clock: ManualClock
) -> None:
    """Dates of creation never go back for whoever sees them, also where a reseller has been served by a clock ahead."""
    own = await reseller.shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    clock.advance(HOUR_MS)
    await reseller.order((own, {"All": 1}))
    clock.set(START)
    order = await reseller.order((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    assert order["createdDate"] == "2026-07-01T17:00:00.000Z"
    assert (await desk.data("GET", f"/order/{order['id']}"))["createdDate"] == "2026-07-01T16:00:00.000Z"
    rows = await services.database.read(
        lambda tx: tx.rows("SELECT DISTINCT created_at FROM ledger_entry WHERE order_id = $1", order["id"])
    )
    assert [row["created_at"] for row in rows] == [START]


async def test_a_reseller_that_holds_its_share_is_told_what_to_do(desk: Desk, reseller: Desk) -> None:
    departure = await desk.shop.departure("kayak", "2026-07-16 09:00", capacity=30)
    supplier = desk.shop.account_id
    await reseller.cart((departure, {"All": 15}), supplier=supplier)
    second = await reseller.cart(supplier=supplier)
    item = {"itemId": departure, "participants": {"All": 1}}
    envelope = await reseller.refused(409, "POST", f"/cart/{second}/item", json=item)
    assert envelope["errorCode"] == "reseller_share"
    assert envelope["errorMessage"] == (
        "Your open carts hold 15 seats of this departure, and may hold 15 at a time; take fewer, order or delete what "
        "is in them, or ask the supplier for a larger share."
    )
    assert (await reseller.data("GET", f"/cart/{second}"))["items"] == []
    assert await desk.free(KAYAK, departure) == 15
    path = f"/api/v1/connections/{reseller.shop.account_id}"
    shown = await desk.data("PATCH", path, json={"terms": {"holdPercent": 60}})
    assert shown["terms"]["holdPercent"] == 60
    await reseller.add(second, departure, {"All": 3})
    for bad in (0, 101, 1.5, "half"):
        envelope = await desk.refused(400, "PATCH", path, json={"terms": {"holdPercent": bad}})
        assert "terms.holdPercent" in envelope["errorMessage"]
