"""The stream that tells of changes: at once, to the end, and never of another account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from seatwright.http.change_feed import ChangeFeed
from seatwright.http.context import Services
from seatwright.http.streams import end, ends_of
from seatwright.web.desk import live_routes
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor


@pytest.fixture
def long_streams(short_streams: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream lasts as it does on a server."""
    monkeypatch.setattr(live_routes, "LONGEST_S", 600)


def feed(services: Services) -> ChangeFeed:
    """Return a feed that asks as often as it can."""
    return ChangeFeed(services.database, pause=lambda: asyncio.sleep(0))


async def following(events: AsyncIterator[bytes]) -> bytes:
    """Return the next event."""
    return await asyncio.wait_for(anext(events), 20)


@pytest.mark.usefixtures("long_streams")
async def test_a_change_is_told_and_the_server_may_stop(desk: Desk, services: Services, rafting: str) -> None:
    scope: dict[str, dict[str, object]] = {"state": {}}
    events = live_routes.stream(feed(services), desk.shop.account_id, ends_of(scope))
    assert b"retry" in await following(events)
    first = await following(events)
    assert first.startswith(b"data: ")
    await desk.order((rafting, {"Adult": 1}))
    assert await following(events) != first
    end(scope)
    assert [each async for each in events if each.startswith(b"retry")] == [], "it comes to an end"


async def test_only_a_session_opens_a_stream(desk: Desk, dana: Visitor) -> None:
    answer = await dana.get("/changes")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert (await Visitor(desk.client, desk.services).get("/changes")).status_code == 303


def test_other_answers_are_left_alone_when_the_server_stops() -> None:
    end({"state": {}})
    end({})


async def test_open_pages_are_fetched_again_one_after_the_other_and_others_do_not_wait(dana: Visitor) -> None:
    turn = dana.services.refresh_turn
    await turn.acquire()
    again = [asyncio.create_task(dana.get("/today", desk_refresh="1")) for _ in range(2)]
    assert (await dana.get("/today")).status_code == 200
    assert not any(each.done() for each in again)
    turn.release()
    assert [answer.status_code for answer in await asyncio.gather(*again)] == [200, 200]
    assert not turn.locked()
