"""`docs/conformance.md` names a test for every line of the page, and the tests are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = (TESTS.parent / "docs" / "conformance.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| S(\d+) \| (.+?) \| (.*?) ?\| (.+?) \|$", TABLE, re.MULTILINE)
PAGE = "wire/test_orders_page.py"
LINES = 56
"""Sentences and table rows of the page."""


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the names of the tests in a file under `tests/`."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def named(cell: str) -> list[tuple[str, str]]:
    """Return file and name of each test in a cell of the table."""
    found: list[tuple[str, str]] = re.findall(r"`(?:([\w/]+\.py)::)?(test_\w+)`", cell)
    assert len(found) == cell.count("`") // 2, cell
    return [(file or PAGE, test) for file, test in found]


def test_every_line_has_its_number() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, LINES + 1))
    assert len(re.findall(r"^\| S", TABLE, re.MULTILINE)) == LINES


def test_every_named_test_exists() -> None:
    for number, _, _, tests in ROWS:
        assert named(tests), f"S{number} names no test"
        for file, test in named(tests):
            assert test in names_in(file), f"S{number} names {file}::{test}"


def test_every_test_of_the_page_is_named() -> None:
    assert {test for *_, tests in ROWS for file, test in named(tests) if file == PAGE} == names_in(PAGE)
