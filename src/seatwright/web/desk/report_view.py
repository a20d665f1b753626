"""A report as a page: its table, as a file of it would have it, its sums, and what is drawn of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from seatwright.reports.sales import Sales
from seatwright.reports.sheets import Cell, Sheet
from seatwright.web.desk.chart import Chart, columns
from seatwright.web.desk.texts import Texts

MAX_SHARES = 12
"""Products or channels of which shares are drawn at most."""


class CellView(NamedTuple):
    """A cell. `number` is whether it is one; `order` is the confirmation number to whose ledger it leads."""

    text: str
    number: bool
    order: str


class TableView(NamedTuple):
    """A report's table. `numbers` are the columns of numbers."""

    name: str
    titles: list[str]
    numbers: list[bool]
    rows: list[list[CellView]]
    total: list[CellView] | None


class Share(NamedTuple):
    """A part of all sales: what of, its amount as a text, and how much of the largest part it is, from 0 to 1."""

    name: str
    text: str
    part: float


class Drawing(NamedTuple):
    """What is drawn of a report: a title, a sentence, and either columns with the texts of their grid, or shares."""

    title: str
    text: str
    chart: Chart | None
    grid: list[tuple[float, str]]
    shares: list[Share]


def table_view(sheet: Sheet, texts: Texts, *, without: Sequence[str] = (), orders: str = "") -> TableView:
    """Return a sheet as a table; columns `without` are for programs only. `orders` is the title of the column whose
    confirmation numbers lead to ledgers."""
    kept = [place for place, title in enumerate(sheet.titles) if title not in without]
    titles = [sheet.titles[place] for place in kept]
    linked = [title == orders for title in titles]

    def row(cells: Sequence[Cell]) -> list[CellView]:
        return [_cell(cells[place], texts, linked=link) for place, link in zip(kept, linked, strict=True)]

    rows = [row(cells) for cells in sheet.rows]
    total = None if sheet.total is None else row(sheet.total)
    numbers = [any(each[place].number for each in (*rows, *([total] if total else []))) for place in range(len(titles))]
    return TableView(sheet.name, titles, numbers, rows, total)


def _cell(cell: Cell, texts: Texts, *, linked: bool) -> CellView:
    number = isinstance(cell, int | Decimal) and not isinstance(cell, bool) and not linked
    return CellView(_text(cell, texts, plain=linked), number, str(cell) if linked and cell else "")


def _text(cell: Cell, texts: Texts, *, plain: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | Decimal):
        return str(cell) if plain else f"{cell:,}".replace("-", "−")
    if isinstance(cell, datetime):
        return f"{texts.short_date(cell.date())}, {cell:%H:%M}"
    return texts.short_date(cell) if isinstance(cell, date) else str(cell)


def drawing_of(report: Sales, texts: Texts) -> Drawing | None:
    """Return what is drawn of sales: a column for each day, or the shares of products or channels; None for nothing."""
    whole = texts.money(report.money.total)
    if report.by == "day":
        days = [
            (texts.short_date(date.fromisoformat(line.key)), line.money.total, texts.money(line.money.total))
            for line in report.lines
        ]
        chart = columns(days)
        if chart is None:
            return None
        best, _, most = max(days, key=lambda day: day[1])
        grid = [(line.y, texts.money(line.amount)) for line in chart.lines]
        return Drawing(
            "Sales by day", f"{whole} in {len(days)} days; the best one is {best} with {most}.", chart, grid, []
        )
    lines = sorted((line for line in report.lines if line.money.total > 0), key=lambda line: -line.money.total)
    if not lines:
        return None
    largest = lines[0].money.total
    shares = [
        Share(line.name, texts.money(line.money.total), line.money.total / largest) for line in lines[:MAX_SHARES]
    ]
    return Drawing(f"Sales by {report.by}", f"{whole} in all.", None, [], shares)
