"""An order's ledger as the desk shows it: in plain words, with debits and credits side by side. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from seatwright.orders.books import Books, LedgerTransaction
from seatwright.orders.ledger import Entry, Kind, Ledger
from seatwright.web.desk.texts import Texts

LEDGERS: Mapping[Ledger, str] = {
    "receivable": "Owed by the customer",
    "sales": "Sales",
    "discounts": "Discounts",
    "fees": "Fees",
    "service_fees": "Service fees",
    "pickups": "Pickups",
    "taxes": "Taxes",
    "cancellation_fees": "Cancellation fees",
    "external_payments": "Paid elsewhere",
    "cash_payments": "Cash",
    "card_payments": "Card at the desk",
    "transfer_payments": "Transfers",
    "other_payments": "Other payments",
    "commissions": "Commissions",
    "reseller_payable": "Owed to the reseller",
    "reseller_receivable": "Owed by the reseller",
    "held_by_reseller": "Held by the reseller",
}
"""What each ledger is called."""
KINDS: Mapping[Kind, str] = {
    "sale": "Sale",
    "payment": "Payment",
    "refund": "Refund",
    "void": "Payment voided",
    "cancellation": "Cancellation",
    "cancellation_fee": "Cancellation fee",
    "fee_reduction": "Lower cancellation fee",
}
"""What happened."""
_SAID_BY_LEDGER = frozenset(
    ("Receivable", "Discount", "Commission", "Cancellation fee", "Held by reseller", "Net rate")
)
"""Names of entries that say no more than their ledgers do."""


class EntryRow(NamedTuple):
    """One side of a transaction. `about` is the product, or what the amount is called; one of the amounts is ""."""

    ledger: str
    about: str
    debit: str
    credit: str


class TransactionRows(NamedTuple):
    """What was booked together, and its sum, which is that of each side."""

    what: str
    when: str
    rows: list[EntryRow]
    total: str


class LedgerCard(NamedTuple):
    """An order's ledger. `debit` and `credit` are all of each side; `total`, `paid` and `balance` are the order's."""

    transactions: list[TransactionRows]
    debit: str
    credit: str
    total: str
    paid: str
    balance: str


def ledger_card(books: Books, texts: Texts) -> LedgerCard:
    """Return an order's ledger, oldest first."""
    order, currency = books.order, books.order.body.currency
    entries = [entry for transaction in books.transactions for entry in transaction.entries]
    return LedgerCard(
        transactions=[_transaction(each, books, texts) for each in books.transactions],
        debit=texts.money(sum(max(0, entry.amount) for entry in entries), currency),
        credit=texts.money(sum(max(0, -entry.amount) for entry in entries), currency),
        total=texts.money(order.total, currency),
        paid=texts.money(order.paid, currency),
        balance=texts.money(order.balance, currency),
    )


def _transaction(transaction: LedgerTransaction, books: Books, texts: Texts) -> TransactionRows:
    currency = books.order.body.currency
    kinds = dict.fromkeys(KINDS[entry.kind] for entry in transaction.entries)
    return TransactionRows(
        what=" and ".join((*list(kinds)[:1], *(kind.lower() for kind in list(kinds)[1:]))),
        when=texts.moment(transaction.at),
        rows=[_row(entry, books, texts) for entry in transaction.entries],
        total=texts.money(transaction.amount, currency),
    )


def _row(entry: Entry, books: Books, texts: Texts) -> EntryRow:
    currency, product = books.order.body.currency, books.product_of(entry)
    name = "" if entry.departure_id is None or entry.name in _SAID_BY_LEDGER else entry.name
    return EntryRow(
        ledger=LEDGERS[entry.ledger],
        about=", ".join(dict.fromkeys(filter(None, (name, product)))),
        debit=texts.money(entry.amount, currency) if entry.amount > 0 else "",
        credit=texts.money(-entry.amount, currency) if entry.amount < 0 else "",
    )
