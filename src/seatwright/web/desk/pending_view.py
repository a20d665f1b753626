"""Orders that wait for an answer, as texts. Pure."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.core.clock import Instant
from seatwright.orders.view import OrderView
from seatwright.reports.order_list import customer_name
from seatwright.web.desk.texts import Texts

LATE_SHARE = 4
"""An order is late when less than a quarter of its time is left."""


class PendingTrip(NamedTuple):
    """A departure on which guests wait for the answer: what it is, when, and for how many."""

    product: str
    when: str
    guests: str


class PendingOrder(NamedTuple):
    """An order that waits. `since` is how long ago it was made, `until` when it is declined by itself, `left` how far
    away that is, and `late` whether it is so close that somebody should see to it now."""

    confirmation: int
    name: str
    sub: str
    trips: list[PendingTrip]
    since: str
    until: str
    left: str
    late: bool
    total: str


def pending_order(order: OrderView, now: Instant, texts: Texts) -> PendingOrder:
    """Return an order that waits for an answer `now`, as its supplier sees it."""
    until = order.answer_by or now
    customer = order.body.customer
    contact = " · ".join(str(customer[field]) for field in ("phone", "email") if customer.get(field))
    sold_by = f"sold by {order.channel}" if order.channel else ""
    name = customer_name(customer)
    return PendingOrder(
        confirmation=order.confirmation,
        name=name or f"Order {order.confirmation}",
        sub=" · ".join(filter(None, (str(order.confirmation) if name else "", contact, sold_by))),
        trips=[
            PendingTrip(
                item.product_name, texts.trip(item.start_at, item.end_at, item.time_zone), _guests(item.pending)
            )
            for item in order.body.items
            if item.pending
        ],
        since=texts.distance(order.created_at, now),
        until=texts.moment(until),
        left=texts.distance(until, now) if until > now else "any moment",
        late=(until - now) * LATE_SHARE < until - order.created_at,
        total=texts.money(order.total, order.body.currency),
    )


def _guests(lines: tuple[object, ...]) -> str:
    return f"{len(lines)} guest" + ("" if len(lines) == 1 else "s")
