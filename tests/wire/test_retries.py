"""An Idempotency-Key on every POST and DELETE of carts and orders: one effect, the same bytes."""

from __future__ import annotations

from typing import Any

import httpx

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.http.context import Services
from tests.desk import Desk, open_desk


async def steps(desk: Desk, rafting: str, bike: str) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Return a request for each route that writes, with what it needs in place."""
    cart, filled, gone = await desk.cart(), await desk.cart((rafting, {"Adult": 1})), await desk.cart()
    order = await desk.order((rafting, {"Adult": 2}), (bike, {"All": 2}))
    person, unit = order["items"][0]["participantList"][0]["id"], order["items"][1]["unitList"][0]["id"]
    items = f"/order/{order['id']}/item"
    return [
        ("POST", "/cart", None),
        ("POST", f"/cart/{cart}/item", {"itemId": rafting, "participants": {"Adult": 1}}),
        ("PUT", f"/cart/{cart}/customer", {"firstName": "Ann"}),
        ("POST", f"/cart/{cart}/discount", {"code": "early10"}),
        ("DELETE", f"/cart/{cart}/discount", None),
        ("DELETE", f"/cart/{cart}/item/{rafting}", None),
        ("DELETE", f"/cart/{gone}", None),
        ("POST", "/order", {"id": filled}),
        ("DELETE", f"{items}/{rafting}/participant/{person}", None),
        ("DELETE", f"{items}/{bike}/unit/{unit}", None),
        ("DELETE", f"{items}/{bike}", {"applyCancellationFee": False}),
        ("DELETE", f"/order/{order['id']}", None),
        ("POST", "/order", {"id": "nowhere"}),
        ("DELETE", "/order/nowhere", None),
        ("POST", f"/cart/{cart}/item", {"itemId": rafting, "participants": {"Robot": 1}}),
    ]


async def test_every_write_can_be_repeated(
    desk: Desk, rafting: str, bike: str, client: httpx.AsyncClient, services: Services
) -> None:
    other = await open_desk(client, services, "other")
    for i, (method, path, body) in enumerate(await steps(desk, rafting, bike)):
        key = {"Idempotency-Key": f"key-{i}"}
        sent = {} if body is None else {"json": body}
        first = await desk.call(method, path, headers=key, **sent)
        taken = await desk.shop.taken(rafting), await desk.shop.taken(bike)
        again = await desk.call(method, path, headers=key, **sent)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert (await desk.shop.taken(rafting), await desk.shop.taken(bike)) == taken
        changed = await desk.refused(422, method, path, headers=key, json={**(body or {}), "another": "field"})
        assert changed["errorCode"] == "idempotency_key_reused"
        foreign = await other.call(method, path, headers=key, **sent)
        assert "idempotent-replayed" not in foreign.headers
        assert foreign.status_code == (200 if path == "/cart" else 404)


async def test_a_refusal_stays_whatever_has_changed_since(desk: Desk, kayak: str, clock: ManualClock) -> None:
    late, key = await desk.cart((kayak, {"All": 8})), {"Idempotency-Key": "once"}
    clock.advance(30 * MINUTE_MS)
    rival = await desk.cart((kayak, {"All": 1}))
    refusal = await desk.call("POST", "/order", json={"id": late}, headers=key)
    assert (refusal.status_code, refusal.json()["errorCode"]) == (409, "sold_out")
    await desk.data("DELETE", f"/cart/{rival}")
    again = await desk.call("POST", "/order", json={"id": late}, headers=key)
    assert (again.status_code, again.content) == (409, refusal.content)
    # A new key is a new try, and its answer stays too.
    placed = await desk.call("POST", "/order", json={"id": late}, headers={"Idempotency-Key": "twice"})
    await desk.data("DELETE", f"/order/{late}")
    kept = await desk.call("POST", "/order", json={"id": late}, headers={"Idempotency-Key": "twice"})
    assert kept.content == placed.content
    assert (await desk.data("POST", "/order", json={"id": late}))["status"] == "cancelled"


async def test_keys_that_can_not_be_one(desk: Desk) -> None:
    for key in ("", "x" * 256, "söß"):
        envelope = await desk.refused(400, "POST", "/cart", headers={"Idempotency-Key": key.encode()})
        assert envelope["errorMessage"].startswith("Idempotency-Key: ")
    assert await desk.data("GET", "/cart") == []
