"""A departure as it was read: the product, the times, and the free seats."""

from __future__ import annotations

import msgspec

from seatwright.core.clock import Instant


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """One date and time of a product. Instants are milliseconds UTC; a dateless product's has no start.

    `free` is how many seats (or units) can be taken at the time of reading; holds that have expired are counted as
    free, whether or not they have been swept. `prices` are minor units by tier code, where they differ from the
    product's own. `pool_free` is how many units its rental pool has free during the whole departure; None without a
    pool. `cancelled_for` is why a closed departure does not take place; None if that isn't so. `closed_for` is why
    its sales are closed, if somebody said so. `version` grows with every change that people make to it. `local_date` is
    the day on the location's wall clock, YYYY-MM-DD.
    """

    account_id: str
    id: str
    product_id: str
    start_at: Instant | None
    end_at: Instant | None
    time_zone: str
    local_date: str | None
    capacity: int
    taken: int
    free: int
    closed: bool
    closes_at: Instant | None
    prices: dict[str, int]
    pool_id: str | None
    pool_free: int | None = None
    cancelled_for: str | None = None
    closed_for: str | None = None
    version: int = 1

    def bookable(self, now: Instant) -> bool:
        """Tell whether it may be booked at `now`, regardless of seats: not closed, before its cut-off, not started."""
        if self.closed or (self.closes_at is not None and now >= self.closes_at):
            return False
        return self.start_at is None or now < self.start_at
