"""The embedded database on a disk that is full, read-only, broken or gone: 503, nothing lost, and it recovers."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from seatwright.app.assembly import create_app
from seatwright.auth.secrets import Keyring
from seatwright.cart.holds import sweep
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock, SystemClock
from seatwright.core.config import Settings
from seatwright.core.errors import Unavailable
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from seatwright.storage.engine import Database
from seatwright.storage.open import open_database
from seatwright.storage.sqlite import SqliteDatabase
from tests.conftest import SECRET
from tests.desk import Desk, open_desk
from tests.faults.traffic import Traffic, assert_envelope, assert_nothing_lost
from tests.server import Server

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

SEATS = 100_000
DISK_MB = 8


@cache
def may_mount() -> bool:
    """Whether this is root with the right to mount; a container's root often isn't."""
    if os.geteuid() != 0:
        return False
    with_mount = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(with_mount, capture_output=True, check=False).returncode == 0


def writer(database: Any) -> sqlite3.Connection:
    assert isinstance(database, SqliteDatabase)
    assert database._writer is not None
    return database._writer


class PageLimit:
    """A database that may not have one page more: SQLite says that the disk is full. Works on every machine."""

    @staticmethod
    @contextmanager
    def disk(data: Path) -> Iterator[None]:
        """Any disk will do."""
        yield

    def __init__(self, services: Services) -> None:
        self._connection = writer(services.database)

    def fill(self) -> None:
        self._connection.execute("PRAGMA max_page_count = 1")  # as many as there are

    def free(self) -> None:
        self._connection.execute("PRAGMA max_page_count = 1000000")


class FullDisk:
    """A small disk of its own, filled up by somebody else's file: the write-ahead log can't grow."""

    @staticmethod
    @contextmanager
    def disk(data: Path) -> Iterator[None]:
        """Put the data directory on a file system of its own."""
        database = (data / "seatwright.db").read_bytes()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(data)], check=True)
        try:
            (data / "seatwright.db").write_bytes(database)
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(data)], check=True)

    def __init__(self, services: Services) -> None:
        self._filler = services.settings.data / "filler"

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
async def desk(client: httpx.AsyncClient, services: Services) -> Desk:
    return await open_desk(client, services)


@pytest.mark.parametrize("way", [PageLimit, FullDisk] if may_mount() else [PageLimit])
async def test_on_a_full_disk_writes_are_a_503_reads_go_on_and_nothing_answered_is_lost(
    way: type[PageLimit | FullDisk], settings: Settings, clock: ManualClock
) -> None:
    """Bookings wait for room, and none that was answered is lost; what is there can be read all the time."""
    with way.disk(settings.data):
        services = opened(await open_database(settings), settings, clock)
        transport = httpx.ASGITransport(app=create_app(settings, services))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            desk = await open_desk(client, services)
            departure = await desk.shop.departure("kayak", "2026-07-14 09:00", capacity=SEATS)
            disk = way(services)
            async with Traffic(desk.call, departure) as traffic:
                await traffic.more("orders", 5)
                for _ in range(2):
                    disk.fill()
                    await traffic.more("503", 40)
                    done = next(iter(traffic.orders))
                    assert (await desk.data("GET", f"/order/{done}"))["id"] == done
                    assert (await client.get("/readyz")).status_code == 200
                    disk.free()
                    await traffic.more("orders", 5)
            await assert_nothing_lost(desk.call, traffic)
            await healthy(services)
        await services.database.close()


def opened(database: Database, settings: Settings, clock: ManualClock) -> Services:
    return Services(database, clock, settings, CatalogCache(), Keyring.from_secret(SECRET))


async def healthy(services: Services) -> None:
    while await sweep(services.database, services.clock):
        pass
    assert await check(services.database, services.clock.now()) == []


async def test_a_database_that_takes_no_writes_answers_503_and_is_read_all_the_same(
    desk: Desk, services: Services
) -> None:
    departure = await desk.shop.departure("kayak", "2026-07-14 09:00", capacity=SEATS)
    connection = writer(services.database)
    async with Traffic(desk.call, departure) as traffic:
        await traffic.more("orders", 5)
        connection.execute("PRAGMA query_only = ON")
        await traffic.more("503", 40)
        assert await desk.data("GET", "/cart") is not None
        connection.execute("PRAGMA query_only = OFF")
        await traffic.more("orders", 5)
    await assert_nothing_lost(desk.call, traffic)
    await healthy(services)


async def test_a_file_that_was_moved_away_takes_nothing_until_it_is_back(desk: Desk, services: Services) -> None:
    """Writing on into a file that has no name any more would lose every one of these orders."""
    departure = await desk.shop.departure("kayak", "2026-07-14 09:00", capacity=SEATS)
    path, aside = services.settings.data / "seatwright.db", services.settings.data / "aside.db"
    async with Traffic(desk.call, departure) as traffic:
        await traffic.more("orders", 5)
        path.rename(aside)
        await traffic.more("503", 40)
        shutil.copyfile(aside, path)  # another file is not the same file
        assert_envelope(await desk.call("POST", "/cart"))
        assert_envelope(await desk.call("GET", "/cart"))
        assert (await desk.client.get("/readyz")).status_code == 503
        aside.rename(path)
        await traffic.more("orders", 5)
    await assert_nothing_lost(desk.call, traffic)
    await healthy(services)


async def test_a_damaged_file_is_a_503_and_not_an_answer(desk: Desk, services: Services) -> None:
    order = await desk.order((await desk.shop.departure("kayak", "2026-07-14 09:00", capacity=9), {"All": 1}))
    await services.database.close()
    path = services.settings.data / "seatwright.db"
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'orders'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    assert isinstance(services.clock, ManualClock)
    again = opened(await open_database(services.settings), services.settings, services.clock)
    desk.client._transport.app.state.services = again  # type: ignore[attr-defined]
    assert_envelope(await desk.call("GET", f"/order/{order['id']}"))
    await again.database.close()


async def test_a_server_whose_files_may_not_grow_sells_again_as_soon_as_they_may(settings: Settings) -> None:
    """The operating system refuses every write beyond a limit (EFBIG): the write-ahead log can't grow, on a real
    server, on every machine. It takes bookings again as soon as it may."""
    departure, headers = await open_for_real(settings)
    server = Server(settings)
    limit = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    async with httpx.AsyncClient(base_url=f"{server.url}/public/api", headers=headers, timeout=30) as client:

        async def call(method: str, path: str, **request: Any) -> httpx.Response:
            return await client.request(method, path, **request)

        async with Traffic(call, departure) as traffic:
            await traffic.more("orders", 10)
            size = (settings.data / "seatwright.db-wal").stat().st_size
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, limit[1]))
            await traffic.more("503", 40)
            done = next(iter(traffic.orders))
            assert (await call("GET", f"/order/{done}")).status_code == 200
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
            await traffic.more("orders", 10)
        await assert_nothing_lost(call, traffic)
    assert "Traceback" not in server.stop()


async def open_for_real(settings: Settings) -> tuple[str, dict[str, str]]:
    """Make a shop in a database that a server is started on; return a departure and a user's headers."""
    clock = ManualClock(SystemClock().now())
    services = Services(await open_database(settings), clock, settings, CatalogCache(), Keyring.from_secret(SECRET))
    nobody: Any = None
    desk = await open_desk(nobody, services)
    departure = await desk.shop.departure("kayak", "2037-07-14 09:00", capacity=SEATS)
    await services.database.close()
    return departure, desk.headers


def _open_as_nobody(data: Path, answers: Any) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        SqliteDatabase(data / "seatwright.db")
    except Unavailable as error:
        answers.send(error.message)
    else:
        answers.send("opened")


@pytest.mark.parametrize("file_mode", [0o444, 0o644])
def test_a_read_only_data_directory_is_reported_at_the_start(settings: Settings, file_mode: int) -> None:
    """By a process that isn't root, for whom nothing is read-only."""
    data = settings.data / "data"
    data.mkdir()
    shutil.copyfile(settings.data / "seatwright.db", data / "seatwright.db")
    (data / "seatwright.db").chmod(file_mode)
    for directory in (data, *[parent for parent in data.parents if parent.owner() == data.owner()]):
        if directory.stat().st_mode & 0o005 != 0o005:
            directory.chmod(0o755)
    data.chmod(0o555)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_open_as_nobody, args=(data, sender))
    child.start()
    child.join(30)
    assert receiver.poll(0)
    message = receiver.recv()
    assert message.startswith(f"The database {data / 'seatwright.db'} can't be opened: ")
    data.chmod(0o755)


def test_a_file_that_is_no_database_is_refused_when_it_is_opened(settings: Settings) -> None:
    (settings.data / "seatwright.db").write_bytes(b"This is not a database. " * 400)
    with pytest.raises(Unavailable, match="can't be opened"):
        SqliteDatabase(settings.data / "seatwright.db")


async def test_mistakes_are_not_hidden_as_outages(desk: Desk, services: Services) -> None:
    database = services.database
    for sql, args in (("SELECT nonsense FROM cart", ()), ("SELECT 1 WHERE $1 = $2", (1,))):
        with pytest.raises(sqlite3.Error):
            await database.read(lambda tx, sql=sql, args=args: tx.rows(sql, *args))  # type: ignore[misc]
        with pytest.raises(sqlite3.Error):
            await database.write(lambda tx, sql=sql, args=args: tx.execute(sql, *args))  # type: ignore[misc]
    assert await desk.cart()
