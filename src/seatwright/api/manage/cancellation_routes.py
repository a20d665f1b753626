"""`/api/v1/orders/{id}`: what cancelling comes to, and cancelling chosen participants and units for these amounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from seatwright.api.manage.cancellation_wire import CancellationQuoteOut, breakdown_out
from seatwright.api.shapes.csv import csv_values
from seatwright.api.shapes.order_wire import CancelledOrderOut, cancelled_order_out
from seatwright.auth.model import Caller
from seatwright.cancellation.breakdown import (
    MAX_REASON,
    AmountsChanged,
    Breakdown,
    LinesToCancel,
    breakdown_of,
    cancel_lines,
    choose_lines,
)
from seatwright.cancellation.service import Outcome, choose, line_target
from seatwright.core.errors import Invalid
from seatwright.core.names import text_of
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking, claims, services
from seatwright.http.wire import Envelope, Text, Wire, Word
from seatwright.orders import service as orders
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Orders"]
MAX_LINES = 1_000
_ID = "6650aa1f0c1d2e3f40516273"


class CancellationIn(Wire, kw_only=True):
    """Participants and units to cancel, for the amounts that were shown.

    `fees` are fees that differ from the policies' (by the ids of their lines), and `waiveFees` takes none: both need
    `cancellation_fee.edit`.
    """

    line_ids: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=MAX_LINES, examples=[[_ID]])]
    proof: Annotated[
        Word, msgspec.Meta(description="That of the quote for these lines.", examples=["kI3nU4m1xWm0QyPfHhB7Zw"])
    ]
    fees: Annotated[
        dict[str, Annotated[Decimal, msgspec.Meta(examples=[12.5])]],
        msgspec.Meta(max_length=MAX_LINES, description="In the order's currency.", examples=[{_ID: 12.5}]),
    ] = msgspec.field(default_factory=dict)
    waive_fees: bool = False
    reason: Annotated[Text, msgspec.Meta(description=f"For the log, up to {MAX_REASON} characters.")] = ""


@get("/orders/{order_id:str}/cancellation-quote", summary="Ask what cancelling would come to", tags=_TAGS)
async def quote_cancellation(
    request: ApiRequest,
    order_id: FromPath[str],
    item_id: Annotated[str | None, QueryParameter(name="itemId", description="Only this date and time.")] = None,
    line_id: Annotated[
        str | None, QueryParameter(name="lineId", description="Only this participant or unit of the item.")
    ] = None,
    line_ids: Annotated[
        str | None,
        QueryParameter(name="lineIds", description="Only these participants and units of any items, comma-separated."),
    ] = None,
) -> Response[Envelope[CancellationQuoteOut]]:
    """Answer what cancelling now, with the policies' fees, would give back and keep. Nothing changes."""
    chosen_ids = csv_values("lineIds", line_ids)
    if chosen_ids is not None and (item_id or line_id):
        raise Invalid("lineIds: leave out itemId and lineId beside it.", code="invalid_field", field="lineIds")

    async def run(tx: ReadTx, caller: Caller) -> Breakdown:
        order = await orders.read(tx, caller, order_id)
        if chosen_ids is not None:
            chosen = choose_lines(order, chosen_ids)
        else:
            chosen = choose(order, line_target(order, item_id or None, line_id or None))
        parts = services(request)
        return breakdown_of(order, chosen, parts.clock.now(), fee_after_move=parts.settings.fee_after_move)

    return await endpoint.read(request, "orders.read", run, breakdown_out)


@post("/orders/{order_id:str}/cancel", status_code=200, summary="Cancel chosen participants and units", tags=_TAGS)
async def cancel_chosen_lines(
    request: ApiRequest, order_id: FromPath[str], data: JSONBody[CancellationIn]
) -> Response[Envelope[CancelledOrderOut]]:
    """Cancel any participants and units of an order at once, for exactly the amounts that its quote has shown.

    If any amount has changed since, nothing is cancelled, and `details` of the 409 is the present quote.
    """
    wanted = LinesToCancel(
        order=order_id,
        line_ids=[text_of(each) for each in data.line_ids],
        proof=text_of(data.proof),
        fees=data.fees,
        waive=data.waive_fees,
        reason=text_of(data.reason),
    )

    async def run(tx: Tx, caller: Caller) -> Outcome:
        try:
            return await cancel_lines(tx, booking(request), caller, wanted)
        except AmountsChanged as changed:
            changed.details = breakdown_out(changed.breakdown)
            raise

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.cancel", run, lambda outcome: cancelled_order_out(outcome, viewer))


ROUTES: list[HTTPRouteHandler] = [quote_cancellation, cancel_chosen_lines]
