"""Checks the caller without an extra query.

On PostgreSQL every statement is a round trip, which costs more than most statements do. So a use case begins with the
caller as this process last read it, and its first query also reads the caller's row. If that row differs from the
assumed one, the use case is run again, and its caller is read first. Nothing that is cached here is ever trusted. The
gain is measured in docs/decisions/0002-one-query.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from seatwright.auth import service, store
from seatwright.auth.model import Caller, Permission
from seatwright.auth.tokens import Claims
from seatwright.core.bounded_dict import BoundedDict
from seatwright.core.errors import SeatwrightError
from seatwright.storage.engine import Engine, ReadTx, Retry, Row, Tx

T = TypeVar("T")

KEPT = 10_000
"""Maximum number of cached callers."""

_Seen = dict[str, Any]
"""A caller's row: the columns `store.CALLER_NAMES`."""


class Admission:
    """Runs use cases for callers who have the permission. There is one object for each process."""

    def __init__(self) -> None:
        self._kept: BoundedDict[Claims, _Seen] = BoundedDict(KEPT)

    async def run(
        self, tx: Any, claims: Claims, permission: Permission | None, use_case: Callable[[Any, Caller], Awaitable[T]]
    ) -> T:
        """Run `use_case(tx, caller)` in a transaction. `permission` None is any user of the account.

        Raises `Unauthorized` and `Forbidden`, and the errors of the use case, including `Retry`.
        """
        seen = self._kept.get(claims)
        if tx.engine == "sqlite" or seen is None:
            return await use_case(tx, await self._admit(tx, claims, permission))
        try:
            who = _allowed(claims, seen, permission)
        except SeatwrightError:  # as things were; they may have changed
            return await use_case(tx, await self._admit(tx, claims, permission))
        watched = _Watched(tx, claims, seen)
        try:
            try:
                result = await use_case(watched, who)
            except SeatwrightError:  # which is only for those who may
                await watched.settle()
                raise
            await watched.settle()
        except _Changed:
            self._kept.pop(claims, None)
            raise Retry from None
        return result

    async def _admit(self, tx: ReadTx, claims: Claims, permission: Permission | None) -> Caller:
        row = await _row(tx, claims)
        seen = None if row is None else _values(row)
        who = _allowed(claims, seen, permission)
        if tx.engine != "sqlite" and seen is not None:
            self._kept[claims] = seen
        return who


class _Changed(BaseException):
    """The caller differs from the assumed one. It is a BaseException, so that no use case handles it as an error of its
    own.
    """


class _Watched:
    """A transaction whose first query also reads the caller."""

    def __init__(self, tx: Tx, claims: Claims, assumed: _Seen) -> None:
        self._tx = tx
        self._claims = claims
        self._assumed = assumed
        self._settled = False

    @property
    def engine(self) -> Engine:
        return self._tx.engine

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        """Run a query and return all its rows; the first one's have further columns."""
        if self._settled or not sql.lstrip().startswith("SELECT"):
            await self.settle()
            return await self._tx.rows(sql, *args)
        self._settled = True
        claims = self._claims
        own = () if claims.key_id is None else (claims.key_id,)
        query = _with_caller(sql, len(args), bool(own))
        found = await self._tx.rows(query, *args, claims.account_id, claims.user_id, *own)
        if not found or _values(found[0]) != self._assumed:
            raise _Changed
        return [row for row in found if row["is_there"]]

    async def row(self, sql: str, *args: Any) -> Row | None:
        """Run a query and return its first row, or None."""
        found = await self.rows(sql, *args)
        return found[0] if found else None

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement and return how many rows it changed."""
        await self.settle()
        return await self._tx.execute(sql, *args)

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of `rows`."""
        await self.settle()
        await self._tx.execute_many(sql, rows)

    async def sole(self, sql: str, *args: Any) -> Row | None:
        """Run the only statement by which the use case writes, and return its first row."""
        await self.settle()
        return await self._tx.sole(sql, *args)

    async def settle(self) -> None:
        """Read the caller's row now, if no query has read it."""
        if self._settled:
            return
        self._settled = True
        row = await _row(self._tx, self._claims)
        if row is None or _values(row) != self._assumed:
            raise _Changed


async def _row(tx: ReadTx, claims: Claims) -> Row | None:
    return await store.caller_row(tx, claims.account_id, claims.user_id, claims.key_id)


def _values(row: Row) -> _Seen:
    return {name: row[name] for name in store.CALLER_NAMES}


def _allowed(claims: Claims, seen: _Seen | None, permission: Permission | None) -> Caller:
    who = service.caller_of(claims, seen)
    if permission is not None:
        who.require(permission)
    return who


@lru_cache(maxsize=1024)
def _with_caller(sql: str, parameters: int, with_key: bool) -> str:
    """Return a query whose rows, or a single one if there are none, begin with the caller's columns.

    Joined on TRUE, so the only plan is a loop over one row and then the query's, in the query's order.
    """
    who = store.select_caller(parameters + 1, parameters + 2, parameters + 3 if with_key else None)
    return f"""
        SELECT who.*, found.* FROM ({who}) who
        LEFT JOIN (SELECT TRUE AS is_there, query.* FROM ({sql}
        ) query) found ON TRUE
    """  # noqa: S608 - both are constants
