"""Departures as operators manage them, on both databases."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any

import pytest

from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict, Invalid, NotFound, SoldOut
from seatwright.core.times import from_local, iso_utc, iso_wall
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.setup import schedule
from tests.conftest import NewAccount, TestAccount
from tests.outfitter import CATALOG, Operator

ZONE = "America/Denver"


def denver(text: str) -> int:
    return from_local(datetime.fromisoformat(text), ZONE)


@pytest.fixture
async def operator(services: Services, account: TestAccount) -> Operator:
    made = Operator.of(services, account.id)
    await made.load(CATALOG)
    return made


async def healthy(operator: Operator) -> None:
    assert await check(operator.database, operator.clock.now()) == []


async def test_a_departure_has_its_products_defaults(operator: Operator) -> None:
    made = (await operator.create("raft", start="2026-07-14T09:00", capacity=24)).departure
    assert (made.start_at, made.end_at) == (denver("2026-07-14 09:00"), denver("2026-07-14 13:00"))
    assert (made.local_date, made.time_zone) == ("2026-07-14", ZONE)
    assert made.closes_at == denver("2026-07-14 08:00")
    assert (made.capacity, made.taken, made.free, made.closed, made.prices) == (24, 0, 24, False, {})
    assert made.pool_id is None


async def test_a_departure_has_what_it_is_given(operator: Operator) -> None:
    made = (
        await operator.create(
            "raft",
            start="2026-07-14T20:00:00Z",
            durationMin=30,
            capacity=5,
            prices={"adult": "119.50"},
            cutoffMin=0,
            closed=True,
        )
    ).departure
    assert (made.start_at, made.local_date) == (denver("2026-07-14 14:00"), "2026-07-14")
    assert made.end_at == denver("2026-07-14 14:30")
    assert made.closes_at == made.start_at
    assert made.prices == {"Adult": 11950}
    assert made.closed


async def test_the_local_date_is_the_places(operator: Operator, clock: ManualClock) -> None:
    await operator.load({"locations": [{"code": "put-in", "name": "Put-in", "timeZone": "Pacific/Auckland"}]})
    made = (await operator.create("raft", start="2026-07-14T09:00", capacity=5)).departure
    assert iso_utc(made.start_at or 0) == "2026-07-13T21:00:00.000Z"
    assert (made.local_date, made.time_zone) == ("2026-07-14", "Pacific/Auckland")


@pytest.mark.parametrize(
    ("product", "form", "message"),
    [
        ("raft", {"capacity": 5}, "start: is missing"),
        ("raft", {"start": "soon", "capacity": 5}, "start: 'soon' is not a date or time"),
        ("raft", {"start": "2026-02-30T09:00", "capacity": 5}, "start: '2026-02-30' is not a date"),
        ("raft", {"start": "2026-07-14T25:00", "capacity": 5}, "start: '2026-07-14T25:00' is not"),
        ("raft", {"start": "2026-07-14T09:00"}, "capacity: is missing"),
        ("raft", {"start": "2026-07-14T09:00", "capacity": -1}, "capacity: expected a whole number of at least 0"),
        ("raft", {"start": "2026-07-14T09:00", "durationMin": 0}, "durationMin: expected a whole number of at least 1"),
        ("raft", {"start": "2026-07-14T09:00", "capacity": 1, "prices": {"Dog": 1}}, "prices.Dog: raft has no such"),
        (
            "raft",
            {"start": "2026-07-14T09:00", "capacity": 1, "prices": {"Adult": -1}},
            "prices.Adult: must not be below",
        ),
        (
            "raft",
            {"start": "2026-07-14T09:00", "capacity": 1, "prices": {"Adult": 1, "adult": 1}},
            "prices.adult: is there",
        ),
        ("voucher", {"capacity": 5, "start": "2026-07-14T09:00"}, "start: voucher is dateless"),
        ("voucher", {"capacity": 5, "durationMin": 5}, "durationMin: voucher is dateless"),
        ("voucher", {}, "capacity: is missing"),
    ],
)
async def test_a_departure_that_cannot_be_names_the_field(
    operator: Operator, product: str, form: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid) as error:
        await operator.create(product, **form)
    assert error.value.message.startswith(message)
    assert await operator.departures() == []


async def test_a_start_is_given_away_once(operator: Operator) -> None:
    await operator.create("raft", start="2026-07-14T09:00", capacity=24)
    with pytest.raises(Conflict, match="there is a departure at this time already"):
        await operator.create("raft", start="2026-07-14T15:00Z", capacity=24)
    with pytest.raises(NotFound):
        await operator.create("boat", start="2026-07-14T09:00", capacity=24)


async def test_a_dateless_product_has_one_departure(operator: Operator) -> None:
    first = await operator.create("voucher", capacity=100)
    again = await asyncio.gather(*(operator.create("voucher", capacity=7) for _ in range(4)))
    assert all(shown == first for shown in again)
    assert (first.departure.start_at, first.departure.closes_at, first.departure.local_date) == (None, None, None)
    with pytest.raises(Invalid, match="dateless"):
        await operator.create_many("voucher", capacity=1, times=["09:00"])


async def test_a_recurrence_keeps_the_wall_clock_over_both_changes(operator: Operator) -> None:
    made = await operator.create_many(
        "raft", first="2026-10-31", last="2027-03-15", weekdays=["sat", "sun"], times=["09:00", "14:30"], capacity=24
    )
    rows = await operator.departures()
    assert (made.created, made.existing) == (len(rows), 0) == (2 * 40, 0)
    assert {iso_wall(row["start_at"], ZONE)[11:16] for row in rows} == {"09:00", "14:30"}
    assert {iso_wall(row["end_at"], ZONE)[11:16] for row in rows} == {"13:00", "18:30"}
    utc = {iso_utc(row["start_at"])[:16] for row in rows}
    assert {"2026-10-31T15:00", "2026-11-01T16:00", "2027-03-13T16:00", "2027-03-14T15:00"} <= utc


async def test_times_that_the_clock_skips_or_repeats(operator: Operator) -> None:
    made = await operator.create_many(
        "raft", first="2027-03-14", last="2027-03-14", times=["02:30", "03:30"], capacity=1
    )
    assert [(note.kind, [subject.start for subject in note.departures]) for note in made.notes] == [
        ("clock_left_out", ["2027-03-14T02:30"])
    ]
    await operator.create_many("raft", first="2026-11-01", last="2026-11-01", times=["01:30"], capacity=1)
    starts = [iso_utc(row["start_at"]) for row in await operator.departures()]
    # 02:30 doesn't exist, and is 03:30 then: one departure. Of two 01:30s it is the first.
    assert starts == ["2026-11-01T07:30:00.000Z", "2027-03-14T09:30:00.000Z"]


async def test_a_recurrence_makes_only_what_is_missing(operator: Operator) -> None:
    one = (await operator.create("raft", start="2026-07-14T09:00", capacity=7, closed=True)).departure
    made = await operator.create_many(
        "raft", first="2026-07-13", last="2026-07-19", weekdays=["mon", "tue"], capacity=24
    )
    assert (made.created, made.existing) == (1, 1)
    assert (await operator.shown(one.id)).departure == one
    again = await operator.create_many("raft", first="2026-07-13", last="2026-07-14", capacity=24)
    assert (again.created, again.existing) == (0, 2)


async def test_a_recurrence_runs_a_year_from_today_by_default(operator: Operator) -> None:
    assert (await operator.create_many("raft", capacity=24)).created == 366
    days = [row["local_date"] for row in await operator.departures()]
    assert (days[0], days[-1]) == ("2026-07-01", "2027-07-01")


@pytest.mark.parametrize(
    ("product", "form", "message"),
    [
        ("raft", {"first": "2026-07-02", "last": "2026-07-01"}, "to: must not be before from"),
        ("raft", {"first": "2026-07-02", "last": "2046-07-01"}, "to: is more than 3660 days after from"),
        ("raft", {"first": "07/02/2026"}, "from: '07/02/2026' is not a date"),
        ("raft", {"times": ["9"]}, "times[0]: '9' is not a time"),
        ("raft", {"weekdays": []}, "weekdays: expected a list of at least 1 entries"),
        (
            "raft",
            {"weekdays": ["monday"]},
            "weekdays[0]: must be fri or mon or sat or sun or thu or tue or wed, got 'monday'",
        ),
        ("raft", {"last": "2036-06-01", "times": ["09:00", "10:00", "11:00"]}, "to: this comes to more than 10000"),
        ("raft", {"capacity": None}, "capacity: is missing"),
        ("bike", {}, "times: is missing, and bike has no startTime"),
    ],
)
async def test_a_recurrence_that_cannot_be_names_the_field(
    operator: Operator, product: str, form: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid) as error:
        await operator.create_many(product, **{"capacity": 1, **form})
    assert error.value.message.startswith(message)
    assert await operator.departures() == []


async def test_a_capacity_never_falls_below_what_is_taken(operator: Operator) -> None:
    made = (await operator.create("raft", start="2026-07-14T09:00", capacity=24)).departure
    await operator.take(made.id, 10)
    with pytest.raises(Conflict, match="capacity: can't be 9, because 10 are taken"):
        await operator.change(made.id, capacity=9, closed=True)
    assert (await operator.shown(made.id)).departure.closed is False
    changed = (await operator.change(made.id, capacity=10)).departure
    assert (changed.capacity, changed.taken, changed.free) == (10, 10, 0)
    with pytest.raises(SoldOut):
        await operator.take(made.id, 1)


async def test_what_is_not_given_stays(operator: Operator) -> None:
    made = (await operator.create("raft", start="2026-07-14T09:00", capacity=24, prices={"Child": 10})).departure
    assert (await operator.change(made.id)).departure == made
    assert "departure.changed" not in await operator.audited()
    closed = (await operator.change(made.id, closed=True)).departure
    assert closed.closed
    assert (closed.prices, closed.closes_at, closed.start_at) == (made.prices, made.closes_at, made.start_at)
    priced = (await operator.change(made.id, prices={})).departure
    assert priced.prices == {}
    assert priced.closed
    assert "departure.changed" in await operator.audited()


async def test_times_change_and_seats_stay(operator: Operator) -> None:
    made = (await operator.create("raft", start="2026-07-14T09:00", capacity=24)).departure
    order = await operator.sell(made.id, 8)
    await operator.take(made.id, 2)
    moved = (await operator.change(made.id, start="2026-07-15T10:00")).departure
    assert (moved.start_at, moved.end_at) == (denver("2026-07-15 10:00"), denver("2026-07-15 14:00"))
    assert (moved.local_date, moved.closes_at) == ("2026-07-15", denver("2026-07-15 09:00"))
    assert (moved.id, moved.taken) == (made.id, 10)
    longer = (await operator.change(made.id, durationMin=300, cutoffMin=0)).departure
    assert (longer.end_at, longer.closes_at) == (denver("2026-07-15 15:00"), longer.start_at)
    await operator.create("raft", start="2026-07-14T09:00", capacity=24)
    with pytest.raises(Conflict, match="start: there is a departure at this time already"):
        await operator.change(made.id, start="2026-07-14T09:00")
    followed = await operator.database.read(lambda tx: orders.read(tx, operator.caller, order.id))
    assert (followed.body.items[0].start_at, followed.total) == (longer.start_at, order.total)
    await healthy(operator)


async def test_a_change_that_cannot_be_names_the_field(operator: Operator) -> None:
    raft = (await operator.create("raft", start="2026-07-14T09:00", capacity=24)).departure
    voucher = (await operator.create("voucher", capacity=24)).departure
    for departure, form, message in (
        (raft, {"start": "x"}, "start: 'x' is not"),
        (raft, {"prices": {"Dog": 1}}, "prices.Dog: raft has no such price tier"),
        (voucher, {"start": "2026-07-14T09:00"}, "start: voucher is dateless"),
        (voucher, {"cutoffMin": 5}, "cutoffMin: voucher is dateless"),
    ):
        with pytest.raises(Invalid) as error:
            await operator.change(departure.id, **form)
        assert error.value.message.startswith(message)
    with pytest.raises(NotFound):
        await operator.change("0" * 24, closed=True)


async def test_another_accounts_departure_is_not_found(
    operator: Operator, services: Services, new_account: NewAccount
) -> None:
    made = (await operator.create("raft", start="2026-07-14T09:00", capacity=24)).departure
    stranger = Operator.of(services, (await new_account("stranger")).id)
    with pytest.raises(NotFound):
        await stranger.change(made.id, closed=True)
    with pytest.raises(NotFound):
        await stranger.shown(made.id)


async def test_a_pool_is_counted_at_the_starts_of_its_departures(operator: Operator) -> None:
    made = (await operator.create("bike", start="2026-07-14T09:15", durationMin=60)).departure
    assert made.capacity == 5
    assert await operator.pool() == {made.start_at: (5, 0)}
    await operator.take(made.id, 3)
    within = (await operator.create("bike", start="2026-07-14T09:40", durationMin=5)).departure
    after = (await operator.create("bike", start="2026-07-14T10:15", durationMin=30)).departure
    before = (await operator.create("bike", start="2026-07-14T09:05", durationMin=10)).departure
    assert (within.free, after.free, before.free) == (2, 5, 5)
    assert await operator.pool() == {
        before.start_at: (5, 0),
        made.start_at: (5, 3),
        within.start_at: (5, 3),
        after.start_at: (5, 0),
    }
    assert {row["start_at"]: row["pool_starts"] for row in await operator.departures()} == {
        before.start_at: 1,
        made.start_at: 2,
        within.start_at: 1,
        after.start_at: 1,
    }
    await healthy(operator)


async def test_a_rental_moves_with_its_units(operator: Operator) -> None:
    made = (await operator.create("bike", start="2026-07-14T09:00", durationMin=60)).departure
    other = (await operator.create("bike", start="2026-07-14T12:00", durationMin=60)).departure
    cart_id = await operator.take(made.id, 3)
    await operator.take(other.id, 2)
    moved = (await operator.change(made.id, start="2026-07-14T11:30")).departure
    assert await operator.pool() == {moved.start_at: (5, 3), other.start_at: (5, 5)}
    assert (moved.taken, moved.free) == (3, 0)
    await healthy(operator)
    await operator.give_up(cart_id)
    assert await operator.pool() == {moved.start_at: (5, 0), other.start_at: (5, 2)}
    await healthy(operator)


async def test_a_rental_stays_where_its_units_are_not_free(operator: Operator) -> None:
    made = (await operator.create("bike", start="2026-07-14T09:00", durationMin=60)).departure
    other = (await operator.create("bike", start="2026-07-14T12:00", durationMin=60)).departure
    await operator.take(made.id, 3)
    await operator.take(other.id, 3)
    before = await operator.pool(), await operator.departures()
    with pytest.raises(Conflict, match="start: 3 units of this departure are taken, and its pool has not as many"):
        await operator.change(made.id, start="2026-07-14T11:30")
    with pytest.raises(Conflict, match="capacity: can't be 2, because 3 are taken"):
        await operator.change(made.id, start="2026-07-14T15:00", capacity=2)
    assert (await operator.pool(), await operator.departures()) == before
    await healthy(operator)


async def test_a_pool_grows_and_shrinks_from_now_on(operator: Operator, clock: ManualClock) -> None:
    past = (await operator.create("bike", start="2026-07-14T09:00", durationMin=30)).departure
    full = (await operator.create("bike", start="2026-07-16T09:00", durationMin=30)).departure
    own = (await operator.create("bike", start="2026-07-16T09:15", durationMin=30, capacity=3)).departure
    clock.set(denver("2026-07-15 12:00"))
    await operator.load({"pools": [{"code": "bikes", "name": "Bikes", "units": 8}]})
    assert [(await operator.shown(one.id)).departure.capacity for one in (past, full, own)] == [5, 8, 3]
    pool = await operator.pool()
    assert pool[past.start_at or 0][0] == 5
    assert pool[full.start_at or 0][0] == 8
    await operator.take(full.id, 6)
    with pytest.raises(Conflict, match="units: the pool bikes can't have 5, because 6 are taken at the same time"):
        await operator.load({"pools": [{"code": "bikes", "name": "Bikes", "units": 5}]})
    await operator.load({"pools": [{"code": "bikes", "name": "Bikes", "units": 6}]})
    assert (await operator.shown(full.id)).departure.free == 0
    assert (await operator.create("bike", start="2026-07-17T09:00")).departure.capacity == 6
    await healthy(operator)


async def test_units_taken_and_a_pool_that_shrinks_never_cross(operator: Operator) -> None:
    made = (await operator.create("bike", start="2026-07-14T09:00")).departure

    async def shrink() -> bool:
        try:
            await operator.load({"pools": [{"code": "bikes", "name": "Bikes", "units": 4}]})
        except Conflict:
            return False
        return True

    async def take() -> bool:
        try:
            await operator.take(made.id, 1)
        except SoldOut:
            return False
        return True

    done = await asyncio.gather(shrink(), *(take() for _ in range(5)))
    assert sum(done) == 5
    await healthy(operator)


async def test_capacity_and_seats_taken_never_cross(operator: Operator) -> None:
    made = (await operator.create("raft", start="2026-07-14T09:00", capacity=6)).departure

    async def shrink() -> bool:
        try:
            await operator.change(made.id, capacity=5)
        except Conflict:
            return False
        return True

    async def take() -> bool:
        try:
            await operator.take(made.id, 1)
        except SoldOut:
            return False
        return True

    done = await asyncio.gather(*(take() for _ in range(3)), shrink(), *(take() for _ in range(3)))
    assert sum(done) == 6
    await healthy(operator)


async def test_departures_are_listed_by_day_with_what_is_free(operator: Operator, clock: ManualClock) -> None:
    await operator.create_many("raft", first="2026-06-30", last="2026-07-05", times=["09:00", "14:00"], capacity=24)
    now = clock.now()
    first, last = date(2026, 6, 30), date(2026, 7, 2)

    async def page(number: int) -> list[str]:
        found = await operator.database.read(
            lambda tx: schedule.page(
                tx, operator.catalogs, now, operator.account_id, "raft", first=first, last=last, limit=4, page=number
            )
        )
        return [iso_wall(shown.departure.start_at or 0, ZONE)[5:16] for shown in found]

    assert await page(0) == ["06-30T09:00", "06-30T14:00", "07-01T09:00", "07-01T14:00"]
    assert await page(1) == ["07-02T09:00", "07-02T14:00"]
    assert await page(2) == []
