"""How long one thread may keep the interpreter while others wait for it.

Python's own is 0.005 seconds, and a booking waits for its turn dozens of times: around every statement of SQLite's.
While somebody else's long work is done (a report, pages that are fetched again), turns are short (docs/reports.md has
measurements).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

SHORT_S = 0.0001


class _Turns:
    """How many pieces of long work are being done in this process, and the interval that is usual without them."""

    count = 0
    usual_s = 0.0


@contextmanager
def short_turns() -> Iterator[None]:
    """Keep turns short while the block runs."""
    if not _Turns.count:
        _Turns.usual_s = sys.getswitchinterval()
    _Turns.count += 1
    sys.setswitchinterval(SHORT_S)
    try:
        yield
    finally:
        _Turns.count -= 1
        if not _Turns.count:
            sys.setswitchinterval(_Turns.usual_s)
