"""Carts and orders follow a departure that is moved: they show its new time, and cancellation fees count from it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from seatwright.cart import store as carts
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Instant
from seatwright.orders import store
from seatwright.orders.outbox import Detail
from seatwright.storage.engine import Tx


class Move(NamedTuple):
    """The move of a departure to another time; `at` is when it is decided. Instants in milliseconds UTC."""

    account_id: str
    departure_id: str
    old_start_at: Instant | None
    start_at: Instant | None
    end_at: Instant | None
    time_zone: str
    at: Instant
    actor: str


async def follow(tx: Tx, move: Move) -> None:
    """Write the new time into every order that has seats on the departure, and every cart that holds some.

    A cart whose hold has expired gets the new time when it takes its seats again.
    """
    for order_id in await store.orders_on(tx, move.account_id, move.departure_id):
        order = await store.find(tx, move.account_id, order_id, lock=True)
        assert order is not None, "a supplier sees every order with its seats"
        moved = [item for item in order.body.items if item.id == move.departure_id]
        body = msgspec.structs.replace(order.body, items=_moved(order.body.items, move, sold=True))
        change = store.Change(
            at=move.at,
            actor=move.actor,
            action="order.rescheduled",
            detail={"item": move.departure_id, "start": [move.old_start_at, move.start_at]},
            transactions=[],
            told=Detail(lines=tuple(line.id for item in moved for line in item.live)),
        )
        await store.update(tx, order, msgspec.structs.replace(order, body=body), change)
    for cart in await carts.holding(tx, move.account_id, move.departure_id):
        chosen = msgspec.structs.replace(cart.body, items=_moved(cart.body.items, move, sold=False))
        await carts.update(tx, msgspec.structs.replace(cart, body=chosen), move.at, sole=False)


def _moved(items: tuple[Item, ...], move: Move, *, sold: bool) -> tuple[Item, ...]:
    """Return items at the new time. Sold lines also keep the time for which they were sold."""

    def moved(item: Item) -> Item:
        sold_for = item.local_start if sold else ""
        followed = item.map_lines(
            lambda line: msgspec.structs.replace(
                _answered_before(line, move.start_at), sold_for=line.sold_for or sold_for
            )
        )
        return msgspec.structs.replace(followed, start_at=move.start_at, end_at=move.end_at, time_zone=move.time_zone)

    return tuple(moved(item) if item.id == move.departure_id else item for item in items)


def _answered_before(line: Line, start_at: Instant | None) -> Line:
    """Pending lines must be answered before the start, also if the start has become earlier."""
    if start_at is None or line.pending_until <= start_at:
        return line
    return msgspec.structs.replace(line, pending_until=start_at)
