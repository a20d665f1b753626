"""Reports as files: CSV (RFC 4180, UTF-8), and XLSX with real numbers and dates."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import xlsxwriter  # type: ignore[import-untyped]

from seatwright.core.errors import Invalid

Cell: TypeAlias = str | int | bool | Decimal | date | datetime | None
"""A text, a count, an amount of money with its currency's decimals, a day, or an aware time on a wall clock."""

MAX_XLSX_ROWS = 100_000
"""Maximum number of rows in one XLSX file; a spreadsheet ends at 1,048,576, and making them takes processor time."""
_MAX_XLSX_TEXT = 32_767
_SIGN = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"[\s\"]*{_SIGN}|[\t\r\n]")
"""Spreadsheets ignore spaces and quotes before a sign, and some take the full-width signs of Asian keyboards for the
others (OWASP, "CSV Injection").
"""
_FORMULA_WITHIN = re.compile(rf"([;\t\r\n])(?=[\s\"]*{_SIGN})")
"""Places where a spreadsheet with another separator than the comma begins a new cell, in spite of quotes around the
text.
"""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


class Sheet(NamedTuple):
    """A table with a heading. `total`, if there is one, is the last row in a spreadsheet; a CSV file has none."""

    name: str
    titles: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    total: Sequence[Cell] | None = None


CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media types of both forms."""


def guarded(text: str) -> str:
    """Return a text in which no spreadsheet sees a formula.

    A text that begins like a formula, and is no number, gets a leading apostrophe; so does such a beginning after a
    semicolon, a tab or a line's end. German, French and Spanish Excel separate cells by semicolons, and in such a file
    of commas a quote that isn't a cell's first character protects nothing.
    """
    text = _FORMULA_WITHIN.sub(r"\1'", text)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_csv(sheet: Sheet) -> bytes:
    """Return a sheet as CSV, each cell in quotes.

    Days are `2026-07-14`, times `2026-07-14T09:00:00.000-06:00`, and money has a point.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow([guarded(title) for title in sheet.titles])
    writer.writerows([_csv_text(cell) for cell in row] for row in sheet.rows)
    return written.getvalue().encode()


def _csv_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return guarded(cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="milliseconds")  # left to itself, it has no fraction where that is 0
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def as_xlsx(sheet: Sheet, made_at: datetime) -> bytes:
    """Return a sheet as a spreadsheet, made at a time. Raises `Invalid` for more than `MAX_XLSX_ROWS` rows.

    Rows go to a temporary file as they are written, so memory doesn't grow with them.
    """
    written = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, options) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None)})
        page = book.add_worksheet(sheet.name[:31])
        page.freeze_panes(1, 0)
        page.set_column(0, max(0, len(sheet.titles) - 1), 18)
        writer = _Writer(book, page)
        writer.write(0, sheet.titles, bold=True)
        last = 0
        for last, row in enumerate(sheet.rows, 1):
            if last > MAX_XLSX_ROWS:
                raise Invalid(
                    f"format: a spreadsheet has at most {MAX_XLSX_ROWS} rows here; take csv, or ask in parts.",
                    code="too_many_rows",
                    field="format",
                )
            writer.write(last, row)
        if sheet.total is not None:
            writer.write(last + 1, sheet.total, bold=True)
    return written.getvalue()


class _Writer:
    """Writes cells by their types. A text is never written as a formula."""

    def __init__(self, book: Any, page: Any) -> None:
        self._book, self._page = book, page
        self._formats: dict[tuple[str, bool], Any] = {}

    def write(self, number: int, row: Sequence[Cell], *, bold: bool = False) -> None:
        """Write a row."""
        for column, cell in enumerate(row):
            if cell is None:
                continue
            if isinstance(cell, bool):
                self._page.write_boolean(number, column, cell, self._format("", bold))
            elif isinstance(cell, str):
                self._page.write_string(number, column, cell[:_MAX_XLSX_TEXT], self._format("", bold))
            elif isinstance(cell, datetime):
                wall = cell.replace(tzinfo=None, microsecond=0)
                self._page.write_datetime(number, column, wall, self._format("yyyy-mm-dd hh:mm:ss", bold))
            elif isinstance(cell, date):
                self._page.write_datetime(number, column, cell, self._format("yyyy-mm-dd", bold))
            else:
                self._page.write_number(number, column, cell, self._format(_number_format(cell), bold))

    def _format(self, number_format: str, bold: bool) -> Any:
        key = number_format, bold
        if key not in self._formats:
            said = {"num_format": number_format} if number_format else {}
            self._formats[key] = self._book.add_format(said | {"bold": bold})
        return self._formats[key]


def _number_format(cell: int | Decimal) -> str:
    if isinstance(cell, int):
        return "0"
    exponent = cell.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return "#,##0" + ("." + "0" * decimals if decimals > 0 else "")
