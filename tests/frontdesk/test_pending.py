"""Orders that wait for an answer: the list, the answers, and the number in the navigation."""

from __future__ import annotations

import re

import httpx
import pytest

from seatwright.cancellation import approval
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.http.context import Services
from tests.api.test_pending import needs_approval
from tests.desk import Desk, open_desk
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.notifications.office import open_office, open_reseller


def number(page: str) -> str:
    """Return the number in the navigation of a page, "" if none is shown."""
    found = re.search(r'data-count="pending"( hidden)?>([^<]*)<', page)
    assert found is not None
    return "" if found[1] else found[2]


@pytest.fixture
async def waiting(desk: Desk, rafting: str, kayak: str, clock: ManualClock) -> list[str]:
    """Two orders that wait, by their numbers: the rafting for two hours, the kayak tour, ordered later, for one."""
    await needs_approval(desk, "rafting", 120)
    await needs_approval(desk, "kayak", 60)
    first = await desk.order((rafting, {"Adult": 2}))
    clock.advance(30 * MINUTE_MS)
    second = await desk.order((kayak, {"All": 1}))
    return [str(first["confirmation"]), str(second["confirmation"])]


def listed(page: httpx.Response) -> list[str]:
    return re.findall(r'<h2 id="p(\d+)"', page.text)


async def test_the_most_urgent_order_is_first_with_its_age_and_its_end(
    desk: Desk, dana: Visitor, waiting: list[str], clock: ManualClock
) -> None:
    page = await dana.get("/pending")
    found = await desk.data("GET", "/api/v1/orders/pending")
    assert listed(page) == [str(each["confirmation"]) for each in found] == [waiting[1], waiting[0]]
    text = text_of(page)
    assert "Half-day rafting" in text
    assert "2 guests" in text
    assert "Ordered 30 min ago" in text
    assert "declined in 60 min" in text
    assert "declined on July 1, 2026, 12:00 pm" in text
    assert 'class="tag bad push"' not in page.text
    clock.advance(50 * MINUTE_MS)
    assert (await dana.get("/pending")).text.count('class="tag bad push"') == 1, "one of them is late"


async def test_the_navigation_has_their_number_until_they_are_answered(dana: Visitor, waiting: list[str]) -> None:
    assert number((await dana.get("/today")).text) == "2"
    done = await dana.post(f"/pending/{waiting[0]}", {"accept": "1"})
    assert (done.status_code, done.headers["location"]) == (303, "/desk/pending?done=accepted")
    page = await dana.get("/pending?done=accepted")
    assert listed(page) == [waiting[1]]
    assert (number(page.text), "Accepted" in text_of(page)) == ("1", True)
    await dana.post(f"/pending/{waiting[1]}", {"decline": "1", "reason": "The river is too high."})
    page = await dana.get("/pending")
    assert (listed(page), number(page.text)) == ([], "")
    assert "Nothing waits for an answer" in text_of(page)
    assert "The river is too high." in text_of(await dana.get(f"/orders/{waiting[1]}"))


async def test_who_may_not_see_orders_gets_no_number(desk: Desk, waiting: list[str]) -> None:
    guide = await visitor(desk.client, desk.services, desk.shop.account_id, frozenset(("departures.read",)))
    assert "data-count" not in (await guide.get("/today")).text


async def test_an_answer_that_comes_too_late_says_so_and_keeps_the_reason(
    desk: Desk, dana: Visitor, waiting: list[str], clock: ManualClock
) -> None:
    clock.advance(90 * MINUTE_MS)
    page = await dana.post(f"/pending/{waiting[0]}", {"accept": "1", "reason": "Too <late>"})
    assert page.status_code == 409
    assert 'role="alert"' in page.text
    assert page.text.count('value="Too &lt;late&gt;"') == 1
    assert (await dana.post("/pending/999999", {"accept": "1"})).status_code == 404
    assert await approval.expire(desk.services.database, clock) == 2


async def test_a_limited_supplier_sees_no_contact_of_what_it_answers(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    await needs_approval(desk, "rafting", 120)
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, customerAccess="limited")
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    customer = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "8015550199"}
    await reseller.data("PUT", f"/cart/{cart}/customer", json=customer)
    await reseller.data("POST", "/order", json={"id": cart})
    for side, sees in ((desk, False), (reseller, True)):
        who = await visitor(client, services, side.shop.account_id, frozenset(("orders.read", "orders.write")))
        order = (await side.data("GET", "/order"))[0]
        for path in ("/pending", f"/orders/{order['confirmation']}"):
            text = (await who.get(path)).text
            if path == "/pending" and sees:
                assert "Nothing waits" in text, "the reseller doesn't answer"
                continue
            assert "Ann Lee" in text
            assert ("ann@lee.example" in text, "8015550199" in text) == (sees, sees), (sees, path)


async def test_other_accounts_orders_are_not_counted(
    desk: Desk, waiting: list[str], client: httpx.AsyncClient, services: Services
) -> None:
    mesa = await open_desk(client, services, "mesa")
    stranger = await visitor(client, services, mesa.shop.account_id, frozenset(("orders.read", "departures.read")))
    assert number((await stranger.get("/today")).text) == ""
