"""The desk and its departures (`tests.desk`) for every test of the wire."""

from tests.desk import bike, desk, kayak, rafting

__all__ = ["bike", "desk", "kayak", "rafting"]
