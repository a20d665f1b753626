"""The departures of some days, of all products: the same counts as the reads of each departure, and few index reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from seatwright.cart.holds import sweep
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import HOUR_MS, MINUTE_MS, ManualClock
from seatwright.http.context import Services
from seatwright.inventory import store as inventory
from seatwright.reports.departures import Days, departures_of
from seatwright.storage.engine import Database, Engine, ReadTx, Row, Tx
from tests.conftest import TestAccount
from tests.desk import Desk
from tests.outfitter import CATALOG, Operator
from tests.reports.world import History, World

SEASON = "/api/v1/departures?from=2026-11-01&to=2026-11-30"


async def of_days(desk: Desk, path: str = SEASON) -> Any:
    return await desk.data("GET", path)


@pytest.mark.parametrize("seed", range(4))
async def test_the_list_counts_what_the_other_reads_count(world: World, seed: int) -> None:
    """The law: whatever happens, each departure's counts are those of the calendar, the manifest and its own read."""
    history = History(world, seed)
    for _ in range(3):
        await history.go_on(8)
        await check_in_some(world, history)
        await world.desk.cart((world.departures["rafting"], {"Adult": 1}))
        world.clock.advance(20 * MINUTE_MS)  # the carts of the turn before have expired, and aren't swept up
        await compare(world)
        while await sweep(world.services.database, world.clock):
            pass
        await compare(world)


async def check_in_some(world: World, history: History) -> None:
    for _, order_id in history.orders[-4:]:
        order = await world.desk.data("GET", f"/order/{order_id}")
        if order["status"] == "confirmed":
            noted = history.chance.choice(("check-in", "no-show"))
            answer = await world.desk.call("POST", f"/api/v1/orders/{order_id}/{noted}", json={})
            assert answer.json().get("errorCode") in (None, "nobody_there")


async def compare(world: World) -> None:
    found = await of_days(world.desk)
    assert {each["id"] for each in found["departures"]} == {*world.departures.values(), *world.others.values()}
    owed: dict[str, Any] = {}
    for each in found["departures"]:
        product = each["product"]
        path = f"/api/v1/products/{product['code']}/departures?from={each['day']}&to={each['day']}"
        alone = next(one for one in await world.desk.data("GET", path) if one["id"] == each["id"])
        for field in ("capacity", "taken", "free", "closed", "start", "timeZone", "startDate", "endDate", "cutoffMin"):
            assert each[field] == alone[field], field
        manifest = await world.desk.data("GET", f"/api/v1/departures/{each['id']}/manifest")
        guests = manifest["guests"]
        assert each["guests"] == len(guests)
        assert each["sold"] == sum(guest["seats"] for guest in guests)
        assert each["orders"] == len({guest["orderId"] for guest in guests})
        assert each["checkedIn"] == manifest["checkedIn"]
        assert each["noShows"] == manifest["noShows"]
        assert each["pending"] == sum(guest["status"] == "pending" for guest in guests)
        net = world.shop.shop.account_id
        owners = {row["id"]: row["owner_id"] for row in await world.rows("SELECT id, owner_id FROM orders")}
        owing = {
            guest["orderId"]: guest["balance"]
            for guest in guests
            if guest["balance"] > 0 and owners[guest["orderId"]] != net
        }
        assert each["toCollect"]["orders"] == len(owing)
        assert each["toCollect"]["owed"] == pytest.approx(sum(owing.values()))
        owed |= owing
    assert found["toCollect"] == {"orders": len(owed), "owed": pytest.approx(sum(owed.values()))}
    assert found["currency"] == "USD"


async def test_held_and_sold_are_what_is_taken(world: World) -> None:
    rafting = world.departures["rafting"]
    await world.desk.cart((rafting, {"Adult": 2}))
    await world.desk.order((rafting, {"Adult": 3}))
    (shown,) = (each for each in (await of_days(world.desk))["departures"] if each["id"] == rafting)
    assert (shown["taken"], shown["held"], shown["sold"], shown["free"]) == (5, 2, 3, 495)
    world.clock.advance(31 * MINUTE_MS)
    (shown,) = (each for each in (await of_days(world.desk))["departures"] if each["id"] == rafting)
    assert (shown["taken"], shown["held"], shown["sold"], shown["free"]) == (5, 0, 3, 497)


async def test_a_rental_shows_its_pool(world: World) -> None:
    bike = world.departures["bike"]
    later = await world.desk.shop.departure(
        "bike", "2026-11-03 13:00", end="2026-11-03 19:00", capacity=5, pool="bikes"
    )
    await world.desk.order((later, {"All": 2}))
    shown = {each["id"]: each for each in (await of_days(world.desk))["departures"]}
    assert (shown[bike]["free"], shown[bike]["taken"], shown[bike]["sold"]) == (3, 0, 0)
    pool = world.desk.shop.entries["bikes"]
    assert shown[bike]["pool"] == {"id": pool.id, "code": "bikes", "name": "Mountain bikes", "units": 5, "free": 3}
    assert shown[bike]["product"]["quantityType"] == "unit"
    assert shown[world.departures["kayak"]]["pool"] is None


async def test_only_some_products(world: World) -> None:
    kayak, rafting = world.desk.shop.entries["kayak"].id, world.desk.shop.entries["rafting"].id
    found = await of_days(world.desk, f"{SEASON}&productIds={kayak},{rafting}")
    assert [each["product"]["code"] for each in found["departures"]] == ["rafting", "rafting", "kayak"]
    refused = await world.desk.refused(404, "GET", f"{SEASON}&productIds={'0' * 24}")
    assert "productIds" in refused["errorMessage"]
    strangers = await world.agent.refused(404, "GET", f"{SEASON}&productIds={kayak}")
    assert strangers["errorCode"] == "product_not_found"
    assert (await of_days(world.agent))["departures"] == []


async def test_days_that_can_not_be_asked_for(world: World) -> None:
    for query, field in (
        ("from=2026-11-01&to=2026-10-31", "to"),
        ("from=2026-11-01&to=2027-11-30", "to"),
        ("from=soon", "from"),
        ("from=2026-11-01&productIds=,", "productIds"),
    ):
        refused = await world.desk.refused(400, "GET", f"/api/v1/departures?{query}")
        assert refused["errorMessage"].startswith(f"{field}:")
    assert (await of_days(world.desk, "/api/v1/departures"))["from"] == "2026-10-30"
    assert (await of_days(world.desk, "/api/v1/departures?from=2026-11"))["to"] == "2026-11-30"


async def test_a_day_with_a_clock_change(services: Services, account: TestAccount, clock: ManualClock) -> None:
    """In Denver, the 1st of November 2026 has 01:30 twice, and the 8th of March 2026 has no 02:30."""
    operator = Operator.of(services, account.id)
    await operator.load(CATALOG)
    both = [
        await operator.create("raft", start=start, capacity=9, sameLocalTime=True)
        for start in ("2026-11-01T01:30-06:00", "2026-11-01T01:30-07:00", "2026-11-01T23:30")
    ]
    await operator.create("raft", start="2026-11-02T00:00", capacity=9)
    day = Days(date(2026, 11, 1), date(2026, 11, 1))
    found = await services.database.read(lambda tx: departures_of(tx, services.catalogs, clock.now(), account.id, day))
    assert [each.departure.id for each in found.departures] == [each.departure.id for each in both]
    first, second, _ = (each.departure.start_at or 0 for each in found.departures)
    assert second - first == HOUR_MS


class Explained:
    """A transaction that also asks the database how it runs each query."""

    def __init__(self, tx: ReadTx) -> None:
        self._tx = tx
        self.engine: Engine = tx.engine
        self.plans: list[str] = []

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        explain = "EXPLAIN QUERY PLAN " if self.engine == "sqlite" else "EXPLAIN "
        plan = await self._tx.rows(explain + sql, *args)
        self.plans.append("\n".join(str(row["detail" if self.engine == "sqlite" else 0]) for row in plan))
        return await self._tx.rows(sql, *args)

    async def row(self, sql: str, *args: Any) -> Row | None:
        rows = await self.rows(sql, *args)
        return rows[0] if rows else None


async def test_a_day_is_read_through_indexes(database: Database, services: Services, world: World) -> None:
    """On both databases: the days by their own index, and never a whole table."""
    history = History(world, 1)
    await history.go_on(6, cancelling=False)

    async def run(tx: Tx) -> list[str]:
        if tx.engine == "postgres":
            await tx.execute("SET LOCAL enable_seqscan = off")  # small tables would be read whole
        explained = Explained(tx)
        days = Days(date(2026, 11, 1), date(2026, 11, 30))
        await departures_of(explained, CatalogCache(), world.clock.now(), world.supplier, days)
        return explained.plans

    plans = await database.write(run)
    whole = (
        "Seq Scan on",
        "SCAN a",
        "SCAN r",
        "SCAN d",
        "SCAN h",
        "SCAN l",
        "SCAN o",
        "SCAN e",
        "SCAN hold",
        "SCAN order",
    )
    assert not [plan for plan in plans for sign in whole if sign in plan], plans
    everything = "\n".join(plans)
    for index in ("departure_day", "order_line_departure", "hold_departure", "assignment_busy"):
        assert index in everything, plans


async def test_control_a_plan_without_the_index_is_noticed(database: Database, world: World) -> None:
    async def run(tx: Tx) -> list[str]:
        await tx.execute("DROP INDEX departure_day")
        explained = Explained(tx)
        first, last = date(2026, 11, 1), date(2026, 11, 30)
        await inventory.of_days(explained, world.supplier, first, last, world.clock.now(), limit=10)
        return explained.plans

    assert "departure_day" not in "\n".join(await database.write(run))
