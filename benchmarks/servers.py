"""Starts and stops what is measured: Seatwright on either engine, bare ASGI applications, and looks at their costs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import PostgresServer

from benchmarks import dataset
from benchmarks.dataset import EMAIL, SECRET, DataSet
from benchmarks.load import once, request
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings, load_settings
from seatwright.storage.migrate import migrate
from seatwright.storage.open import open_database

START_TIMEOUT_S = 60.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
UNLIMITED = {
    # One user on one address makes all the load of a run.
    "SEATWRIGHT_REQUESTS_PER_SECOND": "0",
    "SEATWRIGHT_HOLDS_PER_USER": "0",
    "SEATWRIGHT_HOLDS_PER_ADDRESS": "0",
}


def postgres() -> PostgresServer:
    """Return a PostgreSQL that keeps what it promised: fsync on, as it would run in production on a small machine."""
    settings = {
        "timezone": "UTC",
        "wal_level": "replica",
        "max_wal_senders": "10",
        "shared_buffers": "512MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
    }
    return PostgresServer(durable=True, settings=settings)


@dataclass
class Place:
    """A database with the data set in it, and the folder beside it."""

    engine: str
    folder: Path
    url: str
    data: DataSet

    def settings(self, **more: str) -> Settings:
        """Return the settings that a server on it has."""
        return load_settings(self.environment(**more))

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment variables of a server on it."""
        return {
            "SEATWRIGHT_DATA": str(self.folder),
            "SEATWRIGHT_DATABASE_URL": self.url,
            "SEATWRIGHT_SECRET": SECRET,
            **UNLIMITED,
            **more,
        }


class Ground:
    """Where databases are made: a temporary folder and, where it is asked for, a PostgreSQL."""

    def __init__(self, engines: tuple[str, ...]) -> None:
        self.engines = engines
        self._folder = tempfile.TemporaryDirectory(prefix="seatwright-bench-")
        self.folder = Path(self._folder.name)
        self._server: PostgresServer | None = None
        self._count = 0

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self._folder.cleanup()

    @property
    def server(self) -> PostgresServer:
        """The PostgreSQL server, started on first use."""
        if self._server is None:
            self._server = postgres()
            self._server.start()
        return self._server

    def empty(self, engine: str) -> tuple[Path, str]:
        """Return a new folder, and the URL of a new and empty database if `engine` is PostgreSQL."""
        self._count += 1
        folder = self.folder / f"data{self._count}"
        folder.mkdir()
        return folder, self.server.create_database(f"bench_{self._count}") if engine == "postgres" else ""

    def place(self, engine: str, *, departures: int = dataset.DEPARTURES) -> Place:
        """Make a migrated database with the data set."""
        folder, url = self.empty(engine)
        place = Place(engine, folder, url, DataSet("", "", "", (), (), "", ""))

        async def make() -> DataSet:
            database = await open_database(place.settings(), make=True)
            try:
                await migrate(database, SystemClock())
                return await dataset.fill(database, departures=departures)
            finally:
                await database.close()

        place.data = asyncio.run(make())
        return place


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A started server process with its children."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self.token = ""

    def wait(self, path: str, *, pause_s: float = 0.02) -> None:
        """Return once `path` answers 200. Raises `RuntimeError` with the log's end if it never does."""
        deadline = time.monotonic() + START_TIMEOUT_S
        probe = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        while not _answers(self.port, probe):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(pause_s)

    def tree(self) -> list[int]:
        """Return the ids of the process and all of its descendants."""
        return [self.process.pid, *_descendants(self.process.pid)]

    def workers(self) -> list[int]:
        """Return the ids of the processes that answer requests: the children that run Python, or the only process."""
        children = [pid for pid in _descendants(self.process.pid) if not _is_tracker(pid)]
        return children or [self.process.pid]

    def cpu_s(self) -> float:
        """Processor time that the whole tree has used, in seconds."""
        return sum(cpu_s(pid) for pid in self.tree())

    def memory_mb(self) -> list[tuple[float, float]]:
        """Resident and proportional set size of each worker, in MB (10^6 bytes)."""
        return [memory_mb(pid) for pid in self.workers()]

    def stop(self) -> None:
        """Ask it to stop; end it if it doesn't."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start(command: list[str], environment: dict[str, str], port: int, log: Path) -> Running:
    """Start a server process that will listen on `port`, its output going to `log`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SEATWRIGHT_")}
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command, env={**inherited, **environment}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    return Running(process, port, log)


@contextmanager
def seatwright(place: Place, *, workers: int, **more: str) -> Iterator[Running]:
    """Run `seatwright serve` on a database, as an operator would, and have a token for it."""
    port = free_port()
    command = [sys.executable, "-m", "seatwright.cli.main", "serve", "--port", str(port), "--workers", str(workers)]
    running = start(command, place.environment(**more), port, place.folder / "server.log")
    try:
        running.wait("/readyz")
        time.sleep(0.3 * workers)  # the other workers come up
        body = {"username": EMAIL, "apikey": place.data.key}
        running.token = once(port, request("POST", "/public/api/authenticate", body=body)).decode()
        yield running
    finally:
        running.stop()


def _answers(port: int, probe: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(probe)
            return connection.recv(64).startswith(b"200", 9)
    except OSError:
        return False


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _descendants(pid: int) -> list[int]:
    parents = {int(path.name): _stat(int(path.name))[1:2] for path in Path("/proc").glob("[0-9]*")}
    found: list[int] = []
    level = {str(pid)}
    while level:
        children = [child for child, parent in parents.items() if parent and parent[0] in level]
        found += children
        level = {str(child) for child in children}
    return found


def _is_tracker(pid: int) -> bool:
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def cpu_s(pid: int) -> float:
    """Processor time of a process, in seconds."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * TICK_S if fields else 0.0


def postgres_cpu_s(server: PostgresServer) -> float:
    """Processor time of PostgreSQL's processes that are alive, in seconds."""
    pid = int((server.directory / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    return sum(cpu_s(each) for each in (pid, *_descendants(pid)))


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident and proportional set size of a process, in MB."""
    sizes = dict.fromkeys(("Rss:", "Pss:"), 0.0)
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    for line in lines:
        name, _, rest = line.partition(" ")
        if name in sizes:
            sizes[name] = int(rest.split()[0]) * 1024 / 1_000_000
    return sizes["Rss:"], sizes["Pss:"]
