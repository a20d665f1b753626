"""What booking use cases need besides their transaction."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Booking:
    """The clock, the catalogs, how long a hold lasts (in milliseconds), and how many one caller may have at a time.

    `address` is the network address that the request came from; limits of 0 are none. With `fee_after_move` cancelling
    costs the usual fee also where the supplier has moved the departure.
    """

    clock: Clock
    catalogs: CatalogCache
    hold_ms: int
    address: str = ""
    holds_per_user: int = 0
    holds_per_address: int = 0
    fee_after_move: bool = False
