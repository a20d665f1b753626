"""What each user (or key of a program) took and gave back on each day, by way of payment: the drawers of the desk.

It is read from the ledger: every payment, refund and voided payment that the account's own users and keys recorded, in
its own orders and in those that it sold for others. Over all who record in one ledger, drawers add up to the cash of
its accrual report. Voiding counts on the day and for the user that did it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from seatwright.auth import key_store
from seatwright.auth import store as auth_store
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.times import to_local
from seatwright.orders.ledger import PAYMENTS, PaymentKind
from seatwright.orders.model import WAYS, Way
from seatwright.reports.periods import Span
from seatwright.storage.engine import ReadTx

MAX_ENTRIES = 20_000
"""Maximum number of payments, refunds and voided payments in one report."""
_WAY_OF = {ledger: way for way, ledger in PAYMENTS.items()}


class Sums(NamedTuple):
    """What was taken, given back (below zero), and voided (below zero for a payment), in minor units."""

    payments: int = 0
    refunds: int = 0
    voids: int = 0

    @property
    def net(self) -> int:
        """All of it together: by how much what is in the drawer has grown."""
        return self.payments + self.refunds + self.voids

    def with_entry(self, kind: PaymentKind, amount: int) -> Sums:
        """Return these sums with one more entry."""
        name = f"{kind}s"
        return self._replace(**{name: getattr(self, name) + amount})


class DrawerEntry(NamedTuple):
    """A payment, a refund, or the voiding of one of them; `amount` in minor units of the order's currency."""

    at: Instant
    day: date
    order_id: str
    confirmation: int
    user_id: str
    user_name: str
    method: Way
    kind: PaymentKind
    amount: int
    currency: str


class Drawer(NamedTuple):
    """One user's drawer of one day in one currency; `methods` in the order of `WAYS`."""

    day: date
    user_id: str
    user_name: str
    currency: str
    methods: dict[Way, Sums]


class Drawers(NamedTuple):
    """The report: drawers by day, name and currency, and the list behind them, oldest first."""

    drawers: list[Drawer]
    entries: list[DrawerEntry]


_ENTRIES = """
SELECT e.created_at AS at, e.order_id, e.ledger, e.kind, e.amount, e.actor, o.confirmation, a.currency
FROM ledger_entry e
JOIN orders o ON o.account_id = e.account_id AND o.id = e.order_id
JOIN account a ON a.id = e.account_id
WHERE e.account_id = ANY($1) AND e.created_at >= $2 AND e.created_at < $3 AND e.ledger = ANY($4)
    AND ($6 = '' OR e.actor = $6)
    AND EXISTS (
        SELECT 1 FROM app_user u WHERE u.account_id = $5 AND u.id = e.actor
        UNION ALL SELECT 1 FROM api_key k WHERE k.account_id = $5 AND k.id = e.actor)
ORDER BY e.created_at, o.confirmation, e.transaction_no, e.entry_no LIMIT $7
"""


async def drawers(tx: ReadTx, account_id: str, span: Span, user_id: str = "") -> Drawers:
    """Return the drawers of an account for some days: of all its users and keys, or of one.

    Raises `Invalid` for more than `MAX_ENTRIES`.
    """
    suppliers = await tx.rows("SELECT supplier_id FROM connection WHERE reseller_id = $1", account_id)
    accounts = [account_id, *(row["supplier_id"] for row in suppliers)]
    ledgers = sorted(PAYMENTS.values())
    rows = await tx.rows(_ENTRIES, accounts, span.start, span.end, ledgers, account_id, user_id, MAX_ENTRIES + 1)
    if len(rows) > MAX_ENTRIES:
        raise Invalid(
            f"to: there are more than {MAX_ENTRIES} payments in these days; ask for fewer days.",
            code="too_many_rows",
            field="to",
        )
    names = await _names(tx, account_id, sorted({row["actor"] for row in rows}))
    entries = [
        DrawerEntry(
            at=row["at"],
            day=to_local(row["at"], span.zone).date(),
            order_id=row["order_id"],
            confirmation=row["confirmation"],
            user_id=row["actor"],
            user_name=names[row["actor"]],
            method=_WAY_OF[row["ledger"]],
            kind=row["kind"],
            amount=int(row["amount"]),
            currency=row["currency"],
        )
        for row in rows
    ]
    return Drawers(_summed(entries), entries)


async def _names(tx: ReadTx, account_id: str, ids: Sequence[str]) -> dict[str, str]:
    users = {user.id: user.name for user in await auth_store.users_with_ids(tx, account_id, ids)}
    return users | await key_store.names(tx, account_id, ids)


def _summed(entries: Sequence[DrawerEntry]) -> list[Drawer]:
    found: dict[tuple[date, str, str, str], dict[Way, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for entry in entries:
        methods = found[entry.day, entry.user_name, entry.user_id, entry.currency]
        methods[entry.method] = methods[entry.method].with_entry(entry.kind, entry.amount)
    return [
        Drawer(day, user_id, name, currency, {way: methods[way] for way in WAYS if way in methods})
        for (day, name, user_id, currency), methods in sorted(found.items(), key=lambda each: each[0])
    ]


def together(methods: dict[Way, Sums]) -> Sums:
    """Return the sums over all ways."""
    return Sums(*(sum(column) for column in zip(*methods.values(), strict=True)))
