"""A peer: pretix, from PyPI, in its own environment, on the same machine and the same PostgreSQL server.

Its two gunicorn workers are what its documentation starts with. It uses Redis where `redis-server` is installed, and
does without where it isn't. What it can't do in a request (mails, webhooks) is switched off in both.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.load import Connection, LoadError, Script, Tally, request, run
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Running, free_port, start

VERSION = "2026.8.0"
PACKAGES = (f"pretix=={VERSION}", "gunicorn==27.0.1", "psycopg2-binary==2.9.13")
WORKERS = 2
FOLDER = Path("var/bench") / f"pretix-{VERSION}"
"""Where its environment is made and kept, below the project."""
BASE = "/api/v1/organizers/canyon/events/rafting"
SETUP_TIMEOUT_S = 600
WARM_ORDERS = 60
"""Orders made before anything is measured: enough for a full page of a list."""


class Skipped(Exception):
    """The peer can't be measured here; the message says why."""


@dataclass
class Peer:
    """A running pretix with something to sell."""

    running: Running
    token: str
    items: tuple[int, int]
    clients: int
    seconds: float
    name: str
    codes: list[str] = field(default_factory=list)
    """Codes of orders that are not cancelled."""

    def orders(self, *, times: int | None = None) -> Tally:
        """Make paid orders with two positions each, as an integration does: no mails, no webhooks."""
        positions: list[dict[str, object]] = [
            {"item": item, "variation": None, "attendee_name_parts": {"full_name": "Ann Lee"}, "answers": []}
            for item in self.items
        ]
        body = {
            "email": "ann@lee.example",
            "locale": "en",
            "sales_channel": "web",
            "status": "p",
            "payment_provider": "manual",
            "send_email": False,
            "positions": positions,
        }
        data = self._request("POST", "/orders/", body)

        async def script(connection: Connection) -> None:
            answer = await connection.call("order", data)
            at = answer.index(b'"code":"') + 8
            self.codes.append(answer[at : answer.index(b'"', at)].decode())

        return self._run(script, times)

    def cancellations(self) -> Tally:
        """Cancel orders that were made before."""
        self._at_least(int(self.seconds * 50))
        codes, body = self.codes, {"send_email": False}

        async def script(connection: Connection) -> None:
            if codes:
                await connection.call("cancel", self._request("POST", f"/orders/{codes.pop()}/mark_canceled/", body))

        return self._run(script, len(codes))

    def reads(self) -> Tally:
        """Read single orders."""
        self._at_least(WARM_ORDERS)
        requests = [self._request("GET", f"/orders/{code}/") for code in self.codes[-WARM_ORDERS:]]
        return self._run(_in_turn("read", requests), None)

    def lists(self) -> Tally:
        """Read lists of 50 orders, which is a page of its."""
        self._at_least(WARM_ORDERS)
        return self._run(_in_turn("list", [self._request("GET", "/orders/?page=1")]), None)

    def _at_least(self, count: int) -> None:
        if len(self.codes) < count:
            whole, self.seconds = self.seconds, 600.0
            self.orders(times=count - len(self.codes))
            self.seconds = whole

    def _run(self, script: Script, times: int | None) -> Tally:
        return run(self.running.port, [script] * self.clients, self.seconds, times=times)

    def _request(self, method: str, path: str, body: object = None) -> bytes:
        return request(method, BASE + path, token=self.token, body=body, scheme="Token")


def _in_turn(kind: str, requests: list[bytes]) -> Script:
    following = 0

    async def script(connection: Connection) -> None:
        nonlocal following
        following += 1
        await connection.call(kind, requests[following % len(requests)])

    return script


@contextmanager
def pretix(ground: Ground, results: Results, *, clients: int, seconds: float) -> Iterator[Peer | None]:
    """Run pretix; None, with a note that says why, if it can't be had."""
    stopping: list[Running] = []
    peer = None
    try:
        peer = _started(ground, clients, seconds, stopping)
        memory = [round(resident) for resident, _ in peer.running.memory_mb()]
        results.note(f"Peer: {peer.name}, {WORKERS} gunicorn workers of {memory} MB, its PostgreSQL is ours.")
    except (Skipped, LoadError, RuntimeError, subprocess.SubprocessError, OSError) as problem:
        results.note(f"SKIPPED the comparison with pretix {VERSION}: {_last_line(str(problem))}")
    try:
        yield peer
    finally:
        for each in reversed(stopping):
            each.stop()


def _started(ground: Ground, clients: int, seconds: float, stopping: list[Running]) -> Peer:
    python = _environment()
    folder, url = ground.empty("postgres")
    environment = {"PRETIX_CONFIG_FILE": str(folder / "pretix.cfg"), "DJANGO_SETTINGS_MODULE": "pretix.settings"}
    port, redis = free_port(), _redis(folder, stopping)
    (folder / "pretix.cfg").write_text(_configuration(folder, port, url, redis))
    console.print("pretix: making its tables (a minute or two)")
    _run(python, ["-m", "pretix", "migrate", "--skip-checks", "-v", "0"], environment, folder)
    script = (Path(__file__).with_name("peer_setup.py")).read_text()
    told = _run(python, ["-m", "pretix", "shell", "-c", script], environment, folder)
    made = json.loads(told.rpartition("BENCH ")[2].splitlines()[0])
    gunicorn = [str(python.with_name("gunicorn")), "pretix.wsgi", "--workers", str(WORKERS)]
    running = start([*gunicorn, "--bind", f"127.0.0.1:{port}"], environment, port, folder / "gunicorn.log")
    stopping.append(running)
    running.wait("/healthcheck/", pause_s=0.5)
    name = f"pretix {VERSION}" + (" with Redis" if redis else " without Redis (no redis-server here)")
    peer = Peer(running, made["token"], tuple(made["items"]), clients, seconds, name)
    peer._at_least(WARM_ORDERS)
    return peer


def _environment() -> Path:
    """Return the Python of pretix's environment, made on first use."""
    python = FOLDER.absolute() / "bin" / "python"
    done = FOLDER / "installed"
    if done.exists():
        return python
    console.print(f"pretix {VERSION}: installing it into {FOLDER} (minutes, once)")
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", str(FOLDER)],
        [str(python), "-m", "pip", "install", "-q", *PACKAGES],
    ):
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
        if told.returncode:
            raise Skipped(f"it can't be installed: {_last_line(told.stderr)}")
    done.touch()
    return python


def _run(python: Path, arguments: list[str], environment: dict[str, str], folder: Path) -> str:
    told = subprocess.run(
        [str(python), *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=SETUP_TIMEOUT_S,
    )
    if told.returncode:
        raise Skipped(f"{' '.join(arguments[:3])} failed: {_last_line(told.stderr)}")
    return told.stdout


def _redis(folder: Path, stopping: list[Running]) -> str:
    """Start a Redis of our own, if there is one to start, and return its address."""
    program = shutil.which("redis-server")
    if program is None:
        return ""
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    running = start(command, {}, port, folder / "redis.log")
    stopping.append(running)
    time.sleep(0.5)
    return f"redis://127.0.0.1:{port}/0"


def _configuration(folder: Path, port: int, url: str, redis: str) -> str:
    parts = urlsplit(url)
    lines = [
        "[pretix]",
        "instance_name=bench",
        f"url=http://127.0.0.1:{port}",
        f"datadir={folder / 'data'}",
        "[database]",
        "backend=postgresql",
        f"name={parts.path[1:]}",
        f"user={parts.username}",
        f"password={parts.password}",
        f"host={parts.hostname}",
        f"port={parts.port}",
    ]
    if redis:
        lines += ["[redis]", f"location={redis}", "sessions=true"]
    return "\n".join(lines) + "\n"


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    return lines[-1].strip() if lines else "it said nothing"
