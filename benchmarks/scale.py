"""A million orders: every documented filter of the list, first and deepest page.

Each is timed on one connection, in turn with the first page of an empty filter, and in turn with the same on a
database that holds 10,000 orders.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

import uvloop

from benchmarks import bulk
from benchmarks.calls import API
from benchmarks.load import Connection, Tally, drive, once, request
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Place, Running, seatwright
from seatwright.core.clock import SystemClock
from seatwright.invariants.checks import check
from seatwright.storage.engine import ReadTx
from seatwright.storage.open import open_database

WITHIN = 2.0
PAGE = 50
MANY = 1_000
"""Ids in one `ids` parameter at most."""
SMALL = 10_000


@dataclass(frozen=True)
class Size:
    """How much is loaded, and how often each request is repeated in a round."""

    orders: int
    departures: int
    rounds: int
    repeats: int


@dataclass(frozen=True)
class Loaded:
    """A loaded database with its server, and the requests by label."""

    running: Running
    requests: dict[str, bytes]


def measure(ground: Ground, results: Results, size: Size) -> None:
    """Run the benchmark on every engine."""
    for engine in ground.engines:
        console.print(f"scale, {engine}")
        few = _loaded(ground, results, engine, SMALL, max(10, size.departures * SMALL // size.orders))
        many = _loaded(ground, results, engine, size.orders, size.departures)
        with seatwright(few, workers=1) as small, seatwright(many, workers=1) as large:
            loaded = [
                Loaded(running, asyncio.run(_requests(place, running.token)))
                for place, running in ((few, small), (many, large))
            ]
            _rounds(engine, results, size, *loaded)


def _loaded(ground: Ground, results: Results, engine: str, orders: int, departures: int) -> Place:
    began = time.monotonic()
    place = ground.place(engine, departures=departures)
    bulk.load(place, orders)

    async def doctor() -> list[Any]:
        database = await open_database(place.settings())
        try:
            return list(await check(database, SystemClock().now()))
        finally:
            await database.close()

    loaded, found = time.monotonic() - began, asyncio.run(doctor())
    results.note(
        f"Scale, {engine}: {orders:,} orders on {departures:,} departures loaded in {loaded:.0f} s, "
        f"checked in {time.monotonic() - began - loaded:.0f} s: "
        + (f"BROKEN: {found[:3]}" if found else "all invariants hold.")
    )
    return place


async def _requests(place: Place, token: str) -> dict[str, bytes]:
    """Return a request for the first and the deepest page of every filter, in both orders."""
    day = datetime.now(UTC).date()
    oldest, middle = day - timedelta(days=3 * 365 - 1), day - timedelta(days=500)
    month = f"{middle:%Y-%m-%d}", f"{middle + timedelta(days=30):%Y-%m-%d}"
    database = await open_database(place.settings())
    try:
        account = place.data.account_id
        some = await database.read(lambda tx: _sample(tx, account))
        filters = {
            "no filter": ("", "1 = 1"),
            "created from, all": (f"&fromCreatedDate={oldest}", _since("created_at", f"{oldest}")),
            "created in a month": (
                f"&fromCreatedDate={month[0]}&toCreatedDate={month[1]}",
                _since("created_at", *month),
            ),
            "modified from, all": (f"&fromModifiedDate={oldest}", _since("modified_at", f"{oldest}")),
            "modified in a month": (
                f"&fromModifiedDate={month[0]}&toModifiedDate={month[1]}",
                _since("modified_at", *month),
            ),
            "created and modified in a month": (
                f"&fromCreatedDate={month[0]}&toCreatedDate={month[1]}"
                f"&fromModifiedDate={month[0]}&toModifiedDate={month[1]}",
                f"{_since('created_at', *month)} AND {_since('modified_at', *month)}",
            ),
        }
        requests = {}
        for label, (query, where) in filters.items():
            count = await database.read(partial(_count, account=account, where=where))
            for order in ("asc", "desc"):
                pages = {"first": 0, "deepest": max(0, (count - 1) // PAGE)}
                for depth, page in pages.items():
                    requests[f"{label}, {order}, {depth}"] = _list(token, f"page={page}&sortOrder={order}{query}")
        for name, values in (("ids", some["order_id"]), ("confirmationIds", some["confirmation"])):
            requests[f"50 {name}"] = _list(token, f"{name}={','.join(values[:PAGE])}")
            requests[f"1,000 {name}, deepest"] = _list(token, f"page={MANY // PAGE - 1}&{name}={','.join(values)}")
        requests["referenceId"] = _list(token, "referenceId=ota5000")
        month_ahead = place.data.month
        requests["departures of a month"] = request(
            "GET", f"{API}/product/4101/item?from={month_ahead}&to={month_ahead}", token=token
        )
        requests["order by id"] = request("GET", f"{API}/order/{some['order_id'][0]}", token=token)
        requests["order by confirmation"] = request("GET", f"{API}/order/{some['confirmation'][0]}", token=token)
        return requests
    finally:
        await database.close()


def _list(token: str, query: str) -> bytes:
    return request("GET", f"{API}/order?limit={PAGE}&{query}", token=token)


def _since(column: str, first: str, last: str | None = None) -> str:
    start = int(datetime.fromisoformat(first).replace(tzinfo=UTC).timestamp() * 1000)
    condition = f"{column} >= {start}"
    if last is not None:
        end = datetime.fromisoformat(last).replace(tzinfo=UTC) + timedelta(days=1)
        condition += f" AND {column} < {int(end.timestamp() * 1000)}"
    return condition


async def _count(tx: ReadTx, *, account: str, where: str) -> int:
    row = await tx.row(f"SELECT COUNT(*) AS many FROM order_view WHERE account_id = $1 AND {where}", account)
    assert row is not None
    return int(row["many"])


async def _sample(tx: ReadTx, account: str) -> dict[str, list[str]]:
    total = await _count(tx, account=account, where="1 = 1")
    seqs = list(range(3, total, max(1, total // MANY)))[:MANY]
    rows = await tx.rows(
        "SELECT order_id, confirmation FROM order_view WHERE account_id = $1 AND seq = ANY($2)", account, seqs
    )
    return {name: [str(row[name]) for row in rows] for name in ("order_id", "confirmation")}


def _rounds(engine: str, results: Results, size: Size, few: Loaded, many: Loaded) -> None:
    base = "no filter, asc, first"
    times: dict[str, dict[str, list[float]]] = {"few": {}, "many": {}}
    to_first: dict[str, list[tuple[float, float]]] = {}
    to_few: dict[str, list[tuple[float, float]]] = {}
    for loaded in (few, many):
        for data in loaded.requests.values():
            once(loaded.running.port, data)
    for _ in range(size.rounds):
        for label in many.requests:
            first, ours, theirs = (
                _p50_ms(loaded.running.port, loaded.requests[which], size.repeats)
                for loaded, which in ((many, base), (many, label), (few, label))
            )
            to_first.setdefault(label, []).append((ours, first))
            to_few.setdefault(label, []).append((ours, theirs))
            times["many"].setdefault(label, []).append(ours)
            times["few"].setdefault(label, []).append(theirs)
    results.details[f"scale, {engine}, p50 in ms at {SMALL:,} and {size.orders:,}"] = {
        label: [round(median(times["few"][label]), 2), round(median(times["many"][label]), 2)] for label in to_first
    }
    for beside, pairs in (("first page of an empty filter", to_first), (f"the same at {SMALL:,}", to_few)):
        ratios = {label: median(a / b for a, b in each) for label, each in pairs.items()}
        if beside.startswith("first"):
            ratios.pop("departures of a month", None)
        worst = max(ratios, key=lambda label: ratios[label])
        missed = [label for label in ratios if ratios[label] > WITHIN]
        for label in sorted({worst, *missed}, key=lambda label: -ratios[label]):
            results.compare("scale", engine, f"{label} (p50)", pairs[label], "ms", beside, aim=WITHIN, kind="at most")
        results.note(f"Scale, {engine}: {len(ratios) - len(missed)} of {len(ratios)} requests within 2x of {beside}.")


def _p50_ms(port: int, data: bytes, repeats: int) -> float:
    async def script(connection: Connection) -> None:
        await connection.call("read", data)

    tally: Tally = uvloop.run(drive(port, [script], 30.0, times=repeats))
    return tally.p50_ms("read")
