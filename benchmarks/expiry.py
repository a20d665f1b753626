"""A hundred thousand holds that fall due in one second, while orders are being made."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import uvloop

from benchmarks import calls
from benchmarks.load import Connection, Script, Tally, drive
from benchmarks.order_path import workers_on
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Place, seatwright
from seatwright.core.clock import SystemClock
from seatwright.core.ids import new_uuid
from seatwright.storage.engine import Database, ReadTx, Tx
from seatwright.storage.open import open_database

DELAY_MS = 100.0
CLIENTS = 4
"""Few enough that orders don't queue behind each other before it begins."""
QUIET_S = 0.02
"""What a client waits between two orders, at least."""
CHUNK = 5_000
SWEEP_TIMEOUT_S = 300.0

_CART = """
INSERT INTO cart (account_id, id, owner_id, status, version, body, created_at, modified_at)
VALUES ($1, $2, $1, 'open', 1, $3, $4, $4)
"""
_HOLD = """
INSERT INTO hold (account_id, cart_id, departure_id, seats, expires_at, held_by, held_from)
VALUES ($1, $2, $3, 2, $4, $5, '127.0.0.1')
"""


def measure(ground: Ground, results: Results, *, holds: int, seconds: float) -> None:
    """Run the benchmark on every engine."""
    for engine in ground.engines:
        console.print(f"expiry, {engine}: {holds:,} holds")
        place = ground.place(engine)
        with seatwright(place, workers=workers_on(engine)) as running:
            before, during, swept_s = uvloop.run(_measured(place, running.port, running.token, holds, seconds))
        worst = max(calls.CALLS, key=lambda kind: during.p99_ms(kind) - before.p99_ms(kind))
        delay = during.p99_ms(worst) - before.p99_ms(worst)
        area = "expiry"
        results.figure(area, engine, f"delay at p99 ({worst})", delay, "ms", aim=DELAY_MS, kind="at most")
        whole = during.p99_ms("whole") - before.p99_ms("whole")
        results.figure(area, engine, "delay at p99 (all four calls)", whole, "ms", aim=DELAY_MS, kind="at most")
        results.figure(area, engine, "until the last seat is back", swept_s, "s")
        results.details[f"{area}, {engine}, ms"] = {
            kind: {
                name: {"p50": round(tally.p50_ms(kind), 1), "p99": round(tally.p99_ms(kind), 1)}
                for name, tally in (("before", before), ("during", during))
            }
            for kind in (*calls.CALLS, "whole")
        }


async def _measured(place: Place, port: int, token: str, holds: int, seconds: float) -> tuple[Tally, Tally, float]:
    """Return what orders took before the holds fell due and until they were swept up, and how long that was."""
    database = await open_database(place.settings())
    try:
        due = SystemClock().now() + 3_600_000
        await _hold(database, place, holds, due)
        script = unhurried(calls.orders(token, calls.choices(place.data, hot=False)))
        await drive(port, [script] * CLIENTS, min(2.0, seconds))
        before = await drive(port, [script] * CLIENTS, seconds)
        # Due now: the same as if the clock had come to that second.
        now = SystemClock().now()
        await database.write(lambda tx: tx.execute("UPDATE hold SET expires_at = $1 WHERE expires_at = $2", now, due))
        began = time.monotonic()
        during = Tally()
        while await database.read(lambda tx: _left(tx, now)):
            during.add(await drive(port, [script] * CLIENTS, 0.5))
            if time.monotonic() - began > SWEEP_TIMEOUT_S:
                break
        return before, during, time.monotonic() - began
    finally:
        await database.close()


def unhurried(script: Script) -> Script:
    """Return a script that takes the time of the whole of another one, and then waits a little."""

    async def run(connection: Connection) -> None:
        began = time.perf_counter()
        await script(connection)
        connection.tally.latencies["whole"].append(time.perf_counter() - began)
        await asyncio.sleep(QUIET_S)

    return run


async def _left(tx: ReadTx, now: int) -> bool:
    return await tx.row("SELECT 1 AS one FROM hold WHERE expires_at <= $1 LIMIT 1", now) is not None


async def _hold(database: Database, place: Place, count: int, due: int) -> None:
    """Write carts that hold two seats each, spread over all departures, straight to the tables."""
    data, now = place.data, SystemClock().now()
    departures = (*data.all_tier, *data.two_tiers)
    body = '{"created_by":"Dana Reyes","created_by_email":"dana@canyon.example"}'
    taken: dict[str, int] = dict.fromkeys(departures, 0)
    for first in range(0, count, CHUNK):
        held = [
            (new_uuid(), departures[number % len(departures)]) for number in range(first, min(first + CHUNK, count))
        ]
        for _, departure_id in held:
            taken[departure_id] += 2
        carts = [(data.account_id, cart_id, body, now) for cart_id, _ in held]
        rows = [(data.account_id, cart_id, departure_id, due, data.user_id) for cart_id, departure_id in held]
        await database.write(_inserting(carts, rows))
    seats = [(data.account_id, departure_id, many) for departure_id, many in taken.items()]
    update = "UPDATE departure SET taken = taken + $3 WHERE account_id = $1 AND id = $2"
    await database.write(lambda tx: tx.execute_many(update, seats))


def _inserting(carts: list[Any], holds: list[Any]) -> Any:
    async def run(tx: Tx) -> None:
        await tx.execute_many(_CART, carts)
        await tx.execute_many(_HOLD, holds)

    return run
