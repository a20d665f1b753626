"""Guests who did not come: they keep their seats and owe what they owed; whoever comes late is checked in."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.invariants.checks import check
from tests.desk import Desk, open_desk

AT = "2026-07-01T16:00:00.000Z"


def noted(order: dict[str, Any]) -> list[tuple[bool, bool]]:
    """Return who is checked in, and who is a no-show, by participant."""
    lines = [line for item in order["items"] for line in (*item["participantList"], *item["unitList"])]
    return [(line["checkedInDate"] is not None, "noShowDate" in line) for line in lines]


@pytest.fixture
async def order(desk: Desk, rafting: str, kayak: str) -> dict[str, Any]:
    placed: dict[str, Any] = await desk.order((rafting, {"Adult": 2}), (kayak, {"All": 1}), payment={"amount": 10})
    return placed


async def test_a_no_show_keeps_the_seat_and_the_money(desk: Desk, order: dict[str, Any], rafting: str) -> None:
    path, first = f"/api/v1/orders/{order['id']}", order["items"][0]["participantList"][0]["id"]
    shown = await desk.data("POST", f"{path}/no-show", json={"ids": [first]})
    assert noted(shown) == [(False, True), (False, False), (False, False)]
    assert shown["items"][0]["participantList"][0]["noShowDate"] == AT
    assert await desk.shop.taken(rafting) == 2
    assert {name: shown[name] for name in ("total", "balance", "status")} == {
        name: order[name] for name in ("total", "balance", "status")
    }
    manifest = await desk.data("GET", f"/api/v1/departures/{rafting}/manifest")
    assert (manifest["noShows"], manifest["checkedIn"]) == (1, 0)
    assert {guest["id"]: guest["noShowDate"] for guest in manifest["guests"]}[first] == AT
    sheet = (await desk.call("GET", f"/api/v1/departures/{rafting}/manifest?format=csv")).text.splitlines()
    assert sheet[0].split(",")[7:9] == ['"Checked in"', '"No-show"']
    assert await desk.data("POST", f"{path}/no-show", json={"ids": [first]}) == shown, "noted again, nothing changes"
    undone = await desk.data("POST", f"{path}/no-show", json={"noShow": False})
    assert noted(undone) == [(False, False)] * 3
    audit = await desk.data("GET", f"/api/v1/audit/{order['id']}")
    assert {"order.no_show", "order.no_show_undone"} <= {event["action"] for event in audit}


async def test_whoever_comes_late_is_checked_in(desk: Desk, order: dict[str, Any], clock: ManualClock) -> None:
    path, (first, second) = f"/api/v1/orders/{order['id']}", order["items"][0]["participantList"]
    await desk.data("POST", f"{path}/check-in", json={"ids": [second["id"]]})
    shown = await desk.data("POST", f"{path}/no-show", json={})
    assert noted(shown) == [(False, True), (True, False), (False, True)], "who is there isn't missing"
    refused = await desk.refused(409, "POST", f"{path}/no-show", json={"ids": [first["id"], second["id"]]})
    assert refused["errorCode"] == "guest_checked_in"
    clock.advance(MINUTE_MS)
    late = await desk.data("POST", f"{path}/check-in", json={"ids": [first["id"]]})
    assert noted(late) == [(True, False), (True, False), (False, True)]
    out = await desk.data("POST", f"{path}/check-in", json={"ids": [first["id"]], "present": False})
    assert noted(out) == [(False, False), (True, False), (False, True)]
    await desk.data("POST", f"{path}/check-in", json={})
    assert (await desk.refused(409, "POST", f"{path}/no-show", json={}))["errorCode"] == "nobody_there"


async def test_who_can_not_be_a_no_show(
    desk: Desk, order: dict[str, Any], rafting: str, client: httpx.AsyncClient
) -> None:
    path, first = f"/api/v1/orders/{order['id']}/no-show", order["items"][0]["participantList"][0]["id"]
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{first}")
    assert (await desk.refused(409, "POST", path, json={"ids": [first]}))["errorCode"] == "not_checkable"
    assert (await desk.refused(404, "POST", path, json={"ids": ["nobody"]}))["errorCode"] == "line_not_found"
    agent = await open_desk(client, desk.services, "agent")
    body = {"resellerId": agent.shop.account_id}
    await desk.data("POST", "/api/v1/connections", json=body)
    resold = await agent.order((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    refused = await agent.refused(403, "POST", f"/api/v1/orders/{resold['id']}/no-show", json={})
    assert refused["errorCode"] == "check_in_is_the_suppliers"
    assert noted(await desk.data("POST", f"/api/v1/orders/{resold['id']}/no-show", json={})) == [(False, True)]


async def test_an_order_without_a_no_show_looks_as_before(desk: Desk, order: dict[str, Any]) -> None:
    """The Resmark door shows a field more only for guests who did not come."""
    lines = (await desk.data("GET", f"/order/{order['id']}"))["items"][0]["participantList"]
    assert all("noShowDate" not in line for line in lines)


async def test_the_doctor_sees_a_guest_who_came_and_did_not(desk: Desk, order: dict[str, Any]) -> None:
    database = desk.services.database
    await desk.data("POST", f"/api/v1/orders/{order['id']}/check-in", json={})
    await database.write(lambda tx: tx.execute("UPDATE order_line SET no_show_at = 1"))
    assert {"line_arrival", "order_document"} <= {finding.check for finding in await check(database, 0)}
    await database.write(lambda tx: tx.execute("UPDATE order_line SET no_show_at = NULL"))
