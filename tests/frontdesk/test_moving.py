"""Moving guests at the desk: what is shown first is what is done, to the cent and to the seat."""

from __future__ import annotations

import re
from typing import Any

import httpx

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.http.context import Services
from tests.desk import Desk
from tests.frontdesk.test_money import hidden
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.notifications.office import open_office, open_reseller


async def booked(desk: Desk, departure: str) -> tuple[Any, list[str]]:
    """Order two adults and a child, paid; return the order and its guests."""
    order = await desk.order((departure, {"Adult": 2, "Child": 1}))
    return order, [guest["id"] for guest in order["items"][0]["participantList"]]


async def shown(desk: Desk, order: Any) -> Any:
    return await desk.data("GET", f"/api/v1/orders/{order['id']}")


async def on(desk: Desk, order: Any) -> dict[str, set[str]]:
    """Return who of an order is on which departure."""
    now = await shown(desk, order)
    return {item["id"]: {guest["id"] for guest in item["participantList"]} for item in now["items"]}


async def test_guests_are_moved_as_it_was_shown(desk: Desk, dana: Visitor, rafting: str) -> None:
    later = await desk.shop.departure("rafting", "2026-07-15 09:00", capacity=12, prices={"Adult": 12000})
    order, (ann, bo, cy) = await booked(desk, rafting)
    path = f"/orders/{order['confirmation']}/move"
    first = await dana.get(path)
    assert "Nobody of this order can move" not in text_of(first)
    assert "No departure takes them on Tuesday" in text_of(first), "the day that they leave has no other departure"
    ticked = [("guest", ann), ("guest", cy), ("day", "2026-07-15"), ("price", "new"), ("do", "show")]
    choosing = await dana.post(path, ticked)
    assert "Choose the departure to which they go" in text_of(choosing)
    assert f'value="{later}"' in choosing.text
    asked = await dana.post(path, [*ticked, ("to", later)])
    said = text_of(asked)
    for text in (
        "Move 2 guests to Half-day rafting, Wednesday, July 15",
        "Nothing has happened yet. The total grows by",
    ):
        assert text in said, said
    assert asked.text.count(" checked") == 5, "two guests, the departure, the price, and who asks"
    (proof,) = hidden(asked, "proof")
    assert (await shown(desk, order))["version"] == 1, "only shown"
    form = [*ticked[:-1], ("to", later), ("proof", proof), ("do", "move")]
    for other in (("price", "kept"), ("guest", bo), ("asked", "supplier"), ("pickup", "none")):
        refused = await dana.post(path, [*form, other])
        assert refused.status_code == 409, other
        assert "not what was shown before" in text_of(refused)
        assert hidden(refused, "proof") != [proof]
    assert (await shown(desk, order))["version"] == 1
    done = await dana.post(path, form)
    assert done.headers["location"].endswith(f"/orders/{order['confirmation']}?done=moved")
    assert "Moved: these guests" in text_of(await dana.get(f"/orders/{order['confirmation']}?done=moved"))
    assert await on(desk, order) == {rafting: {bo}, later: {ann, cy}}
    match = re.search(r"grows by \$(\d+\.\d\d)", said)
    assert match is not None
    assert (await shown(desk, order))["total"] == round(order["total"] + float(match[1]), 2)
    again = await dana.post(path, form)
    assert again.status_code == 409, "a form that is sent twice moves nobody twice"


async def test_a_refusal_keeps_what_was_chosen(desk: Desk, dana: Visitor, rafting: str) -> None:
    small = await desk.shop.departure("rafting", "2026-07-15 09:00", capacity=1)
    order, guests = await booked(desk, rafting)
    path = f"/orders/{order['confirmation']}/move"
    form = [*(("guest", each) for each in guests), ("day", "2026-07-15"), ("to", small), ("asked", "supplier")]
    asked = await dana.post(path, [*form, ("do", "show")])
    assert "3 seats are needed there; 1 left" in text_of(asked)
    full = await dana.post(path, [*form, ("proof", hidden(asked, "proof")[0]), ("do", "move")])
    assert full.status_code == 409
    assert "not enough seats left" in text_of(full)
    for kept in (f'value="{small}" id="to{small}" checked', 'value="supplier" checked', 'value="2026-07-15"'):
        assert kept in full.text
    assert full.text.count('name="guest"') == 3
    for wrong, status in (
        ([("do", "move"), ("to", small)], 400),
        ([("do", "move"), ("guest", guests[0])], 400),
        ([*form, ("guest", "0" * 24), ("do", "move")], 404),
        ([("day", "never")], 400),
    ):
        assert (await dana.post(path, wrong)).status_code == status, wrong
    assert await on(desk, order) == {rafting: set(guests)}


async def test_another_product_asks_for_a_tier_and_a_pickup(
    desk: Desk, dana: Visitor, rafting: str, kayak: str
) -> None:
    hotel, detail = desk.shop.entries["hotel"].id, desk.shop.entries["shuttle"].details[0].id  # type: ignore[union-attr]
    cart = await desk.data("POST", "/cart")
    await desk.add(cart["id"], rafting, {"Senior": 1}, locationId=hotel, pickupDetailId=detail)
    order = await desk.data("POST", "/order", json={"id": cart["id"]})
    guest = order["items"][0]["participantList"][0]["id"]
    path = f"/orders/{order['confirmation']}/move"
    form = [("guest", guest), ("day", "2026-07-15"), ("to", kayak)]
    tierless = await dana.post(path, [*form, ("do", "show")])
    assert tierless.status_code == 200
    assert "Not every price tier is sold there" in text_of(tierless)
    assert hidden(tierless, "proof") == []
    assert 'name="tier.Senior"' in tierless.text
    form.append(
        ("tier.Senior", re.findall(r'name="tier.Senior">.*?<option value="(\w+)"', tierless.text, re.DOTALL)[0])
    )
    far = await dana.post(path, [*form, ("do", "show")])
    assert "Choose a pickup for all who move, or none" in text_of(far)
    assert (await dana.post(path, [*form, ("do", "move")])).status_code == 409
    form.append(("pickup", "none"))
    far = await dana.post(path, [*form, ("do", "show")])
    done = await dana.post(path, [*form, ("proof", hidden(far, "proof")[0]), ("do", "move")])
    assert done.headers["location"].endswith("done=moved")
    assert await on(desk, order) == {kayak: {guest}}


async def test_what_can_t_move_is_not_offered(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, services: Services, rafting: str, bike: str
) -> None:
    order, (ann, *_) = await booked(desk, rafting)
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{ann}")
    closed = await desk.shop.departure("rafting", "2026-07-14 12:00", capacity=5)
    await desk.data("PATCH", f"/api/v1/departures/{closed}", json={"closed": True})
    page = await dana.get(f"/orders/{order['confirmation']}/move?day=2026-07-14")
    for absent in (ann, closed, bike, rafting):
        assert f'value="{absent}"' not in page.text
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services)
    theirs = await reseller.order((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    agent = await visitor(client, services, reseller.shop.account_id, ALL_PERMISSIONS)
    assert (await agent.get(f"/orders/{theirs['confirmation']}/move")).status_code == 403
    assert "Move guests" not in text_of(await agent.get(f"/orders/{theirs['confirmation']}"))
    await desk.data("DELETE", f"/order/{order['id']}")
    assert "Nobody of this order can move" in text_of(await dana.get(f"/orders/{order['confirmation']}/move"))
