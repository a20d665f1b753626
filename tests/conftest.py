"""Fixtures that every test folder shares.

`database`, and everything that stands on it, comes once for each engine: migrated, empty, and the test's own.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from seatwright.app.assembly import create_app, with_state
from seatwright.auth import service as auth
from seatwright.auth import tokens
from seatwright.auth.model import PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock, SystemClock
from seatwright.core.config import Settings, load_settings
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from seatwright.storage.engine import Database
from seatwright.storage.migrate import migrate
from seatwright.storage.open import open_database
from tests.days import moving
from tests.postgres import PostgresServer

moving.move()

START = 1_782_921_600_000
"""2026-07-01T16:00:00Z, where every test's clock begins: a Wednesday, 10:00 in Denver."""

SECRET = "a secret that only the tests know, of enough characters"


@dataclass(frozen=True)
class TestAccount:
    """An account with one user who may do everything."""

    __test__ = False

    id: str
    code: str
    key: str
    user_id: str
    username: str
    headers: dict[str, str]
    """Authorization for this user, good for 24 hours from `START`."""


NewAccount = Callable[..., Awaitable[TestAccount]]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL of this process's own (each pytest-xdist worker has one)."""
    with PostgresServer() as server:
        yield server


def settings_for(data: Path, url: str = "", **more: str) -> Settings:
    """Return test settings, without a limit on requests; `more` are environment variables."""
    chosen = {
        "SEATWRIGHT_DATA": str(data),
        "SEATWRIGHT_DATABASE_URL": url,
        "SEATWRIGHT_SECRET": SECRET,
        "SEATWRIGHT_REQUESTS_PER_SECOND": "0",
    }
    return load_settings({**chosen, **more})


def _migrate(settings: Settings) -> None:
    async def run() -> None:
        database = await open_database(settings, make=True)
        await migrate(database, SystemClock())
        await database.close()

    asyncio.run(run())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    directory = tmp_path_factory.mktemp("sqlite-template")
    _migrate(settings_for(directory))
    return directory / "seatwright.db"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a migrated, empty PostgreSQL database to copy. Unlike SQLite it orders texts as dictionaries do."""
    _migrate(settings_for(Path(), postgres_server.create_database("migrated_template", icu="en-US")))
    return "migrated_template"


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a migrated, empty database on each engine."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copyfile(template, tmp_path / "seatwright.db")
        yield settings_for(tmp_path)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{new_hex24()}"
    url = server.create_database(name, template=request.getfixturevalue("postgres_template"))
    yield settings_for(tmp_path, url)
    server.drop_database(name)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """An open database, migrated and empty."""
    opened = await open_database(settings)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at `START` until the test moves it."""
    return ManualClock(START)


@pytest.fixture
def services(database: Database, clock: ManualClock, settings: Settings) -> Services:
    """What the API works with."""
    return Services(
        database=database,
        clock=clock,
        settings=settings,
        catalogs=CatalogCache(),
        keyring=Keyring.from_secret(SECRET),
    )


@pytest.fixture
def api(services: Services) -> Litestar:
    """The application, without worker loops. Its routes are registered once, and each test gets it as if new."""
    settings = services.settings
    return with_state(_registered(settings.cors_origins, settings.max_body_bytes), settings, services)


@cache
def _registered(cors_origins: tuple[str, ...], max_body_bytes: int) -> Litestar:
    """Return an application with all that it takes from the settings when it is made."""
    settings = replace(settings_for(Path()), cors_origins=cors_origins, max_body_bytes=max_body_bytes)
    return create_app(settings, None)


@pytest.fixture
async def client(api: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, in this process."""
    transport = httpx.ASGITransport(app=api)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


@pytest.fixture
def new_account(services: Services) -> NewAccount:
    """Make another account: `await new_account("reseller", currency="EUR", permissions=[...])`."""

    async def make(
        code: str,
        *,
        currency: str = "USD",
        time_zone: str = "America/Denver",
        permissions: frozenset[str] = frozenset(PERMISSIONS),
    ) -> TestAccount:
        now, email = services.clock.now(), f"dana@{code}.example"
        account, key = await services.database.write(
            lambda tx: auth.create_account(
                tx,
                services.keyring,
                now,
                code=code,
                name=code.title(),
                email=email,
                currency=currency,
                time_zone=time_zone,
            )
        )
        new = auth.NewUser(email=email, name="Dana Reyes", permissions=permissions)
        user = await services.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, account.id, new))
        claims = tokens.Claims(user_id=user.id, account_id=account.id, generation=account.key_generation)
        token = tokens.issue(services.keyring, claims, now=now, lifetime_s=services.settings.token_seconds)
        headers = {"Authorization": f"Bearer {token}"}
        return TestAccount(account.id, code, key, user.id, email, headers)

    return make


@pytest.fixture
async def account(new_account: NewAccount) -> TestAccount:
    """The account `canyon`, in USD and America/Denver."""
    return await new_account("canyon")


@pytest.fixture
def auth_headers(account: TestAccount) -> dict[str, str]:
    """Authorization for the user of `account`."""
    return account.headers
