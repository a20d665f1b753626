"""`/public/api/order`: every endpoint of the orders page."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from seatwright.api.resmark.fee_choice import SCHEMA, fee_choice
from seatwright.api.resmark.order_json import OrderJsonCache
from seatwright.api.shapes.csv import NUMBERS, csv_numbers, csv_values
from seatwright.api.shapes.order_request import OrderRequest
from seatwright.api.shapes.order_wire import CancelledOrderOut, OrderOut, cancelled_order_out, order_out
from seatwright.auth.model import Caller
from seatwright.cancellation.service import Outcome, Target, cancel
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.names import text_of
from seatwright.core.times import parse_date, utc_day
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking, claims
from seatwright.http.openapi import body
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page, Word
from seatwright.orders import service as orders
from seatwright.orders.listing import OrderFilter
from seatwright.orders.model import Order
from seatwright.storage.engine import ReadTx, Tx

OrderId = Annotated[str, PathParameter(description="Order ID (session ID) or confirmation number.")]
ItemId = Annotated[str, PathParameter(description="Inventory ID of the date and time.")]
_DAY = "YYYY-MM-DD, a day in UTC."
_DATE = {"format": "date"}
FromCreated = Annotated[
    str | None, QueryParameter(name="fromCreatedDate", description=f"Earliest creation. {_DAY}", schema_extra=_DATE)
]
ToCreated = Annotated[
    str | None, QueryParameter(name="toCreatedDate", description=f"Latest creation. {_DAY}", schema_extra=_DATE)
]
FromModified = Annotated[
    str | None, QueryParameter(name="fromModifiedDate", description=f"Earliest change. {_DAY}", schema_extra=_DATE)
]
ToModified = Annotated[
    str | None, QueryParameter(name="toModifiedDate", description=f"Latest change. {_DAY}", schema_extra=_DATE)
]
Fee = Annotated[
    str | None,
    QueryParameter(
        name="applyCancellationFee",
        description="`false` waives the fee; otherwise the cancellation policy applies. May be sent in a JSON body "
        "instead.",
        schema_extra={"enum": ["true", "false", "1", "0"]},
    ),
]

_FEE_IN_BODY = body(SCHEMA, required=False, example={"applyCancellationFee": False})


class PlaceOrder(OrderRequest, kw_only=True):
    """A cart to be turned into an order. Explicit nulls are as good as leaving a field out."""

    id: Annotated[Word, msgspec.Meta(description="Cart ID.", examples=["0c0f3a52-8a42-4c38-93a1-3d3a4a2f6f10"])]


@get("", summary="List orders")
async def list_orders(
    request: ApiRequest,
    limit: Limit = DEFAULT_LIMIT,
    page: Page = 0,
    ids: Annotated[str | None, QueryParameter(description="Comma-separated order IDs.")] = None,
    confirmation_ids: Annotated[
        str | None,
        QueryParameter(
            name="confirmationIds",
            description="Comma-separated confirmation numbers.",
            schema_extra=NUMBERS,
        ),
    ] = None,
    from_created_date: FromCreated = None,
    to_created_date: ToCreated = None,
    from_modified_date: FromModified = None,
    to_modified_date: ToModified = None,
    reference_id: Annotated[
        str | None, QueryParameter(name="referenceId", description="Order ID in a third-party system.")
    ] = None,
    sort_order: Annotated[
        Literal["asc", "desc"], QueryParameter(name="sortOrder", description="By ID: oldest or newest first.")
    ] = "asc",
) -> Response[Envelope[list[OrderOut]]]:
    """List orders, filtered by everything that is given. A `to…` day is included, and needs its `from…`."""
    created = _days("CreatedDate", from_created_date, to_created_date)
    modified = _days("ModifiedDate", from_modified_date, to_modified_date)
    chosen = OrderFilter(
        ids=csv_values("ids", ids),
        confirmations=csv_numbers("confirmationIds", confirmation_ids),
        created_from=created[0],
        created_to=created[1],
        modified_from=modified[0],
        modified_to=modified[1],
        reference_id=reference_id or None,
    )

    async def run(tx: ReadTx, caller: Caller) -> list[msgspec.Raw]:
        listed = await orders.page(tx, caller, chosen, limit=limit, page=page, newest_first=sort_order == "desc")
        return await _shown(request).several(tx, caller, listed)

    return await endpoint.read(request, "orders.read", run, lambda shown: shown)


def _days(name: str, first: str | None, last: str | None) -> tuple[Instant | None, Instant | None]:
    """Return the instants from the start of one UTC day up to the end of another."""
    if last and not first:
        raise Invalid(
            f"to{name}: is only possible together with from{name}.", code="missing_from_date", field=f"to{name}"
        )
    start = parse_date(first, field=f"from{name}") if first else None
    end = parse_date(last, field=f"to{name}") if last else None
    if start and end and end < start:
        raise Invalid(f"to{name}: must not be before from{name}.", code="invalid_date_range", field=f"to{name}")
    return utc_day(start) if start else None, utc_day(end + timedelta(days=1)) if end else None


@get("/{order_id:str}", summary="Read an order")
async def read_order(request: ApiRequest, order_id: OrderId) -> Response[Envelope[OrderOut]]:
    """Read an order with its customer, items, pricing and payments."""

    async def run(tx: ReadTx, caller: Caller) -> msgspec.Raw:
        return _shown(request).one(await orders.look_up(tx, caller, order_id), caller.account_id)

    return await endpoint.read(request, "orders.read", run, lambda shown: shown)


def _shown(request: ApiRequest) -> OrderJsonCache:
    found: OrderJsonCache = request.app.state.order_json
    return found


@post("", status_code=200, summary="Create an order from a cart, or add a cart to an order")
async def place_order(request: ApiRequest, data: JSONBody[PlaceOrder]) -> Response[Envelope[OrderOut]]:
    """Turn a cart into an order that an external source has paid. Repeating it answers with the same order."""
    details = data.details(text_of(data.id))

    async def run(tx: Tx, caller: Caller) -> Order:
        return await orders.place(tx, booking(request), caller, details)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.write", run, lambda order: order_out(order, viewer), one_trip=True)


async def _cancel(request: ApiRequest, target: Target, fee: str | None) -> Response[Envelope[CancelledOrderOut]]:
    apply_fee = fee_choice(await request.body(), fee)

    async def run(tx: Tx, caller: Caller) -> Outcome:
        return await cancel(tx, booking(request), caller, target, apply_fee=apply_fee)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.cancel", run, lambda outcome: cancelled_order_out(outcome, viewer))


@delete("/{order_id:str}", status_code=200, summary="Cancel an order", opt=_FEE_IN_BODY)
async def cancel_order(
    request: ApiRequest, order_id: OrderId, fee: Fee = None
) -> Response[Envelope[CancelledOrderOut]]:
    """Cancel everything on an order and return all its seats to availability."""
    return await _cancel(request, Target(order_id), fee)


@delete(
    "/{order_id:str}/item/{item_id:str}",
    status_code=200,
    summary="Cancel a date and time of an order",
    opt=_FEE_IN_BODY,
)
async def cancel_item(
    request: ApiRequest, order_id: OrderId, item_id: ItemId, fee: Fee = None
) -> Response[Envelope[CancelledOrderOut]]:
    """Cancel one date and time and keep the rest of the order."""
    return await _cancel(request, Target(order_id, item_id=item_id), fee)


@delete(
    "/{order_id:str}/item/{item_id:str}/participant/{participant_id:str}",
    status_code=200,
    summary="Cancel a participant",
    opt=_FEE_IN_BODY,
)
async def cancel_participant(
    request: ApiRequest,
    order_id: OrderId,
    item_id: ItemId,
    participant_id: Annotated[str, PathParameter(description="Participant ID from the order's participantList.")],
    fee: Fee = None,
) -> Response[Envelope[CancelledOrderOut]]:
    """Cancel one person of an activity and return their seat to availability."""
    return await _cancel(request, Target(order_id, item_id=item_id, participant_id=participant_id), fee)


@delete(
    "/{order_id:str}/item/{item_id:str}/unit/{unit_id:str}",
    status_code=200,
    summary="Cancel a unit",
    opt=_FEE_IN_BODY,
)
async def cancel_unit(
    request: ApiRequest,
    order_id: OrderId,
    item_id: ItemId,
    unit_id: Annotated[str, PathParameter(description="Unit ID from the order's unitList.")],
    fee: Fee = None,
) -> Response[Envelope[CancelledOrderOut]]:
    """Cancel one unit of a rental."""
    return await _cancel(request, Target(order_id, item_id=item_id, unit_id=unit_id), fee)


ROUTES = [
    Router(
        "/order",
        route_handlers=[
            list_orders,
            read_order,
            place_order,
            cancel_order,
            cancel_item,
            cancel_participant,
            cancel_unit,
        ],
        tags=["Orders"],
    )
]
