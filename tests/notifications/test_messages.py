"""The list of mails, over HTTP and on the command line: what was given up is seen there, and sent again."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.http.context import Services
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Attempt, Delivery, Status
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.message import MailContent
from seatwright.storage import audit
from seatwright.worker.loops import Loops
from tests.conftest import START
from tests.desk import Desk
from tests.notifications.commands import Commands
from tests.notifications.post import PostOffice, open_post
from tests.server import closed_port

MESSAGES = "/api/v1/messages"


async def kept(desk: Desk, number: int, status: Status, at: int = START, *, took: int = 0) -> Delivery:
    """Write a mail that something came of."""
    one = Delivery(
        account_id=desk.shop.account_id,
        id=f"{number:024x}",
        channel="mail",
        kind="confirmation",
        target="ann@lee.example",
        order_id=f"order-{number}",
        content=mail.encode(MailContent(subject=f"Mail [b]{number}[/b]", text="Hello", html="<p>Hello</p>")),
        status=status,
        attempts=17 if status == "dead" else 1,
        due_at=at,
        log=() if status == "sandbox" else (Attempt(at=at, code=550, error="5.1.1 [bold]unknown", duration_ms=3),),
        created_at=at,
        finished_at=None if status == "due" else at + took,
    )
    await desk.services.database.write(lambda tx: deliveries.insert(tx, [one]))
    return one


async def test_mails_are_listed_filtered_and_read(desk: Desk) -> None:
    for number, status in enumerate(("dead", "sent", "due", "sandbox")):
        await kept(desk, number, status)  # type: ignore[arg-type]
    listed = await desk.data("GET", MESSAGES)
    assert [each["id"][-1] for each in listed] == ["3", "2", "1", "0"]
    assert listed[3] == {
        "id": "0" * 24,
        "kind": "confirmation",
        "status": "dead",
        "to": "ann@lee.example",
        "subject": "Mail [b]0[/b]",
        "language": "en",
        "orderId": "order-0",
        "createdDate": "2026-07-01T16:00:00.000Z",
        "nextAttemptDate": None,
        "attempts": [
            {"date": "2026-07-01T16:00:00.000Z", "code": 550, "error": "5.1.1 [bold]unknown", "durationMs": 3}
        ],
    }
    assert listed[1]["nextAttemptDate"] == "2026-07-01T16:00:00.000Z"
    assert [each["id"][-1] for each in await desk.data("GET", f"{MESSAGES}?status=dead")] == ["0"]
    assert [each["id"][-1] for each in await desk.data("GET", f"{MESSAGES}?orderId=order-2")] == ["2"]
    assert [each["id"][-1] for each in await desk.data("GET", f"{MESSAGES}?limit=1&page=1")] == ["2"]
    refused = await desk.refused(400, "GET", f"{MESSAGES}?status=lost")
    assert "status" in refused["errorMessage"]
    whole = await desk.data("GET", f"{MESSAGES}/{'0' * 24}")
    assert (whole["text"], whole["html"], whole["calendar"]) == ("Hello", "<p>Hello</p>", None)
    await desk.refused(404, "GET", f"{MESSAGES}/{'f' * 24}")


async def test_only_what_was_given_up_is_sent_again_and_that_is_audited(desk: Desk, clock: ManualClock) -> None:
    for number, status in enumerate(("dead", "sent", "due", "sandbox")):
        await kept(desk, number, status)  # type: ignore[arg-type]
    dead = f"{0:024x}"
    clock.advance(DAY_MS)
    again = await desk.data("POST", f"{MESSAGES}/{dead}/retry")
    assert (again["status"], again["nextAttemptDate"]) == ("due", "2026-07-02T16:00:00.000Z")
    for number in range(4):
        refused = await desk.refused(409, "POST", f"{MESSAGES}/{number:024x}/retry")
        assert refused["errorCode"] == "message_not_dead"
    await desk.refused(404, "POST", f"{MESSAGES}/{'f' * 24}/retry")
    history = await desk.services.database.read(lambda tx: audit.history(tx, desk.shop.account_id, dead))
    assert [row["action"] for row in history] == ["message.retried"]
    found = await desk.services.database.read(lambda tx: deliveries.find(tx, desk.shop.account_id, dead))
    assert found is not None
    assert found.attempts == 0


async def test_finished_mails_are_forgotten_after_a_while(desk: Desk, clock: ManualClock, services: Services) -> None:
    for number, status in enumerate(("dead", "sent", "due", "sandbox")):
        await kept(desk, number, status)  # type: ignore[arg-type]
    loops = Loops(services.database, clock, services.settings)
    clock.advance(services.settings.message_days * DAY_MS)
    assert await loops.forget_messages() == 0
    clock.advance(1)
    assert await loops.forget_messages() == 3
    assert [each["status"] for each in await desk.data("GET", MESSAGES)] == ["due"]


async def test_a_mail_that_was_given_up_is_kept_as_long_as_any_other(
    desk: Desk, clock: ManualClock, services: Services
) -> None:
    """Its attempts take days, and they don't count."""
    took = sum(deliveries.WAITS_MS)
    await kept(desk, 0, "dead", took=took)
    loops = Loops(services.database, clock, replace(services.settings, message_days=1))
    clock.advance(took + DAY_MS)
    assert await loops.forget_messages() == 0
    clock.advance(1)
    assert await loops.forget_messages() == 1


async def test_messages_are_listed_shown_and_retried_by_commands(desk: Desk, messages: Commands) -> None:
    for number in range(3):
        await kept(desk, number, "dead")
    await kept(desk, 3, "sandbox")
    listed = await messages("list")
    assert all(f"{number:024x}" in listed for number in range(3))
    assert f"{3:024x}" not in listed
    assert "550" in listed
    assert f"{3:024x}" in await messages("list", "--status", "all", "--account", "canyon")
    shown = await messages("show", f"{1:024x}", "--account", "canyon")
    assert "Mail [b]1[/b]" in shown
    assert "550 5.1.1 [bold]unknown" in shown
    assert await messages("retry", f"{0:024x}", "--account", "canyon") == "1 due again.\n"
    assert await messages("retry", "--all") == "2 due again.\n"
    assert {each["status"] for each in await desk.data("GET", MESSAGES)} == {"due", "sandbox"}
    assert "not given up" in await messages("retry", f"{0:024x}", "--account", "canyon", code=1)
    assert "no account" in await messages("show", "x", "--account", "nobody", code=1)
    for wrong in (["list", "--status", "lost"], ["retry"], ["retry", "x"], ["retry", "x", "--account", "c", "--all"]):
        await messages(*wrong, code=2)


async def test_all_that_was_given_up_is_made_due_in_portions(
    desk: Desk, messages: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.cli.messages.PORTION", 2)
    for number in range(5):
        await kept(desk, number, "dead")
    assert await messages("retry", "--all", "--account", "canyon") == "5 due again.\n"
    assert await messages("retry", "--all") == "0 due again.\n"
    history = await desk.services.database.read(lambda tx: audit.history(tx, desk.shop.account_id, f"{4:024x}"))
    assert [row["action"] for row in history] == ["message.retried"]


async def test_webhook_calls_are_listed_and_made_due_again_where_somebody_listens(
    desk: Desk, messages: Commands
) -> None:
    hooks = [
        (await desk.data("POST", "/api/v1/webhooks", json={"url": f"https://hooks.canyon.example/{each}"}))["id"]
        for each in ("on", "off")
    ]
    await desk.data("PATCH", f"/api/v1/webhooks/{hooks[1]}", json={"active": False})
    call = msgspec.structs.replace(await kept(desk, 0, "dead"), channel="webhook", content="{}")
    calls = [msgspec.structs.replace(call, id=f"{10 + n:024x}", target=hooks[n % 2]) for n in range(4)]
    await desk.services.database.write(lambda tx: deliveries.insert(tx, calls))
    listed = await messages("list", "--channel", "webhook", "--account", "canyon")
    assert [each.id in listed for each in calls] == [True] * 4
    assert f"{0:024x}" not in listed
    assert await messages("retry", "--all", "--channel", "webhook") == "2 due again.\n"
    for hook, status in zip(hooks, ("due", "dead"), strict=True):
        log = await desk.data("GET", f"/api/v1/webhooks/{hook}/deliveries")
        assert [each["status"] for each in log] == [status] * 2
    history = await desk.services.database.read(lambda tx: audit.history(tx, desk.shop.account_id, hooks[0]))
    assert [row["action"] for row in history] == ["webhook.created", "webhook.retried", "webhook.retried"]
    for wrong in (["retry", "--all", "--channel", "post"], ["retry", "--failed", "--channel", "webhook"]):
        await messages(*wrong, code=2)


async def test_a_test_mail_says_what_the_server_said(desk: Desk, messages: Commands) -> None:
    assert "sandbox" in await messages("test", "--to", "ann@lee.example", code=2)
    post = PostOffice()
    async with open_post(post) as port:
        messages.mailing(port)
        said = await messages("test", "--to", "ann@lee.example")
        post.recipient_answers.append("550 5.7.1 relaying denied")
        assert "not sent: 550 5.7.1 relaying denied" in await messages("test", "--to", "bo@lee.example", code=1)
        assert "not a mail address" in await messages("test", "--to", "bo", code=2)
    (sent,) = post.mails()
    assert "The server took it: 250" in said
    assert str(sent["Message-ID"]) in said
    assert str(sent["Subject"]) == "Test mail from Canyon"
    with closed_port() as held:
        messages.mailing(held.getsockname()[1])
        assert "not sent" in await messages("test", "--to", "ann@lee.example", code=1)
