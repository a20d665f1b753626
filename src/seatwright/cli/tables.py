"""Lists of commands: a table that fits the terminal, plain columns for a pipe, or JSON for a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
import typer
from rich import box
from rich.table import Table

from seatwright.cli.running import console, plain

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

Row: TypeAlias = Mapping[str, Any]
"""What is listed, by its name in JSON: texts, numbers, truth values, lists of texts, or None."""

UNBROKEN = frozenset({"id", "code"})
"""Columns that are copied from the screen: they are never broken into lines."""


def print_list(rows: Sequence[Row], titles: Mapping[str, str], *, as_json: bool, empty: str) -> None:
    """Print a list: the columns that `titles` has titles for, or everything as a JSON array.

    A terminal's table is as wide as the terminal at most, and long texts take several lines. In a pipe each row is one
    line of aligned columns, nothing is cut off, and a program can split it at two spaces. `empty` is said, to people
    only, where there is nothing.
    """
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(list(rows)), indent=2).decode())
    elif not rows:
        console.print(empty, markup=False)
    elif console.is_terminal:
        console.print(_table(rows, titles), soft_wrap=False)
    else:
        for line in _lines([list(titles.values()), *([_text(row[name]) for name in titles] for row in rows)]):
            console.print(line, markup=False, no_wrap=True, overflow="ignore", crop=False)


def _table(rows: Iterable[Row], titles: Mapping[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for name, title in titles.items():
        table.add_column(title, overflow="fold", no_wrap=name in UNBROKEN)
    for row in rows:
        table.add_row(*(plain(_text(row[name])) for name in titles))
    return table


def _lines(cells: list[list[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield plain("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()).plain


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
