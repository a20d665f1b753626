"""The demo's outfitter, on both databases."""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from seatwright.assignments import service as assignments
from seatwright.cancellation import approval
from seatwright.cli import demo
from seatwright.cli.demo import FILE, RESELLER, SUPPLIER, Demo
from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.core.times import from_local
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.reports.departures import Days, departures_of
from tests.conftest import NewAccount
from tests.outfitter import Operator

HERE = "http://127.0.0.1:8080"


@pytest.fixture
def parts(services: Services) -> Demo:
    return Demo(services.database, services.clock, services.catalogs, services.keyring)


def read(data: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((data / FILE).read_text(encoding="utf-8"))
    return content


def drafts(data: Path) -> list[str]:
    return [path.name for path in data.iterdir() if path.name.startswith(f".{FILE}")]


async def token(client: httpx.AsyncClient, credentials: dict[str, Any]) -> dict[str, str]:
    body = {"username": credentials["username"], "apikey": credentials["apikey"]}
    answer = await client.post("/public/api/authenticate", json=body)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.text}"}


async def test_the_first_start_makes_an_outfitter(
    parts: Demo, services: Services, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    await demo.create(parts, tmp_path, HERE)
    content = read(tmp_path)
    assert set(content) == {"baseUrl", "username", "apikey", "reseller", "supplierId", "password"}
    assert set(content["reseller"]) == {"baseUrl", "username", "apikey"}
    assert content["baseUrl"] == content["reseller"]["baseUrl"] == f"{HERE}/public/api"
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert drafts(tmp_path) == []
    assert await check(services.database, services.clock.now()) == []

    headers = await token(client, content)
    products = (await client.get("/public/api/product", headers=headers)).json()["data"]
    assert len(products) == 9
    for product in products:
        assert product["images"][0]["small"]
        assert product["videos"][0]["url"]
        assert product["location"][0]["id"]
        items = (await client.get(f"/public/api/product/{product['id']}/item", headers=headers)).json()["data"]["items"]
        assert len(items) == 1 if product["dateless"] else len(items) >= 31
    tiers = {
        tuple(product["tiers"]) for product in (await client.get("/api/v1/products", headers=headers)).json()["data"]
    }
    assert {("All",), ("Adult", "Child", "Senior")} <= tiers
    without_policy = [
        p for p in (await client.get("/api/v1/products", headers=headers)).json()["data"] if not p["policy"]
    ]
    assert [product["code"] for product in without_policy] == ["kayak-tour"]

    theirs = await token(client, content["reseller"])
    query = {"supplierId": content["supplierId"]}
    assert len((await client.get("/public/api/product", headers=theirs, params=query)).json()["data"]) == 9


async def test_one_departure_is_sold_out_by_an_order(parts: Demo, tmp_path: Path, client: httpx.AsyncClient) -> None:
    await demo.create(parts, tmp_path, HERE)
    headers = await token(client, read(tmp_path))
    items = (await client.get("/public/api/product/4103/item", headers=headers)).json()["data"]["items"]
    times = [time for day in items for time in day["timesAvailable"]]
    (full,) = [time for time in times if time["tiersAvailable"]["*"] == 0]
    orders = (await client.get("/public/api/order?referenceId=DEMO-SOLD-OUT", headers=headers)).json()["data"]
    (order,) = orders
    assert [item["id"] for item in order["items"]] == [full["activityId"]]
    assert len(order["items"][0]["participantList"]) == 8
    assert order["customer"]["organization"] == "Ridgeview School"
    assert order["balance"] == 0


async def test_later_starts_only_fill_the_calendar(
    parts: Demo, services: Services, clock: ManualClock, tmp_path: Path
) -> None:
    await demo.create(parts, tmp_path, HERE)
    content = read(tmp_path)
    operator = Operator.of(services, content["supplierId"])
    before = await operator.departures()
    version = await operator.version()
    assert 4_000 <= len(before) <= 8_000
    await operator.change(before[-1]["id"], closed=True)
    await demo.create(parts, tmp_path, "http://127.0.0.1:9090/")
    again = read(tmp_path)
    assert again["baseUrl"] == again["reseller"]["baseUrl"] == "http://127.0.0.1:9090/public/api"
    assert {**again, "baseUrl": "", "reseller": ""} == {**content, "baseUrl": "", "reseller": ""}
    assert again["reseller"]["apikey"] == content["reseller"]["apikey"]
    assert await operator.departures() == [*before[:-1], {**before[-1], "closed": True}]

    clock.advance(10 * DAY_MS)
    await demo.create(parts, tmp_path, HERE)
    after = await operator.departures()
    assert len(after) > len(before)
    assert max(row["local_date"] or "" for row in after) == "2027-07-11"
    assert {row["id"] for row in before} <= {row["id"] for row in after}
    assert await operator.version() == version
    orders = await operator.rows("SELECT body FROM orders WHERE account_id = $1")
    assert sum("DEMO-SOLD-OUT" in str(order["body"]) for order in orders) == 1
    await approval.expire(services.database, clock)
    assert await check(services.database, clock.now()) == []


async def test_the_day_has_something_of_everything(
    parts: Demo, services: Services, clock: ManualClock, tmp_path: Path
) -> None:
    await demo.create(parts, tmp_path, HERE)
    today, supplier = date(2026, 7, 1), read(tmp_path)["supplierId"]
    found = await services.database.read(
        lambda tx: departures_of(tx, services.catalogs, clock.now(), supplier, Days(today, today))
    )
    assert sum(each.guests.guests for each in found.departures) >= 40
    assert sum(each.guests.checked_in for each in found.departures) >= 8
    assert sum(each.guests.no_shows for each in found.departures) == 2
    assert [each.guests.guests for each in found.departures if each.departure.closed] == [0]
    assert found.collect.owed > 0
    busiest = max(found.departures, key=lambda each: each.guests.guests).departure.id
    roster = await services.database.read(lambda tx: assignments.read(tx, supplier, busiest))
    assert {each.kind for each in roster.assigned} >= {"guide", "boat"}
    operator = Operator.of(services, supplier)

    async def orders() -> list[str]:
        return [row["status"] for row in await operator.rows("SELECT status FROM orders WHERE account_id = $1")]

    made = await orders()
    assert set(made) == {"confirmed", "pending", "cancelled"}
    assert await check(services.database, clock.now()) == []
    await demo.create(parts, tmp_path, HERE)
    assert await orders() == made, "made twice"
    clock.advance(DAY_MS)
    await demo.create(parts, tmp_path, HERE)
    await approval.expire(services.database, clock)
    assert len(await orders()) > len(made), "not made for the next day"
    assert await check(services.database, clock.now()) == []


@pytest.mark.parametrize("hour", [0, 4, 11, 17, 23])
async def test_the_day_can_be_made_at_any_hour(
    parts: Demo, services: Services, clock: ManualClock, tmp_path: Path, hour: int
) -> None:
    wall = datetime.fromisoformat("2026-11-01T00:30").replace(hour=hour)  # clocks go back that night
    clock.set(from_local(wall, "America/Denver"))
    await demo.create(parts, tmp_path, HERE)
    operator = Operator.of(services, read(tmp_path)["supplierId"])
    orders = await operator.rows("SELECT created_at FROM orders WHERE account_id = $1")
    assert len(orders) >= 20
    assert all(order["created_at"] <= clock.now() for order in orders)
    assert await check(services.database, clock.now()) == []


async def test_a_lost_file_is_written_again_with_new_keys(
    parts: Demo, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    await demo.create(parts, tmp_path, HERE)
    content = read(tmp_path)
    for damage in (lambda path: path.unlink(), lambda path: path.write_text("{"), lambda path: path.write_text("{}")):
        damage(tmp_path / FILE)
        await demo.create(parts, tmp_path, HERE)
        again = read(tmp_path)
        assert again["supplierId"] == content["supplierId"]
        assert again["username"] == content["username"]
        await token(client, again)
        await token(client, again["reseller"])
    old = await client.post(
        "/public/api/authenticate", json={"username": content["username"], "apikey": content["apikey"]}
    )
    assert old.status_code == 401


async def test_what_somebody_did_to_the_demo_is_left_alone(
    parts: Demo, services: Services, clock: ManualClock, tmp_path: Path
) -> None:
    await demo.create(parts, tmp_path, HERE)
    operator = Operator.of(services, read(tmp_path)["supplierId"])
    catalog = await operator.database.read(lambda tx: operator.catalogs.load(tx, operator.account_id))
    kayak = {"code": "kayak-tour", "name": "Kayak", "number": 4103, "tiers": {"Adult": {"price": 1}}, "active": False}
    await operator.load({"products": [kayak]})
    clock.advance(DAY_MS)
    await demo.create(parts, tmp_path, HERE)
    after = await operator.database.read(lambda tx: operator.catalogs.load(tx, operator.account_id))
    assert after.products["kayak-tour"].name == "Kayak"
    assert after.products["e-bike"] == catalog.products["e-bike"]


async def test_other_accounts_are_none_of_its_business(
    parts: Demo, services: Services, tmp_path: Path, new_account: NewAccount
) -> None:
    mine = await new_account("canyon")
    await demo.create(parts, tmp_path, HERE)
    assert await Operator.of(services, mine.id).departures() == []
    assert {SUPPLIER, RESELLER} == {"demo", "demo-reseller"}


async def test_two_starts_at_once_make_one_outfitter(parts: Demo, tmp_path: Path, services: Services) -> None:
    done = await asyncio.gather(
        *(demo.create(parts, tmp_path, HERE) for _ in range(2)),
        return_exceptions=True,
    )
    assert any(result is None for result in done)
    await demo.create(parts, tmp_path, HERE)
    operator = Operator.of(services, read(tmp_path)["supplierId"])
    assert 4_000 <= len(await operator.departures()) <= 8_000
