"""Which workers count as alive: those that answer, and for a while those that don't yet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from multiprocessing import Pipe
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn import Config

from seatwright.cli import supervisor
from seatwright.cli.listening import bound
from seatwright.cli.supervisor import SILENCE_S, Supervisor, ended_by


class Worker:
    """A worker process, as far as its supervisor sees it."""

    pid = 1

    def __init__(self) -> None:
        self.parent_conn, self.child_conn = Pipe()
        self.runs = True
        self.process = SimpleNamespace(is_alive=lambda: self.runs)

    def answer(self) -> None:
        """Answer what it was asked."""
        assert self.child_conn.poll()
        while self.child_conn.poll():
            self.child_conn.recv()
            self.child_conn.send(True)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test moves."""
    moment = [time.monotonic()]
    monkeypatch.setattr(supervisor, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    return moment


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A supervisor without workers, which handles no signals."""
    monkeypatch.setattr("uvicorn.supervisors.multiprocess.SIGNALS", {})
    made = Supervisor(Config("no:app", workers=2, log_config=None), bound("127.0.0.1", 0), print)
    yield made
    made.terminate_all()
    assert all(listening.fileno() == -1 for listening in made.sockets)


def test_a_worker_that_takes_its_time_to_start_lives(alone: Supervisor, now: list[float]) -> None:
    worker: Any = Worker()
    assert alone.lives(worker)
    now[0] += SILENCE_S - 0.1
    assert alone.lives(worker)
    worker.answer()
    now[0] += SILENCE_S - 0.1
    assert alone.lives(worker), "it has answered"
    now[0] += SILENCE_S - 0.1
    assert alone.lives(worker), "since then no time is over"


def test_a_worker_that_hangs_or_is_dead_does_not(alone: Supervisor, now: list[float]) -> None:
    worker: Any = Worker()
    assert alone.lives(worker)
    worker.answer()
    assert alone.lives(worker)
    now[0] += SILENCE_S
    assert not alone.lives(worker)
    dead: Any = Worker()
    dead.pid, dead.runs = 2, False
    assert not alone.lives(dead)
    closed: Any = Worker()
    closed.pid = 3
    closed.parent_conn.close()
    assert not alone.lives(closed)


@pytest.mark.parametrize(
    ("exit_code", "said"),
    [
        (1, "it ended with exit code 1"),
        (-11, "it was ended by SIGSEGV"),
        (-9, "it was ended by SIGKILL: by somebody, or by the kernel for want of memory"),
        (-99, "it was ended by signal 99"),
    ],
)
def test_what_ended_a_worker_is_said_in_words(exit_code: int, said: str) -> None:
    assert ended_by(exit_code) == said
