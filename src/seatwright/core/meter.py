"""What is counted while the server works, for whoever counts: nobody, until `use` names a meter.

A meter is called for every request and every transaction, so each of its methods is quick and never raises.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

Waited: TypeAlias = Literal["connection", "writer"]
"""For what a transaction waited: a connection to PostgreSQL, or SQLite's one writer."""


class Meter(Protocol):
    """What counts."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the template, such as `/public/api/cart/{cart_id}`."""
        ...

    def refusal(self, code: str) -> None:
        """Count an answer with an error code."""
        ...

    def wait(self, waited: Waited, seconds: float) -> None:
        """Count how long a transaction had to wait before it began."""
        ...

    def connections(self, change: int) -> None:
        """Count a connection of the pool that was taken (1) or given back (-1)."""
        ...

    def failure(self, step: str) -> None:
        """Count a step of a background loop that failed."""
        ...


class Silent:
    """A meter that counts nothing."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count nothing."""

    def refusal(self, code: str) -> None:
        """Count nothing."""

    def wait(self, waited: Waited, seconds: float) -> None:
        """Count nothing."""

    def connections(self, change: int) -> None:
        """Count nothing."""

    def failure(self, step: str) -> None:
        """Count nothing."""


_current: Meter = Silent()


def use(meter: Meter) -> None:
    """From now on, count with this meter, in this process."""
    global _current
    _current = meter


def meter() -> Meter:
    """Return what counts in this process."""
    return _current
