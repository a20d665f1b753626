"""The drawers of a day: what each user took and gave back, in which ways, and the list behind it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.reports.drawer import Drawer, DrawerEntry, Drawers, Sums, together
from seatwright.web.desk.texts import Texts

_KINDS = {"payment": "Payment", "refund": "Refund", "void": "Voided"}


class SumsView(NamedTuple):
    """A row of a drawer: a way of payment, or all of them together."""

    way: str
    payments: str
    refunds: str
    voids: str
    net: str


class DrawerView(NamedTuple):
    """One user's drawer."""

    user: str
    rows: list[SumsView]
    total: SumsView


class EntryView(NamedTuple):
    """One payment, refund, or voiding."""

    when: str
    confirmation: int
    user: str
    kind: str
    way: str
    amount: str


class DrawerPage(NamedTuple):
    """The drawers of a day, and the list behind them."""

    drawers: list[DrawerView]
    entries: list[EntryView]


def drawer_page(report: Drawers, texts: Texts) -> DrawerPage:
    """Return the drawers of a day as texts."""
    return DrawerPage(
        drawers=[_drawer(drawer, texts) for drawer in report.drawers],
        entries=[_entry(entry, texts) for entry in report.entries],
    )


def _drawer(drawer: Drawer, texts: Texts) -> DrawerView:
    rows = [_sums(way.title(), sums, drawer.currency, texts) for way, sums in drawer.methods.items()]
    return DrawerView(drawer.user_name, rows, _sums("Together", together(drawer.methods), drawer.currency, texts))


def _sums(name: str, sums: Sums, currency: str, texts: Texts) -> SumsView:
    def money(minor: int) -> str:
        return texts.money(minor, currency) if minor else "–"

    return SumsView(name, money(sums.payments), money(sums.refunds), money(sums.voids), texts.money(sums.net, currency))


def _entry(entry: DrawerEntry, texts: Texts) -> EntryView:
    return EntryView(
        when=texts.clock(entry.at),
        confirmation=entry.confirmation,
        user=entry.user_name,
        kind=_KINDS[entry.kind],
        way=entry.method.title(),
        amount=texts.money(entry.amount, entry.currency),
    )
