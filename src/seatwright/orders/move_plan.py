"""What moving guests of an order to another departure changes: tiers, places, prices and amounts. Pure.

A guest keeps everything that was agreed on, unless it is asked otherwise or the other product doesn't have it; then the
move is refused with what to choose. With the price kept, amounts and the cancellation policy stay as sold; a pickup
that is dropped or chosen anew changes its own charge, and the percentages on it. With a new price the guest is priced
as if added to the order today, under the other product's policy; the discount with which they were sold stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from seatwright.cart import pricing
from seatwright.cart.guests import absent_answers
from seatwright.cart.model import MAX_ITEMS, MAX_LINES, Arrangement, Item, Line, PickupChoice, Place
from seatwright.cart.resale import with_commission, with_commission_as_sold
from seatwright.cart.selection import choose_place, kind_of
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.questions import questions_of, read_answers
from seatwright.core import names
from seatwright.core.errors import Conflict, Invalid, NotFound
from seatwright.inventory.model import Departure
from seatwright.orders.model import UNEXPLAINED, Explanation, Order
from seatwright.orders.repricing import discount_as_sold, kept_reduction, only, parts, total
from seatwright.resellers.model import Terms

Price: TypeAlias = Literal["kept", "new"]


class MoveRequest(NamedTuple):
    """Which guests of an order go to the departure `to`: by id, or all of an item, or of the order.

    `tiers` says which price tier of the other product guests of a tier get, where it isn't called the same. A place or
    pickup that is named counts for all who move; `without_pickup` drops theirs. `answers` are to questions of the other
    product, by the guests' ids and the questions' labels. If it is the supplier who asks for the move, cancelling costs
    the guests nothing afterwards.
    """

    order: str
    to: str
    item_id: str | None = None
    line_ids: Collection[str] | None = None
    price: Price = "kept"
    tiers: Mapping[str, str] = MappingProxyType({})
    location_id: str | None = None
    pickup_detail_id: str | None = None
    without_pickup: bool = False
    answers: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    asked_by: Literal["customer", "supplier"] = "customer"
    explanation: Explanation = UNEXPLAINED


class Target(NamedTuple):
    """The departure to which guests move, with its product and catalog as the order's seller sells them.

    `terms` are those between supplier and reseller, for a reseller's order that is priced anew.
    """

    departure: Departure
    product: Product
    catalog: Catalog
    terms: Terms | None


class MovePlan(NamedTuple):
    """The effect of a move.

    `items` are the order's afterwards. `moved` are the items that guests leave, each with only these guests, as they
    were. `before` and `after` are items with only the lines whose place or amounts change. `seats` are those that the
    guests need on the other departure.
    """

    items: tuple[Item, ...]
    moved: tuple[Item, ...]
    before: tuple[Item, ...]
    after: tuple[Item, ...]
    seats: int

    @property
    def line_ids(self) -> tuple[str, ...]:
        """The guests who move."""
        return tuple(line.id for item in self.moved for line in item.lines)

    @property
    def left(self) -> tuple[Item, ...]:
        """The items that guests leave, with them as they were, without what is their own."""
        return tuple(item.map_lines(_without_own) for item in self.moved)

    @property
    def difference(self) -> int:
        """By how much the order's total grows, in minor units."""
        return total(self.after) - total(self.before)


def plan_move(order: Order, target: Target, request: MoveRequest) -> MovePlan:
    """Return what a move changes.

    Raises `NotFound` for an unknown item or guest, `Conflict` for guests who can't move there, and `Invalid` for a
    choice that the other product doesn't offer.
    """
    moved = _choose(order, target, request)
    added, fresh = _arrivals(order, target, request, moved)
    gone = {line.id for item in moved for line in item.lines}
    merged = {
        item.id: left
        for item in order.body.items
        if (left := only(item, lambda line: line.id not in gone)).lines or item.id == target.departure.id
    }
    there = merged.get(added.id)
    merged[added.id] = added if there is None else there.with_lines_of(added)
    items = tuple(merged.values())
    if max(len(items), len(order.body.left)) > MAX_ITEMS or any(len(item.lines) > MAX_LINES for item in items):
        raise Conflict(
            f"an order takes at most {MAX_ITEMS} dates with {MAX_LINES} participants or units each.",
            code="order_full",
            about="order",
        )
    if fresh:
        items = _with_commissions(order, target, request, pricing.settle(items, fresh))
    _require_answers(order, target, items, gone)
    known = {line.id: line for item in order.body.items for line in item.lines}

    def changes(line: Line) -> bool:
        return line.id in gone or known[line.id] != line

    after = parts(items, changes)
    changed = {line.id for item in after for line in item.lines}
    return MovePlan(
        items=items,
        moved=moved,
        before=parts(order.body.items, lambda line: line.id in changed),
        after=after,
        seats=added.seats,
    )


def _choose(order: Order, target: Target, request: MoveRequest) -> tuple[Item, ...]:
    """Return the items that guests leave, each with only these guests."""
    items = order.body.items
    if request.item_id is not None:
        items = tuple(item for item in items if item.id == request.item_id)
        if not items:
            raise NotFound("The order has no such item.", code="item_not_found")
    if request.line_ids is None:
        found = [only(item, lambda line: line.status == "confirmed") for item in items]
        chosen = tuple(item for item in found if item.lines and item.id != target.departure.id)
    else:
        wanted = set(request.line_ids)
        chosen = parts(items, lambda line: line.id in wanted)
        unknown = wanted - {line.id for item in chosen for line in item.lines}
        if unknown:
            raise NotFound(
                f"there is no participant or unit {min(unknown)[:40]!r} there.", code="line_not_found", about="guests"
            )
    if not chosen:
        raise Conflict("There is nobody to move: all are cancelled, or there already.", code="nobody_to_move")
    for item in chosen:
        for line in item.lines:
            _check_movable(item, line, target)
    return chosen


def _check_movable(item: Item, line: Line, target: Target) -> None:
    if item.id == target.departure.id:
        reason = "is on this departure already"
    elif line.status == "cancelled":
        reason = "is cancelled"
    elif line.pending_until:
        reason = "is not accepted yet; accept or decline the order first"
    elif line.kind != kind_of(target.product):
        raise Conflict(
            f"{target.product.name} is sold to {kind_of(target.product)}s, and {item.product_name} to {line.kind}s; "
            "cancel and order anew instead.",
            code="other_kind",
            about="departure",
        )
    else:
        return
    raise Conflict(f"{line.id} {reason}.", code="not_movable", about="guests")


def _arrivals(
    order: Order, target: Target, request: MoveRequest, moved: tuple[Item, ...]
) -> tuple[Item, frozenset[str]]:
    """Return the other departure's item with those who move, and the ids of those whose amounts are computed anew."""
    fresh: set[str] = set()
    arrived: Item | None = None
    for item in moved:
        for line in item.lines:
            one, changed = _arrival(order, target, request, item, line)
            if changed:
                fresh.add(line.id)
            arrived = one if arrived is None else arrived.with_lines_of(one)
    assert arrived is not None, "somebody moves"
    return arrived, frozenset(fresh)


def _arrival(order: Order, target: Target, request: MoveRequest, item: Item, line: Line) -> tuple[Item, bool]:
    """Return an item with one guest as they are on the other departure, and whether amounts have to be computed."""
    departure, product, catalog, _ = target
    wanted = names.find(request.tiers, line.tier) or line.tier
    tier = product.tier(wanted)
    if tier is None:
        known = ", ".join(tier.code for tier in product.tiers)
        raise Invalid(
            f"{product.name} has no price tier {wanted[:40]!r}; say which of {known} they get.",
            code="unknown_tier",
            about=f"tiers.{line.tier}",
        )
    old = item.arranged(line)
    location, pickup = _place(target, request, line, old)
    policy = old.policy if request.price == "kept" else catalog.policy_of(product)
    moved_by_us = line.sold_for or item.local_start
    guest = msgspec.structs.replace(
        line,
        tier=tier.code,
        seats=tier.seats,
        arrangement=0,
        checked_in_at=None,
        no_show_at=None,
        marks=(),
        sold_for=moved_by_us if request.asked_by == "supplier" else "",
        answers=_answers(target, request, line),
    )
    one = Item(
        id=departure.id,
        product_id=product.id,
        product_code=product.code,
        product_name=product.name,
        product_number=product.number,
        kind=line.kind,
        start_at=departure.start_at,
        end_at=departure.end_at,
        time_zone=departure.time_zone,
        arrangements=(Arrangement(policy=policy, location=location, pickup=pickup),),
        lines=(guest,),
    )
    if request.price == "new":
        priced = msgspec.structs.replace(guest, price=tier.price_on(departure.prices), reduction=None, discount=0)
        priced = msgspec.structs.replace(priced, reduction=line.reduction)
        one = msgspec.structs.replace(one, lines=(priced,))
        return pricing.on_terms(one, catalog, discount_as_sold(order, catalog, line)), True
    if (pickup and pickup.key) == (old.pickup and old.pickup.key):
        return one, False
    charges = tuple(charge for charge in guest.charges if charge.kind != "pickup")
    kept = msgspec.structs.replace(
        guest, charges=(*pricing.pickup_charges(pickup), *charges), reduction=kept_reduction(line)
    )
    return msgspec.structs.replace(one, lines=(kept,)), True


def _place(
    target: Target, request: MoveRequest, line: Line, old: Arrangement
) -> tuple[Place | None, PickupChoice | None]:
    """Return where a guest begins, and their pickup: the ones asked for, or else their own."""
    catalog, product = target.catalog, target.product
    if request.location_id or request.pickup_detail_id:
        return choose_place(catalog, product, request.location_id, request.pickup_detail_id)
    start, _ = choose_place(catalog, product, None, None)
    own = {catalog.locations[code].id for code in product.locations}
    location = old.location if old.location is not None and old.location.id in own else start
    pickup = old.pickup
    if pickup is None or request.without_pickup:
        return location, None
    try:
        _, choice = choose_place(catalog, product, pickup.location.id, pickup.detail.id if pickup.detail else None)
    except Invalid:
        choice = None
    if choice is None or choice.key != pickup.key:
        raise Conflict(
            f"{product.name} doesn't pick up {line.id} by {pickup.name} at {pickup.location.name}; choose a place with "
            "locationId, or move without the pickup (withoutPickup).",
            code="pickup_not_offered",
        )
    return location, pickup if request.price == "kept" else choice


def _answers(target: Target, request: MoveRequest, line: Line) -> dict[str, Any]:
    sent = request.answers.get(line.id)
    if not sent:
        return line.answers
    questions = questions_of(target.catalog, target.product)
    read = read_answers(questions, sent, of_guest=True, path=f"answers.{line.id}.")
    before = {label: value for label, value in line.answers.items() if names.find(sent, label) is None}
    return {**before, **read}


def _require_answers(order: Order, target: Target, items: tuple[Item, ...], moved: Collection[str]) -> None:
    """Raise `Conflict` if the other product asks something that must be answered and isn't."""
    there = parts(items, lambda line: line.id in moved)
    absent = absent_answers(there, target.catalog, order.body.customer)
    if absent:
        raise Conflict(
            f"{target.product.name} asks what has no answer yet: {', '.join(absent[:5])}. Send the guests' answers "
            "with the move (answers), or those of the order with its customer.",
            code="answer_missing_there",
        )


def _with_commissions(order: Order, target: Target, request: MoveRequest, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return items whose reseller's earnings follow their amounts: for a new price at the present rate."""
    resale = order.body.resale
    if resale is None:
        return items
    known = {line.id: line for item in order.body.items for line in item.lines}
    moves = {line.id for item in items if item.id == target.departure.id for line in item.lines}
    was_there = {line.id for item in order.body.items if item.id == target.departure.id for line in item.lines}
    anew = moves - was_there if request.price == "new" else set()
    if anew:
        assert target.terms is not None, "a reseller's order that is priced anew has terms"
        priced = {line.id: line for item in with_commission(items, target.terms) for line in item.lines}

    def earning(line: Line) -> Line:
        if line.id in anew:
            return priced[line.id]
        before = known[line.id]
        if (before.price, before.discount, before.charges) == (line.price, line.discount, line.charges):
            return line
        return with_commission_as_sold(line, resale.kind)

    return tuple(item.map_lines(earning) for item in items)


def _without_own(line: Line) -> Line:
    return msgspec.structs.replace(
        line, first_name=None, last_name=None, answers={}, checked_in_at=None, no_show_at=None, marks=()
    )
