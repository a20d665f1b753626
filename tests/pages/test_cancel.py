"""A customer cancels online for the fee that was shown, where the policy allows it, and not otherwise."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.errors import Unavailable
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.desk import Desk
from tests.pages.visitor import Form, Visitor, form_of, text_of
from tests.shop import denver

HALF_DAY_BEFORE = Fee(calc="percent", amount=500_000, per="person", window=24)
ALWAYS = Fee(calc="flat", amount=500, per="person")
POLICIES: dict[str, tuple[tuple[Fee, ...], int, str]] = {  # for two of $106.43 and one of $3.58
    "percent": ((Fee(calc="percent", amount=333_333, per="person"),), 2 * 3548 + 119, "33.3333% of the price"),
    "percent in its window": (
        (Fee(calc="percent", amount=250_000, per="person", window=30, window_unit="days"), ALWAYS),
        2 * 2661 + 90,
        "25% of the price, less than 30 days before the start",
    ),
    "flat": ((ALWAYS,), 2 * 500 + 358, "$5.00 per person"),
    "flat, more than the price": (
        (Fee(calc="flat", amount=1000, per="person"),),
        2 * 1000 + 358,
        "$10.00 per person, limited to the price",
    ),
    "percent of the order": ((Fee(calc="percent", amount=100_000, per="order"),), 2164, "10% of the price"),
    "flat for the order": ((Fee(calc="flat", amount=2000, per="order"),), 2000, "$20.00 per booking"),
    "for units alone": ((Fee(calc="flat", amount=2000, per="unit"),), 0, "no fee"),
    "without fees": ((), 0, "no fee"),
}


def policy(*fees: Fee, online: bool = True) -> Policy:
    """Return a policy of its own."""
    name = new_hex24()
    return Policy(id=name, code=name, name="Terms", text="As agreed.", online=online, fees=fees)


async def cancelled(desk: Desk, order: dict[str, Any]) -> dict[str, Any]:
    """Return the order as the API has it now."""
    shown: dict[str, Any] = await desk.data("GET", f"/order/{order['id']}")
    return shown


async def test_the_fee_that_is_shown_is_taken(visitor: Visitor, desk: Desk) -> None:
    for name, (fees, expected, reason) in POLICIES.items():
        assert await shown_and_taken(visitor, desk, fees, reason) == expected, name


async def shown_and_taken(visitor: Visitor, desk: Desk, fees: tuple[Fee, ...], reason: str) -> int:
    """Cancel an order online, and return the fee, in cents, which has to be what was shown."""
    departure = await visitor.sold_under(policy(*fees))
    order = await desk.order((departure, {"Adult": 2, "Child": 1}))
    token = await visitor.link(order)
    text, form = await visitor.offer(token)
    before = await cancelled(desk, order)
    assert before["status"] == "confirmed", "looking cancels nothing"
    assert reason in text
    answer = await visitor.send(form)
    assert answer.headers["location"] == f"/my/{token}?done=1"
    after = await cancelled(desk, order)
    fee, refund = after["cancellationFees"], -after["balance"]
    assert f"Cancellation fee ${fee:,.2f} Refund ${refund:,.2f}" in text
    assert (after["status"], round(fee + refund, 2)) == ("cancelled", before["amountPaid"])
    assert (f"Cancel now for a fee of ${fee:,.2f}" if fee else "Cancel now free of charge") in text
    done = await visitor.read(token, "?done=1")
    assert "Your cancellation is complete. Confirmation number" in done
    assert f"To be refunded to you ${refund:,.2f}" in done
    assert await desk.shop.taken(departure) == 0
    return round(fee * 100)


async def test_a_form_cancels_what_is_chosen_and_nothing_else(
    visitor: Visitor, desk: Desk, rafting: str, bike: str
) -> None:
    order = await desk.order((rafting, {"Adult": 2}), (bike, {"All": 2}))
    token = await visitor.link(order)
    form = form_of(await visitor.get(token, "/cancel"))
    first, second = "Half-day rafting", "Mountain bike"
    start = ", Tuesday, July 14, 2026, 9:00 AM"
    assert list(form.choices) == [
        "The whole booking",
        f"{first}{start}",
        f"{first}{start}: 1. Adult",
        f"{first}{start}: 2. Adult",
        f"{second}{start}",
        f"{second}{start}: 1. Bike",
        f"{second}{start}: 2. Bike",
    ]
    assert (form.method, form.action) == ("get", f"/my/{token}/cancel")
    for label, taken in (
        (f"{first}{start}: 2. Adult", (1, 2)),
        (f"{second}{start}: 1. Bike", (1, 1)),
        (f"{first}{start}", (0, 1)),
    ):
        text, offered = await visitor.offer(token, form.choices[label])
        assert label in text
        await visitor.send(offered)
        assert (await desk.shop.taken(rafting), await desk.shop.taken(bike)) == taken
    shown = await cancelled(desk, order)
    assert [line["status"] for line in shown["items"][0]["participantList"]] == ["cancelled"] * 2
    assert [line["status"] for line in shown["items"][1]["unitList"]] == ["cancelled", "confirmed"]
    assert shown["status"] == "confirmed"
    left = form_of(await visitor.get(token, "/cancel"))
    assert list(left.choices) == ["The whole booking"], "what is left is the whole, once"
    await visitor.send((await visitor.offer(token))[1])
    assert (await cancelled(desk, order))["status"] == "cancelled"


async def test_many_are_listed_together_by_what_they_have_in_common(
    visitor: Visitor, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page with a row for each of thousands is nothing to read, and takes long to write."""
    monkeypatch.setattr("seatwright.web.my.view.MAX_SINGLE", 2)
    departure = await visitor.sold_under(policy(Fee(calc="percent", amount=500_000, per="person")))
    order = await desk.order((departure, {"Adult": 2, "Child": 1}))
    text, form = await visitor.offer(await visitor.link(order))
    start = "Canyon walk, Tuesday, July 14, 2026, 9:00 AM"
    adults, child = "2 × Adult $212.86 $106.44 50% of the price", "1 × Child $3.58 $1.79 50% of the price"
    assert f"{start}: {adults} {start}: {child}" in text
    assert "1. Adult" not in text
    assert "Cancellation fee $108.23 Refund $108.21" in text
    await visitor.send(form)
    assert (await cancelled(desk, order))["cancellationFees"] == 108.23


async def test_a_fee_that_has_changed_is_asked_about_again(visitor: Visitor, desk: Desk, clock: ManualClock) -> None:
    """The window ends between page and answer: at its last instant the old fee counts, a millisecond later none."""
    departure = await visitor.sold_under(policy(HALF_DAY_BEFORE, ALWAYS))
    order = await desk.order((departure, {"Adult": 1}))
    token = await visitor.link(order)
    clock.set(denver("2026-07-13 09:00") - MINUTE_MS)
    text, form = await visitor.offer(token)
    assert "Cancellation fee $5.00 Refund $101.43" in text
    clock.set(denver("2026-07-13 09:00") + 1)
    refused = await visitor.send(form, 409)
    text = text_of(refused)
    assert "The amounts have changed since this page was shown to you. Nothing has been cancelled." in text
    assert "Cancellation fee $53.22 Refund $53.21" in text
    assert "50% of the price, less than 24 hours before the start" in text
    assert (await cancelled(desk, order))["status"] == "confirmed"
    await visitor.send(form, 409)
    await visitor.send(form_of(refused))
    assert (await cancelled(desk, order))["cancellationFees"] == 53.22


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_fee_that_was_offered_holds_up_to_the_windows_first_instant(
    visitor: Visitor, desk: Desk, clock: ManualClock
) -> None:
    departure = await visitor.sold_under(policy(HALF_DAY_BEFORE))
    order = await desk.order((departure, {"Adult": 1}))
    form = (await visitor.offer(await visitor.link(order)))[1]
    clock.set(denver("2026-07-13 09:00"))
    await visitor.send(form)
    assert (await cancelled(desk, order))["cancellationFees"] == 0


async def test_an_order_that_has_changed_is_asked_about_again(visitor: Visitor, desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    token = await visitor.link(order)
    form = (await visitor.offer(token))[1]
    cart = await desk.cart((rafting, {"Child": 1}))
    await desk.data("POST", "/order", json={"id": cart, "orderId": order["id"]})
    refused = await visitor.send(form, 409)
    assert "2. Child" in text_of(refused)
    assert await desk.shop.taken(rafting) == 2
    await visitor.send(form_of(refused))
    assert await desk.shop.taken(rafting) == 0


async def test_a_forged_form_cancels_nothing(visitor: Visitor, desk: Desk, rafting: str) -> None:
    """What was shown can't be made up: not for other amounts, another thing, or another order."""
    order, other = await desk.order((rafting, {"Adult": 2})), await desk.order((rafting, {"Adult": 2}))
    token = await visitor.link(order)
    whole = (await visitor.offer(token))[1]
    line = f"{rafting}.{order['items'][0]['participantList'][0]['id']}"
    single = (await visitor.offer(token, line))[1]
    theirs = (await visitor.offer(await visitor.link(other)))[1]
    for form, changed in (
        (whole, {"proof": ""}),
        (whole, {"proof": "ä"}),
        (whole, {"proof": single.fields["proof"]}),
        (single, {"what": "order"}),
        (whole, {"what": line}),
        (whole, {"proof": theirs.fields["proof"]}),
        (Form("post", whole.action, {}, {}), {"what": "order"}),
        (Form("post", whole.action, {}, {}), {"what": "order", "fee": "0", "refund": "999"}),
    ):
        await visitor.send(form, 409, **changed)
    for what in ("0" * 24, f"{rafting}.{'0' * 24}", f"{rafting}.", "\x00", f"{order['id']}"):
        await visitor.send(whole, 404 if what != f"{rafting}." else 409, what=what)
    assert (await cancelled(desk, order))["status"] == (await cancelled(desk, other))["status"] == "confirmed"
    assert await desk.shop.taken(rafting) == 4
    assert (await visitor.client.get(f"/my/{token}/cancel", params=whole.fields)).status_code == 200
    assert await desk.shop.taken(rafting) == 4, "a GET cancels nothing, whatever it says"


async def test_a_form_sent_several_times_cancels_once(visitor: Visitor, desk: Desk, rafting: str) -> None:
    """Sent twice, one after the other or at the same time, it is one cancellation."""
    order = await desk.order((rafting, {"Adult": 2}))
    token = await visitor.link(order)
    form = (await visitor.offer(token))[1]
    answers = await asyncio.gather(*(visitor.client.post(form.action, data=form.fields) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 303]
    again = await visitor.send(form, 200)
    assert "Already cancelled The whole booking This is already cancelled." in text_of(again)
    assert (await cancelled(desk, order))["cancellationFees"] == 10
    assert "Already cancelled" in await visitor.read(token, "/cancel")
    assert "Already cancelled" in await visitor.read(token, "/cancel?what=order")
    history = await desk.data("GET", f"/api/v1/audit/{order['id']}")
    assert [(event["actor"], event["action"]) for event in history][-1] == ("customer", "order.cancelled")
    assert len([event for event in history if event["action"] == "order.cancelled"]) == 1
    assert "Your cancellation is complete" not in await visitor.read(
        await visitor.link(await desk.order((rafting, {"Adult": 1}))), "?done=1"
    ), "an address alone claims nothing"


async def test_where_cancelling_online_is_not_possible_the_page_says_whom_to_ask(
    visitor: Visitor, desk: Desk, rafting: str, clock: ManualClock
) -> None:
    """Not online, begun already, or checked in: the page says whom to ask, and a form by hand changes nothing."""
    offline = await visitor.sold_under(policy(ALWAYS, online=False))
    order = await desk.order((offline, {"Adult": 2}), (rafting, {"Adult": 2}))
    token = await visitor.link(order)
    form = form_of(await visitor.get(token, "/cancel"))
    assert set(form.choices.values()) == {
        rafting,
        *(
            f"{rafting}.{line['id']}"
            for item in order["items"]
            if item["id"] == rafting
            for line in item["participantList"]
        ),
    }, "not the whole, of which a part is not online"
    adult = next(item for item in order["items"] if item["id"] == offline)["participantList"][0]["id"]

    async def refused(*names: str) -> None:
        for name in names:
            text = await visitor.read(token, f"/cancel?what={name}")
            assert "To cancel, please contact Canyon. Nothing has been cancelled." in text
            assert "desk@canyon.example" in text
            by_hand = Form("post", f"/my/{token}/cancel", {"what": name, "proof": "x"}, {})
            assert "cannot be cancelled online" in text_of(await visitor.send(by_hand, 409))

    await refused("order", offline, f"{offline}.{adult}")
    late = (await visitor.offer(token, rafting))[1]
    first = f"{rafting}.{next(i for i in order['items'] if i['id'] == rafting)['participantList'][0]['id']}"
    await desk.data("POST", f"/api/v1/orders/{order['id']}/check-in", json={"ids": [first.partition(".")[2]]})
    await refused(rafting, first)
    await visitor.send(late, 409)
    clock.set(denver("2026-07-14 09:00"))
    await refused("order", rafting, offline)
    text = await visitor.read(token, "/cancel")
    assert "This cannot be cancelled online" in text
    assert "This booking cannot be cancelled online. To cancel, please contact Canyon." in await visitor.read(token)
    assert (await cancelled(desk, order))["status"] == "confirmed"
    assert await desk.shop.taken(rafting) == 2


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_cancelling_online_is_possible_up_to_the_start_and_not_at_it(
    visitor: Visitor, desk: Desk, rafting: str, clock: ManualClock
) -> None:
    """Up to the start it goes online; at the start, no more."""
    order = await desk.order((rafting, {"Adult": 1}))
    token = await visitor.link(order)
    clock.set(denver("2026-07-14 09:00") - 1)
    form = (await visitor.offer(token))[1]
    clock.advance(1)
    await visitor.send(form, 409)
    clock.advance(-1)
    await visitor.send(form)


async def test_what_is_not_accepted_yet_is_withdrawn_for_nothing(
    visitor: Visitor, desk: Desk, clock: ManualClock
) -> None:
    """Whatever its policy says, and until it is accepted."""
    strict = policy(ALWAYS, online=False)
    departure = await visitor.sold_under(strict, approval_min=120)
    order = await desk.order((departure, {"Adult": 1}))
    token = await visitor.link(order)
    text = await visitor.read(token)
    assert "Status Awaiting confirmation" in text
    assert "Canyon will confirm or decline this booking by Wednesday, July 1, 2026, 12:00 PM (GMT-06:00)." in text
    text, form = await visitor.offer(token)
    assert "not yet confirmed, so no fee" in text
    assert "Cancel now free of charge" in text
    calendar = await visitor.client.get(f"/my/{token}/calendar.ics")
    assert "STATUS:TENTATIVE" in calendar.text
    await desk.data("POST", f"/api/v1/orders/{order['id']}/accept", json={})
    assert "cannot be cancelled online" in text_of(await visitor.send(form, 409)), "accepted meanwhile"
    other = await desk.order((departure, {"Adult": 1}))
    await visitor.send((await visitor.offer(await visitor.link(other)))[1])
    assert (await cancelled(desk, other))["cancellationFees"] == 0
    third = await desk.order((departure, {"Adult": 1}))
    await desk.data("POST", f"/api/v1/orders/{third['id']}/decline", json={"reason": "High water <b>"})
    text = await visitor.read(await visitor.link(third))
    assert "This booking could not be accepted. Reason: High water <b>" in text
    assert await desk.shop.taken(departure) == 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_reason_is_in_the_customers_language(visitor: Visitor, desk: Desk) -> None:
    departure = await visitor.sold_under(
        policy(Fee(calc="percent", amount=75_000, per="person", window=30, window_unit="days"))
    )
    token = await visitor.link(await desk.order((departure, {"Adult": 1})))
    for language, said in (
        ("de", "7,5 % des Preises, weniger als 30 Tage vor Beginn"),
        ("es", "7,5 % del precio, menos de 30 días antes del inicio"),
        ("fr", "7,5 % du prix, moins de 30 jours avant le début"),
    ):
        assert said in await visitor.read(token, "/cancel?what=order", language=language)
        assert said in await visitor.read(token, language=language)


async def test_a_database_that_can_not_write_now(
    visitor: Visitor, desk: Desk, services: Services, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a page that says to try again; afterwards the same form still works."""
    order = await desk.order((rafting, {"Adult": 1}))
    form = (await visitor.offer(await visitor.link(order)))[1]

    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(services.database), "write", away)
        answer = await visitor.send(form, 503)
    assert "Please try again in a few moments." in text_of(answer)
    assert answer.headers["retry-after"] == "1"
    await visitor.send(form)
