"""What a check is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """A promise, and the query for rows that break it. `$1` is the instant before which holds must be gone."""

    name: str
    promise: str
    sql: str
    uses_time: bool = False
