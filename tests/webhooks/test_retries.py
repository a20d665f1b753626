"""A call that fails is made again for three days, each time signed anew, and then given up; a redirect is a failure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
import pytest

from seatwright.api.manage import webhook_wire
from seatwright.app.assembly import create_app
from seatwright.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, ManualClock
from seatwright.http.context import Services
from seatwright.notifications.deliverer import retry_after_ms
from seatwright.notifications.deliveries import MAX_ATTEMPTS, WAITS_MS, Outcome
from seatwright.notifications.webhooks import caller as webhooks_http
from seatwright.notifications.webhooks import service as webhooks_service
from seatwright.notifications.webhooks.caller import CLOSED, INTERNAL, NO_CONNECTION, HttpCaller
from seatwright.notifications.webhooks.sender import CallSender
from seatwright.storage import audit
from seatwright.worker.messaging import Messaging
from tests.conftest import START
from tests.notifications.office import messenger
from tests.server import closed_port
from tests.webhooks.conftest import Hooks, verified
from tests.webhooks.receiver import CLOSE, ENDLESS, SILENCE, UNFINISHED, Receiver, receiving

PATIENCE_S = 77
"""What a call may take in these tests, which no other limit is."""


def attempts(logged: dict[str, Any]) -> list[tuple[int | None, str | None]]:
    """Return status and error of each attempt."""
    return [(attempt["code"], attempt["error"]) for attempt in logged["attempts"]]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Timeout]:
    """The limits of whole calls that have been set since."""
    found, real = [], asyncio.timeout

    def watched(seconds: float | None) -> asyncio.Timeout:
        limit = real(seconds)
        if seconds == PATIENCE_S:
            found.append(limit)
        return limit

    monkeypatch.setattr(asyncio, "timeout", watched)
    return found


async def test_a_flapping_receiver_gets_its_call_in_the_end(
    hooks: Hooks, received_at: ManualClock, limits: list[asyncio.Timeout]
) -> None:
    webhook = await hooks.make()
    hooks.sender = replace(hooks.sender, caller=HttpCaller(internal=True, total_s=PATIENCE_S))
    hooks.receiver.silent = lambda: limits[-1].reschedule(0)  # the time is over at once
    hooks.receiver.script.extend([500, CLOSE, SILENCE, 404, 200])
    await hooks.test(webhook)
    calls = []
    for wait in (0, *WAITS_MS[:4]):
        if wait:
            hooks.clock.advance(wait - 1)
            assert await hooks.run() == [], "not before its time"
            hooks.clock.advance(1)
        (call,) = await hooks.run()
        verified(call, hooks.secrets[webhook])
        calls.append(call)
    assert len({call.id for call in calls}) == 1
    assert len({call.body for call in calls}) == 1
    stamps = [int(call.headers["webhook-timestamp"]) for call in calls]
    assert [late - early for early, late in pairwise(stamps)] == [wait // SECOND_MS for wait in WAITS_MS[:4]]
    (logged,) = await hooks.log(webhook, "?status=sent")
    late = f"there was no answer within {PATIENCE_S} seconds"
    assert attempts(logged) == [(500, "answered 500"), (None, CLOSED), (None, late), (404, "answered 404"), (200, None)]
    hooks.clock.advance(30 * DAY_MS)
    assert await hooks.run() == []


async def test_a_receiver_that_stays_away_is_given_up_after_three_days(hooks: Hooks) -> None:
    webhook = await hooks.make()
    hooks.receiver.script.extend([503] * MAX_ATTEMPTS)
    call = await hooks.test(webhook)
    for wait in (*WAITS_MS, 30 * DAY_MS):
        assert len(await hooks.run()) == 1
        hooks.clock.advance(wait)
    assert await hooks.run() == []
    (logged,) = await hooks.log(webhook, "?status=dead")
    assert attempts(logged) == [(503, "answered 503")] * MAX_ATTEMPTS
    assert sum(WAITS_MS) >= 3 * DAY_MS
    assert await hooks.log(webhook, "?status=due") == []
    # The receiver is back, and the delivery is tried again by hand.
    again = await hooks.desk.data("POST", f"/api/v1/webhooks/{webhook}/deliveries/{call['id']}/retry")
    assert again["status"] == "due"
    history = await hooks.desk.data("GET", f"/api/v1/audit/{webhook}")
    assert (history[-1]["action"], history[-1]["detail"]) == ("webhook.retried", {"delivery": call["id"]})
    (made,) = await hooks.run()
    assert made.id == call["id"]
    (logged,) = await hooks.log(webhook)
    assert (logged["status"], len(logged["attempts"])) == ("sent", MAX_ATTEMPTS)
    retried = f"/api/v1/webhooks/{webhook}/deliveries/{call['id']}/retry"
    refused = await hooks.desk.refused(409, "POST", retried)
    assert refused["errorCode"] == "delivery_not_dead"


async def test_all_that_was_given_up_is_made_due_again_in_portions(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks_service, "MAX_RETRIED", 2)
    monkeypatch.setattr(webhook_wire, "MAX_RETRIED", 2)
    mine, other = await hooks.make(), await hooks.make()
    for webhook in (mine, mine, mine, other):
        await hooks.test(webhook)
    for webhook in (mine, other):
        for active in (False, True):  # gives up what is due
            await hooks.desk.data("PATCH", f"/api/v1/webhooks/{webhook}", json={"active": active})
    path = f"/api/v1/webhooks/{mine}/deliveries/retry"
    answers = [await hooks.desk.data("POST", path) for _ in range(2)]
    assert answers == [{"retried": 2, "more": True}, {"retried": 1, "more": False}]
    assert len(await hooks.run()) == 3
    assert [each["status"] for each in await hooks.log(other)] == ["dead"]
    await hooks.desk.data("PATCH", f"/api/v1/webhooks/{mine}", json={"active": False})
    assert (await hooks.desk.refused(409, "POST", path))["errorCode"] == "webhook_inactive"


async def test_nobody_there_is_a_failure_like_others(hooks: Hooks) -> None:
    with closed_port() as held:
        webhook = await hooks.make(url=f"http://127.0.0.1:{held.getsockname()[1]}/")
        await hooks.test(webhook)
        await hooks.run()
    (logged,) = await hooks.log(webhook)
    assert (logged["status"], attempts(logged)) == ("due", [(None, NO_CONNECTION)])
    # What is due goes to where the webhook is by then.
    await hooks.desk.data("PATCH", f"/api/v1/webhooks/{webhook}", json={"url": hooks.receiver.url})
    hooks.clock.advance(WAITS_MS[0])
    (call,) = await hooks.run()
    assert call.id == logged["id"]


async def test_a_redirect_is_not_followed(hooks: Hooks) -> None:
    webhook = await hooks.make()
    async with receiving() as internal:
        hooks.receiver.script.append((302, f"location: {internal.url}\r\n"))
        hooks.receiver.script.append((307, f"location: {internal.url}\r\n"))
        await hooks.test(webhook)
        await hooks.run()
        hooks.clock.advance(WAITS_MS[0])
        await hooks.run()
        assert internal.connections == 0
    (logged,) = await hooks.log(webhook)
    followed_not = "answered with a redirect, which is not followed"
    assert (logged["status"], attempts(logged)) == ("due", [(302, followed_not), (307, followed_not)])


async def test_addresses_inside_want_the_setting(hooks: Hooks, services: Services) -> None:
    """Where they are entered, and where they are called: a webhook may be older than the setting."""
    webhook = await hooks.make(url=f"https://127.0.0.1:{hooks.receiver.port}/")
    await hooks.test(webhook)
    strict = replace(services, settings=replace(services.settings, webhook_internal=False))
    sender = Messaging(messenger(strict)).senders()["webhook"]
    assert isinstance(sender, CallSender)
    hooks.sender = sender
    await hooks.run()
    (logged,) = await hooks.log(webhook)
    assert (logged["status"], attempts(logged)) == ("due", [(None, INTERNAL)])
    assert hooks.receiver.connections == 0
    transport = httpx.ASGITransport(app=create_app(strict.settings, strict))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        desk = replace(hooks.desk, client=client)
        for url, code in (("https://127.0.0.1/", "internal_address"), ("http://hooks.example/", "invalid_url")):
            for method, path in (("POST", "/api/v1/webhooks"), ("PATCH", f"/api/v1/webhooks/{webhook}")):
                refused = await desk.refused(400, method, path, json={"url": url})
                assert refused["errorCode"] == code


async def test_a_receiver_that_is_gone_is_switched_off(hooks: Hooks) -> None:
    webhook = await hooks.make()
    hooks.receiver.script.extend([500, 410])
    first = await hooks.test(webhook)
    await hooks.run()
    second = await hooks.test(webhook)
    await hooks.run()
    shown = await hooks.desk.data("GET", f"/api/v1/webhooks/{webhook}")
    assert shown["active"] is False
    by_id = {each["id"]: each for each in await hooks.log(webhook, "?status=dead")}
    assert attempts(by_id[second["id"]]) == [(410, "answered 410")]
    assert attempts(by_id[first["id"]]) == [(500, "answered 500"), (None, "the webhook is switched off")]
    history = await hooks.desk.services.database.read(lambda tx: audit.history(tx, hooks.desk.shop.account_id, webhook))
    assert [(row["actor"], row["action"]) for row in history][1:] == [("system", "webhook.gone")]
    refused = await hooks.desk.refused(409, "POST", f"/api/v1/webhooks/{webhook}/test")
    assert refused["errorCode"] == "webhook_inactive"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_busy_receiver_says_when(hooks: Hooks) -> None:
    webhook = await hooks.make()
    hooks.receiver.script.extend([(503, "retry-after: 3600\r\n"), (500, "retry-after: 7200\r\n"), 200])
    await hooks.test(webhook)
    await hooks.run()
    hooks.clock.advance(HOUR_MS - 1)
    assert await hooks.run() == []
    hooks.clock.advance(1)
    assert len(await hooks.run()) == 1
    hooks.clock.advance(WAITS_MS[1])  # a failure's Retry-After is nobody's plan
    assert len(await hooks.run()) == 1


async def test_what_is_due_to_a_webhook_ends_with_it(hooks: Hooks, kayak: str) -> None:
    off, gone = await hooks.make(), await hooks.make()
    await hooks.test(off)
    await hooks.desk.data("PATCH", f"/api/v1/webhooks/{off}", json={"active": False})
    (logged,) = await hooks.log(off)
    assert (logged["status"], attempts(logged)) == ("dead", [(None, "the webhook is switched off")])
    hooks.receiver.script.append(500)
    await hooks.test(gone)
    await hooks.run()
    await hooks.desk.data("DELETE", f"/api/v1/webhooks/{gone}")
    hooks.clock.advance(DAY_MS)
    assert await hooks.run() == []
    rows = await hooks.desk.services.database.read(
        lambda tx: tx.rows("SELECT status, log FROM delivery WHERE target = $1", gone)
    )
    assert [row["status"] for row in rows] == ["dead"]
    assert "the webhook was deleted" in rows[0]["log"]


async def test_an_endless_answer_is_cut_off(receiver: Receiver) -> None:
    receiver.script.append(ENDLESS)
    answer = await HttpCaller(internal=True).post(receiver.url, "{}", {})
    assert (answer.code, answer.error) == (200, None)
    assert receiver.sent < 50_000_000, "what fits into buffers on the way, at most"


async def test_an_answer_counts_though_its_body_never_ends(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, limits: list[asyncio.Timeout]
) -> None:
    monkeypatch.setattr(webhooks_http, "DRAIN_S", 0.05)
    receiver.script.append(UNFINISHED)
    assert await HttpCaller(internal=True, total_s=PATIENCE_S).post(receiver.url, "{}", {}) == Outcome(
        sent=True, code=200
    )
    assert limits[0].when() is None, "the limit of the whole call is over with the status"


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        (None, 0),
        ("120", 120 * SECOND_MS),
        ("99999999999999999999", 8 * HOUR_MS),
        ("Wed, 01 Jul 2026 16:10:00 GMT", 10 * MINUTE_MS),
        ("Wed, 01 Jul 2026 16:10:00", 10 * MINUTE_MS),
        ("Wed, 01 Jul 2020 16:10:00 GMT", 0),
        ("-5", 0),
        ("Mon, 01 Jan 0001 00:00:00 +1400", 0),
        ("soon", 0),
        ("٣", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, wait: int) -> None:
    assert retry_after_ms(text, START, at_most=8 * HOUR_MS) == wait
