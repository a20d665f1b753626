"""Carts on the wire (wire reference, "Cart")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from seatwright.api.resmark.item_wire import CartItemOut, cart_item_out, sums
from seatwright.cart.service import Priced
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc


class CartOut(msgspec.Struct, kw_only=True, rename="camel"):
    """A cart: what is chosen, for whom, and what it comes to."""

    id: str
    entity_id: str
    supplier_id: str | None
    created_date: str
    modified_date: str
    created_by: str
    created_by_email: str
    customer: dict[str, Any]
    items: list[CartItemOut]
    discount_code: str | None
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    total: Decimal
    currency: str


def cart_out(priced: Priced) -> CartOut:
    """Show a cart to its seller."""
    cart, currency = priced
    body = cart.body
    all_lines = sums([line for item in body.items for line in item.live])
    return CartOut(
        id=cart.id,
        entity_id=cart.owner_id,
        supplier_id=cart.account_id if cart.account_id != cart.owner_id else None,
        created_date=iso_utc(cart.created_at),
        modified_date=iso_utc(cart.modified_at),
        created_by=body.created_by,
        created_by_email=body.created_by_email,
        customer=body.customer,
        items=[cart_item_out(item, currency) for item in body.items],
        discount_code=body.discount_code,
        price=to_wire(all_lines.price, currency),
        discount=to_wire(all_lines.discount, currency),
        fees=to_wire(all_lines.fees, currency),
        tax=to_wire(all_lines.tax, currency),
        total=to_wire(all_lines.total, currency),
        currency=currency,
    )
