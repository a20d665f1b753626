"""Sends what is due: takes deliveries, sends them outside of any transaction, and writes down what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import structlog

from seatwright.core.clock import HOUR_MS, SECOND_MS, Clock, Instant
from seatwright.core.errors import Unavailable
from seatwright.core.times import from_datetime
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Attempt, Capacity, Channel, Delivery, Outcome
from seatwright.storage.engine import Database

MAX_RETRY_AFTER_MS = 8 * HOUR_MS
"""The longest wait that a receiver can ask for: the longest between two attempts anyway."""
AT_ONCE = 40
"""Deliveries of a channel that one process sends at the same time at most."""
PER_ACCOUNT: dict[Channel, int] = {"mail": 5, "webhook": 10}
"""Deliveries of one account that one process sends at the same time at most, so that it fills no process alone."""
PER_TARGET: dict[Channel, int] = {"mail": 5, "webhook": 2}
"""The same for one target of an account, a mail address or a webhook. Mails of an account all go by one server; each
webhook is a receiver of its own, and one that doesn't answer leaves room for the account's others."""
TAKEN = 5
"""Deliveries that are taken in one step at most."""
CAPACITY_WAIT_S = 1.0
"""How long a step waits for room at most."""
SETTLE_TRIES = 30
SETTLE_PAUSE_S = 1.0
"""How often, and how far apart, a database that is away is asked to take what came of an attempt. What it never takes
is sent again when the lease is over."""

log = structlog.get_logger("seatwright.messages")


Send: TypeAlias = Callable[[Delivery], Awaitable[Outcome]]
"""Sends one delivery, within less than `deliveries.LEASE_MS`; raises nothing that it expects."""


class Deliverer:
    """Sends a channel's deliveries, up to `AT_ONCE` at a time, and fewer of one account or to one target: whoever is
    slow holds up itself alone."""

    def __init__(self, database: Database, clock: Clock, channel: Channel, send: Send) -> None:
        """Make one for a process and a channel; nothing is sent yet."""
        self._database = database
        self._clock = clock
        self._channel = channel
        self._send = send
        self._running: dict[asyncio.Task[None], Delivery] = {}

    async def step(self) -> int:
        """Begin to send as much of what is due as there is room for; return how many that is. Waits for room only."""
        if len(self._running) >= AT_ONCE:
            await asyncio.wait(self._running, timeout=CAPACITY_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        capacity = self._capacity()
        if len(capacity.running) >= AT_ONCE:
            return 0
        taken = await self._database.write(
            lambda tx: deliveries.take(tx, self._channel, self._clock.now(), limit=TAKEN, capacity=capacity),
        )
        for each in taken:
            task = asyncio.create_task(self._deliver(each))
            self._running[task] = each
            task.add_done_callback(self._running.pop)
        return len(taken)

    async def step_or_wait(self) -> bool:
        """Take a step. If it began nothing, and more may be due to whom there is no room for, wait until something is
        done, for `CAPACITY_WAIT_S` at most. Tell whether another step is worth while at once."""
        capacity = self._capacity()
        held = len(capacity.running) >= AT_ONCE or any(capacity.full)
        if await self.step():
            return True
        if held and self._running:
            await asyncio.wait(self._running, timeout=CAPACITY_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        return held

    def _capacity(self) -> Capacity:
        running = list(self._running.values())
        return Capacity(AT_ONCE, PER_ACCOUNT[self._channel], PER_TARGET[self._channel], running)

    async def finish(self, within_s: float | None = None) -> None:
        """Wait for what is being sent. After `within_s` seconds it is cut off, and due again when its lease is over."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _deliver(self, taken: Delivery) -> None:
        try:
            outcome, attempt = await self._attempt(taken)
            status = await self._settle(taken, outcome, attempt)
        except Exception as error:
            log.warning("a delivery could not be settled", channel=taken.channel, delivery_id=taken.id, exc_info=error)
            return
        log.info(
            "delivery",
            channel=taken.channel,
            kind=taken.kind,
            delivery_id=taken.id,
            status=status,
            code=outcome.code,
        )

    async def _attempt(self, taken: Delivery) -> tuple[Outcome, Attempt]:
        began = self._clock.now()
        try:
            outcome = await self._send(taken)
        except Exception as error:
            log.warning("sending failed unexpectedly", channel=taken.channel, delivery_id=taken.id, exc_info=error)
            outcome = Outcome(sent=False, error=type(error).__name__)
        at = self._clock.now()
        return outcome, Attempt(at=at, code=outcome.code, error=outcome.error, duration_ms=max(0, at - began))

    async def _settle(self, taken: Delivery, outcome: Outcome, attempt: Attempt) -> deliveries.Status:
        """Write what came of it, again and again while the database is away: what was sent is sent twice otherwise."""
        for tries in range(SETTLE_TRIES):
            try:
                return await self._database.write(
                    lambda tx: deliveries.settle(
                        tx,
                        taken,
                        attempt,
                        sent=outcome.sent,
                        final=outcome.final,
                        retry_after_ms=retry_after_ms(outcome.retry_after, attempt.at, at_most=MAX_RETRY_AFTER_MS),
                    )
                )
            except Unavailable:
                if tries == SETTLE_TRIES - 1:
                    raise
                await asyncio.sleep(SETTLE_PAUSE_S)
        raise AssertionError("unreachable")


async def deliver(database: Database, clock: Clock, channel: Channel, send: Send) -> int:
    """Send up to `TAKEN` deliveries that are due, and wait for all of them; return how many were taken."""
    deliverer = Deliverer(database, clock, channel, send)
    taken = await deliverer.step()
    await deliverer.finish()
    return taken


def retry_after_ms(text: str | None, now: Instant, *, at_most: int) -> int:
    """Return how long a Retry-After asks to wait, from 0 to `at_most`: it is seconds, or a date (RFC 9110, 10.2.3)."""
    if text is None:
        return 0
    if text.isascii() and text.isdigit():
        wait = int(text[:12]) * SECOND_MS
    else:
        try:
            moment = parsedate_to_datetime(text)
            wait = from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
        except (ValueError, OverflowError):
            return 0
    return min(max(wait, 0), at_most)
