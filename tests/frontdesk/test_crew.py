"""Crew and boats at the desk: who is on a departure, conflicts that are asked about, and capacity, sales and notes."""

from __future__ import annotations

import re

import httpx
import pytest

from seatwright.auth.roles import ROLE_PERMISSIONS
from seatwright.http.context import Services
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor


async def hire(desk: Desk, kind: str, name: str, **more: object) -> str:
    return str((await desk.data("POST", "/api/v1/resources", json={"kind": kind, "name": name, **more}))["id"])


async def test_crew_is_assigned_and_a_conflict_asks_first(desk: Desk, dana: Visitor, rafting: str) -> None:
    sam, raft = await hire(desk, "guide", "Sam Roe"), await hire(desk, "boat", "Big raft", places=8)
    later = await desk.shop.departure("kayak", "2026-07-14 12:00", capacity=8)
    path, other = f"/departures/{rafting}", f"/departures/{later}"
    answer = await dana.post(f"{path}/assignments", [("resource", sam), ("resource", raft)])
    assert answer.headers["location"].endswith(f"{path}?done=assigned")
    page = text_of(await dana.get(path))
    assert "With Sam Roe, Big raft" in page, "what prints names them"
    refusal = await dana.post(f"{other}/assignments", {"resource": sam})
    assert refusal.status_code == 409
    assert "Sam Roe is also on Half-day rafting, 9:00 am to 1:00 pm." in text_of(refusal)
    assert re.search(rf'value="{sam}" checked', refusal.text), "the form keeps what was ticked"
    assert "With Sam Roe" not in text_of(await dana.get(other))
    hidden = re.findall(r'<input type="hidden" name="(anyway|resource)" value="([^"]+)"', refusal.text)
    assert hidden == [("anyway", "1"), ("resource", sam)]
    assert (await dana.post(f"{other}/assignments", hidden)).status_code == 303
    shown = text_of(await dana.get(other))
    assert "1 conflict" in shown
    assert "Sam Roe is also on Half-day rafting" in shown
    day = text_of(await dana.get(f"/day/2026-07-14?departure={later}"))
    assert "Sam Roe, 1 conflict" in day
    assert "Sam Roe is also on Half-day rafting" in day
    assert "1 conflict" in text_of(await dana.get("/calendar?view=list&day=2026-07-14"))
    assert (await dana.post(f"{other}/assignments", {"off": sam})).headers["location"].endswith("?done=off")
    assert "conflict" not in text_of(await dana.get(path))
    none = await dana.post(f"{path}/assignments", {})
    assert none.status_code == 400
    assert "Name at least one guide, driver, boat or vehicle." in text_of(none)


async def test_crew_and_boats_are_kept(desk: Desk, dana: Visitor) -> None:
    assert "No guides, drivers, boats or vehicles yet" in text_of(await dana.get("/crew"))
    typed = {"kind": "boat", "name": "Big raft", "places": "eight", "turnaround": "15", "user": ""}
    refused = await dana.post("/crew", typed)
    assert refused.status_code == 400
    assert 'value="Big raft"' in refused.text
    assert 'value="eight"' in refused.text
    assert (await dana.post("/crew", typed | {"places": "8"})).headers["location"].endswith("/crew?done=added")
    page = await dana.get("/crew")
    assert "Boat · 8 places · 15 min turnaround" in text_of(page)
    again = await dana.post("/crew", typed | {"places": "8"})
    assert again.status_code == 409
    one = re.search(r"/desk(/crew/[0-9a-f]{24})", page.text)
    assert one is not None
    form = {"name": "Old raft", "places": "", "turnaround": "", "version": "1"}
    assert (await dana.post(one[1], form)).status_code == 303
    stale = await dana.post(one[1], form | {"name": "Other raft"})
    assert stale.status_code == 409
    assert 'value="Other raft"' in stale.text
    assert (await dana.post(one[1], {"do": "retired"})).headers["location"].endswith("?done=retired")
    shown = text_of(await dana.get("/crew"))
    assert "Old raft retired Boat" in shown


async def test_a_guide_finds_the_own_departures(desk: Desk, client: httpx.AsyncClient, services: Services) -> None:
    rafting = await desk.shop.departure("rafting", "2026-07-01 15:00", capacity=12)
    await desk.shop.departure("kayak", "2026-07-01 15:00", capacity=8)
    sam = await visitor(client, services, desk.shop.account_id, ROLE_PERMISSIONS["guide"], "Sam Roe")
    (user,) = [each for each in await desk.data("GET", "/api/v1/users") if each["name"] == "Sam Roe"]
    assert "Your departures" not in text_of(await sam.get("/today"))
    guide = await hire(desk, "guide", "Sam", userId=user["id"])
    await desk.data("POST", f"/api/v1/departures/{rafting}/assignments", json={"resourceIds": [guide]})
    own = text_of(await sam.get("/today")).partition("Your departures")[2][:80]
    assert own.strip().startswith("3:00 Half-day rafting · Sam")
    page = await sam.get(f"/departures/{rafting}")
    assert "Assign" not in text_of(page)
    assert (await sam.get(f"/crew/{guide}")).status_code == 403
    assert "Sam" in text_of(await sam.get("/crew"))


async def test_a_capacity_below_what_is_taken_is_explained_and_the_form_is_kept(
    desk: Desk, dana: Visitor, rafting: str
) -> None:
    await desk.order((rafting, {"Adult": 3}))
    path = f"/departures/{rafting}/edit"
    assert "3 of 12 are held or sold" in text_of(await dana.get(path))
    form = {"capacity": "2", "sales": "closed", "reason": "The river is high.", "version": "1"}
    refusal = await dana.post(path, form)
    assert refusal.status_code == 409
    assert "Can't be 2, because 3 are taken; cancel some first." in refusal.text.replace("&#39;", "'")
    assert 'value="2"' in refusal.text
    assert 'value="The river is high."' in refusal.text
    assert 'value="closed" checked' in refusal.text
    for wrong in ("", "many", "-1", "99999999"):
        assert (await dana.post(path, form | {"capacity": wrong})).status_code == 400
    assert (await dana.post(path, form | {"capacity": "3"})).headers["location"].endswith("?done=edited")
    assert "Sales closed: The river is high." in text_of(await dana.get(f"/departures/{rafting}"))


async def test_two_who_edit_a_departure_see_what_the_other_changed(desk: Desk, dana: Visitor, rafting: str) -> None:
    path = f"/departures/{rafting}/edit"
    page = (await dana.get(path)).text
    shown = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    del shown["csrf"]
    await desk.data("PATCH", f"/api/v1/departures/{rafting}", json={"capacity": 14, "closed": True})
    typed = shown | {"capacity": "20", "sales": "open", "reason": ""}
    conflict = await dana.post(path, typed)
    assert conflict.status_code == 409
    said = text_of(conflict)
    assert "The capacity was 12 seats, and is 14 now." in said
    assert "Sales were closed meanwhile." in said
    assert 'name="capacity" inputmode="numeric" value="20"' in conflict.text, "what was typed is still there"
    assert (await desk.data("GET", f"/api/v1/departures/{rafting}"))["capacity"] == 14
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', conflict.text))
    assert again["version"] == "2"
    assert (await dana.post(path, typed | {"version": "2"})).status_code == 303
    now = await desk.data("GET", f"/api/v1/departures/{rafting}")
    assert (now["capacity"], now["closed"]) == (20, False)


async def test_notes_and_tags_are_on_a_departure(
    desk: Desk, dana: Visitor, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    path = f"/departures/{rafting}"
    assert (await dana.post(f"{path}/notes", {"text": "Take the long paddles.", "pinned": "1"})).status_code == 303
    assert (await dana.post(f"{path}/tags", {"add": "school"})).status_code == 303
    page = text_of(await dana.get(path))
    assert "Take the long paddles." in page
    assert "school" in page
    refusal = await dana.post(f"{path}/notes", {"text": "x" * 2001})
    assert refusal.status_code == 400
    assert "x" * 2001 in refusal.text, "what was typed is still there"
    sam = await visitor(client, services, desk.shop.account_id, ROLE_PERMISSIONS["guide"])
    assert "Take the long paddles." in text_of(await sam.get(path))
    assert (await sam.post(f"{path}/notes", {"text": "Hi"})).status_code == 403
    usher = await visitor(client, services, desk.shop.account_id, frozenset({"manifests.read"}))
    assert "Take the long paddles." not in text_of(await usher.get(path)), "who may not read departures sees who comes"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_departure_without_a_date_has_no_crew(desk: Desk, dana: Visitor) -> None:
    voucher = await desk.shop.departure("kayak", None, capacity=8)
    await hire(desk, "guide", "Sam Roe")
    page = await dana.get(f"/departures/{voucher}")
    assert page.status_code == 200
    assert "Crew and boats" not in text_of(page)
