"""An import names departures that the file doesn't cover any more, and those at times that the clock skips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from seatwright.cancellation.service import Target, cancel
from seatwright.cli.importing import import_command
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.times import iso_wall
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.setup.importing import Counts, ImportReport
from tests.conftest import TestAccount
from tests.outfitter import Operator
from tests.store.test_import import everything


@pytest.fixture
def operator(services: Services, account: TestAccount) -> Operator:
    return Operator.of(services, account.id)


def kayaks(*schedules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A catalog with one rental and its schedules."""
    product = {"code": "kayak", "name": "Kayak", "number": 1, "tiers": {"All": {"price": 9}}, "durationMin": 60}
    return {
        "pools": [{"code": "kayaks", "name": "Kayaks", "units": 4}],
        "products": [{**product, "quantityType": "unit", "pool": "kayaks"}, {**product, "code": "other", "number": 2}],
        "schedules": [{"product": "kayak", **schedule} for schedule in schedules],
        **more,
    }


BEFORE = kayaks({"from": "2027-04-01", "to": "2027-10-31", "times": ["17:30"]})
AFTER = kayaks({"from": "2027-04-01", "to": "2027-09-30", "times": ["18:00"]})


def kinds(report: ImportReport) -> dict[str, int]:
    return {note.kind: note.count for note in report.notes}


async def on_sale(operator: Operator) -> list[str]:
    rows = await operator.departures()
    return [iso_wall(row["start_at"], row["time_zone"])[5:16] for row in rows if not row["closed"]]


async def healthy(operator: Operator) -> None:
    assert await check(operator.database, operator.clock.now()) == []


async def test_a_changed_schedule_says_what_nothing_covers(operator: Operator, clock: ManualClock) -> None:
    assert kinds(await operator.load(BEFORE)) == {}
    first, second, *_ = await operator.departures()
    await operator.sell(first["id"], 3)
    await operator.take(second["id"], 1)
    report = await operator.load(AFTER)
    assert report.counts["departures"] == Counts(created=183)
    assert kinds(report) == {"uncovered": 212, "uncovered_taken": 2}
    assert [(s.start, s.taken) for s in report.notes[1].departures] == [
        ("2027-04-01T17:30", 3),
        ("2027-04-02T17:30", 1),
    ]
    assert (report.notes[0].count, len(report.notes[0].departures)) == (212, 100)
    assert "  ... and 112 more" in report.lines()

    pruned = await operator.load(AFTER, prune=True)
    assert pruned.counts["departures"] == Counts(unchanged=183, deleted=212)
    assert kinds(pruned) == {"deleted": 212, "uncovered_taken": 2}
    assert len(await operator.departures()) == 183 + 2
    assert set(await operator.pool()) == {row["start_at"] for row in await operator.departures()}
    assert "departure.deleted" in await operator.audited()
    assert not (await operator.load(AFTER, prune=True)).changed
    await healthy(operator)


async def test_a_season_that_begins_later_or_has_no_day(operator: Operator) -> None:
    season = {"from": "2027-04-01", "to": "2027-04-10", "times": ["17:30"]}
    await operator.load(kayaks(season))
    assert kinds(await operator.load(kayaks({**season, "from": "2027-04-08"}))) == {"uncovered": 7}
    none = {**season, "from": "2027-04-06", "to": "2027-04-06", "weekdays": ["mon"]}  # a Tuesday
    assert kinds(await operator.load(kayaks(none))) == {"uncovered": 10}


async def test_a_check_shows_all_and_writes_nothing(operator: Operator) -> None:
    await operator.load(BEFORE)
    await operator.sell((await operator.departures())[0]["id"], 3)
    before = await everything(operator)
    shown = await operator.load(AFTER, check=True, prune=True)
    assert await everything(operator) == before
    assert shown.counts["departures"] == Counts(created=183, deleted=213)
    assert shown.lines()[-1] == "This was a check: nothing has been written."
    done = await operator.load(AFTER, prune=True)
    assert (done.counts, done.notes[0].count) == (shown.counts, shown.notes[0].count)
    with pytest.raises(Conflict, match="can't have 2, because 3 are taken"):
        await operator.load({"pools": [{"code": "kayaks", "name": "Kayaks", "units": 2}]}, check=True)


async def test_cancelled_orders_keep_a_departure_that_is_then_closed(operator: Operator) -> None:
    await operator.load(BEFORE)
    first = (await operator.departures())[0]
    order = await operator.sell(first["id"], 3)
    with pytest.raises(Conflict, match="held or sold: 3"):
        await operator.delete(first["id"])
    target = Target(order.id)
    await operator.database.write(lambda tx: cancel(tx, operator.booking, operator.caller, target, apply_fee=False))
    with pytest.raises(Conflict, match="Cancelled orders refer to this departure; set closed to true") as error:
        await operator.delete(first["id"])
    assert error.value.code == "departure_ordered"
    report = await operator.load(AFTER, prune=True)
    assert kinds(report) == {"deleted": 213, "closed": 1}
    assert report.counts["departures"] == Counts(created=183, changed=1, deleted=213)
    assert "04-01T17:30" not in await on_sale(operator)
    assert kinds(await operator.load(AFTER)) == {}, "what is closed is not on sale"
    await healthy(operator)


async def test_what_is_over_closed_or_of_another_product_is_left_alone(operator: Operator, clock: ManualClock) -> None:
    other = {"product": "other", "start": "2027-05-01T09:00", "capacity": 3}
    await operator.load({**BEFORE, "departures": [other]})
    rows = [row for row in await operator.departures() if row["capacity"] == 4]
    await operator.change(rows[-1]["id"], closed=True)
    clock.set(rows[30]["start_at"])
    report = await operator.load(AFTER, prune=True)
    assert kinds(report) == {"deleted": 214 - 31 - 1}
    assert len([row for row in await operator.departures() if row["capacity"] == 3]) == 1
    await healthy(operator)


async def test_an_empty_departure_can_be_deleted(operator: Operator) -> None:
    await operator.load(BEFORE)
    first = (await operator.departures())[0]
    cart = await operator.take(first["id"], 1)
    with pytest.raises(Conflict, match="held or sold: 1"):
        await operator.delete(first["id"])
    await operator.give_up(cart)
    assert (await operator.delete(first["id"])).departure.id == first["id"]
    with pytest.raises(NotFound):
        await operator.delete(first["id"])
    assert first["start_at"] not in await operator.pool()
    await operator.create("kayak", start="2027-04-01T17:30")
    await healthy(operator)


async def test_a_season_stands_where_the_clock_skips_a_time(operator: Operator) -> None:
    """In Denver, 02:30 on the 14th of March 2027 is 03:30."""
    season = {"from": "2027-03-01", "to": "2027-03-31"}
    report = await operator.load(kayaks({**season, "times": ["02:30", "03:30"]}))
    assert report.counts["departures"] == Counts(created=61)
    assert [(n.kind, [(s.product, s.start) for s in n.departures]) for n in report.notes] == [
        ("clock_left_out", [("kayak", "2027-03-14T02:30")])
    ]
    two = await operator.load(kayaks({**season, "times": ["02:30"]}, {**season, "times": ["03:30"]}))
    assert (two.counts["departures"], kinds(two)) == (Counts(unchanged=61), {"clock_left_out": 1})
    turned = await operator.load(kayaks({**season, "times": ["03:30"]}, {**season, "times": ["02:30"]}))
    assert (turned.counts["departures"], kinds(turned)) == (Counts(unchanged=61), {"clock_left_out": 1})
    alone = await operator.load(kayaks({**season, "times": ["02:30"]}))
    assert kinds(alone) == {"uncovered": 30, "clock_skipped": 1}
    single = {"product": "kayak", "start": "2027-03-14T03:30", "capacity": 2}
    beside = await operator.load(kayaks({**season, "times": ["02:30"]}, departures=[single]))
    assert kinds(beside) == {"uncovered": 30, "clock_left_out": 1}
    assert len(await operator.departures()) == 61
    await healthy(operator)


def test_the_import_command_says_what_nothing_covers(
    settings: Settings, account: TestAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEATWRIGHT_DATA", str(settings.data))
    monkeypatch.setenv("SEATWRIGHT_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.command()(import_command)
    product = "products: [{code: kayak, name: K, number: 1, tiers: {All: {price: 9}}, durationMin: 60}]\n"
    line = "schedules: [{product: kayak, from: 2037-04-01, to: 2037-04-02, times: ['%s'], capacity: 2}]\n"
    file = tmp_path / "catalog.yaml"

    def run(time: str, *options: str) -> str:
        file.write_text(product + line % time)
        result = CliRunner().invoke(app, [str(file), *options])
        assert result.exit_code == 0, result.output
        return result.output

    assert "departures: 2 created" in run("17:30")
    checked = run("18:00", "--check", "--prune")
    assert "departures: 2 created, 0 changed, 0 unchanged, 2 deleted" in checked
    assert "This was a check: nothing has been written." in checked
    said = run("18:00")
    assert "2 departures on sale that nothing in the file covers, with no seat held or sold: import with prune" in said
    assert "  kayak 2037-04-01T17:30 (America/Denver)" in said
    assert "2 departures deleted, which nothing in the file covers." in run("18:00", "--prune")
    assert "Nothing has changed." in run("18:00", "--prune", "--move-sold")
