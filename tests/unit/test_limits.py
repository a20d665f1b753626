"""Brakes on floods and on guessing."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from seatwright.auth.limits import (
    FAILURES_PER_ADDRESS,
    FAILURES_PER_NAME,
    FAILURES_PER_NAME_ANYWHERE,
    FAMILIAR_ADDRESSES,
    FAMILIAR_MS,
    FIRST_FAILURES_ANYWHERE,
    KEPT,
    MAX_TURN_S,
    MAX_WAITING,
    MAX_WAITING_PER_CALLER,
    TURNS_BURST_S,
    WIDER,
    Buckets,
    Credential,
    Limits,
    Turns,
    weight,
)
from seatwright.auth.networks import networks
from seatwright.core.errors import TooMany, Unauthorized

MINUTE = 60_000
HERE = networks("192.0.2.1")


def fail(limits: Limits, name: str, address: str, now: int = 0, credential: Credential = "password") -> None:
    """Attempt to sign in, and fail."""
    with pytest.raises(Unauthorized), limits.sign_in(credential, name, networks(address), now):
        raise Unauthorized("wrong")


def succeed(limits: Limits, name: str, address: str, now: int = 0, credential: Credential = "password") -> None:
    """Sign in; raises `TooMany` where that is not possible."""
    with limits.sign_in(credential, name, networks(address), now):
        pass


async def test_a_user_may_burst_and_then_gets_the_rate() -> None:
    limits = Limits()
    for _ in range(50):
        await limits.request("ann", 0, 10, 0)
    with pytest.raises(TooMany) as refused:
        await limits.request("ann", 0, 10, 0)
    assert refused.value.retry_after_s == 1
    await limits.request("bob", 0, 10, 0)
    await limits.request("ann", 100, 10, 0)
    with pytest.raises(TooMany):
        await limits.request("ann", 100, 10, 0)
    for _ in range(1000):
        await limits.request("ann", 0, 0, 0)


class Waits:
    """A clock that moves on when somebody waits, and how long each waited, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds * 1000

    @property
    def ms(self) -> int:
        """The time, as the system's clock says it."""
        return int(self.now)


@pytest.mark.parametrize("amount", [1, 7, 10_000])
@pytest.mark.parametrize("announced", [True, False])
async def test_who_sends_one_request_after_the_other_is_slowed_down_and_never_refused(
    amount: int, announced: bool
) -> None:
    time = Waits()
    limits = Limits(sleep=time.sleep)
    for _ in range(500):
        await limits.request("ann", time.ms, 10, 3, amount if announced else 1)
        limits.charge("ann", time.ms, 10, 3, 0 if announced else amount - 1)
    assert max(time.waits) <= 3
    served = 500 * min(amount, 30)
    assert served <= 50 + 10 * time.now / 1000 + 30 + len(time.waits) * 0.01, "and gets no more than the rate"
    assert not limits.waiting


async def test_a_crowd_waits_in_turn_and_only_a_flood_is_refused() -> None:
    """At 10 a second and with 3 seconds' patience 30 may wait."""
    waits: list[float] = []
    over = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await over.wait()

    limits = Limits(sleep=sleep)
    for _ in range(50):
        await limits.request("ann", 0, 10, 3)
    assert waits == []
    tasks = [asyncio.create_task(limits.request("ann", 0, 10, 3)) for _ in range(40)]
    await asyncio.sleep(0)
    assert waits == pytest.approx([(turn + 1) / 10 for turn in range(30)])
    refused = [task.exception() for task in tasks if task.done()]
    assert [type(error) for error in refused] == [TooMany] * 10
    assert {error.retry_after_s for error in refused if isinstance(error, TooMany)} == {4}
    await limits.request("bob", 0, 10, 3)
    over.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not limits.waiting


async def test_how_many_wait_is_bounded_for_one_and_for_all() -> None:
    over = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await over.wait()

    limits = Limits(sleep=sleep)

    def crowd(name: str) -> list[asyncio.Task[None]]:
        """Send more than may wait, after the burst."""
        return [
            asyncio.create_task(limits.request(name, 0, 200, 20)) for _ in range(1_000 + 2 * MAX_WAITING_PER_CALLER)
        ]

    tasks = [task for number in range(12) for task in crowd(str(number))]
    await asyncio.sleep(0)
    assert limits.waiting.total() == MAX_WAITING
    assert set(limits.waiting.values()) == {MAX_WAITING_PER_CALLER}
    over.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(answer) for answer in answers} == {TooMany, type(None)}
    assert {answer.retry_after_s for answer in answers if isinstance(answer, TooMany)} == {1}
    assert not limits.waiting


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


def elsewhere(number: int) -> str:
    """Return an address in a /24 of its own."""
    return f"10.{number // 256}.{number % 256}.9"


@pytest.mark.parametrize(
    ("addresses", "level"),
    [
        ([f"192.0.2.{host}" for host in range(256)], 1),
        ([f"2001:db8:0:1{subnet:02x}::{subnet:x}" for subnet in range(256)], 1),
        ([f"2001:db8:0:{subnet:x}::1" for subnet in range(0, 65_536, 97)], 2),
    ],
    ids=["an IPv4 /24", "a /56", "a /48"],
)
@pytest.mark.parametrize("same_name", [True, False])
def test_guessing_from_all_of_a_network_is_stopped_for_that_network(
    addresses: list[str], level: int, same_name: bool
) -> None:
    """Whoever has a network has all of its addresses; nobody outside of it notices."""
    limits, tried = Limits(), 0
    for attempt in range(2_000):
        name = "dana" if same_name else f"name{attempt}"
        with contextlib.suppress(TooMany):
            fail(limits, name, addresses[attempt % len(addresses)])
            tried += 1
    assert tried == (FAILURES_PER_NAME if same_name else FAILURES_PER_ADDRESS) * WIDER**level
    for stranger in ("198.51.100.1", "2001:db8:1::1"):
        succeed(limits, "dana", stranger)
        succeed(limits, "name1999", stranger)


def test_who_keeps_a_name_busy_does_not_keep_its_owner_out() -> None:
    """From a few networks, not even from a new address; from many, not from one where the owner has signed in."""
    limits = Limits()
    succeed(limits, "Dana", "198.51.100.1", now=0)
    now = FAMILIAR_MS
    for network in range(40):
        for host in range(30):
            with contextlib.suppress(TooMany):
                fail(limits, "dana", f"10.1.{network}.{host}", now)
    succeed(limits, "dana", "203.0.113.1", now)
    with pytest.raises(TooMany):
        succeed(limits, "dana", "10.1.3.99", now)
    tried = 0
    for number in range(2_000):
        with contextlib.suppress(TooMany):
            fail(limits, "dana", elsewhere(number), now)
            tried += 1
    assert tried <= FIRST_FAILURES_ANYWHERE
    with pytest.raises(TooMany):
        succeed(limits, "dana", "203.0.113.200", now)
    succeed(limits, "dana", "203.0.113.1", now)
    succeed(limits, " DANA ", "198.51.100.1", now)
    for credential in ("password", "apikey"):
        for _ in range(3):
            fail(limits, "dana", "198.51.100.1", now, credential=credential)
            succeed(limits, "dana", "198.51.100.1", now, credential=credential)
    succeed(limits, "dana", "192.0.2.77", now, credential="apikey")


def test_a_neighbour_in_the_network_does_not_keep_out_who_has_signed_in_there() -> None:
    limits = Limits()
    succeed(limits, "dana", "2001:db8:0:17::5")
    for subnet in range(2_000):
        with contextlib.suppress(TooMany):
            fail(limits, "dana", f"2001:db8:0:{0x100 + subnet:x}::1")
        with contextlib.suppress(TooMany):
            fail(limits, f"name{subnet}", f"2001:db8:0:{0x100 + subnet:x}::1")
    succeed(limits, "dana", "2001:db8:0:17::6")
    with pytest.raises(TooMany):
        succeed(limits, "ann", "2001:db8:0:18::1")


def test_an_address_is_familiar_to_its_name_and_for_a_time() -> None:
    limits = Limits()
    succeed(limits, "dana", HERE[0], now=0)
    assert limits.familiar("Dana", HERE, FAMILIAR_MS)
    assert not limits.familiar("dana", HERE, FAMILIAR_MS + 1)
    assert not limits.familiar("ann", HERE, 0)
    assert not limits.familiar("dana", networks("192.0.2.2"), 0)
    fail(limits, "ann", HERE[0])
    assert not limits.familiar("ann", HERE, 0)
    for number in range(FAMILIAR_ADDRESSES):
        succeed(limits, "dana", elsewhere(number), now=1)
    assert not limits.familiar("dana", HERE, 1), "the one that was not used for longest"
    for number in range(KEPT + 10):
        limits.signed_in.add(str(number), "x", 2)
    assert len(limits.signed_in._kept) == KEPT


def test_attempts_at_the_same_time_count_before_they_have_failed() -> None:
    limits = Limits()
    running = [limits.sign_in("password", "dana", HERE, 0) for _ in range(FAILURES_PER_NAME)]
    for attempt in running:
        attempt.__enter__()
    with pytest.raises(TooMany):
        succeed(limits, "dana", HERE[0])
    for attempt in running:
        attempt.__exit__(None, None, None)
    succeed(limits, "dana", HERE[0])


def test_success_costs_nothing_and_neither_does_a_server_that_can_not() -> None:
    limits = Limits()
    for _ in range(3 * FAILURES_PER_NAME_ANYWHERE):
        succeed(limits, "dana", HERE[0])
        with pytest.raises(TooMany, match="busy"), limits.sign_in("password", "dana", HERE, 0):
            raise TooMany("busy", retry_after_s=1)
    for _ in range(FAILURES_PER_NAME):
        fail(limits, "dana", HERE[0])
    with pytest.raises(TooMany):
        succeed(limits, "dana", HERE[0])


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    limits = Limits()
    for _ in range(FAILURES_PER_NAME):
        fail(limits, "dana", HERE[0], 10 * MINUTE)
    with pytest.raises(TooMany):
        succeed(limits, "dana", HERE[0], 0)


async def test_heavy_requests_count_more_and_may_owe() -> None:
    limits = Limits()
    await limits.request("ann", 0, 10, 0, amount=40)
    await limits.request("ann", 0, 10, 0, amount=40)
    with pytest.raises(TooMany) as refused:
        await limits.request("ann", 0, 10, 0)
    assert refused.value.retry_after_s == 4, "thirty are owed, and one is wanted"
    limits.charge("ann", 0, 10, 0, 10_000)
    with pytest.raises(TooMany) as refused:
        await limits.request("ann", 0, 10, 0)
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


def test_the_networks_around_an_address_have_turns_too() -> None:
    turns = Turns(10)
    for subnet in range(21):
        assert turns.wait_from_s(networks(f"2001:db8:0:1{subnet:02x}::1"), 100.0, 1) == 0.0
    assert turns.wait_from_s(networks("2001:db8:0:1ff::1"), 100.0, 1) > 0, "twice the rate of one address, for the /56"
    assert turns.wait_from_s(networks("2001:db8:0:200::1"), 100.0, 1) == 0.0
    assert turns.wait_from_s(networks("2001:db8:1:200::1"), 100.0, 1) == 0.0


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
