"""What a merge may leave behind in any file: markers of a conflict, and rows of a table that are there twice."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MARKER = re.compile(r"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)


def files(*patterns: str) -> list[Path]:
    """Return the files that git knows; without git, none."""
    found = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True)
    return [path for name in found.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def doubled(page: str) -> list[str]:
    """Return the first cells that two rows of one table have in common, where they name a test."""
    found, seen = [], set[str]()
    for line in page.splitlines():
        if not line.startswith("|"):
            seen = set()
            continue
        first = line.split("|")[1].strip()
        if "(`tests/" in first and first in seen:
            found.append(first)
        seen.add(first)
    return found


def test_no_file_has_the_markers_of_a_conflict() -> None:
    texts = ((path, path.read_text(encoding="utf-8", errors="ignore")) for path in files())
    assert [str(path) for path, text in texts if MARKER.search(text)] == []


@pytest.mark.parametrize("path", files("*.md"), ids=lambda path: path.name)
def test_no_table_has_a_row_twice(path: Path) -> None:
    assert doubled(path.read_text(encoding="utf-8")) == []


def test_control_both_would_be_found() -> None:
    assert MARKER.search("a\n<<<<<<< HEAD\nb\n")
    assert doubled("| A (`tests/a.py`) | b |\n| A (`tests/a.py`) | c |\n") == ["A (`tests/a.py`)"]
    assert doubled("| A (`tests/a.py`) | b |\n\n| A (`tests/a.py`) | c |\n") == []
