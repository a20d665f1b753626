"""Which fee of a policy counts for one participant or unit, at one instant.

Fees don't stack: of those that apply, the one with the narrowest window counts (wire reference,
"Cancellation policies"). Where a window begins, to the millisecond, is our decision: see `cutoff`.
"""

from __future__ import annotations

from datetime import timedelta

from seatwright.catalog.policy import MEANT_FOR, Fee, Kind, Policy
from seatwright.core.clock import HOUR_MS, Instant
from seatwright.core.times import from_local, shift_years, to_local


def cutoff(fee: Fee, start_at: Instant, zone_name: str) -> Instant | None:
    """Return the last instant at which `fee` doesn't apply yet, or None if it always applies.

    Hours are elapsed time. Days and years are counted on the departure's own wall clock, because "3 days
    before" a 09:00 start means 09:00 to people, also when the clocks change in between: 29 February less a
    year is the 28th, and a wall time that comes twice or never is read as `core.times.from_local` does.
    Never later than `start_at`. Raises `Invalid` for an unknown zone, where the zone is needed.
    """
    if fee.window is None:
        return None
    if fee.window_unit == "hours":
        return start_at - fee.window * HOUR_MS
    wall = to_local(start_at, zone_name).replace(tzinfo=None)
    if fee.window_unit == "days":
        return from_local(wall - timedelta(days=fee.window), zone_name)
    return from_local(shift_years(wall, -fee.window), zone_name)


def applies(fee: Fee, start_at: Instant | None, zone_name: str, now: Instant) -> bool:
    """Tell whether `now` is inside the window of `fee`.

    A window of 24 hours means that less than 24 hours are left; exactly 24 are not less. It stays open after
    the start (a no-show pays what a late cancellation does). Without a start (a dateless product) there is
    nothing to count from, so only a fee without a window applies. Raises `Invalid` for an unknown zone.
    """
    if start_at is None:
        return fee.window is None
    begins = cutoff(fee, start_at, zone_name)
    return begins is None or now > begins


def width(fee: Fee, start_at: Instant | None, zone_name: str) -> tuple[bool, int]:
    """Return a key that sorts fees from the narrowest window to the widest.

    Windows compare by their real length in milliseconds, since on the day that the clocks change one day is
    not 24 hours; no window is the widest. For one departure this is the order of the cut-offs, latest first,
    and it also compares windows of different departures.
    """
    begins = None if start_at is None else cutoff(fee, start_at, zone_name)
    return (True, 0) if start_at is None or begins is None else (False, start_at - begins)


def choose(policy: Policy, kind: Kind, start_at: Instant | None, zone_name: str, now: Instant) -> Fee | None:
    """Return the one fee of `policy` that counts for a participant or unit cancelled at `now`, or None.

    Only fees meant for that `kind` compete: a narrow fee per unit doesn't shield a participant from a wider
    one. Among equally narrow windows the first listed counts (our decision). Raises `Invalid` for an unknown
    zone.
    """
    meant = (fee for fee in policy.fees if kind in MEANT_FOR[fee.per])
    fitting = (fee for fee in meant if applies(fee, start_at, zone_name, now))
    return min(fitting, key=lambda fee: width(fee, start_at, zone_name), default=None)
