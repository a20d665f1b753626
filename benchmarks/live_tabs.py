"""What open pages of the desk cost those who book: `python -m benchmarks.live_tabs [--tabs 50] [--rounds 5]`.

Two users make about ten bookings a second in all: while nobody has the desk open, while that many browsers show the day
on which they book, and while nobody does once more (the null comparison: by how much two equal runs differ). Rounds are
interleaved. A tab behaves as `Live` in desk.js does: it has a stream, and fetches its page again when something has
changed, a moment later and not more often than once a second. The tabs run in a process of their own, and take
their share of this machine's cores, as real ones don't.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import httpx

from benchmarks import calls
from benchmarks.load import Connection, Script, Tally, run
from benchmarks.servers import Ground, Place, Running, seatwright
from seatwright.auth import service as auth
from seatwright.auth.passwords import hash_password
from seatwright.auth.service import NewUser
from seatwright.core.clock import SystemClock
from seatwright.core.times import to_local
from seatwright.inventory import store as inventory
from seatwright.storage.engine import Tx
from seatwright.storage.open import open_database

PASSWORD = "green-river-2026"
EMAIL = "desk@bench.example"
SPREAD_S, PAUSE_S = 0.3, 1.0
"""How long a tab waits at most before it fetches its page, and for how long it doesn't fetch it again; as `Live` in
desk.js does."""


async def _tab(client: httpx.AsyncClient, path: str, fetched: list[float]) -> None:
    """Behave as one open page."""
    seen, changed = None, asyncio.Event()

    async def fetch() -> None:
        while True:
            await changed.wait()
            await asyncio.sleep(random.uniform(0, SPREAD_S))
            changed.clear()
            began = time.perf_counter()
            answer = await client.get(path, headers={"HX-Request": "true", "Desk-Refresh": "1"})
            if answer.status_code != 200:
                changed.set()
            fetched.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE_S)

    fetching = asyncio.create_task(fetch())
    try:
        async with client.stream("GET", "/desk/changes", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    if seen is not None:
                        changed.set()
                    seen = line
    finally:
        fetching.cancel()


async def sign_in(client: httpx.AsyncClient) -> None:
    """Sign the user of `make_user` in; the client sends the session's cookie from then on."""
    page = await client.get("/desk/sign-in")
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page.text)[0]
    fields = {"csrf": csrf, "email": EMAIL, "password": PASSWORD}
    answer = await client.post("/desk/sign-in", data=fields, headers={"Cookie": _cookie(page)}, timeout=60)
    client.headers["Cookie"] = _cookie(answer)


async def _tabs(port: int, count: int, path: str) -> None:
    """Sign in, open the tabs, say so, and tell what they fetched when the input ends."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits) as client:
        await sign_in(client)
        shown = await client.get(path)
        assert shown.status_code == 200, shown.status_code
        fetched: list[float] = []
        async with asyncio.TaskGroup() as group:
            tabs = [group.create_task(_tab(client, path, fetched)) for _ in range(count)]
            await asyncio.sleep(2)
            print("open", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            print(f"{len(fetched)} {median(fetched) * 1000 if fetched else 0:.0f}", flush=True)
            for tab in tabs:
                tab.cancel()


def _cookie(answer: httpx.Response) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


@contextmanager
def _open_tabs(port: int, count: int, path: str, seen: list[tuple[int, int]]) -> Iterator[None]:
    """Keep tabs open meanwhile; `seen` gets how often they fetched, and the median of how long that took, in ms."""
    if not count:
        yield
        return
    # Real tabs are on other machines: these take what nobody else wants of this one.
    command = ["nice", "-n", "19", sys.executable, "-m", "benchmarks.live_tabs", "--play", str(port), str(count), path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield
        process.stdin.write("\n")
        process.stdin.flush()
        fetched, took = process.stdout.readline().split()
        seen.append((int(fetched), int(took)))


def _paced(script: Script, pause_s: float) -> Script:
    async def paced(connection: Connection) -> None:
        await script(connection)
        await asyncio.sleep(pause_s)

    return paced


def _book(running: Running, place: Place, seconds: float) -> Tally:
    script = calls.orders(running.token, [(place.data.two_tiers[0], calls.TWO_TIERS)])
    return run(running.port, [_paced(script, 0.17)] * 2, seconds)


async def make_user(place: Place) -> str:
    """Make a user for the desk; return the day on which `_book` books."""
    database = await open_database(place.settings())
    now = SystemClock().now()
    new = NewUser(email=EMAIL, name="Sam", role="owner", password_hash=await hash_password(PASSWORD))

    async def work(tx: Tx) -> str:
        await auth.create_user(tx, now, auth.SYSTEM, place.data.account_id, new)
        departure = await inventory.find(tx, place.data.account_id, place.data.two_tiers[0], now)
        assert departure is not None
        assert departure.start_at is not None
        return str(to_local(departure.start_at, departure.time_zone).date())

    try:
        return await database.write(work)
    finally:
        await database.close()


def measure(ground: Ground, engine: str, *, tabs: int, rounds: int, seconds: float) -> None:
    """Print what the tabs cost on an engine."""
    place = ground.place(engine)
    path = f"/desk/day/{asyncio.run(make_user(place))}"
    found: dict[str, list[Tally]] = {"none": [], "tabs": [], "none again": []}
    spent: dict[str, list[float]] = {name: [] for name in found}
    seen: list[tuple[int, int]] = []
    with seatwright(place, workers=1) as running:
        _book(running, place, 2)
        for _ in range(rounds):
            for name, tallies in found.items():
                with _open_tabs(running.port, tabs if name == "tabs" else 0, path, seen):
                    before = running.cpu_s()
                    tallies.append(_book(running, place, seconds))
                    spent[name].append((running.cpu_s() - before) / seconds)
    print(f"{engine}, {tabs} tabs, {rounds} rounds of {seconds:.0f} s:")
    for name, tallies in found.items():
        each = [[tally.p50_ms(kind) for kind in calls.CALLS] for tally in tallies]
        last = [max(tally.p99_ms(kind) for kind in calls.CALLS) for tally in tallies]
        print(
            f"  {name:<11} {median(tally.rate for tally in tallies):5.1f} bookings/s, four requests p50 "
            f"{median(sum(times) for times in each):5.1f} ms, slowest request's p99 {median(last):6.1f} ms "
            f"({min(last):.1f} to {max(last):.1f}), server {median(spent[name]):.2f} cores"
        )
    fetches = median(count for count, _ in seen) / seconds
    print(f"  pages fetched by the tabs: {fetches:.0f} a second, {median(took for _, took in seen)} ms each")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tabs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--engines", default="sqlite,postgres")
    parser.add_argument("--play", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.play:
        port, count, path = arguments.play
        asyncio.run(_tabs(int(port), int(count), path))
        return
    with Ground(tuple(arguments.engines.split(","))) as ground:
        for engine in ground.engines:
            measure(ground, engine, tabs=arguments.tabs, rounds=arguments.rounds, seconds=arguments.seconds)


if __name__ == "__main__":
    main()
