"""Orders and cancellations over HTTP, beside the same SQL without HTTP and beside a peer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks import calls, recording, replay
from benchmarks.load import Tally, run
from benchmarks.peer_pretix import Peer
from benchmarks.recording import Trace
from benchmarks.results import Results, console
from benchmarks.servers import Ground, Running, seatwright
from seatwright.storage.open import open_database

OF_LIMIT, OF_SPREAD, OF_PEER = 0.6, 0.6, 50.0
"""The aims: of the database's own rate, hot of spread, times the peer."""
RECORDED = 12
"""Orders recorded of each product; copies of them are replayed."""
CONNECTIONS = 10
"""PostgreSQL connections of one worker: the setting's default."""


_REPLAYED = """
SELECT COUNT(*) AS many, COALESCE(SUM(CASE WHEN status = 'cancelled' THEN 1 ELSE 0 END), 0) AS gone FROM orders
"""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    clients: int
    replayed: int
    """Orders in one replay."""


@dataclass
class _Rounds:
    """What the rounds of one scenario gave, in orders (or cancellations) a second."""

    http: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def workers_on(engine: str) -> int:
    """Return how many workers are measured: two, as the peer has; SQLite has one writer, so one."""
    return 2 if engine == "postgres" else 1


class OrderPath:
    """One server with what is replayed beside it."""

    def __init__(self, ground: Ground, engine: str, size: Size) -> None:
        self.engine = engine
        self.size = size
        self.place = ground.place(engine)
        self.limit = ground.place(engine)
        self.traces = {hot: iter(self._traces(hot=hot)) for hot in (False, True)}
        self.made: dict[bool, list[str]] = {False: [], True: []}
        self.replayed: list[Trace] = []

    def _traces(self, *, hot: bool) -> list[Trace]:
        chosen = calls.choices(self.limit.data, hot=hot)
        sample = [chosen[0], chosen[-1]] * RECORDED
        recorded = asyncio.run(recording.record(self.limit, sample))
        count = self.size.rounds * self.size.replayed
        return recording.copies(recorded, self.limit.data, count, hot=hot)

    def http(self, running: Running, *, hot: bool) -> Tally:
        """Make orders over HTTP for one round."""
        script = calls.orders(running.token, calls.choices(self.place.data, hot=hot), self.made[hot])
        return run(running.port, [script] * self.size.clients, self.size.seconds)

    def cancel(self, running: Running) -> Tally:
        """Cancel orders of the spread case over HTTP."""
        script = calls.cancellations(running.token, self.made[False])
        count = len(self.made[False])
        return run(running.port, [script] * self.size.clients, self.size.seconds, times=count)

    def straight(self, *, hot: bool) -> float:
        """Replay orders straight on the database for one round."""
        traces = [next(self.traces[hot]) for _ in range(self.size.replayed)]
        if not hot:
            self.replayed = traces
        return replay.rate(self.limit, traces, clients=self._clients())

    def straight_cancel(self) -> float:
        """Replay the cancellation of what `straight()` made last."""
        return replay.rate(self.limit, self.replayed, clients=self._clients(), cancel=True)

    def check_replayed(self, rounds: int) -> None:
        """Raise `RuntimeError` unless every replayed order and cancellation is there: guards can refuse in silence."""

        async def count() -> tuple[int, int]:
            database = await open_database(self.limit.settings())
            try:
                row = await database.read(lambda tx: tx.row(_REPLAYED))
            finally:
                await database.close()
            assert row is not None
            return row["many"], row["gone"]

        recorded = 2 * (2 * RECORDED + 1)
        many, gone = recorded + 2 * rounds * self.size.replayed, recorded + rounds * self.size.replayed
        found = asyncio.run(count())
        if found != (many, gone):
            raise RuntimeError(f"The replay left {found} orders and cancellations instead of {(many, gone)}.")

    def _clients(self) -> int:
        return CONNECTIONS * workers_on(self.engine) if self.engine == "postgres" else self.size.clients


def measure(ground: Ground, results: Results, size: Size, peer: Peer | None) -> None:
    """Run the benchmark on every engine."""
    for engine in ground.engines:
        with _prepared(ground, engine, size) as (path, running):
            _rounds(path, running, results, peer)


@contextmanager
def _prepared(ground: Ground, engine: str, size: Size) -> Iterator[tuple[OrderPath, Running]]:
    console.print(f"order path, {engine}: recording what the database is told")
    path = OrderPath(ground, engine, size)
    with seatwright(path.place, workers=workers_on(engine)) as running:
        warm = calls.orders(running.token, calls.choices(path.place.data, hot=False))
        run(running.port, [warm] * size.clients, min(1.0, size.seconds))
        yield path, running


def _rounds(path: OrderPath, running: Running, results: Results, peer: Peer | None) -> None:
    spread, hot, cancelled = _Rounds(), _Rounds(), _Rounds()
    peer_orders: list[float] = []
    peer_cancels: list[float] = []
    for number in range(path.size.rounds):
        for rounds, is_hot in ((spread, False), (hot, True)):
            tally = path.http(running, hot=is_hot)
            rounds.http.append(tally.rate)
            rounds.tally.add(tally)
            rounds.limit.append(path.straight(hot=is_hot))
        tally = path.cancel(running)
        cancelled.http.append(tally.rate)
        cancelled.tally.add(tally)
        cancelled.limit.append(path.straight_cancel())
        if peer is not None:
            peer_orders.append(peer.orders().rate)
            peer_cancels.append(peer.cancellations().rate)
        console.print(
            f"  round {number + 1}: {spread.http[-1]:,.0f} orders/s over HTTP, {spread.limit[-1]:,.0f} straight; "
            f"hot {hot.http[-1]:,.0f} and {hot.limit[-1]:,.0f}; "
            f"cancellations {cancelled.http[-1]:,.0f} and {cancelled.limit[-1]:,.0f}"
        )
    path.check_replayed(path.size.rounds)
    _report(path.engine, results, spread, hot, cancelled)
    if peer is not None:
        add = results.compare
        for what, ours, theirs in (("orders", spread, peer_orders), ("cancellations", cancelled, peer_cancels)):
            rounds_ = list(zip(ours.http, theirs, strict=True))
            add("order path", path.engine, f"{what} over HTTP", rounds_, "/s", peer.name, aim=OF_PEER)


def _report(engine: str, results: Results, spread: _Rounds, hot: _Rounds, cancelled: _Rounds) -> None:
    area, straight = "order path", "the same SQL without HTTP"

    def pairs(rounds: _Rounds) -> list[tuple[float, float]]:
        return list(zip(rounds.http, rounds.limit, strict=True))

    results.compare(area, engine, "orders, 1,000 departures", pairs(spread), "/s", straight, aim=OF_LIMIT)
    results.compare(area, engine, "orders, one hot departure", pairs(hot), "/s", straight, aim=OF_LIMIT)
    against = list(zip(hot.http, spread.http, strict=True))
    results.compare(area, engine, "hot departure", against, "/s", "spread over 1,000", aim=OF_SPREAD)
    results.compare(area, engine, "cancellations", pairs(cancelled), "/s", straight)
    for label, rounds in (("spread", spread), ("hot", hot), ("cancelling", cancelled)):
        results.details[f"order path, {engine}, {label}, ms"] = {
            kind: {"p50": round(rounds.tally.p50_ms(kind), 2), "p99": round(rounds.tally.p99_ms(kind), 2)}
            for kind in (*calls.CALLS, "cancel")
            if rounds.tally.latencies[kind]
        }
    for kind in calls.CALLS:
        results.figure(area, engine, f"{kind}, p50", spread.tally.p50_ms(kind), "ms")
        results.figure(area, engine, f"{kind}, p99", spread.tally.p99_ms(kind), "ms")
    results.figure(area, engine, "cancel, p50", cancelled.tally.p50_ms("cancel"), "ms")
    results.figure(area, engine, "cancel, p99", cancelled.tally.p99_ms("cancel"), "ms")
