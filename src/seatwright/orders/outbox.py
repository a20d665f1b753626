"""The outbox: events of orders, written in the same transaction as the change.

`seatwright.messages` reads it and makes mails and webhook calls of it. An event is not written if there is no
recipient. It stays until all its messages are made, or until it has failed for good: then the operator of the server
decides.
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
"""How long a worker has for an event before another may take it: at the first attempts; later it is longer."""
FAILS_OFTEN = 3
"""Number of attempts after which `seatwright doctor` reports an event."""
DIED = "whoever told it did not come to an end"
"""The error of an event that was taken, but neither done nor failed."""
MESSAGE = "order.message_sent"
"""The action of an event by which the customer gets a message that somebody wrote; the order doesn't change."""
RESENT = "order.confirmation_sent"
"""The action of an event that only sends the customer the confirmation again."""
UNREADABLE = "what it says can't be read by this version"
"""The error of an event that fails for good at once, because trying again would change nothing."""

log = structlog.get_logger("seatwright.messages")


class LineFee(msgspec.Struct, frozen=True):
    """The fee for cancelling one participant or unit, in minor units, and its reason; earlier versions wrote the reason
    in English.
    """

    line_id: str
    fee: int
    reason: FeeReason | str


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of an event beside its kind. `action` is the audit event's, `version` the order's afterwards.

    `lines` are the participants and units that were added, moved, cancelled or answered. `refund` is the amount to give
    back because of it and `fee` the amount that is kept, in minor units. `reason` is why an order was declined,
    cancelled or moved. `message` is what somebody wrote to the customer, and `subject` is that mail's. `moved_from` are
    the ids of the items that guests have left for another departure.
    """

    action: str = ""
    version: int = 0
    lines: tuple[str, ...] = ()
    refund: int = 0
    fee: int = 0
    fees: tuple[LineFee, ...] = ()
    reason: str = ""
    moved_from: tuple[str, ...] = ()
    message: str = ""
    subject: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an order of the supplier `account_id`, sold by `owner_id` (itself or a reseller).

    `error` is the error of the last attempt, `failed_at` the time at which the event failed for good. An unreadable
    `detail` becomes an empty one; such an event is never taken.
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
    """Write an event if mails about it may be sent, or if either account has an active webhook."""
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
    """Return up to `limit` due events, oldest first, and keep others from taking them for `LEASE_MS` or more.

    These are events that were never taken before or, with `again`, events that were. Take the latter one at a time,
    because each counts as attempted from now on, and one of them may be the one that kills its process. An event that
    was taken `MAX_ATTEMPTS` times, or that can't be read, is marked as failed here and not returned.
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
    """Return the names of the messages that were made of an event, and lock it until this transaction ends; None if all
    its messages were made.
    """
    row = await tx.row(
        "SELECT told FROM outbox_event WHERE account_id = $1 AND id = $2 FOR UPDATE", event.account_id, event.id
    )
    return msgspec.json.decode(row["told"], type=list[str]) if row else None


async def done(tx: Tx, event: Event) -> bool:
    """Remove an event in the transaction that writes its messages; return whether it existed."""
    return bool(
        await tx.execute("DELETE FROM outbox_event WHERE account_id = $1 AND id = $2", event.account_id, event.id)
    )


async def fail(tx: Tx, event: Event, now: Instant, *, told: Iterable[str], error: str) -> bool:
    """Keep an event whose messages could not all be made, with the names of those that were; return whether it has
    failed for good.

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
    """Return events of an account, or of all, that failed once or for good, by account and id, beyond `after`.

    Without an account it is for the operator of the server.
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
    """Make events due again, also those that failed for good, with the whole schedule of attempts."""
    await tx.execute_many(
        """
        UPDATE outbox_event SET attempts = 0, due_at = $3, failed_at = NULL, error = ''
        WHERE account_id = $1 AND id = $2
        """,
        [(event.account_id, event.id, now) for event in events],
    )


async def forget_older(tx: Tx, before: Instant, *, limit: int = 500) -> int:
    """Delete up to `limit` events that failed for good before `before`; return how many."""
    return await tx.execute(
        """
        DELETE FROM outbox_event WHERE (account_id, id) IN (
            SELECT account_id, id FROM outbox_event WHERE failed_at < $1 ORDER BY failed_at LIMIT $2)
        """,
        before,
        limit,
    )


async def waiting(tx: ReadTx) -> int:
    """Return the number of events whose messages are not made yet."""
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
    """Log that an event has failed for good, which the operator has to check."""
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
    """Return the milliseconds from an event's present attempt to the next."""
    return WAITS_MS[min(event.attempts, len(WAITS_MS)) - 1]


def _event(row: Row) -> Event:
    names = [name for name in Event.__struct_fields__ if name != "detail"]
    fields: dict[str, Any] = {name: row[name] for name in names}
    return Event(**fields, detail=_detail(row) or Detail())


def _detail(row: Row) -> Detail | None:
    """Return the detail of an event, or None if this program can't read it."""
    try:
        return msgspec.json.decode(row["detail"], type=Detail)
    except msgspec.DecodeError:
        return None
