"""An answer that is lost after the server has committed: one order, and the same answer."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright_client import (
    AsyncSeatwrightClient,
    BookableTime,
    ConnectionFailed,
    KeyReused,
    RetryPolicy,
    SeatwrightClient,
)
from tests.client.cutting import Cutting, cutting
from tests.client.rig import now
from tests.wire.integration import months_ahead

QUICK = RetryPolicy(base_s=0)


async def test_an_order_whose_answer_is_lost_is_made_once(demo: dict[str, Any]) -> None:
    who = {"username": demo["username"], "apikey": demo["apikey"]}
    with cutting(demo["baseUrl"]) as proxy:
        with SeatwrightClient(proxy.url, retries=QUICK, **who) as client:
            await make_orders(client, proxy)
            await give_up_and_ask_again(client, proxy, SeatwrightClient(proxy.url, retries=RetryPolicy(1), **who))
        async with AsyncSeatwrightClient(proxy.url, retries=QUICK, **who) as other:
            await make_orders(other, proxy)


async def make_orders(client: Any, proxy: Cutting) -> None:
    """Every answer to a write is lost once, or cut in half, or both; each has had its effect when it is repeated."""
    month = months_ahead(1)
    at = await a_time(client, month)
    proxy.fates = [("POST /public/api/cart", "nothing"), ("POST /public/api/cart/", "half")]
    cart = await now(client.carts.create())
    cart = await now(client.carts.add_item(cart.id, at.activity_id, {"Adult": 2}))
    assert len(cart.items[0].participant_list) == 2
    orders = len(await now(client.orders.list()))
    proxy.fates += [("POST /public/api/order", "nothing"), ("POST /public/api/order", "half")]
    order = await now(client.orders.create(cart.id, reference_id="OTA-1"))
    first, second = (body_of(answer) for answer in proxy.answered[-2:])
    assert first == second
    assert str(order.confirmation).encode() in first
    assert len(await now(client.orders.list())) == orders + 1
    person = order.items[0].participant_list[0].id
    proxy.fates += [("DELETE /public/api/order", "nothing")]
    done = await now(client.orders.cancel_participant(order.id, at.activity_id, person))
    assert (done.cancellation.seats_returned, done.cancellation.cancelled) == (1, (person,))
    assert (await a_time(client, month, at.activity_id)).left == at.left - 1
    assert proxy.fates == []


async def give_up_and_ask_again(client: Any, proxy: Cutting, impatient: SeatwrightClient) -> None:
    """Without retries the error says what to do: the same call with the same key finds the order that was made."""
    month = months_ahead(1)
    cart = client.carts.create()
    client.carts.add_item(cart.id, (await a_time(client, month)).activity_id, {"Child": 1})
    proxy.fates = [("POST /public/api/order", "nothing")]
    with pytest.raises(ConnectionFailed) as raised:
        impatient.orders.create(cart.id, reference_id="OTA-2")
    assert raised.value.outcome_unknown
    key = raised.value.idempotency_key
    order = impatient.orders.create(cart.id, reference_id="OTA-2", idempotency_key=key)
    assert body_of(proxy.answered[-1]).count(str(order.confirmation).encode()) > 0
    assert [each.id for each in impatient.orders.iterate(reference_id="OTA-2")] == [order.id]
    with pytest.raises(KeyReused):
        impatient.orders.create(cart.id, reference_id="OTA-3", idempotency_key=key)
    impatient.close()


async def a_time(client: Any, month: str, activity_id: str | None = None) -> BookableTime:
    """Return a time with three seats left, or the one with this id."""
    days = await now(client.products.items(4101, from_date=month, to_date=month))
    times: list[BookableTime] = [time for day in days for time in day.times_available]
    return next(time for time in times if time.activity_id == activity_id or (not activity_id and time.left > 2))


def body_of(answer: bytes) -> bytes:
    """Return the body of an answer."""
    return answer.partition(b"\r\n\r\n")[2]
