"""Tells whoever watches an account that something of it has changed, in whichever process it was changed.

One task per process asks the database for the numbers of all accounts that are watched (see `storage.account_changes`),
however many watch: a browser's tab costs nothing between changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import structlog

from seatwright.core.errors import Unavailable
from seatwright.storage import account_changes
from seatwright.storage.engine import Database

PAUSE_S = 0.5
"""How long the database is left alone between two questions: within this time a change is told."""

log = structlog.get_logger("seatwright.http")


async def _pause() -> None:
    await asyncio.sleep(PAUSE_S)


class ChangeFeed:
    """The watchers of one process. `pause` waits until the database may be asked again."""

    def __init__(self, database: Database, pause: Callable[[], Awaitable[None]] = _pause) -> None:
        self._database = database
        self._pause = pause
        self._watchers: dict[asyncio.Event, str] = {}
        self._latest: dict[str, int] = {}
        self._asking: asyncio.Task[None] | None = None

    async def watch(self, account_id: str) -> AsyncGenerator[int, None]:
        """Yield the account's number as it is now, and again whenever it has changed; several changes may be told as
        one. Whoever stops watching closes the iterator (`contextlib.aclosing`).
        """
        told, changed = None, asyncio.Event()
        self._watchers[changed] = account_id
        try:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            while True:
                number = self._latest.get(account_id)
                if number is not None and number != told:
                    told = number
                    yield number
                    continue
                await changed.wait()
                changed.clear()
        finally:
            del self._watchers[changed]

    async def _ask(self) -> None:
        while self._watchers:
            watched = sorted(set(self._watchers.values()))
            try:
                found = await self._database.read(lambda tx, ids=watched: account_changes.latest(tx, ids))  # type: ignore[misc]
            except Unavailable as error:
                log.warning("changes can't be asked for", reason=error.message)
            else:
                self._tell(found)
            await self._pause()
        self._latest.clear()

    def _tell(self, found: dict[str, int]) -> None:
        new = {account_id for account_id, number in found.items() if self._latest.get(account_id) != number}
        self._latest = found
        for changed, account_id in self._watchers.items():
            if account_id in new:
                changed.set()
