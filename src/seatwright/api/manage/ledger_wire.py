"""The ledger of an order on the wire."""

from __future__ import annotations

from decimal import Decimal

from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc
from seatwright.http.wire import Wire
from seatwright.orders.books import Books, LedgerTransaction
from seatwright.orders.ledger import Entry, Kind, Ledger


class LedgerEntryOut(Wire, kw_only=True):
    """One side of a transaction: either a `debit` or a `credit`; the other is 0. `kind` says what happened, `name` what
    the amount is for. `departureId` and `productName` are null for what is about the whole order."""

    ledger: Ledger
    kind: Kind
    name: str
    departure_id: str | None
    product_name: str | None
    debit: Decimal
    credit: Decimal


class LedgerTransactionOut(Wire, kw_only=True):
    """What was booked together. Its debits and its credits are the same sum, `amount`."""

    number: int
    date: str
    amount: Decimal
    entries: list[LedgerEntryOut]


class LedgerOut(Wire, kw_only=True):
    """All that was booked for an order, oldest first. Its debits less its credits in `receivable` are the `balance`."""

    order_id: str
    confirmation: int
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    currency: str
    transactions: list[LedgerTransactionOut]


def ledger_out(books: Books) -> LedgerOut:
    """Show an order's ledger."""
    order, currency = books.order, books.order.body.currency
    return LedgerOut(
        order_id=order.id,
        confirmation=order.confirmation,
        total=to_wire(order.total, currency),
        amount_paid=to_wire(order.paid, currency),
        balance=to_wire(order.balance, currency),
        currency=currency,
        transactions=[_transaction(each, books, currency) for each in books.transactions],
    )


def _transaction(transaction: LedgerTransaction, books: Books, currency: str) -> LedgerTransactionOut:
    return LedgerTransactionOut(
        number=transaction.number,
        date=iso_utc(transaction.at),
        amount=to_wire(transaction.amount, currency),
        entries=[_entry(entry, books, currency) for entry in transaction.entries],
    )


def _entry(entry: Entry, books: Books, currency: str) -> LedgerEntryOut:
    return LedgerEntryOut(
        ledger=entry.ledger,
        kind=entry.kind,
        name=entry.name,
        departure_id=entry.departure_id,
        product_name=books.product_of(entry),
        debit=to_wire(max(0, entry.amount), currency),
        credit=to_wire(max(0, -entry.amount), currency),
    )
