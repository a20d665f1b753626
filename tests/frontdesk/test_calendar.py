"""The day, week, month and list: the same counts as the API, the right hours, and what there is to do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.core.clock import ManualClock
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.shop import denver

DAY = "2026-07-14"
UNDER_WAY = denver("2026-07-14 09:10")


def blocks(page: str) -> list[dict[str, str]]:
    """Return the departures of a day's timeline: the id, the classes, and what is said of it."""
    found = re.findall(
        r'<a class="dep ([^"]*)" href="[^"]*departure=(\w+)"[^>#]*>(.*?)</a>', page.partition("data-arrows")[2]
    )
    said = ((classes, each, re.sub(r"<[^>]*>", " ", inner)) for classes, each, inner in found)
    return [{"id": each, "classes": classes, "says": " ".join(text.split())} for classes, each, text in said]


async def test_a_day_has_the_same_counts_as_the_api(desk: Desk, dana: Visitor, rafting: str, bike: str) -> None:
    await desk.order((rafting, {"Adult": 2, "Child": 1}))
    await desk.order((bike, {"All": 2}))
    await desk.cart((rafting, {"Adult": 1}))
    page = await dana.get(f"/day/{DAY}")
    assert page.status_code == 200
    found = {each["id"]: each for each in blocks(page.text)}
    api = await desk.data("GET", f"/api/v1/departures?from={DAY}&to={DAY}")
    assert set(found) == {each["id"] for each in api["departures"]} == {rafting, bike}
    assert "9:00 4/12 8 left 1 held in carts" in found[rafting]["says"]
    assert "2 booked 3 left" in found[bike]["says"]
    said = text_of(page)
    assert "guests 3" in said
    assert "units rented 2" in said
    month = text_of(await dana.get(f"/calendar?day={DAY}"))
    assert "14 5 guests" in month
    week = text_of(await dana.get(f"/calendar?view=week&day={DAY}"))
    assert "Tue 14 5 guests" in week
    listed = text_of(await dana.get(f"/calendar?view=list&day={DAY}"))
    assert "Half-day rafting" in listed
    assert "4/12" in listed


async def test_a_departure_is_shown_beside_the_day(desk: Desk, dana: Visitor, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 2}), customer=None)
    await desk.data("POST", f"/api/v1/orders/{order['id']}/check-in", json={"ids": [_first(order)]})
    said = text_of(await dana.get(f"/day/{DAY}?departure={rafting}"))
    assert "2 of 12 seats" in said
    assert "Checked in 1 of 2" in said
    assert "2 × Adult" in said
    for gone in ("000000000000000000000000", "x"):
        assert (await dana.get(f"/day/{DAY}?departure={gone}")).status_code == 200


def _first(order: dict[str, Any]) -> str:
    return str(order["items"][0]["participantList"][0]["id"])


@pytest.mark.parametrize(
    ("taken", "look", "left"),
    [(0, "f0", "12 left"), (3, "f1", "9 left"), (6, "f2", "6 left"), (8, "f3", "4 left"), (12, "f4", "Full")],
)
async def test_how_full_it_is_can_be_seen(
    desk: Desk, dana: Visitor, rafting: str, taken: int, look: str, left: str
) -> None:
    if taken:
        await desk.order((rafting, {"Adult": taken}))
    (block,) = blocks((await dana.get(f"/day/{DAY}")).text)
    assert block["classes"].split()[0] == look
    assert left in block["says"]


async def test_a_closed_departure_and_one_that_is_over_say_so(desk: Desk, dana: Visitor, rafting: str) -> None:
    await desk.data("PATCH", f"/api/v1/departures/{rafting}", json={"closed": True})
    (block,) = blocks((await dana.get(f"/day/{DAY}")).text)
    assert block["classes"].split()[0] == "shut"
    await desk.data("PATCH", f"/api/v1/departures/{rafting}", json={"closed": False})
    start = (await desk.data("GET", f"/api/v1/departures/{rafting}"))["startDate"]
    assert start.startswith("2026-07-14T15:00")
    assert isinstance(desk.services.clock, ManualClock)
    desk.services.clock.advance(UNDER_WAY - desk.services.clock.now())
    dana = await visitor(desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS)
    (block,) = blocks((await dana.get("/today")).text)
    assert "Under way" in block["says"]


async def test_a_day_on_which_clocks_change_is_as_the_wall_clock_shows_it(desk: Desk, dana: Visitor) -> None:
    """On 1 November 2026 Denver's clocks show 1:30 twice; on 14 March 2027 they never show 2:30."""
    for day, hour in (("2026-11-01", 9), ("2026-11-01", 1), ("2027-03-14", 9)):
        await desk.shop.departure("rafting", f"{day} {hour:02d}:00", capacity=4)
    back = {each["says"]: each["classes"] for each in blocks((await dana.get("/day/2026-11-01")).text)}
    assert [says.split()[2] for says in back] == ["1:00", "9:00"]
    assert [classes.split()[1] for classes in back.values()] == ["s0", "s32"]
    (spring,) = blocks((await dana.get("/day/2027-03-14")).text)
    assert "9:00" in spring["says"]


async def test_what_waits_for_an_answer_is_on_the_day(desk: Desk, dana: Visitor, rafting: str) -> None:
    assert "Needs you" not in text_of(await dana.get("/today"))
    product = await desk.data("GET", "/api/v1/products/rafting")
    await desk.data("PUT", "/api/v1/products/rafting", json=product | {"approvalMin": 120})
    order = await desk.order((rafting, {"Adult": 2}))
    assert order["status"] == "pending"
    said = text_of(await dana.get("/today"))
    assert f"waits for your answer · {order['confirmation']}" in said
    answer = await dana.post(f"/orders/{order['confirmation']}/answer", {"accept": "1"})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/desk/orders/{order['confirmation']}?done=accepted",
    )
    assert (await desk.data("GET", f"/order/{order['id']}"))["status"] == "confirmed"
    again = await dana.post(f"/orders/{order['confirmation']}/answer", {"decline": "1"})
    assert again.status_code == 409
    assert 'role="alert"' in again.text


async def test_an_empty_day_says_what_to_do(dana: Visitor) -> None:
    said = text_of(await dana.get("/day/2026-12-24"))
    assert "No departures on this day" in said
    assert (await dana.get("/day/tomorrow")).status_code == 400
    assert (await dana.get("/day/2026-02-30")).status_code == 400
    assert (await dana.get("/calendar?day=1")).status_code == 400


async def test_the_root_leads_a_browser_to_the_desk(desk: Desk) -> None:
    answer = await desk.client.get("/", headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert (await desk.client.get("/")).json()["errorCode"] == "unknown_address"
