"""A real server process for tests: `seatwright serve` on a free port, as an operator would start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from seatwright.core.config import Settings
from tests.conftest import SECRET

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 40


def environment(settings: Settings, **more: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SEATWRIGHT_")},
        "SEATWRIGHT_DATABASE_URL": settings.database_url,
        "SEATWRIGHT_SECRET": SECRET,
        "SEATWRIGHT_REQUESTS_PER_SECOND": "0",
        **more,
    }


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def closed_port() -> Iterator[socket.socket]:
    """Hold a port of 127.0.0.1 that refuses connections, and that no other program can take until the block ends."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held


class Server:
    """A running server. Its output goes to a file, so that it never waits for a reader."""

    module = "seatwright.cli.main"

    def __init__(self, settings: Settings, *arguments: str, port: int = 0, **more: str) -> None:
        """Start it with options for `serve` and further environment variables; return once it is ready.

        `port` is one that an earlier server had; 0 takes any.
        """
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = settings.data
        self._log = settings.data / f"server-{self.port}.log"
        command = [sys.executable, "-m", self.module, "serve", "--port", str(self.port)]
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--data", str(settings.data), *arguments],
                env=environment(settings, **more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            assert self.process.poll() is None, self.stop()
            assert time.monotonic() < deadline, self.stop()
            time.sleep(0.05)  # another process's start has no event to wait for

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def printed(self) -> str:
        """Return what the server has printed so far."""
        return self._log.read_text()

    def stop(self) -> str:
        """Ask the server to stop, wait for it, and return what it printed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=STOP_TIMEOUT_S)
        return self.printed()
