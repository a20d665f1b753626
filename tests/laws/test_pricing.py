"""The law of adding, for prices alone: it makes no difference how an order came together. Thousands of catalogs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from seatwright.cart import pricing
from seatwright.cart.addition import addition, settle_together
from seatwright.cart.model import Arrangement, Item, Line, TargetOrder
from seatwright.cart.selection import choose_place, kind_of, new_lines
from seatwright.catalog.model import Catalog
from tests.laws.goods import CODE, Chance, Pick

CASES = int(os.environ.get("LAW_CASES", "600"))


def cart(sold: Catalog, picks: Sequence[Pick], *, discounted: bool) -> tuple[Item, ...]:
    """Return the items of a cart with these picks, as the service puts them together."""
    items: dict[str, Item] = {}
    for pick in picks:
        product = sold.products[pick.product]
        tier = product.tier(pick.tier)
        assert tier is not None
        place = sold.locations[pick.place].id if pick.place else None
        location, pickup = choose_place(sold, product, place, None)
        item = Item(
            id=product.id,
            product_id=product.id,
            product_code=product.code,
            product_name=product.name,
            product_number=product.number,
            kind=kind_of(product),
            start_at=None,
            end_at=None,
            time_zone="UTC",
            arrangements=(Arrangement(policy=sold.policy_of(product), location=location, pickup=pickup),),
            lines=new_lines(product, {}, [(tier, pick.count)]),
        )
        before = items.get(product.id)
        items[product.id] = item if before is None else before.with_lines_of(item)
    return pricing.price(list(items.values()), sold, sold.discounts[CODE] if discounted else None)


def amounts(items: Sequence[Item]) -> dict[str, Counter[Any]]:
    """Return what each line of each item costs and what was arranged with it, without its id and its place."""

    def line_of(item: Item, line: Line) -> Any:
        charges = tuple(sorted((each.code, each.amount) for each in line.charges))
        return line.tier, line.price, line.discount, charges, line.total, item.arranged(line)

    return {item.id: Counter(line_of(item, line) for line in item.live) for item in items}


def total(items: Sequence[Item]) -> int:
    """Return what all lines cost."""
    return sum(line.total for item in items for line in item.live)


@pytest.mark.parametrize("seed", range(4))
def test_an_order_costs_the_same_however_it_came_together(seed: int) -> None:
    for case in range(seed * CASES, (seed + 1) * CASES):
        chance = Chance(case)
        sold, picks, discounted = chance.goods().catalog(), chance.picks(), chance.random.random() < 0.6
        together = cart(sold, picks, discounted=discounted)
        assert pricing.settle(together) == together, "settling what is settled changes nothing"
        order: tuple[Item, ...] = ()
        for group in chance.split(picks):
            added = cart(sold, group, discounted=discounted)
            target = TargetOrder(id="order", confirmation=1, total=total(order), items=order)
            shown = addition(added, target)
            before, order = total(order), settle_together(order, added)
            assert shown.more.total == total(order) - before
            assert shown.order_total == total(order)
        assert amounts(order) == amounts(together), case


def test_what_was_sold_stays_as_sold_when_all_terms_have_changed() -> None:
    met: Counter[str] = Counter()
    for case in range(CASES):
        chance = Chance(case)
        goods, picks = chance.goods(), chance.picks()
        sold = goods.catalog()
        charges = [
            msgspec.structs.replace(other, id=old.id, code=old.code, amount=old.amount + 1 + n)
            for n, (old, other) in enumerate(zip(goods.charges, Chance(case + CASES).charges() * 5, strict=False))
        ]
        discount = msgspec.structs.replace(goods.discount, amount=goods.discount.amount + 1)
        now = goods._replace(charges=charges, discount=discount).catalog()
        order = cart(sold, picks, discounted=True)
        added = cart(now, chance.picks(), discounted=True)
        both = settle_together(order, added)
        ids = {line.id: line for item in order for line in item.lines}
        for item in both:
            for line in item.lines:
                if line.id in ids:
                    assert msgspec.structs.replace(line, arrangement=0) == msgspec.structs.replace(
                        ids[line.id], arrangement=0
                    )
        # What is added is as of now; of what is the order's, only what older guests don't pay already.
        fresh = {line.id: line for item in added for line in item.lines}
        carried = {each.code for line in ids.values() for each in line.charges if each.per_order}
        rest: Counter[str] = Counter()
        for item in both:
            for line in (line for line in item.lines if line.id in fresh):
                alone = fresh[line.id]
                if line.discount != alone.discount:
                    assert alone.reduction is not None
                    assert alone.reduction.per_order
                    continue
                for mine, its in zip(line.charges, alone.charges, strict=True):
                    if its.per_order and its.calc == "flat" and its.code in carried:
                        rest[its.code] += its.amount - mine.amount
                        met["the rest"] += 1
                    elif not its.per_order or goods.discount.per != "order":
                        assert mine == its
                        met["as of now"] += 1
        assert all(less >= 0 for less in rest.values())
    assert min(met["as of now"], met["the rest"]) > CASES, met
