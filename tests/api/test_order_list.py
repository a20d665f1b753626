"""`GET /api/v1/orders` and `GET /api/v1/customers`: orders and customers are found, by who may find them."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from seatwright.http.context import Services
from tests.desk import Desk
from tests.notifications.office import open_office, open_reseller

ORDERS, CUSTOMERS = "/api/v1/orders", "/api/v1/customers"
ANN = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "801-555-0100"}
BOB = {"firstName": "Bob", "lastName": "Ray", "phone": "+49 30 123456"}


async def order(desk: Desk, departure: str, customer: dict[str, Any], **more: Any) -> dict[str, Any]:
    cart = await desk.cart((departure, {"All": 2}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    placed: dict[str, Any] = await desk.data("POST", "/order", json={"id": cart, **more})
    return placed


async def found(desk: Desk, query: str = "") -> list[int]:
    page = await desk.data("GET", f"{ORDERS}?{query}")
    assert page["next"] is None
    return [each["confirmation"] for each in page["orders"]]


async def test_orders_are_found_by_words_and_filters(desk: Desk, kayak: str) -> None:
    ann = await order(desk, kayak, ANN, referenceId="OTA-7")
    bob = await order(desk, kayak, BOB)
    page = await desk.data("GET", f"{ORDERS}?q=ann")
    assert page["next"] is None
    [one] = page["orders"]
    assert one["confirmation"] == ann["confirmation"]
    assert (one["customerName"], one["email"], one["phone"]) == ("Ann Lee", ANN["email"], ANN["phone"])
    assert (one["referenceId"], one["status"], one["settlement"]) == ("OTA-7", "confirmed", "settled")
    assert (one["total"], one["amountPaid"], one["balance"]) == (ann["total"], ann["total"], 0)
    [item] = one["items"]
    assert (item["productName"], item["guests"], item["startTime"][:16]) == ("Kayak tour", 2, "2026-07-15T09:00")
    both = [bob["confirmation"], ann["confirmation"]]
    assert await found(desk) == await found(desk, "q=&status=&balance=&productIds=") == both
    assert await found(desk, "sort=oldest") == both[::-1]
    assert await found(desk, f"productIds={item['productId']},other&departureFrom=2026-07-15") == both
    await desk.data("DELETE", f"/order/{bob['id']}")
    assert await found(desk, "status=cancelled") == await found(desk, "balance=credit&q=030") == [bob["confirmation"]]
    pages = []
    after = ""
    while True:
        page = await desk.data("GET", f"{ORDERS}?limit=1{after}")
        pages += page["orders"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [each["confirmation"] for each in pages] == both


async def test_what_is_sent_wrongly_is_said(desk: Desk) -> None:
    for query, field in (
        ("q=" + "+".join("abcdefghi"), "q"),
        ("q=" + "x" * 201, "q"),
        ("departureFrom=2026-13-01", "departureFrom"),
        ("departureFrom=2026-07-02&departureTo=2026-07-01", "departureTo"),
        ("status=gone", "status"),
        ("balance=poor", "balance"),
        ("sort=best", "sort"),
        ("limit=0", "limit"),
        ("after=-1", "after"),
        ("productIds=,", "productIds"),
        ("confirmation=5", "confirmation"),
    ):
        refused = await desk.refused(400, "GET", f"{ORDERS}?{query}")
        assert field in refused["errorMessage"], (query, refused)
    for query in ("q=%F0%9F%8F%94", "q='--", "q=%25", "after=0", "after=9007199254740992"):
        assert (await desk.data("GET", f"{ORDERS}?{query}"))["orders"] == []
        assert (await desk.data("GET", f"{CUSTOMERS}?{query}"))["customers"] == []


async def test_the_file_has_what_the_list_has(desk: Desk, kayak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatwright.reports.order_list.EXPORT_PAGE", 2)
    for number in range(5):
        cart = await desk.cart((kayak, {"All": 1}))
        name = {"firstName": "=Ann" if number % 2 else "Bob", "lastName": f"Lee{number}"}
        await desk.data("PUT", f"/cart/{cart}/customer", json=name)
        await desk.data("POST", "/order", json={"id": cart})
    for query in ("", "q=ann", "q=lee&sort=oldest", "q=nobody", "status=cancelled"):
        listed = (await desk.data("GET", f"{ORDERS}?{query}"))["orders"]
        answer = await desk.call("GET", f"{ORDERS}?{query}&format=csv")
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert [row["Confirmation"] for row in rows] == [str(each["confirmation"]) for each in listed]
        assert [row["Customer"].lstrip("'") for row in rows] == [each["customerName"] for each in listed]
        assert [float(row["Total"]) for row in rows] == [each["total"] for each in listed]
        assert all(row["First departure"].startswith("2026-07-15T09:00") for row in rows)
    limited = await desk.call("GET", f"{ORDERS}?limit=3&format=csv")
    assert len(limited.text.splitlines()) == 4
    assert (await desk.call("GET", f"{ORDERS}?format=xlsx")).content[:2] == b"PK"


async def test_a_file_that_would_leave_something_out_is_refused(
    desk: Desk, kayak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ann", "Bob", "Cy"):
        await order(desk, kayak, {"firstName": name})
    monkeypatch.setattr("seatwright.api.manage.order_list_routes.MAX_ROWS", 2)
    assert (await desk.refused(400, "GET", f"{ORDERS}?format=csv"))["errorCode"] == "too_many_rows"
    assert (await desk.call("GET", f"{ORDERS}?format=csv&q=ann")).status_code == 200


async def test_each_customer_is_found_once_with_all_orders(desk: Desk, kayak: str, rafting: str) -> None:
    first = await order(desk, kayak, ANN)
    cart = await desk.cart((rafting, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json={**ANN, "email": "ANN@lee.example", "city": "Moab"})
    newest = await desk.data("POST", "/order", json={"id": cart})
    await order(desk, kayak, BOB)
    page = await desk.data("GET", f"{CUSTOMERS}?q=ann")
    [one] = page["customers"]
    assert (one["name"], one["orders"], one["lastOrderId"]) == ("Ann Lee", 2, newest["id"])
    assert one["customer"]["city"] == "Moab"
    orders = (await desk.data("GET", f"{ORDERS}?customerId={one['id']}"))["orders"]
    assert [each["id"] for each in orders] == [newest["id"], first["id"]]
    assert {each["customerId"] for each in orders} == {one["id"]}
    assert one["lastTrip"][:16] == "2026-07-15T09:00"
    await desk.data("DELETE", f"/order/{first['id']}")
    [one] = (await desk.data("GET", f"{CUSTOMERS}?q=8015"))["customers"]
    assert one["lastTrip"][:16] == "2026-07-14T09:00"
    [one] = (await desk.data("GET", f"{CUSTOMERS}?q=%2B4930"))["customers"]
    assert (one["name"], one["orders"]) == ("Bob Ray", 1)
    everybody = await desk.data("GET", CUSTOMERS)
    assert [each["name"] for each in everybody["customers"]] == ["Bob Ray", "Ann Lee"]
    # Page by page, nobody comes twice.
    one_by_one, after = [], ""
    while True:
        page = await desk.data("GET", f"{CUSTOMERS}?limit=1{after}")
        one_by_one += [each["name"] for each in page["customers"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert one_by_one == ["Bob Ray", "Ann Lee"]


async def test_a_guest_or_a_reference_is_no_customer(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    shown = await desk.data("GET", f"/cart/{cart}")
    guest = {"id": shown["items"][0]["participantList"][0]["id"], "firstName": "Gus", "lastName": "Orr"}
    await desk.data("PUT", f"/cart/{cart}/customer", json={**ANN, "participants": [guest]})
    placed = await desk.data("POST", "/order", json={"id": cart, "referenceId": "Annex"})
    assert await found(desk, "q=gus+orr") == await found(desk, "q=annex") == [placed["confirmation"]]
    for query in ("gus", "annex"):
        assert (await desk.data("GET", f"{CUSTOMERS}?q={query}"))["customers"] == []


@pytest.mark.parametrize("access", ["limited", "all"])
async def test_hidden_contacts_can_not_be_found(
    client: httpx.AsyncClient, services: Services, desk: Desk, kayak: str, access: str
) -> None:
    """Neither the result nor the stored rows of a limited supplier depend on what it doesn't see."""
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, customerAccess=access)
    customer = {**ANN, "lastName": "Lee", "organization": "Club", "city": "Moab"}
    placed = await office.order((kayak, {"All": 1}), by=reseller, customer=customer, referenceId="Refno")
    everything = ("ann", "lee", "club", "ann@lee.example", "ann@", "@lee", "801555", "+1 801", "refno")
    for query in everything:
        assert await found(reseller, f"q={query.replace('+', '%2B')}") == [placed["confirmation"]], query
    hidden = {"ann@lee.example", "ann@", "@lee", "801555", "+1 801", "refno"} if access == "limited" else set()
    for query in everything:
        right = [] if query in hidden else [placed["confirmation"]]
        assert await found(desk, f"q={query.replace('+', '%2B')}") == right, query
    [one] = (await desk.data("GET", f"{CUSTOMERS}?q=ann"))["customers"]
    assert ("email" in one["customer"]) == (access == "all")
    rows = await services.database.read(
        lambda tx: tx.rows("SELECT term FROM order_term WHERE account_id = $1", desk.shop.account_id)
    )
    stored = {row["term"] for row in rows}
    assert {"ann", "lee", "club"} <= stored
    assert ("ann@lee.example" in stored) == (access == "all")
    if access == "limited":
        assert not any(part in term for term in stored for part in ("@", "801", "refno"))
        [view] = await services.database.read(
            lambda tx: tx.rows("SELECT terms FROM order_view WHERE account_id = $1", desk.shop.account_id)
        )
        assert not any(part in view["terms"] for part in ("@", "801", "refno"))
