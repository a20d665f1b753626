"""A time zone that is corrected: the season stays one season, at the same times on the wall. On both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict, Invalid
from seatwright.core.times import from_local, iso_wall
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.setup.importing import Counts, ImportReport
from tests.conftest import TestAccount
from tests.outfitter import Operator

DENVER, CHICAGO, LISBON, AUCKLAND = "America/Denver", "America/Chicago", "Europe/Lisbon", "Pacific/Auckland"
TIMES = ["09:00", "10:00", "14:30"]


@pytest.fixture
def operator(services: Services, account: TestAccount) -> Operator:
    return Operator.of(services, account.id)


def season(zone: str, *, place: str | None = None, **more: Any) -> dict[str, Any]:
    """A catalog with a season over the end of summer time, a place of its own zone, and a rental pool."""
    location = {"code": "shop", "name": "Shop", **({"timeZone": place} if place else {})}
    return {
        "account": {"timeZone": zone},
        "locations": [location],
        "pools": [{"code": "kayaks", "name": "Kayaks", "units": 4}],
        "products": [
            {"code": "tour", "name": "Tour", "number": 1, "tiers": {"All": {"price": 9}}, "durationMin": 60},
            {"code": "kayak", "name": "Kayak", "number": 2, "tiers": {"All": {"price": 9}}, "durationMin": 240}
            | {"quantityType": "unit", "pool": "kayaks", "locations": ["shop"], "cutoffMin": 30},
        ],
        "departures": [{"product": "tour", "start": "2026-12-24T18:00", "capacity": 6}],
        "schedules": [
            {"product": "tour", "from": "2026-10-28", "to": "2026-11-05", "times": TIMES, "capacity": 8},
            {"product": "kayak", "from": "2026-10-28", "to": "2026-11-05", "times": TIMES},
        ],
        **more,
    }


def kinds(report: ImportReport) -> dict[str, int]:
    return {note.kind: note.count for note in report.notes}


async def walls(operator: Operator) -> list[tuple[str, str, str]]:
    rows = await operator.departures()
    return sorted((row["product_id"], iso_wall(row["start_at"], row["time_zone"])[:16], row["id"]) for row in rows)


async def healthy(operator: Operator) -> None:
    assert await check(operator.database, operator.clock.now()) == []


@pytest.mark.parametrize("zone", [CHICAGO, LISBON, AUCKLAND, "Pacific/Pago_Pago", "Asia/Kathmandu"])
async def test_empty_departures_follow_a_corrected_zone(operator: Operator, zone: str) -> None:
    await operator.load(season(DENVER))
    before = await walls(operator)
    report = await operator.load(season(zone))
    assert report.counts["departures"] == Counts(changed=55)
    assert kinds(report) == {"zone_followed": 55}
    assert await walls(operator) == before, "the same departures at the same times on the wall"
    rows = await operator.departures()
    assert {row["time_zone"] for row in rows} == {zone}
    assert all(
        row["start_at"] == from_local(datetime.fromisoformat(wall), zone)
        for row, wall in zip(
            sorted(rows, key=lambda row: (row["product_id"], iso_wall(row["start_at"], zone))),
            [w for _, w, _ in before],
            strict=True,
        )
    )
    assert {row["closes_at"] - row["start_at"] for row in rows} == {0, -30 * 60_000}
    assert not (await operator.load(season(zone))).changed
    assert kinds(await operator.load(season(DENVER))) == {"zone_followed": 55}, "and back"
    assert await walls(operator) == before
    await healthy(operator)


async def test_departures_follow_the_corrected_zone_of_their_place(operator: Operator) -> None:
    await operator.load(season(DENVER))
    report = await operator.load(season(DENVER, place=CHICAGO))
    assert kinds(report) == {"zone_followed": 27}
    assert {subject.product for note in report.notes for subject in note.departures} == {"kayak"}
    assert len(await walls(operator)) == 55


async def test_departures_with_seats_sold_or_held_move_only_when_the_import_says_so(operator: Operator) -> None:
    await operator.load(season(DENVER))
    rows = await operator.departures()
    tour = next(row for row in rows if row["capacity"] == 8)
    kayak = next(row for row in rows if row["capacity"] == 4)
    order = await operator.sell(tour["id"], 2)
    await operator.take(kayak["id"], 3)
    before = await walls(operator)
    report = await operator.load(season(AUCKLAND))
    assert report.counts["departures"] == Counts(changed=53, unchanged=2)
    assert kinds(report) == {"zone_followed": 53, "zone_waiting": 2}
    assert {(s.id, s.taken, s.time_zone) for s in report.notes[1].departures} == {
        (tour["id"], 2, DENVER),
        (kayak["id"], 3, DENVER),
    }
    text = "2 departures left in the old time zone, because seats are held or sold: import with moveSold"
    assert any(line.startswith(text) for line in report.lines())
    assert await walls(operator) == before
    again = await operator.load(season(AUCKLAND))
    assert (again.changed, kinds(again)) == (False, {"zone_waiting": 2})

    moved = await operator.load(season(AUCKLAND), move_sold=True)
    assert kinds(moved) == {"zone_followed": 2}
    assert await walls(operator) == before
    now = (await operator.shown(tour["id"])).departure
    assert (now.time_zone, now.taken) == (AUCKLAND, 2)
    followed = await operator.database.read(lambda tx: orders.read(tx, operator.caller, order.id))
    assert (followed.body.items[0].start_at, followed.body.items[0].time_zone) == (now.start_at, AUCKLAND)
    await healthy(operator)


async def test_a_departure_that_stays_keeps_others_from_moving_to_its_time(operator: Operator) -> None:
    """11:00 in Chicago is 10:00 in Denver, where a sold one stays; so it stays, too, in the way of 12:00."""
    hours = [f"{hour:02}:00" for hour in range(8, 13)]
    schedule = {"product": "tour", "from": "2026-10-28", "to": "2026-10-28", "times": hours, "capacity": 8}
    await operator.load(season(DENVER, schedules=[schedule], departures=[]))
    ten = (await operator.departures())[2]
    await operator.sell(ten["id"], 1)
    report = await operator.load(season(CHICAGO, schedules=[schedule], departures=[]))
    assert kinds(report) == {"zone_followed": 2, "zone_waiting": 1, "zone_blocked": 2}
    assert len(await operator.departures()) == 5
    done = await operator.load(season(CHICAGO, schedules=[schedule], departures=[]), move_sold=True)
    assert kinds(done) == {"zone_followed": 3}
    await healthy(operator)


async def test_a_departure_that_has_begun_keeps_its_time(operator: Operator, clock: ManualClock) -> None:
    await operator.load(season(DENVER))
    first = (await operator.departures())[0]
    await operator.sell(first["id"], 1)
    clock.set(from_local(datetime(2026, 11, 2, 12, 0), DENVER))  # noqa: DTZ001 - a wall clock
    report = await operator.load(season(CHICAGO))
    assert report.counts["departures"] == Counts(changed=21, unchanged=34)
    assert kinds(report) == {"zone_followed": 21}
    assert len(await operator.departures()) == 55
    assert not (await operator.load(season(CHICAGO))).changed


async def test_times_with_an_offset_are_instants(operator: Operator) -> None:
    single = {"product": "tour", "start": "2026-07-14T09:00-06:00", "capacity": 6}
    await operator.load(season(DENVER, departures=[single], schedules=[]))
    (before,) = await operator.departures()
    report = await operator.load(season(CHICAGO, departures=[single], schedules=[]))
    (after,) = await operator.departures()
    assert (after["id"], after["start_at"], after["time_zone"]) == (before["id"], before["start_at"], CHICAGO)
    assert [subject.start for note in report.notes for subject in note.departures] == ["2026-07-14T10:00"]


async def test_a_recurrence_makes_no_second_season(operator: Operator) -> None:
    await operator.load(season(DENVER))
    await operator.load({"account": {"timeZone": CHICAGO}})
    made = await operator.create_many("tour", first="2026-10-28", last="2026-11-06", times=TIMES, capacity=8)
    assert (made.created, made.existing) == (3, 27)
    assert {note.kind: note.count for note in made.notes} == {"zone_waiting": 27}
    assert len(await operator.departures()) == 58


async def test_two_at_one_time_on_the_wall_are_said_on_purpose(operator: Operator) -> None:
    """The clock shows 01:30 twice on the first of November."""
    await operator.load(season(DENVER, departures=[], schedules=[]))
    first = await operator.create("tour", start="2026-11-01T01:30", capacity=8)
    with pytest.raises(Conflict, match="sameLocalTime") as error:
        await operator.create("tour", start="2026-11-01T01:30-07:00", capacity=8)
    assert (error.value.code, error.value.field) == ("same_local_time", "start")
    second = await operator.create("tour", start="2026-11-01T01:30-07:00", capacity=8, sameLocalTime=True)
    assert (second.departure.start_at or 0) - (first.departure.start_at or 0) == 3_600_000
    other = await operator.create("tour", start="2026-11-01T05:00", capacity=8)
    await operator.delete(second.departure.id)
    with pytest.raises(Conflict, match="sameLocalTime"):
        await operator.change(other.departure.id, start="2026-11-01T01:30-07:00")
    await operator.change(other.departure.id, start="2026-11-01T01:30-07:00", sameLocalTime=True)

    await operator.load({"account": {"timeZone": CHICAGO}})
    with pytest.raises(Conflict, match="America/Denver already"):
        await operator.create("tour", start="2026-11-01T01:30", capacity=8)


async def test_a_file_with_two_departures_at_one_time_on_the_wall_is_refused(operator: Operator) -> None:
    twice = [
        {"product": "tour", "start": "2026-11-01T01:30-06:00", "capacity": 6},
        {"product": "tour", "start": "2026-11-01T01:30-07:00", "capacity": 6},
    ]
    with pytest.raises(Invalid, match=r"departures\[1\].start: the product has a departure at 2026-11-01T01:30"):
        await operator.load(season(DENVER, departures=twice, schedules=[]))
    twice[1]["sameLocalTime"] = True
    await operator.load(season(DENVER, departures=twice, schedules=[]))
    assert not (await operator.load(season(DENVER, departures=twice, schedules=[]))).changed
    schedule = {"product": "tour", "from": "2026-11-01", "to": "2026-11-01", "times": ["01:30"], "capacity": 6}
    report = await operator.load(season(DENVER, departures=[twice[0]], schedules=[schedule]))
    assert not report.changed, "a single one counts before a recurring one at its time"
    await operator.delete((await operator.departures())[0]["id"])
    report = await operator.load(season(DENVER, departures=[twice[1]], schedules=[schedule]))
    assert report.counts["departures"] == Counts(created=1, unchanged=1), "the two are meant"


async def test_a_new_one_at_the_moment_of_one_that_stays(operator: Operator) -> None:
    ten = {"product": "tour", "start": "2026-10-28T10:00", "capacity": 6}
    await operator.load(season(DENVER, departures=[ten], schedules=[]))
    await operator.sell((await operator.departures())[0]["id"], 1)
    eleven = {**ten, "start": "2026-10-28T11:00"}
    with pytest.raises(Invalid, match=r"departures\[0\].start: 2026-10-28T11:00 in America/Chicago is the moment of"):
        await operator.load(season(CHICAGO, departures=[eleven], schedules=[]))
