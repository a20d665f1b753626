"""Carts on the wire (wire reference, "Cart")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from seatwright.api.shapes.item_wire import CartItemOut, cart_item_out
from seatwright.cart.addition import Addition
from seatwright.cart.model import sums
from seatwright.cart.service import PricedCart
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc


class AdditionOut(msgspec.Struct, kw_only=True, rename="camel"):
    """What adding the cart to its order will do: by how much the order's `total` grows, and what it is then."""

    order_id: str
    confirmation: int
    total: Decimal
    order_total: Decimal


class CartOut(msgspec.Struct, kw_only=True, rename="camel"):
    """A cart: what is chosen, for whom, and what it comes to.

    The sums of one that was made for an order (`orderId`) are what adding it will cost, and its items are as they will
    be in the order, where a fee or discount per order is spread over everybody.
    """

    id: str
    entity_id: str
    supplier_id: str | None
    reseller_id: str | None
    created_date: str
    modified_date: str
    created_by: str
    created_by_email: str
    customer: dict[str, Any]
    items: list[CartItemOut]
    discount_code: str | None
    order_id: str | None
    addition: AdditionOut | None
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    total: Decimal
    currency: str


def cart_out(priced: PricedCart) -> CartOut:
    """Show a cart to its seller."""
    cart, currency, addition = priced
    body = cart.body
    items = body.items if addition is None else addition.items
    more = sums([line for item in items for line in item.live]) if addition is None else addition.more
    return CartOut(
        id=cart.id,
        entity_id=cart.owner_id,
        supplier_id=cart.account_id if cart.account_id != cart.owner_id else None,
        reseller_id=body.reseller_id,
        created_date=iso_utc(cart.created_at),
        modified_date=iso_utc(cart.modified_at),
        created_by=body.created_by,
        created_by_email=body.created_by_email,
        customer=body.customer,
        items=[cart_item_out(item, currency) for item in items],
        discount_code=body.discount_code,
        order_id=cart.order_id,
        addition=None if addition is None else _addition_out(addition, currency),
        price=to_wire(more.price, currency),
        discount=to_wire(more.discount, currency),
        fees=to_wire(more.fees, currency),
        tax=to_wire(more.tax, currency),
        total=to_wire(more.total, currency),
        currency=currency,
    )


def _addition_out(addition: Addition, currency: str) -> AdditionOut:
    return AdditionOut(
        order_id=addition.order.id,
        confirmation=addition.order.confirmation,
        total=to_wire(addition.more.total, currency),
        order_total=to_wire(addition.order_total, currency),
    )
