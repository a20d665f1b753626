"""`/metrics`: who may read it, what it counts, and that dashboard, rules and page name what there is."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from seatwright.app.assembly import create_app
from seatwright.core import meter
from seatwright.core.errors import Unavailable
from seatwright.http.context import Services
from seatwright.http.prometheus import PrometheusMeter, exposition
from seatwright.reports.operation import Levels, Queue
from tests.conftest import settings_for

DOCS = Path(__file__).parents[2] / "docs"
TOKEN = "a token of its own"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def counted(services: Services) -> Iterator[Services]:
    """Services of a process that counts."""
    before = meter.meter()
    meter.use(PrometheusMeter(10))
    settings = settings_for(services.settings.data, SEATWRIGHT_METRICS_TOKEN=TOKEN)
    yield replace(services, settings=replace(settings, database_url=services.settings.database_url))
    meter.use(before)


@pytest.fixture
async def counting(counted: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(counted.settings, counted))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


def values(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return each value by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


async def scraped(client: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = await client.get("/metrics", headers=HEADERS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return values(answer.text)


async def test_without_a_token_in_the_settings_there_is_no_such_page(client: httpx.AsyncClient) -> None:
    for headers in ({}, HEADERS, {"Authorization": "Bearer "}):
        answer = await client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "unknown_address")


async def test_it_wants_its_token_and_no_other(counting: httpx.AsyncClient) -> None:
    for wrong in ("", "Bearer", f"Bearer {TOKEN}x", TOKEN, "Bearer ä"):
        answer = await counting.get("/metrics", headers={"Authorization": wrong.encode()} if wrong else {})
        assert answer.status_code == 401
    assert (await counting.get("/api/v1/account", headers=HEADERS)).status_code == 401, "it opens nothing else"


async def test_it_counts_answers_refusals_and_waits(counting: httpx.AsyncClient, counted: Services) -> None:
    before = await scraped(counting)
    for _ in range(3):
        await counting.get("/api/v1/account")
    await counting.request("BREW", "/api/v1/account")
    after = await scraped(counting)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    route = {"method": "GET", "route": "/api/v1/account"}
    assert grown("seatwright_requests_total", status="401", **route) == 3
    assert grown("seatwright_request_seconds_count", **route) == 3
    assert grown("seatwright_request_seconds_bucket", le="+Inf", **route) == 3
    assert grown("seatwright_refusals_total", code="token_missing") == 3
    assert not any("BREW" in str(labels) for _, labels in after), "a client can't add values of its own"
    assert not any("/metrics" in str(labels) for _, labels in after)
    await counted.database.write(lambda tx: tx.row("SELECT 1 AS one"))
    waited = "connection" if counted.settings.database_url else "writer"
    assert value(await scraped(counting), "seatwright_database_wait_seconds_count", waited=waited) > value(
        after, "seatwright_database_wait_seconds_count", waited=waited
    )


async def test_a_connection_in_use_is_counted_while_it_is(counting: httpx.AsyncClient, counted: Services) -> None:
    found = await scraped(counting)
    own = 1.0 if counted.settings.database_url else 0.0  # the one that reads the levels has been given back
    assert value(found, "seatwright_pool_connections_in_use") in (0.0, own)
    assert value(found, "seatwright_pool_connections_most") == 10


async def test_it_says_how_things_stand(counting: httpx.AsyncClient, counted: Services) -> None:
    now = counted.clock.now()

    async def wait(tx: Any) -> None:
        await tx.execute("INSERT INTO account_counter (account_id, orders) VALUES ('a', 7), ('b', 5)")
        await tx.execute(
            "INSERT INTO hold (account_id, cart_id, departure_id, seats, expires_at) VALUES ('a', 'c', 'd', 2, 1)"
        )
        event = "INSERT INTO outbox_event (account_id, id, owner_id, order_id, kind, at, detail, due_at, failed_at)"
        await tx.execute(f"{event} VALUES ('a', '1', 'a', 'o', 'k', 1, '{{}}', $1, NULL)", now - 5_000)
        await tx.execute(f"{event} VALUES ('a', '2', 'a', 'o', 'k', 1, '{{}}', $1, NULL)", now + 5_000)
        await tx.execute(f"{event} VALUES ('a', '3', 'a', 'o', 'k', 1, '{{}}', 1, 1)")
        delivery = (
            "INSERT INTO delivery (account_id, id, channel, kind, target, content, status, due_at, log, created_at)"
        )
        await tx.execute(f"{delivery} VALUES ('a', '1', 'mail', 'k', 't', '', 'due', $1, '[]', 1)", now - 60_000)
        await tx.execute(f"{delivery} VALUES ('a', '2', 'mail', 'k', 't', '', 'dead', 1, '[]', 1)")

    await counted.database.write(wait)
    found = await scraped(counting)
    assert value(found, "seatwright_database_up") == 1
    assert value(found, "seatwright_orders_total") == 12
    assert value(found, "seatwright_holds") == 1
    lengths = [value(found, "seatwright_queue_length", queue=queue) for queue in ("events", "mail", "webhook")]
    lags = [value(found, "seatwright_queue_lag_seconds", queue=queue) for queue in ("events", "mail", "webhook")]
    gone = [value(found, "seatwright_given_up", queue=queue) for queue in ("events", "mail", "webhook")]
    assert (lengths, lags, gone) == ([1, 1, 0], [5, 60, 0], [1, 1, 0])


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_it_is_there_while_the_database_is_not(
    counting: httpx.AsyncClient, counted: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable("It is away.")

    monkeypatch.setattr(type(counted.database), "read", away)
    found = await scraped(counting)
    assert value(found, "seatwright_database_up") == 0
    assert "seatwright_holds" not in {name for name, _ in found}


def names() -> set[str]:
    """Return the names of all series that there can be."""
    counts = PrometheusMeter(1)
    counts.request("GET", "/", 200, 0.1)
    counts.refusal("x")
    counts.wait("writer", 0.1)
    counts.failure("x")
    text = exposition(Levels(0, 0, {"events": Queue()})).decode()
    found = {name for name, _ in values(text) if name.startswith("seatwright_")}
    return {name for name in found if not name.endswith("_created")}


def test_dashboard_rules_and_page_name_what_there_is() -> None:
    there = names()
    page = (DOCS / "monitoring.md").read_text()
    documented = set(re.findall(r"^\| `(seatwright_\w+)` \|", page, re.MULTILINE))
    assert documented == {re.sub(r"_(bucket|count|sum)$", "", name) for name in there}
    dashboard = json.loads((DOCS / "monitoring" / "grafana.json").read_text())
    rules = yaml.safe_load((DOCS / "monitoring" / "alerts.yaml").read_text())["groups"][0]["rules"]
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for expression in [*shown, *(rule["expr"] for rule in rules)]:
        assert set(re.findall(r"seatwright_\w+", expression)) <= there, expression
        assert expression.count("(") == expression.count(")"), expression
    used = {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"seatwright_\w+", " ".join(shown))}
    assert documented - used == {"seatwright_database_up"}, "everything else has a panel"
    assert all({"alert", "expr", "labels", "annotations"} <= rule.keys() for rule in rules)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
