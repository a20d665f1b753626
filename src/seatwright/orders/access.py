"""Finds an order in order to change it: locks it, and checks which account may change it."""

from __future__ import annotations

from seatwright.auth.model import Caller
from seatwright.core.errors import Forbidden, NotFound
from seatwright.orders import store
from seatwright.orders.model import Order
from seatwright.storage.engine import Tx


def order_not_found() -> NotFound:
    """Return the error for an order that the account doesn't see."""
    return NotFound("There is no such order.", code="order_not_found")


async def lock_order(tx: Tx, caller: Caller, reference: str) -> Order:
    """Return the order with this id or confirmation number, locked until the transaction ends. Raises `NotFound`."""
    order = await store.find(tx, caller.account_id, reference, lock=True)
    if order is None:
        raise order_not_found()
    return order


async def lock_own_order(tx: Tx, caller: Caller, reference: str, refusal: Forbidden) -> Order:
    """Return a locked order of the caller's own seats. Raises `NotFound`, and `refusal` for a reseller."""
    order = await lock_order(tx, caller, reference)
    if order.account_id != caller.account_id:
        raise refusal
    return order
