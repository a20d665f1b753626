"""`/api/v1/orders/{order_id}/move`: guests go to another departure."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from seatwright.api.shapes.order_wire import OrderOut, order_out
from seatwright.auth.model import Caller
from seatwright.core.field_errors import bad_field
from seatwright.core.money import from_wire, to_wire
from seatwright.core.names import text_of, text_or_none
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking, claims
from seatwright.http.wire import Envelope, Text, Wire, Word
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.move_plan import MoveRequest
from seatwright.orders.moving import MoveQuote, move, quote_move
from seatwright.storage.engine import ReadTx, Tx

MAX_GUESTS = 1_000
_ID = "6650aa1f0c1d2e3f40516273"


class MoveIn(Wire, kw_only=True):
    """Who goes where: the ids of participants and units; without any, all of the item, or of the order.

    `tiers` are price tiers of the other product by those of now, where they aren't called the same. A place or pickup
    counts for all who move; without one each keeps their own. `difference` is what a request with `check` answered.
    """

    departure_id: Annotated[Word, msgspec.Meta(description="Where they go.", examples=[_ID])]
    item_id: Annotated[Word | None, msgspec.Meta(description="Only from this date and time.")] = None
    ids: Annotated[list[Word], msgspec.Meta(min_length=1, max_length=MAX_GUESTS, examples=[[_ID]])] | None = None
    price: Annotated[
        Literal["kept", "new"],
        msgspec.Meta(description="`kept`: as sold, with its cancellation policy; `new`: as if sold there today."),
    ] = "kept"
    tiers: Annotated[dict[str, str], msgspec.Meta(max_length=100, examples=[{"Adult": "All"}])] | None = None
    location_id: Annotated[Text | None, msgspec.Meta(description="A pickup place, or one of the product's own.")] = None
    pickup_detail_id: Text | None = None
    without_pickup: Annotated[bool, msgspec.Meta(description="They come by themselves.")] = False
    answers: (
        Annotated[
            dict[str, dict[str, Any]],
            msgspec.Meta(
                max_length=MAX_GUESTS,
                description="Answers to the other product's questions: by the guest's id, and the question's label.",
                examples=[{_ID: {"Weight": 75}}],
            ),
        ]
        | None
    ) = None
    asked_by: Annotated[
        Literal["customer", "supplier"],
        msgspec.Meta(description="After a move for which the supplier asks, cancelling costs the guests nothing."),
    ] = "customer"
    difference: Annotated[
        Decimal | None, msgspec.Meta(description="By how much the order's total grows.", examples=[0])
    ] = None


class MovedGuestOut(Wire, kw_only=True):
    """A guest who moves: the date that they leave, and what they cost before and after."""

    id: str
    item_id: str
    before: Decimal
    after: Decimal


class MoveOut(Wire, kw_only=True):
    """What a move comes to. `order` is null for a mere check.

    `difference` is by how much the order's total grows, with fees that are spread over the whole order. A `balance`
    below zero is money to give back. `undone` are guests whose check-in, or no-show, is taken back.
    """

    check: bool
    departure_id: str
    product: str
    difference: Decimal
    total: Decimal
    balance: Decimal
    currency: str
    seats: Annotated[int, msgspec.Meta(description="Seats that they need there.")]
    free: Annotated[int, msgspec.Meta(description="Seats that were free there before.")]
    guests: list[MovedGuestOut]
    undone: list[str]
    order: OrderOut | None


@post("/orders/{order_id:str}/move", status_code=200, summary="Move guests to another departure", tags=["Orders"])
async def move_guests(
    request: ApiRequest,
    order_id: FromPath[str],
    data: JSONBody[MoveIn],
    check: Annotated[bool, QueryParameter(description="Say what it would come to, and change nothing.")] = False,
) -> Response[Envelope[MoveOut]]:
    """Move guests of an order to another departure of the same or another product, as its supplier.

    Seats are taken there and given back here. Ask with `check` first, and send the `difference` that it answers: if it
    has changed since, this is a 409 with the new one, and nothing is done.
    """
    wanted = _request(order_id, data)
    viewer = claims(request).account_id
    if check:

        async def ask(tx: ReadTx, caller: Caller) -> MoveQuote:
            return await quote_move(tx, booking(request), caller, wanted)

        return await endpoint.read(request, "orders.write", ask, lambda quote: _move_out(quote, None, viewer))
    if data.difference is None:
        raise bad_field(
            "difference", "is missing; ask with check=true, and send what that answers.", code="missing_field"
        )
    amount = data.difference

    async def run(tx: Tx, caller: Caller) -> MoveOut:
        order = await orders.read(tx, caller, order_id)
        difference = from_wire(amount, order.body.currency, field="difference")
        done = await move(tx, booking(request), caller, wanted, difference=difference)
        return _move_out(done.quote, done.order, viewer)

    return await endpoint.write(request, "orders.write", run, lambda out: out)


def _request(order_id: str, data: MoveIn) -> MoveRequest:
    return MoveRequest(
        order=order_id,
        to=text_of(data.departure_id),
        item_id=text_or_none(data.item_id),
        line_ids=None if data.ids is None else [text_of(each) for each in data.ids],
        price=data.price,
        tiers=data.tiers or {},
        location_id=text_or_none(data.location_id),
        pickup_detail_id=text_or_none(data.pickup_detail_id),
        without_pickup=data.without_pickup,
        answers=data.answers or {},
        asked_by=data.asked_by,
    )


def _move_out(quote: MoveQuote, order: Order | None, viewer: str) -> MoveOut:
    plan, currency = quote.plan, quote.order.body.currency
    after = {line.id: line for item in plan.after for line in item.lines}
    return MoveOut(
        check=order is None,
        departure_id=quote.departure.id,
        product=quote.product.name,
        difference=to_wire(plan.difference, currency),
        total=to_wire(quote.total, currency),
        balance=to_wire(quote.balance, currency),
        currency=currency,
        seats=plan.seats,
        free=quote.departure.free,
        guests=[
            MovedGuestOut(
                id=line.id,
                item_id=item.id,
                before=to_wire(line.total, currency),
                after=to_wire(after[line.id].total, currency),
            )
            for item in plan.moved
            for line in item.lines
        ],
        undone=list(quote.undone),
        order=None if order is None else order_out(order, viewer),
    )


ROUTES: list[HTTPRouteHandler] = [move_guests]
