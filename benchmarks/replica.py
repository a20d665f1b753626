"""A streaming replica with a server of its own: how late it is while orders are made, and what its lists cost them.

Lateness is measured from end to end: from the answer to an order until the replica's server has it by its id.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from statistics import quantiles

from tests.postgres import PostgresServer, Replica

from benchmarks import calls
from benchmarks.calls import API
from benchmarks.load import LoadError, once, request, run
from benchmarks.order_path import Size
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Place, Running, seatwright

PAUSE_S = 0.05


def measure(ground: Ground, results: Results, size: Size) -> None:
    """Measure on PostgreSQL, if it is one of the engines."""
    if "postgres" not in ground.engines:
        return
    place = ground.place("postgres")
    with Replica(ground.server) as follower:
        copy = replace(place, url=follower.url(place.url.rpartition("/")[2]), folder=place.folder / "replica")
        copy.folder.mkdir()
        with seatwright(place, workers=1) as first, seatwright(copy, workers=1, SEATWRIGHT_READ_ONLY="1") as second:
            _lateness(results, size, place, first, second)
            _log_position(results, ground.server)
            _lists(results, size, place, first, second)


def _lateness(results: Results, size: Size, place: Place, first: Running, second: Running) -> None:
    """Watch single orders become readable beside a load of others."""
    script = calls.orders(first.token, calls.choices(place.data, hot=False))
    seconds = 2 * size.seconds
    loading = threading.Thread(target=lambda: run(first.port, [script] * size.clients, seconds))
    loading.start()
    late: list[float] = []
    made: list[str] = []
    single = calls.orders(first.token, calls.choices(place.data, hot=False), made)
    while loading.is_alive():
        run(first.port, [single], 60.0, times=1)
        answered = time.monotonic()
        while not _is_there(second, made[-1]):
            continue
        late.append((time.monotonic() - answered) * 1000)
        time.sleep(PAUSE_S)
    loading.join()
    for percent in (50, 99):
        what = f"order on the replica, p{percent} of {len(late)}"
        results.figure("replica", "postgres", what, quantiles(late, n=100)[percent - 1], "ms")


def _is_there(server: Running, order_id: str) -> bool:
    try:
        once(server.port, request("GET", f"{API}/order/{order_id}", token=server.token))
    except LoadError:
        return False
    return True


def _log_position(results: Results, server: PostgresServer) -> None:
    """What PostgreSQL itself says of the replica."""
    bytes_behind = server.execute("SELECT max(pg_wal_lsn_diff(sent_lsn, replay_lsn)) FROM pg_stat_replication")
    results.figure("replica", "postgres", "log not replayed after the load", float(bytes_behind or 0), "bytes")


def _lists(results: Results, size: Size, place: Place, first: Running, second: Running) -> None:
    """Make orders while lists are read from the same server, and from the replica's."""
    script = calls.orders(first.token, calls.choices(place.data, hot=False))
    pages = [request("GET", f"{API}/order?limit=50&page={page}", token=second.token) for page in range(10)]
    pairs = []
    for _ in range(size.rounds):
        rates = []
        for reading in (second, first):
            reader = threading.Thread(
                target=lambda port=reading.port: run(port, [calls.reads("list", pages)] * 4, size.seconds)
            )
            reader.start()
            rates.append(run(first.port, [script] * size.clients, size.seconds).rate)
            reader.join()
        pairs.append((rates[0], rates[1]))
        console.print(f"  orders/s with lists from the replica {rates[0]:,.0f}, from the same server {rates[1]:,.0f}")
    results.compare("replica", "postgres", "orders, lists elsewhere", pairs, "/s", "lists from the same server")
