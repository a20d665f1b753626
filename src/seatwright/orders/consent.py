"""The consent or refusal in a cart that is added to an order applies to its address, independent of other orders."""

from __future__ import annotations

from typing import Any

from seatwright.core.clock import Instant
from seatwright.customers import refusals
from seatwright.customers.consent import address_of, consent_of
from seatwright.orders.model import Order
from seatwright.storage.engine import Tx


async def heed(tx: Tx, order: Order, added: dict[str, Any], at: Instant, actor: str) -> None:
    """Store a refusal, also for another address than the order's, and for one with a newer order; a consent removes
    it.
    """
    said = consent_of(added)
    own = address_of(order.body.customer)
    address = address_of(added) or own
    if said is False and address:
        await refusals.refuse(tx, order.owner_id, address, at, actor)
    elif said and own and address_of(added) == own:
        await refusals.lift(tx, order.owner_id, refusals.id_of(own), at, actor)
