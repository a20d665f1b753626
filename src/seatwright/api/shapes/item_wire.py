"""Items, participants and units as carts and orders show them (wire reference, "Shapes that we settle on")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from seatwright.cart.model import Arrangement, Item, Line, PickupChoice, Place, sums
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, iso_wall
from seatwright.orders.model import item_status


class PlaceOut(msgspec.Struct, kw_only=True, rename="camel"):
    """A location."""

    id: str
    name: str


class PickupOut(msgspec.Struct, kw_only=True, rename="camel"):
    """A pickup: which service, where, and how."""

    id: str
    name: str
    location: PlaceOut
    pickup_detail: PlaceOut | None


class DateOut(msgspec.Struct, kw_only=True, rename="camel"):
    """Start and end on the location's wall clock, written as ISO 8601; null for what has no date."""

    start_time: str | None
    end_time: str | None
    time_zone: str


class ChargeOut(msgspec.Struct, kw_only=True, rename="camel"):
    """One tax, fee or pickup; an included one is part of the price."""

    name: str
    type: Literal["tax", "fee", "service_fee", "pickup"]
    amount: Decimal
    included: bool


class LineOut(msgspec.Struct, kw_only=True, rename="camel"):
    """One participant or unit, with what it costs. `answers` are the guest's to custom questions, by their labels.

    `noShowDate` is there only for a guest who was noted as not having come.
    """

    id: str
    tier: str
    status: Literal["confirmed", "cancelled"]
    first_name: str | None
    last_name: str | None
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    total: Decimal
    cancellation_fee: Decimal
    pending_until: str | None
    checked_in_date: str | None
    no_show_date: str | msgspec.UnsetType = msgspec.UNSET
    location: PlaceOut | None
    pickup: PickupOut | None
    answers: dict[str, Any]
    charges: list[ChargeOut]


class ItemOut(msgspec.Struct, kw_only=True, rename="camel"):
    """One date and time in a cart or order. Its sums leave out what is cancelled.

    It has a location or pickup where that is the same for everybody who is booked; each one's own is in the list.
    """

    id: str
    product_id: str
    product_name: str
    product_number: int
    quantity_type: Literal["participant", "unit"]
    status: Literal["confirmed", "pending", "cancelled"]
    date: DateOut
    location: PlaceOut | None
    pickup: PickupOut | None
    participant_list: list[LineOut]
    unit_list: list[LineOut]
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    total: Decimal


class CartItemOut(ItemOut, kw_only=True, rename="camel"):
    """A date and time in a cart. Its seats go back at `holdExpiresDate`, real UTC."""

    hold_expires_date: str


def item_out(item: Item, currency: str) -> ItemOut:
    """Show an item of an order."""
    return ItemOut(**_fields(item, currency))


def cart_item_out(item: Item, currency: str) -> CartItemOut:
    """Show an item of a cart."""
    return CartItemOut(**_fields(item, currency), hold_expires_date=iso_utc(item.expires_at))


def _fields(item: Item, currency: str) -> dict[str, Any]:
    lines = [_line_out(line, item.arranged(line), currency) for line in item.lines]
    of_live = sums(item.live)
    return {
        "id": item.id,
        "product_id": item.product_id,
        "product_name": item.product_name,
        "product_number": item.product_number,
        "quantity_type": item.kind,
        "status": item_status(item),
        "date": DateOut(
            start_time=None if item.start_at is None else iso_wall(item.start_at, item.time_zone),
            end_time=None if item.end_at is None else iso_wall(item.end_at, item.time_zone),
            time_zone=item.time_zone,
        ),
        "location": _place_out(item.location),
        "pickup": _pickup_out(item.pickup),
        "participant_list": lines if item.kind == "participant" else [],
        "unit_list": lines if item.kind == "unit" else [],
        "price": to_wire(of_live.price, currency),
        "discount": to_wire(of_live.discount, currency),
        "fees": to_wire(of_live.fees, currency),
        "tax": to_wire(of_live.tax, currency),
        "total": to_wire(of_live.total, currency),
    }


def _line_out(line: Line, arranged: Arrangement, currency: str) -> LineOut:
    return LineOut(
        id=line.id,
        tier=line.tier,
        status=line.status,
        first_name=line.first_name,
        last_name=line.last_name,
        price=to_wire(line.price, currency),
        discount=to_wire(line.discount, currency),
        fees=to_wire(line.fees, currency),
        tax=to_wire(line.tax, currency),
        total=to_wire(line.total, currency),
        cancellation_fee=to_wire(line.cancellation_fee, currency),
        pending_until=iso_utc(line.pending_until) if line.pending_until and line.status == "confirmed" else None,
        checked_in_date=None if line.checked_in_at is None else iso_utc(line.checked_in_at),
        no_show_date=msgspec.UNSET if line.no_show_at is None else iso_utc(line.no_show_at),
        location=_place_out(arranged.location),
        pickup=_pickup_out(arranged.pickup),
        answers=line.answers,
        charges=[
            ChargeOut(name=c.name, type=c.kind, amount=to_wire(c.amount, currency), included=c.included)
            for c in line.charges
        ],
    )


def _place_out(place: Place | None) -> PlaceOut | None:
    return PlaceOut(id=place.id, name=place.name) if place else None


def _pickup_out(pickup: PickupChoice | None) -> PickupOut | None:
    if pickup is None:
        return None
    return PickupOut(
        id=pickup.id,
        name=pickup.name,
        location=PlaceOut(id=pickup.location.id, name=pickup.location.name),
        pickup_detail=_place_out(pickup.detail),
    )
