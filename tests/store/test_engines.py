"""What `read()` and `write()` promise, on both databases, and the migrations."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict, Unavailable
from seatwright.core.ids import new_hex24
from seatwright.storage import sqlite
from seatwright.storage.engine import MAX_ATTEMPTS, ConstraintViolation, Database, ReadTx, Retry, Tx
from seatwright.storage.migrate import check_schema, migrate, migrations, schema_version
from seatwright.storage.open import open_database
from seatwright.storage.sqlite import SqliteDatabase
from tests.conftest import settings_for
from tests.postgres import PostgresServer

INSERT = "INSERT INTO discount_use (account_id, discount_id, uses) VALUES ($1, $2, $3)"


async def insert(tx: Tx, name: str, uses: int = 0) -> str:
    await tx.execute(INSERT, "a", name, uses)
    return name


async def names(database: Database) -> list[str]:
    async def read(tx: ReadTx) -> list[str]:
        rows = await tx.rows("SELECT discount_id FROM discount_use WHERE account_id = $1 ORDER BY 1", "a")
        return [row["discount_id"] for row in rows]

    return await database.read(read)


class Recorder:
    """Notes every statement, and fails before the chosen one."""

    def __init__(self, fail_before: str | None = None) -> None:
        self.seen: list[str] = []
        self.fail_before = fail_before

    def before(self, sql: str) -> None:
        if sql == self.fail_before:
            raise RuntimeError("injected")

    def after(self, sql: str) -> None:
        self.seen.append(sql)


async def test_what_was_written_is_there_and_counted(database: Database) -> None:
    assert await database.write(lambda tx: insert(tx, "x")) == "x"
    assert await names(database) == ["x"]

    async def change(tx: Tx) -> tuple[int, int, int]:
        update = "UPDATE discount_use SET uses = uses + $2 WHERE account_id = $1"
        return (
            await tx.execute(update, "a", 1),
            await tx.execute(update, "nobody", 1),
            await tx.execute("DELETE FROM discount_use WHERE account_id = $1", "a"),
        )

    assert await database.write(change) == (1, 0, 1)


async def test_values_come_back_as_they_went_in(database: Database) -> None:
    text = "ünï 🚣 '\" \\ % $1"
    key = ("a", text, "f", 2**53, bytes(range(256)), -(2**63) + 1)

    async def write(tx: Tx) -> None:
        await tx.execute("INSERT INTO idempotency VALUES ($1, $2, $3, $4, $5, $6)", *key)
        await tx.execute_many(INSERT, [("a", name, n) for n, name in enumerate(("B", "a", "ä", "Z"))])

    await database.write(write)

    async def read(tx: ReadTx) -> None:
        row = await tx.row("SELECT * FROM idempotency WHERE key = $1", text)
        assert row is not None
        assert tuple(row[i] for i in range(6)) == key
        rows = await tx.rows(
            "SELECT discount_id FROM discount_use WHERE discount_id = ANY($1) AND account_id = $2 "
            'ORDER BY discount_id COLLATE "C"',
            ["ä", "B", "a", "nobody"],
            "a",
        )
        assert [row[0] for row in rows] == ["B", "a", "ä"], "sorted by bytes"
        assert await tx.rows("SELECT 1 AS one FROM discount_use WHERE discount_id = ANY($1)", []) == []
        assert await tx.row("SELECT uses FROM discount_use WHERE account_id = $1", "nobody") is None

    await database.read(read)


async def test_an_exception_undoes_everything_and_is_passed_on(database: Database) -> None:
    async def fail(tx: Tx) -> None:
        await insert(tx, "x")
        raise Conflict("No.")

    with pytest.raises(Conflict, match="No"):
        await database.write(fail)
    assert await names(database) == []


async def test_a_constraint_is_told_and_undone(database: Database) -> None:
    async def twice(tx: Tx) -> None:
        await insert(tx, "x")
        await insert(tx, "x")

    with pytest.raises(ConstraintViolation):
        await database.write(twice)
    assert await names(database) == []

    async def oversell(tx: Tx) -> None:
        await tx.execute(
            "INSERT INTO pool_start (account_id, pool_id, start_at, capacity, taken) VALUES ($1, $2, 1, 1, 2)", "a", "p"
        )

    with pytest.raises(ConstraintViolation, match="pool_not_oversold"):
        await database.write(oversell)


async def test_a_failure_does_not_touch_its_neighbours(database: Database) -> None:
    await database.write(lambda tx: insert(tx, "taken"))

    async def one(number: int) -> str:
        async def use_case(tx: Tx) -> str:
            await insert(tx, f"{number:03}")
            if number % 5 == 1:
                raise Conflict("No.")
            if number % 5 == 3:
                await insert(tx, "taken")
            return str(number)

        return await database.write(use_case)

    results = await asyncio.gather(*(one(number) for number in range(100)), return_exceptions=True)
    good = [f"{number:03}" for number, result in enumerate(results) if result == str(number)]
    assert len(good) == 60
    assert {type(result) for result in results} == {str, Conflict, ConstraintViolation}
    assert await names(database) == [*good, "taken"]


async def test_waiting_writes_share_one_commit(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "AT_ONCE_S", 60.0)
    database = SqliteDatabase(tmp_path / "x.db", make=True)
    await migrate(database, SystemClock())
    entered, go = threading.Event(), threading.Event()

    async def block(tx: Tx) -> None:
        entered.set()
        assert go.wait(10)

    blocked = asyncio.create_task(database.write(block, patient=True))
    await asyncio.to_thread(entered.wait, 10)
    recorder = database.probe = Recorder()
    writes = [asyncio.create_task(database.write(lambda tx, n=n: insert(tx, str(n)))) for n in range(50)]  # type: ignore[misc]
    await asyncio.sleep(0.05)
    go.set()
    await asyncio.gather(blocked, *writes)
    await database.close()
    assert recorder.seen.count("COMMIT") <= 2, "the blocker's, and one for all others"


async def test_nothing_is_acknowledged_if_the_commit_fails(database: Database) -> None:
    database.probe = Recorder(fail_before="COMMIT")
    results = await asyncio.gather(
        *(database.write(lambda tx, n=n: insert(tx, str(n))) for n in range(5)),  # type: ignore[misc]
        return_exceptions=True,
    )
    assert all(isinstance(result, Exception) for result in results)
    database.probe = None
    assert await names(database) == []
    await database.write(lambda tx: insert(tx, "after"))
    assert await names(database) == ["after"]


async def test_retry_starts_again_with_everything_undone(database: Database) -> None:
    attempts = 0

    async def third_time(tx: Tx) -> int:
        nonlocal attempts
        attempts += 1
        await insert(tx, "x", attempts)
        if attempts < 3:
            raise Retry
        return attempts

    assert await database.write(third_time) == 3
    assert await names(database) == ["x"]


async def test_retry_may_commit_something_first(database: Database) -> None:
    async def use_case(tx: Tx) -> bool:
        if await tx.row("SELECT 1 AS found FROM discount_use WHERE discount_id = $1", "first") is None:
            await insert(tx, "undone")
            raise Retry(lambda tx: insert(tx, "first"))
        return True

    assert await database.write(use_case)
    assert await names(database) == ["first"]


async def test_retries_are_bounded(database: Database) -> None:
    attempts = 0

    async def never(tx: Tx) -> None:
        nonlocal attempts
        attempts += 1
        raise Retry

    with pytest.raises(Unavailable) as refused:
        await database.write(never)
    assert refused.value.code == "busy"
    assert attempts == MAX_ATTEMPTS


async def _sole(tx: Tx, name: str, uses: int) -> int:
    row = await tx.sole(f"{INSERT} RETURNING uses", "a", name, uses)
    assert row is not None
    return int(row["uses"])


@pytest.mark.parametrize("one_trip", [False, True])
async def test_a_sole_statement_comes_alone_or_after_others(database: Database, one_trip: bool) -> None:
    async def after_another(tx: Tx) -> int:
        await insert(tx, "another")
        return await _sole(tx, "last", 8) + await _sole(tx, "and one more", 9)

    assert await database.write(lambda tx: _sole(tx, "alone", 7), one_trip=one_trip) == 7
    assert await database.write(after_another, one_trip=one_trip) == 17
    assert await names(database) == ["alone", "and one more", "another", "last"]
    with pytest.raises(ConstraintViolation):
        await database.write(lambda tx: _sole(tx, "alone", 7), one_trip=one_trip)


async def test_use_cases_with_sole_statements_are_one_transaction_together(database: Database) -> None:
    async def both(tx: Tx, *, fail: bool) -> None:
        await _sole(tx, "x", 1)
        await _sole(tx, "y", 2)
        if fail:
            raise Conflict("No.")

    with pytest.raises(Conflict):
        await database.write(lambda tx: both(tx, fail=True))
    assert await names(database) == []
    await database.write(lambda tx: both(tx, fail=False))
    assert await names(database) == ["x", "y"]


@pytest.mark.parametrize("further", ["row", "execute", "execute_many", "sole"])
async def test_whoever_asks_for_one_trip_and_goes_on_is_told_on_both_databases(
    database: Database, further: str
) -> None:
    """So what fails on one of them does so on the other, too."""

    async def goes_on(tx: Tx) -> None:
        await _sole(tx, "x", 1)
        args = [("a", "y", 2)] if further == "execute_many" else ("a", "y", 2)
        sql = "SELECT uses FROM discount_use" if further == "row" else INSERT
        await getattr(tx, further)(sql, *([args] if further == "execute_many" else () if further == "row" else args))

    with pytest.raises(AssertionError, match="went on after its sole statement"):
        await database.write(goes_on, one_trip=True)
    await database.write(lambda tx: insert(tx, "z"))  # and nothing is broken


async def test_updates_of_one_row_at_once_all_count(database: Database) -> None:
    await database.write(lambda tx: insert(tx, "x"))

    async def add(tx: Tx) -> int:
        return await tx.execute("UPDATE discount_use SET uses = uses + 1 WHERE discount_id = $1", "x")

    await asyncio.gather(*(database.write(add) for _ in range(60)))
    row = await database.read(lambda tx: tx.row("SELECT uses FROM discount_use WHERE discount_id = $1", "x"))
    assert row is not None
    assert row["uses"] == 60


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
async def test_a_deadlock_is_run_again(database: Database) -> None:
    await database.write(lambda tx: insert(tx, "x"))
    await database.write(lambda tx: insert(tx, "y"))
    both = asyncio.Barrier(2)
    attempts = 0

    async def crossed(first: str, second: str) -> None:
        meet = True

        async def use_case(tx: Tx) -> None:
            nonlocal meet, attempts
            attempts += 1
            update = "UPDATE discount_use SET uses = uses + 1 WHERE discount_id = $1"
            await tx.execute(update, first)
            if meet:
                meet = False
                await both.wait()
            await tx.execute(update, second)

        await database.write(use_case)

    await asyncio.gather(crossed("x", "y"), crossed("y", "x"))
    assert attempts >= 3, "one of the two was rolled back and run again"
    rows = await database.read(lambda tx: tx.rows("SELECT uses FROM discount_use ORDER BY discount_id"))
    assert [row["uses"] for row in rows] == [2, 2]


async def test_close_finishes_what_is_queued_and_then_refuses(database: Database) -> None:
    writes = [asyncio.create_task(database.write(lambda tx, n=n: insert(tx, str(n)))) for n in range(20)]  # type: ignore[misc]
    await asyncio.sleep(0)
    await database.close()
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert {type(result) for result in results} <= {str, Unavailable}
    assert any(isinstance(result, str) for result in results)
    with pytest.raises(Unavailable):
        await database.write(lambda tx: insert(tx, "late"))
    with pytest.raises(Unavailable):
        await names(database)
    await database.close()


async def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "seatwright.db").mkdir()
    with pytest.raises(Unavailable):
        await open_database(settings_for(tmp_path))
    with pytest.raises(Unavailable):
        await open_database(settings_for(tmp_path, "postgresql://nobody:x@127.0.0.1:1/nothing"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a database without any schema."""
    if request.param == "sqlite":
        yield settings_for(tmp_path)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"empty_{new_hex24()}"
    yield settings_for(tmp_path, server.create_database(name))
    server.drop_database(name)


async def test_migrations_are_applied_once(empty: Settings) -> None:
    database = await open_database(empty, make=True)
    assert await schema_version(database) == 0
    known = migrations(database.engine)
    assert await migrate(database, SystemClock(), up_to=1) == known[:1]
    with pytest.raises(Unavailable) as outdated:
        await check_schema(database)
    assert outdated.value.code == "schema_outdated"
    assert await migrate(database, SystemClock()) == known[1:]
    assert await migrate(database, SystemClock()) == []
    assert await schema_version(database) == len(known)
    await check_schema(database)
    await database.close()


async def test_a_newer_schema_is_refused(database: Database) -> None:
    async def future(tx: Tx) -> None:
        await tx.execute("INSERT INTO schema_version (version, name, applied_at) VALUES (9999, $1, 0)", "future")

    await database.write(future)
    for refuse in (migrate(database, SystemClock()), check_schema(database)):
        with pytest.raises(Unavailable) as newer:
            await refuse
        assert newer.value.code == "schema_newer"


async def test_several_processes_may_migrate_at_once(empty: Settings) -> None:
    databases = [await open_database(empty, make=True) for _ in range(5)]
    applied = await asyncio.gather(*(migrate(database, SystemClock()) for database in databases))
    versions = sorted(migration.version for each in applied for migration in each)
    assert versions == [migration.version for migration in migrations(databases[0].engine)]
    await check_schema(databases[0])
    await asyncio.gather(*(database.close() for database in databases))
