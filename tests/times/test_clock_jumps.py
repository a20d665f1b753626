"""The system's clock is set forwards or back while carts, holds, tokens and keys are alive, on both databases.

What is promised:

- An instant that was shown is kept. A hold ends at its `holdExpiresDate` on the clock as it is now, so after the clock
  was set back by some time it lasts that much longer than the hold time, and never more; anything held anew lasts
  the hold time from now. A token and the answer to an Idempotency-Key live in the same way.
- What was given back while the clock was ahead is gone: such a cart takes its seats anew if they are free.
- No seat is sold twice, and the books balance, whatever the clock does.
- An order's dates never run backwards: not from one order to the next, not from creation to change, and not from one
  entry of its ledger to the next. While the clock is behind, the last date stands still. A cart was never changed
  before it was made.
- Nobody who has to wait waits for the clock to catch up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest

from seatwright.auth.limits import FAILURES_PER_NAME, Buckets, Limits
from seatwright.auth.networks import networks
from seatwright.cart.holds import sweep
from seatwright.core.clock import DAY_MS, HOUR_MS, SECOND_MS, ManualClock
from seatwright.core.errors import TooMany, Unauthorized
from seatwright.core.times import iso_utc
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.worker.loops import Loops
from tests.conftest import START, TestAccount
from tests.desk import KAYAK, Desk, open_desk

HOLD_MS = 1_800_000
SEATS = 8
BACK, FORWARD = (-HOUR_MS, -DAY_MS), (HOUR_MS, DAY_MS)
HERE = networks("192.0.2.1")


async def rounds(desk: Desk, jumps: Iterable[int]) -> AsyncIterator[tuple[int, str]]:
    """Return each jump with a kayak tour of its own, the clock at `START`; after each, every promise must hold.

    Going back to `START` for the next round is one more jump.
    """
    assert isinstance(desk.services.clock, ManualClock)
    for number, jump in enumerate(jumps):
        desk.services.clock.set(START)
        yield jump, await desk.shop.departure("kayak", f"2026-07-{15 + number} 09:00", capacity=SEATS)
        await clean(desk)


async def clean(desk: Desk) -> None:
    """Sweep, and assert that every promise about the stored state holds at this instant."""
    while await sweep(desk.services.database, desk.services.clock):
        pass
    assert await check(desk.services.database, desk.services.clock.now()) == []


async def held_until(desk: Desk, cart: str) -> str:
    """Return when the cart's only item is given back, as it is shown."""
    shown = await desk.data("GET", f"/cart/{cart}")
    return str(shown["items"][0]["holdExpiresDate"])


async def buy(desk: Desk, cart: str) -> int:
    """Order a cart; return the status."""
    return (await desk.call("POST", "/order", json={"id": cart})).status_code


async def want(desk: Desk, departure: str, count: int = 1) -> int:
    """Want seats in a cart of one's own; return the status."""
    body = {"itemId": departure, "participants": {"All": count}}
    return (await desk.call("POST", f"/cart/{await desk.cart()}/item", json=body)).status_code


async def test_set_forwards_holds_expire_and_their_seats_are_sold_once(desk: Desk, clock: ManualClock) -> None:
    async for jump, kayak in rounds(desk, FORWARD):
        carts = [await desk.cart((kayak, {"All": 2})) for _ in range(4)]
        assert await desk.free(KAYAK, kayak) == 0
        clock.advance(jump)
        assert await desk.free(KAYAK, kayak) == SEATS
        rivals = [await desk.cart((kayak, {"All": 2})) for _ in range(3)]
        said = await asyncio.gather(*(buy(desk, cart) for cart in carts + rivals))
        assert sorted(said) == [200] * 4 + [409] * 3
        assert said[4:] == [200, 200, 200], "those whose holds are alive get their seats"
        assert await desk.shop.taken(kayak) == SEATS


async def test_set_back_a_hold_lasts_until_the_instant_that_was_shown(desk: Desk, clock: ManualClock) -> None:
    async for jump, kayak in rounds(desk, BACK):
        cart = await desk.cart((kayak, {"All": SEATS}))
        shown = await held_until(desk, cart)
        assert shown == iso_utc(START + HOLD_MS)
        clock.advance(jump)
        assert await held_until(desk, cart) == shown
        assert await want(desk, kayak) == 409
        clock.set(START + HOLD_MS - 1)
        assert await sweep(desk.services.database, clock) == 0
        assert await want(desk, kayak) == 409
        clock.set(START + HOLD_MS)
        assert await want(desk, kayak) == 200


async def test_seats_that_are_held_again_are_held_for_the_whole_time_from_now(desk: Desk, clock: ManualClock) -> None:
    async for jump, kayak in rounds(desk, FORWARD + BACK):
        cart = await desk.cart((kayak, {"All": 1}))
        clock.advance(jump)
        await desk.add(cart, kayak, {"All": 1})
        assert await held_until(desk, cart) == iso_utc(START + jump + HOLD_MS)
        assert await want(desk, kayak, SEATS) == 409
        clock.advance(HOLD_MS)
        assert await want(desk, kayak, SEATS) == 200


async def test_seats_given_back_by_a_clock_that_was_ahead_can_be_had_again(desk: Desk, clock: ManualClock) -> None:
    async for jump, kayak in rounds(desk, BACK):
        to_order, to_extend, to_leave = [await desk.cart((kayak, {"All": 2})) for _ in range(3)]
        clock.advance(-jump)
        await clean(desk)
        assert await desk.shop.taken(kayak) == 0
        clock.set(START + 1)
        assert await buy(desk, to_order) == 200
        await desk.add(to_extend, kayak, {"All": 1})
        assert await buy(desk, to_extend) == 200
        assert await desk.shop.taken(kayak) == 5
        await desk.data("DELETE", f"/cart/{to_leave}")
        assert await desk.shop.taken(kayak) == 5


async def test_what_was_given_back_can_be_added_to_an_order(desk: Desk, clock: ManualClock) -> None:
    async for jump, kayak in rounds(desk, BACK):
        order = await desk.order((kayak, {"All": 1}))
        cart = await desk.cart((kayak, {"All": 2}))
        clock.advance(-jump)
        await clean(desk)
        clock.set(START + 1)
        added = await desk.data("POST", "/order", json={"id": cart, "orderId": order["id"]})
        assert len(added["items"][0]["participantList"]) == await desk.shop.taken(kayak) == 3


async def test_seats_given_back_and_sold_to_another_are_not_sold_again(desk: Desk, clock: ManualClock) -> None:
    async for jump, kayak in rounds(desk, BACK):
        cart = await desk.cart((kayak, {"All": 2}))
        clock.advance(-jump)
        assert await buy(desk, await desk.cart((kayak, {"All": SEATS - 1}))) == 200
        clock.set(START + 1)
        assert await buy(desk, cart) == 409
        body = {"itemId": kayak, "participants": {"All": 1}}
        refused = await desk.refused(409, "POST", f"/cart/{cart}/item", json=body)
        assert refused["errorCode"] == "sold_out"
        assert await desk.shop.taken(kayak) == SEATS - 1


async def test_a_rush_around_a_jump_sells_each_seat_once(desk: Desk, clock: ManualClock) -> None:
    sold = 0
    async for jump, kayak in rounds(desk, FORWARD + BACK):
        holding = [await desk.cart((kayak, {"All": 1})) for _ in range(5)]

        async def at_once(cart: str, departure: str = kayak) -> int:
            await desk.call("POST", f"/cart/{cart}/item", json={"itemId": departure, "participants": {"All": 1}})
            return await buy(desk, cart)

        rush = [asyncio.create_task(at_once(cart)) for cart in holding[:3]]
        new = [await desk.cart() for _ in range(6)]
        clock.advance(jump)
        rush += [asyncio.create_task(at_once(cart)) for cart in [*holding[3:], *new[:3]]]
        await asyncio.sleep(0)
        clock.advance(-jump)
        rush += [asyncio.create_task(at_once(cart)) for cart in new[3:]]
        said = await asyncio.gather(*rush)
        assert set(said) <= {200, 400, 409}, "a cart that got nothing is empty (400), one that lost its seats 409"
        clock.set(START + 2 * DAY_MS)
        await clean(desk)
        orders = await desk.data("GET", "/order?limit=100")
        seats = [len(item["participantList"]) for order in orders for item in order["items"] if item["id"] == kayak]
        assert len(seats) == said.count(200)
        assert 5 <= sum(seats) == await desk.shop.taken(kayak) <= SEATS
        sold += sum(seats)
    assert sold > 4 * 5, "no rush ever came to the last seats"


async def test_tokens_live_until_the_instant_they_were_given(
    client: httpx.AsyncClient, account: TestAccount, clock: ManualClock
) -> None:
    expected = [(jump, 200) for jump in (HOUR_MS, -HOUR_MS, -DAY_MS, DAY_MS - 1)]
    for jump, status in [*expected, (DAY_MS, 401), (2 * DAY_MS, 401), (0, 200)]:
        clock.set(START + jump)
        answer = await client.get("/public/api/order", headers=account.headers)
        assert answer.status_code == status, jump


async def test_a_key_answers_the_same_and_its_effect_is_one(desk: Desk, clock: ManualClock) -> None:
    loops = Loops(desk.services.database, clock, desk.services.settings)
    async for jump, kayak in rounds(desk, FORWARD + BACK):
        cart = await desk.cart((kayak, {"All": 2}))
        request: dict[str, Any] = {"json": {"id": cart}, "headers": {"Idempotency-Key": f"k{jump}"}}
        first = await desk.call("POST", "/order", **request)
        clock.advance(jump)
        assert await loops.forget_answers() == 0
        again = await desk.call("POST", "/order", **request)
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        clock.set(START + DAY_MS + 1)
        assert await loops.forget_answers() == 1
        late = await desk.call("POST", "/order", **request)
        assert "idempotent-replayed" not in late.headers
        assert late.json()["data"]["id"] == first.json()["data"]["id"], "a cart becomes one order, key or not"
        assert await desk.shop.taken(kayak) == 2
        clock.set(START + 3 * DAY_MS)
        assert await loops.forget_answers() == 1


@pytest.mark.parametrize("jump", FORWARD + BACK, ids=["on-1h", "on-1d", "back-1h", "back-1d"])
async def test_the_dates_of_orders_never_run_backwards(desk: Desk, kayak: str, clock: ManualClock, jump: int) -> None:
    placed = [await desk.order((kayak, {"All": 1}))]
    clock.advance(jump)
    placed += [await desk.order((kayak, {"All": 1}))]
    clock.set(START + 1)
    placed += [await desk.order((kayak, {"All": 1})), await desk.order((kayak, {"All": 2}))]
    await desk.data("POST", "/order", json={"id": await desk.cart((kayak, {"All": 1})), "orderId": placed[1]["id"]})
    created = [order["createdDate"] for order in placed]
    assert created == sorted(created)
    assert created[1] == iso_utc(max(START, START + jump))
    assert [order["confirmation"] for order in placed] == sorted(order["confirmation"] for order in placed)
    ids = [order["id"] for order in placed]
    listed = [order["id"] for order in await desk.data("GET", "/order?limit=10")]
    assert listed in (ids, ids[::-1])
    pages = [await desk.data("GET", f"/order?limit=1&page={page}") for page in range(5)]
    assert [order["id"] for page in pages for order in page] == listed
    span = f"fromCreatedDate={created[0][:10]}&toCreatedDate={created[-1][:10]}"
    assert [order["id"] for order in await desk.data("GET", f"/order?{span}")] == listed
    person = placed[-1]["items"][0]["participantList"][0]["id"]
    await desk.data("DELETE", f"/order/{ids[-1]}/item/{kayak}/participant/{person}")
    clock.set(START - DAY_MS)
    for order_id in ids:
        await desk.data("DELETE", f"/order/{order_id}")
    await dates_in_order(desk)
    await clean(desk)


async def dates_in_order(desk: Desk) -> None:
    """Assert that no order, and no entry of its ledger, has a date before the one that came before it."""
    for order in await desk.data("GET", "/order?limit=50"):
        begun, changed = order["createdDate"], order["modifiedDate"]
        assert begun <= changed
        assert all(begun <= payment["date"] <= changed for payment in order["payments"])
        entries = await dates(desk, "created_at AS at FROM ledger_entry WHERE order_id = $1", order["id"])
        events = await dates(desk, "at FROM audit_event WHERE subject_id = $1", order["id"])
        assert entries[0] == min(events) == begun
        assert entries[-1] == max(events) == changed
        assert entries == sorted(entries)


async def dates(desk: Desk, sql: str, order_id: str) -> list[str]:
    """Return dates of an order's rows, in the order in which its ledger was written."""
    order = " ORDER BY transaction_no, entry_no" if "ledger_entry" in sql else ""
    rows = await desk.services.database.read(lambda tx: tx.rows(f"SELECT {sql}{order}", order_id))
    return [iso_utc(row["at"]) for row in rows]


async def test_set_back_a_resold_order_was_changed_after_both_sides_created_it(
    desk: Desk, client: httpx.AsyncClient, services: Services, clock: ManualClock
) -> None:
    """Supplier and seller each have their own date of creation, in the order of their own lists."""
    seller = await open_desk(client, services, "tripdesk")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": seller.shop.account_id})
    async for jump, kayak in rounds(desk, BACK):
        clock.advance(-jump)
        own = await seller.shop.departure("kayak", f"2026-07-{20 if jump == -DAY_MS else 21} 09:00", capacity=1)
        ahead = await seller.order((own, {"All": 1}))
        clock.set(START + 1)
        sold = await seller.order((kayak, {"All": 2}), supplier=desk.shop.account_id)
        assert sold["createdDate"] >= ahead["createdDate"]
        for person in sold["items"][0]["participantList"]:
            clock.advance(1)
            await desk.data("DELETE", f"/order/{sold['id']}/item/{kayak}/participant/{person['id']}")
            for viewer in (desk, seller):
                seen = await viewer.data("GET", f"/order/{sold['id']}")
                assert seen["modifiedDate"] >= seen["createdDate"]
                assert all(payment["date"] >= seen["createdDate"] for payment in seen["payments"])


async def test_set_back_a_cart_is_never_changed_before_it_was_made(desk: Desk, clock: ManualClock) -> None:
    async for jump, kayak in rounds(desk, BACK):
        cart = await desk.cart()
        clock.advance(jump)
        for shown in (
            await desk.add(cart, kayak, {"All": 1}),
            await desk.data("PUT", f"/cart/{cart}/customer", json={"firstName": "Rosa"}),
            await desk.data("DELETE", f"/cart/{cart}/item/{kayak}"),
            await desk.data("GET", f"/cart/{cart}"),
        ):
            assert shown["modifiedDate"] >= shown["createdDate"] == iso_utc(START)


async def test_set_forwards_carts_are_kept_for_as_long_as_the_setting_says(desk: Desk, clock: ManualClock) -> None:
    loops = Loops(desk.services.database, clock, desk.services.settings)
    async for jump, kayak in rounds(desk, FORWARD):
        cart = await desk.cart((kayak, {"All": 1}))
        clock.advance(jump)
        assert await loops.expire_holds() == 1
        assert await loops.forget_carts() == 0
        assert await buy(desk, cart) == 200


@pytest.mark.parametrize("jump", BACK)
def test_set_back_nobody_waits_for_the_clock_to_catch_up(jump: int) -> None:
    buckets, limits, now = Buckets(), Limits(), START
    for _ in range(10):
        buckets.spend(b"user", now, burst=10, per_ms=0.002)
    assert buckets.wait_s(b"user", now, burst=10, per_ms=0.002) == 1
    for _ in range(FAILURES_PER_NAME):
        with pytest.raises(Unauthorized), limits.sign_in("password", "rosa", HERE, now):
            raise Unauthorized("no", code="no")
    now += jump
    assert buckets.wait_s(b"user", now, burst=10, per_ms=0.002) == 1
    with pytest.raises(TooMany), limits.sign_in("password", "rosa", HERE, now):
        pass
    assert buckets.wait_s(b"user", now + SECOND_MS, burst=10, per_ms=0.002) == 0
    with limits.sign_in("password", "rosa", HERE, now + 90 * SECOND_MS):
        pass
