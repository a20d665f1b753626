"""Processes that send requests at once: `python -m tests.races.crew PLAN`, each an application on the same database.

The process reads lines {"now": ms, "requests": [[method, path, body], ...]}, sends all requests of a line at once at
that time, and answers each line with [[status, errorCode, data], ...].
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import structlog

from seatwright.app.assembly import create_app
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.http.context import Services
from seatwright.storage.open import open_database
from tests.conftest import SECRET, settings_for
from tests.crash.broken import GUARDS, STALE, break_for_good
from tests.crash.wire import InProcess

Said = tuple[int, str | None, Any]
"""An answer: status, error code, data."""


class Crew:
    """`size` processes; `at_once()` shares requests among them."""

    def __init__(self, settings: Settings, size: int, token: str, *, without: str = "") -> None:
        plan = {
            "data": str(settings.data),
            "url": settings.database_url,
            "token": token,
            "without": without,
            "stale": not settings.database_url,
        }
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.races.crew", json.dumps(plan)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
            for _ in range(size)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.communicate()  # closes its standard input, which ends it
            assert process.returncode == 0

    def at_once(self, now: int, requests: list[tuple[str, str, Any]]) -> list[Said]:
        """Send all requests at once, and return their answers in the same order."""
        size = len(self._processes)
        for i, process in enumerate(self._processes):
            assert process.stdin is not None
            process.stdin.write(json.dumps({"now": now, "requests": requests[i::size]}) + "\n")
        answers: list[Said] = [(0, None, None)] * len(requests)
        for i, process in enumerate(self._processes):
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"a process of the crew has ended with {process.wait()}"
            answers[i::size] = [tuple(each) for each in json.loads(line)]
        return answers


async def main(plan: dict[str, Any]) -> None:
    """The process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if plan["without"]:
        break_for_good(GUARDS[plan["without"]] + ([STALE] if plan["stale"] else []))
    limits = {f"SEATWRIGHT_{name}": "0" for name in ("REQUESTS_PER_SECOND", "HOLDS_PER_USER", "HOLDS_PER_ADDRESS")}
    settings = settings_for(Path(plan["data"]), plan["url"], **limits)
    database, clock = await open_database(settings), ManualClock(0)
    services = Services(
        database=database,
        clock=clock,
        settings=settings,
        catalogs=CatalogCache(),
        keyring=Keyring.from_secret(SECRET),
    )
    send = InProcess(create_app(settings, services))
    headers = {"authorization": f"Bearer {plan['token']}", "content-type": "application/json"}

    async def ask(method: str, path: str, body: Any) -> Said:
        answer = await send(method, path, headers, b"" if body is None else json.dumps(body).encode())
        envelope = json.loads(answer.body)
        return answer.status, envelope.get("errorCode"), envelope["data"]

    reader = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        told = json.loads(line)
        clock.set(told["now"])
        said = await asyncio.gather(*(ask(*request) for request in told["requests"]))
        os.write(1, json.dumps(said).encode() + b"\n")
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
