"""The desk and a departure of its (`tests.desk`)."""

from __future__ import annotations

from tests.desk import desk, rafting

__all__ = ["desk", "rafting"]
