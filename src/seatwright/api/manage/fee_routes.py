"""`/api/v1/orders`: what the desk may do with an order beyond the Resmark API."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from seatwright.api import endpoint
from seatwright.api.context import ApiRequest, booking, claims
from seatwright.api.resmark.order_wire import OrderOut, order_out
from seatwright.api.wire import Envelope, Wire
from seatwright.auth.model import Caller
from seatwright.cancellation.amend import NewFee, change_fee
from seatwright.orders.model import Order
from seatwright.storage.engine import Tx


class FeeIn(Wire):
    """The cancellation fee to be taken, in the order's currency."""

    amount: Annotated[float | int | str, msgspec.Meta(examples=[12.5])]


@put(
    "/orders/{order_id:str}/lines/{line_id:str}/cancellation-fee", summary="Change a cancellation fee", tags=["Orders"]
)
async def put_cancellation_fee(
    request: ApiRequest, order_id: FromPath[str], line_id: FromPath[str], data: JSONBody[FeeIn]
) -> Response[Envelope[OrderOut]]:
    """Set the fee of a cancelled participant or unit, from 0 to what it cost; needs `cancellation_fee.edit`."""

    async def run(tx: Tx, caller: Caller) -> Order:
        return await change_fee(tx, booking(request), caller, NewFee(order_id, line_id, data.amount))

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.cancel", run, lambda order: order_out(order, viewer))


ROUTES: list[HTTPRouteHandler] = [put_cancellation_fee]
