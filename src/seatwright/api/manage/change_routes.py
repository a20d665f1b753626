"""`/api/v1/changes`: whether anything of the account has changed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.auth.model import Caller
from seatwright.http.context import ApiRequest
from seatwright.http.endpoint import read
from seatwright.http.wire import Envelope, Wire
from seatwright.storage import account_changes
from seatwright.storage.engine import ReadTx


class ChangesOut(Wire):
    """A number that grows whenever something of the account changes."""

    sequence: Annotated[int, msgspec.Meta(examples=[4711])]


@get("/changes", summary="Whether anything has changed", tags=["Account"])
async def read_changes(request: ApiRequest) -> Response[Envelope[ChangesOut]]:
    """Answer a number that grows with every change of departures, seats, orders, notes, tags and the catalog.

    Whoever reads something after the number, and finds the same number later, has missed nothing.
    """

    async def run(tx: ReadTx, who: Caller) -> int:
        return (await account_changes.latest(tx, [who.account_id]))[who.account_id]

    return await read(request, None, run, lambda number: ChangesOut(sequence=number))


ROUTES: list[HTTPRouteHandler] = [read_changes]
