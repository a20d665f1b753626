"""Each check is a query for broken promises; on a healthy database none of them returns rows.

They read across accounts and are meant for the operator, for tests and for the soak runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from seatwright.core.clock import Instant
from seatwright.core.progress import Progress, untold
from seatwright.invariants.crew import CREW_CHECKS
from seatwright.invariants.model import Check
from seatwright.invariants.people import PEOPLE_CHECKS
from seatwright.orders.changes import changes_to_come
from seatwright.orders.checkin import untrue_marks
from seatwright.orders.ledger import PAID
from seatwright.orders.outbox import FAILS_OFTEN
from seatwright.orders.term_fill import untrue_terms
from seatwright.storage.engine import Database, ReadTx

SHOWN = 20
"""Maximum number of findings that are reported for each check."""
GRACE_MS = 60_000
"""How long after its expiry a hold may still wait to be swept, in milliseconds."""


@dataclass(frozen=True, slots=True)
class DocumentCheck:
    """A promise about documents that SQL can't read: `look` yields what breaks it, in words."""

    name: str
    promise: str
    look: Callable[[ReadTx], AsyncIterator[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that breaks a promise: the check's name and the row that shows it."""

    check: str
    row: str


_PAID = ", ".join(f"'{ledger}'" for ledger in sorted(PAID))

CHECKS: tuple[Check, ...] = (
    Check(
        "departure_capacity",
        "No departure has more seats taken than it has.",
        "SELECT account_id, id, taken, capacity FROM departure WHERE taken > capacity OR taken < 0",
    ),
    Check(
        "departure_seats",
        "Seats taken are seats held plus seats sold.",
        """
        SELECT d.account_id, d.id, d.taken, COALESCE(h.seats, 0) AS held, COALESCE(l.seats, 0) AS sold
        FROM departure d
        LEFT JOIN (SELECT account_id, departure_id, SUM(seats) AS seats FROM hold GROUP BY account_id, departure_id) h
            ON h.account_id = d.account_id AND h.departure_id = d.id
        LEFT JOIN (SELECT account_id, departure_id, SUM(seats) AS seats FROM order_line WHERE status = 'confirmed'
            GROUP BY account_id, departure_id) l ON l.account_id = d.account_id AND l.departure_id = d.id
        WHERE d.taken <> COALESCE(h.seats, 0) + COALESCE(l.seats, 0)
        """,
    ),
    Check(
        "seats_of_nothing",
        "Nothing is held or sold on a departure that does not exist.",
        """
        SELECT x.account_id, x.departure_id FROM (
            SELECT account_id, departure_id FROM hold
            UNION SELECT account_id, departure_id FROM order_line
        ) x LEFT JOIN departure d ON d.account_id = x.account_id AND d.id = x.departure_id WHERE d.id IS NULL
        """,
    ),
    Check(
        "pool_seats",
        "A rental pool's units in use at each start are those of the departures that are under way then.",
        """
        SELECT p.account_id, p.pool_id, p.start_at, p.taken, u.units FROM pool_start p LEFT JOIN (
            SELECT s.account_id, s.pool_id, s.start_at, SUM(d.taken) AS units
            FROM departure d CROSS JOIN pool_start s -- CROSS: or SQLite looks through all departures for each start
            WHERE d.taken <> 0 AND s.account_id = d.account_id AND s.pool_id = d.pool_id
            AND s.start_at >= d.start_at AND s.start_at < d.end_at GROUP BY s.account_id, s.pool_id, s.start_at
        ) u ON u.account_id = p.account_id AND u.pool_id = p.pool_id AND u.start_at = p.start_at
        WHERE p.taken < 0 OR p.taken > p.capacity OR p.taken <> COALESCE(u.units, 0)
        """,
    ),
    Check(
        "pool_starts",
        "A rental pool is counted at the start of each of its departures, and each knows at how many starts it counts.",
        """
        SELECT d.account_id, d.id, d.pool_starts, COUNT(p.start_at) AS counted
        FROM departure d LEFT JOIN pool_start p ON p.account_id = d.account_id AND p.pool_id = d.pool_id
        AND p.start_at >= d.start_at AND p.start_at < d.end_at
        WHERE d.pool_id IS NOT NULL GROUP BY d.account_id, d.id, d.pool_starts, d.start_at
        HAVING d.pool_starts <> COUNT(p.start_at) OR COALESCE(MIN(p.start_at) <> d.start_at, TRUE)
        """,
    ),
    Check(
        "hold_cart",
        "Every hold belongs to an open cart.",
        """
        SELECT h.account_id, h.cart_id, h.departure_id FROM hold h
        LEFT JOIN cart c ON c.account_id = h.account_id AND c.id = h.cart_id AND c.status = 'open'
        WHERE c.id IS NULL
        """,
    ),
    Check(
        "hold_end",
        "A hold has the seats that its cart shows, and ends when the cart says.",
        """
        SELECT h.account_id, h.cart_id, h.departure_id, h.seats, h.expires_at FROM hold h
        JOIN cart c ON c.account_id = h.account_id AND c.id = h.cart_id
        WHERE NOT EXISTS (
            SELECT 1 FROM json_array_elements(c.body::json -> 'items') i
            WHERE i.value ->> 'id' = h.departure_id AND CAST(i.value ->> 'expires_at' AS BIGINT) = h.expires_at
            AND h.seats = (
                SELECT SUM(CAST(l.value ->> 'seats' AS BIGINT)) FROM json_array_elements(i.value -> 'lines') l))
        """,
    ),
    Check(
        "hold_expired",
        "No hold outlives its time: it is swept up within a minute.",
        "SELECT account_id, cart_id, departure_id, expires_at FROM hold WHERE expires_at < $1",
        uses_time=True,
    ),
    Check(
        "ledger_balanced",
        "Every ledger transaction sums to zero.",
        """
        SELECT account_id, order_id, transaction_no, SUM(amount) AS drift FROM ledger_entry
        GROUP BY account_id, order_id, transaction_no HAVING SUM(amount) <> 0
        """,
    ),
    Check(
        "order_ledger",
        "An order's total and what is paid of it are what its ledger says.",
        f"""
        SELECT o.account_id, o.id, o.total, o.paid, COALESCE(e.income, 0) AS income, COALESCE(e.paid, 0) AS in_ledger
        FROM orders o LEFT JOIN (
            SELECT account_id, order_id,
                -SUM(CASE WHEN ledger IN ('sales', 'discounts', 'fees', 'service_fees', 'pickups', 'taxes',
                    'cancellation_fees') THEN amount ELSE 0 END) AS income,
                SUM(CASE WHEN ledger IN ({_PAID}) THEN amount ELSE 0 END) AS paid,
                SUM(CASE WHEN ledger = 'receivable' THEN amount ELSE 0 END) AS receivable
            FROM ledger_entry GROUP BY account_id, order_id
        ) e ON e.account_id = o.account_id AND e.order_id = o.id
        WHERE o.total <> COALESCE(e.income, 0) OR o.paid <> COALESCE(e.paid, 0)
            OR o.total - o.paid <> COALESCE(e.receivable, 0)
        """,  # noqa: S608 - constants
    ),
    Check(
        "order_payments",
        "What was paid and given back in each way is what the order lists, and each voided payment is reversed once.",
        f"""
        SELECT x.account_id, x.order_id, x.method, SUM(x.paid) AS paid, SUM(x.refunded) AS refunded,
            SUM(x.voided) AS voided
        FROM (
            SELECT o.account_id, o.id AS order_id, COALESCE(p.value ->> 'method', 'external') AS method,
                CASE WHEN CAST(p.value ->> 'amount' AS BIGINT) > 0 THEN CAST(p.value ->> 'amount' AS BIGINT)
                    ELSE 0 END AS paid,
                CASE WHEN CAST(p.value ->> 'amount' AS BIGINT) < 0 THEN CAST(p.value ->> 'amount' AS BIGINT)
                    ELSE 0 END AS refunded,
                CASE WHEN p.value ->> 'voided' IS NULL THEN 0 ELSE -CAST(p.value ->> 'amount' AS BIGINT) END AS voided
            FROM orders o CROSS JOIN json_array_elements(o.body::json -> 'payments') p
            UNION ALL
            SELECT account_id, order_id, REPLACE(ledger, '_payments', '') AS method,
                CASE WHEN kind = 'payment' THEN -amount ELSE 0 END AS paid,
                CASE WHEN kind = 'refund' THEN -amount ELSE 0 END AS refunded,
                CASE WHEN kind = 'void' THEN -amount ELSE 0 END AS voided
            FROM ledger_entry WHERE ledger IN ({_PAID})
        ) x GROUP BY x.account_id, x.order_id, x.method
        HAVING SUM(x.paid) <> 0 OR SUM(x.refunded) <> 0 OR SUM(x.voided) <> 0
        """,  # noqa: S608 - constants
    ),
    Check(
        "order_paid",
        "No order has given back more than was paid for it.",
        "SELECT account_id, id, paid FROM orders WHERE paid < 0",
    ),
    Check(
        "order_commission",
        "What supplier and reseller owe each other for an order sums to zero; without a reseller there is nothing.",
        """
        SELECT e.account_id, e.order_id, SUM(e.amount) AS drift FROM ledger_entry e
        JOIN orders o ON o.account_id = e.account_id AND o.id = e.order_id
        WHERE e.ledger IN ('commissions', 'reseller_payable', 'reseller_receivable', 'held_by_reseller')
        GROUP BY e.account_id, e.order_id
        HAVING SUM(e.amount) <> 0 OR SUM(CASE WHEN o.owner_id = o.account_id THEN 1 ELSE 0 END) > 0
            OR SUM(CASE WHEN e.ledger = 'commissions' THEN e.amount ELSE 0 END) < 0
        """,
    ),
    Check(
        "order_net_rate",
        "A reseller at a net rate holds just what its order comes to, and owes what isn't its own; no other holds any.",
        """
        SELECT x.account_id, x.order_id, o.total, x.held, x.owed, x.kept FROM (
            SELECT account_id, order_id,
                SUM(CASE WHEN ledger = 'held_by_reseller' THEN -amount ELSE 0 END) AS held,
                SUM(CASE WHEN ledger = 'reseller_receivable' THEN amount ELSE 0 END) AS owed,
                SUM(CASE WHEN ledger = 'commissions' THEN amount ELSE 0 END) AS kept,
                SUM(CASE WHEN ledger = 'reseller_payable' THEN 1 ELSE 0 END) AS payable
            FROM ledger_entry
            WHERE ledger IN ('held_by_reseller', 'reseller_receivable', 'commissions', 'reseller_payable')
            GROUP BY account_id, order_id
        ) x JOIN orders o ON o.account_id = x.account_id AND o.id = x.order_id
        WHERE (x.held <> 0 OR x.owed <> 0) AND (x.payable > 0 OR x.held <> o.total OR x.owed <> o.total - x.kept)
        """,
    ),
    Check(
        "order_pending",
        "An order is pending exactly while there is a time by which it has to be answered.",
        "SELECT account_id, id, status, answer_by FROM orders WHERE (status = 'pending') <> (answer_by IS NOT NULL)",
    ),
    Check(
        "order_unanswered",
        "A pending order that nobody answers in time is declined within a minute.",
        "SELECT account_id, id, answer_by FROM orders WHERE answer_by < $1",
        uses_time=True,
    ),
    Check(
        "order_lines",
        "An order's total is the sum of its lines that are not cancelled, plus its cancellation fees.",
        """
        SELECT o.account_id, o.id, o.total, l.total AS lines FROM orders o LEFT JOIN (
            SELECT account_id, order_id,
                SUM(CASE WHEN status = 'confirmed' THEN total ELSE cancellation_fee END) AS total
            FROM order_line GROUP BY account_id, order_id
        ) l ON l.account_id = o.account_id AND l.order_id = o.id
        WHERE o.total <> COALESCE(l.total, 0)
        """,
    ),
    Check(
        "ledger_kinds",
        "What the ledger says was sold, cancelled, kept as fees and paid is what the order's lines and payments say.",
        """
        SELECT o.account_id, o.id, e.sold, l.sold AS of_lines, e.cancelled, l.cancelled AS of_cancelled, e.fees,
            l.fees AS of_fees, e.paid
        FROM orders o LEFT JOIN (
            SELECT account_id, order_id,
                SUM(CASE WHEN kind = 'sale' THEN amount ELSE 0 END) AS sold,
                SUM(CASE WHEN kind = 'cancellation' THEN -amount ELSE 0 END) AS cancelled,
                SUM(CASE WHEN kind IN ('cancellation_fee', 'fee_reduction') THEN amount ELSE 0 END) AS fees,
                SUM(CASE WHEN kind IN ('payment', 'refund', 'void') THEN -amount ELSE 0 END) AS paid
            FROM ledger_entry WHERE ledger = 'receivable' GROUP BY account_id, order_id
        ) e ON e.account_id = o.account_id AND e.order_id = o.id LEFT JOIN (
            SELECT account_id, order_id, SUM(total) AS sold, SUM(cancellation_fee) AS fees,
                SUM(CASE WHEN status = 'cancelled' THEN total ELSE 0 END) AS cancelled
            FROM order_line GROUP BY account_id, order_id
        ) l ON l.account_id = o.account_id AND l.order_id = o.id
        WHERE COALESCE(e.sold, 0) <> COALESCE(l.sold, 0) OR COALESCE(e.cancelled, 0) <> COALESCE(l.cancelled, 0)
            OR COALESCE(e.fees, 0) <> COALESCE(l.fees, 0) OR COALESCE(e.paid, 0) <> o.paid
        """,
    ),
    Check(
        "line_sums",
        "A line's total is price - discount + fees + tax, and no cancellation costs more than the line did.",
        """
        SELECT account_id, order_id, id FROM order_line
        WHERE total <> price - discount + fees + tax OR cancellation_fee < 0 OR cancellation_fee > total
            OR (status = 'confirmed' AND cancellation_fee <> 0)
        """,
    ),
    Check(
        "order_document",
        "What an order shows of each participant or unit is what its row says, with an arrangement that there is.",
        """
        SELECT o.account_id, o.id, l.value ->> 'id' AS line, r.total FROM orders o
        CROSS JOIN json_array_elements(o.body::json -> 'items') i
        CROSS JOIN json_array_elements(i.value -> 'lines') l
        LEFT JOIN order_line r ON r.account_id = o.account_id AND r.order_id = o.id AND r.id = l.value ->> 'id'
        WHERE r.id IS NULL OR r.departure_id <> i.value ->> 'id' OR r.tier <> l.value ->> 'tier'
            OR r.price <> CAST(l.value ->> 'price' AS BIGINT)
            OR r.discount <> CAST(COALESCE(l.value ->> 'discount', '0') AS BIGINT)
            OR r.status <> COALESCE(l.value ->> 'status', 'confirmed')
            OR COALESCE(r.checked_in_at, 0) <> CAST(COALESCE(l.value ->> 'checked_in_at', '0') AS BIGINT)
            OR COALESCE(r.no_show_at, 0) <> CAST(COALESCE(l.value ->> 'no_show_at', '0') AS BIGINT)
            OR r.pending <> (CAST(COALESCE(l.value ->> 'pending_until', '0') AS BIGINT) <> 0)
            OR r.total <> r.price - r.discount + (
                SELECT COALESCE(SUM(CAST(c.value ->> 'amount' AS BIGINT)), 0)
                FROM json_array_elements(l.value -> 'charges') c
                WHERE COALESCE(CAST(c.value ->> 'included' AS TEXT), 'false') IN ('false', '0'))
            OR COALESCE(json_array_length(i.value -> 'arrangements'), 1)
                <= CAST(COALESCE(l.value ->> 'arrangement', '0') AS BIGINT)
        """,
    ),
    Check(
        "line_arrival",
        "Nobody has both turned up and not come.",
        """
        SELECT account_id, order_id, id FROM order_line WHERE checked_in_at IS NOT NULL AND no_show_at IS NOT NULL
        """,
    ),
    Check(
        "order_status",
        "An order is cancelled exactly when all of its lines are.",
        """
        SELECT o.account_id, o.id, o.status FROM orders o WHERE (o.status = 'cancelled') = EXISTS (
            SELECT 1 FROM order_line l
            WHERE l.account_id = o.account_id AND l.order_id = o.id AND l.status = 'confirmed')
        """,
    ),
    Check(
        "order_views",
        "Supplier and seller each see an order exactly once.",
        """
        SELECT o.account_id, o.id FROM orders o WHERE
            (SELECT COUNT(*) FROM order_view v WHERE v.supplier_id = o.account_id AND v.order_id = o.id
                AND v.account_id IN (o.account_id, o.owner_id) AND v.confirmation = o.confirmation)
            <> CASE WHEN o.account_id = o.owner_id THEN 1 ELSE 2 END
        """,
    ),
    Check(
        "order_numbers",
        "Each account's orders are numbered from 1 without gaps.",
        """
        SELECT k.account_id, k.orders, v.many, v.last FROM account_counter k LEFT JOIN (
            SELECT account_id, COUNT(*) AS many, MAX(seq) AS last FROM order_view GROUP BY account_id
        ) v ON v.account_id = k.account_id
        WHERE k.orders <> COALESCE(v.many, 0) OR k.orders <> COALESCE(v.last, 0)
        """,
    ),
    Check(
        "order_unfindable",
        "Every order can be found by its words; `seatwright migrate`, or a running server, fills in those of old ones.",
        "SELECT account_id, COUNT(*) AS without_words FROM order_view WHERE terms IS NULL GROUP BY account_id",
    ),
    Check(
        "order_terms",
        "Each word by which an account finds an order has one row, and there is no other row.",
        """
        SELECT v.account_id, v.seq, v.order_id FROM order_view v LEFT JOIN (
            SELECT account_id, seq, COUNT(*) AS many FROM order_term GROUP BY account_id, seq
        ) t ON t.account_id = v.account_id AND t.seq = v.seq
        WHERE v.terms IS NOT NULL
            AND LENGTH(v.terms) - LENGTH(REPLACE(v.terms, '\n', '')) - 1 <> COALESCE(t.many, 0)
        UNION ALL
        SELECT t.account_id, t.seq, t.kind || ':' || t.term FROM order_term t
        LEFT JOIN order_view v ON v.account_id = t.account_id AND v.seq = t.seq
        WHERE v.terms IS NULL OR strpos(v.terms, '\n' || t.kind || ':' || t.term || '\n') = 0
        """,
    ),
    Check(
        "cart_order",
        "A cart that became an order names an order that exists.",
        """
        SELECT c.account_id, c.id, c.order_id FROM cart c
        LEFT JOIN orders o ON o.account_id = c.account_id AND o.id = c.order_id
        WHERE c.status = 'ordered' AND o.id IS NULL
        """,
    ),
    Check(
        "order_audit",
        "Every order has an audit event for each change of its ledger.",
        """
        SELECT o.account_id, o.id FROM orders o WHERE NOT EXISTS (
            SELECT 1 FROM audit_event a WHERE a.account_id = o.account_id AND a.subject_id = o.id
            AND a.action = 'order.created')
        """,
    ),
    Check(
        "event_failed",
        "What happened to an order is told to whom it concerns; what can't be told is given up only in the end.",
        f"""
        SELECT e.account_id, a.code AS account, e.order_id, e.kind, e.attempts, e.failed_at, e.error
        FROM outbox_event e LEFT JOIN account a ON a.id = e.account_id
        WHERE e.failed_at IS NOT NULL OR e.attempts >= {FAILS_OFTEN} ORDER BY e.account_id, e.id
        """,  # noqa: S608 - a constant
    ),
    Check(
        "idempotency_answered",
        "Every idempotency key that was kept has its answer.",
        "SELECT account_id, key FROM idempotency WHERE status = 0",
    ),
    *PEOPLE_CHECKS,
    *CREW_CHECKS,
)


async def _untrue_terms(tx: ReadTx) -> AsyncIterator[str]:
    async for account_id, seq, order_id in untrue_terms(tx):
        yield f"account_id={account_id}, seq={seq}, id={order_id}"


async def _untrue_marks(tx: ReadTx) -> AsyncIterator[str]:
    async for account_id, order_id, guest_id in untrue_marks(tx):
        yield f"account_id={account_id}, id={order_id}, line={guest_id}"


async def _changes_to_come(tx: ReadTx) -> AsyncIterator[str]:
    async for account_id, number, changed in changes_to_come(tx):
        yield f"account_id={account_id} seq={number} changed={changed}"


DOCUMENT_CHECKS: tuple[DocumentCheck, ...] = (
    DocumentCheck(
        "order_words",
        "The words by which an account finds an order are those that it sees of it.",
        _untrue_terms,
    ),
    DocumentCheck(
        "guest_marks",
        "A guest is there, or missing, since when what was noted of them says.",
        _untrue_marks,
    ),
    DocumentCheck(
        "order_changes",
        "No order was changed at a moment that has not come: programs that follow orders would miss what comes next.",
        _changes_to_come,
    ),
)

MANY = len(CHECKS) + len(DOCUMENT_CHECKS)


async def check(database: Database, now: Instant, progress: Progress = untold) -> list[Finding]:
    """Run all checks and return what they found, at most `SHOWN` rows for each; an empty list means that all promises
    hold.
    """

    async def run(tx: ReadTx) -> list[Finding]:
        findings = []
        for number, item in enumerate(CHECKS):
            progress(number, MANY)
            rows = await tx.rows(item.sql, *([now - GRACE_MS] if item.uses_time else []))
            findings += [Finding(item.name, _text(row)) for row in rows[:SHOWN]]
        for number, each in enumerate(DOCUMENT_CHECKS, len(CHECKS)):
            progress(number, MANY)
            broken = [text async for text in each.look(tx)]
            findings += [Finding(each.name, text) for text in broken[:SHOWN]]
        return findings

    return await database.read(run)


def _text(row: object) -> str:
    keys = row.keys()  # type: ignore[attr-defined]
    return ", ".join(f"{key}={row[key]}" for key in keys)  # type: ignore[index]
