"""Prices carts and orders: base price, discount, pickup, fees and taxes, line by line. Pure.

Each line has its terms of sale: the rate of each charge, and the discount. The amounts follow from the lines alone, so
it makes no difference whether the lines were bought in one cart or were added to an order later. The rules, ours where
the reference is silent:

- A line's base price is the departure's price for its tier, or else the product's.
- A discount lowers the price of the lines it is valid for. One for the whole order is spread over them by their prices;
  a flat one is given once, even if its code is used several times for the order.
- For charges, see `cart.charges`. Every computed amount is rounded once (`core.money`), and spread amounts add up.
- If the catalog has changed in between, sold lines keep their terms, and added lines have the new ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from seatwright.cart.charges import Carrier, Key, charge
from seatwright.cart.model import Item, Line, LineCharge, PickupChoice, Reduction
from seatwright.catalog.model import Catalog, Charge, Discount
from seatwright.core.clock import Instant
from seatwright.core.money import allocate, share


def discount_valid(discount: Discount, now: Instant) -> bool:
    """Tell whether a discount may be used at `now`; its number of uses is checked when the order is made."""
    return (
        discount.active
        and (discount.starts_at is None or discount.starts_at <= now)
        and (discount.ends_at is None or now < discount.ends_at)
    )


def price(items: Sequence[Item], catalog: Catalog, discount: Discount | None) -> tuple[Item, ...]:
    """Return the items of a cart on the catalog's present terms; base prices stay as they are.

    With `discount` every line for which it is valid gets it; without one, lines keep their discount.
    """
    return settle([on_terms(item, catalog, discount) for item in items])


def without_discount(items: Iterable[Item]) -> list[Item]:
    """Return the items without discounts, still to be priced."""
    return [item.map_lines(lambda line: msgspec.structs.replace(line, reduction=None, discount=0)) for item in items]


def settle(items: Sequence[Item], new: Collection[str] | None = None) -> tuple[Item, ...]:
    """Return `items` with the discounts and charges computed from the terms of their lines.

    `new` are the ids of lines that are added to the others; None means all lines. Cancelled lines stay as they are and
    don't count any more: a charge or discount per order is spread over the other lines. Amounts that new lines don't
    share stay as well.
    """
    lines = {(i, j): line for i, item in enumerate(items) for j, line in enumerate(item.lines)}
    live = [key for key, line in lines.items() if line.status == "confirmed"]
    if any(_is_spread(lines[key]) for key in live):
        live.sort(key=lambda key: _rank(items[key[0]], lines[key]))
    added = set(live) if new is None else {key for key in live if lines[key].id in new}
    discounts = _discounts({key: lines[key] for key in live}, added)
    charges = charge(
        {
            key: Carrier(
                charges=lines[key].charges,
                base=_base(lines[key], discounts[key]),
                changed=key in added or discounts[key] != lines[key].discount,
                new=key in added,
            )
            for key in live
        }
    )

    def settled(key: Key) -> Line:
        if key not in charges:
            return lines[key]
        return msgspec.structs.replace(lines[key], discount=discounts[key], charges=charges[key])

    return tuple(
        msgspec.structs.replace(item, lines=tuple(settled((i, j)) for j in range(len(item.lines))))
        for i, item in enumerate(items)
    )


def _is_spread(line: Line) -> bool:
    """Tell whether a line shares a charge or discount per order."""
    if line.reduction is not None and line.reduction.per_order:
        return True
    return any(each.per_order for each in line.charges)


def _rank(item: Item, line: Line) -> tuple[str, ...]:
    """Return a sort key of lines. Lines that differ in anything except their ids get an order that doesn't depend on
    the ids.
    """
    arrangement = item.arranged(line)
    location, pickup = arrangement.location, arrangement.pickup
    return item.id, line.tier, f"{line.price:020}", location.id if location else "", *(pickup.key if pickup else ())


def _base(line: Line, discount: int) -> int:
    """Return the base of percentages."""
    return line.price - discount + sum(each.amount for each in line.charges if each.kind == "pickup")


def on_terms(item: Item, catalog: Catalog, discount: Discount | None) -> Item:
    """Return an item whose lines carry the catalog's present charges and `discount`; `settle` computes the amounts."""
    terms = tuple(_terms(each) for each in catalog.charges.values() if _is_on(each.products, item))
    reduction = None if discount is None or not _is_on(discount.products, item) else _reduction(discount)

    def on_terms(line: Line) -> Line:
        return msgspec.structs.replace(
            line,
            reduction=line.reduction if discount is None else reduction,
            charges=(*pickup_charges(item.arranged(line).pickup), *terms),
        )

    return item.map_lines(on_terms)


def _is_on(products: Collection[str] | None, item: Item) -> bool:
    return products is None or item.product_code in products


def _terms(entry: Charge) -> LineCharge:
    return LineCharge(
        code=entry.code,
        name=entry.name,
        kind=entry.kind,
        amount=0,
        included=entry.included,
        per_order=entry.per == "order",
        calc=entry.calc,
        rate=entry.amount,
        compound=entry.compound,
    )


def _reduction(discount: Discount) -> Reduction:
    return Reduction(code=discount.code, calc=discount.calc, rate=discount.amount, per_order=discount.per == "order")


def pickup_charges(pickup: PickupChoice | None) -> tuple[LineCharge, ...]:
    """Return the charge for a pickup, if it costs anything."""
    if pickup is None or pickup.price == 0:
        return ()
    return (LineCharge(code=pickup.id, name=pickup.name, kind="pickup", amount=pickup.price),)


def _discounts(lines: Mapping[Key, Line], added: Collection[Key]) -> dict[Key, int]:
    """Return the discount of each line. Lines are in the order in which a discount per order is spread."""
    found = {key: line.discount for key, line in lines.items()}
    together: dict[Reduction, list[Key]] = {}
    for key, line in lines.items():
        reduction = line.reduction
        if reduction is not None and reduction.per_order:
            together.setdefault(reduction, []).append(key)
        elif key in added:
            found[key] = _off(line, reduction)
    for reduction, keys in together.items():
        if not any(key in added for key in keys):
            continue
        prices = [lines[key].price for key in keys]
        if reduction.calc == "percent":
            whole = share(sum(prices), reduction.rate)
        else:
            elsewhere = sum(found[key] for key, line in lines.items() if _on_other_terms(line.reduction, reduction))
            whole = min(max(0, reduction.rate - elsewhere), sum(prices))
        found.update(zip(keys, allocate(whole, prices), strict=True))
    return found


def _off(line: Line, reduction: Reduction | None) -> int:
    if reduction is None:
        return 0
    return share(line.price, reduction.rate) if reduction.calc == "percent" else min(reduction.rate, line.price)


def _on_other_terms(reduction: Reduction | None, wanted: Reduction) -> bool:
    """Tell whether a line has the same discount per order with earlier terms."""
    return reduction is not None and reduction.per_order and reduction.code == wanted.code and reduction != wanted
