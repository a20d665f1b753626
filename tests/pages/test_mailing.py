"""The customer ends their consent to mail on the page of their order: without signing in, by a POST alone, for good."""

from __future__ import annotations

import pytest

from seatwright.core.clock import ManualClock
from seatwright.http.context import Services
from tests.desk import Desk
from tests.pages.test_page import ANN, order_of_ann
from tests.pages.visitor import Visitor, form_of, text_of

ASKED = "You agreed to receive news and offers from Canyon by e-mail."
DONE = "You will receive no more e-mails with news and offers from Canyon."


async def mailing_list(desk: Desk) -> list[str]:
    return [one["email"] for one in await desk.data("GET", "/api/v1/reports/mailing-list")]


async def test_consent_ends_with_a_button(visitor: Visitor, desk: Desk, rafting: str) -> None:
    order = await order_of_ann(desk, (rafting, {"Adult": 1}), marketingConsent=True)
    token = await visitor.link(order)
    page = await visitor.get(token)
    assert ASKED in text_of(page)
    assert DONE not in text_of(await visitor.get(token, "?unsubscribed=1"))
    form = form_of(page)
    assert (form.method, form.action, form.fields) == ("post", f"/my/{token}/unsubscribe", {})
    assert await mailing_list(desk) == ["ann@lee.example"]
    for _ in range(2):  # twice is as good as once
        answer = await visitor.send(form)
        assert answer.headers["location"] == f"/my/{token}?unsubscribed=1"
    after = await visitor.get(token, "?unsubscribed=1")
    assert DONE in text_of(after)
    assert ASKED not in text_of(after)
    assert DONE not in text_of(await visitor.get(token))
    assert await mailing_list(desk) == []
    (refusal,) = await desk.data("GET", "/api/v1/mailing-refusals")
    events = await desk.data("GET", f"/api/v1/audit/{refusal['id']}")
    assert [(event["actor"], event["action"]) for event in events] == [("customer", "mailing.refused")]
    await visitor.get(token, "/unsubscribe", status=405)


@pytest.mark.parametrize("said", [{}, {"marketingConsent": False}, {"marketingConsent": True, "email": ""}])
async def test_nothing_is_asked_where_nothing_was_consented_to(
    visitor: Visitor, desk: Desk, rafting: str, said: dict[str, object]
) -> None:
    token = await visitor.link(await order_of_ann(desk, (rafting, {"Adult": 1}), **said))
    page = await visitor.get(token)
    assert "<form" not in page.text
    await visitor.client.post(f"/my/{token}/unsubscribe")
    assert await desk.data("GET", "/api/v1/mailing-refusals") == []


async def test_whoever_may_not_cancel_may_refuse_and_a_later_order_asks_again(
    visitor: Visitor, desk: Desk, rafting: str, services: Services, clock: ManualClock
) -> None:
    order = await order_of_ann(desk, (rafting, {"Adult": 1}), marketingConsent="yes")
    await desk.data("DELETE", f"/order/{order['id']}")
    token = await visitor.link(order)
    await visitor.send(form_of(await visitor.get(token)))
    clock.advance(1)
    again = await order_of_ann(desk, (rafting, {"Adult": 1}), marketingConsent="yes")
    assert await mailing_list(desk) == [ANN["email"]]
    assert ASKED in await visitor.read(await visitor.link(again))
    await desk.data("DELETE", f"/api/v1/orders/{order['id']}/customer-link")
    ended = await visitor.client.post(f"/my/{token}/unsubscribe")
    assert ended.status_code == 404
    assert await mailing_list(desk) == [ANN["email"]]
