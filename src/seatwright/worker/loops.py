"""The server's background loops. Every worker process runs all of them; a step may run in several processes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from seatwright.auth import reset_store, session_store
from seatwright.cancellation import approval
from seatwright.cart import holds
from seatwright.cart import store as carts
from seatwright.cart.context import BookingContext
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import DAY_MS, SECOND_MS, Clock, Instant
from seatwright.core.config import Settings
from seatwright.core.meter import meter
from seatwright.disruptions import service as disruptions
from seatwright.notifications import deliveries
from seatwright.orders import outbox, term_fill
from seatwright.storage import account_changes, idempotency
from seatwright.storage.engine import Database, Tx

EXPIRY_S = 1.0
RETENTION_S = 600.0
PORTION = 500
"""Maximum number of rows deleted in one transaction, so that no other transaction waits long."""

log = structlog.get_logger("seatwright.worker")


class Forget(Protocol):
    """A use case that deletes at most `limit` rows older than `before` and returns how many."""

    async def __call__(self, tx: Tx, before: Instant, *, limit: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Loops:
    """The steps, and the objects that they use."""

    database: Database
    clock: Clock
    settings: Settings
    catalogs: CatalogCache = field(default_factory=CatalogCache)

    async def run(self, stop: asyncio.Event) -> None:
        """Run all loops until `stop` is set; return when the steps that were running are done."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(_repeat(self.expire_holds, stop, EXPIRY_S))
            loops.create_task(_repeat(self.expire_pending, stop, EXPIRY_S))
            loops.create_task(_repeat(self.do_departure_jobs, stop, EXPIRY_S))
            loops.create_task(_repeat(self.forget_answers, stop, RETENTION_S))
            loops.create_task(_repeat(self.forget_carts, stop, RETENTION_S))
            loops.create_task(_repeat(self.forget_messages, stop, RETENTION_S))
            loops.create_task(_repeat(self.forget_sessions, stop, RETENTION_S))
            loops.create_task(_repeat(self.forget_changes, stop, RETENTION_S))
            loops.create_task(_repeat(self.fill_terms, stop, RETENTION_S))

    async def expire_holds(self) -> int:
        """Release the seats of expired holds, until none is left; return how many holds."""
        swept = 0
        while count := await holds.sweep(self.database, self.clock):
            swept += count
        return swept

    async def expire_pending(self) -> int:
        """Decline pending orders that were not answered in time; return how many."""
        return await approval.expire(self.database, self.clock)

    async def do_departure_jobs(self) -> int:
        """Go on with cancelling and moving whole departures; return how many orders."""
        booking = BookingContext(self.clock, self.catalogs, hold_ms=self.settings.hold_seconds * SECOND_MS)
        return await disruptions.work(self.database, booking)

    async def fill_terms(self) -> int:
        """Make orders from before there was a search findable, until none is left; return how many."""
        return await term_fill.fill(self.database)

    async def forget_answers(self) -> int:
        """Delete answers to Idempotency-Keys that are older than the setting; return how many."""
        before = self.clock.now() - self.settings.idempotency_seconds * SECOND_MS
        return await self._in_portions(idempotency.forget_older, before)

    async def forget_carts(self) -> int:
        """Delete carts that never became an order and are older than the setting; return how many."""
        return await self._in_portions(carts.forget_older, self.clock.now() - self.settings.cart_days * DAY_MS)

    async def forget_messages(self) -> int:
        """Delete mails, webhook calls and events that ended longer ago than the setting; return how many."""
        before = self.clock.now() - self.settings.message_days * DAY_MS
        return sum(
            [await self._in_portions(forget, before) for forget in (deliveries.forget_older, outbox.forget_older)]
        )

    async def forget_sessions(self) -> int:
        """Delete sessions of the desk that are over by their age, and old links to new passwords; return how many."""
        now = self.clock.now()
        sessions = await self._in_portions(session_store.forget_older, now - self.settings.session_seconds * SECOND_MS)
        return sessions + await self._in_portions(reset_store.forget_older, now - DAY_MS)

    async def forget_changes(self) -> int:
        """Delete the numbers of accounts' earlier changes; return how many."""

        async def forget(tx: Tx, before: Instant, *, limit: int) -> int:
            return await account_changes.forget_older(tx, limit=limit)

        return await self._in_portions(forget, self.clock.now())

    async def _in_portions(self, forget: Forget, before: Instant) -> int:
        forgotten = 0
        while True:
            count = await self.database.write(lambda tx: forget(tx, before, limit=PORTION))
            forgotten += count
            if count < PORTION:
                return forgotten


async def _repeat(step: Callable[[], Awaitable[int]], stop: asyncio.Event, pause_s: float) -> None:
    """Run `step` again and again; a failure is logged, and the step is tried again the next time."""
    while not stop.is_set():
        try:
            await step()
        except Exception as error:
            name = getattr(step, "__name__", "")
            meter().failure(name)
            log.warning("a background step failed", step=name, exc_info=error)
        try:
            await asyncio.wait_for(stop.wait(), pause_s)
        except TimeoutError:
            continue
