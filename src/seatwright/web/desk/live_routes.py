"""The stream by which an open page learns that something has changed (server-sent events). It says only that; the page
fetches itself again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from seatwright.http.change_feed import ChangeFeed
from seatwright.http.context import ApiRequest, change_feed
from seatwright.http.streams import ends_of
from seatwright.web.desk.frame import HEADERS
from seatwright.web.desk.visit import PAGE, admit

STILL_HERE_S = 15
"""How often a stream without changes says that it is still there, in seconds."""
LONGEST_S = 600
"""How long one stream lasts, in seconds; the browser opens the next one, with the session as it is then."""
_BEGINNING = b"retry: 2000\n\n"


@get("/changes", **PAGE)
async def get_changes(request: ApiRequest) -> Stream:
    """Tell the number of the account's changes now, and whenever it has grown."""
    visit = await admit(request, None)
    events = stream(change_feed(request), visit.account.id, ends_of(request.scope))
    return Stream(events, media_type="text/event-stream", headers=HEADERS)


async def stream(feed: ChangeFeed, account_id: str, ends: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield the events of a stream, until it has lasted long enough or the server stops."""
    last = asyncio.get_running_loop().time() + LONGEST_S
    ending = asyncio.ensure_future(ends.wait())
    yield _BEGINNING
    async with aclosing(feed.watch(account_id)) as numbers:
        following = asyncio.ensure_future(anext(numbers))
        try:
            while not ends.is_set() and asyncio.get_running_loop().time() < last:
                done, _ = await asyncio.wait(
                    {following, ending}, timeout=STILL_HERE_S, return_when=asyncio.FIRST_COMPLETED
                )
                if following in done:
                    yield b"data: %d\n\n" % following.result()
                    following = asyncio.ensure_future(anext(numbers))
                elif not done:
                    yield b": still here\n\n"
        finally:
            ending.cancel()
            following.cancel()
            await asyncio.gather(ending, following, return_exceptions=True)


ROUTES: list[HTTPRouteHandler] = [get_changes]
