"""Sales, payables and receivables, and mailing list on the wire, and as sheets."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from seatwright.auth.model import Account
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, to_local
from seatwright.http.wire import Wire
from seatwright.reports.mailing import MailingList
from seatwright.reports.periods import Span
from seatwright.reports.sales import By, Counts, Money, Sales
from seatwright.reports.settlements import Settlement
from seatwright.reports.sheets import Cell, Sheet

# --- Sales -------------------------------------------------------------------------------------------


class SalesSumsOut(Wire, kw_only=True):
    """Counts of the orders made in these days, as they are now, and what was booked in these days. `total` is what
    customers owe for it, `net` that less the resellers' commissions."""

    orders: int
    participants: int
    units: int
    cancelled: int
    gross_sales: Decimal
    cancelled_sales: Decimal
    discounts: Decimal
    pickups: Decimal
    fees: Decimal
    service_fees: Decimal
    taxes: Decimal
    cancellation_fees: Decimal
    total: Decimal
    commissions: Decimal
    net: Decimal


class SalesLineOut(SalesSumsOut, kw_only=True):
    """One product (`key` is its code), channel (empty: the account's own sales) or day."""

    key: str
    name: str


class SalesOut(Wire, kw_only=True):
    """Sales by product, channel or day, and all together; `from` and `to` are days in `timeZone`."""

    from_: str = msgspec.field(name="from")
    to: str
    time_zone: str
    currency: str
    by: By
    rows: list[SalesLineOut]
    total: SalesSumsOut


_SALES = (
    "Orders",
    "Participants",
    "Units",
    "Cancelled",
    "Gross sales",
    "Cancelled sales",
    "Discounts",
    "Pickups",
    "Fees",
    "Service fees",
    "Taxes",
    "Cancellation fees",
    "Total",
    "Commissions",
    "Net",
)


def sales_out(report: Sales, account: Account, span: Span) -> SalesOut:
    """Show sales in the account's currency."""
    currency = account.currency
    return SalesOut(
        from_=f"{span.first}",
        to=f"{span.last}",
        time_zone=span.zone,
        currency=currency,
        by=report.by,
        rows=[
            SalesLineOut(key=line.key, name=line.name, **_sums(line.counts, line.money, currency))
            for line in report.lines
        ],
        total=SalesSumsOut(**_sums(report.counts, report.money, currency)),
    )


def _sums(counts: Counts, money: Money, currency: str) -> dict[str, Any]:
    amounts = {**money._asdict(), "total": money.total, "net": money.net}
    return {**counts._asdict(), **{name: to_wire(amount, currency) for name, amount in amounts.items()}}


def sales_sheet(report: Sales, currency: str) -> Sheet:
    """Return sales as a table."""
    what = {"product": ("Product", "Name"), "channel": ("Channel", "Name"), "day": ("Day",)}[report.by]

    def cells(counts: Counts, money: Money) -> Sequence[Cell]:
        sums = _sums(counts, money, currency)
        return [sums[name] for name in SalesSumsOut.__struct_fields__]

    def row(key: str, name: str, counts: Counts, money: Money) -> Sequence[Cell]:
        return (*((key,) if report.by == "day" else (key, name)), *cells(counts, money))

    return Sheet(
        name=f"Sales by {report.by}",
        titles=(*what, *_SALES),
        rows=[row(*line) for line in report.lines],
        total=("Total", *("",) * (len(what) - 1), *cells(report.counts, report.money)),
    )


# --- Payables and receivables ------------------------------------------------------------------------


class SettlementOut(Wire, kw_only=True):
    """What one account owes the other for one billing cycle, `from` its first day `to` its last one, in the supplier's
    time zone and currency. `over` tells whether the cycle is."""

    account_id: str
    account_name: str
    role: Literal["supplier", "reseller"]
    type: Literal["commission", "net"]
    billing_cycle: Literal["weekly", "biweekly", "monthly"]
    from_: str = msgspec.field(name="from")
    to: str
    over: bool
    orders: int
    earned: Decimal
    taken_back: Decimal
    amount: Decimal
    currency: str


def settlement_out(settlement: Settlement) -> SettlementOut:
    """Show what is owed for a cycle."""
    return SettlementOut(
        account_id=settlement.account_id,
        account_name=settlement.account_name,
        role=settlement.role,
        type=settlement.kind,
        billing_cycle=settlement.cycle,
        from_=f"{settlement.first}",
        to=f"{settlement.last}",
        over=settlement.over,
        orders=settlement.orders,
        earned=to_wire(settlement.earned, settlement.currency),
        taken_back=to_wire(settlement.taken_back, settlement.currency),
        amount=to_wire(settlement.amount, settlement.currency),
        currency=settlement.currency,
    )


_SETTLEMENT = ("Account", "Account id", "Role", "Type", "Billing cycle", "From", "To", "Over", "Orders")


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


# --- Mailing list ------------------------------------------------------------------------------------


class RecipientOut(Wire, kw_only=True):
    """A customer who wants to be written to. `language` is the one that they asked for."""

    email: str
    first_name: str
    last_name: str
    language: str | None
    last_order_date: str


def recipients_out(found: MailingList) -> list[RecipientOut]:
    """Show a page of the mailing list."""
    return [
        RecipientOut(
            email=one.email,
            first_name=one.first_name,
            last_name=one.last_name,
            language=one.language,
            last_order_date=iso_utc(one.last_order_at),
        )
        for one in found.recipients
    ]


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
