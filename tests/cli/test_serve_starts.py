"""`serve` when it starts: it has its address before it says so, says what it is, and says when a worker has died."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from seatwright.cli.banner import DESK, banner
from seatwright.cli.listening import bound, listen
from seatwright.core.config import Settings, load_settings
from seatwright.core.errors import Unavailable
from seatwright.web.desk import visit
from tests.server import Server, environment

PATIENCE_S = 60.0
HERE = "127.0.0.1"


def test_a_taken_port_is_one_line_and_nothing_is_made(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with socket.socket() as other:
        other.bind((HERE, 0))
        other.listen()
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "seatwright.cli.main", "serve", "--port", str(port), "--data", str(data)]
        settings = replace(load_settings({}), data=data)
        ran = subprocess.run(
            command, env=environment(settings), capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
    *_, last = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (1, "")
    sentence = f"port {port} of {HERE} is taken by another program: stop it, or choose another port with --port."
    assert last == f"seatwright: {sentence}"
    assert ran.stderr.count("\n") == 2, "the database, and this line"
    assert not data.exists()


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("203.0.113.1", "203.0.113.1 is not an address of this machine: see --host."),
        ("no-such-host.invalid", "no-such-host.invalid is not an address of this machine: see --host."),
    ],
)
def test_an_address_that_can_not_be_had_is_one_sentence(host: str, sentence: str) -> None:
    with pytest.raises(Unavailable) as refused:
        bound(host, 8080)
    assert refused.value.message == sentence


def test_two_that_start_at_once_do_not_share_a_port() -> None:
    """Both may bind before either listens; the second to listen is refused."""
    with bound(HERE, 0) as first:
        port = first.getsockname()[1]
        with bound(HERE, port) as second:
            listen(first, HERE, port)
            with socket.create_connection((HERE, port), timeout=5):
                pass  # before any worker is there, a connection waits instead of being refused
            with pytest.raises(Unavailable, match="is taken by another program"):
                listen(second, HERE, port)


def said(*arguments: str, host: str = HERE, workers: int = 1, **environ: str) -> dict[str, str]:
    """Return the banner's lines by their names, with the first line under no name."""
    settings = load_settings({"SEATWRIGHT_DATA": "/srv/data", **environ})
    first, *rest = banner(settings, version="1.2.3", host=host, port=8080, workers=workers).splitlines()
    return {"": first, **{line.split()[0]: line.split(maxsplit=1)[1] for line in rest}}


def test_the_banner_says_what_serves() -> None:
    assert visit.PATH == DESK
    assert said(workers=2) == {
        "": "Seatwright 1.2.3 listens on http://127.0.0.1:8080",
        "database": "SQLite, /srv/data/seatwright.db",
        "workers": "2",
        "public": "none, so mails have no links: set SEATWRIGHT_PUBLIC_URL",
        "mail": "sandbox, which shows what it would send: set SEATWRIGHT_SMTP_URL to send",
        "desk": "http://127.0.0.1:8080/desk",
    }


def test_the_banner_hides_passwords_and_says_what_is_unusual() -> None:
    lines = said(
        host="0.0.0.0",
        SEATWRIGHT_DATABASE_URL="postgresql://sw:hunter2@db.example/seats",
        SEATWRIGHT_PUBLIC_URL="https://book.canyon.example",
        SEATWRIGHT_SMTP_URL="smtps://sw:hunter3@mail.example",
        SEATWRIGHT_MAIL_FROM="desk@canyon.example",
    )
    assert lines["database"] == "PostgreSQL, postgresql://db.example/seats"
    assert lines["mail"] == "server mail.example:465, TLS"
    assert lines["desk"] == "https://book.canyon.example/desk"
    assert lines["warning"].startswith("this is plain HTTP, and other machines reach it")
    assert "hunter" not in "".join(lines.values())
    assert "warning" not in said(host="0.0.0.0", SEATWRIGHT_TRUSTED_PROXIES="127.0.0.1")
    assert not any("warning" in said(host=host) for host in ("localhost", "::1", "127.0.0.2"))
    assert said(SEATWRIGHT_READ_ONLY="1")["mail"] == "off: another server sends it"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_worker_that_died_is_a_line_in_the_log(settings: Settings) -> None:
    token = "a token of its own"
    server = Server(settings, "--workers", "2", SEATWRIGHT_LGO="json", SEATWRIGHT_METRICS_TOKEN=token)

    def refusals() -> list[str]:
        answer = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {token}"})
        return [line for line in answer.text.splitlines() if line.startswith("seatwright_refusals_total{")]

    try:
        for _ in range(20):
            assert httpx.get(f"{server.url}/api/v1/account").status_code == 401
        assert all(refusals() == ['seatwright_refusals_total{code="token_missing"} 20.0'] for _ in range(4))
        parent = server.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        worker = next(int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while "a worker died" not in server.printed():
            assert time.monotonic() < deadline, server.printed()
            time.sleep(0.05)  # another process's log has no event to wait for
        assert refusals() == ['seatwright_refusals_total{code="token_missing"} 20.0'], "what it counted still counts"
    finally:
        printed = server.stop()
    (line,) = (json.loads(line) for line in printed.splitlines() if "a worker died" in line)
    assert (line["level"], line["pid"]) == ("error", worker)
    assert line["why"] == "it was ended by SIGKILL: by somebody, or by the kernel for want of memory"
    assert line["new_pid"] not in (worker, parent)
    assert printed.startswith(
        "seatwright: warning: SEATWRIGHT_LGO is no setting, and was ignored; the nearest is SEATWRIGHT_LOG.\n"
    )


_LOGS = """
from seatwright.core import logs
logs.configure("auto")
logs.request(method="GET", route="/desk", status=200, duration_ms=12.3, request_id="abc", account_id=None)
"""


def test_logs_are_for_people_on_a_terminal_and_json_otherwise() -> None:
    piped = subprocess.run([sys.executable, "-c", _LOGS], capture_output=True, check=True).stdout
    assert json.loads(piped)["route"] == "/desk"
    ours, theirs = pty.openpty()
    with open(theirs, "wb", closefd=True) as terminal:
        subprocess.run([sys.executable, "-c", _LOGS], stdout=terminal, check=True, env={**os.environ, "NO_COLOR": "1"})
    printed = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "GET /desk 200 in 12.3 ms" in printed
    assert "account_id" not in printed
