"""docs/errors.md has every `errorCode` of the code with its status, and no other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seatwright.core import errors
from seatwright.core.errors import SeatwrightError

DOCUMENT = Path(__file__).parents[2] / "docs" / "errors.md"
SRC = Path(__file__).parents[2] / "src" / "seatwright"
FOR_PEOPLE = ("cli", "backup", "web")
"""Rooms whose errors are read by people, on a terminal or a page. They may be documented, and needn't."""
KINDS = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SeatwrightError) and kind is not SeatwrightError
}
FIELD_ERRORS = ("bad_field", "missing_field", "partial")
PASSED_ON = {("same_local_time", 409)}
"""Statuses that a code has besides, because an error is raised again as another kind."""
ROW = re.compile(r"^\| `(?P<code>\w+)` \| (?P<statuses>[\d, ]+) \| (?P<when>.+) \| (?P<what>.+) \|$", re.MULTILINE)


class Raised(NamedTuple):
    """A code in the source, or a pattern of codes, with its status and place."""

    code: str
    status: int
    place: str


def raised(*, for_people: bool = False) -> Iterator[Raised]:
    """Yield every code that the source raises an error with; those for people alone only where they are wanted."""
    for kind in KINDS.values():
        yield Raised(kind.code, kind.status, "core/errors.py")
    yield Raised("internal_error", 500, "http/errors.py")
    for path in sorted(SRC.rglob("*.py")):
        place = path.relative_to(SRC)
        if place.parts[0] in FOR_PEOPLE and not for_people:
            continue
        for node, status in _given(ast.parse(path.read_text(encoding="utf-8"))):
            yield from (Raised(code, status, f"{place}:{node.lineno}") for code in _codes(node))


def _given(tree: ast.AST) -> Iterator[tuple[ast.expr, int]]:
    """Yield what errors get as their codes, with their status."""
    for call, status in _kinds(tree):
        yield from ((each.value, status) for each in call.keywords if each.arg == "code")
    for helper in ast.walk(tree):
        if isinstance(helper, ast.FunctionDef) and ast.unparse(helper).find("bad_field(") > 0:
            names = [each.arg for each in helper.args.args]
            if "code" not in names:
                continue
            yield from ((default, 400) for default in helper.args.defaults)
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == helper.name:
                    yield from ((each, 400) for each in call.args[names.index("code") :])
                    yield from ((each.value, 400) for each in call.keywords if each.arg == "code")


def _kinds(tree: ast.AST) -> Iterator[tuple[ast.Call, int]]:
    """Yield the calls that make an error, each with the error's status."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            base = next(
                (KINDS[each.id] for each in node.bases if isinstance(each, ast.Name) and each.id in KINDS), None
            )
            inner = (each for each in ast.walk(node) if isinstance(each, ast.Call)) if base else ()
            yield from ((each, base.status) for each in inner if base and ast.unparse(each.func) == "super().__init__")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in KINDS:
                yield node, KINDS[node.func.id].status
            elif node.func.id in FIELD_ERRORS:
                yield node, 400


def _codes(node: ast.expr) -> Iterator[str]:
    """Yield the codes that an expression may be, as patterns. One that only passes on another error's has none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _codes(node.body)
        yield from _codes(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z]+" for part in node.values
        )


def documented() -> dict[str, set[int]]:
    """Return the statuses of each code in the document, whose rows may repeat a code."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in ROW.finditer(DOCUMENT.read_text(encoding="utf-8")):
        found[row["code"]] |= {int(status) for status in row["statuses"].split(", ")}
    return found


def test_every_code_is_documented_with_its_status_and_no_other() -> None:
    known = documented()
    met: dict[str, set[int]] = defaultdict(set)
    for each in raised():
        codes = [code for code, statuses in known.items() if re.fullmatch(each.code, code) and each.status in statuses]
        assert codes, f"docs/errors.md doesn't have {each.code} as a {each.status} ({each.place})"
        for code in codes:
            met[code].add(each.status)
    also = {(each.code, each.status) for each in raised(for_people=True)}
    more = {(code, status) for code, statuses in known.items() for status in statuses - met[code]}
    assert more - also == PASSED_ON


def test_every_row_says_when_and_what_to_do() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(ROW.findall(text)) > 150
    assert len(set(rows)) == len(rows)


def test_control_a_code_that_is_not_documented_is_found() -> None:
    tree = ast.parse("raise Conflict('x', code='brand_new')\nraise bad_field('f', 'g', code=f'unknown_{kind}')")
    found = [code for given, _ in _given(tree) for code in _codes(given)]
    assert found == ["brand_new", "unknown_[a-z]+"]
    assert not [code for code in documented() if re.fullmatch(found[0], code)]
