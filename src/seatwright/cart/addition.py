"""The price of adding a cart to an order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from seatwright.cart import pricing
from seatwright.cart.model import Item, Line, Reduction, Sums, TargetOrder, sums


class Addition(NamedTuple):
    """The effect of adding a cart to an order, if nothing else changes the order first.

    `items` are the cart's, as they will be in the order. `more` is by how much the order's sums grow, in minor units:
    the prices of the cart's own lines, less the reduction of the order's lines, because a fee per order is spread over
    all lines. `order_total` is the order's total afterwards.
    """

    order: TargetOrder
    items: tuple[Item, ...]
    more: Sums
    order_total: int


def addition(items: Sequence[Item], order: TargetOrder) -> Addition:
    """Return the effect of adding the items of a cart to an order."""
    settled = settle_together(order.items, items, order.discount_codes)
    before, after = _sums(order.items), _sums(settled)
    own = {line.id for item in items for line in item.lines}
    expires = {item.id: item.expires_at for item in items}
    return Addition(
        order=order,
        items=tuple(
            msgspec.structs.replace(
                item,
                lines=tuple(line for line in item.lines if line.id in own),
                expires_at=expires[item.id],
            )
            for item in settled
            if item.id in expires
        ),
        more=after - before,
        order_total=order.total + after.total - before.total,
    )


def settle_together(
    items: Sequence[Item], added: Sequence[Item], discount_codes: Sequence[str] = ()
) -> tuple[Item, ...]:
    """Return an order's items with those of a cart added: one item for each departure, priced as one order.

    `discount_codes` are those with which the order was sold.
    """
    merged = {item.id: item for item in _with_known_discount(items, discount_codes)}
    for item in added:
        before = merged.get(item.id)
        merged[item.id] = item if before is None else before.with_lines_of(item)
    return pricing.settle(tuple(merged.values()), {line.id for item in added for line in item.lines})


def _with_known_discount(items: Sequence[Item], discount_codes: Sequence[str]) -> Sequence[Item]:
    """Return an order's items, where lines that were sold before discounts were stored by line get their discount.

    Its amount stays; but a discount per order with the same code is not given a second time.
    """
    if len(discount_codes) != 1:
        return items
    known = Reduction(code=discount_codes[0], calc="flat", rate=0, per_order=True)

    def marked(line: Line) -> Line:
        unknown = line.discount and line.reduction is None
        return msgspec.structs.replace(line, reduction=known) if unknown else line

    return [item.map_lines(marked) for item in items]


def _sums(items: Sequence[Item]) -> Sums:
    return sums([line for item in items for line in item.live])
