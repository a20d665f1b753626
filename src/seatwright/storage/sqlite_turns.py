"""Processes that write to the same SQLite file take turns.

SQLite doesn't wake processes that wait for its write lock: they try again after some milliseconds, and the process that
has just released it takes it back at once. If commits take long, the lock is hardly ever free when the others try, and
one process writes alone. So each process takes a second lock before it begins, and releases it when it has begun. The
process that waits for SQLite's lock has the turn meanwhile, and a process that comes back waits behind it.
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
    """A process's part in taking turns. If the file system has no such locks, each process always has the turn."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the turn if no other process has it; return whether this process has it."""
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
        """Let another process have the turn."""
        if self._descriptor is not None:
            with suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Take no further part."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def looks(wait_s: float) -> Iterator[None]:
    """Yield each time when the lock should be tried, first at once and then with pauses, until `wait_s` seconds have
    passed.
    """
    deadline, pause_s = time.monotonic() + wait_s, FIRST_PAUSE_S
    while True:
        yield
        if time.monotonic() > deadline:
            return
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
