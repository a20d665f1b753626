"""Webhooks through the API: made, changed, listed and deleted by their account, and by nobody else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.http.context import Services
from seatwright.notifications.webhooks.model import EVENT_KINDS, MAX_WEBHOOKS
from tests.desk import Desk, open_desk
from tests.webhooks.conftest import Hooks

WEBHOOKS = "/api/v1/webhooks"
URL = "https://hooks.canyon.example/seatwright"


async def test_a_webhook_is_made_changed_listed_and_deleted(desk: Desk) -> None:
    made = await desk.data("POST", WEBHOOKS, json={"url": f" {URL} "})
    assert made.pop("secret").startswith("whsec_")
    assert made == {
        "id": made["id"],
        "url": URL,
        "events": list(EVENT_KINDS),
        "active": True,
        "oldSecretUntil": None,
        "createdDate": "2026-07-01T16:00:00.000Z",
    }
    events = ["order.cancelled", "order.created", "order.cancelled"]
    other = await desk.data("POST", WEBHOOKS, json={"url": URL, "events": events})
    assert other["events"] == ["order.created", "order.cancelled"]
    del other["secret"]
    path = f"{WEBHOOKS}/{made['id']}"
    assert await desk.data("PATCH", path, json={}) == made
    changed = await desk.data("PATCH", path, json={"url": f"{URL}/2", "events": ["order.changed"], "active": False})
    assert changed == made | {"url": f"{URL}/2", "events": ["order.changed"], "active": False}
    assert await desk.data("GET", path) == changed
    assert sorted(each["id"] for each in await desk.data("GET", WEBHOOKS)) == sorted([made["id"], other["id"]])
    assert await desk.data("DELETE", path) == changed
    assert await desk.data("GET", WEBHOOKS) == [other]
    await desk.refused(404, "GET", path)
    history = await desk.data("GET", f"/api/v1/audit/{made['id']}")
    assert [event["action"] for event in history] == ["webhook.created", "webhook.changed", "webhook.deleted"]
    assert history[1]["detail"] == {
        "changed": ["url", "events", "active"],
        "events": ["order.changed"],
        "active": False,
    }


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": "https://dana:pw@hooks.example/"}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["order.eaten"]}, "events"),
        ({"url": URL, "events": "order.created"}, "events"),
    ],
)
async def test_what_cannot_be_is_refused_and_named(desk: Desk, body: dict[str, Any], field: str) -> None:
    refused = await desk.refused(400, "POST", WEBHOOKS, json=body)
    assert refused["errorMessage"].startswith(f"{field}")
    if body.get("url") is not None:
        made = await desk.data("POST", WEBHOOKS, json={"url": URL})
        await desk.refused(400, "PATCH", f"{WEBHOOKS}/{made['id']}", json=body)


async def test_an_account_has_a_bounded_number_of_webhooks(
    desk: Desk, client: httpx.AsyncClient, services: Services
) -> None:
    for _ in range(MAX_WEBHOOKS):
        await desk.data("POST", WEBHOOKS, json={"url": URL})
    refused = await desk.refused(409, "POST", WEBHOOKS, json={"url": URL})
    assert refused["errorCode"] == "webhook_limit"
    other = await open_desk(client, services, "mesa")
    await other.data("POST", WEBHOOKS, json={"url": URL})


async def test_the_log_is_a_webhooks_own(hooks: Hooks, reseller: Desk) -> None:
    mine, second, theirs = await hooks.make(), await hooks.make(), await hooks.make(reseller)
    made = [await hooks.test(mine) for _ in range(3)]
    other = await hooks.test(second)
    path = f"{WEBHOOKS}/{mine}/deliveries"
    newest_first = [each["id"] for each in reversed(made)]
    assert [each["id"] for each in await hooks.log(mine)] == newest_first
    assert [each["id"] for each in await hooks.log(mine, "?limit=2")] == newest_first[:2]
    assert [each["id"] for each in await hooks.log(mine, "?limit=2&page=1")] == newest_first[2:]
    hooks.receiver.script.append(500)
    await hooks.run()
    assert len(await hooks.log(mine, "?status=due")) + len(await hooks.log(second, "?status=due")) == 1
    await hooks.desk.refused(400, "GET", f"{path}?status=lost")
    for delivery in (other["id"], "0" * 24):
        refused = await hooks.desk.refused(404, "POST", f"{path}/{delivery}/retry")
        assert refused["errorCode"] == "delivery_not_found"
    for method, tail in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/secret"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", f"/deliveries/{made[0]['id']}/retry"),
        ("POST", "/deliveries/retry"),
    ):
        refused = await hooks.desk.refused(404, method, f"{WEBHOOKS}/{theirs}{tail}")
        assert refused["errorCode"] == "webhook_not_found"
