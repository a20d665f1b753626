"""Texts have one order, that of their bytes, on both databases and under any collation.

The tests' PostgreSQL database is one of ICU's en-US, where `a.tax` is before `B_tax`, and that before `b-tax`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from seatwright.auth.store import accounts
from seatwright.core.config import Settings
from seatwright.reports.sheets import Sheet, as_csv
from seatwright.storage.engine import Database
from tests.conftest import NewAccount
from tests.desk import Desk
from tests.postgres import PostgresServer

SOURCES = Path(__file__).parents[2] / "src" / "seatwright"
CODES = ["b-tax", "B_tax", "a.tax", "A-tax", "a-tax", "B", "b.a", "Z", "a1", "a10", "a2"]


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
def test_the_tests_database_has_another_order(settings: Settings, postgres_server: PostgresServer) -> None:
    """A control: without it the other tests show nothing."""
    values = ", ".join(f"('{code}')" for code in CODES)
    name = settings.database_url.rpartition("/")[2].partition("?")[0]
    found = postgres_server.execute(f"SELECT code FROM (VALUES {values}) v(code) ORDER BY code", name).split()
    assert sorted(found) == sorted(CODES)
    assert found != sorted(CODES)


async def test_charges_and_entries_are_in_the_order_of_their_codes(desk: Desk, rafting: str) -> None:
    for code in CODES:
        form = {"code": code, "name": code, "kind": "fee", "amount": 1}
        await desk.data("POST", "/api/v1/charges", json=form)
    listed = [each["code"] for each in await desk.data("GET", "/api/v1/charges?limit=100")]
    assert listed == sorted(listed)
    cart = await desk.data("GET", f"/cart/{await desk.cart((rafting, {'Adult': 1}))}")
    order = await desk.order((rafting, {"Adult": 1}))
    for shown in (cart, order):
        names = [each["name"] for each in shown["items"][0]["participantList"][0]["charges"]]
        assert [name for name in names if name in CODES] == sorted(CODES)


async def test_accounts_are_in_the_order_of_their_codes(database: Database, new_account: NewAccount) -> None:
    for code in ("b-x", "b1", "a-x", "ab", "a1", "a"):
        await new_account(code)
    codes = [account.code for account in await database.read(accounts)]
    assert codes == sorted(codes)


_TEXT = re.compile(r"^    (\w+) TEXT", re.MULTILINE)
_ORDER = re.compile(r"ORDER BY (.*?)(?:\bLIMIT\b|\bFOR\b|\bOFFSET\b|\)\s*$|\)\n|\"\"\"|$)", re.DOTALL | re.MULTILINE)
BYTEWISE = 'COLLATE "C"'


def texts() -> set[str]:
    """Return the columns that are texts, but for ids: these are of lower case digits, which have one order."""
    schema = "".join(path.read_text() for path in sorted((SOURCES / "storage" / "migrations").glob("*.sql")))
    return {name for name in _TEXT.findall(schema) if name != "id" and not name.endswith("_id")}


def orderings() -> Iterator[tuple[str, str]]:
    """Yield every text column that a statement of the program orders by, with what follows it."""
    columns = texts()
    for path in sorted(SOURCES.rglob("*.py")):
        for clause in _ORDER.findall(path.read_text()):
            for part in clause.split(","):
                column, _, rest = part.strip().partition(" ")
                if column.rpartition(".")[2] in columns:
                    yield f"{path.name}: {column}", rest


def test_every_statement_that_orders_texts_says_how() -> None:
    found = list(orderings())
    assert len(found) >= 5
    assert [where for where, rest in found if not rest.startswith(BYTEWISE)] == []


async def test_guests_of_one_order_are_in_its_order(desk: Desk, rafting: str) -> None:
    """Their ids are random, so that many of them are hardly ever in order by chance."""
    order = await desk.order((rafting, {"Adult": 9}))
    sold = [each["id"] for each in order["items"][0]["participantList"]]
    manifest = await desk.data("GET", f"/api/v1/departures/{rafting}/manifest")
    assert [each["id"] for each in manifest["guests"]] == sold != sorted(sold)


def test_a_time_in_a_table_has_the_same_shape_whatever_it_is() -> None:
    zone = ZoneInfo("America/Denver")
    times = [datetime(2026, 7, 14, 9, 0, 0, ms * 1000, zone) for ms in (0, 1, 195, 999)]
    table = as_csv(Sheet("Times", ["Time"], [[time] for time in times])).decode().split()
    assert table[1:] == [f'"2026-07-14T09:00:00.{ms:03d}-06:00"' for ms in (0, 1, 195, 999)]
