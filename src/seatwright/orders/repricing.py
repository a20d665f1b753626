"""Shared by moves and edits: the discount with which a guest was sold, the difference that was shown, and parts of
items. Pure.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from seatwright.cart.model import Item, Line, Reduction
from seatwright.catalog.model import Catalog, Discount
from seatwright.core.errors import Conflict
from seatwright.core.money import to_wire
from seatwright.orders.model import Order


def discount_as_sold(order: Order, catalog: Catalog, line: Line) -> Discount | None:
    """Return the discount with which a guest was sold, as the catalog has it, also if its time is over."""
    code = line.reduction.code if line.reduction is not None else ""
    if not code and line.discount and len(order.body.discount_codes) == 1:
        code = order.body.discount_codes[0]
    return catalog.discount(code) if code else None


def kept_reduction(line: Line) -> Reduction | None:
    """Return a guest's discount; one from before discounts were stored by line stays the amount that it is."""
    if line.reduction is None and line.discount:
        return Reduction(code="", calc="flat", rate=line.discount)
    return line.reduction


def only(item: Item, chosen: Callable[[Line], bool]) -> Item:
    """Return an item with only the chosen lines, perhaps none."""
    return msgspec.structs.replace(item, lines=tuple(filter(chosen, item.lines)))


def parts(items: tuple[Item, ...], chosen: Callable[[Line], bool]) -> tuple[Item, ...]:
    """Return the items that have any of the chosen lines, each with only these."""
    return tuple(part for item in items if (part := only(item, chosen)).lines)


def check_difference(order: Order, shown: int | None, now: int, what: str) -> None:
    """Raise `Conflict` if the total grows by another amount now than by the one that was `shown`; None takes any.
    `what` is what changes it, such as "move".
    """
    if shown is not None and shown != now:
        amount, currency = to_wire(now, order.body.currency), order.body.currency
        raise Conflict(
            f"difference: the {what} changes the total by {amount} {currency} now; look at it again, and send that if "
            "it is right.",
            code="amounts_changed",
            field="difference",
        )


def total(items: tuple[Item, ...]) -> int:
    """Return the sum of the lines of some items, in minor units."""
    return sum(line.total for item in items for line in item.lines)
