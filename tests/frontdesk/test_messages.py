"""Mails at the desk: the list by state, order and day, what one says, and sending it again exactly once."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Status
from seatwright.orders import outbox
from seatwright.orders.outbox import Detail, Event
from tests.desk import Desk
from tests.frontdesk.mails import a_mail
from tests.frontdesk.visitor import Visitor, text_of, visitor


def ids(page: httpx.Response) -> list[str]:
    return re.findall(r'<a href="/desk/messages/([0-9a-f]{24})">', page.text)


async def test_the_list_has_what_the_api_has(desk: Desk, rafting: str, clock: ManualClock) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    states: tuple[Status, ...] = ("due", "sent", "dead", "sandbox")
    for status in states:
        await a_mail(desk, status, order_id=order["id"] if status == "sent" else None)
        clock.advance(DAY_MS)
    reading = frozenset(("messages.read", "messages.write"))
    dana = await visitor(desk.client, desk.services, desk.shop.account_id, reading)
    for asked, of_api in (
        ("", ""),
        *((f"status={status}", f"status={status}") for status in states),
        (f"order={order['confirmation']}", f"orderId={order['id']}"),
        ("from=2026-07-02", "from=2026-07-02"),
        ("from=2026-07-02&to=2026-07-03", "from=2026-07-02&to=2026-07-03"),
        ("from=2026-07-02&to=2026-07-03&status=dead", "from=2026-07-02&to=2026-07-03&status=dead"),
    ):
        found = await desk.data("GET", f"/api/v1/messages?{of_api}")
        page = await dana.get(f"/messages?{asked}")
        assert ids(page) == [each["id"] for each in found], (asked, page.status_code, text_of(page))
    assert len(await desk.data("GET", "/api/v1/messages?from=2026-07-02&to=2026-07-03")) == 2
    assert "550 5.1.1 unknown" in text_of(await dana.get("/messages?status=dead"))
    for empty in ("order=999999", "from=2020-01-01"):
        assert "No message matches" in text_of(await dana.get(f"/messages?{empty}"))
    for wrong in ("status=eaten", "from=tomorrow", "to=2026-07-01", "from=2026-07-02&to=2026-07-01"):
        page = await dana.get(f"/messages?{wrong}")
        assert (page.status_code, 'role="alert"' in page.text) == (400, True), wrong


async def test_pages_of_the_list_are_the_whole_list(desk: Desk, dana: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [(await a_mail(desk, "sent")).id for _ in range(5)]
    monkeypatch.setattr("seatwright.web.desk.message_routes.PAGE_SIZE", 2)
    seen = [each for number in range(3) for each in ids(await dana.get(f"/messages?page={number}"))]
    assert seen == list(reversed(made))
    assert "Next page" in (await dana.get("/messages?page=1")).text
    assert "Next page" not in (await dana.get("/messages?page=2")).text


async def test_what_a_mail_says_is_shown_and_never_run(desk: Desk, dana: Visitor) -> None:
    made = await a_mail(desk, "sent", subject="<b>Hi</b>", text="<script>alert(1)</script>\nhttps://x.example/my/t")
    page = await dana.get(f"/messages/{made.id}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "<b>Hi</b>" not in page.text
    assert 'href="https://x.example' not in page.text


@pytest.mark.parametrize("status", ["sent", "dead"])
async def test_a_form_that_is_sent_twice_sends_one_mail(desk: Desk, dana: Visitor, status: Status) -> None:
    """One after the other and at once; the page shown anew is another form, and another mail."""
    made = await a_mail(desk, status)

    async def due() -> int:
        return len(await desk.data("GET", "/api/v1/messages?status=due"))

    async def shown() -> str:
        found = re.search(r'name="once" value="([0-9a-f]+)"', (await dana.get(f"/messages/{made.id}")).text)
        assert found is not None
        return found[1]

    once = await shown()
    answers = await asyncio.gather(*(dana.post(f"/messages/{made.id}", {"once": once}) for _ in range(4)))
    answers.append(await dana.post(f"/messages/{made.id}", {"once": once}))
    assert {(each.status_code, each.headers["location"]) for each in answers} == {
        (303, f"/desk/messages/{made.id}?done=again")
    }
    assert await due() == 1
    assert "It is on its way again" in text_of(await dana.get(f"/messages/{made.id}?done=again"))
    if status == "sent":
        await dana.post(f"/messages/{made.id}", {"once": await shown()})
        assert await due() == 2
        assert len(await desk.data("GET", "/api/v1/audit?action=message.sent_again")) == 2
    else:
        refused = await dana.post(f"/messages/{made.id}", {"once": "another"})
        assert (refused.status_code, await due()) == (409, 1)
        assert 'role="alert"' in refused.text


async def test_what_is_sent_once_more_is_a_new_mail_with_the_same_content(desk: Desk, clock: ManualClock) -> None:
    made = await a_mail(desk, "sent", order_id="o")
    clock.advance(DAY_MS)
    again = await desk.data("POST", f"/api/v1/messages/{made.id}/resend")
    found = await desk.services.database.read(lambda tx: deliveries.find(tx, desk.shop.account_id, again["id"]))
    assert found is not None
    assert (found.content, found.target, found.order_id) == (made.content, made.target, made.order_id)
    assert (found.status, found.attempts, found.due_at, found.log) == ("due", 0, clock.now(), ())
    for status in ("due", "dead", "sandbox"):
        other = await a_mail(desk, status)  # type: ignore[arg-type]
        refused = await desk.refused(409, "POST", f"/api/v1/messages/{other.id}/resend")
        assert refused["errorCode"] == "message_not_sent"


async def test_what_could_not_be_told_is_on_the_page(desk: Desk, dana: Visitor, clock: ManualClock) -> None:
    now, account_id = clock.now(), desk.shop.account_id
    event = Event(
        account_id=account_id,
        id="e1",
        owner_id=account_id,
        order_id="o1",
        kind="order.changed",
        at=now,
        detail=Detail(action="order.edited"),
        attempts=1,
    )

    async def fail() -> None:
        await desk.services.database.write(lambda tx: outbox.enqueue(tx, event, mailed=True))
        await desk.services.database.write(lambda tx: outbox.take(tx, now, limit=1))
        await desk.services.database.write(lambda tx: outbox.fail(tx, event, now, told=[], error="no <b>template</b>"))

    assert "Could not be told" not in (await dana.get("/messages")).text
    await fail()
    text = (await dana.get("/messages")).text
    assert "Could not be told yet" in text
    assert "An order was changed" in text
    assert "1 attempt, tried again in" in text
    assert "no &lt;b&gt;template&lt;/b&gt;" in text
    [told] = await desk.data("GET", "/api/v1/messages/untold")
    assert (told["orderId"], told["type"], told["attempts"]) == ("o1", "order.changed", 1)
    assert told["error"] == "no <b>template</b>"
    await desk.services.database.write(lambda tx: outbox.done(tx, event))


async def test_the_day_leads_to_mails_that_were_given_up(desk: Desk, dana: Visitor) -> None:
    made = await a_mail(desk, "dead")
    await a_mail(desk, "dead", kind="invitation", target="new@canyon.example")
    page = (await dana.get("/today")).text
    assert f'href="/desk/messages/{made.id}"' in page
    assert "new@canyon.example" not in page, "mails to users are nobody else's"


async def test_who_may_read_and_not_send_has_no_button(desk: Desk, dana: Visitor) -> None:
    made = await a_mail(desk, "sent")
    reader = await visitor(desk.client, desk.services, desk.shop.account_id, frozenset(("messages.read",)))
    assert "Send once more" not in (await reader.get(f"/messages/{made.id}")).text
    assert "Send once more" in (await dana.get(f"/messages/{made.id}")).text
