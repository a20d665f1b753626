"""Carts over HTTP, with the oddities of real clients (wire reference, "Cart")."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from seatwright.catalog.model import Pickup, PickupDetail, Product, Tier
from seatwright.core.clock import ManualClock
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.desk import BIKE, KAYAK, RAFTING, Desk, open_desk

MINUTE_MS = 60_000
JSON = {"Content-Type": "application/json; charset=utf-8"}


async def test_a_new_cart_is_made_from_any_body_that_clients_send(desk: Desk) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"json": {}},
        {"content": b"", "headers": {"Content-Type": "application/json"}},
        {"content": b"", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b"{}"},
        {"content": b"null", "headers": JSON},
        {"json": {"customer": None, "items": None, "supplierId": None}},
        {"params": {"supplierId": ""}},
        {"params": {"supplierId": desk.shop.account_id}},
    ]
    made = [await desk.data("POST", "/cart", **sent) for sent in bodies]
    for cart in made:
        assert (cart["customer"], cart["items"], cart["total"], cart["supplierId"]) == ({}, [], 0, None)
        assert (cart["entityId"], cart["createdBy"]) == (desk.shop.account_id, "Dana Reyes")
        assert (cart["createdByEmail"], cart["createdDate"]) == ("dana@canyon.example", "2026-07-01T16:00:00.000Z")
        assert await desk.data("GET", f"/cart/{cart['id']}") == cart
    assert len({cart["id"] for cart in made}) == len(bodies)


async def test_the_list_of_carts_has_open_ones_of_the_account_alone_and_pages(
    desk: Desk, kayak: str, clock: ManualClock, client: httpx.AsyncClient, services: Services
) -> None:
    other = await open_desk(client, services, "other")
    foreign, carts = await other.cart(), []
    for _ in range(7):
        carts.append(await desk.cart())
        clock.advance(1)
    await desk.data("DELETE", f"/cart/{carts.pop(2)}")
    ordered = await desk.order((kayak, {"All": 1}))

    async def listed(query: str) -> list[str]:
        return [cart["id"] for cart in await desk.data("GET", f"/cart?{query}")]

    assert await listed("") == carts
    assert await listed("limit=4&page=1") == carts[4:]
    assert await listed("limit=4&page=2") == []
    wanted = f"{carts[4]},%20{carts[1]},,nonsense,{foreign},{ordered['id']},{carts[1]}"
    assert await listed(f"ids={wanted}") == [carts[1], carts[4]]
    assert await listed(f"ids={wanted}&limit=1&page=1") == [carts[4]]
    assert await listed(f"ids={foreign}") == []
    assert [cart["id"] for cart in await other.data("GET", "/cart")] == [foreign]


@pytest.mark.parametrize(
    "participants",
    [
        {"All": 1, "Adult": "2", "Child": "0"},
        {"adult": 2.0},
        {"Adult": 1, "ADULT": " 1 ", "Child": None, "Nobody": 0},
    ],
)
async def test_participants_are_read_in_each_form_that_clients_send(
    desk: Desk, rafting: str, participants: dict[str, Any]
) -> None:
    cart_id = await desk.cart()
    body = {"itemId": rafting, "participants": participants, "locationId": "", "pickupDetailId": ""}
    cart = await desk.data("POST", f"/cart/{cart_id}/item", content=json.dumps(body), headers=JSON)
    assert [line["tier"] for line in cart["items"][0]["participantList"]] == ["Adult", "Adult"]
    assert cart["items"][0]["total"] == cart["total"] == 222.76
    assert cart["items"][0]["pickup"] is None
    nulls = body | {"locationId": None, "pickupDetailId": None, "units": None, "participants": {"Child": "1"}}
    cart = await desk.data("POST", f"/cart/{cart_id}/item", json=nulls)
    assert [line["tier"] for line in cart["items"][0]["participantList"]] == ["Adult", "Adult", "Child"]
    assert await desk.shop.taken(rafting) == 3


async def test_all_means_the_only_tier_where_there_is_one(desk: Desk, kayak: str, bike: str) -> None:
    guest = Product(
        id=new_hex24(), code="walk", name="Walk", number=4103, tiers=(Tier(code="Guest", name="Guest", price=1000),)
    )
    pair = Tier(code="Pair", name="Two in a boat", price=9000, seats=2)
    double = Product(id=new_hex24(), code="double", name="Double kayak", number=4104, tiers=(pair,))
    await desk.shop.add_all([("product", guest), ("product", double)])
    walk = await desk.shop.departure("walk", "2026-07-14 09:00", capacity=5)
    boats = await desk.shop.departure("double", "2026-07-14 09:00", capacity=5)
    cart_id = await desk.cart((kayak, {"all": "2", "Adult": 0}), (walk, {"All": 2, "Child": "0"}))
    cart = await desk.add(cart_id, boats, {"All": 2})
    assert [len(item["participantList"]) for item in cart["items"]] == [2, 2, 2]
    assert [await desk.shop.taken(departure) for departure in (kayak, walk, boats)] == [2, 2, 4]
    await desk.refused(409, "POST", f"/cart/{cart_id}/item", json={"itemId": boats, "participants": {"Pair": 1}})
    body: dict[str, Any] = {"itemId": bike, "units": {"All": "2"}}
    rented = (await desk.data("POST", f"/cart/{cart_id}/item", json=body))["items"][-1]
    assert (rented["quantityType"], rented["participantList"], len(rented["unitList"])) == ("unit", [], 2)


async def test_the_same_departure_again_is_the_same_item(desk: Desk, rafting: str, clock: ManualClock) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    clock.advance(10 * MINUTE_MS)
    again = await desk.add(cart, rafting, {"Child": 1})
    assert [line["tier"] for line in again["items"][0]["participantList"]] == ["Adult", "Child"]
    assert again["items"][0]["holdExpiresDate"] == "2026-07-01T16:40:00.000Z"
    assert (again["createdDate"], again["modifiedDate"]) == ("2026-07-01T16:00:00.000Z", "2026-07-01T16:10:00.000Z")
    assert await desk.shop.taken(rafting) == 2


async def test_a_unit_of_a_pool_is_rented_once_at_a_time(desk: Desk, bike: str) -> None:
    later = await desk.shop.departure("bike", "2026-07-14 15:00", end="2026-07-14 20:00", capacity=5, pool="bikes")
    evening = await desk.shop.departure("bike", "2026-07-14 17:00", end="2026-07-14 20:00", capacity=5, pool="bikes")
    cart = await desk.cart((bike, {"All": 3}))
    assert [await desk.free(BIKE, departure) for departure in (bike, later, evening)] == [2, 2, 5]
    await desk.refused(409, "POST", f"/cart/{cart}/item", json={"itemId": later, "participants": {"All": 3}})
    await desk.add(cart, later, {"All": 2})
    assert [await desk.free(BIKE, departure) for departure in (bike, later, evening)] == [0, 0, 3]
    await desk.data("DELETE", f"/cart/{cart}/item/{bike}")
    assert [await desk.free(BIKE, departure) for departure in (bike, later, evening)] == [3, 3, 3]


async def test_a_dateless_product_is_sold_and_cancelled_like_others(desk: Desk) -> None:
    tiers = (Tier(code="All", name="Voucher", price=10_000),)
    voucher = Product(id=new_hex24(), code="gift", name="Voucher", number=4301, dateless=True, tiers=tiers)
    await desk.shop.add("product", voucher)
    item_id = await desk.shop.departure("gift", None, capacity=3)
    order = await desk.order((item_id, {"All": 2}))
    assert order["items"][0]["date"] == {"startTime": None, "endTime": None, "timeZone": "America/Denver"}
    cancelled = await desk.data("DELETE", f"/order/{order['id']}/item/{item_id}")
    assert (cancelled["cancellation"]["seatsReturned"], await desk.shop.taken(item_id)) == (2, 0)


async def test_a_departures_own_prices_replace_the_products(desk: Desk) -> None:
    dear = await desk.shop.departure("rafting", "2026-07-16 09:00", capacity=4, prices={"Adult": 12_000})
    cart = await desk.add(await desk.cart(), dear, {"Adult": 1, "Child": 1})
    assert [line["price"] for line in cart["items"][0]["participantList"]] == [120, 59]


async def test_a_closed_begun_or_cut_off_departure_can_not_be_booked(
    desk: Desk, rafting: str, clock: ManualClock
) -> None:
    soon = await desk.shop.departure("kayak", "2026-07-01 12:00", capacity=4)
    cut_off = await desk.shop.departure("kayak", "2026-07-01 13:00", capacity=4, closes_at=clock.now() + 1)
    await desk.data("PATCH", f"/api/v1/departures/{rafting}", json={"closed": True})
    cart = await desk.cart((soon, {"All": 1}), (cut_off, {"All": 1}))
    clock.advance(1)

    async def refused(departure: str, participants: dict[str, Any]) -> None:
        body = {"itemId": departure, "participants": participants}
        envelope = await desk.refused(409, "POST", f"/cart/{cart}/item", json=body)
        assert envelope["errorCode"] == "not_bookable"

    await refused(cut_off, {"All": 1})
    await refused(rafting, {"Adult": 1})
    await desk.add(cart, soon, {"All": 1})
    clock.advance(120 * MINUTE_MS)  # the start
    await refused(soon, {"All": 1})
    assert [len(item["participantList"]) for item in (await desk.data("GET", f"/cart/{cart}"))["items"]] == [2, 1]


async def test_a_pickup_is_charged_and_shown_for_the_guests_who_chose_it(desk: Desk, rafting: str) -> None:
    shuttle = (await desk.data("GET", f"/product/{RAFTING}/pickup"))[0]
    chosen = {"locationId": shuttle["locations"][0]["id"], "pickupDetailId": shuttle["pickupDetails"][0]["id"]}
    cart_id = await desk.cart()
    cart = await desk.add(cart_id, rafting, {"Adult": 1}, **chosen)
    item = cart["items"][0]
    assert (item["pickup"]["id"], item["pickup"]["name"]) == (shuttle["id"], "Hotel shuttle")
    assert item["pickup"]["location"] == {"id": chosen["locationId"], "name": "Red Cliffs Lodge"}
    assert item["pickup"]["pickupDetail"] == {"id": chosen["pickupDetailId"], "name": "07:30 at the lobby"}
    # 10.00 for the shuttle; 5 % river fee and 7.5 % tax of 109.00
    assert (item["price"], item["fees"], item["tax"], item["total"]) == (99, 15.45, 8.18, 122.63)
    # A pickup belongs to the guests that it was asked for with. An item has one where all of its guests have the same.
    more = (await desk.add(cart_id, rafting, {"Child": 1}, locationId=""))["items"][0]
    assert (more["pickup"], more["location"]["name"]) == (None, "Green River put-in")
    assert [line["pickup"] for line in more["participantList"]] == [item["pickup"], None]
    assert [charge["type"] for line in more["participantList"] for charge in line["charges"]].count("pickup") == 1
    order = await desk.data("POST", "/order", json={"id": cart_id})
    assert [line["pickup"] for line in order["items"][0]["participantList"]] == [item["pickup"], None]
    assert order["total"] == 122.63 + 66.38
    child = order["items"][0]["participantList"][1]["id"]
    left = await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{child}")
    assert left["items"][0]["pickup"] == item["pickup"]


async def test_a_place_that_is_no_pickup_of_the_product_is_refused(desk: Desk, rafting: str, kayak: str) -> None:
    details = (PickupDetail(id=new_hex24(), name="At noon"),)
    van = Pickup(id=new_hex24(), code="van", name="Van", locations=("putin", "hotel"), details=details)
    await desk.shop.add("pickup", van)
    hotel, put_in = desk.shop.entries["hotel"].id, desk.shop.entries["putin"].id
    cart = await desk.cart()
    for departure, chosen, field, code in (
        (kayak, {"locationId": hotel}, "locationId", "unknown_location"),
        (rafting, {"locationId": "0" * 24}, "locationId", "unknown_location"),
        (rafting, {"locationId": hotel, "pickupDetailId": details[0].id}, "pickupDetailId", "unknown_pickup_detail"),
        (rafting, {"pickupDetailId": 7}, "pickupDetailId", "unknown_pickup_detail"),
    ):
        body = {"itemId": departure, "participants": {"All": 1, "Adult": 1} if departure == rafting else {"All": 1}}
        envelope = await desk.refused(400, "POST", f"/cart/{cart}/item", json=body | chosen)
        assert (envelope["errorCode"], envelope["errorMessage"].split(":")[0]) == (code, field)
    assert (await desk.data("GET", f"/cart/{cart}"))["items"] == []
    item = (await desk.add(cart, rafting, {"Adult": 1}, locationId=put_in))["items"][0]
    assert (item["location"], item["pickup"]) == ({"id": put_in, "name": "Green River put-in"}, None)
    assert (item["fees"], item["tax"]) == (4.95, 7.43)


async def test_a_customer_is_kept_as_sent_and_answers_are_found_by_label(desk: Desk, kayak: str) -> None:
    cart = await desk.cart((kayak, {"All": 1}))
    sent = {
        "email": "ann@lee.example",
        "firstName": " Ann ",
        "lastName": "",
        "postalCode": 84532,
        "phone": 8015550100.0,
        "title": None,
        "gender": "FEMALE",
        "birthDate": "1990-02-28T00:00:00.000Z",
        "organization": "Lee & Sons, Zürich 🛶",
        "Any allergies?": "Nuts",
        "Can swim": True,
        "Rider height in inches": 70.5,
        "Days": ["Mon", 2, False],
        "Nothing": None,
    }
    shown = await desk.data("PUT", f"/cart/{cart}/customer", content=json.dumps(sent), headers=JSON)
    kept = {name: value for name, value in sent.items() if value is not None}
    assert shown["customer"] == kept | {"firstName": "Ann", "postalCode": "84532", "phone": "8015550100"}
    assert (await desk.data("POST", "/order", json={"id": cart}))["customer"] == shown["customer"]
    other = await desk.cart()
    await desk.data("PUT", f"/cart/{other}/customer", json={"firstName": "Bo"})
    assert (await desk.data("PUT", f"/cart/{other}/customer", json={}))["customer"] == {}


async def test_removing_an_item_and_deleting_a_cart_give_seats_back(desk: Desk, rafting: str, kayak: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 2}), (kayak, {"All": 3}))
    left = await desk.data("DELETE", f"/cart/{cart}/item/{rafting}")
    assert [item["id"] for item in left["items"]] == [kayak]
    assert left["total"] == 3 * 75.25
    assert (await desk.shop.taken(rafting), await desk.free(KAYAK, kayak)) == (0, 5)
    await desk.refused(404, "DELETE", f"/cart/{cart}/item/{rafting}")
    deleted = await desk.data("DELETE", f"/cart/{cart}")
    assert await desk.free(KAYAK, kayak) == 8
    assert await desk.data("DELETE", f"/cart/{cart}") == deleted
    for method, path in (("GET", ""), ("DELETE", f"/item/{kayak}"), ("DELETE", "/discount")):
        await desk.refused(404, method, f"/cart/{cart}{path}")
    await desk.refused(404, "POST", "/order", json={"id": cart})
    assert await desk.data("GET", "/cart") == []


async def test_an_expired_hold_is_free_at_once_and_can_be_taken_again(
    desk: Desk, kayak: str, clock: ManualClock
) -> None:
    cart = await desk.cart((kayak, {"All": 8}))
    clock.advance(30 * MINUTE_MS - 1)
    assert await desk.free(KAYAK, kayak) == 0
    clock.advance(1)
    assert await desk.free(KAYAK, kayak) == 8
    rival = await desk.cart((kayak, {"All": 1}))
    body = {"itemId": kayak, "participants": {"All": 1}}
    for method, path, sent in (("POST", "/order", {"id": cart}), ("POST", f"/cart/{cart}/item", body)):
        envelope = await desk.refused(409, method, path, json=sent)
        assert envelope["errorCode"] == "sold_out"
    assert len((await desk.data("GET", f"/cart/{cart}"))["items"][0]["participantList"]) == 8
    await desk.data("DELETE", f"/cart/{rival}")
    assert (await desk.data("POST", "/order", json={"id": cart}))["total"] == 8 * 75.25
    assert await desk.free(KAYAK, kayak) == 0


async def test_each_departure_has_a_hold_of_its_own(desk: Desk, rafting: str, kayak: str, clock: ManualClock) -> None:
    cart = await desk.cart((rafting, {"Adult": 2}))
    clock.advance(20 * MINUTE_MS)
    await desk.add(cart, kayak, {"All": 8})
    clock.advance(10 * MINUTE_MS)
    assert (await desk.free(RAFTING, rafting), await desk.free(KAYAK, kayak)) == (12, 0)
    await desk.cart((rafting, {"Senior": 11}))
    envelope = await desk.refused(409, "POST", "/order", json={"id": cart})
    assert (envelope["errorCode"], await desk.free(KAYAK, kayak)) == ("sold_out", 0)
    clock.advance(30 * MINUTE_MS)
    again = await desk.add(cart, rafting, {"Child": 1})
    assert [len(item["participantList"]) for item in again["items"]] == [3, 8]
    assert (await desk.free(RAFTING, rafting), await desk.free(KAYAK, kayak)) == (9, 8)
    order = await desk.data("POST", "/order", json={"id": cart})
    assert (await desk.free(RAFTING, rafting), await desk.free(KAYAK, kayak)) == (9, 0)
    assert order["total"] == round(2 * 111.38 + 66.38 + 8 * 75.25, 2)


async def test_a_cart_that_became_an_order_names_it(desk: Desk, kayak: str) -> None:
    order = await desk.order((kayak, {"All": 1}))
    changes: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("DELETE", "", None),
        ("DELETE", f"/item/{kayak}", None),
        ("POST", "/item", {"itemId": kayak, "participants": {"All": 1}}),
        ("PUT", "/customer", {"firstName": "Bo"}),
        ("POST", "/discount", {"code": "EARLY10"}),
        ("DELETE", "/discount", None),
    ]
    for method, path, body in changes:
        envelope = await desk.refused(409, method, f"/cart/{order['id']}{path}", json=body)
        assert envelope["errorCode"] == "cart_ordered"
        assert order["id"] in envelope["errorMessage"]
    assert await desk.data("GET", f"/order/{order['id']}") == order


async def test_a_cart_says_when_its_hold_really_ends(desk: Desk, clock: ManualClock) -> None:
    departure = await desk.shop.departure("kayak", "2026-07-16 09:00", capacity=30)
    cart = await desk.cart((departure, {"All": 1}))
    ends = []
    for _ in range(3):
        clock.advance(15 * MINUTE_MS)
        ends.append((await desk.add(cart, departure, {"All": 1}))["items"][0]["holdExpiresDate"][11:16])
    assert ends == ["16:45", "17:00", "17:00"]
    clock.advance(15 * MINUTE_MS)
    item = {"itemId": departure, "participants": {"All": 1}}
    assert (await desk.refused(409, "POST", f"/cart/{cart}/item", json=item))["errorCode"] == "hold_time_used"
