"""An order's ledger, in the API and at the desk: everything that was booked, in plain words, and both sides equal."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, get_args

import httpx

from seatwright.http.context import Services
from seatwright.orders.ledger import Kind, Ledger
from seatwright.web.desk.ledger_view import KINDS, LEDGERS
from tests.api.test_payments import pay, place, refund, void
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.notifications.office import open_office, open_reseller


def test_every_ledger_and_every_kind_has_a_name() -> None:
    assert (set(LEDGERS), set(KINDS)) == (set(get_args(Ledger)), set(_flat(get_args(Kind))))


def _flat(kinds: Any) -> list[str]:
    return [word for kind in kinds for word in (_flat(get_args(kind)) if get_args(kind) else [kind])]


def sums(page: str) -> list[tuple[list[Decimal], list[Decimal], Decimal]]:
    """Return the debits, the credits and the shown sum of each transaction of a page's ledger."""
    found = []
    for body in re.findall(r"<tbody><tr class=\"what\">(.*?)</tbody>", page, re.DOTALL):
        cells = [
            [Decimal(cell.replace(",", "").lstrip("$")) if cell else Decimal(0) for cell in cells]
            for cells in re.findall(r'<td class="n">([^<]*)</td><td class="n">([^<]*)</td>', body)
        ]
        *rows, (left, right) = cells
        assert left == right
        found.append(([row[0] for row in rows], [row[1] for row in rows], left))
    return found


async def busy_order(desk: Desk, departure: str) -> dict[str, Any]:
    """An order that is paid, given back, corrected, and cancelled with a fee that is lowered afterwards."""
    order = await place(desk, departure)
    await pay(desk, order, 100, "card")
    paid = await pay(desk, order, 50)
    await void(desk, order, paid["payments"][-1])
    await refund(desk, order, 5, "card", allowBalance=True)
    lines = [line["id"] for line in order["items"][0]["participantList"]]
    await desk.data("DELETE", f"/order/{order['id']}/item/{departure}/participant/{lines[0]}")
    return order


async def test_the_page_has_what_the_api_has_and_both_sides_are_equal(
    desk: Desk, dana: Visitor, rafting: str, services: Services
) -> None:
    order = await busy_order(desk, rafting)
    found = await desk.data("GET", f"/api/v1/orders/{order['id']}/ledger")
    rows = await services.database.read(
        lambda tx: tx.rows(
            "SELECT transaction_no, ledger, amount FROM ledger_entry WHERE order_id = $1 "
            "ORDER BY transaction_no, entry_no",
            order["id"],
        )
    )
    shown = [
        (each["number"], entry["ledger"], round((entry["debit"] - entry["credit"]) * 100))
        for each in found["transactions"]
        for entry in each["entries"]
    ]
    assert shown == [tuple(row) for row in rows]
    owed = sum(amount for _, ledger, amount in shown if ledger == "receivable")
    assert owed == round(found["balance"] * 100) == round((found["total"] - found["amountPaid"]) * 100)
    for path in (f"/orders/{order['confirmation']}/ledger", f"/orders/{order['confirmation']}"):
        page = await dana.get(path)
        on_page = sums(page.text)
        assert [total for *_, total in on_page] == [Decimal(str(each["amount"])) for each in found["transactions"]]
        for debits, credits, total in on_page:
            assert sum(debits) == sum(credits) == total
        text = text_of(page)
        for words in ("Sale", "Payment voided", "Refund", "Cancellation", "Owed by the customer", "Card at the desk"):
            assert words in text, words


async def test_an_accountant_reads_it_without_the_guests(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json={"firstName": "Ann", "lastName": "Lee"})
    order = await desk.data("POST", "/order", json={"id": cart})
    who = await visitor(client, services, desk.shop.account_id, frozenset(("transactions.read",)))
    page = await who.get(f"/orders/{order['confirmation']}/ledger")
    assert (page.status_code, "Ann" in page.text, "Owed by the customer" in page.text) == (200, False, True)
    assert f'href="/desk/orders/{order["confirmation"]}"' not in page.text
    assert (await who.get(f"/orders/{order['confirmation']}")).status_code == 403


async def test_supplier_and_reseller_read_the_same_books(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, type="net", rate={"percent": 80}, customerAccess="limited")
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    order = await reseller.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": []})
    books = [await side.data("GET", f"/api/v1/orders/{order['id']}/ledger") for side in (desk, reseller)]
    confirmation = [each.pop("confirmation") for each in books]
    assert books[0] == books[1]
    who = await visitor(client, services, desk.shop.account_id, frozenset(("transactions.read",)))
    text = text_of(await who.get(f"/orders/{confirmation[0]}/ledger"))
    assert "Owed by the reseller" in text
    assert "Held by the reseller" in text
