"""Loads orders by the million, all consistent with each other: copies of rows that Seatwright itself has written.

One real order of each product is made through the use cases; its rows are the pattern. Copies get new ids, numbers
and times, the counters and seats are set to match, and `invariants.checks.check` finds nothing wrong.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import asyncpg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks import calls
from benchmarks.results import console
from benchmarks.servers import Place
from seatwright.auth.model import PERMISSIONS, Caller
from seatwright.cart import service as carts
from seatwright.cart.context import BookingContext
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import DAY_MS, SystemClock
from seatwright.core.ids import new_hex24, new_uuid
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.orders.term_rows import new_rows
from seatwright.storage.engine import Database, ReadTx
from seatwright.storage.open import open_database

CHUNK = 5_000
YEARS_MS = 3 * 365 * DAY_MS
"""The orders are spread over the last three years."""
CHANGED_EVERY = 10
"""One order in this many was changed up to 30 days after it was made."""
SEATS = 2
REFERENCE = "otaofthepattern"
LOCAL = "annofthepattern"
"""A reference and the local part of an address: each is one word, and so it is in a copy's terms."""
TABLES = {
    "orders": "id",
    "order_view": "order_id",
    "order_line": "order_id",
    "ledger_entry": "order_id",
    "audit_event": "subject_id",
    "cart": "id",
}
"""Tables that have rows of an order, and the column that names it."""


class Sink(Protocol):
    """A database that takes many rows at once."""

    def write(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Add rows."""

    def run(self, sql: str) -> None:
        """Run a statement."""

    def indexes(self) -> list[tuple[str, str]]:
        """Return name and statement of every index that is no constraint, on the loaded tables."""


def load(place: Place, count: int) -> None:
    """Add `count` orders to the data set of `place`; the first of them are the patterns."""
    patterns = asyncio.run(_patterns(place))
    with _sink(place) as sink:
        dropped = sink.indexes()
        for name, _ in dropped:
            sink.run(f"DROP INDEX {name}")
        taken = _load(place, sink, patterns, count)
        for departure_id, many in taken:
            where = f"account_id = '{place.data.account_id}' AND id = '{departure_id}'"
            sink.run(f"UPDATE departure SET taken = {many * SEATS} WHERE {where}")
        newest = SystemClock().now()
        sink.run(f"UPDATE account_counter SET orders = {count}, last_created_at = {newest}")
        for _, statement in dropped:
            sink.run(statement)
        if place.engine == "postgres":
            sink.run(f"SELECT setval('confirmation_number', {100_000 + count})")
            sink.run("ANALYZE")
        else:
            sink.run(f"UPDATE confirmation_number SET last_value = {100_000 + count}")


def created_at(number: int, count: int, now: int) -> int:
    """Return when the order with this number was made."""
    return now - YEARS_MS + YEARS_MS * number // count


def _load(place: Place, sink: Sink, patterns: list[_Pattern], count: int) -> list[tuple[str, int]]:
    departures = [place.data.all_tier, place.data.two_tiers]
    draw, now = random.Random(11), SystemClock().now()
    taken: Counter[str] = Counter()
    for pattern in patterns:
        taken[pattern.departure_id] += 1
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"loading orders, {place.engine}", total=count, completed=len(patterns))
        for first in range(len(patterns) + 1, count + 1, CHUNK):
            rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in (*TABLES, "order_reference")}
            for number in range(first, min(first + CHUNK, count + 1)):
                kind = number % 2
                departure_id = draw.choice(departures[kind])
                taken[departure_id] += 1
                created = created_at(number, count, now)
                later = draw.randrange(30 * DAY_MS) if number % CHANGED_EVERY == 0 else 0
                patterns[kind].copy(rows, number, departure_id, created, min(now, created + later))
            for table, some in rows.items():
                sink.write(table, patterns[0].columns[table], some)
            views = [dict(zip(patterns[0].columns["order_view"], row, strict=True)) for row in rows["order_view"]]
            terms = [row for view in views for row in new_rows(view["account_id"], view["seq"], view["terms"])]
            sink.write("order_term", ("account_id", "kind", "term", "seq"), terms)
            progress.advance(task, min(CHUNK, count + 1 - first))
    return list(taken.items())


class _Pattern:
    """The rows of one real order, with holes for what differs in a copy."""

    def __init__(self, order_id: str, departure_id: str, found: dict[str, list[dict[str, Any]]]) -> None:
        self.departure_id = departure_id
        names = {order_id: "order", departure_id: "departure", REFERENCE: "reference", LOCAL: "local"}
        for row in found["order_line"]:
            names[row["id"]] = f"own{len(names)}"
        for row in found["audit_event"]:
            names[row["id"]] = f"own{len(names)}"
        self._own = [name for name in names.values() if name.startswith("own")]
        self.columns = {table: tuple(rows[0]) for table, rows in found.items()}
        self._plans = {
            table: [[_plan(column, value, names) for column, value in row.items()] for row in rows]
            for table, rows in found.items()
        }

    def copy(
        self, rows: dict[str, list[tuple[Any, ...]]], number: int, departure_id: str, created: int, modified: int
    ) -> None:
        """Add the rows of one more order."""
        values: dict[str, Any] = {name: new_hex24() for name in self._own}
        values.update(order=new_uuid(), departure=departure_id, reference=f"ota{number}", local=f"ann{number}")
        numbers = {
            "seq": number,
            "confirmation": 100_000 + number,
            "created_at": created,
            "modified_at": modified,
            "at": created,
        }
        for table, plans in self._plans.items():
            for plan in plans:
                rows[table].append(
                    tuple(
                        numbers[what] if how == "number" else what % values if how == "text" else what
                        for how, what in plan
                    )
                )


def _plan(column: str, value: Any, names: dict[str, str]) -> tuple[str, Any]:
    if column in ("seq", "confirmation", "created_at", "modified_at", "at"):
        return "number", column
    if not isinstance(value, str):
        return "fixed", value
    text = value.replace("%", "%%")
    for old, name in names.items():
        text = text.replace(old, f"%({name})s")
    return ("text", text) if "%(" in text else ("fixed", value)


async def _patterns(place: Place) -> list[_Pattern]:
    """Make one order of each product, and read what that wrote."""
    database = await open_database(place.settings())
    try:
        return [
            await _pattern(database, place, place.data.all_tier[0], calls.ALL_TIER),
            await _pattern(database, place, place.data.two_tiers[0], calls.TWO_TIERS),
        ]
    finally:
        await database.close()


async def _pattern(database: Database, place: Place, departure_id: str, counts: dict[str, int]) -> _Pattern:
    booking = BookingContext(clock=SystemClock(), catalogs=CatalogCache(), hold_ms=60_000)
    caller = Caller(
        account_id=place.data.account_id,
        user_id=place.data.user_id,
        name="Dana Reyes",
        email="dana@canyon.example",
        permissions=frozenset(PERMISSIONS),
    )
    cart_id = (await database.write(lambda tx: carts.create(tx, booking, caller))).cart.id
    asked = carts.ItemRequest(departure_id, counts)
    await database.write(lambda tx: carts.add_item(tx, booking, caller, cart_id, asked))
    customer = {**calls.CUSTOMER, "email": f"{LOCAL}@lee.example", "marketingConsent": True}
    await database.write(lambda tx: carts.set_customer(tx, booking, caller, cart_id, customer))
    order = OrderDetails(cart_id, reference_id=REFERENCE, billing={"memo": "payment received"})
    await database.write(lambda tx: orders.place(tx, booking, caller, order))

    async def read(tx: ReadTx) -> dict[str, list[dict[str, Any]]]:
        found = {
            table: _as_dicts(await tx.rows(f"SELECT * FROM {table} WHERE {column} = $1", cart_id))
            for table, column in TABLES.items()
        }
        references = "SELECT * FROM order_reference WHERE reference_id = $1 LIMIT 1"
        found["order_reference"] = _as_dicts(await tx.rows(references, REFERENCE))
        return found

    return _Pattern(cart_id, departure_id, await database.read(read))


def _as_dicts(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]


@contextmanager
def _sink(place: Place) -> Iterator[Sink]:
    if place.engine == "sqlite":
        connection = sqlite3.connect(place.folder / "seatwright.db", isolation_level=None)
        for pragma in ("synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        yield _SqliteSink(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return
    with asyncio.Runner() as runner:
        sink = _PostgresSink(runner, runner.run(asyncpg.connect(place.url)))
        yield sink
        runner.run(sink.connection.close())


class _SqliteSink:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        holes = ", ".join("?" * len(columns))
        self._connection.execute("BEGIN")
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({holes})", rows)
        self._connection.execute("COMMIT")

    def run(self, sql: str) -> None:
        self._connection.execute(sql)

    def indexes(self) -> list[tuple[str, str]]:
        found = self._connection.execute(
            "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql <> ''"
        )
        return [(name, sql) for name, sql, table in found if table in TABLES]


class _PostgresSink:
    def __init__(self, runner: asyncio.Runner, connection: Any) -> None:
        self._runner = runner
        self.connection = connection

    def write(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        self._runner.run(self.connection.copy_records_to_table(table, records=rows, columns=list(columns)))

    def run(self, sql: str) -> None:
        self._runner.run(self.connection.execute(sql))

    def indexes(self) -> list[tuple[str, str]]:
        found = self._runner.run(
            self.connection.fetch(
                """
                SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY($1)
                AND indexname NOT IN (SELECT conname FROM pg_constraint)
                """,
                list(TABLES),
            )
        )
        return [(row["indexname"], row["indexdef"]) for row in found]
