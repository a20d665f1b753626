"""Brakes on floods and on guessing."""

from __future__ import annotations

import pytest

from seatwright.auth.limits import (
    FAILURES_PER_ADDRESS,
    FAILURES_PER_NAME,
    FAILURES_PER_NAME_ANYWHERE,
    KEPT,
    MAX_TURN_S,
    TURNS_BURST_S,
    Buckets,
    Credential,
    Limits,
    Turns,
    weight,
)
from seatwright.core.errors import TooMany, Unauthorized

MINUTE = 60_000


def fail(limits: Limits, name: str, address: str, now: int = 0, credential: Credential = "password") -> None:
    """Attempt to sign in, and fail."""
    with pytest.raises(Unauthorized), limits.sign_in(credential, name, address, now):
        raise Unauthorized("wrong")


def succeed(limits: Limits, name: str, address: str, now: int = 0, credential: Credential = "password") -> None:
    """Sign in; raises `TooMany` where that is not possible."""
    with limits.sign_in(credential, name, address, now):
        pass


def test_a_user_may_burst_and_then_gets_the_rate() -> None:
    limits = Limits()
    for _ in range(50):
        limits.request("ann", 0, 10)
    with pytest.raises(TooMany) as refused:
        limits.request("ann", 0, 10)
    assert refused.value.retry_after_s == 1
    limits.request("bob", 0, 10)
    limits.request("ann", 100, 10)
    with pytest.raises(TooMany):
        limits.request("ann", 100, 10)
    for _ in range(1000):
        limits.request("ann", 0, 0)


def test_guessing_for_one_name_is_stopped_where_it_comes_from() -> None:
    limits = Limits()
    for name in ("Dana", "dana", "DANA", " dana ", "dana", "dana", "dana", "dana", "dana", "dana"):
        fail(limits, name, "192.0.2.1")
    with pytest.raises(TooMany) as refused:
        succeed(limits, "dana", "192.0.2.1")
    assert refused.value.retry_after_s == 90
    succeed(limits, "ann", "192.0.2.1")
    succeed(limits, "dana", "192.0.2.2")
    succeed(limits, "dana", "192.0.2.1", credential="apikey")
    succeed(limits, "dana", "192.0.2.1", 2 * MINUTE)


def test_guessing_names_from_one_address_is_stopped_for_that_address() -> None:
    limits = Limits()
    for i in range(FAILURES_PER_ADDRESS):
        fail(limits, f"name{i}", "192.0.2.1", credential="apikey" if i % 2 else "password")
    with pytest.raises(TooMany):
        succeed(limits, "another", "192.0.2.1")
    succeed(limits, "another", "192.0.2.2")


def test_guessing_a_password_from_everywhere_is_stopped_and_keys_are_not() -> None:
    limits = Limits()
    for credential in ("password", "apikey"):
        for i in range(FAILURES_PER_NAME_ANYWHERE):
            fail(limits, "dana", f"192.0.2.{i}", credential=credential)
    with pytest.raises(TooMany):
        succeed(limits, "dana", "198.51.100.1")
    succeed(limits, "dana", "198.51.100.1", credential="apikey")


def test_attempts_at_the_same_time_count_before_they_have_failed() -> None:
    limits = Limits()
    running = [limits.sign_in("password", "dana", "a", 0) for _ in range(FAILURES_PER_NAME)]
    for attempt in running:
        attempt.__enter__()
    with pytest.raises(TooMany):
        succeed(limits, "dana", "a")
    for attempt in running:
        attempt.__exit__(None, None, None)
    succeed(limits, "dana", "a")


def test_success_costs_nothing_and_neither_does_a_server_that_can_not() -> None:
    limits = Limits()
    for _ in range(3 * FAILURES_PER_NAME_ANYWHERE):
        succeed(limits, "dana", "a")
        with pytest.raises(TooMany, match="busy"), limits.sign_in("password", "dana", "a", 0):
            raise TooMany("busy", retry_after_s=1)
    for _ in range(FAILURES_PER_NAME):
        fail(limits, "dana", "a")
    with pytest.raises(TooMany):
        succeed(limits, "dana", "a")


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    limits = Limits()
    for _ in range(FAILURES_PER_NAME):
        fail(limits, "dana", "a", 10 * MINUTE)
    with pytest.raises(TooMany):
        succeed(limits, "dana", "a", 0)


def test_heavy_requests_count_more_and_may_owe() -> None:
    limits = Limits()
    limits.request("ann", 0, 10, weight=40)
    limits.request("ann", 0, 10, weight=40)
    with pytest.raises(TooMany) as refused:
        limits.request("ann", 0, 10)
    assert refused.value.retry_after_s == 4, "thirty are owed, and one is wanted"
    limits.charge("ann", 0, 10, 10_000)
    with pytest.raises(TooMany) as refused:
        limits.request("ann", 0, 10)
    assert refused.value.retry_after_s == 6, "no more is owed than there is in a burst"
    assert [weight(size) for size in (0, 4_095, 4_096, 1_048_576)] == [1, 1, 2, 257]


def test_turns_come_at_a_rate_after_a_burst() -> None:
    turns = Turns(10)
    waits = [turns.wait_s("ann", 100.0) for _ in range(15)]
    assert waits[:11] == [0.0] * 11
    assert waits[11:] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert turns.wait_s("bob", 100.0) == 0.0
    assert turns.wait_s("ann", 110.0) == 0.0
    assert [Turns(0).wait_s("ann", 100.0) for _ in range(1000)] == [0.0] * 1000


def test_a_heavy_turn_is_as_soon_and_puts_off_the_next() -> None:
    turns = Turns(10)
    assert turns.wait_s("ann", 100.0, weight=10**9) == 0.0
    assert turns.wait_s("ann", 100.0) == MAX_TURN_S, "nobody waits longer"
    assert turns.wait_s("ann", 100.0 + MAX_TURN_S + TURNS_BURST_S) == 0.0


def test_memory_is_bounded() -> None:
    buckets = Buckets()
    for i in range(KEPT + 10):
        buckets.spend(b"%d" % i, 0, burst=1, per_ms=0.001)
    assert buckets.wait_s(b"0", 0, burst=1, per_ms=0.001) == 0, "forgotten"
    assert buckets.wait_s(b"%d" % KEPT, 0, burst=1, per_ms=0.001) == 1
    assert len(buckets._kept) == KEPT
    turns = Turns(1)
    for i in range(KEPT + 10):
        turns.wait_s(str(i), 0)
    assert len(turns._kept) == KEPT
