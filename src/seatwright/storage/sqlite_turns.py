"""Processes that write to the same SQLite file take turns.

SQLite itself wakes nobody. Who waits for its write lock looks again after some milliseconds; the process that has just
had it takes it back at once. Where a commit takes long, the lock is hardly ever free when somebody looks, and one
process writes alone. So everybody takes a second lock before they begin, and only lets go of it when they have begun:
who waits for SQLite's lock has the turn meanwhile, and who comes back stands behind them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FILE = "turns.lock"
"""The lock's file in the data directory. It has no content, and may be deleted while no server runs."""
FIRST_PAUSE_S = 0.0001
LONGEST_PAUSE_S = 0.002


class Turn:
    """A process's part in taking turns. Where a file system has no such locks, everybody always has the turn."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the turn if nobody else has it; tell whether it is this process's."""
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def give_back(self) -> None:
        """Let somebody else have the turn."""
        if self._descriptor is not None:
            with suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Take no further part."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def looks(wait_s: float) -> Iterator[None]:
    """Yield whenever it is time to look again, first at once and then with pauses, until `wait_s` seconds are over."""
    deadline, pause_s = time.monotonic() + wait_s, FIRST_PAUSE_S
    while True:
        yield
        if time.monotonic() > deadline:
            return
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
