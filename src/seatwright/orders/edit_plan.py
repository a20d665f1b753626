"""What editing an order changes: its guests, its customer, its reference and memo, and its amounts. Pure.

Seats stay as they are. A guest who gets another price tier is priced as if added to the order today, with the discount
and the cancellation policy with which they were sold; another pickup changes its own charge, and the percentages on it.
All other amounts stay, except for charges and discounts per order, which are spread over all guests again
(docs/decisions/0009).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from seatwright.cart import pricing
from seatwright.cart.guests import absent_answers, read_customer
from seatwright.cart.model import Arrangement, Item, Line
from seatwright.cart.resale import with_commission, with_commission_as_sold
from seatwright.cart.selection import choose_place
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.questions import questions_of, read_answers
from seatwright.core.errors import Conflict, Invalid
from seatwright.core.field_errors import bad_field
from seatwright.orders.model import Order
from seatwright.orders.repricing import discount_as_sold, kept_reduction, parts, total
from seatwright.resellers.model import Terms


class GuestEdit(NamedTuple):
    """New details of one participant or unit, by its id; what is `UNSET` or None stays.

    `answers` replace all earlier ones. `location_id` and `pickup_detail_id` choose a place and pickup as in a cart;
    `without_pickup` drops the present pickup.
    """

    line_id: str
    first_name: str | UnsetType | None = UNSET
    last_name: str | UnsetType | None = UNSET
    answers: Mapping[str, Any] | None = None
    tier: str | None = None
    location_id: str | None = None
    pickup_detail_id: str | None = None
    without_pickup: bool = False

    @property
    def moves_pickup(self) -> bool:
        """Whether it says anything about the pickup."""
        return bool(self.location_id or self.pickup_detail_id or self.without_pickup)


class OrderEdit(NamedTuple):
    """An edit of an order in the `version` that was shown; None and `UNSET` leave things as they are.

    `customer` replaces the whole customer; its own fields have been checked, and so has `billing`.
    """

    order: str
    version: int
    customer: Mapping[str, Any] | None = None
    guests: Sequence[GuestEdit] = ()
    reference_id: str | UnsetType | None = UNSET
    billing: dict[str, Any] | None = None

    @property
    def reprices(self) -> bool:
        """Whether it can change amounts."""
        return any(guest.tier is not None or guest.moves_pickup for guest in self.guests)


class Offer(NamedTuple):
    """What the order's seller may sell now: the supplier's catalog, that catalog at the seller's prices, the prices of
    the order's departures by id, and the terms between supplier and reseller, if one sold it.
    """

    catalog: Catalog
    offered: Catalog
    prices: Mapping[str, Mapping[str, int]]
    terms: Terms | None


class EditPlan(NamedTuple):
    """The effect of an edit: the customer and items afterwards, and items with only the lines whose amounts change."""

    customer: dict[str, Any]
    items: tuple[Item, ...]
    before: tuple[Item, ...]
    after: tuple[Item, ...]
    edited: tuple[str, ...]
    """The guests whose own details change."""

    @property
    def difference(self) -> int:
        """By how much the order's total grows, in minor units."""
        return total(self.after) - total(self.before)


def plan_edit(order: Order, offer: Offer, edit: OrderEdit) -> EditPlan:
    """Return what an edit changes.

    Raises `Invalid`, naming the place in the list, for an unknown guest, tier, place or answer, and `Conflict` for
    guests who are cancelled, a tier with other seats, and answers that are taken away although they must be given.
    """
    known = {line.id: (item, line) for item in order.body.items for line in item.lines}
    changed: dict[str, tuple[Line, Arrangement]] = {}
    fresh: set[str] = set()
    for place, guest in enumerate(edit.guests):
        path = f"guests[{place}]."
        if guest.line_id not in known:
            raise bad_field(f"{path}id", "the order has no such participant or unit; its items list them.")
        if guest.line_id in changed:
            raise bad_field(f"{path}id", "is there twice; send each participant or unit once.")
        item, line = known[guest.line_id]
        if line.status == "cancelled":
            raise Conflict(f"{path}id: {line.id} is cancelled, and stays as it was.", code="line_cancelled")
        described = _described(item, line, guest, offer.catalog, path)
        priced, arrangement = _priced(order, offer, item, described, guest, path)
        if priced is not described or arrangement != item.arranged(line):
            fresh.add(line.id)
        changed[line.id] = priced, arrangement
    items = tuple(_with(item, changed) for item in order.body.items)
    if fresh:
        items = _with_commissions(order, offer, pricing.settle(items, fresh))
    customer = order.body.customer
    if edit.customer is not None:
        customer = read_customer(edit.customer, items, offer.catalog)
    _require_answers(order, offer.catalog, customer, items)
    was = {line.id: line for _, line in known.values()}
    is_now = {line.id: line for item in items for line in item.lines}
    amounts = {each for each in was if _amounts(was[each]) != _amounts(is_now[each])}
    return EditPlan(
        customer=customer,
        items=items,
        before=parts(order.body.items, lambda line: line.id in amounts),
        after=parts(items, lambda line: line.id in amounts),
        edited=tuple(
            each
            for each, (one, arrangement) in changed.items()
            if arrangement != known[each][0].arranged(was[each]) or _own(one) != _own(was[each])
        ),
    )


def _described(item: Item, line: Line, guest: GuestEdit, catalog: Catalog, path: str) -> Line:
    """Return a guest with the new names and answers."""
    changes: dict[str, Any] = {}
    if guest.first_name is not UNSET:
        changes["first_name"] = guest.first_name or None
    if guest.last_name is not UNSET:
        changes["last_name"] = guest.last_name or None
    if guest.answers is not None:
        questions = questions_of(catalog, catalog.products_by_id.get(item.product_id))
        changes["answers"] = read_answers(questions, guest.answers, of_guest=True, path=f"{path}answers.")
    return msgspec.structs.replace(line, **changes) if changes else line


def _priced(
    order: Order, offer: Offer, item: Item, line: Line, guest: GuestEdit, path: str
) -> tuple[Line, Arrangement]:
    """Return a guest with the new tier and pickup, not settled yet, and their arrangement; `line` itself if neither
    changes.
    """
    old = item.arranged(line)
    arrangement = _arrangement(offer, item, old, guest, path)
    moved = (arrangement.pickup and arrangement.pickup.key) != (old.pickup and old.pickup.key)
    if not moved:
        arrangement = msgspec.structs.replace(arrangement, pickup=old.pickup)
    tier = None if guest.tier is None else _tier(offer, item, line, guest.tier, path)
    if tier is not None and tier[0] != line.tier:
        code, price = tier
        one = msgspec.structs.replace(
            item,
            arrangements=(arrangement,),
            lines=(msgspec.structs.replace(line, arrangement=0, tier=code, price=price),),
        )
        discount = discount_as_sold(order, offer.offered, line)
        return pricing.on_terms(one, offer.offered, discount).lines[0], arrangement
    if not moved:
        return line, arrangement
    charges = tuple(charge for charge in line.charges if charge.kind != "pickup")
    charged = (*pricing.pickup_charges(arrangement.pickup), *charges)
    return msgspec.structs.replace(line, charges=charged, reduction=kept_reduction(line)), arrangement


def _arrangement(offer: Offer, item: Item, old: Arrangement, guest: GuestEdit, path: str) -> Arrangement:
    if guest.without_pickup:
        if guest.location_id or guest.pickup_detail_id:
            raise bad_field(f"{path}withoutPickup", "can't be true together with locationId or pickupDetailId.")
        return msgspec.structs.replace(old, pickup=None)
    if not guest.moves_pickup:
        return old
    product = _product(offer.catalog, item)
    try:
        location, pickup = choose_place(offer.catalog, product, guest.location_id, guest.pickup_detail_id)
    except Invalid as error:
        field = "pickupDetailId" if error.about == "pickup_detail" else "locationId"
        raise bad_field(f"{path}{field}", error.message, code=error.code) from None
    return msgspec.structs.replace(old, location=location, pickup=pickup)


def _tier(offer: Offer, item: Item, line: Line, name: str, path: str) -> tuple[str, int]:
    """Return the code of a price tier and its present price on the departure."""
    product = _product(offer.offered, item)
    tier = product.tier(name)
    if tier is None:
        known = ", ".join(tier.code for tier in product.tiers)
        raise bad_field(f"{path}tier", f"{product.name} has no price tier {name[:40]!r}; it has {known}.")
    if tier.seats != line.seats and tier.code != line.tier:
        raise Conflict(
            f"{path}tier: {tier.code} takes {tier.seats} seats, and this guest has {line.seats}; cancel the guest and "
            "add another one instead.",
            code="other_seats",
        )
    return tier.code, tier.price_on(offer.prices.get(item.id, {}))


def _product(catalog: Catalog, item: Item) -> Product:
    product = catalog.products_by_id.get(item.product_id)
    if product is None:
        raise Conflict(
            f"{item.product_name} isn't sold any more, so its guests keep their price tier and pickup.",
            code="product_not_sold",
        )
    return product


def _with(item: Item, changed: Mapping[str, tuple[Line, Arrangement]]) -> Item:
    """Return an item with changed lines and their arrangements; those that nobody has any more are left out."""
    if not any(line.id in changed for line in item.lines):
        return item
    found = [changed.get(line.id) or (line, item.arranged(line)) for line in item.lines]
    arrangements = tuple(dict.fromkeys(arrangement for _, arrangement in found))
    lines = (msgspec.structs.replace(line, arrangement=arrangements.index(arrangement)) for line, arrangement in found)
    return msgspec.structs.replace(item, arrangements=arrangements, lines=tuple(lines))


def _with_commissions(order: Order, offer: Offer, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return items whose reseller's earnings follow their amounts: at the present rate for another tier, else as
    sold.
    """
    resale = order.body.resale
    if resale is None:
        return items
    known = {line.id: line for item in order.body.items for line in item.lines}
    terms = offer.terms
    anew = {line.id: line for item in with_commission(items, terms) for line in item.lines} if terms else {}

    def earning(line: Line) -> Line:
        before = known[line.id]
        if line.tier != before.tier:
            return anew.get(line.id, line)
        return line if _amounts(line) == _amounts(before) else with_commission_as_sold(line, resale.kind)

    return tuple(item.map_lines(earning) for item in items)


def _require_answers(order: Order, catalog: Catalog, customer: Mapping[str, Any], items: tuple[Item, ...]) -> None:
    """Raise `Conflict` if an answer is taken away that has to be given. One that was missing before may stay so."""
    before = absent_answers(order.body.items, catalog, order.body.customer)
    absent = [each for each in absent_answers(items, catalog, customer) if each not in before]
    if absent:
        raise Conflict(f"{absent[0]}: this question has to be answered.", code="answer_missing")


def _amounts(line: Line) -> tuple[Any, ...]:
    return line.price, line.discount, line.charges, line.commission, line.tier


def _own(line: Line) -> tuple[Any, ...]:
    """Return a guest's own details."""
    return line.first_name, line.last_name, line.answers, line.tier
