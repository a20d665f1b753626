"""Several worker processes on one listening socket."""

from __future__ import annotations

import time

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

SILENCE_S = 30.0
"""How long a worker may be silent before it counts as hung, also during its start: a busy machine is slow."""


class Supervisor(Multiprocess):
    """uvicorn's supervisor with two differences.

    It lets go of the listening socket when it is told to stop. Each worker closes the socket before it finishes its
    requests; as long as any process had it open, the kernel would go on taking connections that no process accepts.

    It doesn't block while it waits for a worker's answer, and doesn't kill a worker that takes more than seconds to
    start.
    """

    def __init__(self, config: Config) -> None:
        """Bind the socket that a configuration names. Exits if that can't be done."""
        super().__init__(config, sockets=[config.bind_socket()])
        self._heard_at: dict[int | None, float] = {}

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
            worker.kill()
            worker.join()
            self._heard_at.pop(worker.pid, None)
            if worker.exitcode == STARTUP_FAILURE:
                self.should_exit.set()
                return
            self.processes[number] = Process(self.config, self.sockets)
            self.processes[number].start()

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
