"""The links by which a customer sees an order: makes new ones, and ends all existing ones."""

from __future__ import annotations

import msgspec

from seatwright.auth import links
from seatwright.auth.links import OrderLink
from seatwright.auth.model import Caller
from seatwright.core.clock import Clock, Instant
from seatwright.core.errors import Conflict
from seatwright.orders import store
from seatwright.orders.model import Order
from seatwright.orders.store import lock_order
from seatwright.storage.engine import Tx


def link_to(order: Order, now: Instant) -> OrderLink:
    """Return a link to an order for its seller's customer, made `now`."""
    link = links.link_to(order.owner_id, order.id, now, order.last_date)
    return link._replace(generation=order.body.links_ended)


def check_seller(order: Order, account_id: str) -> None:
    """Raise `Conflict` unless `account_id` sold the order: the customer belongs to the seller."""
    if order.owner_id != account_id:
        raise Conflict("A reseller sold this order; it gives its customer the link.", code="sold_by_reseller")


async def end_links(tx: Tx, clock: Clock, caller: Caller, reference: str) -> Order:
    """End all existing links to an order, as its seller; links that are made later are valid.

    No message is sent about it. Raises `NotFound`, and `Conflict` for an order that a reseller sold, or whose links
    were ended tens of thousands of times.
    """
    order = await lock_order(tx, caller, reference)
    check_seller(order, caller.account_id)
    ended = order.body.links_ended + 1
    if ended > links.MAX_GENERATION:
        raise Conflict("The links of this order were ended too often.", code="ended_too_often")
    change = store.Change(
        at=clock.now(),
        actor=caller.user_id,
        action="order.links_ended",
        detail={"ended": ended},
        transactions=[],
        told=None,
    )
    body = msgspec.structs.replace(order.body, links_ended=ended)
    return await store.update(tx, order, msgspec.structs.replace(order, body=body), change)
