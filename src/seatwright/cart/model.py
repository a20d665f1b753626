"""What carts and orders are made of.

A cart's (and an order's) contents are one document, written with a version number; what must be counted or
found across carts (holds, order lines, ledger) has rows of its own. Amounts are minor units, instants
milliseconds UTC.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from seatwright.catalog.policy import Policy
from seatwright.core.clock import Instant

LineKind: TypeAlias = Literal["participant", "unit"]
ChargeKind: TypeAlias = Literal["tax", "fee", "service_fee", "pickup"]

MAX_ITEMS = 50
"""Departures in one cart or order at most (our decision)."""
MAX_LINES = 1_000
"""Participants or units of one item at most (our decision)."""


class LineCharge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tax, fee or pickup on one line. An `included` one is part of the price already."""

    code: str
    name: str
    kind: ChargeKind
    amount: int
    included: bool = False
    per_order: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One participant of an activity or one unit of a rental.

    `commission` is what a reseller earns on it, or keeps of it. `checked_in_at` is when they turned up.
    `pending_until` is until when it has to be accepted in an order; 0 if it needn't be, or has been.
    """

    id: str
    kind: LineKind
    tier: str
    seats: int
    price: int
    discount: int = 0
    charges: tuple[LineCharge, ...] = ()
    status: Literal["confirmed", "cancelled"] = "confirmed"
    cancellation_fee: int = 0
    first_name: str | None = None
    last_name: str | None = None
    commission: int = 0
    checked_in_at: Instant | None = None
    pending_until: Instant = 0

    @property
    def fees(self) -> int:
        """Fees, service fees and pickups on top of the price."""
        return sum(c.amount for c in self.charges if c.kind != "tax" and not c.included)

    @property
    def tax(self) -> int:
        """Taxes on top of the price."""
        return sum(c.amount for c in self.charges if c.kind == "tax" and not c.included)

    @property
    def total(self) -> int:
        """What the line costs: price - discount + fees + tax."""
        return self.price - self.discount + sum(c.amount for c in self.charges if not c.included)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A location as it was called when it was booked."""

    id: str
    name: str


class PickupChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pickup that was chosen: where, and how (such as the time); `price` is for each participant."""

    id: str
    name: str
    location: Place
    detail: Place | None = None
    price: int = 0


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One departure in a cart or order, with everything about it that the customer agreed to.

    `id` is the departure's (the inventory id). `expires_at` is when a cart's hold on it ends; 0 in an order.
    """

    id: str
    product_id: str
    product_code: str
    product_name: str
    product_number: int
    kind: LineKind
    start_at: Instant | None
    end_at: Instant | None
    time_zone: str
    location: Place | None = None
    pickup: PickupChoice | None = None
    policy: Policy | None = None
    lines: tuple[Line, ...]
    expires_at: Instant = 0

    @property
    def live(self) -> tuple[Line, ...]:
        """The lines that are not cancelled."""
        return tuple(line for line in self.lines if line.status == "confirmed")

    @property
    def pending(self) -> tuple[Line, ...]:
        """The lines that have to be accepted still."""
        return tuple(line for line in self.live if line.pending_until)

    @property
    def pending_until(self) -> Instant:
        """Until when the first of its pending lines has to be accepted; 0 if there is none."""
        return min((line.pending_until for line in self.pending), default=0)

    @property
    def seats(self) -> int:
        """Seats (or units) that the lines which are not cancelled occupy."""
        return sum(line.seats for line in self.lines if line.status == "confirmed")


class CartBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cart's document."""

    created_by: str
    created_by_email: str
    customer: dict[str, Any] = {}
    items: tuple[Item, ...] = ()
    discount_code: str | None = None

    def item(self, departure_id: str) -> Item | None:
        """Return the item of a departure, or None."""
        return next((item for item in self.items if item.id == departure_id), None)


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it was read. `account_id` owns the seats; `owner_id` is the seller (a reseller, or the same)."""

    account_id: str
    id: str
    owner_id: str
    status: Literal["open", "ordered", "deleted"]
    version: int
    body: CartBody
    order_id: str | None
    order_request: str | None
    created_at: Instant
    modified_at: Instant


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `POST /order` was first asked for a cart; a repetition must ask for the same."""

    order_id: str | None = None
    reference_id: str | None = None
