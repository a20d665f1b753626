"""Waiting for a database that is away: how often, how long, and what ends it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from seatwright.core.errors import Unavailable
from seatwright.storage import waiting
from seatwright.storage.waiting import STOPPING, reached


class Away:
    """A database that is away for some attempts."""

    def __init__(self, attempts: int, *, code: str | None = None) -> None:
        self.left = attempts
        self._code = code

    async def __call__(self) -> str:
        if not self.left:
            return "here"
        self.left -= 1
        raise Unavailable("PostgreSQL can't be reached.", code=self._code)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE_S", 0.001)
    monkeypatch.setattr(waiting, "LONGEST_PAUSE_S", 0.004)


@pytest.mark.usefixtures("short_pauses")
async def test_pauses_grow_up_to_a_bound_and_are_said() -> None:
    with capture_logs() as lines:
        assert await reached(Away(5)) == "here"
    assert [line["retry_in_s"] for line in lines] == [0.001, 0.002, 0.004, 0.004, 0.004]
    assert {(line["event"], line["log_level"]) for line in lines} == {("waiting for the database", "warning")}


@pytest.mark.usefixtures("short_pauses")
async def test_it_ends_with_what_waiting_does_not_mend_and_after_its_time() -> None:
    wrong = Away(5, code="schema_newer")
    with pytest.raises(Unavailable, match="can't be reached"):
        await reached(wrong)
    assert wrong.left == 4
    late = Away(5)
    with pytest.raises(Unavailable):
        await reached(late, wait_s=-1)
    assert late.left == 4


async def test_sigterm_in_the_last_moment_is_not_lost() -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))

    async def attempt() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "here"

    try:
        with suppress(Unavailable):
            await reached(attempt)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told


@pytest.mark.parametrize("during", ["a pause", "an attempt"])
async def test_sigterm_ends_it_at_once(during: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever handled the signal before gets it too, as uvicorn does."""
    monkeypatch.setattr(waiting, "PAUSE_S", 3_600.0)
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    cancelled = False

    async def attempt() -> None:
        nonlocal cancelled
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        if during == "a pause":
            raise Unavailable("PostgreSQL can't be reached.")
        try:
            await asyncio.Event().wait()
        finally:
            cancelled = True

    try:
        handler = signal.getsignal(signal.SIGTERM)
        with pytest.raises(Unavailable) as stopped:
            await asyncio.wait_for(reached(attempt), 60)
        assert stopped.value.code == STOPPING
        assert told == [signal.SIGTERM]
        assert cancelled == (during == "an attempt")
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
