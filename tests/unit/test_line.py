"""Whose turn it is, of those who wait in a line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from seatwright.auth.line import MAX_WAITING, MAX_WAITING_PER_ADDRESS, RETRY_AFTER_S, Line, Origin
from seatwright.auth.networks import networks
from seatwright.core.errors import TooMany


class Desk:
    """A line in front of one thread, which is busy until `open` is called; who came, and who was served when."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1)
        self.line = Line(self._threads, 1)
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._open = threading.Event()

    async def arrive(self, name: str, address: str, *, familiar: bool = False) -> None:
        """Let somebody come from an address; whoever has to wait does when this returns."""
        origin = Origin(networks(address), familiar)
        self.tasks[name] = asyncio.create_task(self.line.run(origin, self._serve, name))
        await asyncio.sleep(0)

    def _serve(self, name: str) -> None:
        assert self._open.wait(60)
        self.served.append(name)

    async def open(self) -> list[str]:
        """Serve all, and return who was refused."""
        self._open.set()
        answers = await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        refused = {name: error for name, error in zip(self.tasks, answers, strict=True) if error is not None}
        for error in refused.values():
            assert isinstance(error, TooMany)
            assert error.retry_after_s == RETRY_AFTER_S
        assert self.line.waiting() == 0
        assert sorted([*self.served, *refused]) == sorted(self.tasks)
        return list(refused)

    def close(self) -> None:
        """End its thread."""
        self._open.set()
        self._threads.shutdown()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A desk where the first caller is being served."""
    made = Desk()
    await made.arrive("first", "192.0.2.250")
    yield made
    made.close()


async def test_networks_take_turns_and_so_do_the_networks_inside_of_them(desk: Desk) -> None:
    for number in range(3):
        await desk.arrive(f"a{number}", "2001:db8:1:100::1")
    await desk.arrive("neighbour", "2001:db8:1:101::1")
    await desk.arrive("far neighbour", "2001:db8:1:200::1")
    await desk.arrive("b0", "192.0.2.1")
    await desk.arrive("b1", "192.0.2.1")
    await desk.arrive("c0", "198.51.100.1")
    assert await desk.open() == []
    assert desk.served == ["first", "a0", "b0", "c0", "far neighbour", "b1", "neighbour", "a1", "a2"]


async def test_a_full_line_makes_room_for_another_network(desk: Desk) -> None:
    """All subnets of a /56 fill it: the newest of these give way, one for each newcomer, and it stays full."""
    for subnet in range(256):
        await desk.arrive(f"x{subnet}", f"2001:db8:1:1{subnet:02x}::1")
    assert desk.line.waiting() == MAX_WAITING
    for number in range(3):
        await desk.arrive(f"other{number}", f"198.51.{number}.1")
    await desk.arrive("y", "2001:db8:1:200::1")
    assert desk.line.waiting() == MAX_WAITING
    refused = await desk.open()
    stayed = MAX_WAITING - 4
    assert refused == [f"x{subnet}" for subnet in range(stayed, 256)]
    assert desk.served[:6] == ["first", "x0", "other0", "other1", "other2", "y"]


async def test_nobody_gives_way_to_somebody_who_has_as_much(desk: Desk) -> None:
    for number in range(MAX_WAITING):
        await desk.arrive(f"x{number}", f"10.0.{number}.1")
    await desk.arrive("newcomer", "198.51.100.1")
    await desk.arrive("x0 again", "10.0.0.1")
    assert await desk.open() == ["newcomer", "x0 again"]


async def test_an_address_has_its_share_and_no_more(desk: Desk) -> None:
    for number in range(2 * MAX_WAITING_PER_ADDRESS):
        await desk.arrive(f"x{number}", "192.0.2.1")
    assert await desk.open() == [f"x{number}" for number in range(MAX_WAITING_PER_ADDRESS, 2 * MAX_WAITING_PER_ADDRESS)]


async def test_who_has_signed_in_lately_keeps_a_place_and_every_other_turn(desk: Desk) -> None:
    for number in range(100):
        await desk.arrive(f"x{number}", f"10.0.{number}.1")
    await desk.arrive("known0", "10.0.0.1", familiar=True)
    await desk.arrive("known1", "10.0.0.1", familiar=True)
    assert await desk.open() == [f"x{number}" for number in range(MAX_WAITING, 100)]
    assert {"known0", "known1"} <= set(desk.served[:5])


async def test_who_goes_away_is_not_waited_for(desk: Desk) -> None:
    await desk.arrive("gone", "192.0.2.1")
    await desk.arrive("there", "192.0.2.2")
    desk.tasks.pop("gone").cancel()
    await asyncio.sleep(0)
    assert await desk.open() == []
    assert desk.served == ["first", "there"]
    await desk.arrive("later", "192.0.2.3")
    await desk.tasks["later"]


async def test_a_caller_who_leaves_when_called_passes_the_turn_on() -> None:
    with ThreadPoolExecutor(1) as threads:
        line = Line(threads, 1)
        going_on = threading.Event()
        first = asyncio.create_task(line.run(Origin(), going_on.wait))
        await asyncio.sleep(0)
        called = asyncio.create_task(line.run(Origin(("a",)), str))
        following = asyncio.create_task(line.run(Origin(("b",)), str))
        await asyncio.sleep(0)
        first.add_done_callback(lambda _: called.cancel())
        going_on.set()
        assert await asyncio.wait_for(following, 60) == ""
        assert called.cancelled() or called.done()


async def test_the_line_stays_within_its_bounds_whoever_comes() -> None:
    """A thousand arrivals from few and many networks: what is counted is what waits, at every level."""
    made = Desk()
    try:
        await made.arrive("first", "192.0.2.250")
        for number in range(1_000):
            subnet = number * 7919 % 5
            await made.arrive(f"x{number}", f"2001:db8:{number % 40:x}:{subnet:x}00::1", familiar=number % 11 == 0)
            assert made.line.waiting() <= 2 * MAX_WAITING
        assert made.line.waiting() == 2 * MAX_WAITING
        refused = await made.open()
        assert len(made.served) == 1 + 2 * MAX_WAITING
        assert len(refused) == 1_000 - 2 * MAX_WAITING
    finally:
        made.close()
