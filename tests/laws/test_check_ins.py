"""The law of check-ins: shared out, repeated and mixed up in any way, the same queue leads to the same end."""

from __future__ import annotations

import os
from typing import Any

import pytest

from seatwright.cart.model import Line, Mark
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.times import iso_utc
from seatwright.orders.marks import marked
from tests.conftest import START
from tests.desk import Desk
from tests.laws.goods import Chance

CASES = int(os.environ.get("LAW_CASES", "3"))
GUEST = Line(id="guest", kind="participant", tier="Adult", seats=1, price=0)
End = list[tuple[str | None, str | None]]


def queue(orders: list[Any], chance: Chance) -> list[dict[str, Any]]:
    """Return what a device, or several, might have noted of the guests of some orders."""
    return [
        {
            "id": f"tap-{number:05}",
            "at": iso_utc(START - chance.random.randint(0, 8) * MINUTE_MS),
            "orderId": order["id"],
            "departureId": order["items"][0]["id"],
            "guestId": guest["id"],
            "mark": chance.random.choice(["in", "in", "out", "missing", "came"]),
        }
        for number in range(14)
        for order in [chance.random.choice(orders)]
        for guest in [chance.random.choice(order["items"][0]["participantList"])]
    ]


async def sent(desk: Desk, check_ins: list[dict[str, Any]], chance: Chance) -> None:
    """Send a queue in parts, mixed up, some of it again."""
    left = chance.random.sample(check_ins, len(check_ins))
    while left:
        size = chance.random.randint(1, 6)
        part, left = left[:size], left[size:]
        again = chance.random.sample(check_ins, 2)
        found = await desk.data("POST", "/api/v1/check-ins", json={"checkIns": [*part, *again]})
        assert {each["outcome"] for each in found} <= {"noted", "overtaken"}
        left = [*left, *part] if chance.random.random() < 0.1 else left


async def end(desk: Desk, orders: list[Any]) -> End:
    """Return since when each guest is there, or missing."""
    shown = [await desk.data("GET", f"/order/{order['id']}") for order in orders]
    lines = [line for order in shown for line in order["items"][0]["participantList"]]
    return [(line["checkedInDate"], line.get("noShowDate")) for line in lines]


def expected(orders: list[Any], check_ins: list[dict[str, Any]]) -> End:
    """Return the same by the rule: each guest's marks in the order of their times."""
    found = []
    for guest in (line["id"] for order in orders for line in order["items"][0]["participantList"]):
        own = sorted((each["at"], each["id"], each["mark"]) for each in check_ins if each["guestId"] == guest)
        line, times = GUEST, {at: number for number, at in enumerate(sorted({at for at, _, _ in own}), 1)}
        for at, mark_id, kind in own:
            line = marked(line, Mark(times[at], mark_id, kind), 0)
        by_number = {number: at for at, number in times.items()}
        found.append((by_number.get(line.checked_in_at or 0), by_number.get(line.no_show_at or 0)))
    return found


@pytest.mark.parametrize("seed", range(CASES))
async def test_however_it_comes_in_a_queue_leads_to_the_same_end(
    desk: Desk, rafting: str, clock: ManualClock, seed: int
) -> None:
    chance = Chance(seed)
    ends = []
    for _ in range(2):
        orders = [await desk.order((rafting, {"Adult": 2})) for _ in range(2)]
        guests = [line["id"] for order in orders for line in order["items"][0]["participantList"]]
        if not ends:
            pattern = [(each, guests.index(each["guestId"])) for each in queue(orders, chance)]
        check_ins = [each | {"guestId": guests[place], "orderId": orders[place // 2]["id"]} for each, place in pattern]
        await sent(desk, check_ins, chance)
        ends.append(await end(desk, orders))
        assert ends[-1] == expected(orders, check_ins)
    assert ends[0] == ends[1]
