"""How many seats one caller, one reseller and one cart may hold, and how long, so that others can book too. Pure."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.cart.context import BookingContext
from seatwright.cart.model import Item
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, TooMany

LEAST_SHARE = 4
"""Seats of any departure, even a small one, that a reseller's open carts may hold together (our decision)."""
ONE_GROUP = 10
"""Seats that a reseller may hold in its only cart on a departure: a group is never too large for it (our decision)."""


class SellerHolds(NamedTuple):
    """The seats that a seller's open carts hold on a departure, or at one time in its rental pool.

    `seats` are those of all carts, `others` those of all carts except one, `capacity` is the number of all seats.
    `so_far` shows how much the rest may have changed since: it grows by the seats of each reseller's hold that is made
    or extended there.
    """

    seats: int
    others: int
    capacity: int
    so_far: int


def check_counts(counts: tuple[int, int], limits: tuple[int, int]) -> None:
    """Raise `TooMany` if this user or address holds as many seats as allowed (against squatting on a season's
    seats).
    """
    for count, limit, whose in zip(counts, limits, ("user", "network address"), strict=True):
        if limit and count >= limit:
            raise TooMany(
                f"There are {limit} holds by this {whose}, which is as many as it may have at a time; turn them into "
                "orders, delete carts, or wait until they expire.",
                retry_after_s=60,
                code="too_many_holds",
            )


def extended(booking: BookingContext, item: Item, now: Instant) -> tuple[Instant, Instant]:
    """Return the beginning and the end of an item's hold if the item is added to at `now`.

    A hold that expired at least a hold's duration ago gets a new beginning: its seats were free for others meanwhile.
    Any other hold counts from its first moment. Raises `Conflict` if its longest time has passed since then.
    """
    since = _beginning(booking, item, now)
    latest = since + booking.hold_max_ms
    if latest <= now:
        raise time_used()
    return since, min(now + booking.hold_ms, latest)


def latest_end(booking: BookingContext, item: Item, now: Instant) -> Instant:
    """Return when a hold on an item ends at the latest, however often it is extended from `now` on."""
    return _beginning(booking, item, now) + booking.hold_max_ms


def time_used() -> Conflict:
    """Return the error for seats that a cart has held for as long as a cart may."""
    return Conflict(
        "The cart has held seats on this departure for as long as a cart may; order it as it is, or take the "
        "departure out of the cart, which gives its seats back, and add it again.",
        code="hold_time_used",
    )


def _beginning(booking: BookingContext, item: Item, now: Instant) -> Instant:
    if now - item.expires_at >= booking.hold_ms:
        return now
    return item.held_since or now  # 0: it was added by a version that didn't store it


def resold_before(held: SellerHolds, item: Item, more: int, percent: int) -> int:
    """Return the highest `SellerHolds.so_far` at which `more` seats may be taken, so that a reseller may hold `item`.

    Raises `Conflict` if its open carts would hold more than `percent` of the departure. They may always hold
    `LEAST_SHARE` seats, and the only cart among them a group of up to `ONE_GROUP`, or one unit of any size, such as a
    boat that is sold whole.
    """
    share = max(held.capacity * percent // 100, LEAST_SHARE)
    spare = share - held.seats - more
    if spare >= 0:
        return held.so_far + spare
    if held.others == 0 and (held.seats + more <= ONE_GROUP or len(item.lines) == 1):
        return held.so_far
    raise Conflict(
        f"Your open carts hold {held.seats} seats of this departure, and may hold {share} at a time; take fewer, order "
        "or delete what is in them, or ask the supplier for a larger share.",
        code="reseller_share",
    )
