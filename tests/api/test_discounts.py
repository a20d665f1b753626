"""Discount codes on carts, and charges per order, over HTTP (wire reference, "Cart")."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.catalog.model import Charge, Discount
from seatwright.core.clock import ManualClock
from seatwright.core.ids import new_hex24
from tests.conftest import START
from tests.desk import Desk


async def offer(desk: Desk, code: str, calc: str, amount: int, **more: Any) -> str:
    """Make a discount, and return its code."""
    await desk.shop.add("discount", Discount(id=new_hex24(), code=code, name=code, calc=calc, amount=amount, **more))  # type: ignore[arg-type]
    return code


async def test_a_code_is_applied_and_removed(desk: Desk, kayak: str, rafting: str) -> None:
    cart = await desk.cart((kayak, {"All": 1}))
    shown = await desk.data("POST", f"/cart/{cart}/discount", json={"code": " early10 "})
    assert (shown["discountCode"], shown["discount"], shown["total"]) == ("EARLY10", 7, 67.73)
    # It counts for what is added later too, and another code takes its place.
    more = await desk.add(cart, rafting, {"Child": 1})
    assert [line["discount"] for item in more["items"] for line in item["participantList"]] == [7, 5.9]
    await offer(desk, "2026", "flat", 100)
    other = await desk.data("POST", f"/cart/{cart}/discount", json={"code": 2026})
    assert (other["discountCode"], other["discount"]) == ("2026", 2)
    plain = await desk.data("DELETE", f"/cart/{cart}/discount")
    assert (plain["discountCode"], plain["discount"], plain["total"]) == (None, 0, round(75.25 + 66.38, 2))
    assert await desk.data("DELETE", f"/cart/{cart}/discount") == {**plain}
    early = await desk.cart()
    assert (await desk.data("POST", f"/cart/{early}/discount", json={"code": "EARLY10"}))["discountCode"] == "EARLY10"
    assert (await desk.add(early, kayak, {"All": 2}))["total"] == 2 * 67.73


@pytest.mark.parametrize(
    ("calc", "amount", "more", "discounts"),
    [
        ("percent", 333_333, {}, [33, 33, 19.67, 23.33]),  # of 99, 99, 59 and 70
        ("percent", 1_000_000, {}, [99, 99, 59, 70]),
        ("flat", 6000, {}, [60, 60, 59, 60]),
        ("percent", 333_333, {"per": "order"}, [33, 33, 19.67, 23.33]),
        ("flat", 10_000, {"per": "order"}, [30.28, 30.27, 18.04, 21.41]),
        ("flat", 10_000_000, {"per": "order"}, [99, 99, 59, 70]),
        ("flat", 10_000, {"per": "order", "products": ("rafting",)}, [38.52, 38.52, 22.96, 0]),
        ("percent", 500_000, {"products": ("kayak",)}, [0, 0, 0, 35]),
    ],
)
async def test_a_discount_takes_off_what_its_terms_say(
    desk: Desk, rafting: str, kayak: str, calc: str, amount: int, more: dict[str, Any], discounts: list[float]
) -> None:
    code = await offer(desk, "OFF", calc, amount, **more)
    cart_id = await desk.cart((rafting, {"Adult": 2, "Child": 1}), (kayak, {"All": 1}))
    cart = await desk.data("POST", f"/cart/{cart_id}/discount", json={"code": code})
    lines = [line for item in cart["items"] for line in item["participantList"]]
    assert [line["discount"] for line in lines] == discounts
    assert cart["discount"] == round(sum(discounts), 2)
    # Fees and taxes are of what is left of the price.
    assert all((line["tax"] == 0) == (line["price"] == line["discount"]) for line in lines)
    for line in lines:
        assert line["total"] == round(line["price"] - line["discount"] + line["fees"] + line["tax"], 2)
    order = await desk.data("POST", "/order", json={"id": cart_id})
    assert (order["total"], order["discount"], order["discountCodes"]) == (cart["total"], cart["discount"], ["OFF"])
    assert (order["amountPaid"], len(order["payments"])) == (order["total"], 1 if order["total"] else 0)


async def test_a_code_that_is_early_late_switched_off_or_for_others_is_refused(
    desk: Desk, rafting: str, clock: ManualClock
) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    await offer(desk, "SOON", "flat", 100, starts_at=START + 1000)
    await offer(desk, "LATE", "flat", 100, ends_at=START + 1000)
    await offer(desk, "OFF", "flat", 100, active=False)
    await offer(desk, "KAYAKS", "flat", 100, products=("kayak",))

    async def applied(code: str) -> str:
        answer = await desk.call("POST", f"/cart/{cart}/discount", json={"code": code})
        assert answer.status_code == 200 or answer.json()["errorMessage"].startswith("code: ")
        return str(answer.json().get("errorCode", "ok"))

    assert await applied("NOSUCH") == "discount_not_found"
    assert await applied("") == "discount_not_found"
    assert await applied("OFF") == "discount_not_valid"
    assert await applied("KAYAKS") == "discount_not_applicable"
    assert (await applied("SOON"), await applied("LATE")) == ("discount_not_valid", "ok")
    clock.advance(1000)
    assert (await applied("LATE"), await applied("SOON")) == ("discount_not_valid", "ok")
    assert (await desk.data("GET", f"/cart/{cart}"))["discountCode"] == "SOON"


async def test_uses_are_counted_by_orders(desk: Desk, kayak: str) -> None:
    code = await offer(desk, "TWICE", "flat", 1000, per="order", max_uses=2)
    carts = [await desk.cart((kayak, {"All": 1})) for _ in range(3)]
    for cart in carts:
        await desk.data("POST", f"/cart/{cart}/discount", json={"code": code})
    order = await desk.data("POST", "/order", json={"id": carts[0]})
    assert (order["discount"], order["discountCodes"]) == (10, ["TWICE"])
    await desk.data("POST", "/order", json={"id": carts[0]})  # again: not another use
    # It is one order, however its guests came together: one use, and 10.00 once.
    added = await desk.data("POST", "/order", json={"id": carts[1], "orderId": order["id"]})
    assert (added["discount"], added["discountCodes"]) == (10, ["TWICE"])
    assert [line["discount"] for line in added["items"][0]["participantList"]] == [5, 5]
    assert (await desk.data("POST", "/order", json={"id": carts[2]}))["discount"] == 10
    last = await desk.cart((kayak, {"All": 1}))
    await desk.data("POST", f"/cart/{last}/discount", json={"code": code})
    other = await desk.order((kayak, {"All": 1}))
    for body in ({"id": last}, {"id": last, "orderId": other["id"]}):
        envelope = await desk.refused(409, "POST", "/order", json=body)
        assert envelope["errorCode"] == "discount_used_up"
    assert (await desk.data("GET", f"/cart/{last}"))["discountCode"] == "TWICE"
    assert await desk.data("GET", f"/order/{other['id']}") == other
    await desk.data("DELETE", f"/cart/{last}/discount")
    assert (await desk.data("POST", "/order", json={"id": last}))["discount"] == 0


async def test_a_charge_per_order_is_taken_once(desk: Desk, kayak: str, rafting: str) -> None:
    booking = Charge(
        id=new_hex24(), code="book", name="Booking fee", kind="service_fee", calc="flat", amount=500, per="order"
    )
    await desk.shop.add("charge", booking)
    order = await desk.order((kayak, {"All": 3}))
    lines = order["items"][0]["participantList"]
    assert sorted(line["fees"] for line in lines) == [1.66, 1.67, 1.67]
    assert order["fees"] == 5
    more = await desk.order((kayak, {"All": 1}), (rafting, {"Adult": 1}), orderId=order["id"])
    assert more["fees"] == 5 + 4.95
    assert more["total"] == round(order["total"] + 75.25 + 111.38, 2)
    # When everybody who carried a part of it is gone, whoever is added then carries it.
    for line in lines:
        await desk.data("DELETE", f"/order/{order['id']}/item/{kayak}/participant/{line['id']}")
    last = await desk.order((kayak, {"All": 1}), orderId=order["id"])
    assert last["fees"] == 5 + 4.95
