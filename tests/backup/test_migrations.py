"""A database of every earlier schema, with an outfitter's business in it, becomes one that works."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.invariants.checks import check
from seatwright.storage.migrate import check_schema, migrate, schema_version
from seatwright.storage.open import open_database
from tests.backup.conftest import NewPlace, ended, start, works
from tests.backup.fixtures import NEWEST, client_of, load, path_of, services_of

VERSIONS = range(1, NEWEST + 1)


async def filled(settings: Settings, version: int) -> dict[str, Any]:
    """Make a database at a schema version with its fixture in it, and return what is inside."""
    database = await open_database(settings)
    told = await load(database, version)
    assert await schema_version(database) == version
    await database.close()
    return told


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_a_database(version: int) -> None:
    assert path_of(version).exists(), "a migration was added: run `python -m tests.backup.fixtures`, check the file in"


@pytest.mark.parametrize("version", VERSIONS)
async def test_business_goes_on(new_place: NewPlace, version: int) -> None:
    settings = new_place()
    told = await filled(settings, version)
    database = await open_database(settings)
    applied = await migrate(database, SystemClock())
    assert [migration.version for migration in applied] == list(range(version + 1, NEWEST + 1))
    await check_schema(database)
    assert await check(database, told["at"]) == []
    services = services_of(database, settings, told["at"])
    async with client_of(services) as client:
        await _do_business(client, told)
    assert await check(database, told["at"]) == []
    await database.close()


async def _do_business(client: httpx.AsyncClient, told: dict[str, Any]) -> None:
    """Sign in with the old key; read, cancel the old order; place a new one with a seat that is left."""
    key = {"username": told["username"], "apikey": told["apikey"]}
    token = await client.post("/public/api/authenticate", json=key)
    assert token.status_code == 200, token.text
    headers = {"Authorization": f"Bearer {token.text}"}

    async def data(method: str, path: str, **request: Any) -> Any:
        answer = await client.request(method, f"/public/api{path}", headers=headers, **request)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    order = await data("GET", f"/order/{told['order']}")
    assert await data("GET", f"/order/{told['number']}") == order
    lines = [line for item in order["items"] for line in item["participantList"] + item["unitList"]]
    assert (round(order["total"] * 100), len(lines)) == (told["total"], told["lines"])
    assert order["payments"][0]["memo"] == "paid $100\nin cash"
    listed = await data("GET", "/order")
    assert (await data("DELETE", f"/order/{told['order']}"))["status"] == "cancelled"

    days = await data("GET", f"/product/{told['kayak']}/item?from=2026-07&to=2026-07")
    free = days["items"][0]["timesAvailable"][0]["activityId"]
    carts = await data("GET", "/cart")
    cart = await data("POST", "/cart")
    await data("POST", f"/cart/{cart['id']}/item", json={"itemId": free, "participants": {"All": 1}})
    placed = await data("POST", "/order", json={"id": cart["id"]})
    assert placed["confirmation"] > told["confirmation"]
    assert (await data("POST", "/order", json={"id": carts[0]["id"]}))["status"] == "confirmed"  # its holds go on
    assert len(await data("GET", "/order")) == len(listed) + 2


def test_a_backup_of_the_first_version_restores(new_place: NewPlace) -> None:
    old, new = new_place(), new_place()
    asyncio.run(filled(old, 1))
    assert "schema 1" in works(old, "backup", old.data / "old.backup")
    output = works(new, "restore", old.data / "old.backup")
    assert "orders 3" in output
    assert "checks passed" in output
    assert f"applied {NEWEST:04d}_" in output
    assert "already" not in works(new, "restore", old.data / "old.backup", "--force")  # onto a newer schema
    assert "checks passed" in works(new, "doctor")


def test_two_processes_may_migrate_at_once(new_place: NewPlace) -> None:
    settings = new_place()
    told = asyncio.run(filled(settings, 1))
    processes = [start(settings, "migrate") for _ in range(2)]
    codes, outputs = zip(*(ended(process) for process in processes), strict=True)
    assert codes == (0, 0), outputs
    applied = sorted(line for output in outputs for line in output.splitlines() if line.startswith("applied"))
    assert [line.split("_")[0] for line in applied] == [f"applied {number:04d}" for number in range(2, NEWEST + 1)]

    async def look() -> None:
        database = await open_database(settings)
        assert await check(database, told["at"]) == []
        await database.close()

    asyncio.run(look())
