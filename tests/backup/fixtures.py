"""Databases at each schema version, as SQL that both engines run: `schemas/0003.sql` is one at version 3.

    python -m tests.backup.fixtures       makes those that are missing

Run it when a migration is added, and check the new file in: it is what the next migration has to cope with. The
outfitter in it is made over the API by the program as it is then. A fixture of an earlier version has the columns that
were there; at version 1 nothing gave out confirmation numbers yet, so there they are below those that came later.

The first line is a comment that says, as JSON, what is inside. Booleans are TRUE and FALSE, and bytes `'\\x...'`, as
PostgreSQL writes them.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx

from seatwright.app.assembly import create_app
from seatwright.auth import service as auth
from seatwright.auth import tokens
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.core.config import Settings
from seatwright.http.context import Services
from seatwright.resellers import service as resellers
from seatwright.storage.engine import Database, Tx
from seatwright.storage.migrate import migrate, migrations
from seatwright.storage.open import open_database
from seatwright.storage.sqlite import SqliteDatabase
from tests.conftest import SECRET, START, settings_for
from tests.desk import KAYAK, Desk, another_user, open_desk
from tests.shop import ZONE

FOLDER = Path(__file__).parent / "schemas"
NEWEST = len(migrations("sqlite"))
AT = START + HOUR_MS
"""When the outfitter's last cart was filled; its holds run for 30 minutes more."""
FIRST_CONFIRMATION = 100_001
_BYTES = re.compile(r"'\\x([0-9a-f]*)'")
_BOOLEAN = re.compile(r"(\w+) BOOLEAN")


def path_of(version: int) -> Path:
    """Return where the fixture of a schema version is."""
    return FOLDER / f"{version:04d}.sql"


def told_of(version: int) -> dict[str, Any]:
    """Return what a fixture's first line tells."""
    with path_of(version).open(encoding="utf-8") as file:
        told: dict[str, Any] = json.loads(file.readline().removeprefix("-- "))
    return told


async def load(database: Database, version: int) -> dict[str, Any]:
    """Bring an empty database to a schema version, fill it with that version's fixture, and return what is inside."""
    await migrate(database, ManualClock(START), up_to=version)
    text = path_of(version).read_text(encoding="utf-8").split("\n", 1)[1]
    if isinstance(database, SqliteDatabase):
        with closing(sqlite3.connect(database.path)) as connection:  # as it is: a dollar sign in it is no parameter
            connection.executescript(_BYTES.sub(r"x'\1'", text))
    else:
        await database.write(lambda tx: tx.execute(text))
    told = told_of(version)
    await _number_from(database, version, told["confirmation"] + 1)
    return told


async def _number_from(database: Database, version: int, confirmation: int) -> None:
    """Let the database's next order get a number, as it would have where the data came from."""
    if version == 1:
        return

    async def run(tx: Tx) -> None:
        if tx.engine == "postgres":
            await tx.row(f"SELECT setval('confirmation_number', {confirmation}, FALSE)")
        else:
            await tx.execute("UPDATE confirmation_number SET last_value = $1", confirmation - 1)

    await database.write(run)


@asynccontextmanager
async def client_of(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application in this process."""
    transport = httpx.ASGITransport(app=create_app(services.settings, services))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


def services_of(database: Database, settings: Settings, at: int) -> Services:
    """What an application works with, its clock standing at `at`."""
    keyring = Keyring.from_secret(SECRET)
    return Services(
        database=database, clock=ManualClock(at), settings=settings, catalogs=CatalogCache(), keyring=keyring
    )


async def _outfitter(services: Services, client: httpx.AsyncClient) -> dict[str, Any]:
    """Make an outfitter with a few days of business behind it, and return what a test has to know of it."""
    desk = await open_desk(client, services)
    shop, now = desk.shop, services.clock.now()
    raft = await shop.departure("rafting", "2026-07-14 09:00", capacity=12, prices={"Adult": 10900})
    kayak = await shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    await shop.departure("kayak", "2026-07-16 09:00", capacity=8)
    bikes = [
        await shop.departure("bike", f"2026-07-14 {start}", end=f"2026-07-14 {end}", capacity=5, pool="bikes")
        for start, end in (("09:00", "13:00"), ("11:00", "15:00"))
    ]

    async def resell(tx: Tx) -> str:
        fields = {"name": "Voyager", "email": "ann@voyager.example", "currency": "USD", "time_zone": ZONE}
        account, _ = await auth.create_account(tx, services.keyring, now, code="voyager", **fields)
        seller = auth.NewUser(email="ann@voyager.example", name="Ann Lee", permissions=ALL_PERMISSIONS)
        await auth.create_user(tx, now, auth.SYSTEM, account.id, seller)
        await resellers.connect(tx, now, auth.SYSTEM, shop.account_id, account.id)
        return account.id

    reseller = await services.database.write(resell)
    order = await _orders(desk, raft, kayak, bikes)
    await another_user(
        client, services, shop, auth.NewUser(email="al@canyon.example", name="Al Ito", permissions=ALL_PERMISSIONS)
    )
    books = {"name": "Books", "permissions": ["reports.read"]}
    assert (await desk.call("POST", "/api/v1/keys", json=books)).status_code == 200
    for kind, name in (("guide", "Sam Roe"), ("boat", "Big raft")):
        added = await desk.data("POST", "/api/v1/resources", json={"kind": kind, "name": name})
        await desk.data("POST", f"/api/v1/departures/{raft}/assignments", json={"resourceIds": [added["id"]]})
    await _resold(desk, services, reseller, kayak)
    services.clock.set(AT)  # type: ignore[attr-defined]
    await desk.cart((raft, {"Adult": 1}), (kayak, {"All": 2}), (bikes[1], {"All": 1}))
    await desk.call("DELETE", f"/cart/{await desk.cart((kayak, {'All': 1}))}", headers={"Idempotency-Key": "given up"})
    return {"username": shop.username, "apikey": shop.apikey, "at": AT, "kayak": KAYAK, "order": order}


async def _orders(desk: Desk, raft: str, kayak: str, bikes: list[str]) -> str:
    """Place some orders, change them, and return the id of the one that tests look at: kayaks added, one cancelled."""
    cart = await desk.cart((raft, {"Adult": 2, "Child": 1}), (bikes[0], {"All": 2}))
    customer = {"firstName": "Zoë", "lastName": "O'Neil; Lee", "email": "zoe@lee.example", "phone": "8015550100"}
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    await desk.data("POST", f"/cart/{cart}/discount", json={"code": "EARLY10"})
    body = {"id": cart, "referenceId": "OTA-7781", "billing": {"memo": "paid $100\nin cash"}}
    order = await desk.data("POST", "/order", json=body, headers={"Idempotency-Key": "the first order"})
    more = await desk.cart((kayak, {"All": 1}))
    changed = await desk.data("POST", "/order", json={"id": more, "orderId": order["id"]})
    child = next(line for line in changed["items"][0]["participantList"] if line["tier"] == "Child")
    await desk.data("DELETE", f"/order/{order['id']}/item/{raft}/participant/{child['id']}")
    gone = await desk.order((kayak, {"All": 2}), referenceId="OTA-7782")
    await desk.data("DELETE", f"/order/{gone['id']}")
    return str(order["id"])


async def _resold(desk: Desk, services: Services, reseller: str, kayak: str) -> None:
    """Let the reseller order a kayak."""
    row = await services.database.read(lambda tx: tx.row("SELECT id FROM app_user WHERE account_id = $1", reseller))
    assert row is not None
    headers = auth_headers(services, row["id"], reseller)
    seller = Desk(desk.client, services, desk.shop, headers)
    await seller.order((kayak, {"All": 1}), supplier=desk.shop.account_id)


def auth_headers(services: Services, user_id: str, account_id: str) -> dict[str, str]:
    """Return the Authorization of a user."""
    claims = tokens.Claims(user_id=user_id, account_id=account_id, generation=1)
    token = tokens.issue(services.keyring, claims, now=services.clock.now(), lifetime_s=86_400)
    return {"Authorization": f"Bearer {token}"}


async def _make(versions: list[int]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        settings = settings_for(Path(directory))
        database = await open_database(settings, make=True)
        await migrate(database, ManualClock(START))
        services = services_of(database, settings, START)
        async with client_of(services) as client:
            told = await _outfitter(services, client)
        await database.close()
        with closing(sqlite3.connect(Path(directory) / "seatwright.db")) as made:
            for version in versions:
                path_of(version).write_text(await _dumped(made, version, told), encoding="utf-8")
                print(f"wrote {path_of(version)}")


async def _dumped(made: sqlite3.Connection, version: int, told: dict[str, Any]) -> str:
    """Return the rows of a database in the columns that `version` has."""
    shift = FIRST_CONFIRMATION - 1001 if version == 1 else 0
    last, total, lines = made.execute(
        "SELECT (SELECT MAX(confirmation) FROM orders), total, (SELECT COUNT(*) FROM order_line WHERE order_id = o.id) "
        "FROM orders o WHERE id = ?",
        (told["order"],),
    ).fetchone()
    told = told | {"confirmation": last - shift, "total": total, "lines": lines}
    (own,) = made.execute("SELECT confirmation FROM orders WHERE id = ?", (told["order"],)).fetchone()
    text = [f"-- {json.dumps(told | {'number': own - shift})}\n"]
    booleans = {name for migration in migrations("postgres") for name in _BOOLEAN.findall(migration.sql)}
    for table, columns in (await _tables(version)).items():
        for row in made.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2"):
            values = [
                _literal(value - shift if name == "confirmation" else bool(value) if name in booleans else value)
                for name, value in zip(columns, row, strict=True)
            ]
            text.append(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(values)});\n")
    return "".join(text)


async def _tables(version: int) -> dict[str, list[str]]:
    """Return the tables of a schema version and their columns, those that others refer to first."""
    with tempfile.TemporaryDirectory() as directory:
        database = await open_database(settings_for(Path(directory)), make=True)
        await migrate(database, ManualClock(START), up_to=version)
        await database.close()
        with closing(sqlite3.connect(Path(directory) / "seatwright.db")) as empty:
            names = [row[0] for row in empty.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            ours = [name for name in names if name not in ("schema_version", "confirmation_number", "account_change")]
            return {name: [row[1] for row in empty.execute(f"PRAGMA table_info({name})")] for name in ours}


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).upper()
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    assert isinstance(value, str)
    return "'" + value.replace("'", "''") + "'"


def main() -> None:
    """The command line."""
    FOLDER.mkdir(exist_ok=True)
    missing = [version for version in range(1, NEWEST + 1) if not path_of(version).exists()]
    if missing:
        asyncio.run(_make(missing))


if __name__ == "__main__":
    main()
