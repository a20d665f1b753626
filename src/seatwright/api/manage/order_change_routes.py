"""`GET /api/v1/orders/changes`: what a program reads that keeps its own copy of the orders."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from seatwright.api.shapes.order_wire import OrderOut, order_out
from seatwright.auth.model import Caller
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import missing_field
from seatwright.core.moments import parse_moment
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest
from seatwright.http.wire import Envelope, Limit, Wire
from seatwright.orders import changes
from seatwright.orders.changes import ChangedOrders, Cursor, read_cursor
from seatwright.storage.engine import ReadTx

DEFAULT_LIMIT = 200


class OrderChangesOut(Wire):
    """Orders in the sequence in which they were made or last changed."""

    orders: list[OrderOut]
    cursor: Annotated[
        str,
        msgspec.Meta(
            description="Where the next page begins. Keep it, and ask with it later for what has changed since.",
            examples=["MTc4MjkyMTYwMDAwMC0xMi0z"],
        ),
    ]
    more: Annotated[bool, msgspec.Meta(description="Whether there may be more already.")]


@get("/orders/changes", summary="Follow the orders that are made and changed", tags=["Orders"])
async def read_order_changes(
    request: ApiRequest,
    modified_since: Annotated[
        str | None,
        QueryParameter(
            name="modifiedSince",
            description="To begin with: only orders that were made or changed at this moment or later, ISO 8601 with a "
            "time (`2026-07-01T16:00:00Z`), or the beginning of a day in UTC.",
        ),
    ] = None,
    cursor: Annotated[
        str | None, QueryParameter(max_length=200, description="To go on: `cursor` of the page before.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response[Envelope[OrderChangesOut]]:
    """List orders as they are now, those that were changed longest ago first.

    Whoever goes on with the cursor meets each state of an order at most once, and the last one of each for certain,
    whatever is ordered and changed meanwhile.
    """
    place = _place(modified_since, cursor)

    async def run(tx: ReadTx, caller: Caller) -> tuple[ChangedOrders, str]:
        return await changes.page(tx, caller.account_id, place, limit=limit), caller.account_id

    return await endpoint.read(request, "orders.read", run, _out)


def _place(modified_since: str | None, cursor: str | None) -> Cursor:
    if cursor:
        if modified_since:
            raise Invalid(
                "modifiedSince: leave it out beside cursor, which has it in it.",
                code="invalid_field",
                field="modifiedSince",
            )
        return read_cursor(cursor)
    if not modified_since:
        raise missing_field("modifiedSince")
    return Cursor(parse_moment(modified_since, "UTC", field="modifiedSince"))


def _out(found: tuple[ChangedOrders, str]) -> OrderChangesOut:
    page, viewer = found
    return OrderChangesOut(
        orders=[order_out(row.order(), viewer) for row in page.orders], cursor=page.cursor.text(), more=page.more
    )


ROUTES: list[HTTPRouteHandler] = [read_order_changes]
