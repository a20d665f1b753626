"""Guides, drivers, boats and vehicles: who and what is on a departure, and how a conflict is shown and overruled."""

from __future__ import annotations

from typing import Any

import httpx

from seatwright.auth import service as auth
from seatwright.http.context import Services
from tests.desk import Desk, another_user, open_desk

RESOURCES = "/api/v1/resources"


async def add(desk: Desk, kind: str, name: str, **more: Any) -> str:
    """Add a resource and return its id."""
    return str((await desk.data("POST", RESOURCES, json={"kind": kind, "name": name, **more}))["id"])


def on(departure: str) -> str:
    return f"/api/v1/departures/{departure}/assignments"


async def assign(desk: Desk, departure: str, *ids: str, **more: Any) -> Any:
    return await desk.data("POST", on(departure), json={"resourceIds": list(ids), **more})


async def names(desk: Desk, departure: str) -> list[str]:
    return [each["name"] for each in (await desk.data("GET", on(departure)))["assigned"]]


async def test_crew_and_equipment_are_kept(desk: Desk) -> None:
    sam = await desk.data("POST", RESOURCES, json={"kind": "guide", "name": " Sam Roe ", "turnaroundMin": 30})
    assert (sam["name"], sam["places"], sam["turnaroundMin"], sam["retired"], sam["version"]) == (
        "Sam Roe",
        None,
        30,
        False,
        1,
    )
    raft = await add(desk, "boat", "Big raft", places=8)
    assert [each["name"] for each in await desk.data("GET", RESOURCES)] == ["Big raft", "Sam Roe"]
    assert [each["name"] for each in await desk.data("GET", f"{RESOURCES}?kind=boat")] == ["Big raft"]
    changed = await desk.data("PATCH", f"{RESOURCES}/{raft}", json={"name": "Old raft", "places": 0, "version": 1})
    assert (changed["name"], changed["places"], changed["version"]) == ("Old raft", None, 2)
    assert await desk.data("PATCH", f"{RESOURCES}/{raft}", json={"name": "Old raft"}) == changed
    stale = await desk.refused(409, "PATCH", f"{RESOURCES}/{raft}", json={"places": 6, "version": 1})
    assert stale["errorCode"] == "changed_meanwhile"
    gone = await desk.data("PATCH", f"{RESOURCES}/{raft}", json={"retired": True})
    assert gone["retired"]
    assert gone["retiredDate"] is not None
    assert [each["name"] for each in await desk.data("GET", RESOURCES)] == ["Sam Roe"]
    assert [each["name"] for each in await desk.data("GET", f"{RESOURCES}?retired=true")] == ["Sam Roe", "Old raft"]
    assert await desk.data("GET", f"{RESOURCES}/{raft}") == gone
    again = await desk.data("PATCH", f"{RESOURCES}/{raft}", json={"retired": False})
    assert again["retiredDate"] is None
    actions = [each["action"] for each in await desk.data("GET", f"/api/v1/audit/{raft}")]
    assert actions == ["resource.added", *["resource.changed"] * 3]
    assert "raft" not in str(await desk.data("GET", f"/api/v1/audit/{raft}"))


BAD: list[tuple[dict[str, Any], str, int]] = [
    ({"kind": "guide", "name": " "}, "name", 400),
    ({"kind": "guide", "name": "x" * 81}, "name", 400),
    ({"kind": "captain", "name": "Jo"}, "kind", 400),
    ({"kind": "guide", "name": "Jo", "places": 3}, "places", 400),
    ({"kind": "boat", "name": "B", "places": -1}, "places", 400),
    ({"kind": "boat", "name": "B", "userId": "0" * 24}, "userId", 400),
    ({"kind": "guide", "name": "Jo", "userId": "0" * 24}, "userId", 400),
    ({"kind": "guide", "name": "Jo", "userId": "nobody"}, "userId", 400),
    ({"kind": "guide", "name": "Jo", "turnaroundMin": 1441}, "turnaroundMin", 400),
    ({"kind": "driver", "name": "SAM ROE"}, "name", 409),
]


async def test_a_bad_one_is_refused_with_its_field(desk: Desk) -> None:
    await add(desk, "guide", "Sam Roe")
    for body, field, status in BAD:
        refusal = await desk.refused(status, "POST", RESOURCES, json=body)
        assert refusal["errorMessage"].startswith(f"{field}: "), body


async def test_a_name_is_free_again_when_its_owner_is_retired(desk: Desk) -> None:
    first = await add(desk, "boat", "Raft 1")
    await desk.data("PATCH", f"{RESOURCES}/{first}", json={"retired": True})
    await add(desk, "boat", "raft 1")
    refusal = await desk.refused(409, "PATCH", f"{RESOURCES}/{first}", json={"retired": False})
    assert refusal["errorCode"] == "resource_name_taken"


async def test_a_conflict_is_asked_about_and_then_done(desk: Desk, rafting: str) -> None:
    """Somebody on two departures at once is a 409 with the conflict and changes nothing; with `anyway` both show it."""
    sam, raft = await add(desk, "guide", "Sam Roe"), await add(desk, "boat", "Big raft", places=8)
    later = await desk.shop.departure("kayak", "2026-07-14 12:30", capacity=8)
    assert (await assign(desk, rafting, sam, raft))["conflicts"] == []
    assert await names(desk, rafting) == ["Sam Roe", "Big raft"]
    refusal = await desk.refused(409, "POST", on(later), json={"resourceIds": [sam]})
    assert refusal["errorCode"] == "assignment_conflict"
    assert "Sam Roe is also on another departure from 2026-07-14 09:00 to 2026-07-14 13:00" in refusal["errorMessage"]
    assert [(each["kind"], each["departureId"]) for each in refusal["details"]] == [("overlap", rafting)]
    assert await names(desk, later) == []
    done = await assign(desk, later, sam, anyway=True)
    assert [(each["kind"], each["resourceId"], each["departureId"]) for each in done["conflicts"]] == [
        ("overlap", sam, rafting)
    ]
    there = await desk.data("GET", on(rafting))
    assert [each["departureId"] for each in there["conflicts"]] == [later]
    day = (await desk.data("GET", "/api/v1/departures?from=2026-07-14"))["departures"]
    assert [(each["id"], [one["name"] for one in each["assigned"]], len(each["conflicts"])) for each in day] == [
        (rafting, ["Sam Roe", "Big raft"], 1),
        (later, ["Sam Roe"], 1),
    ]
    assert (await assign(desk, later, sam))["conflicts"] == done["conflicts"], "what is there already isn't asked about"
    left = await desk.data("DELETE", f"{on(later)}/{sam}")
    assert (left["assigned"], left["conflicts"]) == ([], [])
    assert await desk.data("DELETE", f"{on(later)}/{sam}") == left
    assert (await desk.data("GET", on(rafting)))["conflicts"] == []
    events = await desk.data("GET", f"/api/v1/audit/{later}")
    assert [(each["action"], each["detail"].get("conflicts")) for each in events] == [
        ("assignment.added", 1),
        ("assignment.removed", None),
    ]


async def test_a_turnaround_is_needed_in_between(desk: Desk, rafting: str) -> None:
    van = await add(desk, "vehicle", "Van", turnaroundMin=30)
    soon, later = [await desk.shop.departure("kayak", f"2026-07-14 {at}", capacity=8) for at in ("13:29", "13:30")]
    await assign(desk, rafting, van)
    refusal = await desk.refused(409, "POST", on(soon), json={"resourceIds": [van]})
    assert "needs 30 minutes in between" in refusal["errorMessage"]
    assert (await assign(desk, later, van))["conflicts"] == []


async def test_too_few_places_are_shown_and_not_asked_about(desk: Desk, rafting: str) -> None:
    small, large, unknown = [
        await add(desk, "boat", name, places=places) for name, places in (("S", 2), ("L", 8), ("U", 0))
    ]
    await desk.order((rafting, {"Adult": 4}))
    first = await assign(desk, rafting, small)
    assert [(each["kind"], each["equipment"], each["places"], each["guests"]) for each in first["conflicts"]] == [
        ("too_few_places", "boat", 2, 4)
    ]
    assert first["conflicts"][0]["text"] == "The boats have 2 places for 4 guests."
    assert (await assign(desk, rafting, large))["conflicts"] == []
    await desk.data("DELETE", f"{on(rafting)}/{large}")
    assert (await assign(desk, rafting, unknown))["conflicts"] == [], "nobody has said how many places that one has"


async def test_what_is_retired_stays_and_is_shown(desk: Desk, rafting: str, kayak: str) -> None:
    raft = await add(desk, "boat", "Big raft")
    await assign(desk, rafting, raft)
    await desk.data("PATCH", f"{RESOURCES}/{raft}", json={"retired": True})
    assert [each["kind"] for each in (await desk.data("GET", on(rafting)))["conflicts"]] == ["retired"]
    refusal = await desk.refused(409, "POST", on(kayak), json={"resourceIds": [raft]})
    assert refusal["errorMessage"].startswith("Big raft is retired.")
    assert len((await assign(desk, kayak, raft, anyway=True))["conflicts"]) == 1


async def test_departures_keep_their_crew_when_they_move_and_leave_it_free_when_they_are_cancelled(
    desk: Desk, rafting: str
) -> None:
    sam = await add(desk, "guide", "Sam Roe")
    later = await desk.shop.departure("kayak", "2026-07-14 15:00", capacity=8)
    for each in (rafting, later):
        await assign(desk, each, sam)
    await desk.data("PATCH", f"/api/v1/departures/{later}", json={"start": "2026-07-14T10:00"})
    assert [each["departureId"] for each in (await desk.data("GET", on(rafting)))["conflicts"]] == [later]
    await desk.data("PATCH", f"/api/v1/departures/{later}", json={"closed": True})
    assert len((await desk.data("GET", on(rafting)))["conflicts"]) == 1, "whose sales are closed takes place"
    await desk.data("POST", f"/api/v1/departures/{later}/jobs", json={"kind": "cancel", "orders": 0})
    for each in (rafting, later):
        assert (await desk.data("GET", on(each)))["conflicts"] == []
        assert await names(desk, each) == ["Sam Roe"]
    await desk.data("PATCH", f"/api/v1/departures/{later}", json={"closed": False})
    assert len((await desk.data("GET", on(later)))["conflicts"]) == 1, "it takes place after all"
    await desk.data("DELETE", f"/api/v1/departures/{later}")
    assert (await desk.data("GET", on(rafting)))["conflicts"] == []


async def test_a_guide_sees_the_own_departures(
    desk: Desk, rafting: str, kayak: str, client: httpx.AsyncClient, services: Services
) -> None:
    new = auth.NewUser("sam@canyon.example", "Sam Roe", frozenset(("departures.read",)))
    sam = await another_user(client, services, desk.shop, new)
    (user,) = [each for each in await desk.data("GET", "/api/v1/users") if each["email"] == "sam@canyon.example"]
    guide = await add(desk, "guide", "Sam", userId=user["id"])
    refusal = await desk.refused(409, "POST", RESOURCES, json={"kind": "driver", "name": "S", "userId": user["id"]})
    assert refusal["errorCode"] == "user_taken"
    await assign(desk, kayak, guide)
    month = "/api/v1/departures?from=2026-07-14&to=2026-07-16"
    assert len((await sam.data("GET", month))["departures"]) == 2
    assert [each["id"] for each in (await sam.data("GET", f"{month}&mine=true"))["departures"]] == [kayak]
    assert (await desk.data("GET", f"{month}&mine=true"))["departures"] == []
    await sam.refused(403, "POST", on(rafting), json={"resourceIds": [guide]})


async def test_what_does_not_exist_or_has_no_date(desk: Desk, rafting: str, client: httpx.AsyncClient) -> None:
    voucher = await desk.shop.departure("kayak", None, capacity=8)
    sam = await add(desk, "guide", "Sam Roe")
    assert (await desk.refused(409, "POST", on(voucher), json={"resourceIds": [sam]}))["errorCode"] == "dateless"
    assert (await desk.refused(409, "GET", on(voucher)))["errorCode"] == "dateless"
    assert (await desk.refused(404, "POST", on("0" * 24), json={"resourceIds": [sam]}))["errorCode"] == (
        "departure_not_found"
    )
    unknown = await desk.refused(404, "POST", on(rafting), json={"resourceIds": [sam, "0" * 24]})
    assert unknown["errorCode"] == "resource_not_found"
    await desk.refused(400, "POST", on(rafting), json={"resourceIds": []})
    agent = await open_desk(client, desk.services, "agent")
    theirs = await add(agent, "guide", "Sam Roe")
    await desk.refused(404, "POST", on(rafting), json={"resourceIds": [theirs]})
    await desk.refused(404, "GET", f"{RESOURCES}/{theirs}")
    assert await names(desk, rafting) == []


async def test_sales_are_closed_for_a_reason_and_two_who_edit_notice(desk: Desk, rafting: str) -> None:
    path = f"/api/v1/departures/{rafting}"
    first = await desk.data("GET", path)
    assert (first["version"], first["closedFor"]) == (1, None)
    closed = await desk.data("PATCH", path, json={"closed": True, "closedFor": " The river is high. ", "version": 1})
    assert (closed["closed"], closed["closedFor"], closed["version"]) == (True, "The river is high.", 2)
    (shown,) = (await desk.data("GET", "/api/v1/departures?from=2026-07-14"))["departures"]
    assert shown["closedFor"] == "The river is high."
    stale = await desk.refused(409, "PATCH", path, json={"capacity": 20, "version": 1})
    assert stale["errorCode"] == "changed_meanwhile"
    await desk.order((await desk.shop.departure("kayak", "2026-07-20 09:00", capacity=3), {"All": 1}))
    assert (await desk.data("GET", path))["version"] == 2, "bookings are no edits"
    opened = await desk.data("PATCH", path, json={"closed": False, "version": 2})
    assert (opened["closedFor"], opened["version"]) == (None, 3)
    refusal = await desk.refused(400, "PATCH", path, json={"closedFor": "Wind"})
    assert refusal["errorMessage"].startswith("closedFor: ")
