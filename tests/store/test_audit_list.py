"""The audit log as a list: every filter alone and together is what filtering all events gives, page by page."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from seatwright.core.clock import DAY_MS, HOUR_MS
from seatwright.core.times import to_local
from seatwright.storage import audit
from seatwright.storage.audit import Filter
from seatwright.storage.engine import Database, Engine, ReadTx, Row, Tx
from tests.conftest import START, NewAccount, TestAccount

ACTORS, ACTIONS = ["a" * 24, "b" * 24, "system"], ["order.created", "order.cancelled", "user.changed"]


@pytest.fixture
async def events(database: Database, account: TestAccount) -> None:
    """Three days of events, several in a millisecond."""

    async def run(tx: Tx) -> None:
        await tx.execute("DELETE FROM audit_event WHERE account_id = $1", account.id)
        for number in range(72):
            at = START + number // 2 * 2 * HOUR_MS
            actor, action = ACTORS[number % 3], ACTIONS[number // 3 % 3]
            await audit.record(tx, account.id, at, actor, action, f"subject{number}", {"number": number})

    await database.write(run)


async def listed(client: httpx.AsyncClient, account: TestAccount, **asked: Any) -> list[dict[str, Any]]:
    """Return a page."""
    answer = await client.get("/api/v1/audit", params=asked, headers=account.headers)
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


@pytest.mark.usefixtures("events")
async def test_filters_are_what_they_say(client: httpx.AsyncClient, account: TestAccount) -> None:
    everything = await listed(client, account, limit=200)
    assert [each["detail"]["number"] for each in everything] == list(reversed(range(72)))
    days: list[dict[str, str]] = [{}, {"from": "2026-07-02"}, {"from": "2026-07-01", "to": "2026-07-02"}]

    def local_day(event: dict[str, Any]) -> str:
        at = START + event["detail"]["number"] // 2 * 2 * HOUR_MS
        return to_local(at, "America/Denver").date().isoformat()

    for actor, action, day in itertools.product([None, *ACTORS], [None, *ACTIONS], days):
        asked = {name: value for name, value in (("actor", actor), ("action", action)) if value} | day
        expected = [
            event
            for event in everything
            if (actor is None or event["actor"] == actor)
            and (action is None or event["action"] == action)
            and (not day or day["from"] <= local_day(event) <= day.get("to", day["from"]))
        ]
        assert await listed(client, account, limit=200, **asked) == expected, asked
        paged: list[dict[str, Any]] = []
        while page := await listed(client, account, limit=5, **asked, **({"before": paged[-1]["id"]} if paged else {})):
            paged += page
        assert paged == expected, asked


@pytest.mark.usefixtures("events")
async def test_another_accounts_log_is_its_own(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount
) -> None:
    other = await new_account("mesa")
    theirs = await listed(client, other, limit=200)
    assert {event["action"] for event in theirs} == {"account.created", "user.created"}
    newest = (await listed(client, account, limit=1))[0]["id"]
    assert len(await listed(client, other, limit=200, before=newest)) <= len(theirs)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"before": "x"}, "before"),
        ({"to": "2026-07-01"}, "to"),
        ({"from": "2026-07-02", "to": "2026-07-01"}, "to"),
        ({"from": "soon"}, "from"),
        ({"from": "2026-07-01", "to": "31"}, "to"),
        ({"limit": 0}, "limit"),
    ],
)
async def test_bad_filters_are_named(
    client: httpx.AsyncClient, account: TestAccount, asked: dict[str, Any], field: str
) -> None:
    answer = await client.get("/api/v1/audit", params=asked, headers=account.headers)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith(f"{field}: ")


class Explained:
    """A transaction that asks the database how it runs each query."""

    def __init__(self, tx: ReadTx) -> None:
        self._tx = tx
        self.engine: Engine = tx.engine
        self.plans: list[str] = []

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        explain = "EXPLAIN QUERY PLAN " if self.engine == "sqlite" else "EXPLAIN "
        plan = await self._tx.rows(explain + sql, *args)
        self.plans.append("\n".join(str(row["detail" if self.engine == "sqlite" else 0]) for row in plan))
        return []

    async def row(self, sql: str, *args: Any) -> Row | None:
        await self.rows(sql, *args)
        return None


async def test_every_filter_is_read_through_an_index(database: Database, account: TestAccount) -> None:
    """Among many events, and never sorted."""

    async def fill(tx: Tx) -> None:
        events = [
            audit.event(account.id, START + number, f"{number % 50:024x}", f"order.{number % 40}", "x", None)
            for number in range(5_000)
        ]
        await audit.record_all(tx, events)
        await tx.execute("ANALYZE")

    await database.write(fill)

    async def plans(tx: ReadTx) -> list[str]:
        explained = Explained(tx)
        actor, action = f"{7:024x}", "order.7"
        for chosen in (
            Filter(),
            Filter(actor=actor),
            Filter(action=action),
            Filter(first=START + 100, end=START + 120),
            Filter(actor=actor, first=START, end=START + DAY_MS),
            Filter(before=f"{START + 4_000:012x}{'0' * 12}"),
        ):
            await audit.listing(explained, account.id, chosen, limit=50)
        return explained.plans

    for plan in await database.read(plans):
        assert "audit_event" in plan.lower()
        assert "Index" in plan or "USING INDEX" in plan or "USING COVERING INDEX" in plan, plan
        assert "Seq Scan" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan
