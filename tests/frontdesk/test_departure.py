"""A departure's page: who is on it, check-in by a tap and by a code, and who sees what."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from seatwright.auth.roles import ROLE_PERMISSIONS
from seatwright.core.clock import DAY_MS
from seatwright.core.errors import TooMany
from seatwright.http.context import Services
from seatwright.web.desk import checkin_routes
from seatwright.web.desk.visit import write
from tests.conftest import START
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.pdf import text_of as pdf_text

ANN = {"firstName": "Ann", "lastName": "Lee", "phone": "+1 435 555 0148", "email": "ann@lee.example"}


async def booked(desk: Desk, departure: str) -> Any:
    """Book for two, with something left to pay."""
    cart = await desk.cart((departure, {"Adult": 1, "Child": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=ANN)
    paid = [{"amount": 20, "method": "cash"}]
    return await desk.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": paid})


async def states(desk: Desk, departure: str) -> list[tuple[bool, bool]]:
    """Return of each guest whether they are checked in, and whether they are a no-show."""
    manifest = await desk.data("GET", f"/api/v1/departures/{departure}/manifest")
    return [(guest["checkedInDate"] is not None, guest["noShowDate"] is not None) for guest in manifest["guests"]]


async def test_a_guest_is_checked_in_by_a_tap_and_out_again(desk: Desk, dana: Visitor, rafting: str) -> None:
    order = await booked(desk, rafting)
    first, _ = (guest["id"] for guest in order["items"][0]["participantList"])
    path, guest = f"/departures/{rafting}", {"order": order["id"], "guest": first}
    said = text_of(await dana.get(path))
    assert "Ann Lee" in said
    assert "0 of 2 checked in" in said or "of 2 checked in 0" in said
    for done, expected in (
        ("in", (True, False)),
        ("out", (False, False)),
        ("missing", (False, True)),
        ("came", (False, False)),
    ):
        answer = await dana.post(f"{path}/check-in", guest | {"do": done})
        assert answer.headers["location"] == f"/desk{path}?done={done}"
        assert sorted(await states(desk, rafting)) == sorted([(False, False), expected])
        assert 'role="status"' in (await dana.get(f"{path}?done={done}")).text
    assert (await dana.post(f"{path}/check-in", {"order": order["id"], "do": "in"})).status_code == 303
    assert await states(desk, rafting) == [(True, False), (True, False)]


async def test_a_code_checks_a_party_in_and_twice_says_so(desk: Desk, dana: Visitor, rafting: str, kayak: str) -> None:
    order = await booked(desk, rafting)
    path = f"/departures/{rafting}/scan"
    answer = await dana.post(path, {"code": order["id"]})
    assert answer.headers["location"] == f"/desk/departures/{rafting}?party={order['confirmation']}"
    assert await states(desk, rafting) == [(True, False), (True, False)]
    for code in (order["id"], str(order["confirmation"])):
        again = await dana.post(path, {"code": code})
        assert again.status_code == 200
        assert "was scanned before" in text_of(again)
    for code in ("nonsense", "999999", ""):
        refused = await dana.post(path, {"code": code})
        assert refused.status_code == 404, code
        assert 'role="alert"' in refused.text
    wrong = await dana.post(f"/departures/{kayak}/scan", {"code": order["id"]})
    assert wrong.status_code == 404
    assert "This order has nobody on this departure" in text_of(wrong)


def kept(order: Any, number: int, **more: Any) -> dict[str, Any]:
    """Return a check-in of an order's guest as a page keeps it."""
    item = order["items"][0]
    guest = item["participantList"][number]["id"]
    tap = {"id": f"tap-{order['confirmation']}-{number}", "at": START, "departure": item["id"], "mark": "in"}
    return {**tap, "order": order["id"], "guest": guest, **more}


async def test_kept_check_ins_are_taken_order_by_order(
    desk: Desk, dana: Visitor, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [await desk.order((rafting, {"Adult": 1})) for _ in range(3)]
    taps = [kept(order, 0) for order in orders]
    calls: list[str] = []

    async def busy(*args: Any, **more: Any) -> Any:
        calls.append("")
        if len(calls) == 2:
            raise TooMany("Too many requests.", retry_after_s=1)
        return await write(*args, **more)

    monkeypatch.setattr(checkin_routes, "write", busy)
    first = (await dana.post("/check-ins", {"kept": json.dumps(taps)})).json()
    assert (len(first["taken"]), first["remarks"]) == (1, [])
    again = (await dana.post("/check-ins", {"kept": json.dumps(taps)})).json()
    assert sorted(again["taken"]) == sorted(tap["id"] for tap in taps)
    assert await states(desk, rafting) == [(True, False)] * 3


async def test_what_is_no_check_in_is_refused_and_what_does_not_count_is_said(
    desk: Desk, dana: Visitor, rafting: str
) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    for wrong in ("", "{}", '[{"id": 1}]', json.dumps([kept(order, 0, more=1)]), json.dumps([kept(order, 0)] * 501)):
        assert (await dana.post("/check-ins", {"kept": wrong})).status_code == 400, wrong
    taps = [kept(order, 0, id="of-yesterday", at=START - 2 * DAY_MS), kept(order, 0, id="of-nobody", guest="nobody")]
    said = (await dana.post("/check-ins", {"kept": json.dumps(taps)})).json()
    assert said["taken"] == ["of-yesterday", "of-nobody"]
    number = order["confirmation"]
    assert [f"{each['who']} {each['text']}" for each in said["remarks"]] == [
        f"A guest of order {number} was noted more than a day ago; that doesn’t count any more.",
        f"A guest of order {number} isn’t on that departure any more.",
    ]
    assert await states(desk, rafting) == [(False, False)]


async def test_only_pages_of_departures_may_use_a_camera(dana: Visitor, rafting: str) -> None:
    for path, allowed in ((f"/departures/{rafting}", "camera=(self)"), ("/today", "camera=()"), ("/more", "camera=()")):
        assert allowed in (await dana.get(path)).headers["permissions-policy"], path


async def test_the_manifest_is_there_on_paper(desk: Desk, dana: Visitor, rafting: str) -> None:
    await booked(desk, rafting)
    answer = await dana.get(f"/departures/{rafting}/manifest")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert "Ann Lee" in "".join(pdf_text(answer.content))
    assert (await dana.get("/departures/nothing/manifest")).status_code == 404


async def test_sales_are_closed_and_opened(desk: Desk, dana: Visitor, rafting: str) -> None:
    for button, closed in (("close", True), ("open", False)):
        assert (await dana.post(f"/departures/{rafting}/sales", {button: "1"})).status_code == 303
        assert (await desk.data("GET", f"/api/v1/departures/{rafting}"))["closed"] is closed


async def test_a_guide_sees_guests_and_no_money(
    desk: Desk, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    order = await booked(desk, rafting)
    guide = await visitor(client, services, desk.shop.account_id, ROLE_PERMISSIONS["guide"])
    said = text_of(await guide.get(f"/departures/{rafting}"))
    assert "Ann" in said
    assert "Check in" in said
    for hidden in ("$", "ann@lee.example", "Book here", "Close sales"):
        assert hidden not in said, hidden
    assert (await guide.post(f"/departures/{rafting}/scan", {"code": order["id"]})).status_code == 303
    assert (await guide.get(f"/orders/{order['id']}")).status_code == 403
    day = text_of(await guide.get(f"/day/2026-07-14?departure={rafting}"))
    assert "2 of 12 seats" in day
    assert "$" not in day


async def test_an_empty_departure_says_what_to_do(dana: Visitor, kayak: str) -> None:
    assert "Book the first guests" in text_of(await dana.get(f"/departures/{kayak}"))
    assert (await dana.get("/departures/000000000000000000000000")).status_code == 404
