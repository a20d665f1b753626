"""Reports as tables: the sheets of files, and of the desk's pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seatwright.core.money import to_wire
from seatwright.core.times import to_local
from seatwright.reports.accrual import Accrual, Sums
from seatwright.reports.mailing import MailingList
from seatwright.reports.sales import Counts, Money, Sales
from seatwright.reports.settlements import Settlement
from seatwright.reports.sheets import Cell, Sheet
from seatwright.reports.transactions import Transaction

SALES: Mapping[str, str] = {
    "orders": "Orders",
    "participants": "Participants",
    "units": "Units",
    "cancelled": "Cancelled",
    "gross_sales": "Gross sales",
    "cancelled_sales": "Cancelled sales",
    "discounts": "Discounts",
    "pickups": "Pickups",
    "fees": "Fees",
    "service_fees": "Service fees",
    "taxes": "Taxes",
    "cancellation_fees": "Cancellation fees",
    "total": "Total",
    "commissions": "Commissions",
    "net": "Net",
}
"""The figures of sales and their titles, in order."""
_SETTLEMENT = ("Account", "Account id", "Role", "Type", "Billing cycle", "From", "To", "Over", "Orders")
_TRANSACTION = (
    *("Date", "Order", "Confirmation", "Reference", "Channel", "Type", "Actions", "Products"),
    *("Total", "Paid", "Commission", "Currency", "Paid by"),
)


def sales_sums(counts: Counts, money: Money, currency: str) -> dict[str, Any]:
    """Return the figures of sales by the names of `SALES`, amounts with the decimals of `currency`."""
    amounts = {**money._asdict(), "total": money.total, "net": money.net}
    return {**counts._asdict(), **{name: to_wire(amount, currency) for name, amount in amounts.items()}}


def sales_sheet(report: Sales, currency: str) -> Sheet:
    """Return sales as a table."""
    what = {"product": ("Product", "Name"), "channel": ("Channel", "Name"), "day": ("Day",)}[report.by]

    def cells(counts: Counts, money: Money) -> Sequence[Cell]:
        sums = sales_sums(counts, money, currency)
        return [sums[name] for name in SALES]

    def row(key: str, name: str, counts: Counts, money: Money) -> Sequence[Cell]:
        return (*((key,) if report.by == "day" else (key, name)), *cells(counts, money))

    return Sheet(
        name=f"Sales by {report.by}",
        titles=(*what, *SALES.values()),
        rows=[row(*line) for line in report.lines],
        total=("Total", *("",) * (len(what) - 1), *cells(report.counts, report.money)),
    )


def accrual_sheet(report: Accrual, currency: str) -> Sheet:
    """Return the report with a debit and a credit column, which have the same sum."""
    debits: list[tuple[str, str, str, Sums]] = [("Cash", name, "", sums) for name, sums in report.cash.items()]
    debits += [
        ("Accounts receivable", "", "", report.receivable),
        ("Due from resellers", "", "", report.from_resellers),
    ]
    credits_: list[tuple[str, str, str, Sums]] = [("Advance deposits", "", "", report.deposits)]
    credits_ += [(item.type, item.name, item.product.name, item.sums) for item in report.items]
    credits_ += [("Due to resellers", "", "", report.to_resellers)]
    nothing: tuple[Cell, ...] = (None,)

    def amounts(sums: Sums) -> tuple[Cell, ...]:
        return to_wire(sums.positive, currency), to_wire(sums.negative, currency)

    rows = [(*who, *amounts(sums), to_wire(sums.net, currency), *nothing) for *who, sums in debits]
    rows += [(*who, *amounts(sums), *nothing, to_wire(sums.net, currency)) for *who, sums in credits_]
    return Sheet(
        name="Accrual",
        titles=("Account", "Name", "Product", "Positive", "Negative", f"Debit ({currency})", f"Credit ({currency})"),
        rows=rows,
        total=("Total", "", "", None, None, to_wire(report.debit, currency), to_wire(report.credit, currency)),
    )


def settlements_sheet(name: str, found: Sequence[Settlement]) -> Sheet:
    """Return what is owed as a table."""
    return Sheet(
        name=name,
        titles=(*_SETTLEMENT, "Earned", "Taken back", "Amount", "Currency"),
        rows=[
            (
                one.account_name,
                one.account_id,
                one.role,
                one.kind,
                one.cycle,
                one.first,
                one.last,
                one.over,
                one.orders,
                to_wire(one.earned, one.currency),
                to_wire(one.taken_back, one.currency),
                to_wire(one.amount, one.currency),
                one.currency,
            )
            for one in found
        ],
    )


def recipients_sheet(found: MailingList, zone: str) -> Sheet:
    """Return a page of the mailing list as a table, days on the calendar of `zone`."""
    return Sheet(
        name="Mailing list",
        titles=("E-mail", "First name", "Last name", "Language", "Last order"),
        rows=(
            (one.email, one.first_name, one.last_name, one.language, to_local(one.last_order_at, zone).date())
            for one in found.recipients
        ),
    )


def transactions_sheet(records: Iterable[Transaction], zone: str) -> Sheet:
    """Return records as a table, times on the wall clock of `zone`."""
    return Sheet(
        name="Transactions",
        titles=_TRANSACTION,
        rows=(_transaction_row(record, zone) for record in records),
    )


def _transaction_row(record: Transaction, zone: str) -> Sequence[Cell]:
    order, currency = record.order, record.order.body.currency
    return (
        to_local(record.at, zone),
        order.id,
        order.confirmation,
        order.body.reference_id,
        order.channel,
        "created" if record.made else "changed",
        ", ".join(action.removeprefix("order.") for action in record.actions),
        ", ".join(dict.fromkeys(item.product_name for item in record.items)),
        to_wire(record.total, currency),
        to_wire(record.paid, currency),
        to_wire(record.commission, currency),
        currency,
        ", ".join(name for name, amount in record.payments.items() if amount),
    )
