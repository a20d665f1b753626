"""How much is run: what fits into CI, or what `make soak` asks for, each amount an environment variable."""

from __future__ import annotations

import os
import time

BOUND_S = float(os.environ.get("SOAK_SECONDS", "inf"))
"""No run takes longer than this, whatever the amounts say."""


def amount(name: str, usual: int) -> int:
    """Return the amount that the environment asks for under `name`, or the usual one."""
    return int(os.environ.get(name, usual))


def seconds(name: str, usual: float) -> float:
    """Return for how many seconds a run may go on."""
    return min(float(os.environ.get(name, usual)), BOUND_S)


class Deadline:
    """The time at which a run ends, done or not."""

    def __init__(self) -> None:
        self._at = time.monotonic() + BOUND_S

    def over(self) -> bool:
        """Tell whether it has come."""
        return time.monotonic() > self._at
