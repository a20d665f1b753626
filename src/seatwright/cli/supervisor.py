"""Several worker processes on one listening socket."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from socket import socket

import structlog
from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

log = structlog.get_logger("seatwright.supervisor")

SILENCE_S = 30.0
"""How long a worker may be silent before it counts as hung, also during its start: a busy machine is slow."""


class Supervisor(Multiprocess):
    """uvicorn's supervisor with three differences.

    It lets go of the listening socket when it is told to stop. Each worker closes the socket before it finishes its
    requests; as long as any process had it open, the kernel would go on taking connections that no process accepts.

    It doesn't block while it waits for a worker's answer, and doesn't kill a worker that takes more than seconds to
    start.

    It writes a line into the log when a worker has died.
    """

    def __init__(self, config: Config, listening: socket, on_death: Callable[[int | None], None]) -> None:
        """Take the socket on which all workers are to listen; `on_death` is called with the id of a dead process."""
        super().__init__(config, sockets=[listening])
        self._heard_at: dict[int | None, float] = {}
        self._on_death = on_death
        self.failed = False
        """Whether a worker could not even start, which ends the server."""

    def terminate_all(self) -> None:
        """Tell the workers to stop."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def keep_subprocess_alive(self) -> None:
        """Replace each worker that is dead or hung; stop if a worker can't even start."""
        for number, worker in enumerate(self.processes):
            if self.lives(worker):
                continue
            hung = worker.process.is_alive()
            worker.kill()
            worker.join()
            self._heard_at.pop(worker.pid, None)
            self._on_death(worker.pid)
            if worker.exitcode == STARTUP_FAILURE:
                log.error("a worker could not start, so the server ends", pid=worker.pid)
                self.failed = True
                self.should_exit.set()
                return
            self.processes[number] = Process(self.config, self.sockets)
            self.processes[number].start()
            why = f"it did not answer for {SILENCE_S:.0f} seconds" if hung else ended_by(worker.exitcode)
            log.error("a worker died and was replaced", pid=worker.pid, why=why, new_pid=self.processes[number].pid)

    def lives(self, worker: Process) -> bool:
        """Return whether a worker runs and has answered lately, and ping it again."""
        now = time.monotonic()
        heard_at = self._heard_at.setdefault(worker.pid, now)
        try:
            while worker.parent_conn.poll():
                worker.parent_conn.recv()
                heard_at = self._heard_at[worker.pid] = now
            worker.parent_conn.send(b"ping")
        except (OSError, EOFError):
            return False
        return worker.process.is_alive() and now - heard_at < SILENCE_S


def ended_by(exit_code: int | None) -> str:
    """Return what ended a process, in words, for its exit code (negative: the signal that ended it)."""
    if exit_code is None or exit_code >= 0:
        return f"it ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name if -exit_code in signal.valid_signals() else f"signal {-exit_code}"
    memory = ": by somebody, or by the kernel for want of memory" if -exit_code == signal.SIGKILL else ""
    return f"it was ended by {name}{memory}"
