"""docs/sharding.sql: split by account, all works, and what an account does touches one part of each table.

So a distributed PostgreSQL can keep each account on one of its machines.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from seatwright.core.config import Settings
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from tests.conftest import settings_for
from tests.desk import KAYAK, Desk, open_desk
from tests.postgres import PostgresServer

DDL = Path(__file__).parents[2] / "docs" / "sharding.sql"
READ = "COALESCE(seq_scan, 0) + COALESCE(idx_scan, 0)"
WRITTEN = "n_tup_ins + n_tup_upd + n_tup_del"
LOOKED_UP_EVERYWHERE = {"hold", "cart", "departure"}
"""A cart is found by whose it is, and its seats may be another account's; holds are limited across accounts."""


@pytest.fixture
def settings(postgres_server: PostgresServer, postgres_template: str, tmp_path: Path) -> Iterator[Settings]:
    """A migrated database, split."""
    url = postgres_server.create_database("sharded", template=postgres_template)
    postgres_server.execute(DDL.read_text(), "sharded")
    yield settings_for(tmp_path, url)
    postgres_server.drop_database("sharded")


def touched(server: PostgresServer, what: str) -> Counter[str]:
    """Return how often each table has been read or written."""
    lines = (
        line.split("|")
        for line in server.execute(f"SELECT relname, {what} FROM pg_stat_user_tables", "sharded").splitlines()
    )
    return Counter({name: int(count) for name, count in lines})


def parts(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """Return how many parts of each table were touched in between."""
    return Counter(name[:-2] for name in after - before if re.search(r"_\d$", name))


async def business(desk: Desk) -> None:
    """Sell, list, read and cancel."""
    departure = await desk.shop.departure("kayak", "2026-07-14 09:00", capacity=4)
    assert await desk.free(KAYAK, departure) == 4
    order = await desk.order((departure, {"All": 2}), referenceId="OTA-1")
    assert [listed["id"] for listed in await desk.data("GET", "/order?sortOrder=desc")] == [order["id"]]
    assert [listed["id"] for listed in await desk.data("GET", "/order?referenceId=OTA-1")] == [order["id"]]
    await desk.data("GET", f"/order/{order['confirmation']}")
    person = order["items"][0]["participantList"][0]["id"]
    await desk.data("DELETE", f"/order/{order['id']}/item/{departure}/participant/{person}")
    await desk.data("DELETE", f"/order/{order['id']}")
    assert await desk.free(KAYAK, departure) == 4


async def test_an_account_lives_in_one_part(
    client: httpx.AsyncClient, services: Services, postgres_server: PostgresServer
) -> None:
    desk = await open_desk(client, services, "canyon")
    for code in itertools.count():  # an account's part depends on its random id
        await business(await open_desk(client, services, f"other-{code}"))
        if await parts_with_orders(services) > 1:
            break
    postgres_server.execute("SELECT pg_stat_force_next_flush()", "sharded")
    assert await check(services.database, services.clock.now()) == []
    await flushed(services)
    before = [touched(postgres_server, what) for what in (READ, WRITTEN)]
    await business(desk)
    await flushed(services)
    read, written = [
        parts(earlier, touched(postgres_server, what)) for earlier, what in zip(before, (READ, WRITTEN), strict=True)
    ]
    assert {"cart", "departure", "orders", "order_line", "order_view", "ledger_entry", "hold"} <= set(written)
    assert set(written.values()) == {1}, written
    assert {table for table, count in read.items() if count > 1} <= LOOKED_UP_EVERYWHERE, read


async def parts_with_orders(services: Services) -> int:
    """Return how many parts of the table of orders have any."""
    sql = "SELECT count(DISTINCT tableoid) AS parts FROM orders"
    row = await services.database.read(lambda tx: tx.row(sql))
    assert row is not None
    return int(row["parts"])


async def flushed(services: Services) -> None:
    """Have PostgreSQL count what was done so far."""
    for _ in range(2):
        await services.database.read(lambda tx: tx.row("SELECT pg_stat_force_next_flush()"))
