"""Connections to PostgreSQL, kept open and ready between use cases.

The driver's pool makes connections and ends them, but each loan of one costs 20 µs of processor time, because it makes
a proxy and a task; a whole query costs 30. So a connection that comes back without a failure isn't given back to the
pool: the next use case takes it from a list, for 2 µs with the counting. After a failure the pool gets it, because the
pool knows how to wait for what still goes on in a connection.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import asyncpg

from seatwright.core.errors import Unavailable
from seatwright.core.meter import meter
from seatwright.storage import outages

ACQUIRE_TIMEOUT_S = 10.0
"""How long a request waits for a free connection before it answers `Unavailable`."""
STATEMENT_TIMEOUT_S = 30.0
"""How long a request's statement may take, waiting for locks included."""


class Connections:
    """Up to `size` connections, each lent to one use case at a time."""

    def __init__(self, pool: Any, size: int) -> None:
        self._pool = pool
        self._idle: list[Any] = []
        self._turns = asyncio.Semaphore(size)
        self._closing = False

    @classmethod
    async def open(cls, url: str, size: int) -> Connections:
        """Connect to `url` with up to `size` connections.

        Raises `Unavailable` if that can't be done; with the code `database_refused` if waiting would not help, as with
        a wrong password.
        """
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                command_timeout=STATEMENT_TIMEOUT_S,
                statement_cache_size=512,
                max_queries=1_000_000_000,  # a connection and its prepared statements are kept for good
                reset=_reset,
                server_settings={"application_name": "seatwright", "timezone": "UTC"},
            )
        except outages.ASYNCPG as error:
            if outages.of_postgres(error, closed=True) is None:
                raise Unavailable(f"PostgreSQL refuses: {error}.", code="database_refused") from error
            raise Unavailable(f"PostgreSQL can't be reached: {error}.") from error
        return cls(pool, size)

    async def take(self) -> Any:
        """Return one of the idle connections, or another of the pool's; `give_back` must follow.

        Each caller with a turn gets one, so nobody waits inside of the pool. Raises `Unavailable` if there is none in
        time.
        """
        asked_at = time.monotonic()
        try:
            if self._turns.locked():
                async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
                    await self._turns.acquire()
            else:
                await self._turns.acquire()
        except TimeoutError as error:
            raise outages.of_connecting(error) from error
        meter().wait("connection", time.monotonic() - asked_at)
        meter().connections(1)
        try:
            while self._idle:
                connection = self._idle.pop()
                if not is_closed(connection):
                    return connection
                await self._release(connection)
            return await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
        except outages.ASYNCPG as error:
            self._done()
            raise outages.of_connecting(error) from error
        except BaseException:
            self._done()
            raise

    async def give_back(self, connection: Any, *, sound: bool) -> None:
        """Keep a connection idle; after a failure return it to the pool, which waits for the end of any running
        operation.
        """
        try:
            if sound and not self._closing and not is_closed(connection) and not connection.is_in_transaction():
                self._idle.append(connection)
            else:
                await self._release(connection)
        finally:
            self._done()

    def _done(self) -> None:
        meter().connections(-1)
        self._turns.release()

    async def close(self) -> None:
        """Close all connections once they are free."""
        self._closing = True
        while self._idle:
            await self._release(self._idle.pop())
        await self._pool.close()

    async def _release(self, connection: Any) -> None:
        # The outcome of this changes nothing about the commit; a broken connection is not used again.
        with suppress(*outages.ASYNCPG):
            await self._pool.release(connection)


def is_closed(connection: Any) -> bool:
    """Tell whether a connection of the pool is gone."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # the pool has taken it back already
        return True


async def _reset(connection: Any) -> None:
    """Leave a connection clean for the next use case.

    Our use cases change no session state (locks belong to transactions), so the library's extra round trip is only
    needed if a transaction was left open.
    """
    if connection.is_in_transaction():
        await connection.reset()
