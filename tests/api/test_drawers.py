"""What each user took on each day, by the account's calendar, and the list behind it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.auth.model import PERMISSIONS
from seatwright.core.clock import ManualClock
from seatwright.http.context import Services
from seatwright.reports import drawer
from tests.desk import Desk, another_user
from tests.shop import denver

DAYS = "from=2026-07-01&to=2026-07-03"


@pytest.fixture
async def bo(desk: Desk, client: httpx.AsyncClient, services: Services) -> Desk:
    """A second user of the desk."""
    new = auth.NewUser(email="bo@canyon.example", name="Bo", permissions=frozenset(PERMISSIONS))
    return await another_user(client, services, desk.shop, new)


async def work(desk: Desk, bo: Desk, clock: ManualClock, rafting: str) -> dict[str, Any]:
    """Let Dana and Bo take money on two days, around midnight in Denver, and correct a mistake; return the order."""
    clock.set(denver("2026-07-01 23:59"))
    cart = await desk.cart((rafting, {"Adult": 2}))
    paid = [{"amount": 100, "method": "cash", "deposit": True}]
    order: dict[str, Any] = await desk.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": paid})
    path = f"/api/v1/orders/{order['id']}"
    wrong = await bo.data("POST", f"{path}/payments", json={"amount": 50, "method": "card"})
    clock.set(denver("2026-07-02 00:00"))
    await bo.data("POST", f"{path}/payments", json={"amount": 20, "method": "cash"})
    await desk.data("POST", f"{path}/payments/{wrong['payments'][-1]['id']}/void", json={"reason": "declined"})
    await desk.data("POST", f"{path}/refunds", json={"amount": 5, "method": "cash", "allowBalance": True})
    return order


def sums(report: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return day, user, method and amounts of each drawer."""
    return [
        (each["day"], each["user"]["name"], one["method"], one["payments"], one["refunds"], one["voids"], one["net"])
        for each in report["drawers"]
        for one in each["methods"]
    ]


async def test_each_user_has_a_drawer_for_each_day(desk: Desk, bo: Desk, clock: ManualClock, rafting: str) -> None:
    order = await work(desk, bo, clock, rafting)
    report = await desk.data("GET", f"/api/v1/reports/drawers?{DAYS}")
    assert sums(report) == [
        ("2026-07-01", "Bo", "card", 50, 0, 0, 50),
        ("2026-07-01", "Dana Reyes", "cash", 100, 0, 0, 100),
        ("2026-07-02", "Bo", "cash", 20, 0, 0, 20),
        ("2026-07-02", "Dana Reyes", "cash", 0, -5, 0, -5),
        ("2026-07-02", "Dana Reyes", "card", 0, 0, -50, -50),
    ]
    assert [(each["net"], each["currency"]) for each in report["drawers"]] == [
        (50, "USD"),
        (100, "USD"),
        (20, "USD"),
        (-55, "USD"),
    ]
    assert [
        (each["date"], each["user"]["name"], each["kind"], each["method"], each["amount"]) for each in report["entries"]
    ] == [
        ("2026-07-02T05:59:00.000Z", "Dana Reyes", "payment", "cash", 100),
        ("2026-07-02T05:59:00.000Z", "Bo", "payment", "card", 50),
        ("2026-07-02T06:00:00.000Z", "Bo", "payment", "cash", 20),
        ("2026-07-02T06:00:00.000Z", "Dana Reyes", "void", "card", -50),
        ("2026-07-02T06:00:00.000Z", "Dana Reyes", "refund", "cash", -5),
    ]
    assert {each["confirmation"] for each in report["entries"]} == {order["confirmation"]}
    today = await desk.data("GET", "/api/v1/reports/drawers")
    assert (today["from"], today["to"], sums(today)) == ("2026-07-02", "2026-07-02", sums(report)[2:])
    one = report["drawers"][0]["user"]["id"]
    mine = await desk.data("GET", f"/api/v1/reports/drawers?{DAYS}&userId={one}")
    assert sums(mine) == [row for row in sums(report) if row[1] == "Bo"]


async def test_drawers_are_files_too(desk: Desk, bo: Desk, clock: ManualClock, rafting: str) -> None:
    order = await work(desk, bo, clock, rafting)
    answer = await desk.call("GET", f"/api/v1/reports/drawers?{DAYS}&format=csv")
    assert answer.text.splitlines()[:3] == [
        '"Day","User","Method","Payments","Refunds","Voids","Net","Currency"',
        '"2026-07-01","Bo","card","50.00","0.00","0.00","50.00","USD"',
        '"2026-07-01","Dana Reyes","cash","100.00","0.00","0.00","100.00","USD"',
    ]
    answer = await desk.call("GET", f"/api/v1/reports/drawers?{DAYS}&format=csv&rows=entries")
    assert answer.text.splitlines()[4] == (
        f'"2026-07-02T00:00:00.000-06:00","Dana Reyes","{order["confirmation"]}","{order["id"]}","void","card",'
        '"-50.00","USD"'
    )
    for rows in ("sums", "entries"):
        answer = await desk.call("GET", f"/api/v1/reports/drawers?{DAYS}&format=xlsx&rows={rows}")
        assert answer.content.startswith(b"PK")
        assert 'filename="drawers-2026-07-01-to-2026-07-03.xlsx"' in answer.headers["content-disposition"]


async def test_what_came_along_with_an_order_is_of_who_placed_it(desk: Desk, bo: Desk, rafting: str) -> None:
    await bo.order((rafting, {"Adult": 1}))
    report = await desk.data("GET", f"/api/v1/reports/drawers?{DAYS}")
    assert sums(report) == [("2026-07-01", "Bo", "external", 111.38, 0, 0, 111.38)]


async def test_too_many_entries_are_asked_for_in_parts(
    desk: Desk, bo: Desk, clock: ManualClock, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await work(desk, bo, clock, rafting)
    monkeypatch.setattr(drawer, "MAX_ENTRIES", 4)
    refusal = await desk.refused(400, "GET", f"/api/v1/reports/drawers?{DAYS}")
    assert (refusal["errorCode"], refusal["errorMessage"][:4]) == ("too_many_rows", "to: ")
    await desk.refused(400, "GET", "/api/v1/reports/drawers?to=2026-07-01")
