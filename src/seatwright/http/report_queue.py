"""Reports take turns: a process makes only a few at a time, so that orders keep their share of the machine.

An account has one turn at a time, and a short queue of its own, so that many requests of one account don't delay
others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from seatwright.core.errors import Unavailable
from seatwright.http.switching import short_turns

T = TypeVar("T")

AT_ONCE = 2
"""Reports that a process makes at the same time. SQLite has four threads for reads that take long, PostgreSQL at
least two connections; orders need some of them."""
MAX_WAITING = 20
"""Maximum number of accounts that wait for a turn; further ones are refused."""
MAX_WAITING_EACH = 4
"""Maximum number of an account's reports that wait for its running one; further ones are refused."""


class _Queue:
    """A limited number of turns at a time, and at most `most` waiting tasks; further ones are refused with
    `refusal`.
    """

    def __init__(self, at_once: int, most: int, refusal: str) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = most
        self._refusal = refusal
        self._waiting = 0

    @property
    def idle(self) -> bool:
        """Whether no task has a turn or waits for one; for queues with one turn at a time."""
        return not self._waiting and not self._free.locked()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it. Raises `Unavailable`."""
        if self._free.locked() and self._waiting >= self._most:
            raise Unavailable(self._refusal, code="overloaded")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


class ReportQueue:
    """The turns of one process."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._all = _Queue(at_once, MAX_WAITING, "Too many reports are being made; try again in a moment.")
        self._queues: dict[str, _Queue] = {}

    async def shape(self, work: Callable[[], T]) -> T:
        """Do long computations in a thread, and let others wait for it only shortly (`switching`)."""
        with short_turns():
            return await asyncio.to_thread(work)

    @asynccontextmanager
    async def turn(self, account_id: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it. Raises `Unavailable` if too many of the account, or accounts, wait already."""
        queue = self._queues.setdefault(
            account_id,
            _Queue(1, MAX_WAITING_EACH, "Too many reports of this account wait already; try again later."),
        )
        try:
            async with queue.turn(), self._all.turn():
                yield
        finally:
            if queue.idle:
                del self._queues[account_id]
