"""Rentals collide if they overlap on the clock, to the minute, and never otherwise: in any zone, over its changes.

The expected seats are counted minute by minute from what was taken, by arithmetic of the test's own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from seatwright.core.clock import HOUR_MS, MINUTE_MS, ManualClock
from seatwright.core.errors import Conflict, SoldOut
from seatwright.core.times import from_local, to_local
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from tests.conftest import TestAccount
from tests.crash.scale import amount
from tests.outfitter import Operator
from tests.times.zones import changing

QUARTERS = ["Asia/Kathmandu", "Pacific/Chatham", "Australia/Eucla", "Australia/Lord_Howe"]
UNITS = 4
STEPS = amount("RENTAL_STEPS", 25)


@pytest.fixture
async def operator(services: Services, account: TestAccount) -> Operator:
    return Operator.of(services, account.id)


def catalog(zone: str) -> dict[str, Any]:
    return {
        "locations": [{"code": "shop", "name": "Shop", "timeZone": zone}],
        "pools": [{"code": "kayaks", "name": "Kayaks", "units": UNITS}],
        "products": [
            {
                "code": "kayak",
                "name": "Kayak",
                "number": 1,
                "quantityType": "unit",
                "tiers": {"All": {"price": 30}},
                "locations": ["shop"],
                "durationMin": 240,
                "pool": "kayaks",
            }
        ],
    }


async def test_a_morning_and_an_afternoon_rental_in_kathmandu_do_not_collide(operator: Operator) -> None:
    document = catalog("Asia/Kathmandu")
    document["pools"][0]["units"] = 1
    schedule = {"product": "kayak", "from": "2027-03-01", "to": "2027-03-01", "times": ["09:00", "13:00"]}
    await operator.load({**document, "schedules": [schedule]})
    morning, afternoon = await operator.departures()
    await operator.sell(morning["id"], 1)
    assert (await operator.shown(afternoon["id"])).departure.free == 1
    await operator.sell(afternoon["id"], 1)
    assert await check(operator.database, operator.clock.now()) == []


@dataclass
class Rental:
    start: int
    end: int
    carts: dict[str, int] = field(default_factory=dict)
    taken = property(lambda self: sum(self.carts.values()))


def free(rental: Rental, rentals: list[Rental]) -> int:
    """Count the units that are out in each minute of a rental."""
    out = [
        sum(other.taken for other in rentals if other.start <= minute < other.end)
        for minute in range(rental.start, rental.end, MINUTE_MS)
    ]
    return min(UNITS - rental.taken, *(UNITS - units for units in out))


def edges() -> list[tuple[str, int]]:
    """Return a zone and an instant near which its clocks change, for some of all zones and all of the odd ones."""
    every = [(name, change.at) for name, change in changing() if change.at > 1_800_000_000_000]
    found = {name: (name, at) for name, at in reversed(every) if name in QUARTERS}
    odd = [found.get(name, (name, 1_830_000_000_000)) for name in QUARTERS]
    return odd + random.Random(11).sample(every, amount("RENTAL_ZONES", 2))


@pytest.mark.parametrize(("zone", "change"), edges())
async def test_only_what_overlaps_collides(operator: Operator, clock: ManualClock, zone: str, change: int) -> None:
    """Rentals are made, moved, taken and given back at random about a change of the clock."""
    await operator.load(catalog(zone))
    clock.set(change - 400 * HOUR_MS)
    rng = random.Random(zone)
    rentals: dict[str, Rental] = {}

    def wall() -> str:
        local = to_local(change, zone).replace(tzinfo=None, second=0, microsecond=0)
        return (local + timedelta(minutes=rng.choice((5, 1)) * rng.randint(-48, 48))).isoformat()[:16]

    def times() -> tuple[str, int, int, int]:
        text, minutes = wall(), rng.choice((5, 20, 60, 61, 240))
        start = from_local(datetime.fromisoformat(text), zone)
        return text, minutes, start, start + minutes * MINUTE_MS

    async def make() -> None:
        text, minutes, start, end = times()
        if all(rental.start != start for rental in rentals.values()):
            made = await operator.create("kayak", start=text, durationMin=minutes)
            rentals[made.departure.id] = Rental(start, end)

    async def take(name: str, rental: Rental) -> None:
        count = rng.randint(1, 2)
        if count <= free(rental, list(rentals.values())):
            rental.carts[await operator.take(name, count)] = count
        else:
            with pytest.raises(SoldOut):
                await operator.take(name, count)

    async def move(name: str, rental: Rental) -> None:
        text, minutes, start, end = times()
        if any(other.start == start for other in rentals.values()):
            return
        moved = Rental(start, end, rental.carts)
        others = [other for other in rentals.values() if other is not rental]
        if rental.taken and free(moved, [*others, moved]) < 0:
            with pytest.raises(Conflict, match="its pool has not as many free"):
                await operator.change(name, start=text, durationMin=minutes)
        else:
            await operator.change(name, start=text, durationMin=minutes)
            rentals[name] = moved

    for _ in range(4):
        await make()
    for _ in range(STEPS):
        name = rng.choice(sorted(rentals))
        what = rng.choice((make, take, take, move, "give back"))
        if what is make:
            await make()
        elif what == "give back":
            if rentals[name].carts:
                cart_id = next(iter(rentals[name].carts))
                await operator.give_up(cart_id)
                del rentals[name].carts[cart_id]
        else:
            await what(name, rentals[name])  # type: ignore[operator]
        for each, rental in rentals.items():
            assert (await operator.shown(each)).departure.free == free(rental, list(rentals.values()))
        assert await check(operator.database, clock.now()) == []
    assert set(await operator.pool()) == {rental.start for rental in rentals.values()}, "a row for each start, no more"
