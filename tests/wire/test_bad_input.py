"""Bad input gets a clear error that names the field; nothing is changed by it, and nothing answers 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.desk import Desk

ITEM = "/cart/{cart}/item"
CUSTOMER = "/cart/{cart}/customer"
JSON = {"Content-Type": "application/json"}


def adding(**fields: Any) -> dict[str, Any]:
    """A body for adding an item; `{rafting}` becomes the departure's id."""
    return {"itemId": "{rafting}", "participants": {"Adult": 1}} | fields


CASES: list[tuple[str, str, Any, int, str]] = [
    # what is sent, as method, path, body, status, and how the message begins
    ("POST", ITEM, adding(itemId=None), 400, "itemId: "),
    ("POST", ITEM, {"participants": {"Adult": 1}}, 400, "itemId: "),
    ("POST", ITEM, adding(itemId="nowhere"), 404, "itemId: "),
    ("POST", ITEM, adding(itemId=["x"]), 400, "itemId: "),
    ("POST", ITEM, adding(itemId="0" * 24), 404, "itemId: "),
    ("POST", ITEM, adding(participants=None), 400, "participants: "),
    ("POST", ITEM, adding(participants={}), 400, "participants: "),
    ("POST", ITEM, adding(participants={"Adult": 0, "Child": "0"}), 400, "participants: "),
    ("POST", ITEM, adding(participants={"Robot": 1}), 400, "participants.Robot: "),
    ("POST", ITEM, adding(participants={"All": 2}), 400, "participants.All: "),
    ("POST", ITEM, adding(participants={"Adult": -1}), 400, "participants.Adult: "),
    ("POST", ITEM, adding(participants={"Adult": 1.5}), 400, "participants.Adult: "),
    ("POST", ITEM, adding(participants={"Adult": "two"}), 400, "participants.Adult: "),
    ("POST", ITEM, adding(participants={"Adult": True}), 400, "participants.Adult: "),
    ("POST", ITEM, adding(participants={"Adult": [1]}), 400, "participants.Adult: "),
    ("POST", ITEM, adding(participants={"Adult": 10**30}), 400, "participants.Adult: "),
    ("POST", ITEM, adding(participants={"Adult": 1001}), 400, "participants: "),
    ("POST", ITEM, adding(participants=[1]), 400, "participants: "),
    ("POST", ITEM, adding(participants={f"T{i}": 0 for i in range(101)}), 400, "participants: "),
    ("POST", ITEM, adding(participants={"Adult": 13}), 409, "There are not enough seats"),
    ("POST", ITEM, adding(locationId="nowhere"), 400, "locationId: "),
    ("POST", ITEM, adding(pickupDetailId="nohow"), 400, "pickupDetailId: "),
    ("POST", ITEM, [], 400, "The body: "),
    ("POST", ITEM, "text", 400, "The body: "),
    ("POST", "/cart/nowhere/item", adding(), 404, "There is no such cart"),
    ("PUT", CUSTOMER, {"email": "ann"}, 400, "email: "),
    ("PUT", CUSTOMER, {"birthDate": "1990-02-30"}, 400, "birthDate: "),
    ("PUT", CUSTOMER, {"firstName": {"a": 1}}, 400, "firstName: "),
    ("PUT", CUSTOMER, {"firstName": "x" * 3000}, 400, "firstName: "),
    ("PUT", CUSTOMER, {f"field{i}": 1 for i in range(101)}, 400, "customer: "),
    ("PUT", CUSTOMER, {"Weight": {"kg": 70}}, 400, "Weight: "),
    ("PUT", CUSTOMER, {"Weight": 2**60}, 400, "Weight: "),
    ("POST", "/cart/{cart}/discount", {"code": "NOSUCH"}, 404, "code: "),
    ("POST", "/cart/{cart}/discount", {}, 400, "code: "),
    ("POST", "/order", {}, 400, "id: "),
    ("POST", "/order", {"id": {}}, 400, "id: "),
    ("POST", "/order", {"id": "{cart}", "billing": "cash"}, 400, "billing: "),
    ("POST", "/order", {"id": "{cart}", "billing": {"a": {"b": {"c": {"d": {"e": {}}}}}}}, 400, "billing."),
    ("POST", "/order", {"id": "{cart}", "billing": {"n": 2**60}}, 400, "billing.n: "),
    ("POST", "/order", {"id": "{cart}", "disableNotification": "perhaps"}, 400, "disableNotification: "),
    ("POST", "/order", {"id": "{cart}", "referenceId": ["x"]}, 400, "referenceId: "),
    ("POST", "/order", {"id": "nowhere"}, 404, "There is no such cart"),
]


async def snapshot(desk: Desk, cart: str, departure: str) -> tuple[Any, ...]:
    """What must not change."""
    return (await desk.data("GET", f"/cart/{cart}"), await desk.shop.taken(departure), await desk.data("GET", "/order"))


@pytest.mark.parametrize(("method", "path", "body", "status", "message"), CASES)
async def test_a_clear_refusal(
    desk: Desk, rafting: str, method: str, path: str, body: Any, status: int, message: str
) -> None:
    cart = await desk.cart()
    before = await snapshot(desk, cart, rafting)
    sent = json.dumps(body).replace("{rafting}", rafting).replace("{cart}", cart)
    envelope = await desk.refused(status, method, path.replace("{cart}", cart), content=sent, headers=JSON)
    assert envelope["errorMessage"].startswith(message)
    assert await snapshot(desk, cart, rafting) == before


RAW: list[tuple[bytes, str, int, str]] = [
    (b"{", "application/json", 400, "malformed_json"),
    (b"", "application/json", 400, "missing_body"),
    (b'{"itemId": "a\xff"}', "application/json", 400, "malformed_text"),
    (b'{"itemId": "\\u0000", "participants": {"Adult": 1}}', "application/json", 400, ""),
    (b'{"itemId": "\\ud800", "participants": {"Adult": 1}}', "application/json", 400, ""),
    (b"[" * 5000 + b"]" * 5000, "application/json", 400, ""),
    (b"<a/>", "text/xml", 415, "unsupported_media_type"),
    (b'{"itemId": "' + b"x" * 2_000_000 + b'"}', "application/json", 413, "too_large"),
]


@pytest.mark.parametrize(("content", "content_type", "status", "code"), RAW, ids=range(len(RAW)))
async def test_bytes_that_are_no_request(
    desk: Desk, rafting: str, content: bytes, content_type: str, status: int, code: str
) -> None:
    cart = await desk.cart()
    before = await snapshot(desk, cart, rafting)
    envelope = await desk.refused(
        status, "POST", f"/cart/{cart}/item", content=content, headers={"Content-Type": content_type}
    )
    assert not code or envelope["errorCode"] == code
    assert await snapshot(desk, cart, rafting) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/order/" + "9" * 60, 404),
        ("GET", "/order/%00", 404),
        ("DELETE", "/order", 405),
        ("PUT", "/order/1", 405),
        ("DELETE", "/order/1/item/2/participant/3", 404),
    ],
)
async def test_addresses_that_lead_nowhere(desk: Desk, method: str, path: str, status: int) -> None:
    await desk.refused(status, method, path)
