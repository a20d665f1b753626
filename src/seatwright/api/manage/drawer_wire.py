"""The drawers' report on the wire, and as a sheet: the sums of each user and day, or the list behind them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from seatwright.api.manage.payment_wire import RecorderOut
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, to_local
from seatwright.http.wire import Wire
from seatwright.orders.model import Way
from seatwright.reports.drawer import Drawer, DrawerEntry, Drawers, Sums, together
from seatwright.reports.periods import Span
from seatwright.reports.sheets import Sheet

RowsOf: TypeAlias = Literal["sums", "entries"]


class DrawerSumsOut(Wire, kw_only=True):
    """What was taken (`payments`), given back (`refunds`, below zero) and declared wrong (`voids`); `net` is all of it
    together."""

    payments: Decimal
    refunds: Decimal
    voids: Decimal
    net: Decimal


class DrawerMethodOut(DrawerSumsOut, kw_only=True, rename="camel"):
    """The same in one way of payment."""

    method: Way


class DrawerOut(DrawerSumsOut, kw_only=True, rename="camel"):
    """What one user, or the key of a program, recorded on one day, by method and in all."""

    day: str
    user: RecorderOut
    currency: str
    methods: list[DrawerMethodOut]


class DrawerEntryOut(Wire, kw_only=True):
    """One payment, refund, or voiding of one of them."""

    date: str
    order_id: str
    confirmation: int
    user: RecorderOut
    kind: Literal["payment", "refund", "void"]
    method: Way
    amount: Decimal
    currency: str


class DrawersOut(Wire, kw_only=True):
    """The drawers of some days in the account's time zone, and the list behind them, oldest first."""

    from_: str = msgspec.field(name="from")
    to: str
    time_zone: str
    drawers: list[DrawerOut]
    entries: list[DrawerEntryOut]


def drawers_out(report: Drawers, span: Span) -> DrawersOut:
    """Show the report."""
    return DrawersOut(
        from_=f"{span.first}",
        to=f"{span.last}",
        time_zone=span.zone,
        drawers=[_drawer_out(drawer) for drawer in report.drawers],
        entries=[_entry_out(entry) for entry in report.entries],
    )


def _drawer_out(drawer: Drawer) -> DrawerOut:
    return DrawerOut(
        day=f"{drawer.day}",
        user=RecorderOut(id=drawer.user_id, name=drawer.user_name),
        currency=drawer.currency,
        methods=[
            DrawerMethodOut(method=method, **_amounts(sums, drawer.currency)) for method, sums in drawer.methods.items()
        ],
        **_amounts(together(drawer.methods), drawer.currency),
    )


def _entry_out(entry: DrawerEntry) -> DrawerEntryOut:
    return DrawerEntryOut(
        date=iso_utc(entry.at),
        order_id=entry.order_id,
        confirmation=entry.confirmation,
        user=RecorderOut(id=entry.user_id, name=entry.user_name),
        kind=entry.kind,
        method=entry.method,
        amount=to_wire(entry.amount, entry.currency),
        currency=entry.currency,
    )


def _amounts(sums: Sums, currency: str) -> dict[str, Decimal]:
    return {name: to_wire(getattr(sums, name), currency) for name in ("payments", "refunds", "voids", "net")}


def drawers_sheet(report: Drawers, span: Span, rows: RowsOf) -> Sheet:
    """Return the sums, one row for each day, user and method; or the list, with times on the account's wall clock."""
    if rows == "entries":
        return Sheet(
            name="Payments",
            titles=("Date", "User", "Confirmation", "Order", "Kind", "Method", "Amount", "Currency"),
            rows=(
                (
                    to_local(entry.at, span.zone),
                    entry.user_name,
                    entry.confirmation,
                    entry.order_id,
                    entry.kind,
                    entry.method,
                    to_wire(entry.amount, entry.currency),
                    entry.currency,
                )
                for entry in report.entries
            ),
        )
    return Sheet(
        name="Drawers",
        titles=("Day", "User", "Method", "Payments", "Refunds", "Voids", "Net", "Currency"),
        rows=(
            (
                drawer.day,
                drawer.user_name,
                method,
                *_amounts(sums, drawer.currency).values(),
                drawer.currency,
            )
            for drawer in report.drawers
            for method, sums in drawer.methods.items()
        ),
    )
