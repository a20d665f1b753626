"""Limits on how often: requests of one user, and failed attempts to sign in.

Kept in the memory of each worker process, bounded: a limit is a brake, not a count of record. With several
workers a caller can reach as many times the limit.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field

from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.errors import TooMany

KEPT = 100_000
"""Callers remembered at most; the ones not seen for longest are forgotten first."""

FAILURES_PER_NAME = 10
FAILURES_PER_ADDRESS = 100
FAILURE_WINDOW_MS = 15 * MINUTE_MS
"""Failed attempts to sign in with one name, or from one address, that are spread over this time (our decision)."""


class Buckets:
    """Token buckets: each key may spend `burst` at once, and gets `per_ms` back per millisecond."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Instant]] = OrderedDict()

    def wait_s(self, key: str, now: Instant, *, burst: int, per_ms: float) -> int:
        """Return 0 if `key` has something left to spend, else the seconds (rounded up) until it has."""
        left = self._left(key, now, burst, per_ms)
        return 0 if left >= 1 else max(1, math.ceil((1 - left) / per_ms / 1000))

    def spend(self, key: str, now: Instant, *, burst: int, per_ms: float) -> None:
        """Spend one of `key`, down to nothing left."""
        self._kept[key] = (max(0.0, self._left(key, now, burst, per_ms) - 1), now)
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _left(self, key: str, now: Instant, burst: int, per_ms: float) -> float:
        left, since = self._kept.get(key, (float(burst), now))
        return min(float(burst), left + max(0, now - since) * per_ms)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one process."""

    requests: Buckets = field(default_factory=Buckets)
    failures: Buckets = field(default_factory=Buckets)

    def request(self, user_id: str, now: Instant, per_second: int) -> None:
        """Count a request. Raises `TooMany` beyond `per_second` on average (bursts of 5 s' worth); 0 is no limit."""
        if per_second == 0:
            return
        burst, per_ms = 5 * per_second, per_second / 1000
        wait_s = self.requests.wait_s(user_id, now, burst=burst, per_ms=per_ms)
        if wait_s:
            raise TooMany("Too many requests by this user; slow down.", retry_after_s=wait_s, code="too_many_requests")
        self.requests.spend(user_id, now, burst=burst, per_ms=per_ms)

    def check_sign_in(self, name: str, address: str, now: Instant) -> None:
        """Raise `TooMany` if there were too many failed attempts with this name or from this address lately."""
        wait_s = max(
            self.failures.wait_s(key, now, burst=most, per_ms=rate) for key, most, rate in _tries(name, address)
        )
        if wait_s:
            raise TooMany(
                "Too many failed attempts to sign in; wait, then try again.",
                retry_after_s=wait_s,
                code="too_many_attempts",
            )

    def failed_sign_in(self, name: str, address: str, now: Instant) -> None:
        """Count a failed attempt."""
        for key, most, rate in _tries(name, address):
            self.failures.spend(key, now, burst=most, per_ms=rate)


def _tries(name: str, address: str) -> tuple[tuple[str, int, float], tuple[str, int, float]]:
    return (
        (f"name {name.casefold()}", FAILURES_PER_NAME, FAILURES_PER_NAME / FAILURE_WINDOW_MS),
        (f"address {address}", FAILURES_PER_ADDRESS, FAILURES_PER_ADDRESS / FAILURE_WINDOW_MS),
    )
