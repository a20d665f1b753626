"""Orders that were added to, with the figures that are right: where charges, pickups or policies went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.storage.engine import Tx
from tests.conftest import START
from tests.desk import Desk

START_OF_TOUR = "2026-12-01T09:00"


async def stock(desk: Desk, tiers: dict[str, float], **parts: Any) -> str:
    """Import a catalog with one product, `tour`, and a departure of it, and return the departure's id."""
    product = {
        "code": "tour",
        "number": 77,
        "name": "Tour",
        "durationMin": 60,
        "tiers": {tier: {"price": price} for tier, price in tiers.items()},
        **parts.pop("tour", {}),
    }
    departures = [{"product": "tour", "start": start, "capacity": 50} for start in (START_OF_TOUR, "2026-12-02T09:00")]
    for charge in ("tax", "river"):
        await desk.data("DELETE", f"/api/v1/charges/{charge}")
    await desk.data("POST", "/api/v1/import", json={"products": [product], "departures": departures, **parts})
    return (await days(desk))[0]


async def days(desk: Desk) -> list[str]:
    """Return the ids of the product's departures."""
    calendar = await desk.data("GET", "/product/77/item?from=2026-12&to=2026-12")
    return [time["activityId"] for day in calendar["items"] for time in day["timesAvailable"]]


async def add(desk: Desk, order: Any, departure: str, counts: dict[str, int], code: str = "", **where: str) -> Any:
    """Add a cart to an order, and return the order."""
    cart = await desk.cart()
    await desk.add(cart, departure, counts, **where)
    if code:
        await desk.data("POST", f"/cart/{cart}/discount", json={"code": code})
    return await desk.data("POST", "/order", json={"id": cart, **({"orderId": order["id"]} if order else {})})


@pytest.mark.parametrize(("included", "total", "tax"), [(False, 1100, 100), (True, 1000, 0)])
async def test_a_tax_on_the_order_is_of_all_of_it(desk: Desk, included: bool, total: float, tax: float) -> None:
    vat = {"code": "vat", "name": "VAT", "kind": "tax", "percent": 10, "per": "order", "included": included}
    tour = await stock(desk, {"Adult": 100, "Free": 0}, charges=[vat])
    order = await desk.order((tour, {"Free": 1}))
    order = await add(desk, order, tour, {"Adult": 10})
    assert (order["total"], order["tax"], order["amountPaid"]) == (total, tax, total)
    charged = [charge["amount"] for line in order["items"][0]["participantList"] for charge in line["charges"]]
    assert round(sum(charged), 2) == (90.91 if included else 100)


async def test_a_fee_on_the_order_is_carried_by_those_who_come(desk: Desk) -> None:
    fee = {"code": "b", "name": "Booking fee", "kind": "service_fee", "amount": 2.50, "per": "order"}
    tour = await stock(desk, {"Adult": 100, "Infant": 0}, charges=[fee])
    order = await desk.order((tour, {"Adult": 1, "Infant": 1}))
    adult = order["items"][0]["participantList"][0]["id"]
    gone = await desk.data("DELETE", f"/order/{order['id']}/item/{tour}/participant/{adult}")
    assert (gone["cancellation"]["refund"], gone["fees"]) == (102.50, 0)
    order = await add(desk, order, tour, {"Adult": 1})
    assert (order["fees"], order["total"]) == (2.50, 102.50)


PICKUPS = {
    "locations": [{"code": f"h{n}", "name": f"Hotel {n}"} for n in (1, 2)],
    "pickups": [
        {"code": "shuttle", "name": "Shuttle", "price": 10, "locations": ["h1"]},
        {"code": "limo", "name": "Limo", "price": 50, "locations": ["h2"]},
    ],
}


async def picked_up(desk: Desk, departure: str) -> list[str | None]:
    """Return the pickup of each guest on the manifest."""
    manifest = await desk.data("GET", f"/api/v1/departures/{departure}/manifest")
    return [guest["pickup"] and guest["pickup"]["name"] for guest in manifest["guests"]]


async def test_each_guest_has_a_pickup_of_their_own(desk: Desk) -> None:
    tour = await stock(desk, {"Adult": 100}, tour={"pickups": ["shuttle", "limo"]}, **PICKUPS)
    places = {each["name"]: each["locations"][0]["id"] for each in await desk.data("GET", "/product/77/pickup")}
    order = await add(desk, None, tour, {"Adult": 2}, locationId=places["Shuttle"])
    order = await add(desk, order, tour, {"Adult": 1}, locationId=places["Limo"])
    assert (order["total"], order["items"][0]["pickup"]) == (370, None)
    assert [line["pickup"]["name"] for line in order["items"][0]["participantList"]] == ["Shuttle", "Shuttle", "Limo"]
    assert sorted(await picked_up(desk, tour), key=str) == ["Limo", "Shuttle", "Shuttle"]
    await desk.data("DELETE", f"/order/{order['id']}")
    other = await add(desk, None, tour, {"Adult": 1}, locationId=places["Limo"])
    other = await add(desk, other, tour, {"Adult": 3})
    assert other["total"] == 450
    assert sorted(await picked_up(desk, tour), key=str) == ["Limo", None, None, None]


async def test_each_guest_has_a_meeting_point_of_their_own(desk: Desk) -> None:
    where = [{"code": f"h{n}", "name": f"Hotel {n}"} for n in (1, 2)]
    tour = await stock(desk, {"Adult": 100}, tour={"locations": ["h1", "h2"]}, locations=where)
    ids = {each["name"]: each["id"] for each in (await desk.data("GET", "/product/77"))["location"]}
    order = await add(desk, None, tour, {"Adult": 1}, locationId=ids["Hotel 2"])
    order = await add(desk, order, tour, {"Adult": 1})
    assert [line["location"]["name"] for line in order["items"][0]["participantList"]] == ["Hotel 2", "Hotel 1"]
    assert order["items"][0]["location"] is None


async def change_policy(desk: Desk, percent: int) -> None:
    """Give the policy one fee, of so much a person; none with 0."""
    fees = [{"percent": percent, "per": "person"}] if percent else []
    await desk.data("POST", "/api/v1/import", json={"policies": [{"code": "p", "name": "Policy", "fees": fees}]})


async def fees(desk: Desk, order: Any) -> list[float]:
    """Return what cancelling each guest who still comes would cost."""
    quote = await desk.data("GET", f"/api/v1/orders/{order['id']}/cancellation-quote")
    return [line["fee"] for line in quote["policy"]]


async def test_each_guest_has_the_policy_that_they_were_sold_under(desk: Desk) -> None:
    policy = {"code": "p", "name": "Policy", "fees": [{"percent": 10, "per": "person"}]}
    tour = await stock(desk, {"Adult": 100}, tour={"policy": "p"}, policies=[policy])
    order = await desk.order((tour, {"Adult": 1}))
    await change_policy(desk, 80)
    order = await add(desk, order, tour, {"Adult": 1})
    assert await fees(desk, order) == [10, 80]


async def test_a_date_that_is_added_again_has_todays_policy(desk: Desk) -> None:
    policy = {"code": "p", "name": "Policy", "fees": []}
    await stock(desk, {"Adult": 100}, tour={"policy": "p"}, policies=[policy])
    first, second = await days(desk)
    order = await desk.order((first, {"Adult": 1}), (second, {"Adult": 1}))
    await desk.data("DELETE", f"/order/{order['id']}/item/{first}")
    await change_policy(desk, 100)
    order = await add(desk, order, first, {"Adult": 1})
    assert sorted(await fees(desk, order)) == [0, 100]


async def test_a_discount_on_the_order_is_given_once(desk: Desk) -> None:
    discounts = [
        {"code": "TWENTY", "name": "x", "amount": 20, "per": "order"},
        {"code": "ONCE", "name": "y", "percent": 10, "maxUses": 1},
    ]
    tour = await stock(desk, {"A": 50}, discounts=discounts)
    for code, total in (("TWENTY", 80), ("ONCE", 90)):
        order = await add(desk, None, tour, {"A": 1}, code)
        order = await add(desk, order, tour, {"A": 1}, code.lower())
        assert (order["total"], order["discountCodes"]) == (total, [code])
    # Another order is another use.
    cart = await desk.cart((tour, {"A": 1}))
    await desk.data("POST", f"/cart/{cart}/discount", json={"code": "ONCE"})
    assert (await desk.refused(409, "POST", "/order", json={"id": cart}))["errorCode"] == "discount_used_up"


async def test_an_order_from_before_terms_were_kept_takes_nothing_twice(desk: Desk) -> None:
    fee = {"code": "b", "name": "Booking fee", "kind": "service_fee", "amount": 2.50, "per": "order"}
    discounts = [{"code": "TWENTY", "name": "x", "amount": 20, "per": "order"}]
    tour = await stock(desk, {"A": 50}, discounts=discounts, charges=[fee])
    order = await add(desk, None, tour, {"A": 1}, "TWENTY")
    await forget_terms(desk, order["id"])
    old = await desk.data("GET", f"/order/{order['id']}")
    assert old["items"] == order["items"]
    cart = await desk.data("POST", f"/cart?orderId={order['id']}")
    await desk.add(cart["id"], tour, {"A": 1})
    shown = await desk.data("POST", f"/cart/{cart['id']}/discount", json={"code": "TWENTY"})
    added = await desk.data("POST", "/order", json={"id": cart["id"]})
    assert (added["total"], added["discount"], added["fees"]) == (82.50, 20, 2.50)
    assert shown["total"] == round(added["total"] - old["total"], 2)
    assert added["items"][0]["participantList"][0] == old["items"][0]["participantList"][0]


async def forget_terms(desk: Desk, order_id: str) -> None:
    """Write an order as one was written before a line said on which terms it was sold."""

    async def run(tx: Tx) -> None:
        row = await tx.row("SELECT body FROM orders WHERE id = $1", order_id)
        assert row is not None
        body = json.loads(row["body"])
        for line in (line for item in body["items"] for line in item["lines"]):
            line.pop("reduction", None)
            for charge in line.get("charges", []):
                charge.pop("rate", None)
                charge.pop("calc", None)
        await tx.execute("UPDATE orders SET body = $2, version = version + 1 WHERE id = $1", order_id, json.dumps(body))

    await desk.services.database.write(run)


@pytest.mark.parametrize("ended", ["endsAt", "active"])
async def test_a_code_that_has_ended_is_for_those_who_were_shown_it(desk: Desk, clock: ManualClock, ended: str) -> None:
    off = {"code": "OFF", "name": "Off", "percent": 10, "endsAt": "2026-07-03T00:00"}
    tour = await stock(desk, {"A": 50}, discounts=[off])
    cart = await desk.cart((tour, {"A": 1}))
    assert (await desk.data("POST", f"/cart/{cart}/discount", json={"code": "OFF"}))["total"] == 45
    if ended == "endsAt":
        clock.set(START + 3 * DAY_MS)
    else:
        await desk.data("POST", "/api/v1/import", json={"discounts": [{**off, "active": False}]})
    shown = await desk.add(cart, tour, {"A": 2})
    assert [line["discount"] for line in shown["items"][0]["participantList"]] == [5, 0, 0]
    assert (await desk.data("POST", "/order", json={"id": cart}))["total"] == 145


async def test_a_cart_for_an_order_shows_what_adding_it_costs(desk: Desk) -> None:
    fee = {"code": "b", "name": "Booking fee", "kind": "service_fee", "amount": 2.50, "per": "order"}
    tour = await stock(desk, {"Adult": 100}, charges=[fee])
    order = await desk.order((tour, {"Adult": 1}))
    plain = await desk.add(await desk.cart(), tour, {"Adult": 1})
    assert (plain["total"], plain["orderId"], plain["addition"]) == (102.50, None, None)
    made = await desk.data("POST", f"/cart?orderId={order['confirmation']}")
    assert (made["orderId"], made["total"], made["addition"]["orderTotal"]) == (order["id"], 0, 102.50)
    cart = await desk.add(made["id"], tour, {"Adult": 1})
    addition = {"orderId": order["id"], "confirmation": order["confirmation"], "total": 100, "orderTotal": 202.50}
    assert (cart["total"], cart["fees"], cart["addition"]) == (100, 0, addition)
    assert cart["items"][0]["total"] == 101.25, "as it will be in the order"
    for shown in (await desk.data("GET", f"/cart/{made['id']}"), *await desk.data("GET", f"/cart?ids={made['id']}")):
        assert (shown["total"], shown["addition"]) == (100, addition)
    other = await desk.order((tour, {"Adult": 1}))
    wrong = await desk.refused(409, "POST", "/order", json={"id": made["id"], "orderId": other["id"]})
    assert wrong["errorCode"] == "other_order"
    added = await desk.data("POST", "/order", json={"id": made["id"]})
    assert (added["id"], added["total"], added["amountPaid"]) == (order["id"], 202.50, 202.50)
    await desk.data("DELETE", f"/order/{order['id']}")
    assert (await desk.refused(409, "POST", f"/cart?orderId={order['id']}"))["errorCode"] == "order_cancelled"
    assert (await desk.refused(404, "POST", "/cart?orderId=999"))["errorCode"] == "order_not_found"


@pytest.mark.parametrize(
    ("compound", "taxes"),
    [(False, {"State": 10.00, "City": 5.00}), (True, {"State": 9.96, "City": 5.48})],
)
async def test_taxes_that_a_price_contains_are_taken_out_together(
    desk: Desk, compound: bool, taxes: dict[str, float]
) -> None:
    charges = [
        {"code": "state", "name": "State", "kind": "tax", "percent": 10, "included": True},
        {"code": "city", "name": "City", "kind": "tax", "percent": 5, "included": True, "compound": compound},
    ]
    tour = await stock(desk, {"Adult": 115}, charges=charges)
    order = await desk.order((tour, {"Adult": 1}))
    assert order["total"] == 115
    line = order["items"][0]["participantList"][0]
    assert {charge["name"]: charge["amount"] for charge in line["charges"]} == taxes


async def test_only_a_tax_in_percent_for_each_guest_is_compound(desk: Desk) -> None:
    for wrong in (
        {"kind": "fee", "percent": 5},
        {"kind": "tax", "amount": 5},
        {"kind": "tax", "percent": 5, "per": "order"},
    ):
        charge = {"code": "x", "name": "X", "compound": True, **wrong}
        said = await desk.refused(400, "POST", "/api/v1/charges", json=charge)
        assert said["errorMessage"].startswith("compound: ")
