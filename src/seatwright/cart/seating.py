"""Takes seats for an item of a cart, within what its seller may hold."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from seatwright.auth.model import Caller
from seatwright.cart import hold_limits, renewal, store
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Cart, Item
from seatwright.core.clock import Instant
from seatwright.inventory.model import Departure
from seatwright.resellers.model import Connection
from seatwright.storage.engine import Retry, Tx


class Taking(NamedTuple):
    """A cart as it is to be written, with the `item` on a `departure` for which `more` seats are to be taken.

    `more` are all the item's seats if it holds none, and 0 if its hold is only extended.
    """

    cart: Cart
    departure: Departure
    item: Item
    more: int


async def take_seats(
    tx: Tx, booking: BookingContext, caller: Caller, taking: Taking, connection: Connection | None, now: Instant
) -> Cart:
    """Write the cart and take its item's seats until the item's end; return the cart as written.

    The caller has seen that they are free. Raises `Conflict` for more seats than a reseller's carts may hold, and
    `Retry` if something has changed since it was read.
    """
    cart, departure, item, more = taking
    resold_before = None
    percent = _percent_of(booking, cart, connection)
    if percent < 100:
        held = await store.seller_holds(tx, cart, departure, now)
        resold_before = hold_limits.resold_before(held, item, more, percent)
    try:
        return await store.update_and_hold(
            tx,
            cart,
            now,
            departure.id,
            store.Holder(caller.user_id, booking.address),
            more=more,
            held=item.seats,
            expires_at=item.expires_at,
            resold_before=resold_before,
        )
    except Retry:
        if more == item.seats:
            raise
        raise Retry(first=partial(renewal.note_lost_holds, booking=booking, caller=caller, cart_id=cart.id)) from None


def _percent_of(booking: BookingContext, cart: Cart, connection: Connection | None) -> int:
    """Return the share of a departure that a cart's seller may hold: all of it for the supplier's own carts."""
    if connection is None or cart.owner_id == cart.account_id:
        return 100
    return connection.terms.hold_percent or booking.reseller_hold_percent
