"""Webhooks at the desk: added, changed, paused and deleted; the secret once; calls with their attempts, made again."""

from __future__ import annotations

import re

import httpx

from seatwright.notifications.webhooks import signing
from tests.desk import Desk
from tests.frontdesk.mails import a_mail
from tests.frontdesk.visitor import Visitor, text_of

URL = "https://hooks.canyon.example/a?b=<c>"


def secret_of(page: httpx.Response) -> str:
    found = re.search(r"<code>(whsec_[^<]+)</code>", page.text)
    return found[1] if found else ""


async def made(desk: Desk) -> str:
    return str((await desk.data("POST", "/api/v1/webhooks", json={"url": URL}))["id"])


async def test_a_webhook_is_added_and_its_secret_shown_once(desk: Desk, dana: Visitor) -> None:
    assert "No webhooks yet" in text_of(await dana.get("/webhooks"))
    page = await dana.post("/webhooks", [("url", URL), ("event", "order.created"), ("event", "order.cancelled")])
    assert (page.status_code, signing.new_secret()[:6]) == (200, secret_of(page)[:6])
    [webhook] = await desk.data("GET", "/api/v1/webhooks")
    assert (webhook["url"], webhook["events"]) == (URL, ["order.created", "order.cancelled"])
    for path in ("/webhooks", f"/webhooks/{webhook['id']}"):
        assert secret_of(await dana.get(path)) == ""
        assert "b=&lt;c&gt;" in (await dana.get(path)).text
    rotated = await dana.post(f"/webhooks/{webhook['id']}", {"do": "secret"})
    assert secret_of(rotated) not in ("", secret_of(page))


async def test_what_is_refused_keeps_what_was_typed(desk: Desk, dana: Visitor) -> None:
    hook = await made(desk)
    for path in ("/webhooks", f"/webhooks/{hook}"):
        for fields in (
            [("url", "http://insecure.example/x"), ("event", "order.changed")],
            [("url", "https://fine.example/x")],
        ):
            page = await dana.post(path, [*fields, ("do", "change")])
            assert (page.status_code, 'role="alert"' in page.text) == (400, True), (path, fields)
            assert f'value="{fields[0][1]}"' in page.text
            ticked = re.findall(r'value="([a-z.]+)" checked', page.text)
            assert ticked == [value for name, value in fields if name == "event"]
    assert len(await desk.data("GET", "/api/v1/webhooks")) == 1


async def test_it_is_changed_paused_activated_and_deleted(desk: Desk, dana: Visitor) -> None:
    hook = await made(desk)
    await dana.post(f"/webhooks/{hook}", [("do", "change"), ("url", "https://b.example/"), ("event", "order.changed")])
    webhook = await desk.data("GET", f"/api/v1/webhooks/{hook}")
    assert (webhook["url"], webhook["events"]) == ("https://b.example/", ["order.changed"])
    for do, active, words in (("pause", False, "Paused"), ("activate", True, "called again")):
        answer = await dana.post(f"/webhooks/{hook}", {"do": do})
        assert (await desk.data("GET", f"/api/v1/webhooks/{hook}"))["active"] == active
        assert words in text_of(await dana.get(answer.headers["location"].removeprefix("/desk")))
    assert (await dana.post(f"/webhooks/{hook}", {"do": "explode"})).status_code == 404
    answer = await dana.post(f"/webhooks/{hook}", {"do": "delete"})
    assert (answer.status_code, await desk.data("GET", "/api/v1/webhooks")) == (303, [])
    assert (await dana.get(f"/webhooks/{hook}")).status_code == 404


async def test_calls_are_listed_and_a_failed_one_is_made_again_once(desk: Desk, dana: Visitor) -> None:
    hook = await made(desk)
    for _ in range(2):
        assert (await dana.post(f"/webhooks/{hook}", {"do": "test", "once": "t"})).status_code == 303
    body = '{"type": "order.created", "data": {"note": "<b>"}}'
    dead = await a_mail(desk, "dead", channel="webhook", kind="order.created", target=hook, content=body)
    calls = await desk.data("GET", f"/api/v1/webhooks/{hook}/deliveries")
    assert [(each["type"], each["status"]) for each in calls] == [("order.created", "dead"), ("webhook.test", "due")]
    page = await dana.get(f"/webhooks/{hook}")
    text = text_of(page)
    for words in ("An order was made", "Given up", "550 5.1.1 unknown", "Test call", "On its way"):
        assert words in text, words
    assert "&lt;b&gt;" in page.text
    for _ in range(2):
        answer = await dana.post(f"/webhooks/{hook}", {"do": f"again {dead.id}", "once": "a"})
        assert answer.headers["location"] == f"/desk/webhooks/{hook}?done=again"
    calls = await desk.data("GET", f"/api/v1/webhooks/{hook}/deliveries?status=due")
    assert len(calls) == 2
    refused = await dana.post(f"/webhooks/{hook}", {"do": f"again {dead.id}", "once": "b"})
    assert (refused.status_code, 'role="alert"' in refused.text) == (409, True)
    await dana.post(f"/webhooks/{hook}", {"do": "pause"})
    assert (await dana.post(f"/webhooks/{hook}", {"do": "test", "once": "c"})).status_code == 409
