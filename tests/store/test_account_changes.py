"""An account's number grows with every change, and none that is smaller than one that was read turns up later."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import httpx
import pytest

from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.disruptions import service as disruptions
from seatwright.http.change_feed import ChangeFeed
from seatwright.http.context import Services
from seatwright.storage import account_changes
from seatwright.storage.engine import Database, Tx
from seatwright.storage.open import open_database
from seatwright.worker.loops import Loops
from tests.desk import open_desk
from tests.shop import Shop, open_shop


async def number(database: Database, account_id: str) -> int:
    return (await database.read(lambda tx: account_changes.latest(tx, [account_id])))[account_id]


async def test_whatever_a_screen_shows_makes_it_grow(client: httpx.AsyncClient, services: Services) -> None:
    desk, agent = [await open_desk(client, services, code) for code in ("canyon", "agent")]
    database, ours, theirs = services.database, desk.shop.account_id, agent.shop.account_id
    rafting = await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    await desk.data("POST", "/api/v1/connections", json={"resellerId": theirs})

    async def grows(step: str, *accounts: str) -> None:
        now = {each: await number(database, each) for each in (ours, theirs)}
        assert {each for each in now if now[each] > before[each]} == set(accounts), step
        assert all(now[each] >= before[each] for each in now), step
        before.update(now)

    before = {each: await number(database, each) for each in (ours, theirs)}
    cart = await desk.cart((rafting, {"Adult": 1}))
    await grows("hold", ours)
    order = await desk.data("POST", "/order", json={"id": cart})
    await grows("order", ours)
    await desk.data("POST", f"/api/v1/orders/{order['id']}/check-in", json={})
    await grows("check-in", ours)
    await agent.order((rafting, {"Adult": 1}), supplier=ours)
    await grows("a reseller's order", ours, theirs)
    await desk.data("DELETE", f"/order/{order['id']}")
    await grows("cancel", ours)
    await desk.data("PATCH", f"/api/v1/departures/{rafting}", json={"closed": True})
    await grows("departure", ours)
    guide = (await desk.data("POST", "/api/v1/resources", json={"kind": "guide", "name": "Sam Roe"}))["id"]
    await grows("crew", ours)
    await desk.data("POST", f"/api/v1/departures/{rafting}/assignments", json={"resourceIds": [guide]})
    await grows("assign", ours)
    await desk.data("DELETE", f"/api/v1/departures/{rafting}/assignments/{guide}")
    await grows("take off", ours)
    written = {"kind": "message", "text": "Bring shoes.", "orders": 1}
    await desk.data("POST", f"/api/v1/departures/{rafting}/jobs", json=written)
    await grows("a departure's job", ours)
    await disruptions.work(database, desk.shop.booking)
    await grows("what it does", ours)
    await desk.data("POST", "/api/v1/tags", json={"code": "new", "name": "New"})
    await grows("catalog", ours)
    await desk.data("GET", f"/api/v1/departures/{rafting}")
    assert (await desk.data("GET", "/api/v1/changes"))["sequence"] == before[ours]
    await grows("nothing")


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
async def test_a_change_is_told_only_when_no_older_one_can_follow(
    settings: Settings, database: Database, clock: ManualClock
) -> None:
    """The one that began first commits last: the other's number is not told before, or the first would be missed."""
    shop, other = await open_shop(database, clock), await open_database(settings)
    first, second = [await shop.departure("kayak", f"2026-07-1{day} 09:00", capacity=9) for day in (1, 2)]
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx) -> None:
        await tx.execute("UPDATE departure SET closed = TRUE WHERE id = $1", first)
        begun.set()
        await go_on.wait()

    before = await number(database, shop.account_id)
    waiting = asyncio.create_task(other.write(slow))
    await begun.wait()
    await database.write(lambda tx: tx.execute("UPDATE departure SET closed = TRUE WHERE id = $1", second))
    assert await number(database, shop.account_id) == before
    raw = await database.read(lambda tx: tx.row("SELECT MAX(seq) AS seq FROM account_change"))
    assert raw is not None
    assert raw["seq"] > before, "control: the second has committed, and its number would be told without the guard"
    go_on.set()
    await waiting
    assert await number(database, shop.account_id) == raw["seq"]
    await other.close()


async def test_numbers_of_the_past_are_forgotten(database: Database, clock: ManualClock, settings: Settings) -> None:
    shop = await open_shop(database, clock)
    for day in range(1, 6):
        await shop.departure("kayak", f"2026-07-0{day} 09:00", capacity=9)
    before = await number(database, shop.account_id)
    await Loops(database, clock, settings).forget_changes()
    rows = await database.read(lambda tx: tx.rows("SELECT account_id FROM account_change"))
    assert [row["account_id"] for row in rows] == [shop.account_id]
    assert await number(database, shop.account_id) == before


async def test_watchers_are_told_and_the_database_is_asked_once_for_all(
    services: Services, database: Database, clock: ManualClock
) -> None:
    shop: Shop = await open_shop(database, clock)
    turn, asked = asyncio.Semaphore(0), 0

    async def pause() -> None:
        nonlocal asked
        asked += 1
        await turn.acquire()

    feed = ChangeFeed(database, pause)
    async with aclosing(feed.watch(shop.account_id)) as one, aclosing(feed.watch(shop.account_id)) as other:
        first = await anext(one)
        assert await anext(other) == first
        assert asked <= 1
        waiting = [asyncio.create_task(anext(each)) for each in (one, other)]
        turn.release()
        await shop.departure("kayak", "2026-07-01 09:00", capacity=9)
        turn.release()
        turn.release()
        assert {await each for each in waiting} == {await number(database, shop.account_id)}
    turn.release()
    assert first < await number(database, shop.account_id)
