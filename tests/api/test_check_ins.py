"""Check-ins that come in together and late: what counts, what is refused, and what a guide may see."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.auth.roles import ROLE_PERMISSIONS
from seatwright.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from seatwright.core.times import iso_utc
from seatwright.invariants.checks import check
from tests.conftest import START
from tests.desk import Desk, another_user, open_desk


@pytest.fixture
async def order(desk: Desk, rafting: str) -> dict[str, Any]:
    placed: dict[str, Any] = await desk.order((rafting, {"Adult": 2}), payment={"amount": 10})
    return placed


def tapped(order: Any, guest: int, mark: str, minutes_ago: int, **more: Any) -> dict[str, Any]:
    """Return a check-in of one of an order's guests."""
    return {
        "id": f"tap-{guest}-{mark}-{minutes_ago}",
        "at": iso_utc(START - minutes_ago * MINUTE_MS),
        "orderId": order["id"],
        "departureId": order["items"][0]["id"],
        "guestId": order["items"][0]["participantList"][guest]["id"],
        "mark": mark,
        **more,
    }


async def since(desk: Desk, order: Any) -> list[tuple[str | None, str | None]]:
    """Return since when each guest is there, or missing."""
    lines = (await desk.data("GET", f"/order/{order['id']}"))["items"][0]["participantList"]
    return [(line["checkedInDate"], line.get("noShowDate")) for line in lines]


async def test_guests_are_there_since_they_were_checked_in_and_not_since_it_was_sent(desk: Desk, order: Any) -> None:
    sent = [tapped(order, 0, "in", 90), tapped(order, 1, "in", 80), tapped(order, 1, "out", 70)]
    found = await desk.data("POST", "/api/v1/check-ins", json={"checkIns": sent[::-1]})
    assert [(each["id"], each["outcome"]) for each in found] == [(each["id"], "noted") for each in sent[::-1]]
    at = iso_utc(START - 90 * MINUTE_MS)
    assert await since(desk, order) == [(at, None), (None, None)]
    version = (await desk.data("GET", f"/api/v1/orders/{order['id']}"))["version"]
    assert await desk.data("POST", "/api/v1/check-ins", json={"checkIns": sent[::-1]}) == found, "sent again"
    assert (await desk.data("GET", f"/api/v1/orders/{order['id']}"))["version"] == version, "nothing was written"
    audit = await desk.data("GET", f"/api/v1/audit/{order['id']}")
    assert [event["action"] for event in audit if event["action"].startswith("order.check")] != []
    back = await desk.data("POST", "/api/v1/check-ins", json={"checkIns": [tapped(order, 0, "missing", 60)]})
    assert (back[0]["checkedInDate"], back[0]["noShowDate"]) == (None, iso_utc(START - 60 * MINUTE_MS))


async def test_what_somebody_noted_later_counts_and_is_said(desk: Desk, order: Any) -> None:
    first = order["items"][0]["participantList"][0]["id"]
    await desk.data("POST", f"/api/v1/orders/{order['id']}/no-show", json={"ids": [first]})
    sent = [tapped(order, 0, "in", 5), tapped(order, 1, "in", 5)]
    found = await desk.data("POST", "/api/v1/check-ins", json={"checkIns": sent})
    assert [each["outcome"] for each in found] == ["overtaken", "noted"]
    assert found[0]["noShowDate"] == iso_utc(START)
    assert (await since(desk, order))[0] == (None, iso_utc(START))


async def test_what_is_wrong_with_one_keeps_no_other_from_being_noted(
    desk: Desk, order: Any, kayak: str, client: httpx.AsyncClient
) -> None:
    gone = order["items"][0]["participantList"][1]["id"]
    await desk.data("DELETE", f"/order/{order['id']}/item/{order['items'][0]['id']}/participant/{gone}")
    agent = await open_desk(client, desk.services, "agent")
    theirs = await agent.order((await agent.shop.departure("kayak", "2026-07-15 09:00", capacity=8), {"All": 1}))
    good, wrong = (
        tapped(order, 0, "in", 5),
        {
            "order_not_found": tapped(theirs, 0, "in", 4),
            "line_not_found": tapped(order, 0, "in", 3, departureId=kayak),
            "not_checkable": tapped(order, 1, "in", 3),
            "check_in_too_old": tapped(order, 0, "out", 24 * 60 + 1),
            "check_in_ahead": tapped(order, 0, "out", -2),
            "invalid_check_in_id": tapped(order, 0, "out", 1, id="~~~~~~~~"),
        },
    )
    found = await desk.data("POST", "/api/v1/check-ins", json={"checkIns": [*wrong.values(), good]})
    assert [each["errorCode"] for each in found] == [*wrong, None]
    assert [each["outcome"] for each in found] == ["refused"] * len(wrong) + ["noted"]
    assert all(each["errorMessage"] for each in found[:-1])
    assert (await since(desk, order))[0] == (good["at"], None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "yesterday"}, "checkIns[0].at"),
        ({"at": "2026-07-01T16:00:00"}, "checkIns[0].at"),
        ({"mark": "here"}, "checkIns[0].mark"),
        ({"id": "short"}, "checkIns[0].id"),
        ({"guestId": None}, "checkIns[0].guestId"),
    ],
)
async def test_what_no_check_in_is_names_the_field(desk: Desk, order: Any, change: dict[str, Any], field: str) -> None:
    body = {"checkIns": [tapped(order, 0, "in", 5) | change]}
    refused = await desk.refused(400, "POST", "/api/v1/check-ins", json=body)
    assert refused["errorMessage"].startswith(field), refused["errorMessage"]


async def test_a_guide_may_and_sees_nothing_of_the_order(desk: Desk, order: Any) -> None:
    new = auth.NewUser(email="gus@canyon.example", name="Gus", permissions=ROLE_PERMISSIONS["guide"])
    guide = await another_user(desk.client, desk.services, desk.shop, new)
    answer = await guide.call("POST", "/api/v1/check-ins", json={"checkIns": [tapped(order, 0, "in", 5)]})
    assert answer.status_code == 200
    assert set(answer.json()["data"][0]) == {
        "id", "guestId", "outcome", "checkedInDate", "noShowDate", "errorCode", "errorMessage",
    }  # fmt: skip
    assert await guide.refused(403, "POST", f"/api/v1/orders/{order['id']}/check-in", json={})


async def test_who_was_moved_is_not_checked_in_where_they_were(desk: Desk, order: Any) -> None:
    """What was tapped for another departure says nothing about this one."""
    guest = order["items"][0]["participantList"][0]["id"]
    to = await desk.shop.departure("rafting", "2026-07-16 09:00", capacity=12)
    await desk.data("POST", "/api/v1/check-ins", json={"checkIns": [tapped(order, 0, "in", 9)]})
    body = {"departureId": to, "ids": [guest], "difference": 0}
    await desk.data("POST", f"/api/v1/orders/{order['id']}/move", json=body)
    found = await desk.data("POST", "/api/v1/check-ins", json={"checkIns": [tapped(order, 0, "in", 8)]})
    assert found[0]["errorCode"] == "line_not_found"
    manifest = await desk.data("GET", f"/api/v1/departures/{to}/manifest")
    assert [guest["checkedInDate"] for guest in manifest["guests"]] == [None]
    there = tapped(order, 0, "in", 7, departureId=to, id="at-the-new-one")
    assert (await desk.data("POST", "/api/v1/check-ins", json={"checkIns": [there]}))[0]["outcome"] == "noted"


async def test_the_doctor_sees_a_guest_whose_marks_say_something_else(desk: Desk, order: Any) -> None:
    database = desk.services.database
    await desk.data("POST", "/api/v1/check-ins", json={"checkIns": [tapped(order, 0, "in", 9)]})
    row = await database.read(lambda tx: tx.row("SELECT body FROM orders WHERE id = $1", order["id"]))
    assert row is not None
    body = json.loads(row["body"])
    body["items"][0]["lines"][0]["marks"][0][0] -= HOUR_MS
    write = "UPDATE orders SET body = $2 WHERE id = $1"
    await database.write(lambda tx: tx.execute(write, order["id"], json.dumps(body)))
    assert [finding.check for finding in await check(database, START + DAY_MS)] == ["guest_marks"]
    await database.write(lambda tx: tx.execute(write, order["id"], row["body"]))
