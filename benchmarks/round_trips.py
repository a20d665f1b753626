"""What it earns to bring the caller's row along, and to read a calendar as one text (docs/decisions/0002-one-query.md).

    python -m benchmarks.round_trips [--rounds 21]

The same requests go to the application, to the application once more (so it shows how far apart two equal things lie
here), and to applications that do one thing otherwise. All run in this process, in rounds that take turns; processor
time is counted, of this process and of PostgreSQL, and the time that one client waits.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median, quantiles
from typing import Any

import uvloop

from benchmarks.door import App, Visitor
from benchmarks.servers import Ground, Place, postgres_cpu_s
from seatwright.api.resmark import calendar_json
from seatwright.app.assembly import create_app
from seatwright.auth import tokens
from seatwright.auth.admission import Admission, _allowed
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core import logs
from seatwright.core.clock import SystemClock
from seatwright.http.context import Services
from seatwright.inventory import store as inventory
from seatwright.storage.open import open_database

READS, ORDERS = 200, 8
"""In one round: reads; orders, one after the other."""

Patch = tuple[Any, str, Any]


class _CallerFirst(Admission):
    """Reads the caller in a query of its own, before everything else."""

    async def run(self, tx: Any, claims: Any, permission: Any, use_case: Any) -> Any:
        return await use_case(tx, await self._admit(tx, claims, permission))


class _NoCaller(Admission):
    """Trusts what it knows of the caller: what no application may do, and the least that one could cost."""

    async def run(self, tx: Any, claims: Any, permission: Any, use_case: Any) -> Any:
        seen = self._kept.get(claims)
        if seen is None:
            return await use_case(tx, await self._admit(tx, claims, permission))
        return await use_case(tx, _allowed(claims, seen, permission))


_MANY = len(inventory.FIXED)
_COLUMNS = ", ".join(f"d.{name}" for name in inventory.FIXED)
_ROWS = f"SELECT {_COLUMNS}, {inventory._GLANCE[inventory._GLANCE.index('d.capacity - d.taken') :]}"


async def _glance_of_rows(
    tx: Any, account_id: str, product_id: str, first: Any, last: Any, now: int
) -> inventory.Glance:
    """Read a calendar as rows."""
    rows = await tx.rows(
        f"""
        SELECT c.*, EXISTS (SELECT 1 FROM hold h WHERE h.account_id = $1 AND h.expires_at <= $5) AS overdue
        FROM ({_ROWS} AND d.local_date BETWEEN $3 AND $4 UNION ALL {_ROWS} AND d.local_date IS NULL) c
        """,
        account_id,
        product_id,
        first.isoformat(),
        last.isoformat(),
        now,
    )
    values = [tuple(row) for row in rows]
    free = [str(row[_MANY] if row[_MANY + 1] is None else min(row[_MANY : _MANY + 2])) for row in values]
    fixed: Any = [row[:_MANY] for row in values]
    return inventory.Glance(fixed, free, bool(rows and rows[0]["overdue"]))


def _times_of_rows(catalog: Any, product: Any, fixed: Any) -> Any:
    lines = (
        "|".join("" if value is None else str(value).lower() if value in (True, False) else str(value) for value in row)
        for row in fixed
    )
    return _times(catalog, product, "\n".join(lines))


_times = calendar_json._times
_ROWS_PATCH: tuple[Patch, ...] = (
    (calendar_json, "glance", _glance_of_rows),
    (calendar_json, "_times", _times_of_rows),
    (calendar_json, "_size", lambda made: 3 * 200 * len(made.fixed) + 2 * sum(map(len, made.around))),
)


async def compare(place: Place, ground: Ground, rounds: int) -> None:
    """Measure, and print what each costs."""
    settings = place.settings()
    database = await open_database(settings)
    keyring = Keyring.open(settings.secret, settings.data)

    def application(admission: Admission | None = None) -> App:
        services = Services(
            database, SystemClock(), settings, CatalogCache(), keyring, admission=admission or Admission()
        )
        return create_app(settings, services)

    claims = tokens.Claims(user_id=place.data.user_id, account_id=place.data.account_id, generation=1)
    token = tokens.issue(keyring, claims, now=SystemClock().now(), lifetime_s=86_400)
    visitor = Visitor(token, place.data.two_tiers[0])
    month = place.data.month
    order = await visitor.order(application())

    async def order_by_id(app: App) -> None:
        for _ in range(READS):
            await visitor.call(app, "GET", f"/order/{order}")

    async def orders(app: App) -> None:
        for _ in range(ORDERS):
            await visitor.order(app)

    async def calendar(app: App) -> None:
        for _ in range(READS):
            await visitor.call(app, "GET", f"/product/kayak/item?from={month}&to={month}")

    apps: dict[str, tuple[App, tuple[Patch, ...]]] = {
        "the application": (application(), ()),
        "the application again": (application(), ()),
    }
    callers = apps | {
        "the caller first": (application(_CallerFirst()), ()),
        "no caller (the least)": (application(_NoCaller()), ()),
    }
    server = ground.server if place.engine == "postgres" else None
    if server is not None:
        await _measure("order by id", callers, order_by_id, READS, rounds, server)
        await _measure("an order, four requests", callers, orders, ORDERS, rounds, server)
    calendars = apps | {"a calendar from rows": (application(), _ROWS_PATCH)}
    answers = {await _patched(patches, calendar_answer(visitor, app, month)) for app, patches in calendars.values()}
    assert len(answers) == 1, "the calendars differ"
    await _measure(f"a month, {len(answers.pop())} bytes", calendars, calendar, READS, rounds, server)
    await database.close()


def calendar_answer(visitor: Visitor, app: App, month: str) -> Callable[[], Awaitable[bytes]]:
    """Return a request for a calendar."""
    return lambda: visitor.call(app, "GET", f"/product/kayak/item?from={month}&to={month}")


async def _patched(patches: tuple[Patch, ...], work: Callable[[], Awaitable[Any]]) -> Any:
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in patches]
    for owner, name, value in patches:
        setattr(owner, name, value)
    try:
        return await work()
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


async def _measure(
    title: str,
    apps: Mapping[str, tuple[App, tuple[Patch, ...]]],
    work: Callable[[App], Awaitable[None]],
    count: int,
    rounds: int,
    server: Any,
) -> None:
    spent: dict[str, list[tuple[float, float, float]]] = {name: [] for name in apps}
    gc.freeze()  # as a server does with what its start has made
    names = list(apps)
    for number in range(rounds + 1):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            app, patches = apps[name]
            gc.collect()
            database = postgres_cpu_s(server) if server else 0.0
            own, clock = time.process_time(), time.perf_counter()
            await _patched(patches, lambda app=app: work(app))  # type: ignore[misc]
            took = time.process_time() - own, time.perf_counter() - clock
            if number:
                spent[name].append((took[0], postgres_cpu_s(server) - database if server else 0.0, took[1]))
    first = spent[names[0]]
    for name, found in spent.items():
        own, wall = (median(each[i] for each in found) / count * 1e6 for i in (0, 2))
        mean = sum(each[1] for each in found) / len(found) / count * 1e6
        low, middle, high = quantiles([one[0] / other[0] for one, other in zip(found, first, strict=True)])
        print(
            f"{title:26} {name:24} process {own:7.0f} µs, of the application {middle:.2f} ({low:.2f} to {high:.2f});"
            f" PostgreSQL {mean:6.0f} µs; waited {wall:7.0f} µs",
            file=sys.stderr,
        )


def main() -> None:
    """Measure, and print on standard error: what the application logs on standard output goes nowhere."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the program ends
    logs.configure("json")
    with Ground(("postgres", "sqlite")) as ground:
        for engine in ("postgres", "sqlite"):
            print(engine, file=sys.stderr)
            uvloop.run(compare(ground.place(engine, departures=400), ground, rounds))


if __name__ == "__main__":
    main()
