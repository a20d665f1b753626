"""What the documents for those who change Seatwright mention is there: files, names in them, tests, targets, pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from seatwright.core.config import SETTINGS

ROOT = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "docs/architecture.md", "docs/testing.md", "docs/glossary.md")
"""Pages of which every path and name is looked up."""
LINKED = (
    *PAGES,
    "README.md",
    ".github/PULL_REQUEST_TEMPLATE.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "decisions").glob("*.md")),
)
"""Pages of which every link is followed. Decisions tell of their day, so the files that they name may be gone."""
BASES = ("", "src", "src/seatwright", "tests", "docs")
"""Where a path may begin."""
MADE = ("var/", ".venv")
"""What a command makes."""
PATH = re.compile(r"(?:[\w.*-]+/)+(?:[\w.*-]+)?|[\w-]+\.(?:py|md|sql|yaml|yml|toml|txt|svg|css)|Makefile")
NAME = re.compile(rf"({PATH.pattern})::(\w+(?:\.\w+)*)")
TEST = re.compile(r"test_\w+")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
SETTING = re.compile(r"\bSEATWRIGHT_\w+")


def code_of(text: str) -> Iterator[str]:
    """Yield what a page has as code, in its lines and in blocks, but no diagrams."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if language != "text":
            yield block
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


@cache
def files() -> dict[str, list[Path]]:
    """Return all files of the sources, tests and documents by their names without folders."""
    by_name: dict[str, list[Path]] = {}
    for folder in ("src", "tests", "docs"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            by_name.setdefault(path.name, []).append(path)
    return by_name


def found(path: str) -> list[Path]:
    """Return the files that a path means; `*` may stand for anything."""
    path = path.rstrip("/")
    if "/" not in path and (named := files().get(path)):
        return named
    for base in BASES:
        if matching := sorted((ROOT / base).glob(path)):
            return matching
    return []


def has(file: Path, name: str) -> bool:
    """Tell whether a file defines a name; of `Class.method` both."""
    text = file.read_text(encoding="utf-8")
    return all(
        re.search(rf"^\s*(?:(?:async )?def|class) {each}\b|^\s*{each}\b[^=\n]*=|^\s+{each}: ", text, re.M)
        for each in name.split(".")
    )


@cache
def every_test() -> frozenset[str]:
    """Return the names of all tests and of their files."""
    files = list((ROOT / "tests").rglob("test_*.py"))
    names = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}
    return frozenset(names | {file.stem for file in files})


def missing(text: str) -> Iterator[str]:
    """Yield what a page mentions and there isn't."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    settings = {setting.name for setting in SETTINGS}
    for code in code_of(text):
        for path, name in NAME.findall(code):
            if not any(has(file, name) for file in found(path)):
                yield f"{path}::{name}"
        for word in code.replace("::", " ").split():
            path = word.strip("\"'(),;:")
            if "://" in word or path.startswith(("/", *MADE)) or not PATH.fullmatch(path):
                continue
            if not found(path):
                yield path
        yield from (name for name in TEST.findall(code) if name not in every_test() and not name.endswith("_"))
        yield from (f"make {target}" for target in TARGET.findall(code) if target not in targets)
        yield from (name for name in SETTING.findall(code) if name not in settings and not name.endswith("_"))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_path_name_test_target_and_setting_of_a_page_exists(name: str) -> None:
    assert list(missing((ROOT / name).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("name", LINKED)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_control_what_is_not_there_is_noticed() -> None:
    page = """
    `core/errors.py`, `tests/*/test_docs.py`, `orders/checkin.py::Guests.item_id`, `core/errors.py::SoldOut`,
    `tests/unit/test_errors.py`, `make check`, `SEATWRIGHT_DATA`, `/api/v1/orders`, `https://x.example/none.md`

```sh
python -m pytest tests/none/test_nothing.py
```

    `core/none.py`, `core/errors.py::Sold`, `test_that_nobody_wrote`, `make tea`, `SEATWRIGHT_TEA`, `core/`, `kitchen/`
    """
    assert list(missing(page)) == [
        "tests/none/test_nothing.py",
        "test_nothing",
        "core/none.py",
        "core/errors.py::Sold",
        "test_that_nobody_wrote",
        "make tea",
        "SEATWRIGHT_TEA",
        "kitchen/",
    ]


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"^\| \[(\d{4})\]\((\1-[\w-]+\.md)\) \|", (folder / "README.md").read_text(encoding="utf-8"), re.M
    )
    assert [page for _, page in listed] == sorted(path.name for path in folder.glob("[0-9]*.md"))


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=lambda page: page.stem[:4]
)
def test_a_decision_has_its_number_and_says_what_was_decided(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}: ")
    assert "\n## Decision\n" in text
    assert "\n## The question\n" in text
