"""Reads over HTTP, beside the same bytes from a bare handler in the same kind of server process."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import bare, calls
from benchmarks.calls import API
from benchmarks.load import LoadError, Tally, once, request, run
from benchmarks.order_path import OF_PEER, Size, workers_on
from benchmarks.peer_pretix import Peer
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Place, Running, free_port, seatwright, start

OF_BARE = 0.5
ORDERS = 500
LABELS = {
    "id": "order by id",
    "confirmation": "order by confirmation",
    "list": "list of 50",
    "month": "departures of a month",
}


def measure(ground: Ground, results: Results, size: Size, peer: Peer | None) -> None:
    """Run the benchmark on every engine: one worker on both sides; as many as the orders have against the peer."""
    for engine in ground.engines:
        console.print(f"reads, {engine}")
        place = ground.place(engine)
        with ExitStack() as stack:
            running = stack.enter_context(seatwright(place, workers=1))
            requests = _requests(place, running)
            beside = stack.enter_context(_bare(place.folder, requests, running))
            _rounds(engine, results, size, requests, (running, beside))
        if peer is not None:
            with seatwright(place, workers=workers_on(engine)) as running:
                _against(engine, results, size, requests, running, peer)


def _requests(place: Place, running: Running) -> dict[str, list[bytes]]:
    """Make orders to be read, and return the requests of each kind; a kind that isn't there yet is left out."""
    made: list[str] = []
    script = calls.orders(running.token, calls.choices(place.data, hot=False), made)
    run(running.port, [script] * 8, 600.0, times=ORDERS)

    def get(path: str) -> bytes:
        return request("GET", API + path, token=running.token)

    listed = once(running.port, get(f"/order?limit={ORDERS}"))
    numbers = [match.decode() for match in re.findall(rb'"confirmation":(\d+)', listed)]
    random.Random(1).shuffle(numbers)
    found = {
        "id": [get(f"/order/{order_id}") for order_id in made],
        "confirmation": [get(f"/order/{number}") for number in numbers],
        "list": [get(f"/order?limit=50&page={page}") for page in range(ORDERS // 50)],
        "month": [get(f"/product/4101/item?from={place.data.month}&to={place.data.month}")],
    }
    for kind, requests in list(found.items()):
        try:
            once(running.port, requests[0])
        except LoadError:
            console.print(f"  {LABELS[kind]}: not served yet, left out")
            del found[kind]
    return found


@contextmanager
def _bare(folder: Path, requests: dict[str, list[bytes]], running: Running) -> Iterator[Running]:
    for kind in bare.KINDS:
        content = once(running.port, requests[kind][0]) if kind in requests else b"{}"
        (folder / kind).write_bytes(content)
    port = free_port()
    program = (
        f"import uvicorn; uvicorn.run('benchmarks.bare:create', factory=True, port={port}, loop='uvloop',"
        " http='httptools', ws='none', access_log=False, server_header=False, log_config=None)"
    )
    beside = start([sys.executable, "-c", program], {"BENCH_BYTES": str(folder)}, port, folder / "bare.log")
    try:
        beside.wait("/public/api/order")
        yield beside
    finally:
        beside.stop()


def _rounds(
    engine: str,
    results: Results,
    size: Size,
    requests: dict[str, list[bytes]],
    servers: tuple[Running, Running],
) -> None:
    rates: dict[str, list[tuple[float, float]]] = {kind: [] for kind in requests}
    tallies = {kind: Tally() for kind in requests}
    seconds = size.seconds / 2
    for number in range(size.rounds):
        for kind, each in requests.items():
            script = calls.reads(kind, each)
            ours, beside = (run(server.port, [script] * size.clients, seconds) for server in servers)
            rates[kind].append((ours.rate, beside.rate))
            tallies[kind].add(ours)
        shown = ", ".join(f"{LABELS[kind]} {pairs[-1][0]:,.0f} of {pairs[-1][1]:,.0f}" for kind, pairs in rates.items())
        console.print(f"  round {number + 1}, requests/s: {shown}")
    for kind, pairs in rates.items():
        results.compare("reads", engine, LABELS[kind], pairs, "/s", "bare handler, same bytes", aim=OF_BARE)
    results.details[f"reads, {engine}, ms"] = {
        kind: {"p50": round(tally.p50_ms(kind), 2), "p99": round(tally.p99_ms(kind), 2)}
        for kind, tally in tallies.items()
    }


def _against(
    engine: str, results: Results, size: Size, requests: dict[str, list[bytes]], running: Running, peer: Peer
) -> None:
    """Compare with the peer, both with the workers that orders are measured with."""
    against: dict[str, list[tuple[float, float]]] = {"id": [], "list": []}
    for _ in range(size.rounds):
        for kind, theirs in (("id", peer.reads), ("list", peer.lists)):
            ours = run(running.port, [calls.reads(kind, requests[kind])] * size.clients, size.seconds / 2)
            against[kind].append((ours.rate, theirs().rate))
    for kind, pairs in against.items():
        results.compare("reads", engine, LABELS[kind], pairs, "/s", peer.name, aim=OF_PEER)
