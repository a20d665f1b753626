"""The parts of carts and orders.

A cart's (and an order's) contents are one document, written with a version number; whatever must be counted or searched
across carts (holds, order lines, ledger) also has rows. Amounts are minor units, instants milliseconds UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from seatwright.catalog.model import Deposit
from seatwright.catalog.policy import Policy
from seatwright.core.clock import Instant
from seatwright.core.times import iso_wall
from seatwright.resellers.model import Rate

LineKind: TypeAlias = Literal["participant", "unit"]
ChargeKind: TypeAlias = Literal["tax", "fee", "service_fee", "pickup"]
Calc: TypeAlias = Literal["percent", "flat"]
MarkKind: TypeAlias = Literal["in", "out", "missing", "came"]

MAX_ITEMS = 50
"""Maximum number of departures in one cart or order (our decision)."""
MAX_LINES = 1_000
"""Maximum number of participants or units of one item (our decision)."""


class LineCharge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tax, fee or pickup on one line, in minor units, and its terms of sale.

    An `included` one is part of the price already. One `per_order` is the order's: `amount` is this line's part of it.
    `rate` is ppm for `percent` and minor units for `flat`, as the catalog had it when the line was priced; None for
    charges that were sold before rates were stored, which stay as they are. A `compound` tax is on the other taxes too.
    """

    code: str
    name: str
    kind: ChargeKind
    amount: int
    included: bool = False
    per_order: bool = False
    calc: Calc = "flat"
    rate: int | None = None
    compound: bool = False


class Reduction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The discount with which a line was sold: `rate` is ppm for `percent`, minor units for `flat`.

    One `per_order` is the order's, spread over the lines that have it.
    """

    code: str
    calc: Calc
    rate: int
    per_order: bool = False


class Mark(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Something that was noted of a guest at the check-in: when, by which id, and what.

    They turned up (`in`), or that was taken back (`out`); they did not come (`missing`), or did after all (`came`).
    """

    at: Instant
    id: str
    kind: MarkKind


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One participant of an activity or one unit of a rental.

    `discount` is the amount that `reduction` takes off its price. `arrangement` is the index of its arrangement in
    `Item.arrangements`. `commission` is the amount that a reseller earns on it, or keeps of it, at `commission_rate`.
    `checked_in_at` is when the guest turned up, `no_show_at` when they were noted as not having come; both follow from
    the `marks` (`orders.marks`), if there are any. `pending_until`
    is the deadline for accepting it in an order; 0 if it needn't be accepted, or has been. `sold_for` is the local
    start for which it was sold (ISO 8601), if the departure has been moved since. `answers` are the guest's to custom
    questions, by their labels.
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
    no_show_at: Instant | None = None
    marks: tuple[Mark, ...] = ()
    pending_until: Instant = 0
    arrangement: int = 0
    reduction: Reduction | None = None
    commission_rate: Rate | None = None
    sold_for: str = ""
    answers: dict[str, Any] = {}

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
        """The line's total: price - discount + fees + tax."""
        return self.price - self.discount + sum(c.amount for c in self.charges if not c.included)


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over lines, in minor units."""

    price: int
    discount: int
    fees: int
    tax: int
    total: int

    def __sub__(self, other: Sums) -> Sums:
        """Return by how much these sums are more than others."""
        return Sums(**{name: getattr(self, name) - getattr(other, name) for name in self.__struct_fields__})


def sums(lines: Sequence[Line]) -> Sums:
    """Add up lines."""
    return Sums(
        price=sum(line.price for line in lines),
        discount=sum(line.discount for line in lines),
        fees=sum(line.fees for line in lines),
        tax=sum(line.tax for line in lines),
        total=sum(line.total for line in lines),
    )


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A location with its name at the time of booking."""

    id: str
    name: str


class PickupChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chosen pickup: its place and detail (such as the time); `price` is for each participant."""

    id: str
    name: str
    location: Place
    detail: Place | None = None
    price: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """The pickup's identity, independent of names and prices at the time."""
        return self.id, self.location.id, self.detail.id if self.detail else ""


class Arrangement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A guest's cancellation policy, starting place and pickup, and what of the price is to be paid in advance.

    It belongs to a participant or unit; an item stores each different arrangement of its lines once.
    """

    policy: Policy | None = None
    location: Place | None = None
    pickup: PickupChoice | None = None
    deposit: Deposit | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One departure in a cart or order, with everything to which the customer agreed.

    `id` is the departure's (the inventory id). `held_since` is when a cart's hold on it began, and `expires_at` when it
    ends; 0 in an order.
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
    arrangements: tuple[Arrangement, ...] = (Arrangement(),)
    lines: tuple[Line, ...]
    held_since: Instant = 0
    expires_at: Instant = 0

    @property
    def live(self) -> tuple[Line, ...]:
        """The lines that are not cancelled."""
        return tuple(line for line in self.lines if line.status == "confirmed")

    def arranged(self, line: Line) -> Arrangement:
        """Return the arrangement of a line of this item."""
        return self.arrangements[line.arrangement]

    def by_arrangement(self, lines: Iterable[Line]) -> list[tuple[Arrangement, list[Line]]]:
        """Return these lines of the item by arrangement, in the order of the arrangements."""
        found: dict[int, list[Line]] = {}
        for line in lines:
            found.setdefault(line.arrangement, []).append(line)
        return [(self.arrangements[place], found[place]) for place in sorted(found)]

    @property
    def location(self) -> Place | None:
        """The starting place of all booked guests (or, if all have cancelled, of those); None if it differs."""
        places = {place and place.id: place for place in (each.location for each in self._arranged)}
        return next(iter(places.values())) if len(places) == 1 else None

    @property
    def pickup(self) -> PickupChoice | None:
        """The pickup of all booked guests (or, if all have cancelled, of those); None if it differs."""
        pickups = {pickup and pickup.key: pickup for pickup in (each.pickup for each in self._arranged)}
        return next(iter(pickups.values())) if len(pickups) == 1 else None

    @property
    def _arranged(self) -> Iterable[Arrangement]:
        if len(self.arrangements) == 1:
            return self.arrangements
        return [arrangement for arrangement, _ in self.by_arrangement(self.live or self.lines)]

    def moved(self, line: Line) -> bool:
        """Tell whether the departure has another local time than the one for which the line was sold."""
        return bool(line.sold_for) and line.sold_for != self.local_start

    @property
    def local_start(self) -> str:
        """The local start, ISO 8601; empty without a date."""
        return "" if self.start_at is None else iso_wall(self.start_at, self.time_zone)

    def with_lines_of(self, added: Item) -> Item:
        """Return this item with the lines of another one of the same departure, and their arrangements."""
        arrangements = tuple(dict.fromkeys((*self.arrangements, *added.arrangements)))
        places = [arrangements.index(arrangement) for arrangement in added.arrangements]
        lines = (msgspec.structs.replace(line, arrangement=places[line.arrangement]) for line in added.lines)
        return msgspec.structs.replace(self, arrangements=arrangements, lines=(*self.lines, *lines))

    def map_lines(self, change: Callable[[Line], Line]) -> Item:
        """Return this item with each of its lines as `change` returns it."""
        return msgspec.structs.replace(self, lines=tuple(map(change, self.lines)))

    def with_lines(self, changed: Mapping[str, Line]) -> Item:
        """Return this item with those of its lines replaced that are in `changed`, by id."""
        return self.map_lines(lambda line: changed.get(line.id, line))

    @property
    def pending(self) -> tuple[Line, ...]:
        """The lines that still have to be accepted."""
        return tuple(line for line in self.live if line.pending_until)

    @property
    def pending_until(self) -> Instant:
        """The earliest deadline of its pending lines; 0 if there is none."""
        return min((line.pending_until for line in self.pending), default=0)

    @property
    def seats(self) -> int:
        """Seats (or units) that the lines which are not cancelled occupy."""
        return sum(line.seats for line in self.lines if line.status == "confirmed")


class OrderAgent(msgspec.Struct, frozen=True, kw_only=True):
    """The reseller's user for whom a supplier orders in the reseller's name."""

    id: str
    name: str
    email: str


class CartBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cart's document. `reseller_id` is the reseller in whose name its owner, the supplier, is going to order."""

    created_by: str
    created_by_email: str
    customer: dict[str, Any] = {}
    items: tuple[Item, ...] = ()
    discount_code: str | None = None
    reseller_id: str | None = None
    agent: OrderAgent | None = None

    def item(self, departure_id: str) -> Item | None:
        """Return the item of a departure, or None."""
        return next((item for item in self.items if item.id == departure_id), None)


class TargetOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The order to which an open cart will be added, as it is at present. `total` is in minor units."""

    id: str
    confirmation: int
    total: int
    items: tuple[Item, ...]
    discount_codes: tuple[str, ...] = ()


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it was read. `account_id` owns the seats; `owner_id` the cart (a reseller, or the same).

    `order_id` is the order that it has become or to which it was added; for an open cart, the order to which it will be
    added.
    """

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

    @property
    def seller_id(self) -> str:
        """The account that sells its contents: the owner, or the reseller in whose name the owner orders."""
        return self.body.reseller_id or self.owner_id


class FirstOrderRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The request with which a cart was first ordered; a repeated request must be the same.

    `payments` are its payments, one text for each; None if it named none.
    """

    order_id: str | None = None
    reference_id: str | None = None
    reseller_id: str | None = None
    payments: tuple[str, ...] | None = None
