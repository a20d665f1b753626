"""A database of every earlier schema, with an outfitter's business in it, becomes one that works."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.roles import parse_permissions
from seatwright.core.clock import HOUR_MS, SystemClock
from seatwright.core.config import Settings
from seatwright.invariants.checks import check
from seatwright.orders import term_fill
from seatwright.storage.engine import ReadTx, Tx
from seatwright.storage.migrate import check_schema, migrate, schema_version
from seatwright.storage.open import open_database
from tests.backup.conftest import NewPlace, ended, start, works
from tests.backup.fixtures import NEWEST, client_of, load, path_of, services_of

ROLES_SINCE = 19
VERSIONS = range(1, NEWEST + 1)
BY_HALF_HOURS = 10
"""The last schema that counted rental pools by the half hour."""


async def filled(settings: Settings, version: int) -> dict[str, Any]:
    """Make a database at a schema version with its fixture in it, and return what is inside."""
    database = await open_database(settings, make=True)
    told = await load(database, version)
    assert await schema_version(database) == version
    await database.close()
    return told


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_version_has_a_fixture(version: int) -> None:
    assert path_of(version).exists(), "a migration was added: run `python -m tests.backup.fixtures`, check the file in"


@pytest.mark.parametrize("version", VERSIONS)
async def test_after_migrating_any_earlier_schema_business_goes_on(new_place: NewPlace, version: int) -> None:
    settings = new_place()
    told = await filled(settings, version)
    database = await open_database(settings)
    applied = await migrate(database, SystemClock())
    assert [migration.version for migration in applied] == list(range(version + 1, NEWEST + 1))
    await check_schema(database)
    await term_fill.fill(database)
    assert await check(database, told["at"]) == []
    services = services_of(database, settings, told["at"])
    async with client_of(services) as client:
        await _do_business(client, told)
    assert await check(database, told["at"]) == []
    await database.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_whoever_could_read_reports_still_can(new_place: NewPlace, version: int) -> None:
    settings = new_place()
    told = await filled(settings, version)
    database = await open_database(settings)
    role = "role = NULL, " if version >= ROLES_SINCE else ""
    clerk = f"UPDATE app_user SET {role}permissions = 'orders.read' WHERE email = 'al@canyon.example'"
    assert await database.write(lambda tx: tx.execute(clerk)) == 1
    await migrate(database, SystemClock())
    rows = await database.read(lambda tx: tx.rows("SELECT email, COALESCE(role, permissions) AS words FROM app_user"))
    found = {row["email"]: row["words"] for row in rows}
    assert found["al@canyon.example"] == "orders.read"
    assert parse_permissions(found[told["username"]]) == ALL_PERMISSIONS
    await database.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_audit_log_is_in_order(new_place: NewPlace, version: int) -> None:
    """The oldest events had ids by chance; all of them grow with time now, and none is lost."""
    settings = new_place()
    await filled(settings, version)
    database = await open_database(settings)
    count = await database.read(lambda tx: tx.row("SELECT COUNT(*) AS events FROM audit_event"))
    await migrate(database, SystemClock())
    rows = await database.read(lambda tx: tx.rows("SELECT id, at FROM audit_event"))
    await database.close()
    assert count is not None
    assert len({row["id"] for row in rows}) == count["events"] > 0
    assert all(int(row["id"][:12], 16) == row["at"] for row in rows)


OLD = ("orders.read", "orders.write", "orders.cancel", "cancellation_fee.edit", "reports.read", "api.integration")
OLD_ROUTES = {
    "settings": {"catalog.write", "departures.write", "users.write", "owners.write", "keys.write", "audit.read"},
    "orders.read": {"customers.read", "departures.read", "manifests.read", "transactions.read"},
    "orders.write": {"checkin.write"},
}
"""What some of the old permissions opened, by the names of today."""


@pytest.mark.parametrize("words", [(), ("settings",), ("orders.read", "settings"), OLD, (*OLD[1:], "settings")])
async def test_single_permissions_open_what_they_did(new_place: NewPlace, words: tuple[str, ...]) -> None:
    """Who had not all of them has the same ones still, with what was split from them, and no role."""
    settings = new_place()
    await filled(settings, ROLES_SINCE - 1)
    database = await open_database(settings)
    clerk = f"UPDATE app_user SET permissions = '{' '.join(words)}' WHERE email = 'al@canyon.example'"
    assert await database.write(lambda tx: tx.execute(clerk)) == 1
    await migrate(database, SystemClock())
    row = await database.read(
        lambda tx: tx.row("SELECT role, permissions FROM app_user WHERE email = 'al@canyon.example'")
    )
    await database.close()
    assert row is not None
    assert (row["role"], row["permissions"]) == (None, " ".join(words))
    rights = parse_permissions(row["permissions"])
    for word in words:
        assert {word, *OLD_ROUTES.get(word, ())} <= rights
    assert ("owners.write" in rights) == ("settings" in words)
    assert "payments.refund" not in rights


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


async def test_units_that_were_counted_by_the_half_hour_are_counted_at_starts(new_place: NewPlace) -> None:
    """In the schema before, rentals at 09:00 and 13:00 in Kathmandu shared a half hour of UTC."""
    settings = new_place()
    told = await filled(settings, BY_HALF_HOURS)
    database = await open_database(settings)
    hour, minute = HOUR_MS, HOUR_MS // 60
    nine = 1_803_000_600_000 // hour * hour + 15 * minute
    rentals = {  # start, end, units taken
        "morning": (nine, nine + 4 * hour, 1),
        "within": (nine + 70 * minute, nine + 5 * hour, 1),
        "noon": (nine + 4 * hour, nine + 8 * hour, 0),
        "evening": (nine + 8 * hour, nine + 9 * hour, 2),
    }

    async def fill(tx: Tx) -> None:
        slots: dict[int, int] = {}
        for name, (start_at, end_at, taken) in rentals.items():
            first, last = start_at // (30 * minute), (end_at - 1) // (30 * minute)
            for slot in range(first, last + 1):
                slots[slot] = slots.get(slot, 0) + taken
            await tx.execute(
                """
                INSERT INTO departure (account_id, id, product_id, start_at, end_at, time_zone, local_date, capacity,
                    taken, closed, pool_id, first_slot, last_slot, modified_at)
                VALUES ('a', $1, 'p', $2, $3, 'Asia/Kathmandu', '2027-02-18', 4, $4, FALSE, 'old', $5, $6, 0)
                """,
                *(name, start_at, end_at, taken, first, last),
            )
        rows = list(slots.items())
        await tx.execute_many(
            "INSERT INTO pool_slot (account_id, pool_id, slot, capacity, taken) VALUES ('a', 'old', $1, 4, $2)", rows
        )

    async def look(tx: ReadTx) -> tuple[dict[int, tuple[int, int]], dict[str, int]]:
        rows = await tx.rows("SELECT start_at, capacity, taken FROM pool_start WHERE pool_id = 'old'")
        about = await tx.rows("SELECT id, pool_starts FROM departure WHERE pool_id = 'old'")
        counted = {row["start_at"]: (row["capacity"], row["taken"]) for row in rows}
        return counted, {row["id"]: row["pool_starts"] for row in about}

    await database.write(fill)
    await migrate(database, SystemClock())
    counted, starts = await database.read(look)
    units = {"morning": 1, "within": 2, "noon": 1, "evening": 2}
    assert counted == {rentals[name][0]: (4, taken) for name, taken in units.items()}
    assert starts == {"morning": 2, "within": 2, "noon": 1, "evening": 1}
    found = {violation.check for violation in await check(database, told["at"])}
    assert not found & {"pool_seats", "pool_starts"}
    await database.close()
