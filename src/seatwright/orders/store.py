"""Reads and writes orders, with their lines, ledger entries, list rows and audit event, all in one go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart.model import Item
from seatwright.core.clock import Instant
from seatwright.core.errors import Forbidden, NotFound
from seatwright.core.ids import new_hex24_at
from seatwright.notifications.webhooks.model import EventKind
from seatwright.orders import outbox, term_rows
from seatwright.orders.ledger import PAYMENT_KINDS, Entry, commission_change, paid_change, total_change
from seatwright.orders.model import Order, OrderBody, answer_by, status_of
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Retry, Row, Tx

ORDER_COLUMNS = """o.account_id, o.id, o.confirmation, o.owner_id, o.status, o.version, o.body, o.total, o.paid,
    v.created_at, v.modified_at, o.channel, o.answer_by"""

_KINDS: dict[str, EventKind] = {
    "order.created": "order.created",
    "order.cancelled": "order.cancelled",
    "order.partly_cancelled": "order.cancelled",
    "order.accepted": "order.answered",
    "order.declined": "order.answered",
    "order.expired": "order.answered",
}
"""The kind of event that each action is; all others are `order.changed`."""
NOT_MAILED = frozenset(
    (
        "order.checked_in",
        "order.checked_out",
        "order.no_show",
        "order.no_show_undone",
        "order.cancellation_fee_changed",
        "order.payment_recorded",
        "order.refund_recorded",
        "order.payment_voided",
        "order.details_changed",
    )
)
"""Actions about which no mail is sent, with any flags of the order: they only call webhooks."""


_PORTION = 500
"""Orders that are read at once, where all are."""


class Change(NamedTuple):
    """A change of an order in one transaction: ledger transactions in order, and the data of the audit event.

    `told` is the detail for the outbox beside action and version; None if no message is sent.
    """

    at: Instant
    actor: str
    action: str
    detail: Any
    transactions: Sequence[list[Entry]]
    told: outbox.Detail | None = outbox.Detail()


class OrderRow(NamedTuple):
    """An order as it is stored, a row with the columns of `ORDER_COLUMNS`."""

    row: Row

    @property
    def id(self) -> str:
        """The order's id."""
        return str(self.row["id"])

    @property
    def version(self) -> int:
        """Grows with every change of the order."""
        return int(self.row["version"])

    def order(self) -> Order:
        """Build the order."""
        return order_from(self.row)


def order_from(row: Row) -> Order:
    """Build an order from a row with the columns of `ORDER_COLUMNS`."""
    return Order(
        account_id=row["account_id"],
        id=row["id"],
        confirmation=row["confirmation"],
        owner_id=row["owner_id"],
        status=row["status"],
        version=row["version"],
        body=msgspec.json.decode(row["body"], type=OrderBody),
        total=row["total"],
        paid=row["paid"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        channel=row["channel"],
        answer_by=row["answer_by"],
    )


async def find(tx: ReadTx, viewer_id: str, reference: str, *, lock: bool = False) -> Order | None:
    """Return the order of `viewer_id` (its supplier or its seller) with an id or confirmation number.

    With `lock`, nobody else changes it until this transaction ends.
    """
    stored = await look_up(tx, viewer_id, reference, lock=lock)
    return None if stored is None else stored.order()


def order_not_found() -> NotFound:
    """Return the error for an order that the account doesn't see."""
    return NotFound("There is no such order.", code="order_not_found")


async def lock_order(tx: Tx, caller: Caller, reference: str) -> Order:
    """Return the order with this id or confirmation number, locked until the transaction ends. Raises `NotFound`."""
    order = await find(tx, caller.account_id, reference, lock=True)
    if order is None:
        raise order_not_found()
    return order


async def lock_own_order(tx: Tx, caller: Caller, reference: str, refusal: Forbidden) -> Order:
    """Return a locked order of the caller's own seats. Raises `NotFound`, and `refusal` for a reseller."""
    order = await lock_order(tx, caller, reference)
    if order.account_id != caller.account_id:
        raise refusal
    return order


async def look_up(tx: ReadTx, viewer_id: str, reference: str, *, lock: bool = False) -> OrderRow | None:
    """Return the row of the order that `find` would return."""
    if reference.isascii() and reference.isdigit() and len(reference) <= 18:
        condition, key = "v.confirmation = $2", int(reference)
    else:
        condition, key = "v.order_id = $2", reference  # type: ignore[assignment]
    row = await tx.row(
        f"""
        SELECT {ORDER_COLUMNS} FROM order_view v JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.account_id = $1 AND {condition}
        """  # noqa: S608 - constant columns
        + (" FOR UPDATE OF o" if lock else ""),
        viewer_id,
        key,
    )
    return OrderRow(row) if row else None


async def with_ids(tx: ReadTx, viewer_id: str, ids: Sequence[str]) -> list[Order]:
    """Return the orders with these ids that the account `viewer_id` sees, in no particular order."""
    rows = await tx.rows(
        f"""
        SELECT {ORDER_COLUMNS} FROM order_view v JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.account_id = $1 AND v.order_id = ANY($2)
        """,  # noqa: S608 - constant columns
        viewer_id,
        list(ids),
    )
    return [order_from(row) for row in rows]


async def load(tx: ReadTx, viewer_id: str, numbers: Sequence[int]) -> list[Order]:
    """Return orders by the numbers (`seq`) that they have for the account `viewer_id`, in no particular order."""
    if not numbers:
        return []
    rows = await tx.rows(
        f"""
        SELECT {ORDER_COLUMNS} FROM order_view v JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.account_id = $1 AND v.seq = ANY($2)
        """,  # noqa: S608 - constant columns
        viewer_id,
        list(numbers),
    )
    return [order_from(row) for row in rows]


def line_rows(order: Order, items: Sequence[Item]) -> list[tuple[Any, ...]]:
    """Return the rows of `order_line` for some items of an order, in the order of `INSERT_LINE`."""
    return [
        (
            order.account_id,
            order.id,
            line.id,
            item.id,
            line.kind,
            line.tier,
            line.seats,
            line.status,
            line.price,
            line.discount,
            line.fees,
            line.tax,
            line.total,
            line.cancellation_fee,
            line.checked_in_at,
            line.no_show_at,
            bool(line.pending_until),
        )
        for item in items
        for line in item.lines
    ]


def entry_rows(order: Order, change: Change) -> list[tuple[Any, ...]]:
    """Return the rows of `ledger_entry` for a change that was `applied` to `order`, in the order of `INSERT_ENTRY`."""
    first = order.body.transactions - len(change.transactions) + 1
    return [
        (
            order.account_id,
            order.id,
            number,
            entry_number,
            entry.ledger,
            entry.departure_id,
            entry.name,
            entry.amount,
            entry.kind,
            change.actor if entry.kind in PAYMENT_KINDS else None,
            change.at,
        )
        for number, transaction in enumerate(change.transactions, first)
        for entry_number, entry in enumerate(transaction, 1)
    ]


def applied(order: Order, change: Change) -> Order:
    """Return `order` with its totals and its number of transactions after `change`.

    The totals come from the ledger; that the document's lines add up to the same is asserted here, at every write.
    """
    entries = [entry for transaction in change.transactions for entry in transaction]
    total, paid = order.total + total_change(entries), order.paid + paid_change(entries)
    body = msgspec.structs.replace(
        order.body,
        transactions=order.body.transactions + len(change.transactions),
        commission=order.body.commission + commission_change(entries),
    )
    lines = sum(line.total for item in body.items for line in item.live)
    kept = sum(line.commission for item in body.items for line in item.live)
    assert body.commission == kept, "an order's ledger and its lines must agree on the commission"
    assert total == lines + body.cancellation_fees, "an order's ledger and its lines must agree"
    assert paid == sum(payment.counted for payment in body.payments), "an order's ledger and its payments must agree"
    return msgspec.structs.replace(order, body=body, total=total, paid=paid)


def encoded_body(order: Order) -> str:
    """Return an order's document as it is stored."""
    return msgspec.json.encode(order.body).decode()


INSERT_LINE = """
INSERT INTO order_line (account_id, order_id, id, departure_id, kind, tier, seats, status, price, discount, fees, tax,
    total, cancellation_fee, checked_in_at, no_show_at, pending)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""

_UPDATE_LINE = """
UPDATE order_line SET departure_id = $4, kind = $5, tier = $6, seats = $7, status = $8, price = $9, discount = $10,
    fees = $11, tax = $12, total = $13, cancellation_fee = $14, checked_in_at = $15, no_show_at = $16, pending = $17
WHERE account_id = $1 AND order_id = $2 AND id = $3
"""

INSERT_ENTRY = """
INSERT INTO ledger_entry (account_id, order_id, transaction_no, entry_no, ledger, departure_id, name, amount, kind,
    actor, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def append(tx: Tx, order: Order, change: Change) -> None:
    """Write a change's ledger entries, its audit event and its outbox event; `order` is the one after the change."""
    await tx.execute_many(INSERT_ENTRY, entry_rows(order, change))
    await audit.record(tx, order.account_id, change.at, change.actor, change.action, order.id, change.detail)
    event = event_of(order, change)
    if event is not None:
        mailed = order.body.flags.mailed and change.action not in NOT_MAILED
        await outbox.enqueue(tx, event, mailed=mailed)


def event_of(order: Order, change: Change) -> outbox.Event | None:
    """Return a change's event for the outbox; `order` is the one after the change."""
    if change.told is None:
        return None
    return outbox.Event(
        account_id=order.account_id,
        id=new_hex24_at(change.at),
        owner_id=order.owner_id,
        order_id=order.id,
        kind=_KINDS.get(change.action, "order.changed"),
        at=change.at,
        detail=msgspec.structs.replace(change.told, action=change.action, version=order.version),
    )


async def refer(tx: Tx, order: Order, reference_id: str) -> None:
    """Make an order findable by a reference id, for its supplier and its seller."""
    await tx.execute(
        """
        INSERT INTO order_reference (account_id, reference_id, seq)
        SELECT account_id, $3, seq FROM order_view WHERE account_id = ANY($1) AND order_id = $2
        ON CONFLICT (account_id, reference_id, seq) DO NOTHING
        """,
        sorted({order.account_id, order.owner_id}),
        order.id,
        reference_id,
    )


async def update(tx: Tx, before: Order, order: Order, change: Change) -> Order:
    """Write a changed order over the one `before` that was read (`Retry` if it isn't that any more).

    The rows of its lines follow: whatever differs from `before` is written. If the clock was set back, a change is
    still never earlier than the one before it. The order's status follows its items.
    """
    assert (before.id, before.version) == (order.id, order.version), "a change is of the order that was read"
    items = order.body.items
    order = msgspec.structs.replace(applied(order, change), status=status_of(items), answer_by=answer_by(items))
    modified_at = max(change.at, order.modified_at)
    change = change._replace(at=modified_at)
    written = await tx.execute(
        """
        UPDATE orders SET version = version + 1, status = $4, body = $5, total = $6, paid = $7, modified_at = $8,
            answer_by = $9
        WHERE account_id = $1 AND id = $2 AND version = $3
        """,
        order.account_id,
        order.id,
        order.version,
        order.status,
        encoded_body(order),
        order.total,
        order.paid,
        modified_at,
        order.answer_by,
    )
    if not written:
        raise Retry
    views = await tx.rows(
        """
        UPDATE order_view SET modified_at = CASE WHEN modified_at > $3 THEN modified_at ELSE $3 END
        WHERE account_id = ANY($1) AND order_id = $2
        RETURNING account_id, seq, terms
        """,
        sorted({order.account_id, order.owner_id}),
        order.id,
        modified_at,
    )
    await term_rows.follow(tx, order, views)
    await _write_lines(tx, before, order)
    order = msgspec.structs.replace(order, version=order.version + 1, modified_at=modified_at)
    await append(tx, order, change)
    return order


async def _write_lines(tx: Tx, before: Order, order: Order) -> None:
    """Write the rows of new lines, and of those that have changed since `before`."""
    written = {row[2]: row for row in line_rows(before, before.body.items)}
    rows = line_rows(order, order.body.items)
    await tx.execute_many(INSERT_LINE, [row for row in rows if row[2] not in written])
    await tx.execute_many(_UPDATE_LINE, [row for row in rows if written.get(row[2], row) != row])


async def entries(tx: ReadTx, order: Order) -> list[tuple[int, Instant, Entry]]:
    """Return all entries of an order's ledger in order, each with the number and the time of its transaction."""
    rows = await tx.rows(
        """
        SELECT transaction_no, created_at, ledger, departure_id, name, amount, kind FROM ledger_entry
        WHERE account_id = $1 AND order_id = $2 ORDER BY transaction_no, entry_no
        """,
        order.account_id,
        order.id,
    )
    return [(row["transaction_no"], row["created_at"], Entry(*(row[field] for field in Entry._fields))) for row in rows]


async def each_with(tx: ReadTx, text: str) -> AsyncIterator[Order]:
    """Yield every order of all accounts whose document contains a text, in portions."""
    after = ("", "")
    while True:
        rows = await tx.rows(
            f"""
            SELECT {ORDER_COLUMNS} FROM orders o
            JOIN order_view v ON v.account_id = o.account_id AND v.order_id = o.id
            WHERE o.account_id COLLATE "C" >= $1 AND (o.account_id COLLATE "C" > $1 OR o.id COLLATE "C" > $2)
                AND o.body LIKE $3
            ORDER BY o.account_id COLLATE "C", o.id COLLATE "C" LIMIT $4
            """,  # noqa: S608 - constant columns
            *after,
            f"%{text}%",
            _PORTION,
        )
        for row in rows:
            yield order_from(row)
        if len(rows) < _PORTION:
            return
        after = rows[-1]["account_id"], rows[-1]["id"]


async def orders_on(tx: ReadTx, account_id: str, departure_id: str) -> list[str]:
    """Return the ids of the orders that have, or had, seats on a departure."""
    rows = await tx.rows(
        "SELECT DISTINCT order_id FROM order_line WHERE account_id = $1 AND departure_id = $2 ORDER BY order_id",
        account_id,
        departure_id,
    )
    return [row["order_id"] for row in rows]
