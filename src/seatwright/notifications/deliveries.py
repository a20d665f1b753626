"""Deliveries: mails and webhook calls as rows. A delivery is due until it is sent or has failed for good.

A delivery is taken for a while (a lease), sent outside of any transaction, and then settled. A process that dies in
between leaves it due: it is sent again with the same id, by which receivers recognise repetitions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec
import structlog

from seatwright.core.clock import HOUR_MS, MINUTE_MS, Instant
from seatwright.core.ids import id_from
from seatwright.storage.engine import ReadTx, Row, Tx

Channel: TypeAlias = Literal["mail", "webhook"]
Status: TypeAlias = Literal["due", "sent", "dead", "sandbox"]

LEASE_MS = 5 * MINUTE_MS
"""How long a worker has for sending a delivery that it took. A sender stops before that."""

WAITS_MS: tuple[int, ...] = (
    MINUTE_MS // 2,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    *[8 * HOUR_MS] * 9,
)
"""Milliseconds from one attempt to the next: 17 attempts over 79 hours (trust rows 11 and 12; our decision)."""
MAX_ATTEMPTS = len(WAITS_MS) + 1
MAX_ERROR = 500
"""Longest error that is stored for an attempt, in characters."""
DIED = "whoever sent it did not come to an end"
"""The error of a delivery that was taken `MAX_ATTEMPTS` times and not settled the last time."""

log = structlog.get_logger("seatwright.messages")


class Outcome(NamedTuple):
    """The result of one attempt to send: the receiver's status code (SMTP or HTTP) if it answered, and what went wrong.

    A failure that is `final` is not tried again; `retry_after` is the header of that name in an HTTP answer.
    """

    sent: bool
    code: int | None = None
    error: str | None = None
    final: bool = False
    retry_after: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt: when, the receiver's status code (SMTP or HTTP) if there was an answer, and what went wrong."""

    at: Instant
    code: int | None = None
    error: str | None = None
    duration_ms: int = 0


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message of an account. `target` is a mail address, or a webhook's id; `content` is JSON by channel."""

    account_id: str
    id: str
    channel: Channel
    kind: str
    target: str
    order_id: str | None
    content: str
    status: Status = "due"
    attempts: int = 0
    due_at: Instant
    log: tuple[Attempt, ...] = ()
    created_at: Instant
    finished_at: Instant | None = None


class Capacity(NamedTuple):
    """How many deliveries of a channel may be sent at the same time: in all, of one account, and to one target of it.
    `running` are those that are being sent."""

    in_all: int
    of_account: int
    to_target: int
    running: Sequence[Delivery] = ()

    @property
    def full(self) -> tuple[list[str], list[str]]:
        """The accounts, and the targets as `_place` names them, for which there is no capacity."""
        of_account, to_target = self._counts(self.running)
        return (
            [account_id for account_id, count in of_account.items() if count >= self.of_account],
            [place for place, count in to_target.items() if count >= self.to_target],
        )

    def chosen(self, due: Iterable[Delivery]) -> list[Delivery]:
        """Return those of `due` for which there is capacity, in the same order."""
        (of_account, to_target), found = self._counts(self.running), list[Delivery]()
        for each in due:
            if (
                len(self.running) + len(found) < self.in_all
                and of_account[each.account_id] < self.of_account
                and to_target[_place(each)] < self.to_target
            ):
                found.append(each)
                of_account[each.account_id] += 1
                to_target[_place(each)] += 1
        return found

    @staticmethod
    def _counts(deliveries: Sequence[Delivery]) -> tuple[Counter[str], Counter[str]]:
        return Counter(each.account_id for each in deliveries), Counter(map(_place, deliveries))


def _place(delivery: Delivery) -> str:
    """Name an account's target, as `take` does in SQL."""
    return f"{delivery.account_id} {delivery.target}"


_COLUMNS = """account_id, id, channel, kind, target, order_id, content, status, attempts, due_at, log, created_at,
    finished_at"""


async def insert(tx: Tx, deliveries: Sequence[Delivery]) -> None:
    """Write new deliveries."""
    await tx.execute_many(
        f"""
        INSERT INTO delivery ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,  # noqa: S608 - constant columns
        [
            (
                each.account_id,
                each.id,
                each.channel,
                each.kind,
                each.target,
                each.order_id,
                each.content,
                each.status,
                each.attempts,
                each.due_at,
                _encode(each.log),
                each.created_at,
                each.finished_at,
            )
            for each in deliveries
        ],
    )


async def take(
    tx: Tx, channel: Channel, now: Instant, *, limit: int, capacity: Capacity | None = None
) -> list[Delivery]:
    """Take up to `limit` due deliveries, as far as there is `capacity`, and return them; nobody else takes them for
    `LEASE_MS`.

    Each counts as attempted from now on. A delivery that was taken `MAX_ATTEMPTS` times and is still due has killed its
    process, or was cut off, the last time: it is marked as failed here and not returned.
    """
    accounts, targets = capacity.full if capacity else ([], [])
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM delivery WHERE channel = $1 AND status = 'due' AND due_at <= $2
        AND NOT (account_id = ANY($4)) AND NOT ((account_id || ' ' || target) = ANY($5))
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
        """,  # noqa: S608 - constant columns
        channel,
        now,
        limit,
        accounts,
        targets,
    )
    due = [_delivery(row) for row in rows]
    await _give_up(tx, [each for each in due if each.attempts >= MAX_ATTEMPTS], now)
    found = [each for each in due if each.attempts < MAX_ATTEMPTS]
    taken = [
        msgspec.structs.replace(each, attempts=each.attempts + 1, due_at=now + LEASE_MS)
        for each in (capacity.chosen(found) if capacity else found)
    ]
    await tx.execute_many(
        "UPDATE delivery SET attempts = $3, due_at = $4 WHERE account_id = $1 AND id = $2",
        [(each.account_id, each.id, each.attempts, each.due_at) for each in taken],
    )
    return sorted(taken, key=lambda each: each.id)


async def _give_up(tx: Tx, dead: Sequence[Delivery], now: Instant) -> None:
    for each in dead:
        attempts = (*each.log, Attempt(at=now, error=DIED))[-MAX_ATTEMPTS:]
        await tx.execute(
            """
            UPDATE delivery SET status = 'dead', due_at = $3, finished_at = $3, log = $4
            WHERE account_id = $1 AND id = $2
            """,
            each.account_id,
            each.id,
            now,
            _encode(attempts),
        )
        log.error(
            "a delivery was given up",
            channel=each.channel,
            kind=each.kind,
            delivery_id=each.id,
            attempts=each.attempts,
            error=DIED,
        )


async def settle(
    tx: Tx, taken: Delivery, attempt: Attempt, *, sent: bool, final: bool = False, retry_after_ms: int = 0
) -> Status:
    """Store the result of an attempt to send `taken`, and return the delivery's new status.

    A delivery that wasn't `sent` is tried again after the next of `WAITS_MS`, or after `retry_after_ms` if that is
    longer; it fails for good if the failure is `final`, or after `MAX_ATTEMPTS`. If the lease has expired, nothing is
    changed.
    """
    wait = WAITS_MS[min(taken.attempts, len(WAITS_MS)) - 1]
    status: Status = "sent" if sent else "dead" if final or taken.attempts >= MAX_ATTEMPTS else "due"
    due_at = attempt.at + max(wait, retry_after_ms) if status == "due" else attempt.at
    error = attempt.error[:MAX_ERROR] if attempt.error else None
    attempts = (*taken.log, msgspec.structs.replace(attempt, error=error))[-MAX_ATTEMPTS:]
    await tx.execute(
        """
        UPDATE delivery SET status = $4, due_at = $5, log = $6, finished_at = $7
        WHERE account_id = $1 AND id = $2 AND attempts = $3 AND status = 'due'
        """,
        taken.account_id,
        taken.id,
        taken.attempts,
        status,
        due_at,
        _encode(attempts),
        None if status == "due" else attempt.at,
    )
    return status


_RETRY = """
UPDATE delivery SET status = 'due', attempts = 0, due_at = $3, finished_at = NULL
WHERE account_id = $1 AND id = $2 AND status = 'dead'
"""


async def retry(tx: Tx, account_id: str, delivery_id: str, now: Instant) -> bool:
    """Make a failed delivery due again, with the whole schedule of attempts; return whether it existed."""
    return bool(await tx.execute(_RETRY, account_id, delivery_id, now))


async def retry_all(
    tx: Tx, channel: Channel, now: Instant, *, account_id: str = "", target: str = "", limit: int, until: Instant
) -> list[Delivery]:
    """Make up to `limit` deliveries due again that failed up to the instant `until`, of an account, or of one of its
    targets, or of all accounts; return them as they were.

    Calls of a webhook that is switched off or deleted stay as they are: they would only fail again.
    """
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM delivery d WHERE channel = $1 AND status = 'dead' AND finished_at <= $2
        AND ($3 = '' OR account_id = $3) AND ($4 = '' OR target = $4) AND (channel <> 'webhook' OR EXISTS (
            SELECT 1 FROM webhook w WHERE w.account_id = d.account_id AND w.id = d.target AND w.active))
        ORDER BY account_id, id LIMIT $5 FOR UPDATE OF d SKIP LOCKED
        """,  # noqa: S608 - constant columns
        channel,
        until,
        account_id,
        target,
        limit,
    )
    dead = [_delivery(row) for row in rows]
    await tx.execute_many(_RETRY, [(each.account_id, each.id, now) for each in dead])
    return dead


async def find(tx: ReadTx, account_id: str, delivery_id: str) -> Delivery | None:
    """Return one delivery."""
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM delivery WHERE account_id = $1 AND id = $2",  # noqa: S608 - constant columns
        account_id,
        delivery_id,
    )
    return _delivery(row) if row else None


async def page(
    tx: ReadTx,
    account_id: str,
    *,
    limit: int,
    page: int,
    channel: Channel | None = None,
    status: Status | None = None,
    target: str | None = None,
    order_id: str | None = None,
    first: Instant | None = None,
    end: Instant | None = None,
    without: Sequence[str] = (),
) -> list[Delivery]:
    """Return a page of an account's deliveries, newest first; `page` counts from 0.

    They were made from the instant `first` on and before `end`. Kinds in `without` are left out.
    """
    values: list[object] = [account_id, limit, limit * page]
    if without:
        values.append(list(without))
    conditions = f" AND NOT (kind = ANY(${len(values)}))" if without else ""
    conditions += " AND status = 'dead'" if status == "dead" else ""  # written out, or its index is not thought of
    others = None if status == "dead" else status
    for column, value in (("channel", channel), ("status", others), ("target", target), ("order_id", order_id)):
        if value is not None:
            values.append(value)
            conditions += f" AND {column} = ${len(values)}"
    for comparison, at in (("id >=", first), ("id <", end)):
        if at is not None:
            values.append(id_from(at))
            conditions += f" AND {comparison} ${len(values)}"
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM delivery WHERE account_id = $1{conditions} ORDER BY id DESC LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constant columns
        *values,
    )
    return [_delivery(row) for row in rows]


async def everywhere(tx: ReadTx, channel: Channel, status: Status | None, *, limit: int) -> list[Delivery]:
    """Return a channel's newest deliveries of all accounts. For the operator of the server; requests see only their
    own.
    """
    condition = "status = 'dead' AND $2 <> ''" if status == "dead" else "($2 = '' OR status = $2)"
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM delivery WHERE channel = $1 AND {condition}
        ORDER BY created_at DESC, id DESC LIMIT $3
        """,  # noqa: S608 - constant columns and conditions
        channel,
        status or "",
        limit,
    )
    return [_delivery(row) for row in rows]


async def forget_older(tx: Tx, before: Instant, *, limit: int = 500) -> int:
    """Delete up to `limit` deliveries that were sent, failed or shown before `before`; return how many.

    What counts is when they ended, not when they were made: so a failed one can be retried as long as any other.
    """
    return await tx.execute(
        """
        DELETE FROM delivery WHERE (account_id, id) IN (
            SELECT account_id, id FROM delivery WHERE finished_at < $1 AND status <> 'due'
            ORDER BY finished_at LIMIT $2)
        """,
        before,
        limit,
    )


def _encode(log: Sequence[Attempt]) -> str:
    return msgspec.json.encode(log).decode()


def _delivery(row: Row) -> Delivery:
    return Delivery(
        account_id=row["account_id"],
        id=row["id"],
        channel=row["channel"],
        kind=row["kind"],
        target=row["target"],
        order_id=row["order_id"],
        content=row["content"],
        status=row["status"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        log=msgspec.json.decode(row["log"], type=tuple[Attempt, ...]),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
