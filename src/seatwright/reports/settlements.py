"""What suppliers and resellers owe each other for each billing cycle, seen from either side.

The supplier's ledger is the only source: `reseller_payable` is what a supplier owes its resellers (commissions),
`reseller_receivable` what resellers at a net rate owe it. A reseller reads the same entries of its own orders the other
way round: its receivables are commissions, its payables net rates. So both sides' figures are the same ones.

Cycles are the connection's (`terms.billing_cycle`), in the supplier's time zone. Every cycle that contains a requested
day is in the report, whole, because whole cycles are settled.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from seatwright.core.clock import Instant
from seatwright.reports.booked import SUMS
from seatwright.reports.periods import Periods, Span, cycles, midnight, next_cycle
from seatwright.resellers.model import BillingCycle, Terms
from seatwright.storage.engine import ReadTx

Direction: TypeAlias = Literal["payables", "receivables"]
Kind: TypeAlias = Literal["commission", "net"]


class Settlement(NamedTuple):
    """What one account owes another for one cycle, in minor units of `currency` (the supplier's).

    `role` is the other account's role. `earned` is from sales and cancellation fees, `taken_back` from cancellations
    and lower fees; `orders` are those that either is for. A cycle that is not `over` may still grow.
    """

    account_id: str
    account_name: str
    role: Literal["supplier", "reseller"]
    kind: Kind
    cycle: BillingCycle
    first: date
    last: date
    over: bool
    orders: int
    earned: int
    taken_back: int
    currency: str

    @property
    def amount(self) -> int:
        """The amount to pay; below zero, the other account pays."""
        return self.earned + self.taken_back


class _Side(NamedTuple):
    """One connection, seen from one of its accounts, with the other account."""

    supplier_id: str
    reseller_id: str
    other_id: str
    other_name: str
    role: Literal["supplier", "reseller"]
    zone: str
    currency: str
    cycle: BillingCycle


class _Request(NamedTuple):
    """What one query reads: connections with the same ledger and the same calendar of cycles."""

    role: Literal["supplier", "reseller"]
    zone: str
    cycle: BillingCycle


_OWED = f"""
SELECT e.account_id AS supplier_id, o.owner_id AS reseller_id, <cycle> AS number, COUNT(DISTINCT e.order_id) AS orders,
    {SUMS}
FROM ledger_entry e JOIN orders o ON o.account_id = e.account_id AND o.id = e.order_id
WHERE e.account_id = ANY($1) AND e.created_at >= $2 AND e.created_at < $3
    AND e.ledger IN ('reseller_payable', 'reseller_receivable') AND e.ledger = $4 AND o.owner_id = ANY($5)
GROUP BY 1, 2, 3
"""  # noqa: S608 - constants


async def settlements(tx: ReadTx, account_id: str, span: Span, direction: Direction, now: Instant) -> list[Settlement]:
    """Return what the account owes (`payables`) or is owed (`receivables`), by the other's name and by cycle.

    Cycles without anything are left out.
    """
    groups: dict[_Request, list[_Side]] = defaultdict(list)
    for side in await _sides(tx, account_id):
        groups[_Request(side.role, side.zone, side.cycle)].append(side)
    found = []
    for asked, sides in groups.items():
        found += await _of_cycle(tx, asked, sides, span, direction, now)
    return sorted(found, key=lambda one: (one.account_name.casefold(), one.account_id, one.role, one.first))


async def _sides(tx: ReadTx, account_id: str) -> list[_Side]:
    rows = await tx.rows(
        """
        SELECT c.supplier_id, c.reseller_id, c.terms, s.name AS supplier, r.name AS reseller, s.time_zone, s.currency
        FROM connection c JOIN account s ON s.id = c.supplier_id JOIN account r ON r.id = c.reseller_id
        WHERE c.supplier_id = $1 OR c.reseller_id = $1
        """,
        account_id,
    )
    return [
        _Side(
            supplier_id=row["supplier_id"],
            reseller_id=row["reseller_id"],
            other_id=row["reseller_id"] if row["supplier_id"] == account_id else row["supplier_id"],
            other_name=row["reseller"] if row["supplier_id"] == account_id else row["supplier"],
            role="reseller" if row["supplier_id"] == account_id else "supplier",
            zone=row["time_zone"],
            currency=row["currency"],
            cycle=msgspec.json.decode(row["terms"], type=Terms).billing_cycle,
        )
        for row in rows
    ]


async def _of_cycle(
    tx: ReadTx, asked: _Request, sides: list[_Side], span: Span, direction: Direction, now: Instant
) -> list[Settlement]:
    firsts = cycles(span.first, span.last, asked.cycle)
    starts = [midnight(first, asked.zone) for first in firsts]
    end = midnight(next_cycle(firsts[-1], asked.cycle), asked.zone)
    # An account that pays commissions is owed net rates: the ledger depends on the account that asks.
    commission = (direction == "payables") == (asked.role == "reseller")
    number, values = Periods(starts, end).number("e.created_at", 6)
    by_pair = {(side.supplier_id, side.reseller_id): side for side in sides}
    rows = await tx.rows(
        _OWED.replace("<cycle>", number),
        sorted({side.supplier_id for side in sides}),
        starts[0],
        end,
        "reseller_payable" if commission else "reseller_receivable",
        sorted({side.reseller_id for side in sides}),
        *values,
    )
    found = []
    for row in rows:
        side = by_pair.get((row["supplier_id"], row["reseller_id"]))
        if side is None:
            continue
        first = firsts[row["number"]]
        following = next_cycle(first, asked.cycle)
        sign = -1 if commission else 1
        found.append(
            Settlement(
                account_id=side.other_id,
                account_name=side.other_name,
                role=side.role,
                kind="commission" if commission else "net",
                cycle=side.cycle,
                first=first,
                last=following - timedelta(days=1),
                over=midnight(following, asked.zone) <= now,
                orders=row["orders"],
                earned=sign * int(row["added"]),
                taken_back=sign * int(row["taken_back"]),
                currency=side.currency,
            )
        )
    return found
