"""The Resmark reports on the wire, and as sheets (wire reference, "Reports"; field names as they are there)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from seatwright.api import wire
from seatwright.core.clock import Instant
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, iso_wall, to_local
from seatwright.reports.accrual import Accrual, LineItem, Sums
from seatwright.reports.sheets import Cell, Sheet
from seatwright.reports.transactions import Transaction


class SumsOut(msgspec.Struct, kw_only=True):
    """What sales, payments and fees added (`positive`), and what cancellations and lower fees took back (`negative`);
    what lowers the others, such as a discount, is the other way round."""

    positive: Decimal
    negative: Decimal


class NamedSumsOut(SumsOut, kw_only=True):
    """The same by payment type; null where there is one for all."""

    id: str | None = msgspec.field(name="_id")


class LineItemOut(SumsOut, kw_only=True):
    """Everything of one name and type on one product. `type_id` is the product's id, or that of the tax, fee or pickup
    which has the name in the catalog now."""

    name: str
    type: Literal["product", "discount", "pickup", "fee", "service_fee", "tax", "cancellation_fee", "commission"]
    type_id: str | None
    item_product_id: str
    item_product_number: int
    item_product_name: str


class AccrualOut(msgspec.Struct, kw_only=True, rename="camel"):
    """What was sold, paid and owed in some days. `totalDebit` and `totalCredit` are the same: cash, accounts receivable
    and what resellers owe, and deposits, line items and what is owed to resellers. `noAccountList` is empty, as every
    line item has an account."""

    advance_deposits_credit: NamedSumsOut
    cash_list: list[NamedSumsOut]
    accounts_receivable_debit: SumsOut
    no_account_list: list[LineItemOut]
    account_list: list[LineItemOut]
    resellers_receivable_debit: SumsOut
    resellers_payable_credit: SumsOut
    total_debit: Decimal
    total_credit: Decimal
    currency: str
    time_zone: str


def accrual_out(report: Accrual, currency: str, zone: str) -> AccrualOut:
    """Show the report in a currency."""

    def said(sums: Sums) -> dict[str, Decimal]:
        return {"positive": to_wire(sums.positive, currency), "negative": to_wire(sums.negative, currency)}

    return AccrualOut(
        advance_deposits_credit=NamedSumsOut(id=None, **said(report.deposits)),
        cash_list=[NamedSumsOut(id=name, **said(sums)) for name, sums in report.cash.items()],
        accounts_receivable_debit=SumsOut(**said(report.receivable)),
        no_account_list=[],
        account_list=[_line_item_out(item, said(item.sums)) for item in report.items],
        resellers_receivable_debit=SumsOut(**said(report.from_resellers)),
        resellers_payable_credit=SumsOut(**said(report.to_resellers)),
        total_debit=to_wire(report.debit, currency),
        total_credit=to_wire(report.credit, currency),
        currency=currency,
        time_zone=zone,
    )


def _line_item_out(item: LineItem, sums: dict[str, Decimal]) -> LineItemOut:
    return LineItemOut(
        name=item.name,
        type=item.type,
        type_id=item.type_id,
        item_product_id=item.product.id,
        item_product_number=item.product.number,
        item_product_name=item.product.name,
        **sums,
    )


def accrual_sheet(report: Accrual, currency: str) -> Sheet:
    """Return the report with a debit and a credit column, which come to the same."""
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


class TouchedOut(msgspec.Struct, kw_only=True, rename="camel"):
    """A date and time that a change was about; `amount` is by how much it changed what is owed. The start is on the
    location's wall clock."""

    item_id: str
    product_id: str
    product_number: int
    product_name: str
    start_time: str | None
    time_zone: str
    amount: Decimal


class EntryOut(msgspec.Struct, kw_only=True, rename="camel"):
    """One line item of a change: a product, discount, pickup, fee, tax, cancellation fee or commission."""

    type: str
    name: str
    item_id: str | None
    amount: Decimal


class TransactionOut(msgspec.Struct, kw_only=True, rename="camel"):
    """An order at an instant at which it was made or changed. `total` is by how much what is owed changed, `paid` what
    was paid, `commission` by how much the reseller's changed: all from the ledger."""

    date: str
    order_id: str
    confirmation: int
    reference_id: str | None
    supplier_id: str | None
    reseller_id: str | None
    channel: str | None
    type: Literal["created", "changed"]
    actions: list[str]
    total: Decimal
    paid: Decimal
    commission: Decimal
    currency: str
    items: list[TouchedOut]
    line_items: list[EntryOut]


def transaction_out(record: Transaction, viewer_id: str) -> TransactionOut:
    """Show a record to the order's supplier or seller."""
    order, currency = record.order, record.order.body.currency
    resold = order.owner_id != order.account_id
    return TransactionOut(
        date=iso_utc(record.at),
        order_id=order.id,
        confirmation=order.confirmation,
        reference_id=order.body.reference_id,
        supplier_id=order.account_id if resold and viewer_id == order.owner_id else None,
        reseller_id=order.owner_id if resold and viewer_id == order.account_id else None,
        channel=order.channel or None,
        type="created" if record.made else "changed",
        actions=[action.removeprefix("order.") for action in record.actions],
        total=to_wire(record.total, currency),
        paid=to_wire(record.paid, currency),
        commission=to_wire(record.commission, currency),
        currency=currency,
        items=[
            TouchedOut(
                item_id=item.id,
                product_id=item.product_id,
                product_number=item.product_number,
                product_name=item.product_name,
                start_time=None if item.start_at is None else iso_wall(item.start_at, item.time_zone),
                time_zone=item.time_zone,
                amount=to_wire(record.of_item(item.id), currency),
            )
            for item in record.items
        ],
        line_items=[
            EntryOut(type=entry.type, name=entry.name, item_id=entry.item_id, amount=to_wire(entry.amount, currency))
            for entry in record.entries
        ],
    )


_TRANSACTION = (
    "Date",
    "Order",
    "Confirmation",
    "Reference",
    "Channel",
    "Type",
    "Actions",
    "Products",
    "Total",
    "Paid",
    "Commission",
    "Currency",
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
        wall(record.at, zone),
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
    )


def wall(at: Instant | None, zone: str) -> datetime | None:
    """Return an instant on a wall clock, for a sheet."""
    return None if at is None else to_local(at, zone)


def listed(records: Iterable[Transaction], viewer_id: str) -> list[msgspec.Raw]:
    """Show several records, in JSON already: texts are less for Python to keep than what they are made of."""
    return [msgspec.Raw(wire.encode(transaction_out(record, viewer_id))) for record in records]
