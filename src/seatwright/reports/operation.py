"""How much there is, and how much waits: for those who watch over the server."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx

EVENTS = "events"


class Queue(NamedTuple):
    """Things that are due, how long the oldest of them has been due (in milliseconds), and those that were given up."""

    due: int = 0
    lag_ms: int = 0
    given_up: int = 0


class Levels(NamedTuple):
    """All accounts together: orders in their lists, holds, and queues by name (`events`, `mail`, `webhook`)."""

    orders: int
    holds: int
    queues: dict[str, Queue]


async def levels(tx: ReadTx, now: Instant) -> Levels:
    """Return how things stand. It reads a count per account, and what waits; no order is read."""
    orders = await tx.row("SELECT COALESCE(SUM(orders), 0) AS many FROM account_counter")
    holds = await tx.row("SELECT COUNT(*) AS many FROM hold")
    assert orders is not None
    assert holds is not None
    queues = {EVENTS: await _events(tx, now)}
    for channel in ("mail", "webhook"):
        queues[channel] = await _deliveries(tx, now, channel)
    return Levels(int(orders["many"]), int(holds["many"]), queues)


async def _events(tx: ReadTx, now: Instant) -> Queue:
    due = await tx.row(
        "SELECT COUNT(*) AS many, MIN(due_at) AS oldest FROM outbox_event WHERE failed_at IS NULL AND due_at <= $1", now
    )
    failed = await tx.row("SELECT COUNT(*) AS many FROM outbox_event WHERE failed_at IS NOT NULL")
    assert due is not None
    assert failed is not None
    return Queue(int(due["many"]), now - due["oldest"] if due["many"] else 0, int(failed["many"]))


async def _deliveries(tx: ReadTx, now: Instant, channel: str) -> Queue:
    due = await tx.row(
        """
        SELECT COUNT(*) AS many, MIN(due_at) AS oldest FROM delivery
        WHERE channel = $1 AND status = 'due' AND due_at <= $2
        """,
        channel,
        now,
    )
    dead = await tx.row("SELECT COUNT(*) AS many FROM delivery WHERE channel = $1 AND status = 'dead'", channel)
    assert due is not None
    assert dead is not None
    return Queue(int(due["many"]), now - due["oldest"] if due["many"] else 0, int(dead["many"]))
