"""Passwords: argon2id, in threads of their own, because one hash is tens of milliseconds of pure work."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from seatwright.auth.line import Line, Origin
from seatwright.core.errors import Invalid

MIN_PASSWORD = 10
MAX_PASSWORD = 200
"""Lengths in characters. Long ones are refused rather than cut."""
THREADS = 2
"""How many hashes are computed at the same time, each in 64 MiB."""
NICENESS = 10
"""The threads' priority: hashing is slower while there are requests to answer."""

_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, salt_len=16, type=Type.ID)
"""RFC 9106's second recommended option: argon2id, three passes over 64 MiB in four lanes."""
_OPERATOR = Origin(familiar=True)
"""The command line."""
_DUMMY = "$argon2id$v=19$m=65536,t=3,p=4$7V6ixzP0LEsZASkMCfFy1g$tcfV/YpIXUXy8ebjaiDoYgi1QMwnq0g2zXeeA9Vh6TY"
"""Of a random password that nobody knows, with the same parameters: hashing one here would delay every start."""


def _give_way() -> None:
    """Lower the priority of this thread, and of those that the hash's lanes are computed in. (On Linux.)"""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    except OSError:
        return  # then it has the process's priority


_line = Line(ThreadPoolExecutor(THREADS, thread_name_prefix="argon2", initializer=_give_way), THREADS)


def check_password(password: str) -> str:
    """Return `password` if it may be one. Raises `Invalid`."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(
            f"password: must have {MIN_PASSWORD} to {MAX_PASSWORD} characters.",
            code="invalid_password",
            field="password",
        )
    return password


async def hash_password(password: str, origin: Origin = _OPERATOR) -> str:
    """Return the argon2id hash of a password, for a caller. Never call it inside a transaction.

    Raises `TooMany` when too many are waiting.
    """
    return await _line.run(origin, _hasher.hash, password)


async def verify_password(password_hash: str | None, password: str, origin: Origin = _OPERATOR) -> bool:
    """Tell a caller whether `password` belongs to the hash. Without a hash it takes as long, and is False.

    Raises `TooMany` when too many are waiting.
    """
    matches = await _line.run(origin, _verify, password_hash or _DUMMY, password)
    return matches and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
