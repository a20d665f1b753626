"""SQL of departures' jobs."""

from __future__ import annotations

from seatwright.core.clock import Instant
from seatwright.disruptions.model import Job, OrderOutcome, decode, encode
from seatwright.storage.engine import ReadTx, Row, Tx

_COLUMNS = "account_id, id, status, request, actor, orders, created_at, finished_at"


def _job(row: Row) -> Job:
    return Job(
        account_id=row["account_id"],
        id=row["id"],
        request=decode(row["request"]),
        status=row["status"],
        actor=row["actor"],
        orders=row["orders"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


async def insert(tx: Tx, job: Job) -> None:
    """Write a new job."""
    await tx.execute(
        """
        INSERT INTO departure_job (account_id, id, departure_id, kind, status, request, actor, orders, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        job.account_id,
        job.id,
        job.request.departure_id,
        job.request.kind,
        job.status,
        encode(job.request),
        job.actor,
        job.orders,
        job.created_at,
    )


async def close_departure(tx: Tx, account_id: str, departure_id: str, reason: str, now: Instant) -> bool:
    """Close a departure for a reason, and lock it; return False if it isn't there."""
    return bool(
        await tx.execute(
            """
            UPDATE departure SET closed = TRUE, cancelled_for = $3, modified_at = $4, version = version + 1
            WHERE account_id = $1 AND id = $2
            """,
            account_id,
            departure_id,
            reason,
            now,
        )
    )


async def holding_carts(tx: ReadTx, account_id: str, departure_id: str) -> list[str]:
    """Return the ids of the carts that hold seats of a departure."""
    rows = await tx.rows(
        "SELECT cart_id FROM hold WHERE account_id = $1 AND departure_id = $2 ORDER BY cart_id",
        account_id,
        departure_id,
    )
    return [row["cart_id"] for row in rows]


async def find(tx: ReadTx, account_id: str, job_id: str) -> Job | None:
    """Return a job, or None."""
    row = await tx.row(
        f"SELECT {_COLUMNS} FROM departure_job WHERE account_id = $1 AND id = $2",  # noqa: S608 - constant
        account_id,
        job_id,
    )
    return _job(row) if row else None


async def of_departure(tx: ReadTx, account_id: str, departure_id: str, *, limit: int) -> list[Job]:
    """Return the newest jobs on a departure."""
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM departure_job WHERE account_id = $1 AND departure_id = $2
        ORDER BY created_at DESC, id DESC LIMIT $3
        """,  # noqa: S608 - constant
        account_id,
        departure_id,
        limit,
    )
    return [_job(row) for row in rows]


async def page(tx: ReadTx, account_id: str, *, limit: int, page: int) -> list[Job]:
    """Return a page of an account's jobs, the newest first; their ids grow with time. `page` counts from 0."""
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM departure_job WHERE account_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3",  # noqa: S608
        account_id,
        limit,
        limit * page,
    )
    return [_job(row) for row in rows]


async def running(tx: ReadTx, *, limit: int) -> list[Job]:
    """Return the oldest jobs of all accounts that are not done."""
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM departure_job WHERE status = 'running' ORDER BY created_at, id LIMIT $1",  # noqa: S608
        limit,
    )
    return [_job(row) for row in rows]


async def orders_on(tx: ReadTx, account_id: str, departure_id: str) -> list[str]:
    """Return the ids of the orders that have guests on a departure who aren't cancelled, by their numbers."""
    rows = await tx.rows(
        """
        SELECT DISTINCT l.order_id, o.confirmation FROM order_line l
        JOIN orders o ON o.account_id = l.account_id AND o.id = l.order_id
        WHERE l.account_id = $1 AND l.departure_id = $2 AND l.status = 'confirmed' ORDER BY o.confirmation
        """,
        account_id,
        departure_id,
    )
    return [row["order_id"] for row in rows]


async def left(tx: ReadTx, job: Job, *, limit: int) -> list[str]:
    """Return the ids of orders that still have guests on the job's departure, and for which it has done nothing yet, in
    the order of their numbers.
    """
    rows = await tx.rows(
        """
        SELECT DISTINCT l.order_id, n.confirmation FROM order_line l
        JOIN orders n ON n.account_id = l.account_id AND n.id = l.order_id
        WHERE l.account_id = $1 AND l.departure_id = $2 AND l.status = 'confirmed' AND NOT EXISTS (
            SELECT 1 FROM departure_job_order o
            WHERE o.account_id = $1 AND o.job_id = $3 AND o.order_id = l.order_id)
        ORDER BY n.confirmation LIMIT $4
        """,
        job.account_id,
        job.request.departure_id,
        job.id,
        limit,
    )
    return [row["order_id"] for row in rows]


async def claim(tx: Tx, job: Job, order_id: str, now: Instant, *, reason: str = "", code: str = "") -> bool:
    """Write the row of an order; return False if another process has. Until the transaction ends, others wait.

    With a `reason` the order has failed: it stays as it is.
    """
    return bool(
        await tx.execute(
            """
            INSERT INTO departure_job_order (account_id, job_id, order_id, status, reason, code, at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, job_id, order_id) DO NOTHING
            """,
            job.account_id,
            job.id,
            order_id,
            "failed" if reason else "done",
            reason,
            code,
            now,
        )
    )


async def note(tx: Tx, job: Job, outcome: OrderOutcome) -> None:
    """Write what became of an order whose row was written before in this transaction."""
    await tx.execute(
        """
        UPDATE departure_job_order SET guests = $4, amount = $5
        WHERE account_id = $1 AND job_id = $2 AND order_id = $3
        """,
        job.account_id,
        job.id,
        outcome.order_id,
        outcome.guests,
        outcome.amount,
    )


async def outcomes(tx: ReadTx, job: Job) -> list[OrderOutcome]:
    """Return what became of the orders so far, in the order of their numbers."""
    rows = await tx.rows(
        """
        SELECT j.order_id, o.confirmation, j.guests, j.amount, j.reason, j.code FROM departure_job_order j
        JOIN orders o ON o.account_id = j.account_id AND o.id = j.order_id
        WHERE j.account_id = $1 AND j.job_id = $2 ORDER BY o.confirmation
        """,
        job.account_id,
        job.id,
    )
    return [OrderOutcome(*(row[name] for name in OrderOutcome._fields)) for row in rows]


async def finish(tx: Tx, job: Job, now: Instant) -> bool:
    """Mark a job as done; return False if another process has."""
    return bool(
        await tx.execute(
            """
            UPDATE departure_job SET status = 'done', finished_at = $3
            WHERE account_id = $1 AND id = $2 AND status = 'running'
            """,
            job.account_id,
            job.id,
            now,
        )
    )
