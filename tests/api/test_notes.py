"""Notes and tags: what the account's people write for each other, and nobody else sees."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.http.context import Services
from tests.desk import Desk, another_user
from tests.notifications.office import open_office, open_reseller

ANN = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example"}


async def order(desk: Desk, departure: str, customer: dict[str, Any] = ANN) -> dict[str, Any]:
    cart = await desk.cart((departure, {"All": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    placed: dict[str, Any] = await desk.data("POST", "/order", json={"id": cart})
    return placed


async def subjects(desk: Desk, departure: str) -> dict[str, str]:
    """An order, its customer and its departure, as paths."""
    placed = await order(desk, departure)
    [customer] = (await desk.data("GET", "/api/v1/customers?q=ann"))["customers"]
    return {
        "order": f"/api/v1/orders/{placed['id']}",
        "customer": f"/api/v1/customers/{customer['id']}",
        "departure": f"/api/v1/departures/{departure}",
    }


async def test_notes_say_who_wrote_them_when_and_who_changed_them(
    desk: Desk, kayak: str, client: httpx.AsyncClient, services: Services
) -> None:
    lee = await another_user(
        client, services, desk.shop, auth.NewUser("lee@canyon.example", "Lee Roe", frozenset(("orders.write",)))
    )
    for kind, path in (await subjects(desk, kayak)).items():
        assert await desk.data("GET", f"{path}/notes") == []
        first = await desk.data("POST", f"{path}/notes", json={"text": "  Wheelchair "})
        second = await desk.data("POST", f"{path}/notes", json={"text": "Paid late", "pinned": True})
        assert (first["text"], first["author"], first["pinned"], first["version"]) == (
            "Wheelchair",
            "Dana Reyes",
            False,
            1,
        )
        assert (first["subject"], first["changedBy"], first["changedDate"]) == (kind, None, None)
        assert path.endswith(first["subjectId"])
        assert [each["id"] for each in await desk.data("GET", f"{path}/notes")] == [second["id"], first["id"]]
        note = f"/api/v1/notes/{first['id']}"
        changed = await lee.data("PATCH", note, json={"text": "Wheelchair, narrow", "version": 1})
        assert (changed["text"], changed["changedBy"], changed["version"]) == ("Wheelchair, narrow", "Lee Roe", 2)
        assert await lee.data("PATCH", note, json={"text": "Wheelchair, narrow"}) == changed
        stale = await desk.refused(409, "PATCH", note, json={"text": "Wheel", "version": 1})
        assert stale["errorCode"] == "changed_meanwhile"
        await desk.refused(409, "DELETE", f"{note}?version=1")
        assert await desk.data("DELETE", f"{note}?version=2") == changed
        await desk.refused(404, "DELETE", note)
        assert [each["id"] for each in await desk.data("GET", f"{path}/notes")] == [second["id"]]
        history = await desk.data("GET", f"/api/v1/audit/{first['subjectId']}")
        assert [each["action"] for each in history if "note." in each["action"]] == [
            "note.added",
            "note.added",
            "note.changed",
            "note.deleted",
        ]
        assert "heel" not in str(history)


async def test_tags_are_made_by_use_and_counted(desk: Desk, kayak: str) -> None:
    paths = await subjects(desk, kayak)
    for path in paths.values():
        assert await desk.data("GET", f"{path}/tags") == []
        assert await desk.data("POST", f"{path}/tags", json={"add": ["VIP", " Late  payer "]}) == ["Late payer", "VIP"]
        assert await desk.data("POST", f"{path}/tags", json={"add": ["vip"], "remove": ["none"]}) == [
            "Late payer",
            "VIP",
        ]
        assert await desk.data("POST", f"{path}/tags", json={"remove": ["LATE PAYER"]}) == ["VIP"]
    other = await order(desk, kayak)
    assert await desk.data("POST", f"/api/v1/orders/{other['confirmation']}/tags", json={"add": ["vip", "Ü1"]}) == [
        "VIP",
        "Ü1",
    ]
    counts = await desk.data("GET", "/api/v1/tag-counts")
    assert counts == [
        {"subject": "order", "name": "VIP", "count": 2},
        {"subject": "customer", "name": "VIP", "count": 1},
        {"subject": "departure", "name": "VIP", "count": 1},
        {"subject": "order", "name": "Ü1", "count": 1},
    ]
    found = (await desk.data("GET", "/api/v1/orders?tag=vIp"))["orders"]
    assert [each["tags"] for each in found] == [["VIP", "Ü1"], ["VIP"]]
    assert len((await desk.data("GET", "/api/v1/orders?tag=Ü1&q=ann"))["orders"]) == 1
    assert (await desk.data("GET", "/api/v1/orders?tag=none"))["orders"] == []
    text = (await desk.call("GET", "/api/v1/orders?tag=vip&format=csv")).text
    assert '"VIP, Ü1"' in text


async def test_what_is_sent_wrongly_is_said(desk: Desk, kayak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = (await subjects(desk, kayak))["order"]
    for body, field in (
        ({}, "text"),
        ({"text": " "}, "text"),
        ({"text": "x" * 2_001}, "text"),
        ({"text": 5}, "text"),
        ({"text": "x", "pinned": "maybe"}, "pinned"),
    ):
        assert field in (await desk.refused(400, "POST", f"{path}/notes", json=body))["errorMessage"]
    for body, field in (
        ({"add": [""]}, "add[0]"),
        ({"add": ["x", "y" * 51]}, "add[1]"),
        ({"add": ["x"], "remove": ["X"]}, "remove"),
        ({"add": [str(number) for number in range(21)]}, "add"),
    ):
        assert field in (await desk.refused(400, "POST", f"{path}/tags", json=body))["errorMessage"]
    await desk.data("POST", f"{path}/tags", json={"add": [str(number) for number in range(20)]})
    assert (await desk.refused(409, "POST", f"{path}/tags", json={"add": ["x"]}))["errorCode"] == "too_many_tags"
    assert len(await desk.data("POST", f"{path}/tags", json={"add": ["x"], "remove": ["0"]})) == 20
    monkeypatch.setattr("seatwright.annotations.service.MAX_NOTES", 1)
    await desk.data("POST", f"{path}/notes", json={"text": "x"})
    assert (await desk.refused(409, "POST", f"{path}/notes", json={"text": "x"}))["errorCode"] == "too_many_notes"
    for unknown in ("/api/v1/orders/nope", "/api/v1/customers/nope", "/api/v1/departures/nope"):
        await desk.refused(404, "POST", f"{unknown}/notes", json={"text": "x"})
        await desk.refused(404, "GET", f"{unknown}/tags")


async def test_notes_on_a_departure_go_with_it(desk: Desk, services: Services) -> None:
    body = {"start": "2026-08-01T09:00", "durationMin": 60, "capacity": 5}
    departure = (await desk.data("POST", "/api/v1/products/kayak/departures", json=body))["id"]
    await desk.data("POST", f"/api/v1/departures/{departure}/notes", json={"text": "Guide is ill"})
    await desk.data("POST", f"/api/v1/departures/{departure}/tags", json={"add": ["ill"]})
    await desk.data("DELETE", f"/api/v1/departures/{departure}")
    for table in ("note", "subject_tag"):
        rows = await services.database.read(lambda tx, table=table: tx.rows(f"SELECT * FROM {table}"))
        assert list(rows) == []


async def test_each_party_of_a_resold_order_has_its_own(
    client: httpx.AsyncClient, services: Services, desk: Desk, kayak: str
) -> None:
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services)
    placed = await office.order((kayak, {"All": 1}), by=reseller, customer=ANN)
    path = f"/api/v1/orders/{placed['id']}"
    for one, other, own in ((desk, reseller, "Wetwort"), (reseller, desk, "Drywort")):
        note = await one.data("POST", f"{path}/notes", json={"text": own})
        await one.data("POST", f"{path}/tags", json={"add": [own]})
        assert await other.data("GET", f"{path}/notes") == []
        assert await other.data("GET", f"{path}/tags") == await other.data("GET", "/api/v1/tag-counts") == []
        assert (await other.data("GET", f"/api/v1/orders?tag={own}"))["orders"] == []
        await other.refused(404, "PATCH", f"/api/v1/notes/{note['id']}", json={"text": "x"})
        await other.refused(404, "DELETE", f"/api/v1/notes/{note['id']}")
        assert own not in str(await other.data("GET", path.replace("/api/v1/orders", "/order")))
        assert own not in str(await other.data("GET", f"/api/v1/audit/{placed['id']}"))
        await one.data("DELETE", f"/api/v1/notes/{note['id']}")
        await one.data("POST", f"{path}/tags", json={"remove": [own]})
