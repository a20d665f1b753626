"""At start, the program waits for an unreachable database until it is there or the process is told to stop."""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import structlog

from seatwright.core.errors import Unavailable

T = TypeVar("T")

PAUSE_S = 0.5
"""The first pause between two attempts; each further one is twice as long, up to `LONGEST_PAUSE_S`."""
LONGEST_PAUSE_S = 4.0
STOPPING = "stopping"
"""The code that says that the process was told to end, which is not a failure."""

log = structlog.get_logger("seatwright.storage")


async def reached(attempt: Callable[[], Awaitable[T]], *, wait_s: float = math.inf) -> T:
    """Run `attempt`, which needs the database. While the database is unreachable, try again and again, and log it.

    Raises the error of `attempt` if it is not an outage, and after `wait_s` seconds; and `Unavailable` with the code
    `STOPPING` as soon as the process gets SIGTERM.
    """
    deadline, pause_s = time.monotonic() + wait_s, PAUSE_S
    with _sigterm() as stop:
        while True:
            try:
                return await _unless(stop, attempt())
            except Unavailable as error:
                if error.code != Unavailable.code or time.monotonic() > deadline:
                    raise
                log.warning("waiting for the database", reason=error.message, retry_in_s=pause_s)
            await _unless(stop, asyncio.sleep(pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _unless(stop: asyncio.Event, work: Awaitable[T]) -> T:
    """Return the result of `work`. If `stop` is set first, `work` is cancelled."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Unavailable("Told to stop before the database was there.", code=STOPPING)
        return working.result()
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.wait([working, stopping])


@contextmanager
def _sigterm() -> Iterator[asyncio.Event]:
    """Return an event that SIGTERM sets, in addition to calling the earlier handler (but not the default one, which
    ends the process).
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():  # it gets no signals
        yield stop
        return
    before, was_told = signal.getsignal(signal.SIGTERM), False

    def told(number: int, frame: FrameType | None) -> None:
        nonlocal was_told
        was_told = True
        loop.call_soon_threadsafe(stop.set)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, told)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
    if was_told:  # just when there was nothing to wait for any more
        signal.raise_signal(signal.SIGTERM)
