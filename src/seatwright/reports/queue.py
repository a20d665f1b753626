"""Reports take turns: however many are asked for, a process makes few at a time, so that orders keep their share.

An account has one turn at a time, and a short queue of its own for it: however much it asks for, others get theirs.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from seatwright.core.errors import Unavailable

T = TypeVar("T")

AT_ONCE = 2
"""Reports that a process makes at the same time. SQLite has four threads for reads that take long, PostgreSQL at
least two connections; orders need some of them."""
MAX_WAITING = 20
"""Accounts that wait for a turn at most; further ones are refused."""
MAX_WAITING_EACH = 4
"""Reports of one account that wait for the one before them at most; further ones are refused."""
SWITCH_S = 0.0001
"""How long a report's thread may keep the interpreter while others wait for it. Python's own is 0.005 seconds, and a
booking waits for its turn dozens of times: around every statement of SQLite's (docs/reports.md has measurements)."""


class _Queue:
    """Some turns at a time, and those who wait for one: at most `most`, further ones are refused with `refusal`."""

    def __init__(self, at_once: int, most: int, refusal: str) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = most
        self._refusal = refusal
        self._waiting = 0

    @property
    def idle(self) -> bool:
        """Whether nobody has a turn or waits for one, where there is one turn at a time."""
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
        self._shaping = 0
        self._usual_s = sys.getswitchinterval()

    async def shape(self, work: Callable[[], T]) -> T:
        """Do what takes a processor long in a thread, and let nobody wait for that longer than `SWITCH_S` at a time."""
        self._shaping += 1
        sys.setswitchinterval(SWITCH_S)
        try:
            return await asyncio.to_thread(work)
        finally:
            self._shaping -= 1
            if not self._shaping:
                sys.setswitchinterval(self._usual_s)

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
