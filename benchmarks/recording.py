"""Records what the API says to the database while it makes and cancels an order, to be replayed without the API.

The recording goes through the real application. Ids that it made up become new ones in each copy, departures are
drawn anew, and what a statement took from an earlier statement's row (on SQLite, the order's numbers) is marked so
that the replay takes it from there too.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

import httpx
import structlog

from benchmarks.calls import API, CUSTOMER
from benchmarks.dataset import CATALOG, EMAIL, DataSet
from benchmarks.servers import Place
from seatwright.app.assembly import create_app
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import SystemClock
from seatwright.core.ids import new_hex24, new_uuid
from seatwright.http.context import Services
from seatwright.storage.engine import Database, Engine, Probe, ReadTx, Row, Tx
from seatwright.storage.open import open_database

T = TypeVar("T")

Mode = Literal["fetch", "execute", "many", "sole"]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{24}\b")
FIRST_NUMBER = 7_000_000_000
FIRST_CONFIRMATION = 9_000_000_000
"""Where the recorded orders' numbers begin: far from anything else, so that they are recognized in arguments."""


class Ref(NamedTuple):
    """An argument that is a column of an earlier row of the same transaction."""

    column: str


class Step(NamedTuple):
    """One statement; `args` are its arguments, or a list of rows of them for `many`."""

    mode: Mode
    sql: str
    args: Sequence[Any]


Transaction = list[Step]


@dataclass(frozen=True)
class Trace:
    """What one order costs the database: the transactions that make it, and the one that cancels it."""

    place: list[Transaction]
    cancel: list[Transaction]


class _RecordingTx:
    """Passes everything on, and writes it down."""

    def __init__(self, tx: Any, steps: Transaction, *, one_trip: bool = False) -> None:
        self._tx = tx
        self._steps = steps
        self._sole: Mode = "sole" if one_trip else "fetch"

    @property
    def engine(self) -> Engine:
        engine: Engine = self._tx.engine
        return engine

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        self._steps.append(Step("fetch", sql, args))
        found: Sequence[Row] = await self._tx.rows(sql, *args)
        return found

    async def row(self, sql: str, *args: Any) -> Row | None:
        found = await self.rows(sql, *args)
        return found[0] if found else None

    async def execute(self, sql: str, *args: Any) -> int:
        self._steps.append(Step("execute", sql, args))
        count: int = await self._tx.execute(sql, *args)
        return count

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._steps.append(Step("many", sql, [tuple(row) for row in rows]))
        await self._tx.execute_many(sql, rows)

    async def sole(self, sql: str, *args: Any) -> Row | None:
        self._steps.append(Step(self._sole, sql, args))
        found: Row | None = await self._tx.sole(sql, *args)
        return found


class _RecordingDatabase:
    """A database that keeps the steps of every transaction."""

    probe: Probe | None = None

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.transactions: list[Transaction] = []

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    async def read(self, use_case: Callable[[ReadTx], Awaitable[T]], **how: bool) -> T:
        steps = self._begun()
        return await self._inner.read(lambda tx: use_case(_RecordingTx(tx, steps)), **how)

    async def write(self, use_case: Callable[[Tx], Awaitable[T]], **how: bool) -> T:
        steps = self._begun()
        one_trip = how.get("one_trip", False)
        return await self._inner.write(lambda tx: use_case(_RecordingTx(tx, steps, one_trip=one_trip)), **how)

    async def close(self) -> None:
        await self._inner.close()

    def _begun(self) -> Transaction:
        steps: Transaction = []
        self.transactions.append(steps)
        return steps

    def taken(self) -> list[Transaction]:
        """Return what was recorded since the last time."""
        found, self.transactions = self.transactions, []
        return found


async def record(place: Place, chosen: Sequence[tuple[str, dict[str, int]]]) -> list[Trace]:
    """Make and cancel an order for each of `chosen` (departure, participants) and return what that took."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    settings = place.settings()
    recorder = _RecordingDatabase(await open_database(settings))
    try:
        await _number_high(recorder)
        services = Services(
            database=recorder,
            clock=SystemClock(),
            settings=settings,
            catalogs=CatalogCache(),
            keyring=Keyring.open(settings.secret, settings.data),
        )
        transport = httpx.ASGITransport(app=create_app(settings, services))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            body = {"username": EMAIL, "apikey": place.data.key}
            token = (await client.post(f"{API}/authenticate", json=body)).text
            client.headers["Authorization"] = f"Bearer {token}"
            await _one(client, recorder, *chosen[0])  # reads the catalog into memory
            return [await _one(client, recorder, *one) for one in chosen]
    finally:
        await recorder.close()


async def _one(
    client: httpx.AsyncClient, recorder: _RecordingDatabase, departure_id: str, counts: dict[str, int]
) -> Trace:
    recorder.taken()
    cart_id = (await client.post(f"{API}/cart", json={})).json()["data"]["id"]
    await client.post(f"{API}/cart/{cart_id}/item", json={"itemId": departure_id, "participants": counts})
    await client.put(f"{API}/cart/{cart_id}/customer", json=CUSTOMER)
    order = {"id": cart_id, "billing": {"memo": "payment received"}}
    (await client.post(f"{API}/order", json=order)).raise_for_status()
    place = recorder.taken()
    (await client.delete(f"{API}/order/{cart_id}")).raise_for_status()
    return Trace([_marked(steps) for steps in place], [_marked(steps) for steps in recorder.taken()])


async def _number_high(database: _RecordingDatabase) -> None:
    async def run(tx: Tx) -> None:
        await tx.execute("UPDATE account_counter SET orders = $1 WHERE orders < $1", FIRST_NUMBER)
        if tx.engine == "sqlite":
            await tx.execute("UPDATE confirmation_number SET last_value = $1 WHERE last_value < $1", FIRST_CONFIRMATION)

    await database.write(run)


def _marked(steps: Transaction) -> Transaction:
    def mark(value: Any) -> Any:
        if isinstance(value, int) and FIRST_NUMBER <= value < FIRST_NUMBER + 1_000_000:
            return Ref("orders")
        if isinstance(value, int) and FIRST_CONFIRMATION <= value < FIRST_CONFIRMATION + 1_000_000:
            return Ref("confirmation")
        return value

    return [step._replace(args=_mapped(step.args, mark)) for step in steps]


def _mapped(args: Sequence[Any], change: Callable[[Any], Any]) -> list[Any]:
    return [
        _mapped(arg, change) if isinstance(arg, list | tuple) and not isinstance(arg, Ref) else change(arg)
        for arg in args
    ]


def copies(traces: Sequence[Trace], data: DataSet, count: int, *, hot: bool) -> list[Trace]:
    """Return `count` traces like the recorded ones: new ids, and a departure of the same product drawn at random."""
    known = {data.account_id, data.user_id, data.hot, *(entry.id for _, entry in CATALOG)}
    draw = random.Random(7)
    departures = [ids for ids in (data.all_tier, data.two_tiers) if not hot]
    return [_copy(traces[number % len(traces)], known, departures, draw) for number in range(count)]


def _copy(trace: Trace, known: set[str], departures: list[tuple[str, ...]], draw: random.Random) -> Trace:
    new: dict[str, str] = {}

    def fresh(match: re.Match[str]) -> str:
        old = match[0]
        if old in known:
            return old
        if old not in new:
            own = next((ids for ids in departures if old in _set(ids)), None)
            new[old] = draw.choice(own) if own else new_uuid() if len(old) == 36 else new_hex24()
        return new[old]

    def change(value: Any) -> Any:
        return _ID.sub(fresh, value) if isinstance(value, str) else value

    def changed(transactions: list[Transaction]) -> list[Transaction]:
        return [[step._replace(args=_mapped(step.args, change)) for step in steps] for steps in transactions]

    return Trace(changed(trace.place), changed(trace.cancel))


_SETS: dict[int, frozenset[str]] = {}


def _set(ids: tuple[str, ...]) -> frozenset[str]:
    if id(ids) not in _SETS:
        _SETS[id(ids)] = frozenset(ids)
    return _SETS[id(ids)]
