"""`/api/v1/orders`: what the desk does with an order beyond the Resmark API."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from litestar import Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from seatwright.api.shapes.order_wire import OrderOut, order_out
from seatwright.auth.model import Caller
from seatwright.cancellation import approval
from seatwright.cancellation.amend import NewFee, change_fee
from seatwright.core.names import text_of, text_or_none
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking, claims, services
from seatwright.http.openapi import body
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page, Wire, Word
from seatwright.orders import service as orders
from seatwright.orders.checkin import Guests, check_in, note_no_show
from seatwright.orders.model import Order
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Orders"]
MAX_GUESTS = 1_000
_ID = "6650aa1f0c1d2e3f40516273"


class FeeIn(Wire):
    """The cancellation fee to be taken, in the order's currency."""

    amount: Annotated[Decimal, msgspec.Meta(examples=[12.5])]


class DeclineIn(Wire):
    """Why, in words for the customer or reseller."""

    reason: Annotated[str, msgspec.Meta(max_length=approval.MAX_REASON, examples=["The river is too high."])] = ""


class CheckInIn(Wire):
    """Who: the ids of participants and units; without any, all of the item, or of the whole order."""

    item_id: Word | None = None
    ids: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=MAX_GUESTS, examples=[[_ID]])] | None = None
    present: Annotated[bool, msgspec.Meta(description="False takes a check-in back.")] = True


class NoShowIn(Wire):
    """Who: the ids of participants and units; without any, all of the item, or of the order, who aren't checked in."""

    item_id: Word | None = None
    ids: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=MAX_GUESTS, examples=[[_ID]])] | None = None
    no_show: Annotated[bool, msgspec.Meta(description="False takes it back.")] = True


@put("/orders/{order_id:str}/lines/{line_id:str}/cancellation-fee", summary="Change a cancellation fee", tags=_TAGS)
async def put_cancellation_fee(
    request: ApiRequest, order_id: FromPath[str], line_id: FromPath[str], data: JSONBody[FeeIn]
) -> Response[Envelope[OrderOut]]:
    """Set the fee of a cancelled participant or unit, from 0 to what it cost; needs `cancellation_fee.edit`."""

    async def run(tx: Tx, caller: Caller) -> Order:
        return await change_fee(tx, booking(request), caller, NewFee(order_id, line_id, data.amount))

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.cancel", run, lambda order: order_out(order, viewer))


@get("/orders/pending", summary="List pending orders", tags=_TAGS)
async def list_pending(
    request: ApiRequest, limit: Limit = DEFAULT_LIMIT, page: Page = 0
) -> Response[Envelope[list[OrderOut]]]:
    """List the orders that the account has to accept or decline as their supplier, the most urgent first."""

    async def run(tx: ReadTx, caller: Caller) -> list[Order]:
        return await orders.waiting(tx, caller.account_id, limit=limit, page=page)

    viewer = claims(request).account_id
    return await endpoint.read(request, "orders.read", run, lambda found: [order_out(each, viewer) for each in found])


@post("/orders/{order_id:str}/accept", status_code=200, summary="Accept a pending order", tags=_TAGS)
async def accept_order(request: ApiRequest, order_id: FromPath[str]) -> Response[Envelope[OrderOut]]:
    """Confirm what is pending of an order, as its supplier. Accepting again changes nothing."""

    async def run(tx: Tx, caller: Caller) -> Order:
        return await approval.accept(tx, services(request).clock, caller, order_id)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.write", run, lambda order: order_out(order, viewer))


@post(
    "/orders/{order_id:str}/decline",
    status_code=200,
    summary="Decline a pending order",
    tags=_TAGS,
    opt=body({"$ref": "#/components/schemas/DeclineIn"}, required=False, example={"reason": "The river is too high."}),
)
async def decline_order(
    request: ApiRequest, order_id: FromPath[str], data: JSONBody[DeclineIn | None] = None
) -> Response[Envelope[OrderOut]]:
    """Cancel what is pending of an order without a fee, as its supplier: seats and money go back."""
    reason = "" if data is None else data.reason.strip()

    async def run(tx: Tx, caller: Caller) -> Order:
        return await approval.decline(tx, services(request).clock, caller, order_id, reason)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.write", run, lambda order: order_out(order, viewer))


@post("/orders/{order_id:str}/check-in", status_code=200, summary="Check guests in", tags=_TAGS)
async def check_guests_in(
    request: ApiRequest, order_id: FromPath[str], data: JSONBody[CheckInIn]
) -> Response[Envelope[OrderOut]]:
    """Note who has turned up, as the order's supplier, or take that back."""
    ids = None if data.ids is None else [text_of(each) for each in data.ids]
    guests = Guests(order_id, item_id=text_or_none(data.item_id), line_ids=ids, noted=data.present)

    async def run(tx: Tx, caller: Caller) -> Order:
        return await check_in(tx, services(request).clock, caller, guests)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.write", run, lambda order: order_out(order, viewer))


@post("/orders/{order_id:str}/no-show", status_code=200, summary="Note who did not come", tags=_TAGS)
async def note_guests_missing(
    request: ApiRequest, order_id: FromPath[str], data: JSONBody[NoShowIn]
) -> Response[Envelope[OrderOut]]:
    """Note who did not come, as the order's supplier, or take that back. Seats and amounts stay as they are; checking a
    guest in takes it back, too.
    """
    ids = None if data.ids is None else [text_of(each) for each in data.ids]
    guests = Guests(order_id, item_id=text_or_none(data.item_id), line_ids=ids, noted=data.no_show)

    async def run(tx: Tx, caller: Caller) -> Order:
        return await note_no_show(tx, services(request).clock, caller, guests)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.write", run, lambda order: order_out(order, viewer))


ROUTES: list[HTTPRouteHandler] = [
    list_pending,
    put_cancellation_fee,
    accept_order,
    decline_order,
    check_guests_in,
    note_guests_missing,
]
