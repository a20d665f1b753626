"""Brakes on floods and on guessing."""

from __future__ import annotations

import pytest

from seatwright.auth.limits import FAILURES_PER_ADDRESS, FAILURES_PER_NAME, Limits
from seatwright.core.errors import TooMany

MINUTE = 60_000


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


def test_guessing_one_name_is_stopped_for_that_name() -> None:
    limits = Limits()
    for i in range(FAILURES_PER_NAME):
        limits.check_sign_in("Dana", f"192.0.2.{i}", 0)
        limits.failed_sign_in("dana", f"192.0.2.{i}", 0)
    with pytest.raises(TooMany) as refused:
        limits.check_sign_in("DANA", "192.0.2.99", 0)
    assert refused.value.retry_after_s == 90
    limits.check_sign_in("ann", "192.0.2.1", 0)
    limits.check_sign_in("dana", "192.0.2.99", 2 * MINUTE)


def test_guessing_names_from_one_address_is_stopped_for_that_address() -> None:
    limits = Limits()
    for i in range(FAILURES_PER_ADDRESS):
        limits.failed_sign_in(f"name{i}", "192.0.2.1", 0)
    with pytest.raises(TooMany):
        limits.check_sign_in("another", "192.0.2.1", 0)
    limits.check_sign_in("another", "192.0.2.2", 0)


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    limits = Limits()
    for _ in range(FAILURES_PER_NAME):
        limits.failed_sign_in("dana", "a", 10 * MINUTE)
    with pytest.raises(TooMany):
        limits.check_sign_in("dana", "b", 0)
