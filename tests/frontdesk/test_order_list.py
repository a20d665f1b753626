"""The list of orders: what is found, page by page, and the file that equals the list."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from seatwright.web.desk import order_list_routes
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of

NAMES = (("Ann", "Lee"), ("José", "Núñez"), ("Theresa", "Brandt"))


async def booked(desk: Desk, departure: str, first: str, last: str) -> Any:
    """Book one seat for somebody."""
    cart = await desk.cart((departure, {"Adult": 1}))
    customer = {"firstName": first, "lastName": last, "email": f"{first.lower()}@x.example".replace("é", "e")}
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    return await desk.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": []})


def numbers(page: str) -> list[str]:
    """Return the confirmation numbers of a list, in its order."""
    return re.findall(r'<a href="/desk/orders/(\d+)"', page.partition("<main")[2])


@pytest.fixture
async def orders(desk: Desk, rafting: str) -> list[Any]:
    """Three orders that are not paid; the last one is cancelled."""
    made = [await booked(desk, rafting, first, last) for first, last in NAMES]
    await desk.data("DELETE", f"/order/{made[-1]['id']}")
    return made


async def test_every_filter_finds_what_the_api_finds(
    desk: Desk, dana: Visitor, orders: list[Any], rafting: str
) -> None:
    product = orders[0]["items"][0]["productId"]
    await desk.data("POST", f"/api/v1/orders/{orders[1]['id']}/tags", json={"add": ["Returning"]})
    for ours, theirs in (
        ("", ""),
        ("q=lee", "q=lee"),
        ("q=nunez", "q=nunez"),
        ("q=nobody", "q=nobody"),
        ("status=cancelled", "status=cancelled"),
        ("status=confirmed&balance=owing", "status=confirmed&balance=owing"),
        ("balance=settled", "balance=settled"),
        ("from=2026-07-14&to=2026-07-14", "departureFrom=2026-07-14&departureTo=2026-07-14"),
        ("from=2026-07-15", "departureFrom=2026-07-15"),
        (f"product={product}", f"productIds={product}"),
        ("tag=returning", "tag=returning"),
        ("sort=oldest", "sort=oldest"),
    ):
        found = await desk.data("GET", f"/api/v1/orders?{theirs}")
        page = await dana.get(f"/orders?{ours}")
        assert numbers(page.text) == [str(each["confirmation"]) for each in found["orders"]], ours
        file = await dana.get(f"/orders/export?{ours}&format=csv")
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))[1:]
        assert [row[0] for row in rows] == numbers(page.text), ours
    assert (await dana.get("/orders/export?format=xlsx")).content[:2] == b"PK"


async def test_a_number_leads_to_its_order(dana: Visitor, orders: list[Any]) -> None:
    number = orders[0]["confirmation"]
    answer = await dana.get(f"/orders?q={number}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/orders/{number}")


async def test_pages_of_the_list_are_the_whole_list(
    dana: Visitor, orders: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = numbers((await dana.get("/orders")).text)
    monkeypatch.setattr(order_list_routes, "PAGE_SIZE", 2)
    seen: list[str] = []
    path = "/orders"
    while path:
        page = await dana.get(path)
        seen += numbers(page.text)
        following = re.search(r'href="/desk(/orders\?[^"]*after=[^"]*)">Next page', page.text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == whole


async def test_wrong_filters_say_so_and_show_the_list(dana: Visitor, orders: list[Any]) -> None:
    for wrong in (
        "from=2026-07-15&to=2026-07-14",
        "from=tomorrow",
        "status=eaten",
        "balance=x",
        "after=x",
        "q=a+b+c+d+e+f+g+h+i",
    ):
        page = await dana.get(f"/orders?{wrong}")
        assert page.status_code == 400, wrong
        assert 'role="alert"' in page.text
    assert "No order matches" in text_of(await dana.get("/orders?q=zzz"))


async def test_orders_are_found_while_somebody_types(dana: Visitor, orders: list[Any]) -> None:
    found = await dana.get("/find/orders?q=br")
    assert "Theresa Brandt" in found.text
    assert found.text.count('role="option"') == 1
    assert (await dana.get("/find/orders?q=b")).text.strip() == ""


async def test_a_first_visitor_is_told_what_to_do(dana: Visitor) -> None:
    assert "No orders yet" in text_of(await dana.get("/orders"))
