"""Prices a cart: base price, discount, pickups, fees and taxes, line by line. Pure.

The rules, ours where the reference is silent:

- A line's base price is the departure's price for its tier, or else the product's.
- A discount lowers the price of the lines it is valid for. One for the whole order is spread over them.
- Percentages are taken of price less discount plus pickup, so fees aren't taxed and taxes aren't charged fees.
- A charge per order is taken once, spread over the lines of the products that it is on, so that cancelling one
  participant gives back that participant's part of it.
- Every computed amount is rounded once (`core.money`), and what is spread adds up exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import msgspec

from seatwright.cart.model import Item, Line, LineCharge
from seatwright.catalog.model import Catalog, Charge, Discount
from seatwright.core.clock import Instant
from seatwright.core.money import allocate, included_share, share

Key: TypeAlias = tuple[int, int]
"""A line's place: item index, line index."""


def discount_valid(discount: Discount, now: Instant) -> bool:
    """Tell whether a discount may be used at `now`; its number of uses is checked when the order is made."""
    return (
        discount.active
        and (discount.starts_at is None or discount.starts_at <= now)
        and (discount.ends_at is None or now < discount.ends_at)
    )


def price(
    items: Sequence[Item], catalog: Catalog, discount: Discount | None, *, charged: Collection[str] = ()
) -> tuple[Item, ...]:
    """Return `items` with each line's discount and charges computed anew; base prices stay as they are.

    `charged` are the codes of per-order charges that are not to be taken (again).
    """
    lines = {(i, j): line for i, item in enumerate(items) for j, line in enumerate(item.lines)}
    codes = {key: items[key[0]].product_code for key in lines}
    discounts = _discounts(lines, codes, discount)
    pickups = {key: _pickup(items[key[0]]) for key in lines}
    base = {
        key: line.price - discounts.get(key, 0) + (pickup.amount if (pickup := pickups[key]) else 0)
        for key, line in lines.items()
    }
    charges: dict[Key, list[LineCharge]] = {key: [pickup] if (pickup := pickups[key]) else [] for key in lines}
    for charge in catalog.charges.values():
        keys = [key for key in lines if charge.products is None or codes[key] in charge.products]
        if not keys or (charge.per == "order" and charge.code in charged):
            continue
        for key, amount in zip(keys, _amounts(charge, [base[key] for key in keys]), strict=True):
            charges[key].append(
                LineCharge(
                    code=charge.code,
                    name=charge.name,
                    kind=charge.kind,
                    amount=amount,
                    included=charge.included,
                    per_order=charge.per == "order",
                )
            )
    return tuple(
        msgspec.structs.replace(
            item,
            lines=tuple(
                msgspec.structs.replace(line, discount=discounts.get((i, j), 0), charges=tuple(charges[i, j]))
                for j, line in enumerate(item.lines)
            ),
        )
        for i, item in enumerate(items)
    )


def without_order_charges(items: Sequence[Item], charged: Collection[str]) -> tuple[Item, ...]:
    """Return `items` without the per-order charges that an order they are added to has taken already."""
    return tuple(
        msgspec.structs.replace(
            item,
            lines=tuple(
                msgspec.structs.replace(
                    line,
                    charges=tuple(c for c in line.charges if not (c.per_order and c.code in charged)),
                )
                for line in item.lines
            ),
        )
        for item in items
    )


def _pickup(item: Item) -> LineCharge | None:
    if item.pickup is None or item.pickup.price == 0:
        return None
    return LineCharge(code=item.pickup.id, name=item.pickup.name, kind="pickup", amount=item.pickup.price)


def _discounts(lines: Mapping[Key, Line], codes: Mapping[Key, str], discount: Discount | None) -> dict[Key, int]:
    if discount is None:
        return {}
    keys = [key for key in lines if discount.products is None or codes[key] in discount.products]
    prices = [lines[key].price for key in keys]
    if not keys:
        return {}
    if discount.per == "participant":
        off = [share(p, discount.amount) if discount.calc == "percent" else min(discount.amount, p) for p in prices]
    else:
        whole = sum(prices)
        amount = share(whole, discount.amount) if discount.calc == "percent" else min(discount.amount, whole)
        off = allocate(amount, prices)
    return dict(zip(keys, off, strict=True))


def _amounts(charge: Charge, bases: list[int]) -> list[int]:
    """Return what `charge` comes to on lines with these bases; an included one is never more than its base."""
    percentage = included_share if charge.included else share
    if charge.per == "participant":
        if charge.calc == "percent":
            return [percentage(base, charge.amount) for base in bases]
        return [min(charge.amount, base) if charge.included else charge.amount for base in bases]
    whole = sum(bases)
    if charge.calc == "percent":
        return allocate(percentage(whole, charge.amount), bases)
    return allocate(min(charge.amount, whole) if charge.included else charge.amount, bases)
