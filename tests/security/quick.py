"""`python -m tests.security.quick serve ...`: the server with bounds on slow clients that a test can wait for.

Its passwords are hashed quickly, and at no lower priority, which on a busy machine would be a long wait.
"""

from __future__ import annotations

from argon2 import PasswordHasher

from seatwright.auth import passwords
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
    for name, instead in {
        "NICENESS": 0,
        "_hasher": (cheap := PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1)),
        "_DUMMY": cheap.hash("nobody's"),
    }.items():
        assert hasattr(passwords, name)
        setattr(passwords, name, instead)
    app()
