"""When a request is sent again, and after how long. Pure: the time and the dice come from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seatwright_client.errors import (
    ApiError,
    ConnectionFailed,
    DecodeError,
    RateLimited,
    SeatwrightError,
    ServerError,
    Timeout,
    Unavailable,
)
from seatwright_client.request import Repeat


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try. `RetryPolicy(attempts=1)` never retries.

    Before attempt n+1 the client waits for a random time between 0 and `base_s * 2**(n-1)` seconds, at most `cap_s`
    ("full jitter": clients that failed together don't come back together), and longer where the server asks for it
    with Retry-After. No attempt begins later than `total_s` seconds after the first; an attempt itself takes as long
    as the client's `timeout` allows.
    """

    attempts: int = 6
    total_s: float = 60.0
    base_s: float = 0.2
    cap_s: float = 10.0

    def __post_init__(self) -> None:
        """Raises `ValueError` for what makes no sense."""
        if self.attempts < 1 or min(self.total_s, self.base_s, self.cap_s) < 0:
            raise ValueError("attempts must be at least 1, and no time below 0")


class Attempts:
    """The attempts of one call."""

    def __init__(self, policy: RetryPolicy, repeat: Repeat, started_s: float, rng: Callable[[], float]) -> None:
        """`rng` returns a random number from 0 up to 1."""
        self._policy = policy
        self._repeat = repeat
        self._started_s = started_s
        self._rng = rng
        self._made = 1
        self._unknown = False

    def wait_s(self, error: SeatwrightError, *, sent: bool, now_s: float) -> float | None:
        """Return how long to wait before the next attempt, in seconds; None if there is to be none.

        `sent` says whether the request may have reached the server. Sets the error's `outcome_unknown`.
        """
        taken = sent and not isinstance(error, RateLimited)  # with 429 it wasn't tried
        self._unknown = (self._unknown or (taken and _says_nothing(error))) and not _settles(error)
        self.judged(error)
        temporary = isinstance(error, ConnectionFailed | Timeout | Unavailable | RateLimited)
        if not temporary or self._made >= self._policy.attempts or (taken and self._repeat is Repeat.ONCE):
            return None
        wait_s = self._rng() * min(self._policy.cap_s, self._policy.base_s * 2.0 ** (self._made - 1))
        if isinstance(error, RateLimited | Unavailable):
            wait_s += error.retry_after or 0.0
        if now_s - self._started_s + wait_s > self._policy.total_s:
            return None
        self._made += 1
        return wait_s

    def judged(self, error: SeatwrightError) -> SeatwrightError:
        """Return an error that ends the call, with what is known about the attempts before it."""
        error.outcome_unknown = self._unknown and self._repeat is not Repeat.FREE
        return error


def _says_nothing(error: SeatwrightError) -> bool:
    """Tell whether an attempt may have been done. With `internal_error` the server says that it undid everything."""
    if isinstance(error, ServerError):
        return error.code != "internal_error"
    if isinstance(error, DecodeError):
        return error.status < 300
    return isinstance(error, ConnectionFailed | Timeout)


def _settles(error: SeatwrightError) -> bool:
    """Tell whether a refusal speaks for earlier attempts too: the server keeps it under the key, as it would have kept
    their success. It doesn't keep 401, 403 and 429."""
    return isinstance(error, ApiError) and error.status in (400, 404, 409, 422)
