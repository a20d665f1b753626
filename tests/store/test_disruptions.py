"""A departure that does not take place: what was said first is what happens, order by order, once each."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Unavailable
from seatwright.disruptions import service as disruptions
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.storage.engine import Database
from seatwright.storage.open import open_database
from tests.desk import Desk, open_desk

LOUD = {"disableConfirmationEmail": False}
WIND = "The wind is too strong."


@pytest.fixture
async def desk(client: httpx.AsyncClient, services: Services) -> Desk:
    return await open_desk(client, services)


async def busy(desk: Desk, client: httpx.AsyncClient) -> tuple[str, str, list[str]]:
    """Sell a departure in several orders: one with another date, one partly cancelled, a reseller's, one on hold.

    Return it, a later one, and the orders.
    """
    raft = await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=20)
    later = await desk.shop.departure("rafting", "2026-07-15 09:00", capacity=20, prices={"Adult": 5000})
    agent = await open_desk(client, desk.services, "agent")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": agent.shop.account_id})
    orders = [
        await desk.order((raft, {"Adult": 2}), **LOUD),
        await desk.order((raft, {"Adult": 1}), (later, {"Child": 1}), **LOUD),
        await desk.order((raft, {"Adult": 1, "Child": 2})),
        await agent.order((raft, {"Senior": 1}), supplier=desk.shop.account_id),
    ]
    guest = orders[2]["items"][0]["participantList"][0]["id"]
    await desk.data("DELETE", f"/order/{orders[2]['id']}/item/{raft}/participant/{guest}")
    return raft, later, [order["id"] for order in orders]


async def plan(desk: Desk, departure: str, **body: Any) -> dict[str, Any]:
    path = f"/api/v1/departures/{departure}/jobs?check=true"
    found: dict[str, Any] = await desk.data("POST", path, json={"reason": WIND, **body})
    return found


async def begin(desk: Desk, departure: str, planned: dict[str, Any], **body: Any) -> str:
    path = f"/api/v1/departures/{departure}/jobs"
    job = await desk.data("POST", path, json={"reason": WIND, "orders": planned["orders"], **body})
    assert (job["status"], job["done"]) == ("running", 0)
    return str(job["id"])


def same(planned: dict[str, Any], job: dict[str, Any]) -> None:
    """See that a job has done what was said before."""
    for field in ("orders", "done", "failed", "guests", "amount", "currency", "failures", "reason", "to"):
        assert job[field] == planned[field], field


async def mailed(desk: Desk) -> Counter[tuple[str, str]]:
    """Count the events about which mails are sent, by order and action."""
    rows = await desk.services.database.read(lambda tx: tx.rows("SELECT order_id, detail FROM outbox_event"))
    actions = ("order.cancelled", "order.partly_cancelled", "order.moved")
    return Counter((row["order_id"], action) for row in rows for action in actions if f'"{action}"' in row["detail"])


async def test_the_dry_run_of_a_cancellation_is_what_happens(desk: Desk, client: httpx.AsyncClient) -> None:
    raft, later, orders = await busy(desk, client)
    cart = await desk.cart((raft, {"Adult": 3}))
    planned = await plan(desk, raft, kind="cancel")
    assert (planned["status"], planned["orders"], planned["done"], planned["guests"]) == ("planned", 4, 4, 6)
    assert planned["amount"] > 0
    before = await desk.shop.taken(raft)
    assert before == 6 + 3, "a dry run changes nothing"
    job_id = await begin(desk, raft, planned, kind="cancel")
    await disruptions.work(desk.services.database, desk.shop.booking)
    job = await desk.data("GET", f"/api/v1/departure-jobs/{job_id}")
    assert job["status"] == "done"
    same(planned, job)
    assert await desk.data("GET", f"/api/v1/departures/{raft}/jobs") == [job]
    shown = [await desk.data("GET", f"/order/{order}") for order in orders]
    assert [order["status"] for order in shown] == ["cancelled", "confirmed", "cancelled", "cancelled"]
    assert shown[0]["cancellationFees"] == 0
    assert await mailed(desk) == {(orders[0], "order.cancelled"): 1, (orders[1], "order.partly_cancelled"): 1}
    assert (await desk.shop.taken(raft), await desk.shop.taken(later)) == (0, 1)
    assert (await desk.refused(409, "POST", "/order", json={"id": cart}))["errorCode"] == "not_bookable"
    (listed,) = [
        each
        for each in (await desk.data("GET", "/api/v1/departures?from=2026-07-14"))["departures"]
        if each["id"] == raft
    ]
    assert (listed["closed"], listed["cancelledFor"], listed["taken"]) == (True, WIND, 0)
    assert await check(desk.services.database, 0) == []


async def test_the_dry_run_of_a_move_is_what_happens(desk: Desk, client: httpx.AsyncClient) -> None:
    raft, later, orders = await busy(desk, client)
    planned = await plan(desk, raft, kind="move", to=later)
    assert (planned["done"], planned["guests"], planned["amount"]) == (4, 6, 0)
    job_id = await begin(desk, raft, planned, kind="move", to=later)
    await disruptions.work(desk.services.database, desk.shop.booking)
    same(planned, await desk.data("GET", f"/api/v1/departure-jobs/{job_id}"))
    assert (await desk.shop.taken(raft), await desk.shop.taken(later)) == (0, 7)
    assert await mailed(desk) == {(orders[0], "order.moved"): 1, (orders[1], "order.moved"): 1}
    quote = await desk.data("GET", f"/api/v1/orders/{orders[0]}/cancellation-quote")
    assert quote["fee"] == 0, "whom the supplier has moved cancels for nothing"
    assert await check(desk.services.database, 0) == []


async def test_orders_that_find_no_seats_stay_and_are_named(desk: Desk, client: httpx.AsyncClient) -> None:
    raft, _, _ = await busy(desk, client)
    small = await desk.shop.departure("rafting", "2026-07-16 09:00", capacity=3)
    planned = await plan(desk, raft, kind="move", to=small)
    assert planned["done"] + planned["failed"] == 4
    assert planned["failed"] >= 1
    job_id = await begin(desk, raft, planned, kind="move", to=small)
    await disruptions.work(desk.services.database, desk.shop.booking)
    job = await desk.data("GET", f"/api/v1/departure-jobs/{job_id}")
    same(planned, job)
    assert job["status"] == "done"
    assert "not enough seats" in job["failures"][0]["reason"]
    assert await desk.shop.taken(raft) == 6 - job["guests"]
    assert await check(desk.services.database, 0) == []


async def test_what_has_changed_since_is_refused(desk: Desk, client: httpx.AsyncClient) -> None:
    raft, later, _ = await busy(desk, client)
    planned = await plan(desk, raft, kind="cancel")
    await desk.order((raft, {"Adult": 1}))
    path = f"/api/v1/departures/{raft}/jobs"
    body = {"kind": "cancel", "orders": planned["orders"]}
    assert (await desk.refused(409, "POST", path, json=body))["errorCode"] == "amounts_changed"
    assert (await desk.data("GET", f"/api/v1/departures/{raft}"))["closed"] is False
    assert (await desk.refused(400, "POST", path, json={"kind": "cancel"}))["errorCode"] == "missing_field"
    assert (await desk.refused(400, "POST", path, json={"kind": "move", "orders": 5}))["errorMessage"][:3] == "to:"
    away = {"kind": "move", "to": "0" * 24, "orders": 5}
    assert (await desk.refused(404, "POST", path, json=away))["errorCode"] == "departure_not_found"
    await desk.data("POST", path, json={"kind": "cancel", "orders": 5})
    again = {"kind": "move", "to": later, "orders": 5}
    assert (await desk.refused(409, "POST", path, json=again))["errorCode"] == "job_running"
    await desk.refused(404, "GET", f"/api/v1/departure-jobs/{'0' * 24}")


@pytest.mark.parametrize("kind", ["cancel", "move"])
async def test_with_the_proof_nothing_that_was_shown_may_have_changed(
    desk: Desk, client: httpx.AsyncClient, kind: str
) -> None:
    """As many orders, and yet something else than what was shown: another one, or another amount to give back."""
    raft, later, orders = await busy(desk, client)
    body = {"kind": kind, **({"to": later} if kind == "move" else {})}
    path = f"/api/v1/departures/{raft}/jobs"
    for change in range(2):
        planned = await plan(desk, raft, **body)
        assert planned["proof"] == (await plan(desk, raft, **body, text="Sorry."))["proof"], "whatever is written"
        if change:
            await desk.data("DELETE", f"/order/{orders[1]}/item/{raft}")
            await desk.order((raft, {"Child": 1}))
        else:
            guest = (await desk.data("GET", f"/order/{orders[0]}"))["items"][0]["participantList"][0]["id"]
            await desk.data("DELETE", f"/order/{orders[0]}/item/{raft}/participant/{guest}")
        sent = {**body, "orders": planned["orders"], "proof": planned["proof"]}
        assert (await desk.refused(409, "POST", path, json=sent))["errorCode"] == "amounts_changed"
        assert (await desk.data("GET", f"/api/v1/departures/{raft}"))["closed"] is False
    planned = await plan(desk, raft, **body)
    job_id = await begin(desk, raft, planned, **body, proof=planned["proof"])
    await disruptions.work(desk.services.database, desk.shop.booking)
    same(planned, await desk.data("GET", f"/api/v1/departure-jobs/{job_id}"))


async def test_a_message_goes_once_to_each_customer_who_can_be_written_to(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    raft, _, orders = await busy(desk, client)
    ann = {"firstName": "Ann", "email": "ann@lee.example"}
    cart = await desk.cart((raft, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=ann)
    written = await desk.data("POST", "/order", json={"id": cart})
    body = {"kind": "message", "reason": "", "text": "Please come at eight.\nBring shoes."}
    planned = await plan(desk, raft, **body)
    assert (planned["orders"], planned["done"], planned["guests"], planned["failed"]) == (5, 1, 1, 4)
    reasons = {each["orderId"]: each["reason"] for each in planned["failures"]}
    assert "reseller" in reasons[orders[3]]
    assert "no e-mail address" in reasons[orders[0]]
    job_id = await begin(desk, raft, planned, **body)
    await disruptions.work(desk.services.database, desk.shop.booking)
    await disruptions.work(desk.services.database, desk.shop.booking)
    job = await desk.data("GET", f"/api/v1/departure-jobs/{job_id}")
    same(planned, job)
    assert job["text"] == body["text"]
    rows = await desk.services.database.read(lambda tx: tx.rows("SELECT order_id, detail FROM outbox_event"))
    assert [row["order_id"] for row in rows if "order.message_sent" in row["detail"]] == [written["id"]]
    assert (await desk.data("GET", f"/api/v1/departures/{raft}"))["closed"] is False
    missing = {"kind": "message", "orders": 5}
    path = f"/api/v1/departures/{raft}/jobs"
    assert (await desk.refused(400, "POST", path, json=missing))["errorMessage"][:5] == "text:"
    assert await check(desk.services.database, 0) == []


async def test_a_mistake_of_ours_in_one_order_keeps_no_other_waiting(
    desk: Desk, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    raft, _, orders = await busy(desk, client)
    real = disruptions.cancel_chosen

    async def broken(tx: Any, order: Any, *rest: Any, **more: Any) -> Any:
        assert order.id != orders[1]
        return await real(tx, order, *rest, **more)

    monkeypatch.setattr(disruptions, "cancel_chosen", broken)
    job_id = await begin(desk, raft, await plan(desk, raft, kind="cancel"), kind="cancel")
    await disruptions.work(desk.services.database, desk.shop.booking)
    job = await desk.data("GET", f"/api/v1/departure-jobs/{job_id}")
    assert (job["status"], job["done"], [each["orderId"] for each in job["failures"]]) == ("done", 3, [orders[1]])
    assert await check(desk.services.database, 0) == []


async def test_a_departure_that_is_opened_again_is_cancelled_no_more(desk: Desk) -> None:
    raft = await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=2)
    await begin(desk, raft, {"orders": 0}, kind="cancel")
    path = f"/api/v1/departures/{raft}"
    for closed in (False, True):
        await desk.data("PATCH", path, json={"closed": closed})
        (shown,) = (await desk.data("GET", "/api/v1/departures?from=2026-07-14"))["departures"]
        assert (shown["closed"], shown["cancelledFor"]) == (closed, None)


class Dying:
    """A probe that lets the database go away at one of its commits, before or after it."""

    def __init__(self, number: int, when: str) -> None:
        self._number, self._when = number, when
        self.commits = 0

    def before(self, sql: str) -> None:
        if sql == "COMMIT":
            self.commits += 1
            self._die("before")

    def after(self, sql: str) -> None:
        if sql == "COMMIT":
            self._die("after")

    def _die(self, when: str) -> None:
        if self.commits == self._number and when == self._when:
            raise Unavailable("killed")


@pytest.mark.parametrize("kind", ["cancel", "move"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_halfway_and_started_again_each_order_and_each_mail_is_once(
    desk: Desk, client: httpx.AsyncClient, kind: str, when: str
) -> None:
    raft, later, orders = await busy(desk, client)
    body = {"kind": kind, **({"to": later} if kind == "move" else {})}
    planned = await plan(desk, raft, **body)
    job_id = await begin(desk, raft, planned, **body)
    database, deaths = desk.services.database, 0
    for number in range(1, 4):
        database.probe = Dying(number, when)
        try:
            await disruptions.work(database, desk.shop.booking)
        except Unavailable:
            deaths += 1
        database.probe = None
    await disruptions.work(database, desk.shop.booking)
    assert deaths > 1
    job = await desk.data("GET", f"/api/v1/departure-jobs/{job_id}")
    assert job["status"] == "done"
    same(planned, job)
    assert set((await mailed(desk)).values()) == {1}
    for order in orders:
        history = await desk.data("GET", f"/api/v1/audit/{order}")
        done = [each for each in history if each["action"] in ("order.moved", "order.cancelled")]
        partly = [each for each in history if each["action"] == "order.partly_cancelled"]
        assert len(done) + len(partly) == (2 if order == orders[2] else 1), "and once before, by hand"
    assert await check(database, 0) == []


async def test_two_processes_share_a_job(
    desk: Desk, client: httpx.AsyncClient, settings: Settings, clock: ManualClock
) -> None:
    raft, _, _ = await busy(desk, client)
    planned = await plan(desk, raft, kind="cancel")
    job_id = await begin(desk, raft, planned, kind="cancel")
    other: Database = await open_database(settings)
    booking = desk.shop.booking
    await asyncio.gather(*(disruptions.work(each, booking) for each in (desk.services.database, other)))
    await other.close()
    same(planned, await desk.data("GET", f"/api/v1/departure-jobs/{job_id}"))
    assert set((await mailed(desk)).values()) == {1}
