"""Re-acquires a cart's expired holds, and records lost ones."""

from __future__ import annotations

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import holds, store
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Cart, Item
from seatwright.core.clock import Instant
from seatwright.inventory import seats
from seatwright.inventory import store as inventory
from seatwright.inventory.availability import bookable_product
from seatwright.inventory.model import Departure
from seatwright.storage.engine import ReadTx, Tx


async def retake(tx: Tx, booking: BookingContext, caller: Caller, opened: store.OpenCart, now: Instant) -> Cart:
    """Take the seats of a cart's expired items again, to be sold in this transaction; return the cart with these seats.

    The cart is locked. All or nothing: raises `SoldOut` or `Conflict` if one of them isn't available any more. An order
    that fails undoes it, so that a failed order extends no hold.
    """
    cart = opened.cart
    expired = {item.id: item for item in cart.body.items if item.expires_at <= now}
    in_the_way = set(expired)
    for departure_id in expired:
        departure = await _bookable(tx, opened, departure_id, now)
        in_the_way.update(await holds.expired_in_the_way(tx, departure, now))
    await holds.make_room(tx, cart.account_id, in_the_way, now)
    holder = store.Holder(caller.user_id, booking.address)
    retaken: dict[str, Item] = {}
    for departure_id in sorted(expired):
        departure = await _bookable(tx, opened, departure_id, now)  # as it is, now that it is locked
        await holds.release(tx, cart.account_id, cart.id, [departure_id])
        count, expires_at = expired[departure_id].seats, now + booking.hold_ms
        await seats.take(tx, cart.account_id, {departure_id: count})
        await store.insert_hold(tx, cart, departure_id, holder, more=count, held=count, expires_at=expires_at)
        retaken[departure_id] = msgspec.structs.replace(
            expired[departure_id],
            expires_at=expires_at,
            start_at=departure.start_at,
            end_at=departure.end_at,
            time_zone=departure.time_zone,
        )
    items = tuple(retaken.get(item.id, item) for item in cart.body.items)
    return msgspec.structs.replace(cart, body=msgspec.structs.replace(cart.body, items=items))


async def _bookable(tx: ReadTx, opened: store.OpenCart, departure_id: str, now: Instant) -> Departure:
    departure = await inventory.find(tx, opened.cart.account_id, departure_id, now)
    bookable_product(opened.catalog, departure, now)
    assert departure is not None
    return departure


async def note_lost_holds(tx: Tx, booking: BookingContext, caller: Caller, cart_id: str) -> None:
    """Store in an open cart which of its holds are gone (see `storage.engine.Retry`).

    A clock that was ahead, another server's or this one's before it was set back, may have released holds that are live
    by the present clock. Their items count as expired from now on, and their seats are taken again like those of
    others.
    """
    opened = await store.open_with(tx, booking.catalogs, caller.account_id, cart_id)
    if opened is None or opened.cart.status != "open":
        return
    cart, now = opened.cart, booking.clock.now()
    held = await holds.held_departures(tx, cart.account_id, cart.id)
    items = tuple(
        item if item.id in held else msgspec.structs.replace(item, expires_at=min(item.expires_at, now))
        for item in cart.body.items
    )
    if items != cart.body.items:
        body = msgspec.structs.replace(cart.body, items=items)
        await store.update(tx, msgspec.structs.replace(cart, body=body), now, sole=True)
