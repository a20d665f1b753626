"""PostgreSQL through asyncpg: prepared statements, READ COMMITTED, bounded whole-transaction retries."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg

from seatwright.core.errors import SeatwrightError, Unavailable
from seatwright.storage import outages
from seatwright.storage.engine import (
    MAX_ATTEMPTS,
    WENT_ON,
    ConstraintViolation,
    Engine,
    Probe,
    ReadTx,
    Retry,
    Row,
    Tx,
    only_reads,
)
from seatwright.storage.postgres_connections import Connections, is_closed

T = TypeVar("T")

PATIENT_TIMEOUT_S = 7 * 86_400.0
"""How long a statement of a patient use case may take: an index on a large table, a check of everything."""
ROLLBACK_TIMEOUT_S = 5.0
BACKOFF_S = 0.004
"""First pause before a retry; it doubles, with jitter, at each further one."""

_AGAIN = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,  # the schema has changed since; the library has forgotten its statements
)


class PostgresTx:
    """A transaction on one connection. Made by `PostgresDatabase` only.

    BEGIN is sent before the first statement that writes or locks: under READ COMMITTED each statement has its
    own snapshot anyway, so reads before it lose nothing. With `one_trip` a use case's sole write goes without.
    """

    engine: Engine = "postgres"

    def __init__(self, connection: Any, probe: Probe | None, *, patient: bool = False, one_trip: bool = False) -> None:
        self._connection = connection
        self._probe = probe
        self._one_trip = one_trip
        self._timeout_s = PATIENT_TIMEOUT_S if patient else None
        self._begun = False
        self._finished = False

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        """Run a query and return all its rows."""
        if not only_reads(sql):
            await self._begin()
        return await self._run(self._connection.fetch, sql, args)  # type: ignore[no-any-return]

    async def row(self, sql: str, *args: Any) -> Row | None:
        """Run a query and return its first row, or None."""
        found = await self.rows(sql, *args)
        return found[0] if found else None

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement and return how many rows it changed."""
        await self._begin()
        tag: str = await self._run(self._connection.execute, sql, args)
        count = tag.rsplit(" ", 1)[-1]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of `rows`."""
        await self._begin()
        await self._run(self._connection.executemany, sql, (rows,))

    async def sole(self, sql: str, *args: Any) -> Row | None:
        """Run the only statement by which a use case writes, and return its first row."""
        if not self._one_trip:
            await self._begin()
        found = await self._run(self._connection.fetch, sql, args)
        self._finished = not self._begun
        return found[0] if found else None

    async def _run(self, call: Any, sql: str, args: Sequence[Any]) -> Any:
        assert not self._finished, WENT_ON
        if self._probe:
            self._probe.before(sql)
        try:
            result = await call(sql, *args, timeout=self._timeout_s)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise ConstraintViolation(error.constraint_name or str(error)) from error
        except asyncpg.DivisionByZeroError as error:
            raise Retry from error
        if self._probe:
            self._probe.after(sql)
        return result

    async def _begin(self) -> None:
        if not self._begun:
            await self._connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            self._begun = True

    async def commit(self) -> None:
        """Commit the writes that are not committed yet, if any. For `PostgresDatabase`."""
        if not self._begun:
            return
        if self._probe:
            self._probe.before("COMMIT")
        # After a statement that failed, PostgreSQL answers COMMIT with ROLLBACK, and without an error.
        tag = await self._connection.execute("COMMIT", timeout=self._timeout_s)
        if tag != "COMMIT":
            raise RuntimeError("A use case went on after a statement that had failed; nothing was committed.")
        if self._probe:
            self._probe.after("COMMIT")

    async def roll_back(self) -> None:
        """Undo uncommitted writes, or cut the connection, which undoes them too. For `PostgresDatabase`."""
        if is_closed(self._connection) or not self._connection.is_in_transaction():
            return
        try:
            await self._connection.execute("ROLLBACK", timeout=ROLLBACK_TIMEOUT_S)
        except outages.ASYNCPG:
            if not is_closed(self._connection):
                self._connection.terminate()


class PostgresDatabase:
    """PostgreSQL behind `read()` and `write()`."""

    engine: Engine = "postgres"

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self.probe: Probe | None = None

    @classmethod
    async def open(cls, url: str, *, pool_size: int) -> PostgresDatabase:
        """Connect to `url` with up to `pool_size` connections. Raises `Unavailable` as `Connections.open` does."""
        return cls(await Connections.open(url, pool_size))

    async def _connected(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Run an operation on a connection, and raise its outage as `Unavailable`."""
        connection, sound = await self._connections.take(), False
        try:
            result = await work(connection)
            sound = True
        except (SeatwrightError, Retry):
            sound = True
            raise
        except _AGAIN:
            raise
        except Exception as error:
            outage = outages.of_postgres(error, closed=is_closed(connection))
            if outage is None:
                raise
            raise outage from error
        finally:
            await self._connections.give_back(connection, sound=sound)
        return result

    async def read(self, use_case: Callable[[ReadTx], Awaitable[T]], *, patient: bool = False) -> T:
        """Run a read-only use case. Each of its statements sees what was committed before it."""

        async def attempt(connection: Any) -> T:
            return await use_case(PostgresTx(connection, self.probe, patient=patient))

        return await self._until_it_works(attempt)

    async def write(
        self,
        use_case: Callable[[Tx], Awaitable[T]],
        *,
        patient: bool = False,
        heavy: bool = False,
        one_trip: bool = False,
    ) -> T:
        """Run a use case in one READ COMMITTED transaction, and again if the database asks for it."""

        async def attempt(connection: Any) -> T:
            return await self._attempt(PostgresTx(connection, self.probe, patient=patient, one_trip=one_trip), use_case)

        return await self._until_it_works(attempt)

    async def _attempt(self, tx: PostgresTx, use_case: Callable[[Tx], Awaitable[T]]) -> T:
        try:
            result = await use_case(tx)
            await tx.commit()
        except BaseException:
            await tx.roll_back()
            raise
        return result

    async def _until_it_works(self, attempt: Callable[[Any], Awaitable[T]]) -> T:
        for number in range(MAX_ATTEMPTS):
            if number > 1:
                await asyncio.sleep(BACKOFF_S * 2**number * random.random())  # noqa: S311 - jitter, not a secret
            try:
                return await self._connected(attempt)
            except _AGAIN:
                continue
            except Retry as retry:
                if retry.first is not None:
                    await self.write(retry.first)
        raise Unavailable("The same thing was being changed at the same time; try again.", code="busy")

    async def close(self) -> None:
        """Close all connections once they are free."""
        await self._connections.close()
