"""`serve` on SIGTERM: it refuses new connections at once, finishes what it does, and waits for nothing else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatwright.core.config import Settings
from tests.server import STOP_TIMEOUT_S, Server, closed_port, environment

PATIENCE_S = 60.0
HANGING_S = 3.0
"""A connection that gets no answer for so long hangs."""
BODY = b'{"username": "dana@canyon.example", "apikey": "x"}'


class Careless(Server):
    """A server that keeps the socket open until its last worker has ended: the negative control."""

    module = "tests.cli.careless"


@pytest.fixture(params=[1, 2])
def workers(request: pytest.FixtureRequest) -> Iterator[str]:
    """How many processes serve."""
    return str(request.param)


def unfinished(server: Server) -> socket.socket:
    """Begin a request whose body is still to come: a server that stops finishes it first."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
    head = "POST /public/api/authenticate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    connection.sendall(f"{head}content-length: {len(BODY)}\r\nexpect: 100-continue\r\n\r\n".encode())
    assert connection.recv(1000).startswith(b"HTTP/1.1 100"), "the application waits for the body"
    return connection


def attempt(server: Server) -> str:
    """Make a new connection with a request, and tell what became of it: answered, refused, hangs, or cut (which happens
    to who comes just when a worker closes its socket)."""
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=HANGING_S) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            answer = connection.recv(1000)
    except TimeoutError:
        return "hangs"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "cut"
    return "answered" if answer.startswith(b"HTTP/1.1 200") else "cut"


def last_attempt(server: Server) -> str:
    """Tell what becomes of new connections once no worker takes any more."""
    deadline = time.monotonic() + PATIENCE_S
    while (outcome := attempt(server)) in ("answered", "cut"):
        assert time.monotonic() < deadline
    return outcome


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_new_connections_are_refused_at_once(settings: Settings, workers: str) -> None:
    server = Server(settings, "--workers", workers)
    try:
        with unfinished(server) as connection:
            server.process.send_signal(signal.SIGTERM)
            assert last_attempt(server) == "refused"
            assert server.process.poll() is None, "it finishes what it does"
            assert attempt(server) == "refused"
            connection.sendall(BODY)
            assert connection.recv(1000).startswith(b"HTTP/1.1 401"), "and answers it"
        server.process.wait(STOP_TIMEOUT_S)
    finally:
        server.stop()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_control_a_socket_that_stays_open_makes_connections_hang(settings: Settings) -> None:
    server = Careless(settings, "--workers", "2")
    try:
        with unfinished(server) as connection:
            server.process.send_signal(signal.SIGTERM)
            assert last_attempt(server) == "hangs"
            connection.sendall(BODY)
    finally:
        server.stop()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_sigterm_ends_the_wait_for_a_database(settings: Settings, workers: str, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with closed_port() as held, log.open("wb") as output:
        url = f"postgresql://nobody@127.0.0.1:{held.getsockname()[1]}/nothing"
        process = subprocess.Popen(
            [sys.executable, "-m", "seatwright.cli.main", "serve", "--workers", workers, "--data", str(tmp_path)],
            env=environment(settings, SEATWRIGHT_DATABASE_URL=url),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + PATIENCE_S
            while log.read_bytes().count(b'"waiting for the database"') < 2:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)  # another process's log has no event to wait for
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_TIMEOUT_S) == 0
        finally:
            process.kill()
            process.wait()
    assert b'"retry_in_s":0.5' in log.read_bytes()
    assert b"listens on" not in log.read_bytes()


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_a_database_that_will_never_be_there_is_not_waited_for(settings: Settings, tmp_path: Path) -> None:
    url = settings.database_url + "_nothing"
    ended = subprocess.run(
        [sys.executable, "-m", "seatwright.cli.main", "serve", "--data", str(tmp_path)],
        env=environment(settings, SEATWRIGHT_DATABASE_URL=url),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 1
    assert "PostgreSQL refuses: " in ended.stderr
    assert os.path.basename(url) in ended.stderr
