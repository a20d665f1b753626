"""Orders in a list, as texts. Pure."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.core import times
from seatwright.reports.order_list import OrderRecord, customer_name
from seatwright.web.desk.order_view import Tag, tags_of
from seatwright.web.desk.texts import Texts


class ListedOrder(NamedTuple):
    """An order in a list. `tags` are its status and what is owed; `labels` the account's own tags."""

    confirmation: int
    name: str
    sub: str
    trips: str
    when: str
    guests: int
    tags: list[Tag]
    labels: tuple[str, ...]
    total: str
    booked: str


def listed(record: OrderRecord, texts: Texts) -> ListedOrder:
    """Return an order as a row."""
    order, customer = record.order, record.order.body.customer
    starts = [(item.start_at, item.time_zone) for item in order.body.items if item.start_at is not None]
    when = ""
    if starts:
        at, zone = min(starts)
        when = f"{texts.short_date(times.to_local(at, zone).date())}, {texts.clock(at, zone)}"
    contact = " · ".join(str(customer[field]) for field in ("phone", "email") if customer.get(field))
    sold_by = f"sold by {order.channel}" if order.channel else ""
    return ListedOrder(
        confirmation=order.confirmation,
        name=customer_name(customer) or f"Order {order.confirmation}",
        sub=" · ".join(filter(None, (contact, order.body.reference_id, sold_by))),
        trips=", ".join(dict.fromkeys(item.product_name for item in order.body.items)),
        when=when,
        guests=sum(len(item.live) for item in order.body.items),
        tags=tags_of(order, texts),
        labels=record.tags,
        total=texts.money(order.total, order.body.currency),
        booked=texts.short_date(times.to_local(order.created_at, texts.zone).date()),
    )
