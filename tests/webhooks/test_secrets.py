"""Secrets: what is replayed or signed with an old one is refused, and none can be read again, anywhere."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace

import pytest
from standardwebhooks import WebhookVerificationError
from structlog.testing import capture_logs

from seatwright.core.clock import HOUR_MS, SECOND_MS, ManualClock
from seatwright.core.sealing import UnreadableSecret, seal, unseal
from seatwright.notifications.deliveries import WAITS_MS
from seatwright.notifications.webhooks.sender import UNREADABLE
from seatwright.notifications.webhooks.signing import bound_to, new_secret
from tests.security.world import dump
from tests.webhooks.conftest import Hooks, verified

KEY = bytes(range(32))


async def test_a_call_replayed_after_five_minutes_is_refused(hooks: Hooks, received_at: ManualClock) -> None:
    webhook = await hooks.make()
    await hooks.test(webhook)
    (call,) = await hooks.run()
    received_at.advance(300 * SECOND_MS)
    verified(call, hooks.secrets[webhook])
    received_at.advance(SECOND_MS)
    with pytest.raises(WebhookVerificationError, match="too old"):
        verified(call, hooks.secrets[webhook])


async def test_a_changed_call_is_refused(hooks: Hooks, received_at: ManualClock) -> None:
    webhook = await hooks.make()
    await hooks.test(webhook)
    (call,) = await hooks.run()
    for forged in (
        replace(call, body=call.body.replace("test", "best")),
        replace(call, headers=call.headers | {"webhook-id": "0" * 24}),
        replace(call, headers=call.headers | {"webhook-timestamp": str(int(call.headers["webhook-timestamp"]) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            verified(forged, hooks.secrets[webhook])


async def test_both_secrets_sign_for_a_while_after_a_rotation(hooks: Hooks, received_at: ManualClock) -> None:
    webhook = await hooks.make()
    path, old = f"/api/v1/webhooks/{webhook}/secret", hooks.secrets[webhook]
    rotated = await hooks.desk.data("POST", path)
    assert rotated["oldSecretUntil"] == "2026-07-02T16:00:00.000Z"
    new = rotated["secret"]
    received_at.advance(24 * HOUR_MS - 1)
    await hooks.test(webhook)
    (call,) = await hooks.run()
    assert verified(call, old) == verified(call, new)
    received_at.advance(1)
    await hooks.test(webhook)
    (call,) = await hooks.run()
    verified(call, new)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        verified(call, old)

    # A second rotation ends the secret before the last at once, and without grace the last one too.
    newer = (await hooks.desk.data("POST", path, json={"graceHours": "168"}))["secret"]
    newest = (await hooks.desk.data("POST", path, json={"graceHours": 0}))["secret"]
    await hooks.test(webhook)
    (call,) = await hooks.run()
    verified(call, newest)
    for ended in (new, newer):
        with pytest.raises(WebhookVerificationError):
            verified(call, ended)
    for bad in (169, -1, "x", 1.5):
        refused = await hooks.desk.refused(400, "POST", path, json={"graceHours": bad})
        assert "graceHours" in refused["errorMessage"]


async def test_a_secret_is_shown_once_and_never_stored_or_logged(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logged:
        made = await hooks.desk.data(
            "POST", "/api/v1/webhooks", json={"url": hooks.receiver.url}, headers={"Idempotency-Key": "once"}
        )
        path = f"/api/v1/webhooks/{made['id']}"
        rotated = await hooks.desk.data("POST", f"{path}/secret", headers={"Idempotency-Key": "twice"})
        await hooks.test(made["id"])
        hooks.receiver.script.append(500)
        await hooks.run()
    parts = [secret.removeprefix("whsec_") for secret in (made["secret"], rotated["secret"])]
    assert all(len(base64.b64decode(part)) == 32 for part in parts)
    tables = await dump(hooks.desk.services)
    assert any(made["id"] in row for row in tables["webhook"])
    history = await hooks.desk.data("GET", f"/api/v1/audit/{made['id']}")
    assert [event["action"] for event in history] == ["webhook.created", "webhook.secret_rotated"]
    shown = [await hooks.desk.data("GET", where) for where in ("/api/v1/webhooks", path, f"{path}/deliveries")]
    everywhere = repr((tables, history, shown, logged, caplog.text, hooks.receiver.calls))
    assert len(hooks.receiver.calls) == 1
    assert not any(part in everywhere for part in parts)
    assert hooks.receiver.url not in repr((logged, [r.getMessage() for r in caplog.records if r.levelno > 20])), (
        "a URL may be a secret too"
    )


async def test_a_secret_of_another_server_is_said_to_be_one(hooks: Hooks) -> None:
    """Somebody has changed SEATWRIGHT_SECRET: nothing is sent that can't be verified, until the secret is rotated."""
    webhook = await hooks.make()
    await hooks.test(webhook)
    restored, hooks.sender = hooks.sender, replace(hooks.sender, key=KEY)
    assert await hooks.run() == []
    (logged,) = await hooks.log(webhook)
    assert (logged["status"], logged["attempts"][0]["error"]) == ("due", UNREADABLE)
    hooks.sender = restored
    hooks.clock.advance(WAITS_MS[0])
    assert len(await hooks.run()) == 1


def test_a_sealed_secret_is_its_webhooks_alone() -> None:
    secret = new_secret()
    sealed = seal(KEY, secret, bound_to("account", "webhook"))
    assert unseal(KEY, sealed, bound_to("account", "webhook")) == secret
    assert seal(KEY, secret, bound_to("account", "webhook")) != sealed
    damaged = base64.b64encode(base64.b64decode(sealed)[:-1] + b"x").decode()
    for key, text, account, webhook in (
        (bytes(32), sealed, "account", "webhook"),
        (KEY, sealed, "other", "webhook"),
        (KEY, sealed, "account", "other"),
        (KEY, damaged, "account", "webhook"),
        (KEY, "not base64!", "account", "webhook"),
        (KEY, "", "account", "webhook"),
    ):
        with pytest.raises(UnreadableSecret):
            unseal(key, text, bound_to(account, webhook))
