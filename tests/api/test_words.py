"""The domain's errors speak of its own things; a door adds its names for them, and what can be done there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import seatwright
from seatwright.api.shapes.words import ADVICE, FIELDS
from seatwright.http.context import Services
from tests.desk import Desk, open_desk

DOORS = {"api", "web", "http", "app", "cli"}
ROOT = Path(seatwright.__file__).parent
ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (…|/)")
SPEAKERS = ("cart", "orders", "cancellation", "resellers", "inventory", "selfservice")
"""Rooms whose use cases several doors share. (`setup` reads documents, whose keys are its own.)"""


def modules(*rooms: str) -> list[Path]:
    """Return the modules of some rooms; of all that are no doors without any."""
    return [
        path
        for path in sorted(ROOT.rglob("*.py"))
        if (room := path.relative_to(ROOT).parts[0]) not in DOORS and (not rooms or room in rooms)
    ]


def test_nothing_below_a_door_names_a_route() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in modules()
        for line in path.read_text(encoding="utf-8").splitlines()
        if ROUTE.search(line)
    ]
    assert found == []


def errors_in(path: Path) -> list[ast.Call]:
    """Return the calls in a module that make an error which names its code."""
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return [call for call in calls if any(keyword.arg == "code" for keyword in call.keywords)]


def said(call: ast.Call, name: str) -> list[str]:
    """Return the fixed text of an argument, up to its first value."""
    for keyword in call.keywords:
        if keyword.arg == name:
            value = keyword.value.values[0] if isinstance(keyword.value, ast.JoinedStr) else keyword.value
            return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []
    return []


def test_the_domain_names_no_field_of_a_door() -> None:
    wire = {name for name in FIELDS.values() if not name.islower()}
    named = {field for path in modules(*SPEAKERS) for call in errors_in(path) for field in said(call, "field")}
    assert not named & wire
    assert not [field for field in named if re.search("[A-Z]", field)]


def test_a_door_has_a_name_for_all_that_errors_are_about_and_no_other() -> None:
    about = {
        name.partition(".")[0]
        for path in modules(*SPEAKERS)
        for call in errors_in(path)
        for name in said(call, "about")
    }
    assert about == set(FIELDS)
    codes = {code for path in modules() for call in errors_in(path) for code in said(call, "code")}
    assert {code for code, _ in ADVICE} <= codes | {"not_a_participant_item", "not_a_unit_item"}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_what_the_api_says(
    desk: Desk, rafting: str, kayak: str, client: httpx.AsyncClient, services: Services
) -> None:
    """These sentences are as they were when the domain said them itself."""
    reseller = await open_desk(client, services, "tripdesk")
    other = reseller.shop.account_id
    await desk.data("POST", "/api/v1/connections", json={"resellerId": other})
    cart, empty = await desk.cart((rafting, {"Adult": 1})), await desk.cart()
    order = await desk.order((rafting, {"Adult": 2}))
    gone = await desk.order((rafting, {"Adult": 1}))
    await desk.data("DELETE", f"/order/{gone['id']}")
    line, whole = order["items"][0]["participantList"][0]["id"], f"/order/{order['id']}"
    item = f"/cart/{cart}/item"

    def adding(**changed: Any) -> dict[str, Any]:
        return {"itemId": rafting, "participants": {"Adult": 1}, **changed}

    known = "Adult, Child, Senior"
    said: list[tuple[str, str, Any, str]] = [
        (
            "POST",
            item,
            adding(itemId="x"),
            "itemId: there is no such date and time; GET …/product/{searchTerm}/item lists them as activityId.",
        ),
        (
            "POST",
            item,
            adding(participants={"Robot": 1}),
            f"participants.Robot: Half-day rafting has no such price tier; it has {known}.",
        ),
        (
            "POST",
            item,
            adding(participants={}),
            'participants: name at least one participant or unit, such as {"All": 2}.',
        ),
        ("POST", item, adding(participants={"Adult": 1001}), "participants: at most 1000 can be booked at once."),
        (
            "POST",
            item,
            adding(participants={"Adult": "two"}),
            "participants.Adult: 'two' is not a count; send a whole number from 0 up.",
        ),
        (
            "POST",
            item,
            adding(locationId="x"),
            "locationId: Half-day rafting has no such location or pickup place; GET …/pickup lists them.",
        ),
        (
            "POST",
            item,
            adding(pickupDetailId="x"),
            "pickupDetailId: Half-day rafting has no such pickup there; GET …/pickup lists them, with their places.",
        ),
        ("POST", f"/cart/{cart}/discount", {"code": "X"}, "code: there is no such discount code."),
        ("DELETE", f"{item}/{kayak}", None, "The cart has no such item."),
        (
            "POST",
            "/order",
            {"id": empty},
            "id: the cart is empty; add a date and time with POST …/cart/{id}/item first.",
        ),
        ("POST", "/order", {"id": cart, "orderId": "x"}, "orderId: there is no such order."),
        (
            "POST",
            "/order",
            {"id": cart, "orderId": gone["id"]},
            "orderId: that order is cancelled; make a new order from the cart.",
        ),
        (
            "POST",
            "/order",
            {"id": order["id"], "referenceId": "y"},
            f"id: this cart has become the order {order['id']} already, with another orderId or referenceId.",
        ),
        (
            "POST",
            "/cart?supplierId=x",
            None,
            "supplierId: there is no supplier with this id that you are connected to.",
        ),
        (
            "POST",
            "/cart?resellerEntityId=x",
            None,
            "resellerEntityId: there is no reseller with this id that you are connected to.",
        ),
        (
            "POST",
            f"/cart?resellerEntityId={other}",
            None,
            "resellerEntityId: this reseller doesn't let you order in its name; it may allow that with "
            "PUT /api/v1/connections/{supplierId}/supplier-orders.",
        ),
        ("DELETE", f"{whole}/item/{kayak}", None, "The order has no such item."),
        (
            "DELETE",
            f"{whole}/item/{rafting}/unit/{line}",
            None,
            f"Half-day rafting is sold to participants: cancel with …/item/{rafting}/participant/{{id}}.",
        ),
        (
            "GET",
            f"/api/v1/orders/{order['id']}/cancellation-quote?lineId={line}",
            None,
            "itemId: say which date and time lineId is of.",
        ),
        (
            "POST",
            f"/api/v1/orders/{order['id']}/check-in",
            {"ids": ["x"]},
            "ids: there is no participant or unit 'x' there.",
        ),
        ("POST", "/api/v1/connections", {"resellerId": other}, "resellerId: there is a connection already; PATCH it."),
        ("POST", "/api/v1/connections", {"resellerId": "x"}, "resellerId: there is no account with this id."),
        ("POST", "/api/v1/connections", {"resellerId": desk.shop.account_id}, "resellerId: is your own account."),
    ]
    for method, path, body, sentence in said:
        for headers in ({}, {"Idempotency-Key": f"{method} {path} {body}"[:200]}):
            answer = await desk.call(method, path, json=body, headers=headers)
            assert answer.json()["errorMessage"] == sentence, (method, path, body)
    await reseller.data("PUT", f"/api/v1/connections/{desk.shop.account_id}/supplier-orders", json={"allowed": True})
    refused = await desk.refused(404, "POST", f"/cart?resellerEntityId={other}&agentId=x")
    assert refused["errorMessage"] == "agentId: the reseller has no such user; GET /agency/{userId} lists agents."
