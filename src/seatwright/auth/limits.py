"""Rate limits: requests of one user, attempts to sign in, and failed attempts.

They are kept in bounded memory in each worker process, because a limit needn't be exact. With several workers a caller
can reach that many times the limit.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from seatwright.auth.networks import Networks
from seatwright.core.bounded_dict import BoundedDict
from seatwright.core.clock import DAY_MS, MINUTE_MS, Instant
from seatwright.core.errors import NotFound, TooMany, Unauthorized

Credential: TypeAlias = Literal["apikey", "password"]

KEPT = 100_000
"""Maximum number of remembered callers; the ones not seen for longest are forgotten first."""

WEIGHT_BYTES = 4_096
"""A request counts once more for each such number of bytes in its body."""
BURST_S = 5
"""How many seconds' worth of requests may come at once."""
MAX_WAITING = 1_000
"""Maximum number of requests of one process that wait for their turn."""
MAX_WAITING_PER_CALLER = 100
"""The same for one caller."""
TURNS_BURST_S = 1.0
MAX_TURN_S = 10.0
"""Maximum wait for a turn, in seconds."""

FAILURE_WINDOW_MS = 15 * MINUTE_MS
"""The failures below come back evenly over this time (all of them our decision)."""
FAILURES_PER_NAME = 10
"""Failed attempts to sign in with one name from one address."""
FAILURES_PER_ADDRESS = 100
"""Failed attempts to sign in from one address, with any name."""
WIDER = 2
"""Each network around an address may have this many times the failures of the network inside of it."""
FAILURES_PER_NAME_ANYWHERE = 50
"""Failed attempts with one name and a password, from all networks that have failed with it `FIRST_ATTEMPTS` times.

API keys can't be guessed, so there is no such limit for them: nobody can lock an integration out from elsewhere.
"""
FIRST_ATTEMPTS = 3
FIRST_FAILURES_ANYWHERE = 500
"""Failed attempts with one name and a password, from networks that have failed with it less often. So an attacker who
tries a name from a few networks doesn't lock out its owner, from any address.
"""
MAILS_PER_NAME = 5
"""Requests for a mail to one address that nobody has proved to be theirs, in `FAILURE_WINDOW_MS`."""
MAILS_PER_ADDRESS = 20
"""The same from one network address, to any."""
FAMILIAR_MS = 30 * DAY_MS
"""How long an address is familiar after a sign-in: failures elsewhere don't count for it."""
FAMILIAR_ADDRESSES = 20
"""Addresses remembered for a name."""


class Buckets:
    """Token buckets: each key may spend `burst` at once, and gets `per_ms` back per millisecond."""

    def __init__(self) -> None:
        self._kept: BoundedDict[bytes, tuple[float, Instant]] = BoundedDict(KEPT)

    def wait_s(self, key: bytes, now: Instant, *, burst: int, per_ms: float) -> int:
        """Return 0 if `key` has anything left to spend, else the seconds (rounded up) until it has."""
        left = self.left(key, now, burst=burst, per_ms=per_ms)
        return 0 if left >= 1 else max(1, math.ceil((1 - left) / per_ms / 1000))

    def spend(self, key: bytes, now: Instant, *, burst: int, per_ms: float, amount: int = 1) -> None:
        """Spend one, or another amount, of `key`. If it has too little, it owes the rest, up to `burst`."""
        left = self.left(key, now, burst=burst, per_ms=per_ms)
        self._kept[key] = (max(min(left, -float(burst)), left - amount), now)

    def turn_ms(
        self, key: bytes, now: Instant, *, burst: int, per_ms: float, amount: int, patience_ms: float
    ) -> tuple[float, bool]:
        """Return how long it is until `key` has something left to spend, and whether that is within `patience_ms`.

        If it is, the amount is spent, so that the next caller has a later turn.
        """
        left = self.left(key, now, burst=burst, per_ms=per_ms)
        wait_ms = 0.0 if left >= 1 else (1 - left) / per_ms
        if wait_ms > patience_ms:
            return wait_ms, False
        self._kept[key] = (left - amount, now)
        return wait_ms, True

    def refund(self, key: bytes, now: Instant, *, burst: int, per_ms: float) -> None:
        """Take back one `spend` of `key`."""
        self._kept[key] = (min(float(burst), self.left(key, now, burst=burst, per_ms=per_ms) + 1), now)

    def left(self, key: bytes, now: Instant, *, burst: int, per_ms: float) -> float:
        """Return how much `key` may spend; below zero it owes."""
        left, since = self._kept.get(key, (float(burst), now))
        if now < since:  # the clock was set back: tokens come back from now on, not from then
            self._kept[key] = (left, since := now)
        return min(float(burst), left + (now - since) * per_ms)


class Turns:
    """Gives each caller a number of turns per second; further ones wait. Uses the process's own clock, in seconds.

    For answers that cost a caller nothing, such as refusals: if they were sent at once, the caller would only repeat
    the request.
    """

    def __init__(self, per_second: int) -> None:
        """0 is no limit."""
        self._per_second = per_second
        self._kept: BoundedDict[str, float] = BoundedDict(KEPT)

    def wait_s(self, caller: str, now_s: float, weight: float = 1) -> float:
        """Take the caller's next turn, and return how long it is until then; 0 within a small burst.

        A heavier request comes just as soon, but the ones after it come later.
        """
        if not self._per_second:
            return 0.0
        turn = max(self._kept.get(caller, now_s), now_s)
        self._kept[caller] = min(turn + weight / self._per_second, now_s + TURNS_BURST_S + MAX_TURN_S)
        return max(0.0, turn - now_s - TURNS_BURST_S)

    def wait_from_s(self, networks: Networks, now_s: float, weight: int) -> float:
        """Take the next turn of an address and of the networks around it, which have more; return as above."""
        return max(self.wait_s(each, now_s, weight / times) for each, times in _weighed(networks))


class _Bound(NamedTuple):
    """How many failures with one thing (a name, an address) are allowed."""

    key: bytes
    most: int

    @property
    def per_ms(self) -> float:
        """How many come back in a millisecond."""
        return self.most / FAILURE_WINDOW_MS


class Familiar:
    """Addresses from which names have signed in lately."""

    def __init__(self) -> None:
        self._kept: BoundedDict[bytes, BoundedDict[str, Instant]] = BoundedDict(KEPT)

    def add(self, name: str, address: str, now: Instant) -> None:
        """Remember a success."""
        key = _key(name)
        self._kept[key] = addresses = self._kept.get(key) or BoundedDict(FAMILIAR_ADDRESSES)
        addresses[address] = now

    def has(self, name: str, address: str, now: Instant) -> bool:
        """Tell whether the name has signed in from there within `FAMILIAR_MS`."""
        addresses = self._kept.get(_key(name))
        since = addresses.get(address) if addresses else None
        return since is not None and now - since <= FAMILIAR_MS


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one process."""

    requests: Buckets = field(default_factory=Buckets)
    failures: Buckets = field(default_factory=Buckets)
    signed_in: Familiar = field(default_factory=Familiar)
    waiting: Counter[str] = field(default_factory=Counter)
    """Requests that wait for their turn, by caller."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def request(self, whose: str, now: Instant, per_second: int, patience_s: float, amount: int = 1) -> None:
        """Count a request of a user, or of an address that has no token, and return when it is its turn.

        That is at once, unless there are more than `per_second` on average, after a burst of `BURST_S` seconds' worth;
        0 is no limit. A heavy one counts as several, but the wait stays below the limit: a client that sends one
        request after the other is never refused. Raises `TooMany` for one whose turn is later than `patience_s`, and if
        `MAX_WAITING` or `MAX_WAITING_PER_CALLER` wait.
        """
        if per_second == 0:
            return
        burst, per_ms = BURST_S * per_second, per_second / 1000
        crowded = self.waiting and (
            self.waiting[whose] >= MAX_WAITING_PER_CALLER or self.waiting.total() >= MAX_WAITING
        )
        wait_ms, in_time = self.requests.turn_ms(
            whose.encode(),
            now,
            burst=burst,
            per_ms=per_ms,
            amount=min(amount, _heaviest(per_second, patience_s)),
            patience_ms=0.0 if crowded else patience_s * 1000,
        )
        if not in_time:
            wait_s = max(1, math.ceil(wait_ms / 1000))
            raise TooMany("Too many requests; slow down.", retry_after_s=wait_s, code="too_many_requests")
        if wait_ms:
            await self._wait(whose, wait_ms / 1000)

    async def _wait(self, whose: str, seconds: float) -> None:
        self.waiting[whose] += 1
        try:
            await self.sleep(seconds)
        finally:
            self.waiting[whose] -= 1
            if not self.waiting[whose]:
                del self.waiting[whose]

    async def request_from(
        self, what: str, networks: Networks, now: Instant, per_second: int, patience_s: float
    ) -> None:
        """Count a request without a token, for its address and the networks around it. Raises as `request` does."""
        for each, times in _weighed(networks):
            await self.request(f"{what} {each}", now, per_second * times, patience_s)

    def charge(self, whose: str, now: Instant, per_second: int, patience_s: float, amount: int) -> None:
        """Add to the count of a request that turned out to be heavy, without refusing it."""
        if per_second and amount:
            burst, per_ms = BURST_S * per_second, per_second / 1000
            amount = min(amount, _heaviest(per_second, patience_s) - 1)
            self.requests.spend(whose.encode(), now, burst=burst, per_ms=per_ms, amount=amount)

    def familiar(self, name: str, networks: Networks, now: Instant) -> bool:
        """Tell whether this name has signed in from this address lately."""
        return self.signed_in.has(_folded(name), networks[0], now)

    @contextmanager
    def sign_in(self, credential: Credential, name: str, networks: Networks, now: Instant) -> Iterator[None]:
        """Context of an attempt to sign in, which counts unless it succeeds. Raises `TooMany` after too many failures.

        The attempt is counted before it is tried, so that many attempts at the same time can't all get through.
        """
        name = _folded(name)
        bounds = self._bounds(credential, name, networks, now)
        wait_s = max(self._wait_s(bound, now) for bound in bounds)
        if wait_s:
            raise TooMany(
                "Too many failed attempts to sign in; wait, then try again.",
                retry_after_s=wait_s,
                code="too_many_attempts",
            )
        for bound in bounds:
            self.failures.spend(bound.key, now, burst=bound.most, per_ms=bound.per_ms)
        failed = False
        try:
            yield
            self.signed_in.add(name, networks[0], now)
        except Unauthorized:
            failed = True
            raise
        finally:
            for bound in () if failed else bounds:
                self.failures.refund(bound.key, now, burst=bound.most, per_ms=bound.per_ms)

    def ask_for_mail(self, name: str, networks: Networks, now: Instant) -> None:
        """Count a request for a mail to an address that may be anybody's. Raises `TooMany` after too many, whoever's it
        is.
        """
        bounds = [_Bound(_key("mail", each), MAILS_PER_ADDRESS * times) for each, times in _weighed(networks)]
        bounds.append(_Bound(_key("mail to", _folded(name)), MAILS_PER_NAME))
        wait_s = max(self._wait_s(bound, now) for bound in bounds)
        if wait_s:
            raise TooMany("Too many such mails; wait, then try again.", retry_after_s=wait_s, code="too_many_attempts")
        for bound in bounds:
            self.failures.spend(bound.key, now, burst=bound.most, per_ms=bound.per_ms)

    @contextmanager
    def link(self, networks: Networks, now: Instant) -> Iterator[None]:
        """Context of the verification of a customer's link, which counts if there is no such link (`NotFound`).

        Raises `TooMany` after `FAILURES_PER_ADDRESS` wrong links, also for a valid link.
        """
        bounds = [_Bound(_key("link", each), FAILURES_PER_ADDRESS * times) for each, times in _weighed(networks)]
        wait_s = max(self._wait_s(bound, now) for bound in bounds)
        if wait_s:
            raise TooMany("Too many links that are none; wait.", retry_after_s=wait_s, code="too_many_attempts")
        try:
            yield
        except NotFound:
            for bound in bounds:
                self.failures.spend(bound.key, now, burst=bound.most, per_ms=bound.per_ms)
            raise

    def _wait_s(self, bound: _Bound, now: Instant) -> int:
        return self.failures.wait_s(bound.key, now, burst=bound.most, per_ms=bound.per_ms)

    def _bounds(self, credential: Credential, name: str, networks: Networks, now: Instant) -> Sequence[_Bound]:
        """Return the bounds for which an attempt counts. At a familiar address this is only the address."""
        narrow, *_ = weighed = _weighed(networks)
        counted = [narrow] if self.signed_in.has(name, networks[0], now) else weighed
        bounds = [_Bound(_key("address", each), FAILURES_PER_ADDRESS * times) for each, times in counted]
        by_name = [
            _Bound(_key(credential, name, each), FAILURES_PER_NAME * times)
            for each, times in (counted if credential == "password" else [narrow])
        ]
        if credential == "password" and counted is weighed:
            widest = by_name[-1]
            left = self.failures.left(widest.key, now, burst=widest.most, per_ms=widest.per_ms)
            first = left > widest.most - FIRST_ATTEMPTS
            anywhere = ("first", FIRST_FAILURES_ANYWHERE) if first else ("anywhere", FAILURES_PER_NAME_ANYWHERE)
            bounds.append(_Bound(_key(anywhere[0], name), anywhere[1]))
        return bounds + by_name


def weight(body_bytes: int) -> int:
    """Return how often a request with such a body counts."""
    return 1 + body_bytes // WEIGHT_BYTES


def _heaviest(per_second: int, patience_s: float) -> int:
    """Return the maximum count of one request, at which the next request need not be refused."""
    return max(1, int((patience_s or BURST_S) * per_second))


def _weighed(networks: Networks) -> list[tuple[str, int]]:
    """Return each network with the number of addresses that it counts as."""
    return [(each, WIDER**level) for level, each in enumerate(networks)]


def _folded(name: str) -> str:
    return name.strip().casefold()


def _key(*parts: str) -> bytes:
    """Return a short key for a name of any length."""
    return hashlib.blake2b("\0".join(parts).encode(errors="replace"), digest_size=16).digest()
