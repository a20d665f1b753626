"""A reseller's earnings, and the products that it may not sell any more. Pure."""

from __future__ import annotations

from functools import partial

import msgspec

from seatwright.cart.model import Item, Line
from seatwright.core.errors import Conflict
from seatwright.resellers.model import Kind, Terms, earned


def require_sold(items: tuple[Item, ...], terms: Terms) -> None:
    """Raise `Conflict` for an item whose product the reseller may not sell any more."""
    for item in items:
        if terms.of_product(item.product_code) is None:
            raise Conflict(
                f"{item.product_name} may not be sold by you any more; remove it from the cart.",
                code="product_not_sold",
            )


def commissionable(line: Line) -> int:
    """Return the base of a commission or net rate: base price less discount, plus pickups and fees.

    Not service fees and not taxes, whether they are on top of the price or inside of it (wire reference,
    "Resellers"; that discounts lower it is our decision).
    """
    base = line.price - line.discount
    for charge in line.charges:
        ours = charge.kind in ("fee", "pickup")
        if ours and not charge.included:
            base += charge.amount
        elif charge.included and not ours:
            base -= charge.amount
    return max(0, base)


def with_commission(items: tuple[Item, ...], terms: Terms) -> tuple[Item, ...]:
    """Return items whose lines have the amounts that the reseller earns on them, or keeps of them."""

    def earning(item: Item, line: Line) -> Line:
        rate = terms.rate_of(item.product_code, line.tier)
        return msgspec.structs.replace(
            line, commission=earned(terms.kind, rate, commissionable(line)), commission_rate=rate
        )

    return tuple(item.map_lines(partial(earning, item)) for item in items)


def with_commission_as_sold(line: Line, kind: Kind) -> Line:
    """Return a line whose amounts have changed with the reseller's new earnings on it, at the rate at which it was
    sold.

    A line that was sold before rates were stored, and a line without earnings, stays as it is.
    """
    if line.commission_rate is None:
        return line
    return msgspec.structs.replace(line, commission=earned(kind, line.commission_rate, commissionable(line)))
