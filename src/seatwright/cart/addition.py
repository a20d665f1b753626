"""What a cart comes to when it is added to an order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from seatwright.cart import pricing
from seatwright.cart.model import Item, Line, Reduction, Sums, TargetOrder, sums


class Addition(NamedTuple):
    """What adding a cart to an order will do, if nothing else changes the order first.

    `items` are the cart's, as they will be in the order. `more` is by how much the order's sums grow, in minor units:
    what the cart's own lines cost, less what the order's lines cost less, because a fee per order is spread over all.
    `order_total` is the order's total afterwards.
    """

    order: TargetOrder
    items: tuple[Item, ...]
    more: Sums
    order_total: int


def addition(items: Sequence[Item], order: TargetOrder) -> Addition:
    """Return what adding the items of a cart to an order will do."""
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

    `discount_codes` are those that the order was sold with.
    """
    merged = {item.id: item for item in _with_known_discount(items, discount_codes)}
    for item in added:
        before = merged.get(item.id)
        merged[item.id] = item if before is None else before.with_lines_of(item)
    return pricing.settle(tuple(merged.values()), {line.id for item in added for line in item.lines})


def _with_known_discount(items: Sequence[Item], discount_codes: Sequence[str]) -> Sequence[Item]:
    """Return an order's items, of which those that were sold before discounts were kept by line say what theirs is.

    Its amount stays; but a discount off the order that has the same code is not given a second time.
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
