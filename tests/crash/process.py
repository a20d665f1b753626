"""A process full of clients: `python -m tests.crash.process PLAN.json NUMBER`, started and killed by the harness.

Its clients talk to a server over HTTP, or (a "storm") to an application of the process itself, on the same database
as other such processes. It stops, everything settled, on SIGTERM or when its share of the operations is done.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from seatwright.app.assembly import create_app
from seatwright.auth.secrets import Keyring
from seatwright.cart import holds
from seatwright.catalog.store import CatalogCache
from seatwright.core.config import load_settings
from seatwright.core.errors import Unavailable
from seatwright.http.context import Services
from seatwright.storage.engine import Database
from seatwright.storage.open import open_database
from tests.conftest import SECRET
from tests.crash.broken import GUARDS, STALE, break_for_good
from tests.crash.traffic import Client, ClientFailed
from tests.crash.wire import Connection, InProcess, Transport

FAILED = 3
SWEEP_S = 0.05


class FastClock:
    """A clock that runs `speed` times as fast as the machine's, in step with that of every other process."""

    def __init__(self, since_ms: int, speed: int) -> None:
        self.since_ms, self._speed = since_ms, speed

    def now(self) -> int:
        """Return the instant."""
        return self.since_ms + (time.time_ns() // 1000 - self.since_ms * 1000) * self._speed // 1000


class Stop:
    """Tells clients when to stop: at SIGTERM, after so many operations, or after a time."""

    _told = False

    def __init__(self, operations: int, seconds: float) -> None:
        self._operations, self._deadline = operations, time.monotonic() + seconds
        self.clients: list[Client] = []

    def __call__(self) -> bool:
        """Tell whether to stop."""
        done = sum(client.counts["operations"] for client in self.clients)
        return self._told or done >= self._operations or time.monotonic() > self._deadline


def _on_sigterm(*_: object) -> None:
    Stop._told = True


async def run(plan: dict[str, Any], number: int) -> Counter[str]:
    """Run this process's clients to their end, and return what they counted."""
    stop = Stop(plan["operations"], plan["seconds"])
    (Path(plan["journals"]) / f"{number}.ready").touch()
    async with AsyncExitStack() as stack:
        if plan["port"]:

            def connect() -> Transport:
                return Connection(plan["port"])

        else:
            clock = FastClock(plan["since_ms"], plan["speed"])
            database, transport = await _application(plan, clock)
            stack.push_async_callback(database.close)

            def connect() -> Transport:
                return transport

            sweeping = asyncio.create_task(_sweep(database, clock))
            stack.callback(sweeping.cancel)
        for i in range(plan["clients"]):
            name = f"{number}-{i}"
            login = plan["crowd"]["logins"][i % 2]
            path = Path(plan["journals"]) / f"{name}.jsonl"
            written = path.stat().st_size if path.exists() else 0
            seed = (plan["seed"] * 1000 + number) * 1000 + i + written * 1_000_003
            client = Client(name, connect, login, plan["crowd"]["departures"], path, seed)
            stop.clients.append(client)
        async with asyncio.TaskGroup() as group:
            for client in stop.clients:
                group.create_task(client.run(stop))
    return sum((client.counts for client in stop.clients), Counter())


async def _application(plan: dict[str, Any], clock: FastClock) -> tuple[Database, Transport]:
    settings = load_settings(plan["environment"])
    database = await open_database(settings)
    services = Services(
        database=database,
        clock=clock,
        settings=replace(settings, requests_per_second=0, holds_per_user=0, holds_per_address=0),
        catalogs=CatalogCache(),
        keyring=Keyring.from_secret(SECRET),
    )
    return database, InProcess(create_app(services.settings, services))


async def _sweep(database: Database, clock: FastClock) -> None:
    while True:
        try:
            await holds.sweep(database, clock)
        except Unavailable:
            continue
        finally:
            await asyncio.sleep(SWEEP_S)


def main() -> int:
    """The command line."""
    signal.signal(signal.SIGTERM, _on_sigterm)
    plan = json.loads(Path(sys.argv[1]).read_text())
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if plan["without"]:
        break_for_good(GUARDS[plan["without"]] + ([STALE] if plan["stale"] else []))
    number, failed = int(sys.argv[2]), ""
    try:
        counts = asyncio.run(run(plan, number))
    except* ClientFailed as failures:
        failed = str(failures.exceptions[0])
    if failed:
        print(failed, file=sys.stderr)
        return FAILED
    (Path(plan["journals"]) / f"{number}.counts").write_text(json.dumps(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
