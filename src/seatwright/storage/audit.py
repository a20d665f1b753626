"""The audit log: who did what to which thing, written in the same transaction as the change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import msgspec

from seatwright.core.clock import Instant
from seatwright.core.ids import id_from, new_hex24_at
from seatwright.storage.engine import ReadTx, Row, Tx

INSERT = """
INSERT INTO audit_event (account_id, id, at, actor, action, subject_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


Event: TypeAlias = tuple[str, str, Instant, str, str, str, str]
"""What `event` returns."""


def event(account_id: str, at: Instant, actor: str, action: str, subject_id: str, detail: Any) -> Event:
    """Return the row for one event, in the order of `INSERT`.

    `actor` is a user's id; `detail` is any JSON value without personal data.
    """
    return account_id, new_hex24_at(at), at, actor, action, subject_id, msgspec.json.encode(detail).decode()


async def record_all(tx: Tx, events: Iterable[Event]) -> None:
    """Write several events."""
    await tx.execute_many(INSERT, list(events))


async def record(
    tx: Tx, account_id: str, at: Instant, actor: str, action: str, subject_id: str, detail: Any = None
) -> None:
    """Write one event."""
    await tx.execute(INSERT, *event(account_id, at, actor, action, subject_id, detail))


async def history(tx: ReadTx, account_id: str, subject_id: str, *, limit: int = 200) -> list[Row]:
    """Return the newest `limit` events of a subject, oldest first."""
    newest = await tx.rows(
        """
        SELECT at, actor, action, subject_id, detail, id FROM audit_event
        WHERE account_id = $1 AND subject_id = $2 ORDER BY at DESC, id DESC LIMIT $3
        """,
        account_id,
        subject_id,
        limit,
    )
    return list(reversed(newest))


class Filter(NamedTuple):
    """Which events to list; None is no filter. `first` and `end` are instants, `end` exclusive. `before` is the id of
    an event: only older ones are listed.
    """

    actor: str | None = None
    action: str | None = None
    first: Instant | None = None
    end: Instant | None = None
    before: str | None = None


async def listing(tx: ReadTx, account_id: str, chosen: Filter, *, limit: int) -> list[Row]:
    """Return the newest `limit` events of an account that a filter lets through, newest first.

    Ids grow with time, so every page is a range of an index, however old.
    """
    values: list[object] = [account_id, limit]
    conditions = ""
    for condition, value in (
        ("actor =", chosen.actor),
        ("action =", chosen.action),
        ("id >=", None if chosen.first is None else id_from(chosen.first)),
        ("id <", None if chosen.end is None else id_from(chosen.end)),
        ("id <", chosen.before),
    ):
        if value is not None:
            values.append(value)
            conditions += f" AND {condition} ${len(values)}"
    return list(
        await tx.rows(
            f"""
            SELECT at, actor, action, subject_id, detail, id FROM audit_event
            WHERE account_id = $1{conditions} ORDER BY id DESC LIMIT $2
            """,  # noqa: S608 - constant conditions
            *values,
        )
    )
