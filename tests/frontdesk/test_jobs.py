"""The list of jobs: what is done to departures in the background, how far it is, what stays as it is, and the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.worker.loops import Loops
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor


async def start(desk: Desk, departure: str, **wanted: Any) -> dict[str, Any]:
    job: dict[str, Any] = await desk.data("POST", f"/api/v1/departures/{departure}/jobs", json=wanted)
    return job


async def work(desk: Desk, clock: ManualClock) -> None:
    parts = desk.services
    await Loops(parts.database, clock, parts.settings).do_departure_jobs()


async def test_the_list_says_how_far_each_job_is(
    desk: Desk, dana: Visitor, rafting: str, kayak: str, clock: ManualClock
) -> None:
    assert "Nothing was done in the background yet" in text_of(await dana.get("/jobs"))
    await desk.order((rafting, {"Adult": 2}))
    wind = await start(desk, rafting, kind="cancel", orders=1, reason="The <wind>")
    running = text_of(await dana.get("/jobs"))
    for words in ("Cancel a departure", "Half-day rafting", "The &lt;wind&gt;", "Running", "0 of 1 order, 0 guests"):
        assert words in running, words
    await work(desk, clock)
    clock.advance(MINUTE_MS)
    note = await start(desk, kayak, kind="message", orders=0, text="See you")
    await work(desk, clock)
    page = await dana.get("/jobs")
    assert "1 of 1 order, 2 guests" in text_of(page)
    links = re.findall(r'href="/desk(/departures/[^"]+/jobs/[^"]+)"', page.text)
    assert links == [f"/departures/{kayak}/jobs/{note['id']}", f"/departures/{rafting}/jobs/{wind['id']}"]
    assert [(await dana.get(link)).status_code for link in links] == [200, 200]
    listed = await desk.data("GET", "/api/v1/departure-jobs")
    assert [(each["id"], each["done"]) for each in listed] == [(note["id"], 0), (wind["id"], 1)]
    assert [each["id"] for each in await desk.data("GET", "/api/v1/departure-jobs?limit=1&page=1")] == [wind["id"]]


async def test_what_stays_as_it_is_is_named_and_can_be_tried_again(
    desk: Desk, dana: Visitor, rafting: str, clock: ManualClock
) -> None:
    small = await desk.shop.departure("rafting", "2026-07-16 09:00", capacity=1)
    order = await desk.order((rafting, {"Adult": 2}))
    await start(desk, rafting, kind="move", to=small, orders=1)
    await work(desk, clock)
    page = await dana.get("/jobs")
    assert "Done, not with all" in text_of(page)
    assert f'href="/desk/orders/{order["confirmation"]}"' in page.text
    again = re.search(r'href="/desk(/departures/[^"]+/move)">', page.text)
    assert again is not None
    assert (await dana.get(again[1])).status_code == 200
    reader = await visitor(desk.client, desk.services, desk.shop.account_id, frozenset(("orders.read",)))
    assert "Try the rest again" not in text_of(await reader.get("/jobs"))
    assert "Try the rest again" in text_of(page)


async def test_pages_of_the_list(
    desk: Desk, dana: Visitor, kayak: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await start(desk, kayak, kind="message", orders=0, text="See you")
        clock.advance(MINUTE_MS)
    monkeypatch.setattr("seatwright.web.desk.job_routes.PAGE_SIZE", 2)
    first, second = await dana.get("/jobs"), await dana.get("/jobs?page=1")
    assert (first.text.count("Message to all guests"), "Older" in first.text) == (2, True)
    assert (second.text.count("Message to all guests"), "Older" in second.text) == (1, False)
