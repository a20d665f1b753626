"""A real `seatwright serve` with several workers, made to be killed."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

START_TIMEOUT_S = 60.0


class Serving:
    """The server's processes: a supervisor and its workers, on one port that stays the same."""

    def __init__(self, environment: dict[str, str], port: int, workers: int, log: Path) -> None:
        self.port = port
        self._environment = environment
        self._workers = workers
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return once it is ready."""
        command = ["serve", "--port", str(self.port), "--workers", str(self._workers)]
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "seatwright.cli.main", *command],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.ready():
            assert self._process.poll() is None, f"the server has ended: {self.tail()}"
            assert time.monotonic() < deadline, f"the server is not ready: {self.tail()}"
            time.sleep(0.02)

    def ready(self) -> bool:
        """Tell whether the server takes requests."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                return connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def kill_worker(self, chance: random.Random) -> bool:
        """SIGKILL one worker; its supervisor starts another. Tell whether there was one."""
        workers = self.workers()
        if not workers:
            return False
        try:
            os.kill(chance.choice(workers), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL all of it at once."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def ended(self) -> bool:
        """Tell whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def workers(self) -> list[int]:
        """Return the process ids of the workers, those that are still starting too."""
        assert self._process is not None
        parent = str(self._process.pid)
        return [pid for pid in _processes() if _parent(pid) == parent and b"multiprocessing-fork" in _command(pid)]

    def tail(self) -> str:
        """Return the end of what the server has printed."""
        return self._log.read_text(errors="replace")[-3000:]

    def failures(self) -> list[str]:
        """Return log lines about failures that nobody expected."""
        return [line for line in self._log.read_text(errors="replace").splitlines() if '"unexpected failure"' in line]


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _parent(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    except (OSError, IndexError):
        return ""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
