"""The outbox: what happened to an order, written in the transaction in which it happened.

`seatwright.messages` reads it and makes mails and webhook calls of it. Nothing is written where nobody listens. An
event stays until all of it is told, or until it is given up: then it waits for whoever runs the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import structlog

from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.fee_reason import FeeReason
from seatwright.notifications.deliveries import MAX_ATTEMPTS, MAX_ERROR, WAITS_MS
from seatwright.notifications.webhooks.model import EventKind
from seatwright.storage.engine import ReadTx, Row, Tx

LEASE_MS = MINUTE_MS
"""How long whoever took an event has until another may take it: at the first attempts, and more later."""
FAILS_OFTEN = 3
"""Attempts after which an event that is still there is a finding of `seatwright doctor`."""
DIED = "whoever told it did not come to an end"
"""The error of an event that was taken and neither told nor failed."""
UNREADABLE = "what it says can't be read by this version"
"""The error of an event that is given up at once, because trying again would change nothing."""

log = structlog.get_logger("seatwright.messages")


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
    """Something that happened to an order of the supplier `account_id`, sold by `owner_id` (itself or a reseller).

    `error` is what went wrong when it was told last, `failed_at` when it was given up. Where `detail` can't be read it
    is an empty one; such an event is never taken.
    """

    account_id: str
    id: str
    owner_id: str
    order_id: str
    kind: EventKind
    at: Instant
    detail: Detail
    attempts: int = 0
    due_at: Instant = 0
    error: str = ""
    failed_at: Instant | None = None


_COLUMNS = "account_id, id, owner_id, order_id, kind, at, detail, attempts, due_at, error, failed_at"
_FAILED = "(failed_at IS NOT NULL OR error <> '' OR attempts > 1)"

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


async def take(tx: Tx, now: Instant, *, limit: int, again: bool = False) -> list[Event]:
    """Return up to `limit` events that are due, oldest first, and keep others from taking them for `LEASE_MS` or more.

    They are such as were never taken before or, with `again`, such as were: those should be taken one at a time,
    because each counts as attempted from here on, and one of them may be what kills its process. One that was taken
    `MAX_ATTEMPTS` times, or that can't be read, is given up here instead.
    """
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM outbox_event WHERE due_at <= $1 AND failed_at IS NULL
        AND {"attempts > 0" if again else "attempts = 0"} ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
        """,  # noqa: S608 - constant columns and conditions
        now,
        limit,
    )
    taken = []
    for row in rows:
        event, readable = _event(row), _detail(row) is not None
        if readable and event.attempts < MAX_ATTEMPTS:
            taken.append(msgspec.structs.replace(event, attempts=event.attempts + 1))
        else:
            await _give_up(tx, event, now, (event.error or DIED) if readable else UNREADABLE)
    await tx.execute_many(
        "UPDATE outbox_event SET attempts = $3, due_at = $4 WHERE account_id = $1 AND id = $2",
        [(event.account_id, event.id, event.attempts, now + max(LEASE_MS, _wait(event))) for event in taken],
    )
    return sorted(taken, key=lambda event: event.id)


async def already_told(tx: Tx, event: Event) -> list[str] | None:
    """Return the names of the messages that were made of an event, which nobody else changes until this transaction
    ends; None if it has been told entirely."""
    row = await tx.row(
        "SELECT told FROM outbox_event WHERE account_id = $1 AND id = $2 FOR UPDATE", event.account_id, event.id
    )
    return msgspec.json.decode(row["told"], type=list[str]) if row else None


async def done(tx: Tx, event: Event) -> bool:
    """Remove an event that has become messages, in the transaction that writes them; tell whether it was there."""
    return bool(
        await tx.execute("DELETE FROM outbox_event WHERE account_id = $1 AND id = $2", event.account_id, event.id)
    )


async def fail(tx: Tx, event: Event, now: Instant, *, told: Iterable[str], error: str) -> bool:
    """Keep an event that could not be told to all, with the names of the messages that were made of it; tell whether it
    is given up by that.

    It is due again by the schedule of deliveries, unless others have taken it meanwhile. `error` has no personal data.
    """
    given_up = event.attempts >= MAX_ATTEMPTS
    await tx.execute(
        """
        UPDATE outbox_event SET told = $3, error = $4,
            due_at = CASE WHEN attempts = $5 THEN $6 ELSE due_at END,
            failed_at = CASE WHEN attempts = $5 THEN $7 ELSE failed_at END
        WHERE account_id = $1 AND id = $2
        """,
        event.account_id,
        event.id,
        msgspec.json.encode(list(told)).decode(),
        error[:MAX_ERROR],
        event.attempts,
        now if given_up else now + _wait(event),
        now if given_up else None,
    )
    return given_up


async def failed(tx: ReadTx, *, account_id: str = "", limit: int, after: tuple[str, str] = ("", "")) -> list[Event]:
    """Return events of an account, or of all, that were tried in vain or given up, by account and id, beyond `after`.

    For whoever runs the server; requests don't see them.
    """
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM outbox_event WHERE {_FAILED} AND ($1 = '' OR account_id = $1)
        AND (account_id > $2 OR (account_id = $2 AND id > $3)) ORDER BY account_id, id LIMIT $4
        """,  # noqa: S608 - constant columns and conditions
        account_id,
        *after,
        limit,
    )
    return [_event(row) for row in rows]


async def retry(tx: Tx, events: Sequence[Event], now: Instant) -> None:
    """Make events due again, those that were given up as well, with the whole schedule of attempts before them."""
    await tx.execute_many(
        """
        UPDATE outbox_event SET attempts = 0, due_at = $3, failed_at = NULL, error = ''
        WHERE account_id = $1 AND id = $2
        """,
        [(event.account_id, event.id, now) for event in events],
    )


async def forget_older(tx: Tx, before: Instant, *, limit: int = 500) -> int:
    """Delete up to `limit` events that were given up before `before`; return how many."""
    return await tx.execute(
        """
        DELETE FROM outbox_event WHERE (account_id, id) IN (
            SELECT account_id, id FROM outbox_event WHERE failed_at < $1 ORDER BY failed_at LIMIT $2)
        """,
        before,
        limit,
    )


async def waiting(tx: ReadTx) -> int:
    """Return how many events have not become messages yet."""
    row = await tx.row("SELECT COUNT(*) AS many FROM outbox_event")
    return int(row["many"]) if row else 0


async def _give_up(tx: Tx, event: Event, now: Instant, error: str) -> None:
    await tx.execute(
        "UPDATE outbox_event SET failed_at = $3, error = $4 WHERE account_id = $1 AND id = $2",
        event.account_id,
        event.id,
        now,
        error,
    )
    log_given_up(event, error)


def log_given_up(event: Event, error: str, **more: Any) -> None:
    """Write that an event is given up, which somebody has to look at."""
    log.error(
        "an event was given up",
        account_id=event.account_id,
        kind=event.kind,
        order_id=event.order_id,
        attempts=event.attempts,
        error=error,
        **more,
    )


def _wait(event: Event) -> int:
    """Return the milliseconds from the attempt that an event is at to the next."""
    return WAITS_MS[min(event.attempts, len(WAITS_MS)) - 1]


def _event(row: Row) -> Event:
    names = [name for name in Event.__struct_fields__ if name != "detail"]
    fields: dict[str, Any] = {name: row[name] for name in names}
    return Event(**fields, detail=_detail(row) or Detail())


def _detail(row: Row) -> Detail | None:
    """Return what an event says, or None if this program can't read it."""
    try:
        return msgspec.json.decode(row["detail"], type=Detail)
    except msgspec.DecodeError:
        return None
