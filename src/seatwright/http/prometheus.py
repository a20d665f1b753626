"""The meter that Prometheus reads: counters and histograms of all worker processes, and levels from the database.

With several workers, the variable `PROMETHEUS_MULTIPROC_DIR` names a directory in which each keeps its values in files
of its own; `seatwright serve` makes it. The library reads the variable when it is first imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from seatwright.core.meter import Waited
from seatwright.reports.operation import Levels

SHARED_IN = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_WAITS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10)

_requests = Counter("seatwright_requests", "Answers, by route and status.", ["method", "route", "status"])
_durations = Histogram("seatwright_request_seconds", "Time to answer.", ["method", "route"], buckets=_SECONDS)
_refusals = Counter("seatwright_refusals", "Answers with an error code (docs/errors.md).", ["code"])
_waits = Histogram(
    "seatwright_database_wait_seconds",
    "How long transactions waited for a connection (PostgreSQL) or for the writer (SQLite).",
    ["waited"],
    buckets=_WAITS,
)
_in_use = Gauge("seatwright_pool_connections_in_use", "PostgreSQL connections in use.", multiprocess_mode="livesum")
_pool = Gauge(
    "seatwright_pool_connections_most", "PostgreSQL connections that there may be.", multiprocess_mode="livesum"
)
_failures = Counter("seatwright_background_failures", "Steps of background loops that failed.", ["step"])


class PrometheusMeter:
    """Counts for Prometheus."""

    def __init__(self, pool_size: int) -> None:
        _pool.set(pool_size)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        known = method if method in _METHODS else "other"  # clients choose it, and each value is kept for good
        _requests.labels(known, route, status).inc()
        _durations.labels(known, route).observe(seconds)

    def refusal(self, code: str) -> None:
        """Count an answer with an error code."""
        _refusals.labels(code).inc()

    def wait(self, waited: Waited, seconds: float) -> None:
        """Count how long a transaction had to wait."""
        _waits.labels(waited).observe(seconds)

    def connections(self, change: int) -> None:
        """Count a connection that was taken or given back."""
        _in_use.inc(change)

    def failure(self, step: str) -> None:
        """Count a step of a background loop that failed."""
        _failures.labels(step).inc()


class _LevelCollector:
    """What is in the database now."""

    def __init__(self, levels: Levels | None) -> None:
        self._levels = levels

    def collect(self) -> Iterator[Metric]:
        """Yield the levels, or only that the database can't be read."""
        yield GaugeMetricFamily("seatwright_database_up", "1 if the database answers.", value=self._levels is not None)
        if self._levels is None:
            return
        levels = self._levels
        yield CounterMetricFamily(
            "seatwright_orders", "Orders that accounts see; a resold one is seen by two.", value=levels.orders
        )
        yield GaugeMetricFamily("seatwright_holds", "Carts' holds of seats.", value=levels.holds)
        waiting = GaugeMetricFamily("seatwright_queue_length", "Events and deliveries that are due.", labels=["queue"])
        lag = GaugeMetricFamily(
            "seatwright_queue_lag_seconds", "How long the oldest of them has been due.", labels=["queue"]
        )
        given_up = GaugeMetricFamily(
            "seatwright_given_up", "Events and deliveries that were given up, and are still kept.", labels=["queue"]
        )
        for name, queue in levels.queues.items():
            waiting.add_metric([name], queue.due)
            lag.add_metric([name], queue.lag_ms / 1000)
            given_up.add_metric([name], queue.given_up)
        yield from (waiting, lag, given_up)


def exposition(levels: Levels | None) -> bytes:
    """Return everything in Prometheus's text format; `levels` is None if the database can't be read."""
    counted = REGISTRY
    if SHARED_IN in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    here = CollectorRegistry()
    here.register(_LevelCollector(levels))
    return generate_latest(counted) + generate_latest(here)
