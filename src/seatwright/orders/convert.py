"""Turns a cart into a new order: in one statement on PostgreSQL, statement by statement on SQLite.

The seats were taken when they were held; nothing here touches them (design, rule 1).
"""

from __future__ import annotations

import msgspec

from seatwright.cart import store as cart_store
from seatwright.cart.model import Cart
from seatwright.core.clock import Instant
from seatwright.orders import outbox, store
from seatwright.orders.model import Order
from seatwright.orders.store import Change
from seatwright.orders.term_rows import INSERT_TERM, new_rows
from seatwright.orders.terms import terms_of
from seatwright.storage import audit
from seatwright.storage.engine import Retry, Tx

_CONVERT = """
WITH cart_ordered AS (
    UPDATE cart SET version = version + 1, status = 'ordered', order_id = $4, order_request = $5, modified_at = $6
    WHERE account_id = $1 AND id = $2 AND version = $3 AND status = 'open'
    RETURNING id
), sold AS (
    DELETE FROM hold USING cart_ordered
    WHERE hold.account_id = $1 AND hold.cart_id = cart_ordered.id AND hold.expires_at > $6
    RETURNING hold.seats
), complete AS (
    SELECT 1 / (CASE WHEN count(*) = $7::bigint AND sum(seats) = $8::bigint THEN 1 ELSE 0 END) AS one FROM sold
), counters AS (
    SELECT k.account_id FROM account_counter k JOIN complete ON complete.one = 1
    WHERE k.account_id = ANY($9::text[]) ORDER BY k.account_id FOR UPDATE OF k
), numbered AS (
    UPDATE account_counter k SET orders = k.orders + 1, last_created_at = GREATEST(k.last_created_at, $6)
    FROM counters c WHERE k.account_id = c.account_id
    RETURNING k.account_id, k.orders AS seq, k.last_created_at AS created_at
), made AS (
    INSERT INTO orders (account_id, id, confirmation, owner_id, status, version, body, total, paid, created_at,
        modified_at, channel, answer_by)
    SELECT $1, $4, nextval('confirmation_number'), $10, $11, 1, $12, $13::bigint, $14::bigint, n.created_at,
        n.created_at, $22, $23::bigint
    FROM numbered n WHERE n.account_id = $1
    RETURNING confirmation, created_at
), viewed AS (
    INSERT INTO order_view (account_id, seq, supplier_id, order_id, confirmation, created_at, modified_at, terms)
    SELECT n.account_id, n.seq, $1, $4, made.confirmation, n.created_at, n.created_at, $27::jsonb->>n.account_id
    FROM numbered n, made
), findable AS (
    INSERT INTO order_term (account_id, kind, term, seq)
    SELECT n.account_id, split_part(t, ':', 1), substr(t, strpos(t, ':') + 1), n.seq
    FROM numbered n, unnest(string_to_array(btrim($27::jsonb->>n.account_id, E'\n'), E'\n')) t
), referred AS (
    INSERT INTO order_reference (account_id, reference_id, seq)
    SELECT n.account_id, $15::text, n.seq FROM numbered n WHERE $15::text IS NOT NULL
), lines AS (
    INSERT INTO order_line (account_id, order_id, id, departure_id, kind, tier, seats, status, price, discount, fees,
        tax, total, cancellation_fee, checked_in_at, no_show_at, pending)
    SELECT $1, $4, l->>0, l->>1, l->>2, l->>3, (l->>4)::bigint, l->>5, (l->>6)::bigint, (l->>7)::bigint,
        (l->>8)::bigint, (l->>9)::bigint, (l->>10)::bigint, (l->>11)::bigint, (l->>12)::bigint,
        (l->>13)::bigint, (l->>14)::boolean
    FROM made, jsonb_array_elements($16::jsonb) l
), entries AS (
    INSERT INTO ledger_entry (account_id, order_id, transaction_no, entry_no, ledger, departure_id, name, amount,
        kind, actor, created_at)
    SELECT $1, $4, (e->>0)::bigint, (e->>1)::bigint, e->>2, e->>3, e->>4, (e->>5)::bigint, e->>6, e->>7,
        made.created_at
    FROM made, jsonb_array_elements($17::jsonb) e
), audited AS (
    INSERT INTO audit_event (account_id, id, at, actor, action, subject_id, detail)
    SELECT $1, $18, made.created_at, $19, $20, $4, $21 FROM made
), told AS (
    INSERT INTO outbox_event (account_id, id, owner_id, order_id, kind, at, detail, due_at)
    SELECT $1, $24, $10, $4, $20, made.created_at, $25, made.created_at FROM made
    WHERE $26 OR EXISTS (SELECT 1 FROM webhook w WHERE w.account_id = $1 AND w.active)
        OR EXISTS (SELECT 1 FROM webhook w WHERE w.account_id = $10 AND w.active)
)
SELECT made.confirmation, n.created_at FROM made, numbered n WHERE n.account_id = $10
"""
"""PostgreSQL: turn a cart into a new order in one round trip, or nothing at all (a `Retry`)."""


async def convert(
    tx: Tx, cart: Cart, order: Order, change: Change, *, order_request: str, holds: int, seats: int
) -> Order:
    """Turn `cart`, which holds `seats` seats in `holds` live holds, into the new `order`.

    Returns it with its confirmation number and its date of creation. Raises `Retry` if the cart or its holds have
    changed since they were read.
    """
    order = store.applied(order, change)
    if tx.engine == "postgres":
        return await _convert_at_once(tx, cart, order, change, order_request, (holds, seats))
    await cart_store.mark_ordered(tx, cart, order.id, order_request, change.at)
    await sell_holds(tx, cart, change.at, holds=holds, seats=seats)
    made, seen_at = await _insert(tx, order, change.at)
    await tx.execute_many(store.INSERT_LINE, store.line_rows(made, made.body.items))
    await store.append(tx, made, change._replace(at=made.created_at))
    if made.body.reference_id is not None:
        await store.refer(tx, made, made.body.reference_id)
    return _dated(made, seen_at)


async def sell_holds(tx: Tx, cart: Cart, now: Instant, *, holds: int, seats: int) -> None:
    """Turn a cart's live holds into sold seats, or `Retry` if they are not `seats` seats in `holds` holds."""
    rows = await tx.rows(
        "DELETE FROM hold WHERE account_id = $1 AND cart_id = $2 AND expires_at > $3 RETURNING seats",
        cart.account_id,
        cart.id,
        now,
    )
    if len(rows) != holds or sum(row["seats"] for row in rows) != seats:
        raise Retry


async def _convert_at_once(
    tx: Tx, cart: Cart, order: Order, change: Change, order_request: str, holds_and_seats: tuple[int, int]
) -> Order:
    event = audit.event(order.account_id, change.at, change.actor, change.action, order.id, change.detail)
    told = store.event_of(order, change)
    assert told is not None, "a new order is told of"
    row = await tx.sole(
        _CONVERT,
        cart.account_id,
        cart.id,
        cart.version,
        order.id,
        order_request,
        change.at,
        *holds_and_seats,
        sorted({order.account_id, order.owner_id}),
        order.owner_id,
        order.status,
        store.encoded_body(order),
        order.total,
        order.paid,
        order.body.reference_id,
        msgspec.json.encode([line[2:] for line in store.line_rows(order, order.body.items)]).decode(),
        msgspec.json.encode([entry[2:10] for entry in store.entry_rows(order, change)]).decode(),
        event[1],
        event[3],
        event[4],
        event[6],
        order.channel,
        order.answer_by,
        told.id,
        outbox.encode(told.detail),
        order.body.flags.mailed,
        msgspec.json.encode(_terms(order)).decode(),
    )
    assert row is not None, "every account has a counter"
    return _dated(msgspec.structs.replace(order, confirmation=row["confirmation"]), row["created_at"])


async def _insert(tx: Tx, order: Order, now: Instant) -> tuple[Order, Instant]:
    """SQLite: number the order for every account that sees it, and write it and its list rows."""
    number = await tx.row(
        "UPDATE confirmation_number SET last_value = last_value + 1 RETURNING last_value AS confirmation"
    )
    assert number is not None
    created: dict[str, Instant] = {}
    for viewer_id, terms in _terms(order).items():
        counter = await tx.row(
            """
            UPDATE account_counter SET orders = orders + 1, last_created_at = MAX(last_created_at, $2)
            WHERE account_id = $1 RETURNING orders, last_created_at
            """,
            viewer_id,
            now,
        )
        assert counter is not None, "every account has a counter"
        await tx.execute(
            """
            INSERT INTO order_view (account_id, seq, supplier_id, order_id, confirmation, created_at, modified_at,
                terms)
            VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
            """,
            viewer_id,
            counter["orders"],
            order.account_id,
            order.id,
            number["confirmation"],
            counter["last_created_at"],
            terms,
        )
        await tx.execute_many(INSERT_TERM, new_rows(viewer_id, counter["orders"], terms))
        created[viewer_id] = counter["last_created_at"]
    made = _dated(msgspec.structs.replace(order, confirmation=number["confirmation"]), created[order.account_id])
    await tx.execute(
        """
        INSERT INTO orders (account_id, id, confirmation, owner_id, status, version, body, total, paid, created_at,
            modified_at, channel, answer_by)
        VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $9, $10, $11)
        """,
        made.account_id,
        made.id,
        made.confirmation,
        made.owner_id,
        made.status,
        store.encoded_body(made),
        made.total,
        made.paid,
        made.created_at,
        made.channel,
        made.answer_by,
    )
    return made, created[order.owner_id]


def _terms(order: Order) -> dict[str, str]:
    """Return the terms by which each account that sees an order finds it, in the order in which accounts are locked."""
    return {viewer_id: terms_of(order, viewer_id) for viewer_id in sorted({order.account_id, order.owner_id})}


def _dated(order: Order, at: Instant) -> Order:
    return msgspec.structs.replace(order, created_at=at, modified_at=at)
