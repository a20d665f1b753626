"""`python -m tests.security.quick serve ...`: the server with bounds on slow clients that a test can wait for."""

from __future__ import annotations

from seatwright.cli import connection
from seatwright.cli.main import app

HEAD_S, BODY_S, STALL_S, LINGER_S = 1.0, 1.5, 2.0, 1.0
PER_ADDRESS = 150

if __name__ == "__main__":
    for name, value in {
        "HEAD_S": HEAD_S,
        "BODY_S": BODY_S,
        "STALL_S": STALL_S,
        "LINGER_S": LINGER_S,
        "WATCH_S": 0.1,
        "MAX_CONNECTIONS_PER_ADDRESS": PER_ADDRESS,
        "LINGER_BYTES": 4 * 1024 * 1024,
    }.items():
        assert hasattr(connection, name)
        setattr(connection, name, value)
    app()
