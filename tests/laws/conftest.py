"""The desk and its departures (`tests.desk`), for tests of carts and orders."""

from tests.desk import bike, desk, kayak, rafting

__all__ = ["bike", "desk", "kayak", "rafting"]
