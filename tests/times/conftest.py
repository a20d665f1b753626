"""The desk and its departures (`tests.desk`)."""

from tests.desk import bike, desk, kayak, rafting

__all__ = ["bike", "desk", "kayak", "rafting"]
