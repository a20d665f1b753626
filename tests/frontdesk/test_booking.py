"""A new booking: seats are held while the customer is on the phone, and what was typed is never lost."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.http.context import Services
from tests.desk import RAFTING, Desk, open_desk
from tests.frontdesk.visitor import Visitor, text_of

ANN = {"firstName": "Ann", "lastName": "Lee", "phone": "+1 435 555 0148", "email": "ann@lee.example"}


async def hold(who: Visitor, departure: str, **counts: int) -> str:
    """Choose a departure and hold seats; return the cart's path."""
    fields = {"departure": departure} | {f"count.{tier}": str(count) for tier, count in counts.items()}
    answer = await who.post("/new", fields)
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"].removeprefix("/desk"))


async def order_at(desk: Desk, answer: httpx.Response) -> Any:
    """Return the order to which a booking has led."""
    assert answer.status_code == 303, text_of(answer)
    found = re.fullmatch(r"/desk/orders/(\d+)\?done=booked", answer.headers["location"])
    assert found, answer.headers["location"]
    return await desk.data("GET", f"/order/{found[1]}")


async def test_a_booking_by_phone(desk: Desk, dana: Visitor, rafting: str) -> None:
    said = text_of(await dana.get("/new?day=2026-07-14"))
    assert "Half-day rafting" in said
    said = text_of(await dana.get(f"/new?day=2026-07-14&departure={rafting}"))
    assert "Adult $99.00" in said
    path = await hold(dana, rafting, Adult=2, Child=1)
    assert await desk.free(RAFTING, rafting) == 9
    page = await dana.get(path)
    total = float(re.findall(r'name="amount"[^>]* value="([\d.]+)"', page.text)[0])
    booked = await dana.post(path, ANN | {"method": "cash", "amount": "50", "mail": "1", "do": "book"})
    order = await order_at(desk, booked)
    assert order["total"] == total
    assert order["customer"] == ANN
    payments = await desk.data("GET", f"/api/v1/orders/{order['id']}/payments")
    assert [(each["method"], each["amount"], each["deposit"]) for each in payments["payments"]] == [
        ("cash", 50.0, True)
    ]
    assert f"${total - 50:.2f} to pay" in text_of(await dana.get(f"/orders/{order['confirmation']}"))


@pytest.mark.parametrize(
    ("fields", "paid"), [({}, []), ({"method": "later", "amount": "9"}, []), ({"method": "card"}, [None])]
)
async def test_it_is_paid_later_or_all_at_once(
    desk: Desk, dana: Visitor, rafting: str, fields: dict[str, str], paid: list[Any]
) -> None:
    path = await hold(dana, rafting, Adult=1)
    page = await dana.get(path)
    whole = re.findall(r'name="amount"[^>]* value="([\d.]+)"', page.text)[0]
    order = await order_at(desk, await dana.post(path, ANN | {"amount": whole} | fields))
    payments = await desk.data("GET", f"/api/v1/orders/{order['id']}/payments")
    assert [each["deposit"] for each in payments["payments"]] == [False for _ in paid]
    assert payments["amountPaid"] == (float(whole) if paid else 0)


async def test_seats_that_are_lost_in_the_middle_lose_nothing_that_was_typed(
    desk: Desk, dana: Visitor, rafting: str
) -> None:
    path = await hold(dana, rafting, Adult=2)
    assert isinstance(desk.services.clock, ManualClock)
    desk.services.clock.advance(31 * MINUTE_MS)
    assert "not held any more" in text_of(await dana.get(path))
    await desk.order((rafting, {"Adult": 11}))
    page = await dana.get(path)
    line = re.findall(r'name="first\.(\w+)"', page.text)[0]
    typed = ANN | {f"first.{line}": "Ben", "method": "cash", "amount": "12.50", "memo": "in an envelope"}
    refused = await dana.post(path, typed)
    assert refused.status_code == 409
    assert "not enough seats left" in text_of(refused)
    for value in (*ANN.values(), "Ben", "12.50", "in an envelope"):
        assert f'value="{value}"' in refused.text, value
    assert '<option value="cash" selected>' in refused.text
    assert [each["total"] for each in await desk.data("GET", "/order")] != []


async def test_a_mistake_is_said_beside_what_was_typed(desk: Desk, dana: Visitor, rafting: str) -> None:
    path = await hold(dana, rafting, Adult=1)
    for wrong, about in (
        ({"email": "ann.lee.example"}, "e-mail"),
        ({"method": "cash", "amount": "5,x"}, "mount"),
        ({"method": "cash", "amount": ""}, "how much was paid"),
        ({"method": "cash", "amount": "100000"}, "more than what is still owed"),
        ({"method": "cheese", "amount": "1"}, "how it was paid"),
        ({"do": "discount", "discount": "NOPE"}, "no such discount code"),
    ):
        refused = await dana.post(path, ANN | wrong)
        assert refused.status_code in (400, 404, 409), about
        assert about in text_of(refused), text_of(refused)[:300]
        assert 'value="Lee"' in refused.text
    assert await desk.data("GET", "/order") == []
    for counts in ({}, {"Adult": "x"}, {"Adult": "0"}, {"Gorilla": "1"}, {"Adult": "13"}):
        fields = {"departure": rafting} | {f"count.{tier}": count for tier, count in counts.items()}
        refused = await dana.post("/new", fields)
        assert refused.status_code in (400, 409), counts
        assert 'role="alert"' in refused.text
        assert "Hold the seats" in refused.text


async def test_two_departures_a_discount_and_more_time(desk: Desk, dana: Visitor, rafting: str, kayak: str) -> None:
    path = await hold(dana, rafting, Adult=1)
    more = await dana.post(path, ANN | {"do": "more", "mail": "1"})
    cart = path.removeprefix("/new/")
    assert more.headers["location"] == f"/desk/new?cart={cart}"
    answer = await dana.post("/new", {"departure": kayak, "count.All": "2", "cart": cart})
    assert answer.headers["location"] == f"/desk{path}"
    page = await dana.get(path)
    assert 'value="Lee"' in page.text, "what was typed before is still there"
    assert (await dana.post(path, ANN | {"do": "extend"})).status_code == 303
    assert (await dana.post(path, ANN | {"do": f"remove {rafting}"})).status_code == 303
    assert await desk.free(RAFTING, rafting) == 12
    order = await order_at(desk, await dana.post(path, ANN))
    assert [item["id"] for item in order["items"]] == [kayak]


async def test_a_booking_that_is_dropped_gives_its_seats_back(desk: Desk, dana: Visitor, rafting: str) -> None:
    path = await hold(dana, rafting, Adult=3)
    answer = await dana.post(path, {"do": "drop"})
    assert answer.headers["location"] == "/desk/today"
    assert await desk.free(RAFTING, rafting) == 12
    assert (await dana.get(path)).status_code == 404
    assert (await dana.post(path, {"do": "explode"})).status_code == 404


async def test_a_button_that_is_pressed_twice_books_once(desk: Desk, dana: Visitor, rafting: str) -> None:
    path = await hold(dana, rafting, Adult=1)
    order = await order_at(desk, await dana.post(path, ANN))
    again = await dana.post(path, ANN)
    assert again.status_code == 303
    assert again.headers["location"].startswith(f"/desk/orders/{order['id']}")
    assert (await dana.get(path)).headers["location"].startswith(f"/desk/orders/{order['id']}")
    assert len(await desk.data("GET", "/order")) == 1


async def test_guests_are_added_to_an_order(desk: Desk, dana: Visitor, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    said = text_of(await dana.get(f"/new?order={order['confirmation']}&departure={rafting}"))
    assert f"Add guests to {order['confirmation']}" in said
    answer = await dana.post("/new", {"departure": rafting, "count.Child": "2", "order": str(order["confirmation"])})
    path = answer.headers["location"].removeprefix("/desk")
    page = await dana.get(path)
    assert "Customer" not in text_of(page)
    more = float(re.findall(r'name="amount"[^>]* value="([\d.]+)"', page.text)[0])
    changed = await order_at(desk, await dana.post(path, {"method": "later"}))
    assert changed["id"] == order["id"]
    assert round(changed["total"] - order["total"], 2) == more
    assert len(changed["items"][0]["participantList"]) == 3


async def test_earlier_customers_are_found_while_somebody_types(desk: Desk, dana: Visitor, rafting: str) -> None:
    path = await hold(dana, rafting, Adult=1)
    await order_at(desk, await dana.post(path, ANN))
    for typed in ("le", "ann@", "4355550148"):
        found = await dana.get(f"/find/customers?find={typed}")
        assert 'role="option"' in found.text, typed
        assert "ann@lee.example" in found.text
    for typed in ("", "l", "zz"):
        assert (await dana.get(f"/find/customers?find={typed}")).text.strip() == ""


async def test_another_accounts_cart_and_departure_are_not_there(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, services: Services
) -> None:
    mesa = await open_desk(client, services, "mesa")
    theirs = await mesa.shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    cart = await mesa.cart((theirs, {"Adult": 1}))
    assert "Hold the seats" not in text_of(await dana.get(f"/new?departure={theirs}"))
    assert (await dana.post("/new", {"departure": theirs, "count.Adult": "1"})).status_code == 404
    assert (await dana.get(f"/new/{cart}")).status_code == 404
    assert (await dana.post(f"/new/{cart}", {"do": "drop"})).status_code == 404
    assert (await dana.post("/new", {"departure": theirs, "count.Adult": "1", "cart": cart})).status_code == 404
