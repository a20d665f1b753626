"""Money at the desk, and cancelling by ticking with the breakdown first: what is shown is what is done, to the cent."""

from __future__ import annotations

import re
from typing import Any

import httpx

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.core.clock import ManualClock
from seatwright.http.context import Services
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.shop import denver


async def pay_later(desk: Desk, departure: str) -> Any:
    """Order an adult (111.38) and a child (66.38), nothing paid."""
    cart = await desk.cart((departure, {"Adult": 1, "Child": 1}))
    return await desk.data("POST", "/api/v1/orders", json={"cartId": cart})


async def money(desk: Desk, order: Any) -> Any:
    return await desk.data("GET", f"/api/v1/orders/{order['id']}/payments")


def hidden(page: httpx.Response, name: str) -> list[str]:
    """Return the values of the hidden fields of that name."""
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.text)


async def test_payments_refunds_and_mistakes(desk: Desk, dana: Visitor, rafting: str) -> None:
    order = await pay_later(desk, rafting)
    path = f"/orders/{order['confirmation']}"
    assert 'name="amount" inputmode="decimal" required value="177.76"' in (await dana.get(path)).text
    form = {"amount": "50", "method": "cash", "memo": "till 2", "deposit": "1"}
    assert (await dana.post(f"{path}/payments", form)).headers["location"].endswith("done=paid")
    said = text_of(await dana.get(path))
    for shown in ("Cash Deposit till 2", "Dana Reyes", "$50.00", "$127.76 to pay"):
        assert shown in said
    refused = await dana.post(f"{path}/payments", {"amount": "127.77", "method": "card", "memo": "kept"})
    assert refused.status_code == 409
    assert "That is more than what is still owed." in text_of(refused)
    assert 'value="127.77"' in refused.text, "what was typed is still there"
    assert 'value="kept"' in refused.text
    over = {"amount": "127.77", "method": "card", "more": "1"}
    assert (await dana.post(f"{path}/payments", over)).headers["location"].endswith("done=paid")
    refund = {"amount": "0.01", "method": "cash"}
    assert (await dana.post(f"{path}/refunds", refund)).headers["location"].endswith("done=refunded")
    card = (await money(desk, order))["payments"][1]["id"]
    gone = await dana.post(f"{path}/payments/{card}/void", {"reason": "declined later"})
    assert gone.headers["location"].endswith("done=voided")
    assert "voided by Dana Reyes: declined later" in text_of(await dana.get(path))
    now = await money(desk, order)
    assert (now["amountPaid"], now["balance"]) == (49.99, 127.77)
    for wrong in (
        {"amount": "x", "method": "cash"},
        {"amount": "1", "method": "gold"},
        {"amount": "", "method": "cash"},
    ):
        assert (await dana.post(f"{path}/payments", wrong)).status_code == 400
    assert await money(desk, order) == now


async def test_cancelling_by_ticking_is_what_the_breakdown_shows(
    desk: Desk, dana: Visitor, rafting: str, bike: str, clock: ManualClock
) -> None:
    order = await desk.order((rafting, {"Adult": 2, "Child": 1}), (bike, {"All": 1}))
    path = f"/orders/{order['confirmation']}"
    clock.set(denver("2026-07-12 10:00"))
    dana = await visitor(desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS)
    adult, _, child = (line["id"] for line in order["items"][0]["participantList"])
    wheel = order["items"][1]["unitList"][0]["id"]
    empty = await dana.get(f"{path}/cancel")
    assert "Show what it comes to" in text_of(empty)
    assert hidden(empty, "proof") == []
    page = await dana.get(f"{path}/cancel?guest={child}&guest={adult}&guest={wheel}")
    said = text_of(page)
    for shown in (
        "Cancel 3 of 4 guests",
        "Nothing has happened yet",
        "Tiered: 25",
        "$242.26",  # what they cost
        "$47.45",  # fees
        "$194.81",  # given back
        "3 seats will be free again",
    ):
        assert shown in said, shown
    assert set(hidden(page, "guest")) == {adult, child, wheel}
    ticked = [("guest", child), ("guest", adult), ("guest", wheel), ("do", "show")]
    assert hidden(await dana.post(f"{path}/cancel", ticked), "proof") == hidden(page, "proof"), "from the order's page"
    form = [("guest", each) for each in hidden(page, "guest")] + [("proof", hidden(page, "proof")[0])]
    again = await dana.post(f"{path}/cancel", [*form, (f"fee.{adult}", "10"), ("do", "show")])
    assert "$29.60" in text_of(again)
    waived = await dana.post(f"{path}/cancel", [*form, ("do", "waive")])
    assert (hidden(waived, "waive"), "Give $242.26 back" in text_of(waived)) == (["1"], True)
    assert (await money(desk, order))["total"] == order["total"], "only shown"
    sent = [*form, (f"fee.{adult}", "10"), ("reason", "Ben’s knee"), ("how", "cash"), ("do", "cancel")]
    done = await dana.post(f"{path}/cancel", sent)
    assert done.headers["location"].endswith("done=cancelled")
    now = await money(desk, order)
    assert (now["balance"], now["total"]) == (0, round(111.38 + 29.6, 2))
    assert now["payments"][1]["amount"] == -round(242.26 - 29.6, 2)
    told = await dana.post(f"{path}/cancel", sent)
    assert told.headers["location"].endswith("done=gone")
    assert await money(desk, order) == now


async def test_amounts_that_have_changed_are_shown_again(
    desk: Desk, dana: Visitor, rafting: str, clock: ManualClock
) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    guest = order["items"][0]["participantList"][0]["id"]
    path = f"/orders/{order['confirmation']}/cancel"
    clock.set(denver("2026-07-11 09:00"))
    dana = await visitor(desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS)
    page = await dana.get(f"{path}?guest={guest}")
    form = [("guest", guest), ("proof", hidden(page, "proof")[0]), ("do", "cancel")]
    clock.advance(1)
    refused = await dana.post(path, form)
    assert refused.status_code == 409
    assert "The amounts have changed since they were shown" in text_of(refused)
    assert "$27.85" in text_of(refused)
    form[1] = ("proof", hidden(refused, "proof")[0])
    assert (await dana.post(path, form)).headers["location"].endswith("done=cancelled")


async def test_fees_that_were_typed_outlive_a_refusal(
    desk: Desk, dana: Visitor, rafting: str, clock: ManualClock
) -> None:
    order = await desk.order((rafting, {"Adult": 2}))
    first, second = (line["id"] for line in order["items"][0]["participantList"])
    path = f"/orders/{order['confirmation']}/cancel"
    clock.set(denver("2026-07-11 09:00"))
    dana = await visitor(desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS)
    page = await dana.get(f"{path}?guest={first}&guest={second}")
    before = hidden(page, f"policy.{second}")[0]
    form = [("guest", first), ("guest", second), ("proof", hidden(page, "proof")[0]), ("reason", "wind")]
    form += [(f"policy.{each}", before) for each in (first, second)]
    fees = [(f"fee.{first}", "3.00"), (f"fee.{second}", before)]
    clock.advance(1)
    refused = await dana.post(path, [*form, *fees, ("do", "cancel")])
    assert refused.status_code == 409
    assert f'name="fee.{first}" value="3.00"' in refused.text
    now = hidden(refused, f"policy.{second}")[0]
    assert now != before
    assert f'name="fee.{second}" value="{now}"' in refused.text, "what nobody typed is the policy's, as it is now"
    assert 'name="reason" maxlength="500" value="wind"' in refused.text
    wrong = await dana.post(path, [*form, (f"fee.{first}", "a lot"), (f"fee.{second}", "2"), ("do", "show")])
    assert wrong.status_code == 400
    assert (f'name="fee.{first}" value="a lot"' in wrong.text, f'name="fee.{second}" value="2"' in wrong.text) == (
        True,
        True,
    )
    assert (await money(desk, order))["total"] == order["total"]


async def test_who_may_not_edit_fees_sees_no_fields_for_them(
    desk: Desk, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    guest = order["items"][0]["participantList"][0]["id"]
    path = f"/orders/{order['confirmation']}"
    clerk = await visitor(client, services, desk.shop.account_id, frozenset({"orders.read", "orders.cancel"}))
    page = await clerk.get(f"{path}/cancel?guest={guest}")
    assert "fee." not in page.text
    assert "Waive" not in text_of(page)
    assert "Cash, paid out now" not in text_of(page)
    form = [("guest", guest), ("proof", hidden(page, "proof")[0]), ("do", "cancel")]
    assert (await clerk.post(f"{path}/cancel", [*form, (f"fee.{guest}", "0")])).status_code == 403
    assert (await clerk.post(f"{path}/cancel", [*form, ("how", "cash")])).status_code == 403
    assert (await money(desk, order))["total"] == order["total"], "neither was done in part"
    shown = text_of(await clerk.get(path))
    assert ("Record payment" in shown, "Record refund" in shown, "Cancel guests" in shown) == (False, False, True)


async def test_the_drawer_of_a_day_is_what_was_recorded(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    order = await pay_later(desk, rafting)
    path = f"/orders/{order['confirmation']}"
    bo = await visitor(client, services, desk.shop.account_id, ALL_PERMISSIONS, name="Bo")
    assert "Nothing was taken or given back" in text_of(await dana.get("/drawer"))
    for who, method, amount in ((dana, "cash", "50"), (bo, "card", "100"), (dana, "cash", "5.50")):
        await who.post(f"{path}/payments", {"amount": amount, "method": method})
    await dana.post(f"{path}/refunds", {"amount": "0.50", "method": "cash", "more": "1"})
    said = text_of(await dana.get("/drawer"))
    for shown in (
        "Dana Reyes Way",
        "Cash $55.50 −$0.50 – $55.00",
        "Bo Way",
        "Card $100.00 – – $100.00",
        "Refund, cash",
    ):
        assert shown in said, shown
    mine = text_of(await bo.get("/drawer?mine=1"))
    assert ("Card $100.00" in mine, "Dana" in mine.partition("Way")[2]) == (True, False)
    assert "Nothing was taken" in text_of(await dana.get("/drawer?day=2026-06-30"))
    assert (await dana.get("/drawer?day=never")).status_code == 400
