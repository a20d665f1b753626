"""The double-entry ledger behind an order's totals. Pure.

Amounts are minor units, debits positive and credits negative; every transaction sums to zero. An order's total
and what is paid of it are sums over these entries and nothing else.

    sale            debit receivable, discounts      credit sales, fees, service_fees, pickups, taxes
    payment         debit external_payments          credit receivable
    cancellation    the sale of what is cancelled the other way round;
                    debit receivable                 credit cancellation_fees
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from seatwright.cart.model import Item, Line

Ledger: TypeAlias = Literal[
    "receivable",
    "sales",
    "discounts",
    "fees",
    "service_fees",
    "pickups",
    "taxes",
    "cancellation_fees",
    "external_payments",
]
_OF_CHARGE: Mapping[str, Ledger] = {
    "tax": "taxes",
    "fee": "fees",
    "service_fee": "service_fees",
    "pickup": "pickups",
}


class Entry(NamedTuple):
    """One side of a transaction: which ledger, which departure it is for, what it is called, how much."""

    ledger: Ledger
    departure_id: str | None
    name: str
    amount: int


def sale(items: Iterable[tuple[Item, Sequence[Line]]]) -> list[Entry]:
    """Return the transaction that sells these lines of each item; empty if they cost nothing."""
    sums: dict[tuple[Ledger, str, str], int] = defaultdict(int)
    for item, lines in items:
        for line in lines:
            sums["receivable", item.id, "Receivable"] += line.total
            sums["discounts", item.id, "Discount"] += line.discount
            included = 0
            for charge in line.charges:
                sums[_OF_CHARGE[charge.kind], item.id, charge.name] -= charge.amount
                included += charge.amount if charge.included else 0
            sums["sales", item.id, item.product_name] -= line.price - included
    return _balanced([Entry(*key, amount) for key, amount in sums.items() if amount])


def payment(amount: int) -> list[Entry]:
    """Return the transaction for money that was paid outside; empty for nothing."""
    if amount == 0:
        return []
    return _balanced(
        [Entry("external_payments", None, "External", amount), Entry("receivable", None, "External", -amount)]
    )


def cancellation(items: Sequence[tuple[Item, Sequence[Line]]], fees: Mapping[str, int]) -> list[Entry]:
    """Return the transaction that takes these lines back, with the fee of each item (by departure id)."""
    entries = [entry._replace(amount=-entry.amount) for entry in sale(items)]
    for departure_id, fee in fees.items():
        if fee:
            entries += fee_change(departure_id, fee)
    return _balanced(entries)


def fee_change(departure_id: str, more: int) -> list[Entry]:
    """Return the transaction that charges `more` (or, below zero, less) of a cancellation fee."""
    name = "Cancellation fee"
    return _balanced(
        [Entry("receivable", departure_id, name, more), Entry("cancellation_fees", departure_id, name, -more)]
    )


def total_change(entries: Iterable[Entry]) -> int:
    """Return by how much these entries change what is owed in all: everything credited as income."""
    return -sum(e.amount for e in entries if e.ledger not in ("receivable", "external_payments"))


def paid_change(entries: Iterable[Entry]) -> int:
    """Return by how much these entries change what has been paid."""
    return sum(e.amount for e in entries if e.ledger == "external_payments")


def _balanced(entries: list[Entry]) -> list[Entry]:
    assert sum(entry.amount for entry in entries) == 0, "a ledger transaction must sum to zero"
    return entries
