"""Carts on the wire, with the oddities of real clients (wire reference, "Cart")."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.catalog.model import Charge, Discount
from seatwright.core.clock import ManualClock
from seatwright.core.ids import new_hex24
from tests.desk import Desk

KAYAK = 4102


@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"content": b"", "headers": {"Content-Type": "application/json"}}])
async def test_a_new_cart(desk: Desk, sent: dict[str, Any]) -> None:
    cart = await desk.data("POST", "/cart", **sent)
    assert (cart["customer"], cart["items"], cart["total"]) == ({}, [], 0)
    assert (cart["entityId"], cart["createdByEmail"]) == (desk.shop.account_id, "dana@canyon.example")
    assert await desk.data("GET", f"/cart/{cart['id']}") == cart
    assert await desk.data("GET", f"/cart?ids={cart['id']},other") == [cart]


@pytest.mark.parametrize(
    "participants", [{"All": 1, "Adult": "2", "Child": "0"}, {"adult": 2.0}, {"Adult": 1, "ADULT": "1", "Child": None}]
)
async def test_participants_as_clients_send_them(desk: Desk, rafting: str, participants: dict[str, Any]) -> None:
    cart = await desk.data("POST", "/cart")
    cart = await desk.data(
        "POST",
        f"/cart/{cart['id']}/item",
        content=str({"itemId": rafting, "participants": participants, "locationId": "", "pickupDetailId": ""})
        .replace("'", '"')
        .replace("None", "null"),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert [line["tier"] for line in cart["items"][0]["participantList"]] == ["Adult", "Adult"]
    assert cart["items"][0]["total"] == cart["total"] == 222.76
    assert cart["items"][0]["pickup"] is None


async def test_the_same_departure_again_is_the_same_item(desk: Desk, rafting: str, clock: ManualClock) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    clock.advance(10 * 60_000)
    again = await desk.data("POST", f"/cart/{cart}/item", json={"itemId": rafting, "participants": {"Child": 1}})
    assert [line["tier"] for line in again["items"][0]["participantList"]] == ["Adult", "Child"]
    assert again["items"][0]["holdExpiresDate"] == "2026-07-01T16:40:00.000Z"
    assert await desk.shop.taken(rafting) == 2


async def test_pickups(desk: Desk, rafting: str) -> None:
    shuttle = (await desk.data("GET", "/product/4101/pickup"))[0]
    chosen = {"locationId": shuttle["locations"][0]["id"], "pickupDetailId": shuttle["pickupDetails"][0]["id"]}
    cart = await desk.data("POST", "/cart")
    body = {"itemId": rafting, "participants": {"Adult": 1}} | chosen
    cart = await desk.data("POST", f"/cart/{cart['id']}/item", json=body)
    item = cart["items"][0]
    assert (item["pickup"]["name"], item["pickup"]["location"]["name"]) == ("Hotel shuttle", "Red Cliffs Lodge")
    assert item["pickup"]["pickupDetail"]["name"] == "07:30 at the lobby"
    # 10.00 for the shuttle, 5 % river fee and 7.5 % tax of 109.00
    assert (item["price"], item["fees"], item["tax"]) == (99, 15.45, 8.18)


async def test_a_location_of_the_products_own_is_no_pickup(desk: Desk, rafting: str) -> None:
    own = (await desk.data("GET", "/product/4101"))["location"][0]["id"]
    cart = await desk.data("POST", "/cart")
    body = {"itemId": rafting, "participants": {"Adult": 1}, "locationId": own}
    item = (await desk.data("POST", f"/cart/{cart['id']}/item", json=body))["items"][0]
    assert (item["location"]["id"], item["pickup"]) == (own, None)


async def test_the_customer_and_answers_by_label(desk: Desk) -> None:
    cart = await desk.cart()
    sent = {
        "email": "ann@lee.example",
        "firstName": " Ann ",
        "postalCode": 84532,
        "title": None,
        "Any allergies?": "Nuts",
    }
    shown = await desk.data("PUT", f"/cart/{cart}/customer", json=sent)
    assert shown["customer"] == {
        "email": "ann@lee.example",
        "firstName": "Ann",
        "postalCode": "84532",
        "Any allergies?": "Nuts",
    }


async def test_removing_and_deleting_give_seats_back(desk: Desk, rafting: str, kayak: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 2}), (kayak, {"All": 3}))
    left = await desk.data("DELETE", f"/cart/{cart}/item/{rafting}")
    assert [item["id"] for item in left["items"]] == [kayak]
    assert (await desk.shop.taken(rafting), await desk.free(KAYAK, kayak)) == (0, 5)
    await desk.refused(404, "DELETE", f"/cart/{cart}/item/{rafting}")
    await desk.data("DELETE", f"/cart/{cart}")
    assert await desk.free(KAYAK, kayak) == 8
    await desk.refused(404, "GET", f"/cart/{cart}")
    assert await desk.data("GET", "/cart") == []


async def test_an_expired_hold_is_free_at_once_and_can_be_taken_anew(
    desk: Desk, kayak: str, clock: ManualClock
) -> None:
    cart = await desk.cart((kayak, {"All": 8}))
    clock.advance(30 * 60_000 - 1)
    assert await desk.free(KAYAK, kayak) == 0
    clock.advance(1)
    assert await desk.free(KAYAK, kayak) == 8
    rival = await desk.cart((kayak, {"All": 1}))
    envelope = await desk.refused(409, "POST", "/order", json={"id": cart})
    assert envelope["errorCode"] == "sold_out"
    assert len((await desk.data("GET", f"/cart/{cart}"))["items"][0]["participantList"]) == 8
    await desk.data("DELETE", f"/cart/{rival}")
    assert (await desk.data("POST", "/order", json={"id": cart}))["total"] == 8 * 75.25
    assert await desk.free(KAYAK, kayak) == 0


async def test_discounts(desk: Desk, kayak: str) -> None:
    first, second = await desk.cart((kayak, {"All": 1})), await desk.cart((kayak, {"All": 1}))
    shown = await desk.data("POST", f"/cart/{first}/discount", json={"code": " early10 "})
    assert (shown["discountCode"], shown["discount"], shown["total"]) == ("EARLY10", 7, 67.73)
    plain = await desk.data("DELETE", f"/cart/{first}/discount")
    assert (plain["discountCode"], plain["total"]) == (None, 75.25)
    once = Discount(id=new_hex24(), code="ONCE", name="Once", calc="flat", amount=1000, per="order", max_uses=1)
    await desk.shop.add("discount", once)
    for cart in (first, second):
        await desk.data("POST", f"/cart/{cart}/discount", json={"code": "ONCE"})
    order = await desk.data("POST", "/order", json={"id": first})
    assert (order["discount"], order["discountCodes"]) == (10, ["ONCE"])
    envelope = await desk.refused(409, "POST", "/order", json={"id": second})
    assert envelope["errorCode"] == "discount_used_up"
    await desk.data("DELETE", f"/cart/{second}/discount")
    await desk.data("POST", "/order", json={"id": second})


async def test_a_charge_per_order_is_taken_once(desk: Desk, kayak: str) -> None:
    booking = Charge(
        id=new_hex24(), code="book", name="Booking fee", kind="service_fee", calc="flat", amount=500, per="order"
    )
    await desk.shop.add("charge", booking)
    order = await desk.order((kayak, {"All": 3}))
    lines = order["items"][0]["participantList"]
    assert sorted(line["fees"] for line in lines) == [1.66, 1.67, 1.67]
    assert order["fees"] == 5
    more = await desk.order((kayak, {"All": 1}), orderId=order["id"])
    assert more["fees"] == 5


async def test_a_cart_that_became_an_order_names_it(desk: Desk, kayak: str) -> None:
    order = await desk.order((kayak, {"All": 1}))
    for method, path in (("GET", ""), ("DELETE", ""), ("DELETE", f"/item/{kayak}")):
        envelope = await desk.refused(409, method, f"/cart/{order['id']}{path}")
        assert order["id"] in envelope["errorMessage"]
