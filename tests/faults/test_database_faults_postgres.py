"""PostgreSQL gone and back, slow, full, read-only, out of connections: 503, nothing lost, and it recovers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from seatwright.app.assembly import create_app
from seatwright.auth.secrets import Keyring
from seatwright.cart.holds import sweep
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock, SystemClock
from seatwright.core.errors import SoldOut, Unavailable
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.storage import postgres, postgres_connections
from seatwright.storage.engine import ConstraintViolation, ReadTx, Tx
from seatwright.storage.migrate import migrate
from seatwright.storage.open import open_database
from tests.conftest import SECRET, settings_for
from tests.desk import Desk, open_desk
from tests.faults.postgres_faults import Proxy, Sniper, failing, open_proxy
from tests.faults.traffic import Traffic, assert_envelope, assert_nothing_lost
from tests.postgres import PostgresServer

SEATS = 100_000
AWAY_S = 5.0
"""No request takes longer where PostgreSQL is away altogether: there is no timeout that would have to run out."""


@dataclass
class Front:
    """A desk on a database of this module's own server, and a departure to book."""

    desk: Desk
    services: Services
    server: PostgresServer
    name: str
    departure: str

    async def assert_healthy(self, traffic: Traffic) -> None:
        """Check that nothing was lost, and that the books balance."""
        await assert_nothing_lost(self.desk.call, traffic)
        while await sweep(self.services.database, self.services.clock):
            pass
        assert await check(self.services.database, self.services.clock.now()) == []

    def sql(self, sql: str) -> str:
        """Run a statement as a superuser, in the front's database."""
        return self.server.execute(sql, self.name)

    async def reconnect(self) -> None:
        """Have the program's connections made anew, so that changed defaults count."""
        sniper = Sniper(self.services.settings.database_url)
        sniper.shoot()
        sniper.close()
        for _ in range(self.services.settings.pool_size):  # it may meet each of them before it has noticed
            await self.desk.call("GET", "/cart")

    @property
    def traffic(self) -> Traffic:
        """Bookings of the departure."""
        return Traffic(self.desk.call, self.departure)


OpenFront = Callable[..., AbstractAsyncContextManager[Front]]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that may be killed without harming another module's tests, with a migrated template."""
    with PostgresServer() as running:

        async def prepare() -> None:
            database = await open_database(settings_for(Path(), running.create_database("template")))
            await migrate(database, SystemClock())
            await database.close()

        asyncio.run(prepare())
        yield running


@pytest.fixture
def open_front(server: PostgresServer, clock: ManualClock, tmp_path: Path) -> Iterator[OpenFront]:
    """`async with open_front(pool_size=3, url=...) as front`: settings as they are given."""
    name = f"front_{new_hex24()}"
    here = server.create_database(name, template="template")

    @asynccontextmanager
    async def make(*, url: str = here, pool_size: int = 6) -> AsyncIterator[Front]:
        settings = replace(settings_for(tmp_path, url), pool_size=pool_size)
        database = await open_database(settings)
        services = Services(database, clock, settings, CatalogCache(), Keyring.from_secret(SECRET))
        transport = httpx.ASGITransport(app=create_app(settings, services))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            desk = await open_desk(client, services)
            departure = await desk.shop.departure("kayak", "2026-07-14 09:00", capacity=SEATS)
            yield Front(desk, services, server, name, departure)
        await asyncio.wait_for(database.close(), 10)

    yield make
    server.drop_database(name)


async def test_postgres_killed_and_back_loses_no_order_and_needs_no_restart_of_the_server(
    open_front: OpenFront,
) -> None:
    """What was in flight is settled by its key; nobody restarts anything but PostgreSQL."""
    async with open_front() as front:
        async with front.traffic as traffic:
            for _ in range(2):
                await traffic.more("orders", 10)
                await asyncio.to_thread(front.server.kill)
                await traffic.more("503", 40)
                assert (await front.desk.client.get("/readyz")).status_code == 503
                assert (await front.desk.client.get("/healthz")).status_code == 200
                await asyncio.to_thread(front.server.start)
            await traffic.more("orders", 10)
        assert traffic.slowest_s < AWAY_S
        await front.assert_healthy(traffic)


async def test_orders_go_on_after_each_orderly_restart_of_postgres(open_front: OpenFront) -> None:
    async with open_front() as front:
        async with front.traffic as traffic:
            for _ in range(3):
                await traffic.more("orders", 10)
                await asyncio.to_thread(front.server.restart)
            await traffic.more("orders", 10)
        assert traffic.counts["503"] > 0
        assert traffic.slowest_s < AWAY_S
        await front.assert_healthy(traffic)


async def test_a_read_whose_connection_is_cut_after_its_last_statement_is_still_answered(open_front: OpenFront) -> None:
    """What a use case found out while its connection was there is its answer, be it a result or a refusal."""
    async with open_front(pool_size=1) as front:
        database = front.services.database
        sniper = Sniper(front.services.settings.database_url)

        async def looks_and_is_shot(tx: ReadTx) -> int:
            found = await tx.row("SELECT COUNT(*) AS number FROM departure")
            assert found is not None
            lost = asyncio.Event()
            tx._connection.add_termination_listener(lambda _: lost.set())  # type: ignore[attr-defined]
            assert sniper.shoot() == 1
            await lost.wait()
            return int(found["number"])

        async def refuses(tx: ReadTx) -> None:
            raise SoldOut(f"There are {await looks_and_is_shot(tx)} departures, and no seats.")

        for run in (database.read, database.write):
            assert await run(looks_and_is_shot) >= 1
            with pytest.raises(SoldOut, match="and no seats"):
                await run(refuses)
        sniper.close()
        assert (await front.desk.call("GET", "/cart")).status_code == 200


async def test_the_pool_closes_while_postgres_is_away(open_front: OpenFront) -> None:
    async with open_front() as front:
        front.server.kill()
        await asyncio.wait_for(front.services.database.close(), 10)
    front.server.start()


async def test_without_postgres_at_the_start_the_database_is_unavailable(
    open_front: OpenFront, server: PostgresServer
) -> None:
    async with open_front() as front:
        url = front.services.settings.database_url
        server.kill()
        with pytest.raises(Unavailable, match="PostgreSQL can't be reached"):
            await open_database(settings_for(Path(), url))
        server.start()
        for broken in (url.replace("postgres:", "nobody:"), url.replace(front.name, "nothing")):
            with pytest.raises(Unavailable, match="PostgreSQL refuses"):
                await open_database(settings_for(Path(), broken))


async def test_when_all_connections_wait_for_a_lock_the_next_request_is_a_503_in_bounded_time(
    open_front: OpenFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds none free waits a bounded time; then it is 503, and then all is well again."""
    monkeypatch.setattr(postgres_connections, "ACQUIRE_TIMEOUT_S", 0.3)
    async with open_front(pool_size=3) as front:
        cart = await front.desk.cart()
        locker, watcher = [await asyncpg.connect(front.services.settings.database_url) for _ in range(2)]
        locked = locker.transaction()
        await locked.start()
        await locker.execute("SELECT 1 FROM cart WHERE id = $1 FOR UPDATE", cart)
        change = {"json": {"firstName": "Ann"}}
        blocked = [asyncio.create_task(front.desk.call("PUT", f"/cart/{cart}/customer", **change)) for _ in range(3)]
        waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1"
        while await watcher.fetchval(waiting, front.name) < 3:
            assert not any(task.done() for task in blocked)
        await watcher.close()
        loop = asyncio.get_running_loop()
        began = loop.time()
        others = await asyncio.gather(*(front.desk.call("GET", "/cart") for _ in range(20)))
        assert loop.time() - began < 0.3 + AWAY_S
        for answer in others:
            assert_envelope(answer)
        await locked.rollback()
        assert sorted(answer.status_code for answer in await asyncio.gather(*blocked)) == [200, 200, 200]
        assert (await front.desk.call("GET", "/cart")).status_code == 200
        await locker.close()


async def test_a_statement_that_takes_too_long_is_cancelled_with_its_transaction(
    open_front: OpenFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up together with its transaction, and the connection is good again."""
    monkeypatch.setattr(postgres_connections, "STATEMENT_TIMEOUT_S", 0.3)
    async with open_front(pool_size=2) as front:
        await assert_given_up(front)


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout"])
async def test_a_statement_beyond_a_limit_of_the_server_is_cancelled_with_its_transaction(
    open_front: OpenFront, limit: str
) -> None:
    async with open_front(pool_size=2) as front:
        front.sql(f"ALTER DATABASE {front.name} SET {limit} = '300ms'")
        await front.reconnect()
        await assert_given_up(front)


async def assert_given_up(front: Front) -> None:
    """Check what becomes of an order that waits for its account's number, which somebody else has locked."""
    cart = await front.desk.cart((front.departure, {"All": 1}))
    locker = await asyncpg.connect(front.services.settings.database_url)
    locked = locker.transaction()
    await locked.start()
    await locker.execute("SELECT 1 FROM account_counter FOR UPDATE")
    order = {"json": {"id": cart}, "headers": {"Idempotency-Key": "once"}}
    for _ in range(4):
        assert_envelope(await asyncio.wait_for(front.desk.call("POST", "/order", **order), 10))
    left = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'seatwright' AND state LIKE 'idle in%'"
    assert front.sql(left) == "0"
    await locked.rollback()
    await locker.close()
    assert (await front.desk.call("POST", "/order", **order)).status_code == 200
    assert await front.desk.shop.taken(front.departure) == 1


async def test_a_request_ends_even_if_the_network_swallows_everything(
    open_front: OpenFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No packet, no error: a request still ends, and when the network is back so is the server."""
    monkeypatch.setattr(postgres_connections, "STATEMENT_TIMEOUT_S", 0.5)
    monkeypatch.setattr(postgres_connections, "ACQUIRE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(postgres, "ROLLBACK_TIMEOUT_S", 0.5)
    async with open_front() as direct, open_proxy(direct.services.settings.database_url) as (proxy, url):
        database = await open_database(replace(direct.services.settings, database_url=url))
        direct.desk.client._transport.app.state.services = replace(direct.services, database=database)  # type: ignore[attr-defined]
        cart = await direct.desk.cart((direct.departure, {"All": 1}))
        await answered_while_silent(direct.desk, cart, proxy)
        assert (await direct.desk.call("POST", "/order", json={"id": cart})).status_code == 200
        await asyncio.wait_for(database.close(), 10)


async def answered_while_silent(desk: Desk, cart: str, proxy: Proxy) -> None:
    proxy.silent.set()
    loop = asyncio.get_running_loop()
    began = loop.time()
    answers = await asyncio.gather(
        *(desk.call("POST", "/order", json={"id": cart}) for _ in range(4)), desk.call("GET", "/cart")
    )
    for answer in answers:
        assert_envelope(answer)
    assert loop.time() - began < AWAY_S
    proxy.silent.clear()


async def test_with_fewer_connections_than_the_pool_wants_only_the_excess_is_refused(
    open_front: OpenFront, server: PostgresServer
) -> None:
    """The server gives this role three, and the pool would like more; nobody but those in excess notices."""
    role = f"role_{new_hex24()}"
    async with open_front() as front:
        front.sql(
            f"CREATE ROLE {role} LOGIN PASSWORD 'x' CONNECTION LIMIT 3; "
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON SEQUENCE confirmation_number TO {role}"
        )
        host = server.url(front.name).rpartition("@")[2]
        settings = replace(front.services.settings, database_url=f"postgresql://{role}:x@{host}", pool_size=10)
        database = await open_database(settings)
        front.desk.client._transport.app.state.services = replace(front.services, database=database)  # type: ignore[attr-defined]
        async with Traffic(front.desk.call, front.departure, clients=12) as traffic:
            await traffic.more("503", 20)
            await traffic.more("orders", 20)
        await front.assert_healthy(traffic)
        await database.close()
        front.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_a_read_only_database_is_read_while_writes_are_a_503(open_front: OpenFront) -> None:
    """As after a switch to a standby: reading goes on."""
    async with open_front() as front:
        async with front.traffic as traffic:
            await traffic.more("orders", 5)
            front.sql(f"ALTER DATABASE {front.name} SET default_transaction_read_only = on")
            await front.reconnect()
            await traffic.more("503", 40)
            assert (await front.desk.call("GET", f"/order/{next(iter(traffic.orders))}")).status_code == 200
            front.server.execute(f"ALTER DATABASE {front.name} RESET default_transaction_read_only")
            await front.reconnect()
            await traffic.more("orders", 5)
        await front.assert_healthy(traffic)


@pytest.mark.parametrize(
    ("sqlstate", "status"),
    [
        ("53100", 503),  # the disk is full
        ("53200", 503),  # out of memory
        ("53300", 503),  # too many connections
        ("57014", 503),  # cancelled
        ("57P01", 503),  # shut down
        ("58030", 503),  # I/O error
        ("XX001", 503),  # a damaged page
        ("25006", 503),  # read-only
        ("55P03", 503),  # a lock that can't be had
        ("40003", 503),  # nobody knows whether it happened
        ("08006", 503),  # the connection failed
        ("42P01", 500),  # no such table
        ("22003", 500),  # a number that is too large
        ("P0001", 500),  # raised by a function
    ],
)
async def test_an_outage_is_a_503_and_a_mistake_a_500(open_front: OpenFront, sqlstate: str, status: int) -> None:
    """An outage is a 503; a mistake is not hidden as one, and shows no more than an id to the client."""
    async with open_front() as front:
        cart = await front.desk.cart((front.departure, {"All": 1}))
        order = {"json": {"id": cart}, "headers": {"Idempotency-Key": "once"}}
        with failing(front.server, front.name, "ledger_entry", sqlstate, 1) as shots:
            answer = await front.desk.call("POST", "/order", **order)
            assert shots.count == 1, "tried once, and not again"
            if status == 503:
                assert_envelope(answer)
            else:
                assert (answer.status_code, answer.json()["errorCode"]) == (500, "internal_error")
                assert "injected" not in answer.text
            assert (await front.desk.call("POST", "/order", **order)).status_code == 200


async def test_misuse_of_the_library_is_not_an_outage(open_front: OpenFront) -> None:
    async with open_front() as front:
        database = front.services.database
        mistakes: list[tuple[str, tuple[Any, ...], type[Exception]]] = [
            ("SELECT $1::bigint", (1, 2), asyncpg.InterfaceError),
            ("SELECT $1::bigint", ("text",), asyncpg.DataError),
            ("SELECT nonsense", (), asyncpg.UndefinedColumnError),
        ]
        for sql, args, mistake in mistakes:
            with pytest.raises(mistake):
                await database.read(lambda tx, sql=sql, args=args: tx.rows(sql, *args))  # type: ignore[misc]
            with pytest.raises(mistake):
                await database.write(lambda tx, sql=sql, args=args: tx.execute(sql, *args))  # type: ignore[misc]


async def test_a_failed_statement_that_is_ignored_is_not_acknowledged(open_front: OpenFront) -> None:
    """PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and calls that a success."""
    async with open_front() as front:
        insert = "INSERT INTO discount_use (account_id, discount_id, uses) VALUES ('a', $1, 1)"

        async def careless(tx: Tx) -> str:
            await tx.execute(insert, "first")
            try:
                await tx.execute(insert, "first")
            except ConstraintViolation:
                return "done"
            raise AssertionError

        with pytest.raises(RuntimeError, match="nothing was committed"):
            await front.services.database.write(careless)
        assert front.sql("SELECT COUNT(*) FROM discount_use") == "0"


async def test_a_schema_that_changes_under_a_running_server_fails_no_use_case(open_front: OpenFront) -> None:
    """Statements prepared before a migration are prepared anew, in the middle of a transaction too."""
    async with open_front(pool_size=2) as front:

        async def use_case(tx: Tx) -> int:
            await tx.execute("UPDATE account SET name = name")
            row: Any = await tx.row("SELECT * FROM account FOR UPDATE")
            return len(row)

        before = [await front.services.database.write(use_case) for _ in range(4)]
        front.sql("ALTER TABLE account ADD COLUMN later BIGINT")
        assert [await front.services.database.write(use_case) for _ in range(4)] == [before[0] + 1] * 4


async def test_a_dropped_database_is_an_outage_while_the_server_runs(open_front: OpenFront) -> None:
    async with open_front() as front:
        front.server.drop_database(front.name)
        for _ in range(8):
            assert_envelope(await front.desk.call("POST", "/cart"))
