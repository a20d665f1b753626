"""The manifest of a departure: its guests with pickups, answers, balances and check-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from seatwright.cart.model import Item, Line, PickupChoice
from seatwright.core import names
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.customers.fields import CUSTOMER_FIELDS, answers_of
from seatwright.orders import store
from seatwright.orders.view import CUSTOMER, OrderView, view_of
from seatwright.reports.products import ProductName, product_names
from seatwright.storage.engine import ReadTx, Row

GUIDE_SEES: frozenset[str] = CUSTOMER | {"phone"}
"""The fields of a customer that somebody needs who leads the guests: the name, the language, and a number to call."""
MAX_ORDERS = 5_000
"""Orders on one manifest at most."""


class Guest(NamedTuple):
    """One participant or unit that is not cancelled, with the order that it is on.

    `customer` has what the reader may see. `balance` is the whole order's, in minor units of `currency`; None for a
    reader who sees no money. `checked_in` is when they turned up; None if they haven't.
    """

    line: Line
    status: Literal["confirmed", "pending"]
    item: Item
    order_id: str
    confirmation: int
    reference_id: str | None
    channel: str
    customer: dict[str, Any]
    answers: dict[str, Any]
    balance: int | None
    currency: str

    @property
    def pickup(self) -> PickupChoice | None:
        """How they are picked up."""
        return self.item.arranged(self.line).pickup

    @property
    def checked_in(self) -> Instant | None:
        """When they turned up."""
        return self.line.checked_in_at

    @property
    def no_show(self) -> Instant | None:
        """When they were noted as not having come."""
        return self.line.no_show_at

    @property
    def name(self) -> tuple[str, str]:
        """Last and first name: their own, or else the customer's."""
        if self.line.first_name or self.line.last_name:
            return self.line.last_name or "", self.line.first_name or ""
        return str(self.customer.get("lastName", "")), str(self.customer.get("firstName", ""))


class Manifest(NamedTuple):
    """A departure and its guests, by pickup place, pickup detail and name; without a pickup last."""

    departure_id: str
    product: ProductName
    start_at: Instant | None
    end_at: Instant | None
    zone: str
    capacity: int
    taken: int
    guests: list[Guest]

    @property
    def tiers(self) -> dict[str, int]:
        """How many of each price tier."""
        return dict(sorted(names.count(guest.line.tier for guest in self.guests).items()))


class Found(NamedTuple):
    """What was read of a departure; `manifest_of` makes a manifest of it, which takes longer with many orders."""

    departure: Row
    product: ProductName
    orders: Sequence[Row]
    viewer_id: str


async def read(tx: ReadTx, account_id: str, departure_id: str) -> Found:
    """Read a departure of the account with the orders that have somebody on it.

    Raises `NotFound`, and `Conflict` for more than `MAX_ORDERS` orders.
    """
    departure = await tx.row(
        """
        SELECT id, product_id, start_at, end_at, time_zone, capacity, taken FROM departure
        WHERE account_id = $1 AND id = $2
        """,
        account_id,
        departure_id,
    )
    if departure is None:
        raise NotFound("There is no such departure.", code="departure_not_found")
    products = await product_names(tx, account_id, {departure["product_id"]})
    orders = await orders_on(tx, account_id, [departure_id])
    return Found(departure, products[departure["product_id"]], orders, account_id)


async def orders_on(tx: ReadTx, account_id: str, departure_ids: Sequence[str]) -> Sequence[Row]:
    """Return the rows of the orders that have somebody on one of these departures, each once, with the columns of
    `store.ORDER_COLUMNS`. Raises `Conflict` for more than `MAX_ORDERS`."""
    orders = await tx.rows(
        f"""
        SELECT {store.ORDER_COLUMNS} FROM orders o
        JOIN order_view v ON v.account_id = $1 AND v.order_id = o.id
        WHERE o.account_id = $1 AND o.id IN (
            SELECT order_id FROM order_line WHERE account_id = $1 AND departure_id = ANY($2) AND status = 'confirmed'
        ) LIMIT $3
        """,  # noqa: S608 - constant columns
        account_id,
        list(departure_ids),
        MAX_ORDERS + 1,
    )
    if len(orders) > MAX_ORDERS:
        where = "this departure" if len(departure_ids) == 1 else "these departures"
        raise Conflict(f"There are more than {MAX_ORDERS} orders on {where}.", code="manifest_too_long")
    return orders


def manifest_of(found: Found, rights: frozenset[str]) -> Manifest:
    """Return the manifest that was read, for a reader with these permissions.

    Without `customers.read` it has of the customers what `GUIDE_SEES`, and without `orders.read` no money.
    """
    departure = found.departure
    guests = [
        guest
        for row in found.orders
        for guest in guests_on(view_of(store.order_from(row), found.viewer_id), departure["id"], rights)
    ]
    return Manifest(
        departure_id=departure["id"],
        product=found.product,
        start_at=departure["start_at"],
        end_at=departure["end_at"],
        zone=departure["time_zone"],
        capacity=departure["capacity"],
        taken=departure["taken"],
        guests=sorted(guests, key=_place_and_name),
    )


def guests_on(order: OrderView, departure_id: str, rights: frozenset[str]) -> Iterator[Guest]:
    """Yield an order's guests on a departure that are not cancelled, for a reader with these permissions."""
    item = order.body.item(departure_id)
    if item is None:
        return
    customer = order.body.customer
    answers = answers_of(customer)
    seen = CUSTOMER_FIELDS if "customers.read" in rights else GUIDE_SEES
    described = {name: value for name, value in customer.items() if name in seen}
    for line in item.live:
        yield Guest(
            line=line,
            status="pending" if line.pending_until else "confirmed",
            item=item,
            order_id=order.id,
            confirmation=order.confirmation,
            reference_id=order.body.reference_id,
            channel=order.channel,
            customer=described,
            answers=_own_first(line.answers, answers),
            balance=order.balance if "orders.read" in rights else None,
            currency=order.body.currency,
        )


def by_place(guests: Sequence[Guest], place: Callable[[Guest], str]) -> dict[str, list[list[Guest]]]:
    """Return guests by their place, as `place` calls it, and there by order; both as they come first."""
    found: dict[str, list[Guest]] = {}
    for guest in guests:
        found.setdefault(place(guest), []).append(guest)
    return {name: parties(each) for name, each in found.items()}


def parties(guests: Sequence[Guest]) -> list[list[Guest]]:
    """Return the guests of each order, as they come first."""
    found: dict[str, list[Guest]] = {}
    for guest in guests:
        found.setdefault(guest.order_id, []).append(guest)
    return list(found.values())


def _own_first(own: Mapping[str, Any], of_order: Mapping[str, Any]) -> dict[str, Any]:
    """Return a guest's answers, and those of the order to what they didn't answer themselves."""
    others = {label: answer for label, answer in of_order.items() if names.find(own, label) is None}
    return {**own, **others}


def _place_and_name(guest: Guest) -> tuple[Any, ...]:
    """Return what guests are ordered by; those of one order with the same place and name stay as they are in it."""
    pickup = guest.pickup
    place = (True, "", "")
    if pickup is not None:
        place = (False, pickup.location.name.casefold(), pickup.detail.name.casefold() if pickup.detail else "")
    last, first = guest.name
    return *place, last.casefold(), first.casefold(), guest.confirmation
