"""Passwords: argon2id, in threads of their own, because one hash is tens of milliseconds of pure work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from seatwright.core.errors import Invalid, TooMany

T = TypeVar("T")

MIN_PASSWORD = 10
MAX_PASSWORD = 200
"""Lengths in characters. Long ones are refused rather than cut."""
THREADS = 2
MAX_WAITING = 32
"""Hashes computed or waiting at most, each with 64 MiB while it runs; beyond that callers are told to come again."""

_hasher = PasswordHasher()
_DUMMY = _hasher.hash("nobody has this password")


class _Gate:
    """A small thread pool with a bounded queue."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._waiting = 0

    async def run(self, work: Callable[..., T], *args: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise TooMany("Too many passwords are being checked; try again in a moment.", retry_after_s=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1


_gate = _Gate()


def check_password(password: str) -> str:
    """Return `password` if it may be one. Raises `Invalid`."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(
            f"password: must have {MIN_PASSWORD} to {MAX_PASSWORD} characters.",
            code="invalid_password",
            field="password",
        )
    return password


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password. Never call it inside a transaction.

    Raises `TooMany` when too many are waiting.
    """
    return await _gate.run(_hasher.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether `password` belongs to the hash. Without a hash it takes as long, and is False.

    Raises `TooMany` when too many are waiting.
    """
    matches = await _gate.run(_verify, password_hash or _DUMMY, password)
    return matches and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
