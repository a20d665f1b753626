"""The desk and departures of its (`tests.desk`)."""

from __future__ import annotations

from tests.desk import desk, kayak, rafting

__all__ = ["desk", "kayak", "rafting"]
