"""A booking in one step: seats are held, the customer is named, and the order is made, in one transaction.

For doors that don't show a cart between these steps. If one step is refused, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from seatwright.auth.model import Caller
from seatwright.cart import service as carts
from seatwright.cart.context import BookingContext
from seatwright.cart.service import ItemRequest
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Tx


class Checkout(NamedTuple):
    """A booking: departures with their guests, the customer, and the order's other details.

    With `supplier_id` a reseller books a supplier's seats. `details` names no cart, because a new one is made.
    """

    items: Sequence[ItemRequest]
    customer: Mapping[str, Any]
    supplier_id: str | None = None
    discount_code: str | None = None
    details: OrderDetails = OrderDetails(cart_id="")


async def check_out(tx: Tx, booking: BookingContext, caller: Caller, checkout: Checkout) -> Order:
    """Book all of it or nothing; return the order. Raises as the use cases of a cart and `orders.service.place` do."""
    cart_id = (await carts.create(tx, booking, caller, supplier_id=checkout.supplier_id)).cart.id
    for item_request in checkout.items:
        await carts.add_item(tx, booking, caller, cart_id, item_request)
    await carts.set_customer(tx, booking, caller, cart_id, checkout.customer)
    if checkout.discount_code is not None:
        await carts.apply_discount(tx, booking, caller, cart_id, checkout.discount_code)
    return await orders.place(tx, booking, caller, checkout.details._replace(cart_id=cart_id))
