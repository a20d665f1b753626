"""`docs/conformance.md` names a test for every line of the page, and the tests are there."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = (HERE.parents[1] / "docs" / "conformance.md").read_text()
ROWS = re.findall(r"^\| S(\d+) \| (.+?) \| (.+?) \| (.+?) \|$", TABLE, re.MULTILINE)


def test_every_line_has_its_number() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 30))


def test_every_named_test_exists() -> None:
    for number, _, _, tests in ROWS:
        named = re.findall(r"`(?:(test_\w+\.py)::)?(test_\w+)`", tests)
        assert named, f"S{number} names no test"
        for file, test in named:
            source = (HERE / (file or "test_orders_page.py")).read_text()
            assert re.search(rf"^(?:async )?def {test}\(", source, re.MULTILINE), f"S{number} names {test}"
