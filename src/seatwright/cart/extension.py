"""How long a cart's seats are held, and holding them longer: up to a hold's latest end (see `cart.hold_limits`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import hold_limits, holds, store
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Cart, Item
from seatwright.cart.seating import Taking, take_seats
from seatwright.cart.service import open_cart, require_sale
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, NotFound, SoldOut
from seatwright.inventory import seats
from seatwright.inventory import store as inventory
from seatwright.inventory.availability import bookable_product
from seatwright.inventory.model import Departure
from seatwright.inventory.offer import for_reseller
from seatwright.storage.engine import ReadTx, Retry, Tx


class HoldTime(NamedTuple):
    """How long the seats of one item are held: until `expires_at`; `live` is False if that has passed.

    However often it is extended, the hold ends at `latest_end`.
    """

    item: Item
    expires_at: Instant
    latest_end: Instant
    live: bool


class CartHolds(NamedTuple):
    """A cart and how long its items are held, at the instant `now`."""

    cart: Cart
    now: Instant
    holds: list[HoldTime]


async def hold_times(tx: ReadTx, booking: BookingContext, caller: Caller, cart_id: str) -> CartHolds:
    """Return how long an open cart's seats are held. Raises `NotFound`, and `Conflict` for an ordered cart."""
    opened = await open_cart(tx, booking, caller, cart_id)
    return _times_of(opened.cart, booking, booking.clock.now())


async def extend(tx: Tx, booking: BookingContext, caller: Caller, cart_id: str) -> CartHolds:
    """Hold each item of a cart for a full time from now, or up to its latest end; one that has lapsed gets its seats
    again if they are free. Nothing else of the cart changes.

    What can't be held longer stays as it is, and the result shows it. If that is everything, this raises the reason:
    `Conflict` or `SoldOut`. Raises `NotFound` for an unknown cart, and `Conflict` for an empty or ordered one.
    """
    now = booking.clock.now()
    opened = await open_cart(tx, booking, caller, cart_id)
    cart, connection = opened.cart, await require_sale(tx, opened.cart)
    catalog = opened.catalog if connection is None else for_reseller(opened.catalog, connection.terms)
    takings, refusals = [], []
    for item in sorted(cart.body.items, key=lambda item: item.id):
        departure = await inventory.find(tx, cart.account_id, item.id, now)
        try:
            bookable_product(catalog, departure, now)
            assert departure is not None
            takings.append(_taking(booking, cart, departure, item, now))
        except (Conflict, NotFound, SoldOut) as refusal:
            refusals.append(refusal)
    if not takings:
        raise refusals[0] if refusals else Conflict("There is nothing in this cart to hold.", code="cart_empty")
    takings = [taking for taking in takings if taking.item != cart.body.item(taking.item.id)]
    if not takings:
        return _times_of(cart, booking, now)
    await _require_room(tx, takings, now)
    await store.lock(tx, cart)
    await seats.lock(tx, cart.account_id, [taking.item.id for taking in takings])
    for taking in takings:
        taking = taking._replace(cart=_with(cart, taking.item))
        cart = await take_seats(tx, booking, caller, taking, connection, now)
    return _times_of(cart, booking, now)


def _taking(booking: BookingContext, cart: Cart, departure: Departure, item: Item, now: Instant) -> Taking:
    """Return how an item is held longer. Raises `Conflict` if its time is used, and `SoldOut` if its seats are gone."""
    if hold_limits.latest_end(booking, item, now) <= max(now, item.expires_at):
        raise hold_limits.time_used()
    since, expires_at = hold_limits.extended(booking, item, now)
    longer = msgspec.structs.replace(item, held_since=since, expires_at=max(expires_at, item.expires_at))
    if item.expires_at > now:
        return Taking(cart, departure, longer, 0)
    if departure.free < item.seats:
        raise seats.sold_out(departure.id)
    times = {"start_at": departure.start_at, "end_at": departure.end_at, "time_zone": departure.time_zone}
    return Taking(cart, departure, msgspec.structs.replace(longer, **times), item.seats)


async def _require_room(tx: ReadTx, takings: Sequence[Taking], now: Instant) -> None:
    """Raise `Retry`, which first releases them, if expired holds are still counted where seats are to be taken."""
    in_the_way: set[str] = set()
    for taking in takings:
        if taking.more:
            in_the_way.update(await holds.expired_in_the_way(tx, taking.departure, now))
    if in_the_way:
        account_id = takings[0].cart.account_id
        raise Retry(first=partial(holds.make_room, account_id=account_id, departure_ids=in_the_way, now=now))


def _with(cart: Cart, item: Item) -> Cart:
    items = tuple(item if other.id == item.id else other for other in cart.body.items)
    return msgspec.structs.replace(cart, body=msgspec.structs.replace(cart.body, items=items))


def _times_of(cart: Cart, booking: BookingContext, now: Instant) -> CartHolds:
    return CartHolds(cart, now, [_time_of(item, booking, now) for item in cart.body.items])


def _time_of(item: Item, booking: BookingContext, now: Instant) -> HoldTime:
    latest = max(item.expires_at, hold_limits.latest_end(booking, item, now))
    return HoldTime(item, item.expires_at, latest, item.expires_at > now)
