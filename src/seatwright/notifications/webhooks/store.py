"""SQL for webhooks, and for abandoning their deliveries."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from seatwright.core.clock import Instant
from seatwright.notifications.deliveries import Attempt
from seatwright.notifications.webhooks.model import EventKind, Webhook, read_events, write_events
from seatwright.storage.engine import ReadTx, Row, Tx

_COLUMNS = "account_id, id, url, events, secret, old_secret, old_secret_until, active, created_at"


async def lock_account(tx: Tx, account_id: str) -> None:
    """Keep others from making webhooks of an account until this transaction ends."""
    await tx.row("SELECT id FROM account WHERE id = $1 FOR UPDATE", account_id)


async def insert(tx: Tx, webhook: Webhook) -> None:
    """Write a new webhook."""
    await tx.execute(
        f"INSERT INTO webhook ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",  # noqa: S608 - constant
        webhook.account_id,
        webhook.id,
        webhook.url,
        write_events(webhook.events),
        webhook.secret,
        webhook.old_secret,
        webhook.old_secret_until,
        webhook.active,
        webhook.created_at,
    )


async def update(tx: Tx, webhook: Webhook) -> None:
    """Write what has changed of a webhook."""
    await tx.execute(
        """
        UPDATE webhook SET url = $3, events = $4, secret = $5, old_secret = $6, old_secret_until = $7, active = $8
        WHERE account_id = $1 AND id = $2
        """,
        webhook.account_id,
        webhook.id,
        webhook.url,
        write_events(webhook.events),
        webhook.secret,
        webhook.old_secret,
        webhook.old_secret_until,
        webhook.active,
    )


async def delete(tx: Tx, account_id: str, webhook_id: str) -> None:
    """Remove a webhook."""
    await tx.execute("DELETE FROM webhook WHERE account_id = $1 AND id = $2", account_id, webhook_id)


async def find(tx: ReadTx, account_id: str, webhook_id: str, *, lock: bool = False) -> Webhook | None:
    """Return a webhook. With `lock`, nobody else changes it until this transaction ends."""
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM webhook WHERE account_id = $1 AND id = $2"  # noqa: S608 - constant columns
        + (" FOR UPDATE" if lock else ""),
        account_id,
        webhook_id,
    )
    return _webhook(row) if row else None


async def all_of(tx: ReadTx, account_id: str) -> list[Webhook]:
    """Return an account's webhooks, oldest first."""
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM webhook WHERE account_id = $1 ORDER BY created_at, id",  # noqa: S608 - constant columns
        account_id,
    )
    return [_webhook(row) for row in rows]


async def listening(tx: ReadTx, account_ids: Sequence[str], kind: EventKind) -> list[Webhook]:
    """Return the active webhooks of some accounts that want to be called about `kind`."""
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM webhook WHERE account_id = ANY($1) AND active ORDER BY account_id, created_at, id
        """,  # noqa: S608 - constant columns
        list(account_ids),
    )
    return [webhook for webhook in map(_webhook, rows) if kind in webhook.events]


async def give_up(
    tx: Tx, account_id: str, webhook_id: str, now: Instant, reason: str, *, but: str | None = None
) -> int:
    """Make no more attempts at a webhook's deliveries, with a reason for their logs; return how many there were.

    `but` is a delivery that is just being settled, and is left out.
    """
    said = msgspec.json.encode(Attempt(at=now, error=reason)).decode()
    return await tx.execute(
        """
        UPDATE delivery SET status = 'dead', finished_at = $3,
            log = substr(log, 1, length(log) - 1) || CASE WHEN log = '[]' THEN '' ELSE ',' END || $4::text
        WHERE account_id = $1 AND target = $2 AND channel = 'webhook' AND status = 'due' AND id <> $5::text
        """,
        account_id,
        webhook_id,
        now,
        f"{said}]",
        but or "",
    )


def _webhook(row: Row) -> Webhook:
    return Webhook(
        account_id=row["account_id"],
        id=row["id"],
        url=row["url"],
        events=read_events(row["events"]),
        secret=row["secret"],
        old_secret=row["old_secret"],
        old_secret_until=row["old_secret_until"],
        active=bool(row["active"]),
        created_at=row["created_at"],
    )
