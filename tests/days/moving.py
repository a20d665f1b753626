"""The moment at which the tests' clock begins, theirs and that of every program they start.

The tests begin at `USUAL` on whatever day they run. The environment variable `TESTS_BEGIN` says another moment, such as
`2028-02-29T12:00Z`; `TZ` sets the time zone of the machine that clients are on.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path

USUAL = "2026-07-01T16:00Z"
"""A Wednesday, 10:00 in Denver."""

START = Path(__file__).parent / "start"


def move() -> None:
    """Move the clock of this process, if Python has not done it at its start, and of those that it starts."""
    if "TESTS_MOVED_NS" not in os.environ:
        begin = datetime.fromisoformat(os.environ.get("TESTS_BEGIN", USUAL))
        os.environ["TESTS_MOVED_NS"] = str(int(begin.timestamp()) * 10**9 - time.time_ns())
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(START), os.environ.get("PYTHONPATH")]))
    if not hasattr(sys.modules.get("sitecustomize"), "MACHINE_NS"):
        sys.path.insert(0, str(START))
        sys.modules.pop("sitecustomize", None)
        __import__("sitecustomize")
    assert abs(time.time_ns() - machine_ns() - int(os.environ["TESTS_MOVED_NS"])) < 10**9


def machine_ns() -> int:
    """Return the machine's own time, for what a foreign program compares with it."""
    now: int = sys.modules["sitecustomize"].MACHINE_NS()
    return now


def moved() -> dict[str, str]:
    """Return the environment variables with which a Python program has the tests' clock."""
    return {name: os.environ[name] for name in ("TESTS_MOVED_NS", "PYTHONPATH")}
