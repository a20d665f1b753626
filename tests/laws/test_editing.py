"""The law of editing, without a database: there and back changes nothing, and the way doesn't matter.

Guests of random orders, with every sort of charge, discount and pickup, get another price tier and pickup. Edited back,
every line is as it was. Edited one after the other, in any order, they come to the same as edited all at once. And a
guest who is edited costs what a guest costs who was bought so from the beginning.
"""

from __future__ import annotations

import os

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.cart import pricing
from seatwright.cart.model import Arrangement, Item, Line
from seatwright.cart.selection import choose_place, new_lines
from seatwright.catalog.model import Catalog, Product
from seatwright.orders.edit_plan import GuestEdit, Offer, OrderEdit, plan_edit
from seatwright.orders.model import Order, OrderBody
from tests.laws.goods import CODE, Chance, Goods

CASES = int(os.environ.get("EDIT_LAW_CASES", "150"))
TIERS = ("Adult", "Child", "Free")


class Wanted:
    """A guest by product, and what is bought for them."""

    def __init__(self, chance: Chance, goods: Goods) -> None:
        self.product = chance.random.choice(goods.products)
        self.tier = chance.random.choice(TIERS)
        self.place = chance.random.choice((None, None, *self.product.pickups))


def item_of(catalog: Catalog, goods: Goods, product: Product, wanted: list[Wanted], ids: list[str]) -> Item:
    """Return the item of a product's guests."""
    arrangements: list[Arrangement] = []
    lines: list[Line] = []
    for one, line_id in zip(wanted, ids, strict=True):
        tier = product.tier(one.tier)
        assert tier is not None
        pickups = {each.code: each for each in goods.pickups}
        places = {each.code: each for each in goods.locations}
        place = places[pickups[one.place].locations[0]].id if one.place else None
        location, pickup = choose_place(catalog, product, place, None)
        arrangement = Arrangement(policy=catalog.policy_of(product), location=location, pickup=pickup)
        if arrangement not in arrangements:
            arrangements.append(arrangement)
        (line,) = new_lines(product, {}, [(tier, 1)])
        lines.append(msgspec.structs.replace(line, id=line_id, arrangement=arrangements.index(arrangement)))
    return Item(
        id=f"d-{product.code}",
        product_id=product.id,
        product_code=product.code,
        product_name=product.name,
        product_number=product.number,
        kind=lines[0].kind,
        start_at=1,
        end_at=2,
        time_zone="UTC",
        arrangements=tuple(arrangements),
        lines=tuple(lines),
    )


def order_of(catalog: Catalog, goods: Goods, wanted: list[Wanted], *, code: bool) -> Order:
    """Return an order that was bought at once."""
    items = []
    for product in goods.products:
        own = [(number, one) for number, one in enumerate(wanted) if one.product is product]
        if own:
            ids = [f"line{number:02}" for number, _ in own]
            items.append(item_of(catalog, goods, product, [one for _, one in own], ids))
    discount = goods.discount if code else None
    body = OrderBody(
        created_by="",
        created_by_email="",
        currency="USD",
        items=pricing.price(items, catalog, discount),
        discount_codes=(CODE,) if code else (),
    )
    total = sum(line.total for item in body.items for line in item.lines)
    return Order(
        account_id="a",
        id="o",
        confirmation=1,
        owner_id="a",
        status="confirmed",
        version=1,
        body=body,
        total=total,
        paid=0,
        created_at=0,
        modified_at=0,
    )


def edited(order: Order, offer: Offer, *guests: GuestEdit) -> Order:
    """Return an order after an edit."""
    plan = plan_edit(order, offer, OrderEdit("o", order.version, guests=guests))
    body = msgspec.structs.replace(order.body, items=plan.items)
    total = sum(line.total for item in plan.items for line in item.lines)
    assert total == order.total + plan.difference
    return msgspec.structs.replace(order, body=body, total=total)


def amounts(order: Order) -> dict[str, tuple[object, ...]]:
    """Return what each guest has and costs."""
    return {
        line.id: (line.tier, line.price, line.discount, line.charges, line.total, item.arranged(line))
        for item in order.body.items
        for line in item.lines
    }


def edit_to(goods: Goods, line_id: str, one: Wanted) -> GuestEdit:
    """Return the edit by which a guest gets what is wanted."""
    pickups, places = {each.code: each for each in goods.pickups}, {each.code: each for each in goods.locations}
    place = places[pickups[one.place].locations[0]].id if one.place else None
    return GuestEdit(line_id, tier=one.tier, location_id=place, without_pickup=place is None)


@settings(max_examples=CASES, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_there_and_back_changes_nothing_and_the_way_does_not_matter(seed: int, code: bool) -> None:
    chance = Chance(seed)
    goods = chance.goods()
    catalog = goods.catalog()
    offer = Offer(catalog, catalog, {}, None)
    old = [Wanted(chance, goods) for _ in range(chance.random.randint(1, 5))]
    new = [Wanted(chance, goods) for _ in old]
    for one, other in zip(old, new, strict=True):
        other.product = one.product
        other.place = chance.random.choice((None, *one.product.pickups))
    order = order_of(catalog, goods, old, code=code)
    there = [edit_to(goods, f"line{number:02}", one) for number, one in enumerate(new)]
    back = [edit_to(goods, f"line{number:02}", one) for number, one in enumerate(old)]
    at_once = edited(order, offer, *there)
    assert amounts(edited(at_once, offer, *back)) == amounts(order)
    assert amounts(edited(order, offer, *back)) == amounts(order)
    step_by_step = order
    for guest in chance.random.sample(there, len(there)):
        step_by_step = edited(step_by_step, offer, guest)
    assert amounts(step_by_step) == amounts(at_once)
    assert amounts(at_once) == amounts(order_of(catalog, goods, new, code=code))
