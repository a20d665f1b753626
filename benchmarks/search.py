"""Finding orders among a million, in process: `python -m benchmarks.search --orders 1000000`.

The rows that a search reads (`order_view` with its terms, `order_term`) are written directly, with names as uneven as
real ones: a few are everybody's, most are rare. Times are those of `orders.search.find`, without HTTP and without
reading the orders that are shown. The aim is 100 ms at the 95th percentile, on both databases.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence

from tests.postgres import PostgresServer

from seatwright.auth import service as auth
from seatwright.auth.secrets import Keyring
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings, load_settings
from seatwright.orders import search
from seatwright.orders.search import OrderSearch
from seatwright.orders.terms import END
from seatwright.storage.engine import Database, ReadTx, Tx
from seatwright.storage.migrate import migrate
from seatwright.storage.open import open_database

FIRST = ("ann", "anna", "bob", "carla", "dana", "emil", "fay", "gus", "hana", "ivan", "jo", "kai", "lea", "max", "noa")
FAMILY_NAMES = 40_000
PORTION = 100_000
AIM_MS = 100.0
TIMES = 40
"""Searches of each kind, each for something else."""


def _rows(first: int, last: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the rows of orders by number: views, without the account, and terms."""
    draw = random.Random(first)
    views: list[tuple[object, ...]] = []
    terms: list[tuple[object, ...]] = []
    for seq in range(first, last):
        name = FIRST[min(int(draw.expovariate(0.3)), len(FIRST) - 1)]
        family = f"{draw.choice('abcdefghijklmnoprstuvw')}{draw.randrange(FAMILY_NAMES):x}"
        phone = f"{draw.randrange(2_000_000_000, 9_999_999_999)}"
        words = [name, family, f"{name}.{family}{seq % 97}@mail{seq % 50}.example", f"@mail{seq % 50}.example"]
        found = [("word", each) for each in (*words, f"1{phone}", phone)]
        if seq % 25 == 0:
            found.append(("status", "cancelled"))
        if seq % 40 == 0:
            found.append(("balance", "credit"))
        text = END + "".join(f"{kind}:{term}{END}" for kind, term in found)
        views.append((seq, f"o{seq}", 100_000 + seq, seq, text))
        terms += [(kind, term, seq) for kind, term in found]
    return views, terms


async def _fill(database: Database, account_id: str, orders: int) -> None:
    for first in range(1, orders + 1, PORTION):
        views, terms = _rows(first, min(first + PORTION, orders + 1))

        async def write(
            tx: Tx, views: list[tuple[object, ...]] = views, terms: list[tuple[object, ...]] = terms
        ) -> None:
            await tx.execute_many(
                "INSERT INTO order_view (account_id, seq, supplier_id, order_id, confirmation, created_at, "
                "modified_at, terms) VALUES ($1, $2, $1, $3, $4, $5, $5, $6)",
                [(account_id, *row) for row in views],
            )
            await tx.execute_many(
                "INSERT INTO order_term (account_id, kind, term, seq) VALUES ($1, $2, $3, $4)",
                [(account_id, *row) for row in terms],
            )
            await tx.execute("UPDATE account_counter SET orders = $2 WHERE account_id = $1", account_id, views[-1][0])

        await database.write(write, patient=True, heavy=True)
    if database.engine == "postgres":
        for table in ("order_term", "order_view"):
            await database.write(lambda tx, table=table: tx.execute(f"ANALYZE {table}"), patient=True)  # type: ignore[misc]


def _searches(orders: int) -> dict[str, list[OrderSearch]]:
    draw = random.Random(5)
    views, _ = _rows(1, 2_000)
    people = [views[draw.randrange(len(views))][4] for _ in range(TIMES)]
    words = [[line.partition(":")[2] for line in str(each).split(END) if line] for each in people]
    letters = "abcdefghijklmnoprstuvw"
    kinds: dict[str, list[OrderSearch]] = {
        "a whole family name": [OrderSearch(each[1]) for each in words],
        "three letters of a family name": [OrderSearch(each[1][:3]) for each in words],
        "one letter": [OrderSearch(draw.choice(letters)) for _ in range(TIMES)],
        "first and family name, begun": [OrderSearch(f"{each[0][:2]} {each[1][:3]}") for each in words],
        "an e-mail address, begun": [
            OrderSearch(each[2][:8] + "@" if "@" in each[2][:8] else each[2]) for each in words
        ],
        "a domain": [OrderSearch(each[3][:6]) for each in words],
        "six digits of a phone number": [OrderSearch(each[5][:6]) for each in words],
        "three digits of a phone number": [OrderSearch(each[5][:3]) for each in words],
        "a confirmation number, begun": [OrderSearch(str(100_000 + draw.randrange(orders))[:5]) for _ in range(TIMES)],
        "one letter, cancelled": [OrderSearch(draw.choice(letters), status="cancelled") for _ in range(TIMES)],
        "a common name and a rare one": [OrderSearch(f"ann {each[1]}") for each in words],
        "three common words": [OrderSearch("a b m") for _ in range(TIMES)],
        "a word that nobody has": [OrderSearch(f"zz{number}") for number in range(TIMES)],
        "only what is to be given back": [OrderSearch(balance="credit") for _ in range(TIMES)],
        "the newest": [OrderSearch() for _ in range(TIMES)],
    }
    return kinds


async def _measure(database: Database, account_id: str, orders: int) -> None:
    for label, searches in _searches(orders).items():
        for sort, deep in (("newest", None), ("oldest", None), ("newest", orders // 2)):
            took: list[float] = []
            for chosen in searches:
                started = time.perf_counter()

                async def run(
                    tx: ReadTx, chosen: OrderSearch = chosen, sort: str = sort, deep: int | None = deep
                ) -> int:
                    found = await search.find(tx, account_id, chosen, limit=50, sort=sort, after=deep)  # type: ignore[arg-type]
                    return len(found.numbers)

                await database.read(run)
                took.append((time.perf_counter() - started) * 1_000)
            _report(f"{database.engine}, {sort}{', from the middle' if deep else ''}: {label}", took)


def _report(label: str, took: Sequence[float]) -> None:
    ordered = sorted(took)
    p95 = ordered[int(len(ordered) * 0.95)]
    mark = "" if p95 < AIM_MS else "  <-- above the aim"
    print(f"{label:75} median {ordered[len(ordered) // 2]:7.1f} ms   p95 {p95:7.1f} ms{mark}", flush=True)


async def _run(settings: Settings, orders: int) -> None:
    database = await open_database(settings, make=True)
    try:
        await migrate(database, SystemClock())
        account, _ = await database.write(
            lambda tx: auth.create_account(
                tx,
                Keyring.from_secret("x" * 32),
                SystemClock().now(),
                code="canyon",
                name="Canyon",
                email="desk@canyon.example",
                currency="USD",
                time_zone="America/Denver",
            )
        )
        started = time.perf_counter()
        await _fill(database, account.id, orders)
        print(f"{database.engine}: {orders:,} orders in {time.perf_counter() - started:.0f} s", flush=True)
        await _measure(database, account.id, orders)
    finally:
        await database.close()


def main() -> None:
    """Measure both databases, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), action="append")
    chosen = parser.parse_args()
    for engine in chosen.engine or ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as folder:
            data = {"SEATWRIGHT_DATA": folder}
            if engine == "sqlite":
                asyncio.run(_run(load_settings(data), chosen.orders))
                continue
            with PostgresServer() as server:
                url = server.create_database("search")
                asyncio.run(_run(load_settings({**data, "SEATWRIGHT_DATABASE_URL": url}), chosen.orders))


if __name__ == "__main__":
    main()
