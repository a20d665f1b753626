from collections.abc import AsyncIterator
from pathlib import Path
import uuid
import pytest
from seatwright.core.clock import ManualClock
from seatwright.storage.engine import Database
from seatwright.storage.migrate import migrate
from seatwright.storage.postgres import PostgresDatabase
from seatwright.storage.sqlite import SqliteDatabase
from tests.shop import denver


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(denver("2026-07-01 10:00"))


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        database: Database = SqliteDatabase(tmp_path / "x.db")
    else:
        url = request.getfixturevalue("postgres_server").create_database("t" + uuid.uuid4().hex)
        database = await PostgresDatabase.open(url, pool_size=5)
    await migrate(database, clock)
    yield database
    await database.close()
