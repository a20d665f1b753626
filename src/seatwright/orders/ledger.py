"""The double-entry ledger behind an order's totals. Pure.

Amounts are minor units, debits positive and credits negative; every transaction sums to zero. An order's total
and what is paid of it are sums over these entries and nothing else.

    sale            debit receivable, discounts      credit sales, fees, service_fees, pickups, taxes
    payment         debit external_payments,         credit receivable
                          cash_payments, card_payments,
                          transfer_payments or other_payments
    refund          the same the other way round
    void            the payment or refund the other way round
    cancellation    the sale of what is cancelled the other way round;
                    debit receivable                 credit cancellation_fees

What a supplier and a reseller owe each other is in four more ledgers, which sum to zero among themselves and leave an
order's total and what is paid of it alone:

    commission      debit commissions                credit reseller_payable
    net rate        debit reseller_receivable,       credit held_by_reseller
                          commissions
    a cancellation  the same the other way round;
    and its fee, at a net rate:
                    debit reseller_receivable        credit held_by_reseller

Every entry also says what happened (its `kind`). Its sign doesn't: the tax in the price of a gratis guest's pickup
debits sales when it is sold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

from seatwright.cart.model import Item, Line
from seatwright.orders.model import Payment, Way

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
    "cash_payments",
    "card_payments",
    "transfer_payments",
    "other_payments",
    "commissions",
    "reseller_payable",
    "reseller_receivable",
    "held_by_reseller",
]
PaymentKind: TypeAlias = Literal["payment", "refund", "void"]
Kind: TypeAlias = Literal["sale", PaymentKind, "cancellation", "cancellation_fee", "fee_reduction"]
"""What happened: a sale, a payment, a refund, the voiding of one of them, a cancellation, its fee, or a later reduction
of the fee. A commission and a net rate are of a sale or a cancellation as well.
"""
PAYMENT_KINDS: frozenset[Kind] = frozenset(get_args(PaymentKind))
"""The kinds that move money: each entry of one of these names who recorded it."""
TAKEN_BACK: frozenset[Kind] = frozenset(("cancellation", "fee_reduction", "refund", "void"))
"""The kinds that take back earlier bookings."""
PAYMENTS: Mapping[Way, Ledger] = {
    "external": "external_payments",
    "cash": "cash_payments",
    "card": "card_payments",
    "transfer": "transfer_payments",
    "other": "other_payments",
}
"""The ledger of each way of payment."""
PAID: frozenset[Ledger] = frozenset(PAYMENTS.values())
"""The ledgers of what is paid."""
INCOME: frozenset[Ledger] = frozenset(
    ("sales", "discounts", "fees", "service_fees", "pickups", "taxes", "cancellation_fees")
)
"""The ledgers of which an order's total consists."""
BETWEEN: frozenset[Ledger] = frozenset(("commissions", "reseller_payable", "reseller_receivable", "held_by_reseller"))
"""The ledgers of what supplier and reseller owe each other."""
_OF_CHARGE: Mapping[str, Ledger] = {
    "tax": "taxes",
    "fee": "fees",
    "service_fee": "service_fees",
    "pickup": "pickups",
}


class Entry(NamedTuple):
    """One side of a transaction: its ledger, departure, name, amount and kind."""

    ledger: Ledger
    departure_id: str | None
    name: str
    amount: int
    kind: Kind


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
    return _balanced([Entry(*key, amount, "sale") for key, amount in sums.items() if amount])


def difference(before: Iterable[Entry], after: Iterable[Entry]) -> list[Entry]:
    """Return the sale that turns the entries `before` into those `after`, without the entries that stay the same."""
    sums: dict[tuple[Ledger, str | None, str], int] = defaultdict(int)
    for sign, entries in ((1, after), (-1, before)):
        for entry in entries:
            sums[entry.ledger, entry.departure_id, entry.name] += sign * entry.amount
    return _balanced([Entry(*key, amount, "sale") for key, amount in sums.items() if amount])


def change_of_sale(
    before: Iterable[Item], after: Iterable[Item], resale: Literal["commission", "net"] | None
) -> list[list[Entry]]:
    """Return the transactions that turn the sale of all lines of the items `before` into that of those `after`: the
    sale, and the commission of an order that a reseller sold on these terms. Each may be empty.
    """
    was, now = [(item, item.lines) for item in before], [(item, item.lines) for item in after]
    transactions = [difference(sale(was), sale(now))]
    if resale is not None:
        transactions.append(difference(commission(was, resale), commission(now, resale)))
    return transactions


def payment(made: Payment) -> list[Entry]:
    """Return the transaction of a payment or refund."""
    return _paid(made, made.amount, "refund" if made.is_refund else "payment")


def void(made: Payment) -> list[Entry]:
    """Return the transaction that takes a payment or refund back."""
    return _paid(made, -made.amount, "void")


def _paid(made: Payment, amount: int, kind: PaymentKind) -> list[Entry]:
    return _balanced(
        [
            Entry(PAYMENTS[made.method], None, made.type, amount, kind),
            Entry("receivable", None, made.type, -amount, kind),
        ]
    )


def cancellation(items: Sequence[tuple[Item, Sequence[Line]]], fees: Mapping[str, int]) -> list[Entry]:
    """Return the transaction that takes these lines back, with the fee of each item (by departure id)."""
    entries = _taken_back(sale(items))
    for departure_id, fee in fees.items():
        if fee:
            entries += fee_change(departure_id, fee)
    return _balanced(entries)


def fee_change(departure_id: str, more: int) -> list[Entry]:
    """Return the transaction that charges `more` (or, below zero, less) of a cancellation fee."""
    name = "Cancellation fee"
    return _balanced(
        [
            Entry("receivable", departure_id, name, more, _of_fee(more)),
            Entry("cancellation_fees", departure_id, name, -more, _of_fee(more)),
        ]
    )


def commission(items: Iterable[tuple[Item, Sequence[Line]]], kind: Literal["commission", "net"]) -> list[Entry]:
    """Return the transaction by which supplier and reseller owe each other their parts of these lines."""
    entries = []
    for item, lines in items:
        kept = sum(line.commission for line in lines)
        total = sum(line.total for line in lines)
        entries.append(Entry("commissions", item.id, "Commission", kept, "sale"))
        if kind == "commission":
            entries.append(Entry("reseller_payable", item.id, "Commission", -kept, "sale"))
        else:
            entries.append(Entry("reseller_receivable", item.id, "Net rate", total - kept, "sale"))
            entries.append(Entry("held_by_reseller", item.id, "Held by reseller", -total, "sale"))
    return _balanced([entry for entry in entries if entry.amount])


def commission_back(
    items: Sequence[tuple[Item, Sequence[Line]]], fees: Mapping[str, int], kind: Literal["commission", "net"]
) -> list[Entry]:
    """Return the transaction that undoes `commission` for these lines, with the fee of each item at a net rate."""
    entries = _taken_back(commission(items, kind))
    for departure_id, fee in fees.items():
        entries += fee_held(departure_id, fee, kind)
    return _balanced(entries)


def fee_held(departure_id: str, more: int, kind: Literal["commission", "net"]) -> list[Entry]:
    """Return the transaction by which a reseller at a net rate owes `more` of a cancellation fee; else empty."""
    if kind == "commission" or more == 0:
        return []
    name = "Cancellation fee"
    return _balanced(
        [
            Entry("reseller_receivable", departure_id, name, more, _of_fee(more)),
            Entry("held_by_reseller", departure_id, name, -more, _of_fee(more)),
        ]
    )


def total_change(entries: Iterable[Entry]) -> int:
    """Return by how much these entries change the total owed: everything that is credited as income."""
    return -sum(e.amount for e in entries if e.ledger in INCOME)


def commission_change(entries: Iterable[Entry]) -> int:
    """Return by how much these entries change the reseller's commission."""
    return sum(e.amount for e in entries if e.ledger == "commissions")


def paid_change(entries: Iterable[Entry]) -> int:
    """Return by how much these entries change the amount paid."""
    return sum(e.amount for e in entries if e.ledger in PAID)


def _taken_back(entries: list[Entry]) -> list[Entry]:
    return [entry._replace(amount=-entry.amount, kind="cancellation") for entry in entries]


def _of_fee(more: int) -> Kind:
    return "cancellation_fee" if more > 0 else "fee_reduction"


def _balanced(entries: list[Entry]) -> list[Entry]:
    assert sum(entry.amount for entry in entries) == 0, "a ledger transaction must sum to zero"
    return entries
