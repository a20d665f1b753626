"""The data that booking use cases need besides their transaction."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import HOUR_MS, Clock


@dataclass(frozen=True, slots=True)
class BookingContext:
    """The clock, the catalogs, how long a hold lasts (in milliseconds), and how much one caller may hold at a time.

    A hold that is extended ends `hold_max_ms` after its first moment at the latest. `reseller_hold_percent` is the
    share of a departure that a reseller's carts may hold if its terms don't set one. `address` is the network address
    that the request came from; limits of 0 on the number of holds mean no limit. With `fee_after_move` cancelling costs
    the usual fee also if the supplier has moved the departure.
    """

    clock: Clock
    catalogs: CatalogCache
    hold_ms: int
    hold_max_ms: int = HOUR_MS
    reseller_hold_percent: int = 50
    address: str = ""
    holds_per_user: int = 0
    holds_per_address: int = 0
    fee_after_move: bool = False
