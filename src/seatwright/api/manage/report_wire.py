"""Sales, payables and receivables, and mailing list on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from seatwright.auth.model import Account
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc
from seatwright.http.wire import Wire
from seatwright.reports.mailing import MailingList
from seatwright.reports.periods import Span
from seatwright.reports.sales import By, Sales
from seatwright.reports.settlements import Settlement
from seatwright.reports.tables import sales_sums

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
            SalesLineOut(key=line.key, name=line.name, **sales_sums(line.counts, line.money, currency))
            for line in report.lines
        ],
        total=SalesSumsOut(**sales_sums(report.counts, report.money, currency)),
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
