"""Terms between supplier and reseller: what may be sold at which price, who earns what, and what each side sees."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import msgspec
import pytest

from seatwright.catalog.model import Product, Question
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.storage.engine import Tx
from tests.desk import BIKE, KAYAK, RAFTING, Desk, open_desk

COMMISSION = {"type": "commission", "rate": {"percent": 15}}
NET = {"type": "net", "rate": {"percent": 80}}
ADULT = 11138
"""Of which 9900 price, 495 river fee, 743 tax: a commission is taken of 10395."""


@pytest.fixture
async def reseller(desk: Desk, client: httpx.AsyncClient, services: Services) -> Desk:
    """Another outfitter, connected on the default terms."""
    opened = await open_desk(client, services, "tripdesk")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": opened.shop.account_id})
    return opened


async def agree(desk: Desk, reseller: Desk, **terms: Any) -> dict[str, Any]:
    """Give a connection terms, and return it as it is shown."""
    path = f"/api/v1/connections/{reseller.shop.account_id}"
    shown: dict[str, Any] = await desk.data("PATCH", path, json={"terms": terms})
    return shown


async def sold(reseller: Desk, desk: Desk, departure: str, participants: dict[str, Any], **more: Any) -> dict[str, Any]:
    return await reseller.order((departure, participants), supplier=desk.shop.account_id, **more)


async def ledger(services: Services, order: dict[str, Any]) -> dict[str, int]:
    """Return what is between supplier and reseller for an order, by ledger."""
    rows = await services.database.read(
        lambda tx: tx.rows(
            """
            SELECT ledger, SUM(amount) AS amount FROM ledger_entry WHERE order_id = $1
            AND ledger IN ('commissions', 'reseller_payable', 'reseller_receivable', 'held_by_reseller')
            GROUP BY ledger
            """,
            order["id"],
        )
    )
    return {row["ledger"]: int(row["amount"]) for row in rows if row["amount"]}


async def test_a_commission_is_of_price_and_fees_and_not_of_taxes(
    desk: Desk, reseller: Desk, rafting: str, services: Services
) -> None:
    await agree(desk, reseller, **COMMISSION)
    order = await sold(reseller, desk, rafting, {"Adult": 2})
    assert (order["resaleType"], order["commission"], order["netAmount"]) == ("commission", 31.18, 191.58)
    assert (order["total"], order["amountPaid"], order["balance"]) == (222.76, 222.76, 0)
    assert await ledger(services, order) == {"commissions": 3118, "reseller_payable": -3118}
    seen = await desk.data("GET", f"/order/{order['id']}")
    assert (seen["commission"], seen["channel"]) == (31.18, "Tripdesk")


async def test_a_commission_follows_partial_cancellations(
    desk: Desk, reseller: Desk, rafting: str, services: Services
) -> None:
    await agree(desk, reseller, **COMMISSION)
    order = await sold(reseller, desk, rafting, {"Adult": 2})
    line = order["items"][0]["participantList"][0]["id"]
    after = await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{line}")
    assert (after["commission"], after["cancellationFees"]) == (15.59, 5)
    assert await ledger(services, order) == {"commissions": 1559, "reseller_payable": -1559}
    gone = await reseller.data("DELETE", f"/order/{order['id']}")
    assert gone["commission"] == 0
    assert await ledger(services, order) == {}


async def test_at_a_net_rate_the_reseller_keeps_its_part_and_owes_the_rest(
    desk: Desk, reseller: Desk, rafting: str, services: Services
) -> None:
    await agree(desk, reseller, **NET)
    order = await sold(reseller, desk, rafting, {"Adult": 1})
    kept = 10395 - 8316
    assert (order["resaleType"], order["commission"], order["netAmount"]) == ("net", kept / 100, 90.59)
    assert await ledger(services, order) == {
        "commissions": kept,
        "reseller_receivable": ADULT - kept,
        "held_by_reseller": -ADULT,
    }
    line = order["items"][0]["participantList"][0]["id"]
    await desk.data("DELETE", f"/order/{order['id']}")
    assert await ledger(services, order) == {"reseller_receivable": 500, "held_by_reseller": -500}
    fee = f"/api/v1/orders/{order['id']}/lines/{line}/cancellation-fee"
    await desk.data("PUT", fee, json={"amount": 2})
    assert await ledger(services, order) == {"reseller_receivable": 200, "held_by_reseller": -200}


async def test_the_doctor_sees_a_net_order_whose_books_are_not_one(
    desk: Desk, reseller: Desk, rafting: str, services: Services
) -> None:
    """Also where what is wrong sums to zero."""
    await agree(desk, reseller, **NET)
    order = await sold(reseller, desk, rafting, {"Adult": 1})

    async def rename(before: str, after: str) -> None:
        change = "UPDATE ledger_entry SET ledger = $3 WHERE order_id = $1 AND ledger = $2"
        await services.database.write(lambda tx: tx.execute(change, order["id"], before, after))

    for name in ("held_by_reseller", "reseller_receivable"):
        await rename(name, "reseller_payable")
        found = await check(services.database, services.clock.now())
        assert [each.check for each in found] == ["order_net_rate"]
        await rename("reseller_payable", name)
    assert await check(services.database, services.clock.now()) == []


@pytest.mark.parametrize(
    ("terms", "commission"),
    [
        ({"rate": {"amount": 12}}, 24 + 12),
        ({"rate": {"amount": 1000}}, 2 * 103.95 + 61.95),
        ({"products": [{"product": "rafting", "rate": {"percent": 10}}]}, 10.40 * 2 + 6.20),
        ({"products": [{"product": "rafting", "rate": {"percent": 10}, "tiers": {"child": {"amount": 1}}}]}, 21.80),
        ({"rate": {"percent": 10}, "products": [{"product": "rafting", "tiers": {"Child": {"percent": 0}}}]}, 20.80),
        ({}, 0),
        ({"type": "net", "rate": {"amount": 60}}, 2 * 43.95 + 1.95),
        ({"type": "net"}, 0),
    ],
)
async def test_rates_by_product_and_tier_in_percent_and_flat(
    desk: Desk, reseller: Desk, rafting: str, terms: dict[str, Any], commission: float
) -> None:
    """Two adults (103.95 each to take a commission of) and a child (61.95)."""
    await agree(desk, reseller, **terms)
    order = await sold(reseller, desk, rafting, {"Adult": 2, "Child": 1})
    assert order["commission"] == pytest.approx(commission)


async def test_a_commission_counts_pickups_and_discounts(desk: Desk, reseller: Desk, rafting: str) -> None:
    await agree(desk, reseller, **COMMISSION)
    pickup = (await desk.data("GET", f"/product/{RAFTING}/pickup"))[0]["locations"][0]["id"]
    cart = await reseller.cart(supplier=desk.shop.account_id)
    await reseller.add(cart, rafting, {"Adult": 1}, locationId=pickup)
    await reseller.data("POST", f"/cart/{cart}/discount", json={"code": "EARLY10"})
    order = await reseller.data("POST", "/order", json={"id": cart})
    assert order["items"][0]["participantList"][0]["fees"] == 14.96, "10.00 pickup; 5 % of 99.10, half away from zero"
    assert order["commission"] == 15.61, "15 % of 99.00 - 9.90 + 14.96"


async def test_only_the_agreed_products_at_their_category_s_prices(
    desk: Desk, reseller: Desk, rafting: str, kayak: str
) -> None:
    rafting_product = desk.shop.entries["rafting"]
    assert isinstance(rafting_product, Product)
    wholesale = msgspec.structs.replace(rafting_product, price_categories={"wholesale": {"Adult": 8000}})
    await desk.shop.add("product", wholesale)
    holiday = await desk.shop.departure("rafting", "2026-07-20 09:00", capacity=5, prices={"Adult": 12000})
    await agree(desk, reseller, products=[{"product": "rafting", "priceCategory": "wholesale"}])
    of = f"supplierId={desk.shop.account_id}"
    assert [product["productNumber"] for product in await reseller.data("GET", f"/product?{of}")] == [RAFTING]
    await reseller.refused(404, "GET", f"/product/{KAYAK}?{of}")
    days = await reseller.data("GET", f"/product/{RAFTING}/item?from=2026-07&to=2026-07&{of}")
    prices = [time["price"] for day in days["items"] for time in day["timesAvailable"]]
    assert prices == [{"Adult": 80, "Child": 59, "Senior": 89}] * 2
    order = await sold(reseller, desk, holiday, {"Adult": 1, "Child": 1})
    assert [line["price"] for line in order["items"][0]["participantList"]] == [80, 59]
    cart = await reseller.cart(supplier=desk.shop.account_id)
    body = {"itemId": kayak, "participants": {"All": 1}}
    assert (await reseller.refused(404, "POST", f"/cart/{cart}/item", json=body))["errorCode"] == "item_not_found"
    # The supplier's own calendar and carts are as they were.
    own = await desk.data("GET", f"/product/{RAFTING}/item?from=2026-07&to=2026-07")
    assert [time["price"]["Adult"] for day in own["items"] for time in day["timesAvailable"]] == [99, 120]
    # A category that the product has no more is no reason to sell at other prices than were agreed on.
    await desk.shop.add("product", rafting_product)
    assert await reseller.data("GET", f"/product?{of}") == []
    await desk.shop.add("product", wholesale)
    # What is taken from the terms can't be ordered any more, and nothing is lost.
    late = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    await agree(desk, reseller, products=[{"product": "kayak"}])
    assert (await reseller.refused(409, "POST", "/order", json={"id": late}))["errorCode"] == "product_not_sold"
    assert len((await reseller.data("GET", f"/cart/{late}"))["items"]) == 1


async def test_terms_are_fixed_on_the_order(desk: Desk, reseller: Desk, rafting: str) -> None:
    await agree(desk, reseller, **COMMISSION)
    order = await sold(reseller, desk, rafting, {"Adult": 1})
    await agree(desk, reseller, **NET, customerAccess="limited")
    assert (await desk.data("GET", f"/order/{order['id']}"))["commission"] == 15.59
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    refusal = await reseller.refused(409, "POST", "/order", json={"id": cart, "orderId": order["id"]})
    assert refusal["errorCode"] == "other_terms"
    await agree(desk, reseller, type="commission", rate={"percent": 20})
    more = await reseller.data("POST", "/order", json={"id": cart, "orderId": order["id"]})
    assert more["commission"] == 36.38


@pytest.mark.parametrize(
    "terms", [NET, {**COMMISSION, "mayWaiveFees": False}, {**COMMISSION, "customerAccess": "limited"}]
)
async def test_nothing_sold_on_other_terms_is_added(
    desk: Desk, reseller: Desk, rafting: str, services: Services, terms: dict[str, Any]
) -> None:
    """What was agreed on counts for a whole order, also for one that was made when there were no terms yet."""
    await agree(desk, reseller, **COMMISSION)
    order, old = [await sold(reseller, desk, rafting, {"Adult": 1}) for _ in range(2)]

    async def forget_terms(tx: Tx) -> None:
        row = await tx.row("SELECT body FROM orders WHERE id = $1", old["id"])
        assert row is not None
        body = json.loads(row["body"])
        del body["resale"]
        await tx.execute("UPDATE orders SET body = $2 WHERE id = $1", old["id"], json.dumps(body))

    await services.database.write(forget_terms)
    await agree(desk, reseller, **terms)
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    for each in (order, old):
        refusal = await reseller.refused(409, "POST", "/order", json={"id": cart, "orderId": each["id"]})
        assert refusal["errorCode"] == "other_terms"
    assert (await reseller.data("POST", "/order", json={"id": cart}))["status"] == "confirmed"


async def test_a_reseller_without_the_right_renews_no_holds(
    desk: Desk, reseller: Desk, rafting: str, kayak: str, clock: ManualClock
) -> None:
    cart = await reseller.cart((rafting, {"Adult": 5}), supplier=desk.shop.account_id)
    await agree(desk, reseller, products=[{"product": "kayak"}])
    clock.advance(31 * MINUTE_MS)
    refusal = await reseller.refused(409, "POST", "/order", json={"id": cart})
    assert refusal["errorCode"] == "product_not_sold"
    assert await desk.free(RAFTING, rafting) == 12


async def test_a_supplier_that_may_not_see_how_to_reach_the_customer(desk: Desk, reseller: Desk, rafting: str) -> None:
    await agree(desk, reseller, customerAccess="limited")
    question = Question(id=new_hex24(), code="diet", name="Allergies", supplier_sees=True)
    await desk.shop.add("question", question)
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    customer = {
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@lee.example",
        "phone": "8015550100",
        "streetAddress": "1 Main St",
        "city": "Moab",
        "Allergies": "nuts",
    }
    answers = {"E-mail": "x", "Mobile phone": "1", "homeAddress": "1 Main St", "ZIP": "84532", "Notes": "a@b.example"}
    customer |= answers
    await reseller.data("PUT", f"/cart/{cart}/customer", json=customer)
    billing = {"memo": "paid", "name": "Ann Lee", "phone": "8015550100"}
    order = await reseller.data("POST", "/order", json={"id": cart, "billing": billing})
    assert (order["customer"], order["billing"]) == (customer, billing)
    limited = {"firstName": "Ann", "lastName": "Lee", "Allergies": "nuts"}
    for path in (f"/order/{order['id']}", f"/order/{order['confirmation']}"):
        seen = await desk.data("GET", path)
        assert (seen["customer"], seen["billing"]) == (limited, {})
    assert (await desk.data("GET", "/order"))[0]["customer"] == limited
    assert (await desk.data("DELETE", f"/order/{order['id']}"))["customer"] == limited
    assert (await reseller.data("GET", f"/order/{order['id']}"))["customer"] == customer


async def test_waiving_the_supplier_s_fee_may_be_kept_to_the_supplier(desk: Desk, reseller: Desk, rafting: str) -> None:
    await agree(desk, reseller, mayWaiveFees=False)
    order = await sold(reseller, desk, rafting, {"Adult": 2})
    whole = f"/order/{order['id']}"
    refusal = await reseller.refused(403, "DELETE", f"{whole}?applyCancellationFee=false")
    assert refusal["errorCode"] == "fee_is_the_suppliers"
    first = order["items"][0]["participantList"][0]["id"]
    gone = await reseller.data("DELETE", f"{whole}/item/{rafting}/participant/{first}")
    assert gone["cancellationFees"] == 5
    fee = f"/api/v1/orders/{order['id']}/lines/{first}/cancellation-fee"
    assert (await reseller.refused(403, "PUT", fee, json={"amount": 0}))["errorCode"] == "fee_is_the_suppliers"
    assert (await desk.data("PUT", fee, json={"amount": 0}))["cancellationFees"] == 0
    assert (await desk.data("DELETE", f"{whole}?applyCancellationFee=false"))["cancellationFees"] == 0


async def test_terms_as_they_are_written_and_shown(desk: Desk, reseller: Desk) -> None:
    terms = {
        "type": "net",
        "rate": {"percent": 82.5},
        "products": [
            {"product": "rafting", "rate": {"amount": 70}, "tiers": {"Child": {"percent": 75}}},
            {"product": "bike"},
        ],
        "channel": "Moab desks",
        "billingCycle": "weekly",
        "customerAccess": "limited",
        "mayWaiveFees": False,
        "holdPercent": 30,
    }
    shown = (await agree(desk, reseller, **terms))["terms"]
    assert shown["rate"] == {"percent": 82.5, "amount": None}
    assert [each["product"] for each in shown["products"]] == ["rafting", "bike"]
    assert shown["products"][0]["tiers"] == {"Child": {"percent": 75, "amount": None}}
    plain = terms.keys() - {"rate", "products"}
    assert {name: shown[name] for name in plain} == {name: terms[name] for name in plain}
    assert (await reseller.data("GET", "/api/v1/connections"))[0]["terms"] == shown
    await desk.data("PATCH", f"/api/v1/connections/{reseller.shop.account_id}", json={"active": False})
    assert (await desk.data("GET", "/api/v1/connections"))[0]["terms"] == shown
    history = await desk.data("GET", f"/api/v1/audit/{reseller.shop.account_id}")
    assert [event["action"] for event in history][-2:] == ["connection.terms_changed", "connection.closed"]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"rate": {"percent": 101}}, "terms.rate.percent"),
        ({"rate": {"amount": -1}}, "terms.rate.amount"),
        ({"rate": {"amount": 1.005}}, "terms.rate.amount"),
        ({"rate": {}}, "terms.rate"),
        ({"rate": {"percent": 1, "amount": 1}}, "terms.rate"),
        ({"products": [{"product": "nothing"}]}, "terms.products[0].product"),
        ({"products": [{"product": "kayak", "tiers": {"Adult": {"percent": 1}}}]}, "terms.products[0].tiers.Adult"),
        ({"products": [{"product": "kayak", "priceCategory": "gold"}]}, "terms.products[0].priceCategory"),
        ({"priceCategory": "gold"}, "terms.priceCategory"),
        ({"products": [{"product": "kayak"}, {"product": "kayak"}]}, "terms.products"),
        (
            {"products": [{"product": "rafting", "tiers": {"child": {"percent": 1}, "Child": {"percent": 2}}}]},
            "terms.products[0].tiers.Child",
        ),
    ],
)
async def test_bad_terms_are_named(desk: Desk, reseller: Desk, terms: dict[str, Any], field: str) -> None:
    path = f"/api/v1/connections/{reseller.shop.account_id}"
    refusal = await desk.refused(400, "PATCH", path, json={"terms": terms})
    assert refusal["errorMessage"].startswith(f"{field}: ")


async def test_closing_and_new_terms_at_once(desk: Desk, reseller: Desk) -> None:
    """Neither undoes the other: a connection that was closed stays closed, whatever else is changed meanwhile."""
    path = f"/api/v1/connections/{reseller.shop.account_id}"
    for number in range(10):
        await desk.data("PATCH", path, json={"active": True})
        await asyncio.gather(
            *(desk.data("PATCH", path, json={"terms": {"channel": f"{number}.{n}"}}) for n in range(3)),
            desk.data("PATCH", path, json={"active": False}),
        )
        (shown,) = await desk.data("GET", "/api/v1/connections")
        assert (shown["active"], shown["terms"]["channel"].split(".")[0]) == (False, str(number))


async def test_units_earn_a_commission_too(desk: Desk, reseller: Desk, bike: str) -> None:
    await agree(desk, reseller, **COMMISSION)
    order = await sold(reseller, desk, bike, {"All": 2})
    assert order["commission"] == 18
    assert await desk.free(BIKE, bike) == 3
