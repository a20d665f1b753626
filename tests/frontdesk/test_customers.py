"""Customers at the desk: found by words, each with orders, money, notes and tags; hidden contacts stay hidden."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from seatwright.customers.identity import customer_id
from seatwright.http.context import Services
from tests.api.test_payments import pay
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.notifications.office import open_office, open_reseller

ANN = {"firstName": "Ann", "lastName": "O'Neil & <b>", "email": "ann@lee.example", "phone": "+1 801 555 0199"}
BOB = {"firstName": "Bob", "organization": "Canyon Club"}
DESK = frozenset(("orders.read", "orders.write", "customers.read"))


async def booked(desk: Desk, departure: str, customer: Any, **more: Any) -> dict[str, Any]:
    """Book one seat for somebody, which is not paid."""
    cart = await desk.cart((departure, {"Adult": 1}), **more)
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    placed: dict[str, Any] = await desk.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": []})
    return placed


@pytest.fixture
async def orders(desk: Desk, rafting: str) -> list[dict[str, Any]]:
    """Two of Ann's, of which one is paid in part and the other too much, and one of somebody with just a name."""
    made = [await booked(desk, rafting, each) for each in (ANN, {**ANN, "email": "ANN@LEE.example"}, BOB)]
    await pay(desk, made[0], 50)
    await pay(desk, made[1], made[1]["total"] + 7, allowOverpayment=True)
    return made


async def test_the_list_has_whom_the_api_finds(desk: Desk, dana: Visitor, orders: list[Any]) -> None:
    for words in ("", "ann", "ONEIL", "801555", "canyon", "ann@lee", "zzz"):
        found = await desk.data("GET", f"/api/v1/customers?q={words}")
        page = await dana.get(f"/customers?q={words}")
        shown = re.findall(r'<a href="/desk/(?:customers|orders)/([^"/?]+)">', page.text.partition("<main")[2])
        assert shown == [each["id"] or each["lastOrderId"] for each in found["customers"]], words
    assert "Nobody matches" in text_of(await dana.get("/customers?q=zzz"))
    for wrong in ("q=a+b+c+d+e+f+g+h+i", "after=x"):
        page = await dana.get(f"/customers?{wrong}")
        assert (page.status_code, 'role="alert"' in page.text) == (400, True), wrong


async def test_a_customers_page_has_all_that_they_paid_and_owe(desk: Desk, dana: Visitor, orders: list[Any]) -> None:
    ann = customer_id(ANN)
    one = await desk.data("GET", f"/api/v1/customers/{ann}")
    [money] = one["money"]
    first, second = [await desk.data("GET", f"/order/{each['id']}") for each in orders[:2]]
    assert (one["orders"], money["orders"], money["currency"]) == (2, 2, "USD")
    assert money["total"] == pytest.approx(first["total"] + second["total"])
    assert money["amountPaid"] == pytest.approx(first["amountPaid"] + second["amountPaid"])
    assert (money["owed"], money["credit"]) == (pytest.approx(first["balance"]), 7)
    page = await dana.get(f"/customers/{ann}")
    text = text_of(page)
    for shown in (money["total"], money["amountPaid"], money["owed"], money["credit"]):
        assert f"${shown:,.2f}" in text
    assert re.findall(r'href="/desk/orders/(\d+)"', page.text.partition("<main")[2]) == [
        str(each["confirmation"]) for each in reversed(orders[:2])
    ]
    assert "<b>" not in page.text.partition("<h1>")[2].partition("</h1>")[0]
    assert (await dana.get(f"/customers/{'0' * 24}")).status_code == 404


async def test_book_again_has_the_customer_filled_in(dana: Visitor, orders: list[Any], rafting: str) -> None:
    page = (await dana.get(f"/customers/{customer_id(ANN)}")).text
    found = re.search(r'href="/desk(/new\?[^"]*)"[^>]*>(?:(?!</a>).)*Book again', page)
    assert found is not None
    path = html.unescape(found[1])
    asked = {name: value[0] for name, value in parse_qs(urlsplit(path).query).items()}
    assert {name.removeprefix("customer."): value for name, value in asked.items()} == {
        **ANN,
        "email": "ANN@LEE.example",
    }
    form = {"departure": rafting, "day": "2026-07-14", "count.Adult": "1", **asked}
    cart = (await dana.post("/new", form)).headers["location"]
    shown = (await dana.get(cart.removeprefix("/desk"))).text
    for field, value in asked.items():
        name = field.removeprefix("customer.")
        assert f'name="{name}"' in shown
        assert html.escape(value, quote=True).replace("&#x27;", "&#39;") in shown, name


async def test_notes_and_tags_on_a_customer(desk: Desk, dana: Visitor, orders: list[Any]) -> None:
    path = f"/customers/{customer_id(ANN)}"
    assert (await dana.post(f"{path}/notes", {"text": "Knows <the> river", "pinned": "1"})).status_code == 303
    assert (await dana.post(f"{path}/tags", {"add": "VIP"})).status_code == 303
    page = await dana.get(path)
    assert "Knows &lt;the&gt; river" in page.text
    assert 'aria-label="Take the tag VIP off"' in page.text
    [note] = await desk.data("GET", f"/api/v1{path}/notes")
    assert (note["pinned"], note["author"]) == (True, "Dana Reyes")
    await dana.post(f"{path}/notes", {"do": f"delete {note['id']}"})
    await dana.post(f"{path}/tags", {"remove": "VIP"})
    assert await desk.data("GET", f"/api/v1{path}/notes") == await desk.data("GET", f"/api/v1{path}/tags") == []
    refused = await dana.post(f"{path}/tags", {"add": "x" * 60})
    assert (refused.status_code, 'role="alert"' in refused.text) == (400, True)


@pytest.mark.parametrize("access", ["limited", "all"])
async def test_hidden_contacts_stay_hidden(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services, access: str
) -> None:
    """A limited supplier finds the customer by name only, and has no page, notes or sums of them."""
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, customerAccess=access)
    await booked(reseller, rafting, {**ANN, "lastName": "Lee"}, supplier=desk.shop.account_id)
    supplier = await visitor(client, services, desk.shop.account_id, DESK)
    seller = await visitor(client, services, reseller.shop.account_id, DESK)
    sees = access == "all"
    for who, side, may in ((supplier, desk, sees), (seller, reseller, True)):
        person = f"/customers/{customer_id(ANN)}"
        for path in ("/customers", "/customers?q=ann", "/customers?q=ann@lee", "/customers?q=801555", person):
            page = await who.get(path)
            assert page.status_code == (200 if may or path != person else 404), path
            main = page.text.partition("<main")[2]
            by_name = path in ("/customers", "/customers?q=ann")
            assert ("Ann Lee" in main) == (may or by_name), path
            for secret in ("0199", "ann@lee.example"):
                assert (secret in main) == may, (path, secret)
        [order] = await side.data("GET", "/order")
        assert (f'href="/desk{person}"' in (await who.get(f"/orders/{order['id']}")).text) == may
        answer = await side.call("GET", f"/api/v1{person}")
        assert answer.status_code == (200 if may else 404)
        for form in ("notes", "tags"):
            answer = await who.post(f"{person}/{form}", {"text": "x", "add": "x"})
            assert answer.status_code == (303 if may else 404)


async def test_who_sees_customers_and_no_orders_has_no_links(desk: Desk, orders: list[Any]) -> None:
    who = await visitor(desk.client, desk.services, desk.shop.account_id, frozenset(("customers.read",)))
    page = await who.get("/customers")
    assert "Ann O&#39;Neil" in page.text
    assert 'href="/desk/customers/' not in page.text
    assert (await who.get(f"/customers/{customer_id(ANN)}")).status_code == 403
