"""Files: CSV that other programs read and no spreadsheet runs, and XLSX with real numbers and dates."""

from __future__ import annotations

import csv
import io
import itertools
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.core.errors import Invalid
from seatwright.reports import sheets
from seatwright.reports.sheets import Cell, Sheet, _csv_text, as_csv, as_xlsx, guarded

NOW = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)
LOCAL = datetime(2026, 7, 1, 10, 0, 30, tzinfo=ZoneInfo("America/Denver"))
ROW = (
    'Ann "Lee",\nJr.',
    "=1+1",
    3,
    Decimal("-1234.50"),
    Decimal("0.125"),
    date(2026, 7, 14),
    LOCAL,
    True,
    None,
    "Žofie",
)
SHEET = Sheet("Test", ("A", "B", "C", "D", "E", "F", "G", "H", "I", "-J"), [ROW])


def test_csv_is_rfc_4180_in_utf_8() -> None:
    assert (
        as_csv(SHEET)
        == (
            '"A","B","C","D","E","F","G","H","I","\'-J"\r\n'
            '"Ann ""Lee"",\nJr.","\'=1+1","3","-1234.50","0.125","2026-07-14","2026-07-01T10:00:30.000-06:00","yes","",'
            '"Žofie"\r\n'
        ).encode()
    )
    assert as_csv(Sheet("Empty", ("A",), [])) == b'"A"\r\n'
    read = list(csv.reader(io.StringIO(as_csv(SHEET).decode(), newline="")))
    assert read[1][0] == ROW[0]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("\nplain", "'\nplain"),
        (" =1", "' =1"),
        ('"=1', "'\"=1"),
        ("\u3000=1", "'\u3000=1"),
        ("\uff1dHYPERLINK(1)", "'\uff1dHYPERLINK(1)"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1+1", "'\uff0d1+1"),
        ("\uff20SUM(1)", "'\uff20SUM(1)"),
        ("+1 435 555 0199", "'+1 435 555 0199"),
        ("-5", "-5"),
        ("+14355550199", "+14355550199"),
        ("-5.25", "-5.25"),
        ("Ann", "Ann"),
        ("a=b", "a=b"),
        ("-5\n", "'-5\n"),
        ("-5\n=1", "'-5\n'=1"),
        ("Ann\n=1", "Ann\n'=1"),
        ('L;=HYPERLINK("http://a.example")', 'L;\'=HYPERLINK("http://a.example")'),
        ("L; -1+1", "L;' -1+1"),
        ('L;"=1+1"', 'L;\'"=1+1"'),
        ('L;" ""@SUM(1)', 'L;\'" ""@SUM(1)'),
        ("L\t+1", "L\t'+1"),
        ("L\r\n\uff1d1", "L\r'\n'\uff1d1"),
        ("L;;=1", "L;;'=1"),
        ("L;a=1", "L;a=1"),
        ("L,=1", "L,=1"),
        ("", ""),
    ],
)
def test_no_text_is_taken_for_a_formula(text: str, written: str) -> None:
    assert guarded(text) == written


DIALECTS = {"English": ",", "German, French, Spanish": ";", "tabs": "\t"}
RUNS = re.compile('[\\s"]*[=+\\-@\uff1d\uff0b\uff0d\uff20]')
"""What some spreadsheet may run, if a cell begins so."""
NUMBER = re.compile(r'[\s"]*-\d+(\.\d+)?("?,|$)')
"""An amount of ours, which in a wrong dialect may follow the end of its row's neighbour, and be followed by its row."""
PARTS = st.sampled_from([*";,\t\r\n\"' =+-@\uff1d\uff0da1", "\u3000", "=1+1", ";=", '";=', '";"=', '"",', "\r\n-"])
TEXTS = st.lists(PARTS, max_size=8).map("".join).filter(lambda text: not re.fullmatch(r"\+\d+", text))
CELLS = st.one_of(TEXTS, st.none(), st.just(Decimal("-5.25")), st.just(-3))

ROWS = st.lists(CELLS, min_size=3, max_size=3)


def read(file: bytes, delimiter: str) -> list[list[str]]:
    """Read a file as a program does whose separator that is."""
    return list(csv.reader(io.StringIO(file.decode(), newline=""), delimiter=delimiter))


@given(titles=st.lists(TEXTS, min_size=3, max_size=3), rows=st.lists(ROWS, max_size=4))
@settings(max_examples=1_000, deadline=None, derandomize=True)
def test_no_program_with_another_separator_finds_a_formula(titles: list[str], rows: list[list[Cell]]) -> None:
    file = as_csv(Sheet("Law", titles, rows))
    for dialect, delimiter in DIALECTS.items():
        for cell in itertools.chain(*read(file, delimiter)):
            assert NUMBER.match(cell) or not RUNS.match(cell), (dialect, cell, file)
    texts = [[_csv_text(cell) for cell in row] for row in (titles, *rows)]
    assert read(file, ",") == texts


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_control_quotes_alone_protect_nothing(quoting: Any) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=quoting).writerow(["Ann", 'L;=HYPERLINK("http://a.example")'])
    assert any(RUNS.match(cell) for cell in read(written.getvalue().encode(), ";")[0])


def test_a_spreadsheet_has_numbers_dates_and_texts() -> None:
    total = ("Total", "", 3, Decimal("-1234.50"), None, None, None, None, None, None)
    page = openpyxl.load_workbook(io.BytesIO(as_xlsx(SHEET._replace(total=total), NOW))).active
    assert page is not None
    heading, row, last = page.iter_rows()
    assert [cell.value for cell in heading] == list(SHEET.titles)
    wall = LOCAL.replace(tzinfo=None)
    midnight = wall.replace(day=14, hour=0, second=0)
    values = [ROW[0], "=1+1", 3, -1234.5, 0.125, midnight, wall]
    assert [cell.value for cell in row] == [*values, True, None, "Žofie"]
    assert [cell.data_type for cell in row] == list("ssnnnddbns")
    assert [row[i].number_format for i in (3, 4, 5)] == ["#,##0.00", "#,##0.000", "yyyy-mm-dd"]
    assert (last[0].value, last[3].value) == ("Total", -1234.5)


def test_a_spreadsheet_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_XLSX_ROWS", 2)
    as_xlsx(SHEET._replace(rows=[ROW] * 2), NOW)
    with pytest.raises(Invalid, match="at most 2 rows"):
        as_xlsx(SHEET._replace(rows=[ROW] * 3), NOW)
