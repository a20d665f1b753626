"""Reads a client's selection: the number of guests for each tier, and the pickup. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from seatwright.cart.model import MAX_LINES, Line, LineKind, PickupChoice, Place
from seatwright.catalog.model import Catalog, Location, Pickup, PickupDetail, Product, Tier
from seatwright.core import names
from seatwright.core.errors import Invalid
from seatwright.core.ids import new_hex24

ALL = "all"


def kind_of(product: Product) -> LineKind:
    """Return how a product is sold: to participants, or by the unit for a rental."""
    return "unit" if product.quantity_type == "unit" else "participant"


def count_tiers(product: Product, asked: Mapping[str, int]) -> list[tuple[Tier, int]]:
    """Return the selected tiers and the number for each, in the product's order.

    Counts are from 0 up; a tier with 0 is ignored. `All` means everybody: the only tier of a product that has just one;
    beside another tier it is not counted if the product has no tier of that name (wire reference, "Cart"). Raises
    `Invalid` for an unknown tier, an empty selection, or too many.
    """
    counts = dict(asked)
    if product.tier(ALL) is None:
        others = [name for name, count in counts.items() if count and not names.same(name, ALL)]
        if others:
            counts = {name: counts[name] for name in others}
        elif len(product.tiers) == 1:
            counts = {product.tiers[0].code: sum(counts.values())}
    chosen: dict[str, int] = {}
    for name, count in counts.items():
        if count == 0:
            continue
        tier = product.tier(name)
        if tier is None:
            known = ", ".join(tier.code for tier in product.tiers)
            raise Invalid(
                f"{product.name} has no such price tier; it has {known}.",
                code="unknown_tier",
                about=f"counts.{name}",
            )
        chosen[tier.code] = chosen.get(tier.code, 0) + count
    if not chosen:
        raise Invalid(
            'name at least one participant or unit, such as {"All": 2}.',
            code="no_participants",
            about="counts",
        )
    if sum(chosen.values()) > MAX_LINES:
        raise Invalid(
            f"at most {MAX_LINES} can be booked at once.",
            code="too_many_participants",
            about="counts",
        )
    return [(tier, chosen[tier.code]) for tier in product.tiers if tier.code in chosen]


def new_lines(product: Product, prices: Mapping[str, int], counts: list[tuple[Tier, int]]) -> tuple[Line, ...]:
    """Return a fresh line for each participant or unit, at the departure's price for its tier."""
    kind = kind_of(product)
    return tuple(
        Line(
            id=new_hex24(),
            kind=kind,
            tier=tier.code,
            seats=tier.seats,
            price=tier.price_on(prices),
        )
        for tier, count in counts
        for _ in range(count)
    )


def choose_place(
    catalog: Catalog, product: Product, location_id: str | None, pickup_detail_id: str | None
) -> tuple[Place | None, PickupChoice | None]:
    """Return the place of an item and the pickup of its guests.

    `location_id` is a pickup place, or one of the product's own locations and then no pickup (wire reference, "Cart").
    Empty texts mean no choice. Raises `Invalid` for an id that the product doesn't offer.
    """
    own = [catalog.locations[code] for code in product.locations]
    start = _place(own[0]) if own else None
    if not location_id and not pickup_detail_id:
        return start, None
    at_start = next((location for location in own if location.id == location_id), None)
    if at_start is not None and not pickup_detail_id:
        return _place(at_start), None
    for code in product.pickups:
        pickup = catalog.pickups[code]
        choice = _pickup(catalog, pickup, location_id, pickup_detail_id)
        if choice is not None:
            return start, choice
    if location_id and not _offers_location(catalog, product, location_id):
        raise Invalid(
            f"{product.name} has no such location or pickup place.",
            code="unknown_location",
            about="location",
        )
    raise Invalid(
        f"{product.name} has no such pickup there.",
        code="unknown_pickup_detail",
        about="pickup_detail",
    )


def _pickup(
    catalog: Catalog, pickup: Pickup, location_id: str | None, pickup_detail_id: str | None
) -> PickupChoice | None:
    places = catalog.pickup_locations(pickup)
    place = next((place for place in places if place.id == location_id), None)
    if place is None and not location_id and len(places) == 1:
        place = places[0]
    detail = next((detail for detail in pickup.details if detail.id == pickup_detail_id), None)
    if place is None or (pickup_detail_id and detail is None):
        return None
    return PickupChoice(
        id=pickup.id, name=pickup.name, location=_place(place), detail=_detail(detail), price=pickup.price
    )


def _offers_location(catalog: Catalog, product: Product, location_id: str) -> bool:
    pickups = (catalog.pickups[code] for code in product.pickups)
    places = [location for pickup in pickups for location in catalog.pickup_locations(pickup)]
    return any(location.id == location_id for location in places)


def _place(location: Location) -> Place:
    return Place(id=location.id, name=location.name)


def _detail(detail: PickupDetail | None) -> Place | None:
    return Place(id=detail.id, name=detail.name) if detail else None
