"""A supplier orders in a reseller's name: the order is as if the reseller had made it."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.catalog.model import Product
from seatwright.http.context import Services
from tests.desk import Desk, another_user, open_desk

NOT_COMPARED = ("id", "confirmation", "entityId", "supplierId", "resellerId", "createdBy", "createdByEmail", "agent")
"""What is another order's, another side's, or says who pressed the button."""


@pytest.fixture
async def agency(client: httpx.AsyncClient, services: Services, desk: Desk) -> Desk:
    """A reseller on 15 % commission, with a price category for rafting, that lets the supplier order for it."""
    rafting = desk.shop.entries["rafting"]
    assert isinstance(rafting, Product)
    partner = {"partner": {"Adult": 8000}}
    await desk.shop.add("product", msgspec.structs.replace(rafting, price_categories=partner))
    opened = await open_desk(client, services, "agency")
    terms = {
        "type": "commission",
        "rate": {"percent": 15},
        "products": [{"product": "rafting", "priceCategory": "partner"}],
        "customerAccess": "limited",
    }
    body = {"resellerId": opened.shop.account_id, "terms": terms}
    await desk.data("POST", "/api/v1/connections", json=body)
    return opened


async def allow(agency: Desk, supplier: Desk, allowed: bool = True) -> None:
    """Let the supplier order in the agency's name, or not."""
    path = f"/api/v1/connections/{supplier.shop.account_id}/supplier-orders"
    shown = await agency.data("PUT", path, json={"allowed": allowed})
    assert shown["supplierOrders"] is allowed


def alike(order: dict[str, Any]) -> dict[str, Any]:
    """Return what is the same of two orders of the same."""

    def stripped(value: Any) -> Any:
        if isinstance(value, list):
            return [stripped(each) for each in value]
        if isinstance(value, dict):
            return {name: stripped(each) for name, each in value.items() if name != "id"}
        return value

    return {name: stripped(value) for name, value in order.items() if name not in NOT_COMPARED}


@pytest.mark.parametrize("where", ["query", "body", "order"])
async def test_an_order_in_a_resellers_name_is_as_if_the_reseller_had_made_it(
    client: httpx.AsyncClient, services: Services, desk: Desk, agency: Desk, rafting: str, where: str
) -> None:
    await allow(agency, desk)
    new = auth.NewUser(email="ida@agency.example", name="Ida Roe", alternative_id="A-7", permissions=ALL_PERMISSIONS)
    await another_user(client, services, agency.shop, new)
    named = {"resellerEntityId": agency.shop.account_id, "agentId": "A-7"}
    request = {"query": {"params": named}, "body": {"json": named}, "order": {}}[where]
    cart = await desk.data("POST", "/cart", **request)
    shown = await desk.add(cart["id"], rafting, {"Adult": 2, "Child": 1})
    assert shown["resellerId"] == (None if where == "order" else agency.shop.account_id)
    if where != "order":
        assert shown["price"] == 2 * 80 + 59
    customer = {"firstName": "Ann", "email": "ann@lee.example", "phone": "8015550100"}
    await desk.data("PUT", f"/cart/{cart['id']}/customer", json=customer)
    body = {"id": cart["id"], "referenceId": "V-1", **(named if where == "order" else {})}
    ordered = await desk.data("POST", "/order", json=body)
    assert await desk.data("POST", "/order", json=body) == ordered, "asked again, it is the same order"
    assert (ordered["agent"]["name"], ordered["createdBy"]) == ("Ida Roe", "Dana Reyes")
    assert (ordered["resellerId"], ordered["customer"]) == (agency.shop.account_id, {"firstName": "Ann"})

    own = await agency.data("POST", f"/cart?supplierId={desk.shop.account_id}")
    await agency.add(own["id"], rafting, {"Adult": 2, "Child": 1})
    await agency.data("PUT", f"/cart/{own['id']}/customer", json=customer)
    usual = await agency.data("POST", "/order", json={"id": own["id"], "referenceId": "V-1"})
    for side in (desk, agency):
        listed = await side.data("GET", "/order?referenceId=V-1")
        assert [order["id"] for order in listed] == [ordered["id"], usual["id"]]
        assert alike(listed[0]) == alike(listed[1])
    payables = await desk.data("GET", "/api/v1/reports/payables?from=2026-07-01&to=2026-07-31")
    assert ordered["commission"] == usual["commission"] == round(0.15 * (2 * 80 + 59) * 1.05, 2)
    assert str(2 * ordered["commission"]) in str(payables)


async def test_a_supplier_adds_to_a_resellers_order(desk: Desk, agency: Desk, rafting: str) -> None:
    await allow(agency, desk)
    usual = await agency.order((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    cart = await desk.data("POST", f"/cart?orderId={usual['id']}")
    assert cart["resellerId"] == agency.shop.account_id
    await desk.add(cart["id"], rafting, {"Adult": 1})
    added = await desk.data("POST", "/order", json={"id": cart["id"]})
    assert (added["id"], added["total"], added["commission"]) == (usual["id"], 180, 25.2)


async def test_orders_in_a_resellers_name_need_its_permission(desk: Desk, agency: Desk, rafting: str) -> None:
    named = {"resellerEntityId": agency.shop.account_id}
    closed = await desk.refused(403, "POST", "/cart", params=named)
    assert closed["errorCode"] == "supplier_orders_not_allowed"
    plain = await desk.cart((rafting, {"Adult": 1}))
    assert (await desk.refused(403, "POST", "/order", json={"id": plain, **named}))["errorCode"] == closed["errorCode"]
    await allow(agency, desk)
    cart = await desk.data("POST", "/cart", params=named)
    await desk.add(cart["id"], rafting, {"Adult": 1})
    other = await desk.refused(409, "POST", "/order", json={"id": cart["id"], "resellerId": "0" * 24})
    assert other["errorCode"] == "other_reseller"
    await allow(agency, desk, False)
    await desk.refused(403, "POST", "/order", json={"id": cart["id"]})
    assert (await desk.data("GET", f"/cart/{cart['id']}"))["total"] > 0, "nothing is lost"


async def test_a_reseller_or_agent_who_is_named_wrongly_is_refused_by_name(
    desk: Desk, agency: Desk, kayak: str
) -> None:
    await allow(agency, desk)
    entity = agency.shop.account_id
    for named, status, code in (
        ({"resellerEntityId": "0" * 24}, 404, "reseller_not_found"),
        ({"resellerEntityId": desk.shop.account_id[:-1]}, 404, "reseller_not_found"),
        ({"resellerEntityId": entity, "resellerId": "0" * 24}, 400, "invalid_field"),
        ({"resellerEntityId": entity, "agentId": "nobody@x.example"}, 404, "agent_not_found"),
        ({"agentId": "A-7"}, 400, "missing_field"),
        ({"resellerEntityId": entity, "supplierId": entity}, 400, "invalid_field"),
    ):
        assert (await desk.refused(status, "POST", "/cart", params=named))["errorCode"] == code
    # What the terms don't list isn't sold, whoever sells it.
    cart = await desk.data("POST", "/cart", params={"resellerEntityId": entity})
    body = {"itemId": kayak, "participants": {"All": 1}}
    assert (await desk.refused(404, "POST", f"/cart/{cart['id']}/item", json=body))["errorCode"] == "item_not_found"
    plain = await desk.cart((kayak, {"All": 1}))
    said = await desk.refused(409, "POST", "/order", json={"id": plain, "resellerEntityId": entity})
    assert said["errorCode"] == "product_not_sold"
    # Nobody may do it for a supplier but itself, and only the reseller opens it.
    path = f"/api/v1/connections/{entity}/supplier-orders"
    assert (await desk.refused(404, "PUT", path, json={"allowed": True}))["errorCode"] == "connection_not_found"
