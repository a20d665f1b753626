"""The law of assignments: what is shown as a conflict is what a comparison of all pairs finds, minute by minute.

Random guides and boats go on random departures around a night in which clocks change; these are moved, cancelled and
reopened. After each turn the list of the days and each departure's own page have exactly the conflicts that follow from
the minutes in which everybody is busy.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any, NamedTuple

import pytest

from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.invariants.checks import check
from seatwright.storage.engine import Tx
from tests.desk import Desk
from tests.laws.goods import Chance
from tests.shop import denver

CASES = int(os.environ.get("LAW_CASES", "3"))
TURNS = 3
STEPS = 10
NIGHTS = ("2026-10-31", "2026-11-01", "2026-11-02")
"""Clocks go back in Denver in the second of them, an hour after Berlin's and Sydney's have changed long before."""
ZONES = ("America/Denver", "Europe/Berlin", "Australia/Sydney")

Found = set[tuple[str, str, str, str]]
"""Conflicts: of which departure, the kind, whose, and with which departure."""


class Outing(NamedTuple):
    """A departure as the naive comparison knows it."""

    id: str
    start_min: int
    end_min: int
    on: bool


class Dispatch:
    """An outfitter's crew, boats and departures, and who is on what."""

    def __init__(self, desk: Desk, chance: Chance) -> None:
        self.desk, self.chance = desk, chance
        self.turnarounds: dict[str, int] = {}
        self.departures: list[str] = []
        self.on: dict[str, set[str]] = defaultdict(set)

    async def open(self) -> None:
        """Hire four and make some departures."""
        random = self.chance.random
        for kind in ("guide", "driver", "boat", "vehicle"):
            minutes = random.choice((0, 0, 1, 30, 1440))
            body = {"kind": kind, "name": f"The {kind}", "turnaroundMin": minutes}
            self.turnarounds[(await self.desk.data("POST", "/api/v1/resources", json=body))["id"]] = minutes
        starts = [(day, minute) for day in NIGHTS for minute in (0, 60, 75, 90, 119, 120, 135, 180, 1439)]
        for day, minute in random.sample(starts, 14):
            departure = await self.desk.shop.departure("kayak", f"{day} {minute // 60:02}:{minute % 60:02}", capacity=9)
            await self.desk.services.database.write(lambda tx, id=departure: self._lengthen(tx, id))  # type: ignore[misc]
            self.departures.append(departure)
        for resource in self.turnarounds:
            for departure in random.sample(self.departures, 5):
                await self.assign(departure, resource)

    async def assign(self, departure: str, resource: str) -> None:
        """Assign something, in conflict or not."""
        body = {"resourceIds": [resource], "anyway": True}
        await self.desk.data("POST", f"/api/v1/departures/{departure}/assignments", json=body)
        self.on[departure].add(resource)

    async def _lengthen(self, tx: Tx, departure: str) -> None:
        length = self.chance.random.choice((1, 30, 60, 61, 240, 1500)) * MINUTE_MS
        zone = self.chance.random.choice(ZONES)
        await tx.execute(
            "UPDATE departure SET end_at = start_at + $2, time_zone = $3 WHERE id = $1", departure, length, zone
        )

    async def turn(self) -> None:
        """Do several things at random."""
        random = self.chance.random
        for _ in range(STEPS):
            departure, resource = random.choice(self.departures), random.choice(list(self.turnarounds))
            path = f"/api/v1/departures/{departure}"
            match random.choice(("assign", "assign", "unassign", "move", "cancel", "reopen", "reopen")):
                case "assign":
                    await self.assign(departure, resource)
                case "unassign":
                    await self.desk.data("DELETE", f"{path}/assignments/{resource}")
                    self.on[departure].discard(resource)
                case "move":
                    hour = random.randrange(24)
                    body = {"start": f"{random.choice(NIGHTS)}T{hour:02}:{random.randrange(60):02}Z"}
                    moved = await self.desk.call("PATCH", path, json=body | {"sameLocalTime": True})
                    assert moved.status_code in (200, 409), moved.text
                case "cancel":
                    await self.desk.call("POST", f"{path}/jobs", json={"kind": "cancel", "orders": 0})
                case "reopen":
                    await self.desk.data("PATCH", path, json={"closed": False})

    async def expected(self) -> Found:
        """Compare all pairs, by the minutes in which somebody is busy or getting ready."""
        rows = await self.desk.services.database.read(
            lambda tx: tx.rows("SELECT id, start_at, end_at, cancelled_for, closed FROM departure")
        )
        outings = [
            Outing(
                row["id"],
                row["start_at"] // MINUTE_MS,
                row["end_at"] // MINUTE_MS,
                row["cancelled_for"] is None or not row["closed"],
            )
            for row in rows
            if row["start_at"] is not None
        ]
        return {
            (one.id, "overlap", resource, other.id)
            for one in outings
            for other in outings
            for resource in self.on[one.id] & self.on[other.id]
            if one.id != other.id and one.on and other.on
            if _busy(one, self.turnarounds[resource]) & _busy(other, self.turnarounds[resource])
        }


def _busy(outing: Outing, turnaround: int) -> set[int]:
    return set(range(outing.start_min, outing.end_min + turnaround))


def _found(departure: str, conflicts: list[dict[str, Any]]) -> Found:
    return {(departure, each["kind"], each["resourceId"], each["departureId"]) for each in conflicts}


@pytest.mark.parametrize("seed", range(CASES))
async def test_conflicts_are_those_of_a_comparison_of_all_pairs(desk: Desk, clock: ManualClock, seed: int) -> None:
    clock.set(denver("2026-10-01 09:00"))
    dispatch = Dispatch(desk, Chance(seed))
    await dispatch.open()
    conflicts = 0
    for _ in range(TURNS):
        await dispatch.turn()
        expected = await dispatch.expected()
        conflicts += len(expected)
        listed: Found = set()
        for each in (await desk.data("GET", "/api/v1/departures?from=2026-10-28&to=2026-11-06"))["departures"]:
            listed |= _found(each["id"], each["conflicts"])
            assert {one["id"] for one in each["assigned"]} == dispatch.on[each["id"]]
        assert listed == expected
        one = dispatch.chance.random.choice(dispatch.departures)
        own = await desk.data("GET", f"/api/v1/departures/{one}/assignments")
        assert _found(one, own["conflicts"]) == {each for each in expected if each[0] == one}
        for day in NIGHTS:
            for each in (await desk.data("GET", f"/api/v1/departures?from={day}"))["departures"]:
                assert _found(each["id"], each["conflicts"]) == {want for want in expected if want[0] == each["id"]}
    assert conflicts, "the turns of this seed make some"
    assert await check(desk.services.database, 0) == []


async def test_an_hour_that_the_clock_shows_twice_is_two(desk: Desk, clock: ManualClock) -> None:
    """1:30 before and after the clock goes back are an hour apart: a tour of an hour fits twice, a longer one not."""
    clock.set(denver("2026-10-01 09:00"))
    raft = (await desk.data("POST", "/api/v1/resources", json={"kind": "boat", "name": "Raft"}))["id"]
    product = "/api/v1/products/kayak/departures"
    first, second = [
        (
            await desk.data(
                "POST",
                product,
                json={
                    "start": f"2026-11-01T{hour}:30Z",
                    "durationMin": 60,
                    "capacity": 4,
                    "sameLocalTime": True,
                },
            )
        )["id"]
        for hour in ("07", "08")
    ]
    for each in (first, second):
        await desk.data("POST", f"/api/v1/departures/{each}/assignments", json={"resourceIds": [raft]})
    await desk.data("PATCH", f"/api/v1/departures/{first}", json={"durationMin": 61})
    shown = await desk.data("GET", f"/api/v1/departures/{second}/assignments")
    assert [each["departureId"] for each in shown["conflicts"]] == [first]
