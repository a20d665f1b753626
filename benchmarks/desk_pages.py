"""What the desk's pages cost on a full day: `python -m benchmarks.desk_pages [--departures 60] [--orders 480]`.

The orders are booked over HTTP, spread over the departures of one day. Each page is fetched one after the other over
one connection; what is printed is the time until the answer is there, and the server's processor time for it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Sequence
from statistics import median, quantiles
from time import perf_counter

import httpx

from benchmarks import calls
from benchmarks.dataset import CAPACITY, HOUR_MS, INSERT_DEPARTURE, KAYAK, ZONE
from benchmarks.live_tabs import make_user, sign_in
from benchmarks.load import run
from benchmarks.servers import Ground, Place, Running, seatwright
from seatwright.core.clock import DAY_MS, SystemClock
from seatwright.core.ids import new_hex24
from seatwright.core.times import to_local
from seatwright.storage.open import open_database

AIM_MS = 150.0
"""For the day with 60 departures, on the server."""


async def _fill_day(place: Place, count: int) -> tuple[str, list[str]]:
    """Make departures on a day of their own; return the day and their ids."""
    start = (SystemClock().now() // DAY_MS + 30) * DAY_MS + 14 * HOUR_MS  # morning in Denver
    ids = [new_hex24() for _ in range(count)]
    day = str(to_local(start, ZONE).date())
    rows = []
    for number, each in enumerate(ids):
        at = start + number * HOUR_MS // 6
        rows.append((place.data.account_id, each, KAYAK.id, at, at + HOUR_MS, ZONE, day, CAPACITY, 0))
    database = await open_database(place.settings())
    try:
        await database.write(lambda tx: tx.execute_many(INSERT_DEPARTURE, rows))
    finally:
        await database.close()
    return day, ids


def _fetch(running: Running, paths: Sequence[str], times: int) -> None:
    async def work() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.port}", timeout=60) as client:
            await sign_in(client)
            for path in paths:
                for _ in range(3):
                    assert (await client.get(path)).status_code == 200, path
                before, took = running.cpu_s(), []
                for _ in range(times):
                    began = perf_counter()
                    answer = await client.get(path)
                    took.append((perf_counter() - began) * 1000)
                spent = (running.cpu_s() - before) / times * 1000
                shown = path.partition("?")[0] + ("?…" if "?" in path else "")
                print(
                    f"  {shown:<44} p50 {median(took):6.1f} ms, p95 {quantiles(took, n=20)[18]:6.1f} ms, "
                    f"server {spent:6.1f} ms of a core, {len(answer.content) / 1000:.0f} KB"
                )

    asyncio.run(work())


def measure(ground: Ground, engine: str, *, departures: int, orders: int, times: int) -> None:
    """Print what the pages cost on an engine."""
    place = ground.place(engine)
    day, ids = asyncio.run(_fill_day(place, departures))
    asyncio.run(make_user(place))
    made: list[str] = []
    with seatwright(place, workers=1) as running:
        script = calls.orders(running.token, [(each, calls.ALL_TIER) for each in ids], made)
        run(running.port, [script] * 4, 300, times=orders)
        print(f"{engine}, a day of {departures} departures with {len(made)} orders (aim for the day: {AIM_MS:.0f} ms)")
        most = random.choice(ids)
        pages = (
            f"/desk/day/{day}",
            f"/desk/day/{day}?departure={most}",
            f"/desk/calendar?view=week&day={day}",
            f"/desk/calendar?day={day}",
            f"/desk/departures/{most}",
            "/desk/orders",
            "/desk/orders?q=lee",
            "/desk/orders/100001",
            f"/desk/new?day={day}",
        )
        _fetch(running, pages, times)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--departures", type=int, default=60)
    parser.add_argument("--orders", type=int, default=480)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--engines", default="sqlite,postgres")
    arguments = parser.parse_args()
    with Ground(tuple(arguments.engines.split(","))) as ground:
        for engine in ground.engines:
            measure(ground, engine, departures=arguments.departures, orders=arguments.orders, times=arguments.times)


if __name__ == "__main__":
    main()
