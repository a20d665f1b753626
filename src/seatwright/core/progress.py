"""How far a long task is, for whoever wants to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int | None], None]
"""Is called with how much is done, and of how much (None: unknown), now and then, by any thread."""


def untold(done: int, total: int | None) -> None:
    """Tell nobody."""
