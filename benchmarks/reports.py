"""Every report on a million orders: how long it takes, and what becomes of bookings while it is made again and again.

One order in ten was sold by a reseller. Orders are three years old at most, so a year's reports are about a third of
them. Bookings are made by a few clients that don't hurry, so that what they wait for is the report and not each other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import uvloop

from benchmarks import bulk, calls
from benchmarks.calls import API
from benchmarks.expiry import CLIENTS, unhurried
from benchmarks.load import Connection, Script, Tally, drive, once, request
from benchmarks.order_path import workers_on
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Place, Running, seatwright
from seatwright.auth import service as auth
from seatwright.auth.secrets import Keyring
from seatwright.core.clock import SystemClock
from seatwright.resellers import service as resellers
from seatwright.resellers.model import Rate, Terms
from seatwright.storage.engine import Database, Tx
from seatwright.storage.open import open_database

DELAY_MS = 100.0
TIMES = 3
REPORTS = "/api/v1/reports"

_RESOLD = (
    "UPDATE orders SET owner_id = $2, channel = 'Agents' WHERE account_id = $1 AND confirmation % 10 = 0",
    """
    INSERT INTO ledger_entry (account_id, order_id, transaction_no, entry_no, ledger, departure_id, name, amount,
        kind, created_at)
    SELECT o.account_id, o.id, 3, k.entry_no, k.ledger, (SELECT l.departure_id FROM order_line l
        WHERE l.account_id = o.account_id AND l.order_id = o.id ORDER BY l.id LIMIT 1),
        'Commission', k.side * (o.total / 10), 'sale', o.created_at
    FROM orders o, (SELECT 1 AS entry_no, 'commissions' AS ledger, 1 AS side
        UNION ALL SELECT 2, 'reseller_payable', -1) k
    WHERE o.account_id = $1 AND o.owner_id = $2
    """,
    """
    INSERT INTO order_view (account_id, seq, supplier_id, order_id, confirmation, created_at, modified_at)
    SELECT $2, ROW_NUMBER() OVER (ORDER BY o.confirmation), o.account_id, o.id, o.confirmation, o.created_at,
        o.modified_at
    FROM orders o WHERE o.account_id = $1 AND o.owner_id = $2
    """,
    """
    UPDATE account_counter SET orders = (SELECT COUNT(*) FROM orders o WHERE o.account_id = $1 AND o.owner_id = $2)
    WHERE account_id = $2
    """,
)


def measure(ground: Ground, results: Results, *, orders: int, seconds: float) -> None:
    """Run the benchmark on every engine."""
    for engine in ground.engines:
        console.print(f"reports, {engine}: {orders:,} orders")
        place = ground.place(engine, departures=max(10, orders // 10))
        bulk.load(place, orders)
        asyncio.run(_resell(place))
        with seatwright(place, workers=workers_on(engine)) as running:
            _measured(engine, results, place, running, seconds)


async def _resell(place: Place) -> None:
    """Let a reseller on commission have sold one order in ten."""
    database: Database = await open_database(place.settings())
    now, supplier = SystemClock().now(), place.data.account_id

    async def run(tx: Tx) -> None:
        reseller, _ = await auth.create_account(
            tx,
            Keyring.from_secret("x" * 32),
            now,
            code="agents",
            name="Agents",
            email="desk@agents.example",
            currency="USD",
            time_zone="America/Denver",
        )
        terms = Terms(rate=Rate(amount=100_000), billing_cycle="weekly")
        await resellers.connect(tx, now, auth.SYSTEM, supplier, reseller.id, terms)
        for sql in _RESOLD:
            await tx.execute(sql, supplier, reseller.id)

    try:
        await database.write(run, patient=True)
        if database.engine == "postgres":
            for table in ("orders", "ledger_entry", "order_view"):
                await database.write(lambda tx, table=table: tx.execute(f"ANALYZE {table}"))  # type: ignore[misc]
    finally:
        await database.close()


def requests(place: Place, token: str) -> Mapping[str, bytes]:
    """Return a request for each report, by its label."""
    today = datetime.now(UTC).date() - timedelta(days=1)
    year, month = (f"from={today - timedelta(days=days)}&to={today}" for days in (365, 30))
    paths = {
        "accrual, a year": f"{API}/report/accrual/transactionDate?{year}",
        "accrual, a month": f"{API}/report/accrual/transactionDate?{month}",
        "orders by transaction date, a month, rows of 50": f"{API}/report/order/transactionDate?{month}&limit=50",
        "transactions, a month, first 50": f"{REPORTS}/transactions?{month}",
        "transactions, a year, page 300 of 1,000": (f"{REPORTS}/transactions?{year}&limit=1000&page=300"),
        "transactions, a product's of a day": (
            f"{REPORTS}/transactions?productNumbers=4101&fromProductStartDate={place.data.month}-01"
            f"&toProductStartDate={place.data.month}-01"
        ),
        "transactions, 5,000 as xlsx": (f"{REPORTS}/transactions?{year}&limit=5000&format=xlsx"),
        "sales by product, a year": f"{REPORTS}/sales?by=product&{year}",
        "sales by channel, a year": f"{REPORTS}/sales?by=channel&{year}",
        "sales by day, a year": f"{REPORTS}/sales?by=day&{year}",
        "payables, a year": f"{REPORTS}/payables?{year}",
        "mailing list, newest 50": f"{REPORTS}/mailing-list",
        "mailing list, 100,000 as csv": f"{REPORTS}/mailing-list?limit=100000&format=csv",
        "mailing list, 100,000 as xlsx": f"{REPORTS}/mailing-list?limit=100000&format=xlsx",
        "manifest": f"/api/v1/departures/{place.data.all_tier[0]}/manifest",
    }
    return {label: request("GET", path, token=token) for label, path in paths.items()}


def _measured(engine: str, results: Results, place: Place, running: Running, seconds: float) -> None:
    booking = unhurried(calls.orders(running.token, calls.choices(place.data, hot=False)))
    uvloop.run(drive(running.port, [booking] * CLIENTS, min(2.0, seconds)))
    details = {}
    for label, data in requests(place, running.token).items():
        took = sorted(_timed(running.port, data) for _ in range(TIMES))[TIMES // 2]
        alone: Tally = uvloop.run(drive(running.port, [booking] * CLIENTS, seconds))
        during: Tally = uvloop.run(drive(running.port, [booking] * CLIENTS + [_again(data)], seconds))
        delay = during.p99_ms("whole") - alone.p99_ms("whole")
        results.figure("reports", engine, label, took, "ms")
        results.figure(
            "reports", engine, f"delay of bookings at p99: {label}", delay, "ms", aim=DELAY_MS, kind="at most"
        )
        details[label] = {
            "ms": round(took, 1),
            **{
                f"bookings {name}, p{percent}": round(
                    tally.p50_ms("whole") if percent == 50 else tally.p99_ms("whole"), 1
                )
                for name, tally in (("alone", alone), ("meanwhile", during))
                for percent in (50, 99)
            },
            "made meanwhile": len(during.latencies["report"]),
        }
        console.print(f"  {label}: {details[label]}")
    results.details[f"reports, {engine}"] = details


def _timed(port: int, data: bytes) -> float:
    began = time.perf_counter()
    once(port, data)
    return (time.perf_counter() - began) * 1000


def _again(data: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.call("report", data)

    return script
