"""Carts, and the parts that carts and orders share: items, and participants or units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.products import Named
from seatwright_client.request import MANAGE, RESMARK, Request, get, given, listing, path, several, write
from seatwright_client.times import in_zone, wall_clock

_CART = f"{RESMARK}/cart"


class ItemDate(Shape, frozen=True, kw_only=True):
    """Start and end on the wall clock of the place, though they end in `Z`; None for what has no date."""

    start_time: str | None
    end_time: str | None
    time_zone: str

    @property
    def local_start(self) -> dt.datetime | None:
        """The start on the wall clock, without a zone."""
        return wall_clock(self.start_time)

    @property
    def local_end(self) -> dt.datetime | None:
        """The end on the wall clock, without a zone."""
        return wall_clock(self.end_time)

    @property
    def start(self) -> dt.datetime | None:
        """The start as an instant, aware of its zone."""
        return in_zone(self.start_time, self.time_zone)

    @property
    def end(self) -> dt.datetime | None:
        """The end as an instant, aware of its zone."""
        return in_zone(self.end_time, self.time_zone)


class ItemPickup(Shape, frozen=True, kw_only=True):
    """A pickup that was chosen: which service, where, and how."""

    id: str
    name: str
    location: Named
    pickup_detail: Named | None = None


class Charge(Shape, frozen=True, kw_only=True):
    """One tax, fee, service fee or pickup; an included one is part of the price."""

    name: str
    type: str
    amount: Decimal
    included: bool = False


class Line(Shape, frozen=True, kw_only=True):
    """One participant or unit, with what it costs. `status` is `confirmed` or `cancelled`; `answers` are by label."""

    id: str
    tier: str
    status: str
    first_name: str | None = None
    last_name: str | None = None
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    total: Decimal
    cancellation_fee: Decimal = Decimal(0)
    pending_until: dt.datetime | None = None
    checked_in_date: dt.datetime | None = None
    no_show_date: dt.datetime | None = None
    location: Named | None = None
    pickup: ItemPickup | None = None
    answers: dict[str, Any] = msgspec.field(default_factory=dict)
    charges: tuple[Charge, ...] = ()


class ParticipantDetails(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """Who a participant or unit of a cart is (`set_customer`); `answers` are to custom questions, by their labels."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    answers: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Item(Shape, frozen=True, kw_only=True):
    """One date and time of an order. Its sums leave out what is cancelled.

    It has a location or pickup where all who are booked have the same one; each line has its own. `status` is
    `confirmed`, `pending` or `cancelled`; `quantity_type` is `participant`, with a `participant_list`, or
    `unit`, with a `unit_list`.
    """

    id: str
    product_id: str
    product_name: str
    product_number: int
    quantity_type: str
    status: str
    date: ItemDate
    location: Named | None = None
    pickup: ItemPickup | None = None
    participant_list: tuple[Line, ...] = ()
    unit_list: tuple[Line, ...] = ()
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    total: Decimal

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its participants or units, whichever it has."""
        return self.participant_list or self.unit_list


class CartItem(Item, frozen=True, kw_only=True):
    """One date and time in a cart. Its seats are held until `hold_expires_date`."""

    hold_expires_date: dt.datetime


class Addition(Shape, frozen=True, kw_only=True):
    """The effect of adding a cart to its order: by how much the order's `total` grows, and the new total."""

    order_id: str
    confirmation: int
    total: Decimal
    order_total: Decimal


class Cart(Shape, frozen=True, kw_only=True):
    """A cart: its contents, its customer and its price. `customer` has the wire's names (`firstName`).

    The sums of a cart that was made for an order are the price of adding it.
    """

    id: str
    entity_id: str
    supplier_id: str | None = None
    reseller_id: str | None = None
    created_date: dt.datetime
    modified_date: dt.datetime
    created_by: str
    created_by_email: str
    customer: dict[str, Any]
    items: tuple[CartItem, ...]
    discount_code: str | None = None
    order_id: str | None = None
    addition: Addition | None = None
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    total: Decimal
    currency: str


_cart = enveloped(Cart)
_Carts: TypeAlias = list[Cart]


class Hold(Shape, frozen=True, kw_only=True):
    """How long the seats of an item are held. One that isn't `live` has lapsed.

    It ends at `latest_end_date`, however often it is extended.
    """

    item_id: str
    seats: int
    live: bool
    end_date: dt.datetime
    latest_end_date: dt.datetime


class CartHolds(Shape, frozen=True, kw_only=True):
    """How long a cart's seats are held, at the server's time `now`.

    `end_date` is until when all of them are held; None if one of the holds has lapsed.
    """

    cart_id: str
    now: dt.datetime
    end_date: dt.datetime | None
    holds: tuple[Hold, ...]


class CartDeposit(Shape, frozen=True, kw_only=True):
    """What of a cart is to be paid in advance, and what all of it costs."""

    cart_id: str
    deposit: Decimal
    total: Decimal
    currency: str


class Carts(Resource[Mode]):
    """`client.carts`. Methods that change a cart return it as it is afterwards."""

    @operation
    def create(
        self,
        *,
        supplier_id: str | None = None,
        order_id: str | None = None,
        reseller_entity_id: str | None = None,
        agent_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Cart]:
        """Make an empty cart; with `supplier_id` a reseller's, on that supplier's products and seats.

        One for an order (`order_id`, or its confirmation number) shows what adding it to that order will cost, and
        `orders.create` adds it. With `reseller_entity_id` a supplier's, in the name of that reseller's account and of
        its agent `agent_id` (a user's id, e-mail or alternative id).
        """
        query = {
            "supplier_id": supplier_id,
            "order_id": order_id,
            "reseller_entity_id": reseller_entity_id,
            "agent_id": agent_id,
        }
        return write("POST", _CART, _cart, key=idempotency_key, query=query)

    @operation
    def list(self, *, ids: Iterable[str] | None = None, limit: int = 200, page: int = 0) -> Request[_Carts]:
        """Return a page of open carts, oldest first. An empty list of `ids` has none; None is no filter."""
        return listing(_CART, enveloped(_Carts), {"ids": several(ids), "limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def read(self, cart_id: str) -> Request[Cart]:
        """Return an open cart. `Conflict` if it has become an order."""
        return get(path(_CART, cart_id), _cart)

    @operation
    def holds(self, cart_id: str) -> Request[CartHolds]:
        """Return how long the cart's seats are held."""
        return get(path(MANAGE, "carts", cart_id, "holds"), enveloped(CartHolds))

    @operation
    def deposit(self, cart_id: str) -> Request[CartDeposit]:
        """Return what of the cart is to be paid in advance."""
        return get(path(MANAGE, "carts", cart_id, "deposit"), enveloped(CartDeposit))

    @operation
    def extend(self, cart_id: str, *, idempotency_key: str | None = None) -> Request[CartHolds]:
        """Hold all seats of a cart longer, each up to its latest end. `Conflict` if none can be held longer."""
        return write("POST", path(MANAGE, "carts", cart_id, "extend"), enveloped(CartHolds), key=idempotency_key)

    @operation
    def delete(self, cart_id: str, *, idempotency_key: str | None = None) -> Request[Cart]:
        """Delete a cart; all its seats are free again at once."""
        return write("DELETE", path(_CART, cart_id), _cart, key=idempotency_key)

    @operation
    def add_item(
        self,
        cart_id: str,
        item_id: str,
        participants: Mapping[str, int],
        *,
        location_id: str | None = None,
        pickup_detail_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Cart]:
        """Hold seats or units on a departure (`activity_id`) for 30 minutes, the server's setting.

        `participants` says how many by price tier, `{"Adult": 2, "Child": 1}`, or `{"All": 2}` for a product with one
        price; rentals count units the same way. `location_id` and `pickup_detail_id` are where and how to be picked
        up. `SoldOut` if there aren't enough left.
        """
        body = given(
            item_id=item_id, participants=participants, location_id=location_id, pickup_detail_id=pickup_detail_id
        )
        return write("POST", path(_CART, cart_id, "item"), _cart, key=idempotency_key, body=body)

    @operation
    def remove_item(self, cart_id: str, item_id: str, *, idempotency_key: str | None = None) -> Request[Cart]:
        """Take a departure out of a cart; its seats are free again at once."""
        return write("DELETE", path(_CART, cart_id, "item", item_id), _cart, key=idempotency_key)

    @operation
    def set_customer(
        self,
        cart_id: str,
        customer: Mapping[str, Any] | None = None,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        phone: str | None = None,
        title: str | None = None,
        gender: str | None = None,
        birth_date: str | None = None,
        street_address: str | None = None,
        city: str | None = None,
        state: str | None = None,
        postal_code: str | None = None,
        country: str | None = None,
        organization: str | None = None,
        language: str | None = None,
        marketing_consent: bool | None = None,
        participants: Iterable[ParticipantDetails] | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Cart]:
        """Set a cart's customer, replacing the earlier one.

        `customer` has the wire's names (`firstName`), and answers to custom questions by their labels; the other
        arguments are added to it. `birth_date` is YYYY-MM-DD, `language` the language of mails to them ("de"), and
        `marketing_consent` whether they want to be on the mailing list. `participants` are names and answers of
        participants or units, by the ids that the cart's items list; the others keep what they have.
        """
        fields = given(
            email=email,
            first_name=first_name,
            last_name=last_name,
            phone=phone,
            title=title,
            gender=gender,
            birth_date=birth_date,
            street_address=street_address,
            city=city,
            state=state,
            postal_code=postal_code,
            country=country,
            organization=organization,
            language=language,
            marketing_consent=marketing_consent,
        )
        body: dict[str, Any] = {**(customer or {}), **fields}
        if participants is not None:
            body["participants"] = list(participants)
        return write("PUT", path(_CART, cart_id, "customer"), _cart, key=idempotency_key, body=body)

    @operation
    def apply_discount(self, cart_id: str, code: str, *, idempotency_key: str | None = None) -> Request[Cart]:
        """Apply a discount code, in place of one applied before."""
        return write("POST", path(_CART, cart_id, "discount"), _cart, key=idempotency_key, body={"code": code})

    @operation
    def remove_discount(self, cart_id: str, *, idempotency_key: str | None = None) -> Request[Cart]:
        """Take the discount code off a cart, if it has one."""
        return write("DELETE", path(_CART, cart_id, "discount"), _cart, key=idempotency_key)
