"""What both databases offer: `read()` and `write()`.

A use case is an `async` function that takes a `Tx` first. `write()` runs it in one transaction and
commits before it returns. The function may be run again when the database asks for it (a
serialization failure or a deadlock on PostgreSQL, or `Retry` raised by itself), so it changes
nothing but the database.

SQL is written once, in PostgreSQL's dialect: `$1` parameters, `= ANY($1)` for lists, `FOR UPDATE`. `storage.dialect`
translates it where SQLite's differs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")
Engine = Literal["sqlite", "postgres"]

MAX_ATTEMPTS = 8
"""How often a transaction is run at most before the caller gets `Unavailable`."""


WENT_ON = "A use case went on after its sole statement, though its caller had asked for one trip."


class Retry(Exception):
    """Raised by a use case that must be run again from its start. Everything that it wrote is undone.

    `first`, if given, is another use case that is run and committed on its own before that. A statement guards itself
    against changes since the read by dividing by the number of rows that it must touch: a division by zero counts as a
    `Retry`.
    """

    def __init__(self, first: Callable[[Tx], Awaitable[Any]] | None = None) -> None:
        super().__init__("run the use case again")
        self.first = first


class ConstraintViolation(Exception):
    """A constraint of the schema refused a row. `name` is the constraint's or index's, or the engine's text."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Row(Protocol):
    """A result row: values by column name or position."""

    def __getitem__(self, key: Any, /) -> Any: ...


class ReadTx(Protocol):
    """A read-only view. All amounts are minor units and all instants milliseconds UTC, as in the schema."""

    @property
    def engine(self) -> Engine:
        """Which database this is, for the few statements that differ."""
        ...

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        """Run a query and return all its rows."""
        ...

    async def row(self, sql: str, *args: Any) -> Row | None:
        """Run a query and return its first row, or None."""
        ...


class Tx(ReadTx, Protocol):
    """A transaction that may write."""

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement and return how many rows it changed. Raises `ConstraintViolation`."""
        ...

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of `rows`. Raises `ConstraintViolation`."""
        ...

    async def sole(self, sql: str, *args: Any) -> Row | None:
        """Run the only statement by which a use case writes, and return its first row. Raises `ConstraintViolation`.

        It must guard itself against changes since earlier reads (see `Retry`). In a `one_trip` transaction in which
        nothing has been written yet, PostgreSQL takes it without BEGIN and COMMIT around it; then it is committed, and
        a further statement is a mistake of ours, on both databases. In any other transaction it is a statement like the
        rest.
        """
        ...


def only_reads(sql: str) -> bool:
    """Tell whether a statement neither writes nor locks."""
    return sql.lstrip().startswith("SELECT") and " FOR UPDATE" not in sql


class Probe(Protocol):
    """Watches every statement and commit. Tests use it to inject failures and to record each commit."""

    def before(self, sql: str) -> None:
        """Called before each statement (and before `COMMIT`); may raise."""
        ...

    def after(self, sql: str) -> None:
        """Called after each statement (and after `COMMIT`); may raise."""
        ...


class Database(Protocol):
    """One of the two databases."""

    probe: Probe | None

    @property
    def engine(self) -> Engine:
        """Which database this is."""
        ...

    async def read(self, use_case: Callable[[ReadTx], Awaitable[T]], *, patient: bool = False) -> T:
        """Run a read-only use case. Raises `Unavailable` when the database can't be reached.

        `patient` lets each statement take as long as it needs; otherwise it has the time limit of a request.
        """
        ...

    async def write(
        self,
        use_case: Callable[[Tx], Awaitable[T]],
        *,
        patient: bool = False,
        heavy: bool = False,
        one_trip: bool = False,
    ) -> T:
        """Run a use case, or several one after the other, in one transaction, committed before this returns.

        Any exception rolls everything back and is passed on. Raises `Unavailable` when the database can't take it;
        nothing was acknowledged then. If the connection was lost during the commit, the commit may have happened:
        repeating the request with the same Idempotency-Key tells. `patient` as in `read`. A `heavy` use case is much
        work, so the embedded database doesn't run it in the event loop's thread.
        `one_trip` says that there is one use case, and nothing else to be done with it (see `Tx.sole`): for the few
        requests in which two round trips fewer are felt.
        """
        ...

    async def close(self) -> None:
        """Wait for running use cases and close all connections."""
        ...
