"""Where worker processes keep what they count for `/metrics`, so that whichever is asked can add all of them up."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_IN = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the Prometheus library knows it. This process doesn't import the library: its workers do."""


@contextmanager
def shared_counts() -> Iterator[Callable[[int | None], None]]:
    """Make a directory that the workers share, and yield what forgets the levels of a process that has died.

    What a dead process has counted still counts.
    """
    with tempfile.TemporaryDirectory(prefix="seatwright-counts-") as folder:
        os.environ[SHARED_IN] = folder

        def forget(pid: int | None) -> None:
            for path in Path(folder).glob(f"gauge_live*_{pid}.db"):
                path.unlink(missing_ok=True)

        yield forget
