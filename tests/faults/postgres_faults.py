"""Ways in which PostgreSQL really fails: connections are cut, backends are shot, statements raise."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.faults.world import Events, World
from tests.postgres import PostgresServer

Cut = Literal["request", "reply"]
QUERY, EXECUTE, READY = b"Q", b"E", b"Z"


class Proxy:
    """Stands between the program and PostgreSQL, and cuts a connection at the statement that it is told of.

    `arm("request")`: the next statement, or COMMIT, never arrives. `arm("reply")`: it is carried out, and then the
    connection is cut before its result comes back: nobody but the server knows. While `silent` is set, nothing
    passes at all, and nobody is told.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._armed: tuple[Cut, bool] | None = None
        self.cuts = 0
        self.silent = asyncio.Event()

    def arm(self, cut: Cut, *, only_commit: bool) -> None:
        """Cut at the next COMMIT, or else at whichever statement comes next."""
        self._armed = (cut, only_commit)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until one side ends it, or it is cut."""
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        swallow = asyncio.Event()
        ways = [
            asyncio.create_task(self._forth(reader, server_writer, swallow)),
            asyncio.create_task(_back(server_reader, writer, swallow)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        server_writer.close()

    async def _forth(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, swallow: asyncio.Event) -> None:
        for _ in range(2):  # the request for TLS, which this server declines, and the start-up message
            head = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(head) - 4)
            if not self.silent.is_set():
                server.write(head + body)
        while True:
            message = await _message(reader)
            cut = self._cut_here(message)
            if cut == "request":
                return
            if cut == "reply":
                swallow.set()
            if not self.silent.is_set():
                server.write(message)

    def _cut_here(self, message: bytes) -> Cut | None:
        if self._armed is None:
            return None
        cut, only_commit = self._armed
        commits = message[:1] == QUERY and message[5:].startswith(b"COMMIT")
        if not commits and (only_commit or message[:1] != EXECUTE):
            return None
        self._armed = None
        self.cuts += 1
        return cut


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


async def _back(server: asyncio.StreamReader, client: asyncio.StreamWriter, swallow: asyncio.Event) -> None:
    """Bring answers back; once they are to be swallowed, end with the one that says that the server is done."""
    client.write(await server.readexactly(1))  # no TLS
    while True:
        message = await _message(server)
        if not swallow.is_set():
            client.write(message)
        elif message[:1] == READY:
            return


@asynccontextmanager
async def open_proxy(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Start a proxy in front of the server of `url`; yield it, and the URL that leads through it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    listener = await asyncio.start_server(proxy.connected, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    netloc = parts.netloc.rpartition(":")[0] + f":{port}"
    async with listener:
        yield proxy, urlunsplit(parts._replace(netloc=netloc))


class Sniper:
    """Terminates the program's backends from outside, as an administrator would, even in the middle of its work.

    It has an event loop and a connection of its own, so that it may shoot while the program's loop stands still.
    """

    _THEM = "FROM pg_stat_activity WHERE application_name = 'seatwright' AND datname = current_database()"

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._run(asyncpg.connect(url))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def shoot(self) -> int:
        """Return how many backends were there and are gone."""
        return int(self._run(self._shoot()))

    async def _shoot(self) -> int:
        shot = await self._connection.fetch(f"SELECT pg_terminate_backend(pid) {self._THEM}")
        while await self._connection.fetchval(f"SELECT COUNT(*) {self._THEM}"):
            pass  # its own wait looks again after a tenth of a second
        return len(shot)

    def close(self) -> None:
        """Let go of everything."""
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Shooter(Events):
    """Shoots at one event."""

    def __init__(self, world: World, sniper: Sniper, number: int) -> None:
        super().__init__(world)
        self._sniper = sniper
        self._number = number

    def _note(self, when: str, sql: str) -> None:
        super()._note(when, sql)
        if len(self.seen) - 1 == self._number:
            assert self._sniper.shoot() >= 1


@contextmanager
def failing(server: PostgresServer, name: str, table: str, sqlstate: str, times: int) -> Iterator[Shots]:
    """Let the next `times` changes of a table fail with an SQLSTATE, as PostgreSQL itself raises it."""
    server.execute(
        f"""
        CREATE SEQUENCE shots;
        CREATE FUNCTION shot() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('shots') <= {times} THEN
                RAISE EXCEPTION 'injected' USING ERRCODE = '{sqlstate}';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER shot AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION shot();
        """,
        name,
    )
    try:
        yield Shots(server, name)
    finally:
        server.execute(f"DROP TRIGGER shot ON {table}; DROP FUNCTION shot; DROP SEQUENCE shots", name)


class Shots:
    """Counts how often a failing statement was reached."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server, self._name = server, name

    @property
    def count(self) -> int:
        """How often the change was tried."""
        return int(self._server.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM shots", self._name))
