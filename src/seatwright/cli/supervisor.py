"""Several worker processes on one listening socket."""

from __future__ import annotations

from uvicorn import Config
from uvicorn.supervisors import Multiprocess


class Supervisor(Multiprocess):
    """uvicorn's, which also lets go of the listening socket when it is told to stop.

    Each worker closes it before it finishes what it is doing. As long as any process had it open, the kernel would go
    on taking connections that nobody accepts.
    """

    @classmethod
    def of(cls, config: Config) -> Supervisor:
        """Bind the socket that a configuration names. Exits if that can't be done."""
        return cls(config, sockets=[config.bind_socket()])

    def terminate_all(self) -> None:
        """Tell the workers to stop."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()
