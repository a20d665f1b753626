"""The outbox: what happened to an order, written in the transaction in which it happened.

`seatwright.messages` reads it and makes mails and webhook calls of it. Nothing is written where nobody listens.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.fee_reason import FeeReason
from seatwright.storage.engine import ReadTx, Row, Tx

EventKind: TypeAlias = Literal["order.created", "order.changed", "order.cancelled", "order.answered"]
EVENT_KINDS: tuple[EventKind, ...] = ("order.created", "order.changed", "order.cancelled", "order.answered")

LEASE_MS = MINUTE_MS
"""How long whoever took an event has until another may take it."""


class LineFee(msgspec.Struct, frozen=True):
    """What cancelling one participant or unit cost, in minor units, and why; earlier versions wrote that in English."""

    line_id: str
    fee: int
    reason: FeeReason | str


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says beside its kind. `action` is the audit event's, `version` the order's afterwards.

    `lines` are the participants and units that were added, moved, cancelled or answered. `refund` is what is to be
    given back because of it and `fee` what is kept, in minor units. `reason` is why an order was declined.
    """

    action: str = ""
    version: int = 0
    lines: tuple[str, ...] = ()
    refund: int = 0
    fee: int = 0
    fees: tuple[LineFee, ...] = ()
    reason: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an order of the supplier `account_id`, sold by `owner_id` (itself or a reseller)."""

    account_id: str
    id: str
    owner_id: str
    order_id: str
    kind: EventKind
    at: Instant
    detail: Detail
    attempts: int = 0


INSERT = """
INSERT INTO outbox_event (account_id, id, owner_id, order_id, kind, at, detail, due_at)
SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::text, $6::bigint WHERE $8
    OR EXISTS (SELECT 1 FROM webhook w WHERE w.account_id = $1::text AND w.active)
    OR EXISTS (SELECT 1 FROM webhook w WHERE w.account_id = $3::text AND w.active)
"""


def encode(detail: Detail) -> str:
    """Return a detail as it is stored."""
    return msgspec.json.encode(detail).decode()


async def enqueue(tx: Tx, event: Event, *, mailed: bool) -> None:
    """Write an event if it may have to be mailed, or if either account has an active webhook."""
    await tx.execute(
        INSERT,
        event.account_id,
        event.id,
        event.owner_id,
        event.order_id,
        event.kind,
        event.at,
        encode(event.detail),
        mailed,
    )


async def take(tx: Tx, now: Instant, *, limit: int) -> list[Event]:
    """Return up to `limit` events that are due, oldest first, and keep others from taking them for `LEASE_MS`."""
    rows = await tx.rows(
        """
        UPDATE outbox_event SET attempts = attempts + 1, due_at = $2 WHERE (account_id, id) IN (
            SELECT account_id, id FROM outbox_event WHERE due_at <= $1 ORDER BY due_at, id LIMIT $3
            FOR UPDATE SKIP LOCKED
        )
        RETURNING account_id, id, owner_id, order_id, kind, at, detail, attempts
        """,
        now,
        now + LEASE_MS,
        limit,
    )
    return sorted((_event(row) for row in rows), key=lambda event: event.id)


async def done(tx: Tx, event: Event) -> bool:
    """Remove an event that has become messages, in the transaction that writes them; tell whether it was there."""
    return bool(
        await tx.execute("DELETE FROM outbox_event WHERE account_id = $1 AND id = $2", event.account_id, event.id)
    )


async def waiting(tx: ReadTx) -> int:
    """Return how many events have not become messages yet."""
    row = await tx.row("SELECT COUNT(*) AS many FROM outbox_event")
    return int(row["many"]) if row else 0


def _event(row: Row) -> Event:
    fields: dict[str, Any] = {name: row[name] for name in ("account_id", "id", "owner_id", "order_id", "kind", "at")}
    return Event(**fields, detail=msgspec.json.decode(row["detail"], type=Detail), attempts=row["attempts"])
