"""Fixtures of the reports' tests: a supplier with departures, and its resellers."""

from tests.reports.world import World, world

__all__ = ["World", "world"]
