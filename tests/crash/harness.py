"""Runs a crowd of clients against Seatwright while things are killed, and audits what is left.

`crash()`: over HTTP against `seatwright serve`. `storm()`: client processes that are servers too, on one database and
with a clock that runs 20 times as fast, so that holds expire under them all the time; faster, and any guard can be
taken out of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatwright.cart import holds
from seatwright.core.clock import Clock, SystemClock
from seatwright.core.config import Settings
from seatwright.storage.open import open_database
from tests.conftest import SECRET
from tests.crash import outfit
from tests.crash.audit import Findings, audit
from tests.crash.process import FastClock
from tests.crash.serving import Serving
from tests.crash.watch import harms
from tests.postgres import PostgresServer, _free_port

KILL_AFTER_S = (0.25, 2.0)
SETTLE_S = 240.0
WATCH_S = 0.3
SPEED = 20
DEPARTURES_DROP = ("departure_not_oversold",)
"""The schema's CHECK would hide a broken guard, so the harness does without it, and its triggers watch instead."""


@dataclass
class Outcome:
    """What a run came to."""

    findings: Findings = field(default_factory=Findings)
    counts: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    deadlocks: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether everything was as promised."""
        return self.findings.clean and not self.failures and not self.deadlocks

    def figures(self) -> dict[str, float | str]:
        """Return the figures to be printed."""
        kills = " + ".join(f"{count} {what}" for what, count in self.kills.items()) or "0"
        return {
            "operations": self.counts["operations"],
            "per_second": self.counts["operations"] / self.seconds,
            "kills": kills,
            **self.findings.summary(),
            "unknown_then_settled": self.counts["unknown"],
            "repeated": self.counts["repeated"] + self.counts["refused 422"],
            "sold_out": self.counts["sold_out"],
            "answered_503": self.counts["answered 503"],
            "deadlocks": self.deadlocks,
            "failures": len(self.failures),
            "seconds": self.seconds,
        }

    def explain(self) -> str:
        """Return what is wrong, for a test's failure."""
        found = self.findings
        parts = [*self.failures, *found.lost[:5], *found.phantom[:5], *found.drift[:5], str(found.harms)]
        return "\n".join([str(self.figures()), *parts])


@dataclass
class Harness:
    """One run on one database: `settings` of a migrated, empty one; `server` if it is PostgreSQL."""

    settings: Settings
    directory: Path
    server: PostgresServer | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        """Prepare the folder for the journals."""
        self._journals = self.directory / "journals"
        self._journals.mkdir()
        self._deadlocks_before = 0
        self._deadlocks_before = self._deadlocks()
        self._chance = random.Random(self.seed)
        self._clients: dict[int, subprocess.Popen[bytes]] = {}
        self._plan: dict[str, Any] = {}
        self.outcome = Outcome()

    def environment(self, **more: str) -> dict[str, str]:
        """Return the settings of a server as environment variables. The crowd is one user at one address."""
        limits = ("REQUESTS_PER_SECOND", "HOLDS_PER_USER", "HOLDS_PER_ADDRESS")
        return {
            "SEATWRIGHT_DATA": str(self.settings.data),
            "SEATWRIGHT_DATABASE_URL": self.settings.database_url,
            "SEATWRIGHT_SECRET": SECRET,
            "SEATWRIGHT_TOKEN_SECONDS": "31536000",
            "SEATWRIGHT_IDEMPOTENCY_SECONDS": "31536000",
            **{f"SEATWRIGHT_{name}": "0" for name in limits},
            **more,
        }

    def crash(self, *, seconds: float, operations: int, processes: int = 3, clients: int = 4, days: int = 6) -> Outcome:
        """Run clients against a server that is killed, until the time or the operations are over."""
        environment = {**os.environ, **self.environment(SEATWRIGHT_HOLD_SECONDS="5", SEATWRIGHT_POOL_SIZE="5")}
        clock = SystemClock()
        self._prepare(clock, days, DEPARTURES_DROP)
        serving = Serving(environment, _free_port(), 2, self.directory / "server.log")
        try:
            serving.start()
            self._plan |= {"port": serving.port, "clients": clients, "operations": operations // processes}
            self._start_clients(processes, seconds + SETTLE_S)
            self._kill_until(time.monotonic() + seconds, lambda: self._kill_something(serving))
            self._end_clients()
        finally:
            serving.kill()
            self._kill_clients()
        self.outcome.failures += serving.failures()
        return self._audited(clock)

    def storm(
        self,
        *,
        seconds: float,
        operations: int,
        processes: int = 3,
        clients: int = 6,
        days: int = 1,
        kills: bool = False,
        without: str = "",
        drop: Collection[str] = DEPARTURES_DROP,
        product: str = "",
        speed: int = SPEED,
    ) -> Outcome:
        """Run processes that are clients and servers at once, until the time or the operations are over.

        `product` narrows what clients ask for; `speed` is how many times as fast the clock runs.

        `without` takes out a guard (`broken.GUARDS`), and then the first harm ends the run.
        """
        clock = FastClock(time.time_ns() // 1_000_000, speed)
        self._prepare(clock, days, drop)
        departures = self._plan["crowd"]["departures"]
        self._plan["crowd"]["departures"] = [each for each in departures if product in ("", each["product"])]
        self._plan |= {
            "port": 0,
            "clients": clients,
            "operations": operations // processes,
            "environment": self.environment(SEATWRIGHT_HOLD_SECONDS="5"),
            "since_ms": clock.since_ms,
            "speed": speed,
            "without": without,
            "stale": self.server is None,
        }
        deadline = time.monotonic() + seconds
        try:
            self._start_clients(processes, seconds + SETTLE_S)
            if kills:
                self._kill_until(deadline, self._kill_client)
            while time.monotonic() < deadline and self._running() and not (without and self._harmed()):
                time.sleep(WATCH_S)
            self._end_clients()
        finally:
            self._kill_clients()
        return self._audited(clock)

    def _harmed(self) -> bool:
        async def look() -> bool:
            database = await open_database(self.settings)
            try:
                return bool(await harms(database))
            finally:
                await database.close()

        return asyncio.run(look()) or self._deadlocks() > 0

    def _deadlocks(self) -> int:
        return self.server.log().count("ERROR:  deadlock detected") - self._deadlocks_before if self.server else 0

    def _prepare(self, clock: Clock, days: int, drop: Collection[str]) -> None:
        crowd = outfit.build(self.settings, clock, days=days, drop=drop)
        self._plan = {"crowd": crowd, "journals": str(self._journals), "seed": self.seed, "without": "", "stale": False}
        self._began = time.monotonic()

    def _start_clients(self, processes: int, seconds: float) -> None:
        self._plan["seconds"] = seconds
        (self.directory / "plan.json").write_text(json.dumps(self._plan))
        for number in range(processes):
            self._start_client(number)

    def _start_client(self, number: int) -> None:
        command = [sys.executable, "-m", "tests.crash.process", str(self.directory / "plan.json"), str(number)]
        self._ready(number).unlink(missing_ok=True)
        with open(self.directory / f"client-{number}.log", "ab") as log:
            self._clients[number] = subprocess.Popen(command, stdout=log, stderr=log)

    def _ready(self, number: int) -> Path:
        """The file that a client process makes once it can be told to stop."""
        return self._journals / f"{number}.ready"

    def _kill_until(self, deadline: float, kill: Any) -> None:
        """Call `kill` every now and then, as long as clients run and there is time."""
        while (left := deadline - time.monotonic()) > 0 and self._running():
            time.sleep(min(left, self._chance.uniform(*KILL_AFTER_S)))
            if time.monotonic() < deadline:
                kill()

    def _running(self) -> bool:
        ended = [process.poll() for process in self._clients.values()]
        return not any(ended) and (None in ended)

    def _kill_something(self, serving: Serving) -> None:
        if serving.ended():
            self.outcome.failures.append(f"the server has ended by itself: {serving.tail()}")
            serving.start()
        dice = self._chance.random()
        if self.server is not None and dice < 0.15:
            self.server.kill()
            self.server.start()
            self.outcome.kills["PostgreSQL"] += 1
        elif dice < 0.35:
            serving.kill()
            serving.start()
            self.outcome.kills["server"] += 1
        elif serving.kill_worker(self._chance):
            self.outcome.kills["worker"] += 1

    def _kill_client(self) -> None:
        running = [number for number in self._clients if self._ready(number).exists()]
        if not running:
            return
        number = self._chance.choice(running)
        self._clients[number].kill()
        self._clients[number].wait()
        self.outcome.kills["process"] += 1
        self._start_client(number)

    def _kill_clients(self) -> None:
        """Leave nobody behind, whatever has happened."""
        for process in self._clients.values():
            process.kill()

    def _end_clients(self) -> None:
        """Ask clients to settle and stop, and gather what they counted."""
        for number, process in self._clients.items():
            while process.poll() is None and not self._ready(number).exists():
                time.sleep(0.02)
            process.terminate()
        for number, process in self._clients.items():
            code = process.wait(timeout=SETTLE_S)
            if code != 0:
                log = (self.directory / f"client-{number}.log").read_text(errors="replace")
                self.outcome.failures.append(f"client process {number} ended with {code}: {log[-2000:]}")
        for path in self._journals.glob("*.counts"):
            self.outcome.counts.update(json.loads(path.read_text()))
        self.outcome.seconds = time.monotonic() - self._began

    def _audited(self, clock: Clock) -> Outcome:
        async def look() -> Findings:
            database = await open_database(self.settings)
            try:
                await holds.sweep(database, clock)  # nobody else is left to do it
                return await audit(database, clock, self._journals, settled=not self.outcome.failures)
            finally:
                await database.close()

        self.outcome.findings = asyncio.run(look())
        self.outcome.deadlocks = self._deadlocks()
        if self.outcome.clean:
            shutil.rmtree(self._journals)  # of a long run they are large
        return self.outcome
