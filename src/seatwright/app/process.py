"""The composition root: reads the settings, opens the database, starts the loops, puts the API in front."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar import Litestar

from seatwright.app.assembly import create_app
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core import logs, meter
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings, load_settings
from seatwright.core.files import make_files_private
from seatwright.http.context import Services
from seatwright.http.prometheus import PrometheusMeter
from seatwright.messages.context import Messenger
from seatwright.storage.engine import Database
from seatwright.storage.migrate import check_schema
from seatwright.storage.open import open_database
from seatwright.storage.waiting import reached
from seatwright.worker.loops import Loops
from seatwright.worker.messaging import Messaging

if TYPE_CHECKING:
    from seatwright.app.tracing import Tracing

WAIT_S = 60.0
"""How long a worker waits for an unreachable database, in seconds."""


def create() -> Litestar:
    """Return the application of one worker process, with the settings of its environment.

    For an ASGI server (`uvicorn --factory seatwright.app:create`). Starting it fails if the schema is not exactly
    what this program needs: migrate first.
    """
    make_files_private()
    gc.disable()
    settings = load_settings()
    logs.configure(settings.log)
    if settings.metrics_token:
        meter.use(PrometheusMeter(settings.pool_size if settings.database_url else 0))

    tracing = _tracing(settings.traces_url)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with _opened(settings) as services:
            app.state.services = services if tracing is None else tracing.watched(services)
            async with _looping(services):
                yield
        if tracing is not None:
            await asyncio.to_thread(tracing.close)

    app = create_app(settings, None, lifespan=[lifespan])
    if tracing is not None:
        tracing.watch(app)
    gc.freeze()  # objects made at the start stay for good: no garbage collection needs to check them
    gc.enable()
    return app


def _tracing(url: str) -> Tracing | None:
    """Return what makes traces, if there is an address to send them to. Only then is its library imported."""
    if not url:
        return None
    module = importlib.import_module("seatwright.app.tracing")
    made: Tracing = module.Tracing(module.collector(url))
    return made


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Services]:
    """Open the database that the settings name, and close it in the end. Raises `Unavailable`.

    uvicorn ends the whole server if one worker can't start, and a worker may have to start while the database is
    unreachable.
    """
    database = await reached(lambda: _ready(settings), wait_s=WAIT_S)
    try:
        yield Services(
            database=database,
            clock=SystemClock(),
            settings=settings,
            catalogs=CatalogCache(),
            keyring=Keyring.open(settings.secret, settings.data),
        )
    finally:
        await database.close()


async def _ready(settings: Settings) -> Database:
    """Open the database, whose schema has to be this program's."""
    database = await open_database(settings)
    try:
        await check_schema(database)
    except BaseException:
        await database.close()
        raise
    return database


@asynccontextmanager
async def _looping(services: Services) -> AsyncIterator[None]:
    """Run the worker loops beside the requests; in the end wait for their running steps."""
    if services.settings.read_only:
        yield
        return
    stop = asyncio.Event()
    loops = Loops(services.database, services.clock, services.settings)
    messenger = Messenger(
        database=services.database,
        clock=services.clock,
        settings=services.settings,
        catalogs=services.catalogs,
        keyring=services.keyring,
    )
    running = asyncio.gather(loops.run(stop), Messaging(messenger).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running
