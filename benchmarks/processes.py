"""Worker processes on PostgreSQL: what more of them give, what an order costs, memory, and the start."""

from __future__ import annotations

import sys
import time
from statistics import median

from benchmarks import calls
from benchmarks.load import run
from benchmarks.order_path import Size
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Place, free_port, postgres_cpu_s, seatwright, start

WORKERS = (1, 2, 4)
MEMORY_MB = 120.0
COLD_START_S = 1.0
STARTS = 5


def measure(ground: Ground, results: Results, size: Size) -> None:
    """Measure workers on PostgreSQL, and the start on every engine."""
    for engine in ground.engines:
        _cold_start(ground.place(engine), results)
    if "postgres" in ground.engines:
        _workers(ground, results, size)


def _workers(ground: Ground, results: Results, size: Size) -> None:
    place = ground.place("postgres")
    rates: dict[int, list[float]] = {count: [] for count in WORKERS}
    costs: dict[int, list[tuple[float, float]]] = {count: [] for count in WORKERS}
    idle: dict[int, float] = {}
    loaded: dict[int, float] = {}
    for _ in range(size.rounds):
        for count in WORKERS:
            with seatwright(place, workers=count) as running:
                idle[count] = max(idle.get(count, 0.0), *(resident for resident, _ in running.memory_mb()))
                script = calls.orders(running.token, calls.choices(place.data, hot=False))
                run(running.port, [script] * size.clients, min(1.0, size.seconds))
                server, database = running.cpu_s(), postgres_cpu_s(ground.server)
                tally = run(running.port, [script] * size.clients, size.seconds)
                spent = running.cpu_s() - server, postgres_cpu_s(ground.server) - database
                rates[count].append(tally.rate)
                costs[count].append((spent[0] / tally.finished * 1000, spent[1] / tally.finished * 1000))
                loaded[count] = max(loaded.get(count, 0.0), *(resident for resident, _ in running.memory_mb()))
                console.print(f"  {count} workers: {tally.rate:,.0f} orders/s")
    area = "processes"
    for count in WORKERS:
        pairs = list(zip(rates[count], rates[1], strict=True))
        results.compare(area, "postgres", f"orders, {count} workers", pairs, "/s", "one worker")
        results.figure(area, "postgres", f"{count} workers, server", median(own for own, _ in costs[count]), "ms/order")
        results.figure(area, "postgres", f"{count} workers, database", median(db for _, db in costs[count]), "ms/order")
        results.figure(
            area, "postgres", f"{count} workers, largest, idle", idle[count], "MB", aim=MEMORY_MB, kind="at most"
        )
        results.figure(
            area, "postgres", f"{count} workers, largest, loaded", loaded[count], "MB", aim=MEMORY_MB, kind="at most"
        )


def _cold_start(place: Place, results: Results) -> None:
    """Time from the command to the first 200 of /readyz, the schema being there."""
    seconds = []
    for _ in range(STARTS):
        port = free_port()
        command = [sys.executable, "-m", "seatwright.cli.main", "serve", "--port", str(port)]
        began = time.monotonic()
        running = start(command, place.environment(), port, place.folder / "server.log")
        try:
            running.wait("/readyz", pause_s=0.005)
            seconds.append(time.monotonic() - began)
        finally:
            running.stop()
    results.figure("processes", place.engine, "cold start", median(seconds), "s", aim=COLD_START_S, kind="at most")
