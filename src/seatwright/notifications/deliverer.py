"""Sends due deliveries: takes them, sends them outside of any transaction, and stores the results."""

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
"""The longest wait that a receiver can ask for; it is also the longest wait between two attempts."""
AT_ONCE = 40
"""Maximum number of deliveries of a channel that one process sends at the same time."""
PER_ACCOUNT: dict[Channel, int] = {"mail": 5, "webhook": 10}
"""Maximum number of deliveries of one account that one process sends at the same time, so that no account occupies a
process alone.
"""
PER_TARGET: dict[Channel, int] = {"mail": 5, "webhook": 2}
"""The same for one target of an account, a mail address or a webhook. All mails of an account go through one server;
each webhook is a receiver of its own, and one that doesn't answer must not block the account's other webhooks.
"""
TAKEN = 5
"""Maximum number of deliveries that one step takes."""
CAPACITY_WAIT_S = 1.0
"""How long a step waits for free capacity, in seconds."""
SETTLE_TRIES = 30
SETTLE_PAUSE_S = 1.0
"""How often, and at which intervals, the result of an attempt is written again while the database is unreachable. A
delivery whose result is never written is sent again when its lease has expired.
"""

log = structlog.get_logger("seatwright.messages")


Send: TypeAlias = Callable[[Delivery], Awaitable[Outcome]]
"""Sends one delivery, within less than `deliveries.LEASE_MS`; expected failures are outcomes, not exceptions."""


class Deliverer:
    """Sends a channel's deliveries, up to `AT_ONCE` at a time, and fewer of one account or to one target: a slow
    receiver delays only its own.
    """

    def __init__(self, database: Database, clock: Clock, channel: Channel, send: Send) -> None:
        """Make one for a process and a channel; nothing is sent yet."""
        self._database = database
        self._clock = clock
        self._channel = channel
        self._send = send
        self._running: dict[asyncio.Task[None], Delivery] = {}

    async def step(self) -> int:
        """Begin to send as many due deliveries as there is capacity for; return how many. Waits only for capacity."""
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
        """Take a step. If it began nothing because there is no capacity for what is due, wait until a delivery is done,
        for `CAPACITY_WAIT_S` at most. Return whether another step makes sense at once.
        """
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
        """Wait for running deliveries. After `within_s` seconds they are cancelled, and due again when their leases
        have expired.
        """
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
        """Store the result, and try again and again while the database is unreachable: otherwise a sent delivery would
        be sent twice.
        """
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
