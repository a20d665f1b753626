"""PostgreSQL as it really fails: backends shot, connections cut around the COMMIT, forced retries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio

from seatwright.core.config import Settings
from seatwright.core.ids import new_hex24
from seatwright.storage.engine import MAX_ATTEMPTS
from tests.conftest import settings_for
from tests.faults.caretaker import difference
from tests.faults.cases import BY_NAME
from tests.faults.postgres_faults import Cut, Proxy, Shooter, Sniper, failing, open_proxy
from tests.faults.runs import begin, clean_run, converges, fail_at
from tests.faults.world import World, open_world
from tests.postgres import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOT = [
    "create cart",
    "add item",
    "add item of a pool, others' holds over",
    "add item, sold out",
    "delete cart",
    "place order",
    "place order, holds over",
    "add to order, merged",
    "cancel order",
    "cancel unit",
    "change user",
    "import",
    "move departure",
]
CUT = ["create cart", "add item", "place order", "place reseller's order", "add to order, new item", "cancel order"]
LOST_AND_FOUND = {
    "add item": ["idempotency", "cart", "departure", "hold"],
    "place order": ["cart", "hold", "account_counter", "orders", "order_line", "ledger_entry", "audit_event"],
    "cancel order": ["orders", "ledger_entry", "departure", "pool_start"],
    "import": ["catalog_entry", "departure"],
}
"""Tables that each of these use cases changes."""


@pytest.fixture(scope="module")
def postgres_settings(
    postgres_server: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    name = f"real_{new_hex24()}"
    url = postgres_server.create_database(name, template=postgres_template)
    yield settings_for(tmp_path_factory.mktemp("real"), url)
    postgres_server.drop_database(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxied(postgres_settings: Settings) -> AsyncIterator[tuple[World, Proxy]]:
    """A world on PostgreSQL, and the proxy through which the program reaches it."""
    async with (
        open_proxy(postgres_settings.database_url) as (proxy, url),
        open_world(replace(postgres_settings, database_url=url)) as world,
    ):
        yield world, proxy


@pytest.fixture
def name(postgres_settings: Settings) -> str:
    return postgres_settings.database_url.rpartition("/")[2]


@pytest.fixture(scope="module")
def sniper(postgres_settings: Settings) -> Iterator[Sniper]:
    opened = Sniper(postgres_settings.database_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("case", SHOT)
async def test_a_connection_killed_before_any_step_leaves_all_or_nothing(
    proxied: tuple[World, Proxy], sniper: Sniper, case: str
) -> None:
    world, _ = proxied
    run = await clean_run(world, BY_NAME[case], "key")
    done = (run.before, 0)
    for number, event in enumerate(run.events):
        if event[0] == "after" and number not in run.boundaries:
            continue
        where = f"{case}, shot at {number} {event}"
        answer, state = await fail_at(world, run, Shooter(world, sniper, number))
        if number in run.boundaries:
            done = (state, run.thrown[number] - run.thrown[0])
        if answer.status == run.answer.status:
            assert event[0] == "after", where
            assert (answer.body, state) == (run.answer.body, run.after), where
        else:
            assert answer.status == 503, where
            assert state == done[0], f"{where}:\n{difference(done[0], state)}"
            # Its other connections were shot too, and it may meet some of them before it has noticed.
            await converges(world, run, *done, where, tries=world.services.settings.pool_size)
    assert done[0] == run.after


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed"])
@pytest.mark.parametrize("cut", ["request", "reply"])
@pytest.mark.parametrize("case", CUT)
async def test_a_connection_cut_around_the_commit_leaves_all_or_nothing(
    proxied: tuple[World, Proxy], case: str, cut: Cut, keyed: bool
) -> None:
    world, proxy = proxied
    run = await clean_run(world, BY_NAME[case], "key" if keyed else None)
    await begin(world, run.case)
    commits = run.events[-1] == ("after", "COMMIT")
    before_it = len(run.events) - 2

    class Arming:
        seen = 0

        def before(self, sql: str) -> None:
            if self.seen == before_it:
                proxy.arm(cut, only_commit=commits)
            self.seen += 1

        def after(self, sql: str) -> None:
            self.seen += 1

    cuts = proxy.cuts
    answer, state = await fail_at(world, run, Arming())
    assert proxy.cuts == cuts + 1
    assert answer.status == 503
    expected = run.after if cut == "reply" else run.before
    assert state == expected, difference(expected, state)
    if keyed or run.case.natural:
        await converges(world, run, state, 0, f"{case}, {cut} cut")


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
@pytest.mark.parametrize(
    ("case", "table"), [(case, table) for case, tables in LOST_AND_FOUND.items() for table in tables]
)
async def test_a_serialization_failure_is_tried_again_as_a_whole(
    proxied: tuple[World, Proxy], postgres_server: PostgresServer, name: str, case: str, table: str, sqlstate: str
) -> None:
    world, _ = proxied
    run = await clean_run(world, BY_NAME[case], "key")
    await begin(world, run.case)
    with failing(postgres_server, name, table, sqlstate, 2) as shots:
        answer = await run.case.act(world, run.key)
        assert shots.count >= 3
    assert answer.status == 200
    await world.caretaker.rewind()
    state = await world.caretaker.dump()
    assert {table: len(rows) for table, rows in state.items()} == {
        table: len(rows) for table, rows in run.after.items()
    }
    await world.assert_healthy(state)


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_a_conflict_that_never_ends_is_tried_a_bounded_number_of_times(
    proxied: tuple[World, Proxy], postgres_server: PostgresServer, name: str, sqlstate: str
) -> None:
    world, _ = proxied
    run = await clean_run(world, BY_NAME["place order"], "key")
    with failing(postgres_server, name, "ledger_entry", sqlstate, 1000) as shots:
        await begin(world, run.case)
        answer = await run.case.act(world, run.key)
        assert shots.count == MAX_ATTEMPTS
    assert (answer.status, b'"busy"' in answer.body) == (503, True)
    state = await world.caretaker.dump()
    assert state == run.before, difference(run.before, state)
    await converges(world, run, state, 0, "after too many tries")
