"""Moves Python's clock by `TESTS_MOVED_NS`. Python runs this at its start wherever this folder is on `PYTHONPATH`.

`time.time()`, `time.time_ns()` and `date.today()` follow, and with them `SystemClock`; `datetime.now()` does not.
"""

import os
import time

MACHINE_NS = time.time_ns
"""The machine's own clock."""

if _moved_ns := int(os.environ.get("TESTS_MOVED_NS", "0")):
    time.time_ns = lambda: MACHINE_NS() + _moved_ns
    time.time = lambda: (MACHINE_NS() + _moved_ns) / 1e9
