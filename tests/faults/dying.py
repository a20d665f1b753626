"""A process that does one thing to an embedded database, and dies in the middle of it. Preloaded, then forked."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from seatwright.app.assembly import create_app
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.http.context import Services
from seatwright.storage.open import open_database
from tests.conftest import SECRET, START, settings_for
from tests.desk import Desk
from tests.faults.cases import BY_NAME
from tests.faults.world import Answer, Dice, Events, World

APP = create_app(settings_for(Path()), None)
"""Made before forking, because making it takes longer than all that a process does here."""
DEATH = 9
"""Exit code of a process that died as it should."""


class Deed(NamedTuple):
    """What to do where, and at which event to die (None: not at all)."""

    data: Path
    case: str
    headers: dict[str, str]
    names: dict[str, str]
    die_at: int | None


class Dying(Events):
    """Ends the process at one event, as a crash does: no exception, nothing closed, nothing flushed."""

    def __init__(self, world: World, number: int | None) -> None:
        super().__init__(world)
        self._number = number

    def _note(self, when: str, sql: str) -> None:
        super()._note(when, sql)
        if len(self.seen) - 1 == self._number:
            os._exit(DEATH)


def do(deed: Deed, answers: Any) -> None:
    """Do it, and send the answer through the pipe `answers`, if it comes to that."""
    with pytest.MonkeyPatch.context() as patch:
        answers.send(asyncio.run(_do(deed, Dice(patch))))


async def _do(deed: Deed, dice: Dice) -> Answer:
    case, settings = BY_NAME[deed.case], settings_for(deed.data)
    database = await open_database(settings)
    clock = ManualClock(START + case.minutes * MINUTE_MS)
    services = Services(database, clock, settings, CatalogCache(), Keyring.from_secret(SECRET))
    APP.state.services = services
    transport = httpx.ASGITransport(app=APP)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        desk: Any = Desk(client, services, None, deed.headers)  # type: ignore[arg-type]
        nobody: Any = None
        world = World(services, client, nobody, dice, desk, desk, deed.names)
        database.probe = Dying(world, deed.die_at)
        dice.reset(1)
        answer = await case.act(world, "key")
    await database.close()
    return answer
