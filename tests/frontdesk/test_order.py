"""An order's page: what is shown is what is booked, to the cent, and to whom."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

import seatwright
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.http.context import Services
from seatwright.web.desk.history_view import SAID
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor

ANN = {"firstName": "Ann", "lastName": "O’Lee <b>", "email": "ann@lee.example", "phone": "+1 435 555 0148"}


async def booked(desk: Desk, departure: str) -> dict[str, object]:
    """Book for two with a customer."""
    cart = await desk.cart((departure, {"Adult": 1, "Child": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=ANN)
    order: dict[str, object] = await desk.data("POST", "/order", json={"id": cart, "referenceId": "OTA-1"})
    return order


async def test_the_page_shows_what_is_booked_to_the_cent(desk: Desk, dana: Visitor, rafting: str) -> None:
    order = await booked(desk, rafting)
    page = await dana.get(f"/orders/{order['confirmation']}")
    said = text_of(page)
    assert "Ann O’Lee &lt;b&gt;" in page.text
    for amount in (order["total"], order["totalPaid"]) if "totalPaid" in order else (order["total"],):
        assert f"${amount:.2f}" in said
    for item in order["items"]:  # type: ignore[attr-defined]
        for guest in item["participantList"]:
            assert f"${guest['total']:.2f}" in said
    for shown in ("ann@lee.example", "+1 435 555 0148", "reference OTA-1", "Confirmed", "Paid", "Booked"):
        assert shown in said
    assert (await dana.get(f"/orders/{order['id']}")).status_code == 200


async def test_checking_in_and_taking_it_back(desk: Desk, dana: Visitor, rafting: str) -> None:
    order = await booked(desk, rafting)
    first = order["items"][0]["participantList"][0]["id"]  # type: ignore[index]
    path = f"/orders/{order['confirmation']}"
    assert (await dana.post(f"{path}/check-in", {"guest": first})).headers["location"].endswith("done=in")
    said = text_of(await dana.get(path))
    assert said.count("checked in") == 1
    assert (await dana.post(f"{path}/check-in", {"guest": first, "out": "1"})).headers["location"].endswith("done=out")
    assert "checked in" not in text_of(await dana.get(path))
    refused = await dana.post(f"{path}/check-in", {"guest": "nobody"})
    assert refused.status_code == 404


NOT_RECORDED = {"order.answered", "order.changed"}
"""Names of events for webhooks, which are no actions."""


def test_every_action_of_an_order_has_a_sentence() -> None:
    """What somebody has added to the program, and the page can't say yet, fails here."""
    root = Path(seatwright.__file__).parent
    sources = (path for room in ("orders", "cancellation") for path in (root / room).rglob("*.py"))
    found = {name for path in sources for name in re.findall(r'"(order\.[a-z_]+)"', path.read_text(encoding="utf-8"))}
    assert found - NOT_RECORDED == set(SAID)
    assert "order.created" in found


async def test_somebody_who_may_only_read_gets_no_buttons(
    desk: Desk, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    order = await booked(desk, rafting)
    reader = await visitor(client, services, desk.shop.account_id, frozenset({"orders.read"}))
    page = await reader.get(f"/orders/{order['confirmation']}")
    assert "Check in" not in text_of(page)
    assert "New booking" not in page.text
    everything = await visitor(client, services, desk.shop.account_id, ALL_PERMISSIONS)
    assert "Check in" in text_of(await everything.get(f"/orders/{order['confirmation']}"))
