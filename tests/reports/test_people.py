"""The mailing list and the manifest: who is on them, and what of them is seen."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import openpyxl
import pytest

from seatwright.catalog.model import Question
from seatwright.core.clock import DAY_MS
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from seatwright.reports import mailing, manifest
from tests.desk import Desk, open_desk
from tests.reports.world import World

CONTACT = {"email": "ann@lee.example", "phone": "+1 435 555 0199", "city": "Moab"}


async def ordered(desk: Desk, departure: str, customer: dict[str, Any], *, supplier: str = "", **item: Any) -> Any:
    """Order a seat for a customer."""
    cart = await desk.cart(supplier=supplier)
    await desk.add(cart, departure, item.pop("participants", {"Adult": 1}), **item)
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    return await desk.data("POST", "/order", json={"id": cart})


async def emails(desk: Desk, query: str = "") -> list[str]:
    return [one["email"] for one in await desk.data("GET", f"/api/v1/reports/mailing-list{query}")]


async def test_only_who_consents_is_on_the_mailing_list(world: World) -> None:
    """Yes is true, 1, or a word for it; anything else, and nothing, is no."""
    for number, said in enumerate((True, "true", "Yes", 1, False, "false", "no", 0, None, "maybe", ["yes"], 2)):
        customer = {"email": f"c{number}@x.example", "firstName": f"C{number}", "marketingConsent": said}
        await ordered(world.desk, world.departures["rafting"], customer)
    await ordered(world.desk, world.departures["rafting"], {"marketingConsent": True, "firstName": "No address"})
    assert await emails(world.desk) == [f"c{number}@x.example" for number in (3, 2, 1, 0)]


async def test_the_newest_order_of_an_address_decides(world: World) -> None:
    raft = world.departures["rafting"]
    for email, consents in (
        ("Ann@Lee.example", True),
        ("bo@x.example", True),
        ("cy@x.example", False),
        ("ann@lee.example", True),
        ("BO@x.example", False),
        ("cy@x.example", True),
        ("dee@x.example", True),
        ("dee@x.example", None),
    ):
        world.clock.advance(DAY_MS)
        await ordered(
            world.desk, raft, {"email": email, "firstName": "A", "language": "Deutsch", "marketingConsent": consents}
        )
    found = await world.desk.data("GET", "/api/v1/reports/mailing-list")
    assert found == [
        {
            "email": email,
            "firstName": "A",
            "lastName": "",
            "language": "de",
            "lastOrderDate": f"{day}T15:00:00.000Z",
        }
        for email, day in (("cy@x.example", "2026-11-05"), ("ann@lee.example", "2026-11-03"))
    ]
    assert await emails(world.desk, "?from=2026-11-04") == ["cy@x.example"]
    assert await emails(world.desk, "?from=2026-11-06") == []


async def test_who_refuses_is_on_no_list_until_they_consent_again(world: World) -> None:
    """Refused since their newest order; whatever case the address is written in, and by whomever it is noted."""
    raft, path = world.departures["rafting"], "/api/v1/mailing-refusals"
    ann = {"email": "Ann@Lee.example", "marketingConsent": True}
    await ordered(world.desk, raft, ann)
    await ordered(world.desk, raft, {"email": "bo@x.example", "marketingConsent": True})
    other = await world.agent.data("POST", path, json={"email": "bo@x.example"})
    assert await emails(world.desk) == ["bo@x.example", "Ann@Lee.example"]  # another account's is its own affair
    refused = await world.desk.data("POST", path, json={"email": " ann@LEE.example"})
    assert refused == {"id": refused["id"], "email": "ann@lee.example", "refusedDate": "2026-10-30T15:00:00.000Z"}
    assert await world.desk.data("POST", path, json={"email": "ann@lee.example"}) == refused
    assert await emails(world.desk) == ["bo@x.example"]
    assert await emails(world.desk, "?from=2026-10-30&limit=1") == ["bo@x.example"]
    assert "ann" not in (await world.desk.call("GET", "/api/v1/reports/mailing-list?format=csv")).text.casefold()
    await world.desk.data("DELETE", f"{path}/{refused['id']}")
    assert await emails(world.desk) == ["bo@x.example", "Ann@Lee.example"]
    await world.desk.data("POST", path, json={"email": "ann@lee.example"})
    world.clock.advance(1)
    await ordered(world.desk, raft, ann)
    assert await emails(world.desk) == ["Ann@Lee.example", "bo@x.example"]
    world.clock.advance(1)
    await world.desk.data("POST", path, json={"email": "ann@lee.example"})
    assert await emails(world.desk) == ["bo@x.example"]
    history = await world.desk.data("GET", f"/api/v1/audit/{refused['id']}")
    assert [event["action"] for event in history] == [
        "mailing.refused",
        "mailing.refusal_removed",
        "mailing.refused",
        "mailing.refused",
    ]
    assert (await world.desk.refused(404, "DELETE", f"{path}/{other['id']}"))["errorCode"] == "refusal_not_found"


async def test_refusals_are_listed_newest_first_and_found_by_address(world: World) -> None:
    path, names = "/api/v1/mailing-refusals", [f"c{number}@x.example" for number in range(3)]
    for email in names:
        world.clock.advance(1)
        await world.desk.data("POST", path, json={"email": email})

    async def listed(query: str) -> list[str]:
        return [each["email"] for each in await world.desk.data("GET", path + query)]

    assert await listed("") == names[::-1]
    assert [await listed(f"?limit=2&page={page}") for page in range(3)] == [names[:0:-1], names[:1], []]
    assert await listed("?email=C1@X.example") == names[1:2]
    assert await listed("?email=nobody@x.example") == []
    assert await world.agent.data("GET", path) == []
    for bad in ("", "ann", "a b@x.example", "@", "a@" + "x" * 300):
        refused = await world.desk.refused(400, "POST", path, json={"email": bad})
        assert refused["errorMessage"].startswith("email: ")
    assert (await world.desk.refused(400, "GET", f"{path}?email=ann"))["errorMessage"].startswith("email: ")


async def added(desk: Desk, order: Any, departure: str, customer: dict[str, Any]) -> Any:
    """Add a cart with a customer to an order."""
    cart = await desk.cart()
    await desk.add(cart, departure, {"Adult": 1})
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    return await desk.data("POST", "/order", json={"id": cart, "orderId": order["id"]})


async def test_what_an_addition_to_an_order_says_of_mail_counts(world: World) -> None:
    """A no is never lost; what says nothing leaves everything as it was; nobody consents for another."""
    desk, raft, path = world.desk, world.departures["rafting"], "/api/v1/mailing-refusals"
    ann = {"email": "ann@lee.example", "firstName": "Ann"}
    order = await ordered(desk, raft, ann | {"marketingConsent": True})
    for silent in ({}, ann, {"email": "ANN@lee.example", "marketingConsent": " "}):
        assert (await added(desk, order, raft, silent))["customer"] == ann | {"marketingConsent": True}
    assert await emails(desk) == ["ann@lee.example"]

    changed = await added(desk, order, raft, {"email": "Ann@Lee.example ", "marketingConsent": False, "city": "Moab"})
    assert changed["customer"] == ann | {"marketingConsent": False}
    assert await emails(desk) == []
    changed = await added(desk, order, raft, ann | {"marketingConsent": "yes"})
    assert changed["customer"] == ann | {"marketingConsent": "yes"}
    assert (await emails(desk), await desk.data("GET", path)) == (["ann@lee.example"], [])
    assert (await added(desk, order, raft, {"marketingConsent": "no"}))["customer"]["marketingConsent"] == "no"
    assert await emails(desk) == []
    for not_hers in ({"marketingConsent": True}, {"email": "bo@x.example", "marketingConsent": True}):
        assert (await added(desk, order, raft, not_hers))["customer"]["marketingConsent"] == "no"
    assert await emails(desk) == []


async def test_a_refusal_counts_for_the_address_and_not_for_one_order_alone(world: World) -> None:
    """Said with an addition to an older order, or to somebody else's."""
    desk, raft = world.desk, world.departures["rafting"]
    ann, bo = ({"email": email, "marketingConsent": True} for email in ("ann@lee.example", "bo@x.example"))
    older = await ordered(desk, raft, ann)
    for customer in (ann, bo):
        world.clock.advance(1)
        await ordered(desk, raft, customer)
    world.clock.advance(1)
    await added(desk, older, raft, ann | {"marketingConsent": False})
    assert await emails(desk) == ["bo@x.example"]
    assert (await added(desk, older, raft, bo | {"marketingConsent": 0}))["customer"]["email"] == "ann@lee.example"
    assert await emails(desk) == []
    # A reseller's customers are the reseller's, and so is what they refuse.
    kayak = world.departures["kayak"]
    resold = await ordered(world.agent, kayak, bo, supplier=world.supplier, participants={"All": 1})
    assert await emails(world.agent) == ["bo@x.example"]
    cart = await world.agent.cart(supplier=world.supplier)
    await world.agent.add(cart, kayak, {"All": 1})
    await world.agent.data("PUT", f"/cart/{cart}/customer", json=bo | {"marketingConsent": False})
    await world.agent.data("POST", "/order", json={"id": cart, "orderId": resold["id"]})
    assert await emails(world.agent) == []
    assert [each["email"] for each in await desk.data("GET", "/api/v1/mailing-refusals")] == [
        "bo@x.example",
        "ann@lee.example",
    ]


async def test_the_mailing_list_comes_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many orders are read at once, pages together are the whole list; a file is never cut short unasked."""
    for number in range(13):
        customer = {"email": f"c{number % 9}@x.example", "marketingConsent": number % 4 != 0}
        await ordered(world.desk, world.departures["rafting"], customer)
    whole = await emails(world.desk)
    assert whole == [f"c{number}@x.example" for number in (2, 1, 0, 7, 6, 5)]
    monkeypatch.setattr(mailing, "FIRST_CHUNK", 1)
    monkeypatch.setattr(mailing, "CHUNK", 3)
    pages = [await emails(world.desk, f"?limit=2&page={page}") for page in range(4)]
    assert pages == [whole[:2], whole[2:4], whole[4:], []]
    assert await emails(world.desk, "?from=2026-10-30") == whole
    monkeypatch.setattr(mailing, "MAX_ADDRESSES", 3)
    assert (await world.desk.refused(400, "GET", "/api/v1/reports/mailing-list"))["errorCode"] == "too_many_addresses"
    monkeypatch.setattr(mailing, "MAX_ADDRESSES", 100)
    monkeypatch.setattr("seatwright.api.shapes.reporting.MAX_ROWS", 4)
    path = "/api/v1/reports/mailing-list"
    assert "at most 10000" in (await world.desk.refused(400, "GET", f"{path}?limit=10001"))["errorMessage"]
    path = "/api/v1/reports/mailing-list?format=csv"
    assert (await world.desk.refused(400, "GET", path))["errorCode"] == "too_many_rows"
    answer = await world.desk.call("GET", f"{path}&limit=4&page=1")
    assert answer.text.splitlines()[1:] == [f'"c{number}@x.example","","","","2026-10-30"' for number in (6, 5)]


async def test_a_customer_is_the_sellers(world: World) -> None:
    """Whoever made the order has the customer, and nobody else, whatever they may see of the order."""
    for number, (seller, supplier) in enumerate(((world.desk, ""), (world.agent, world.supplier))):
        customer = {"email": f"c{number}@x.example", "marketingConsent": True}
        await ordered(seller, world.departures["rafting"], customer, supplier=supplier)
    assert await emails(world.desk) == ["c0@x.example"]
    assert await emails(world.agent) == ["c1@x.example"]
    assert await emails(world.shop) == []


async def test_a_manifest_says_who_comes(world: World) -> None:
    desk, raft, shop = world.desk, world.departures["rafting"], world.desk.shop.entries
    shuttle = shop["shuttle"]
    detail = shuttle.details[0].id  # type: ignore[union-attr]
    pickup = {"locationId": shop["hotel"].id, "pickupDetailId": detail}
    ann = {"firstName": "Ann", "lastName": "Lee", **CONTACT, "Allergies": "nuts", "marketingConsent": True}
    first = await ordered(desk, raft, ann, participants={"Adult": 2, "Child": 1})
    await ordered(desk, raft, {"firstName": "Zoe", "lastName": "Abt", "Weight": 61}, **pickup)
    gone = await ordered(desk, raft, {"firstName": "Bo"}, **pickup)
    await ordered(desk, raft, {"lastName": "Mai", "Swims": True, "Diet": ["vegan", "no salt"]}, **pickup)
    await desk.data("DELETE", f"/order/{gone['id']}?applyCancellationFee=false")
    people = first["items"][0]["participantList"]
    await desk.data("DELETE", f"/order/{first['id']}/item/{raft}/participant/{people[2]['id']}")
    await desk.data("POST", f"/api/v1/orders/{first['id']}/check-in", json={"ids": [people[1]["id"]]})

    found = await desk.data("GET", f"/api/v1/departures/{raft}/manifest")
    guests = found.pop("guests")
    assert found == {
        "departureId": raft,
        "productId": shop["rafting"].id,
        "productName": "Half-day rafting",
        "productNumber": 4101,
        "startTime": "2026-11-20T09:00:00.000Z",
        "endTime": "2026-11-20T13:00:00.000Z",
        "timeZone": "America/Denver",
        "capacity": 500,
        "taken": 4,
        "tiers": {"Adult": 4},
        "checkedIn": 1,
        "noShows": 0,
    }
    lodge = {"name": "Hotel shuttle", "location": "Red Cliffs Lodge", "detail": "07:30 at the lobby"}
    assert [(guest["lastName"], guest["firstName"], guest["pickup"]) for guest in guests] == [
        ("Abt", "Zoe", lodge),
        ("Mai", "", lodge),
        ("Lee", "Ann", None),
        ("Lee", "Ann", None),
    ]
    assert [guest["answers"] for guest in guests[:3]] == [
        {"Weight": 61},
        {"Swims": True, "Diet": ["vegan", "no salt"]},
        {"Allergies": "nuts"},
    ]
    checked_in = {guest["id"]: guest["checkedInDate"] for guest in guests}
    assert checked_in[people[1]["id"]] == "2026-10-30T15:00:00.000Z"
    assert checked_in[people[0]["id"]] is None
    assert guests[2]["customer"] == {"firstName": "Ann", "lastName": "Lee", **CONTACT}
    assert {guest["balance"] for guest in guests[2:]} == {-61.38}
    sheet = list(
        csv.reader((await desk.call("GET", f"/api/v1/departures/{raft}/manifest?format=csv")).text.splitlines())
    )
    assert sheet[0][-6:] == ["Balance", "Channel", "Weight", "Swims", "Diet", "Allergies"]
    assert sheet[1][:8] == ["Red Cliffs Lodge", "07:30 at the lobby", "Abt", "Zoe", "Adult", "1", "confirmed", ""]
    assert sheet[2][-6:] == ["0.00", "", "", "yes", "vegan, no salt", ""]


async def test_a_manifest_is_no_wider_for_all_that_anybody_ever_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels are whatever clients send: those that most guests have get a column, the others share one."""
    monkeypatch.setattr("seatwright.api.manage.manifest_wire.MAX_QUESTIONS", 2)
    raft, desk = world.departures["rafting"], world.desk
    await ordered(desk, raft, {"lastName": "A", "Own 1": "x", "Diet": "vegan", "=1+1": True})
    await ordered(desk, raft, {"lastName": "B", "Diet": "none", "Own 2": ["y", 2], "Own 3": 3})
    await ordered(desk, raft, {"lastName": "C", "=1+1": "=2+2"})
    path = f"/api/v1/departures/{raft}/manifest?format="
    text = (await desk.call("GET", f"{path}csv")).text
    heading, *rows = csv.reader(io.StringIO(text, newline=""))
    assert heading[-4:] == ["Channel", "Diet", "'=1+1", "Other answers"]
    assert [row[-3:] for row in rows] == [
        ["vegan", "yes", "Own 1: x"],
        ["none", "", "Own 2: y, 2; Own 3: 3"],
        ["", "'=2+2", ""],
    ]
    page = openpyxl.load_workbook(io.BytesIO((await desk.call("GET", f"{path}xlsx")).content)).active
    assert page is not None
    assert [cell.value for cell in next(page.iter_rows())][-3:] == ["Diet", "=1+1", "Other answers"]
    guests = (await desk.data("GET", path + "json"))["guests"]
    assert guests[1]["answers"] == {"Diet": "none", "Own 2": ["y", 2], "Own 3": 3}
    monkeypatch.undo()
    assert "Other answers" not in (await desk.call("GET", f"{path}csv")).text


async def test_a_manifest_of_resold_and_pending_seats(world: World) -> None:
    """The supplier doesn't see the contact of a reseller's customer where that was agreed."""
    kayak = world.departures["kayak"]
    question = Question(id=new_hex24(), code="diet", name="Allergies", supplier_sees=True)
    await world.desk.shop.add("question", question)
    for seller in (world.agent, world.shop):
        customer = {"firstName": seller.shop.caller.email[:4], "lastName": "Lee", **CONTACT, "Allergies": "nuts"}
        order = await ordered(seller, kayak, customer, supplier=world.supplier, participants={"All": 1})
    await world.desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    answer = await world.desk.call("GET", f"/api/v1/departures/{kayak}/manifest")
    guests = {guest["channel"]: guest for guest in answer.json()["data"]["guests"]}
    assert (guests["Agents"]["status"], guests["Shop"]["status"]) == ("pending", "confirmed")
    assert guests["Agents"]["customer"]["email"] == "ann@lee.example"
    assert set(guests["Shop"]["customer"]) == {"firstName", "lastName"}
    assert guests["Shop"]["answers"] == {"Allergies": "nuts"}
    for form in ("csv", "xlsx"):
        sheet = await world.desk.call("GET", f"/api/v1/departures/{kayak}/manifest?format={form}")
        assert sheet.status_code == 200
    assert sheet.content.count(b"ann@lee") == 0  # compressed, but the CSV is not
    text = (await world.desk.call("GET", f"/api/v1/departures/{kayak}/manifest?format=csv")).text
    assert text.count("ann@lee.example") == 1
    for desk in (world.agent, world.shop):
        refused = await desk.refused(404, "GET", f"/api/v1/departures/{kayak}/manifest")
        assert refused["errorCode"] == "departure_not_found"


async def test_a_departure_of_others_or_with_too_many_orders_has_no_manifest(
    world: World, client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    raft = world.departures["rafting"]
    assert (await world.desk.data("GET", f"/api/v1/departures/{raft}/manifest"))["guests"] == []
    other = await open_desk(client, services, "third")
    for departure in (raft, new_hex24(), "x"):
        await other.refused(404, "GET", f"/api/v1/departures/{departure}/manifest?format=csv")
    monkeypatch.setattr(manifest, "MAX_ORDERS", 1)
    for _ in range(2):
        await world.desk.order((raft, {"Adult": 1}))
    refused = await world.desk.refused(409, "GET", f"/api/v1/departures/{raft}/manifest")
    assert refused["errorCode"] == "manifest_too_long"
