"""Takes what a cart held, and holds no more, anew: expired holds, and those that are gone before their time."""

from __future__ import annotations

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import holds, store
from seatwright.cart.context import Booking
from seatwright.cart.model import Item
from seatwright.cart.selection import bookable_product
from seatwright.inventory import seats
from seatwright.storage.engine import Tx


async def renew(tx: Tx, booking: Booking, caller: Caller, cart_id: str) -> None:
    """Take the seats of a cart's expired items again, and hold them for another full time.

    All or nothing: raises `SoldOut` or `Conflict` if one of them can't be had any more.
    """
    now = booking.clock.now()
    opened = await store.open_with(tx, booking.catalogs, caller.account_id, cart_id)
    if opened is None or opened.cart.status != "open":
        return
    cart, expires_at = opened.cart, now + booking.hold_ms
    expired = {item.id: item for item in cart.body.items if item.expires_at <= now}
    renewed: dict[str, Item] = {}
    in_the_way = set(expired)
    for departure_id in expired:
        found = await store.open_with(tx, booking.catalogs, caller.account_id, cart_id, departure_id)
        departure = found.departure if found else None
        bookable_product(opened.catalog, departure, now)
        assert departure is not None
        in_the_way.update(await holds.expired_in_the_way(tx, departure, now))
        renewed[departure_id] = msgspec.structs.replace(
            expired[departure_id],
            expires_at=expires_at,
            start_at=departure.start_at,
            end_at=departure.end_at,
            time_zone=departure.time_zone,
        )
    items = tuple(renewed.get(item.id, item) for item in cart.body.items)
    body = msgspec.structs.replace(cart.body, items=items)
    await store.update(tx, msgspec.structs.replace(cart, body=body), now, last=False)
    await holds.MakeRoom(cart.account_id, in_the_way, now)(tx)
    holder = store.Holder(caller.user_id, booking.address)
    for departure_id in sorted(expired):
        await holds.release(tx, cart.account_id, cart.id, [departure_id])
        count = expired[departure_id].seats
        await seats.take(tx, cart.account_id, {departure_id: count})
        await store.insert_hold(tx, cart, departure_id, holder, more=count, held=count, expires_at=expires_at)


class NoteLostHolds:
    """A use case that writes into an open cart which of its holds are gone (see `storage.engine.Retry`).

    A clock that was ahead, another server's or this one's before it was set back, may have given back what by now's
    clock is still held. Those items are over from now on, and their seats are taken anew like any expired one's.
    """

    def __init__(self, booking: Booking, caller: Caller, cart_id: str) -> None:
        self._of = (booking, caller, cart_id)

    async def __call__(self, tx: Tx) -> None:
        """Run it."""
        booking, caller, cart_id = self._of
        opened = await store.open_with(tx, booking.catalogs, caller.account_id, cart_id)
        if opened is None or opened.cart.status != "open":
            return
        cart, now = opened.cart, booking.clock.now()
        rows = await tx.rows(
            "SELECT departure_id FROM hold WHERE account_id = $1 AND cart_id = $2", cart.account_id, cart.id
        )
        held = {row["departure_id"] for row in rows}
        items = tuple(
            item if item.id in held else msgspec.structs.replace(item, expires_at=min(item.expires_at, now))
            for item in cart.body.items
        )
        if items != cart.body.items:
            body = msgspec.structs.replace(cart.body, items=items)
            await store.update(tx, msgspec.structs.replace(cart, body=body), now, last=True)
