"""`/api/v1/orders/{order_id}`: an order with its version, editing it, and its confirmation sent again."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Response, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from seatwright.api.shapes.order_wire import OrderOut, order_out
from seatwright.auth.model import Caller
from seatwright.core.money import from_wire, to_wire
from seatwright.core.names import text_or_none
from seatwright.customers.check import check_answer, check_customer, check_text
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking, claims, services
from seatwright.http.wire import Envelope, Text, Whole, Wire, Word
from seatwright.orders import service as orders
from seatwright.orders.billing import check_billing
from seatwright.orders.confirmation import SentAgain, send_again
from seatwright.orders.edit_plan import GuestEdit, OrderEdit
from seatwright.orders.editing import EditQuote, edit_order, quote_edit
from seatwright.orders.model import Order
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Orders"]
MAX_GUESTS = 1_000
_ID = "6650aa1f0c1d2e3f40516273"


class GuestEditIn(Wire, kw_only=True):
    """New details of a participant or unit; what is left out stays. A name of null is taken away."""

    id: Annotated[str, msgspec.Meta(max_length=200, examples=[_ID])]
    first_name: Text | UnsetType | None = UNSET
    last_name: Text | UnsetType | None = UNSET
    answers: (
        Annotated[dict[str, Any], msgspec.Meta(description="All answers of the guest, in place of the earlier ones.")]
        | None
    ) = None
    tier: Annotated[Word, msgspec.Meta(examples=["Child"])] | None = None
    location_id: Word | None = None
    pickup_detail_id: Word | None = None
    without_pickup: bool = False


class OrderEditIn(Wire, kw_only=True):
    """What to change of an order in the `version` that was shown; what is left out stays. `difference` is by how much
    the total grows, as it was shown: with another one the edit is refused.
    """

    version: Annotated[Whole, msgspec.Meta(examples=[2])]
    customer: (
        Annotated[dict[str, Any], msgspec.Meta(description="The whole customer, in place of the earlier one.")] | None
    ) = None
    guests: Annotated[
        list[GuestEditIn], msgspec.Meta(max_length=MAX_GUESTS, examples=[[{"id": _ID, "tier": "Child"}]])
    ] = msgspec.field(default_factory=list)
    reference_id: Text | UnsetType | None = UNSET
    billing: Annotated[dict[str, Any], msgspec.Meta(examples=[{"memo": "paid at the desk"}])] | None = None
    difference: Annotated[Decimal, msgspec.Meta(examples=[-40.5])] | None = None


class VersionedOrderOut(OrderOut, kw_only=True, rename="camel"):
    """An order with its `version`, which grows with every change and goes into the next edit."""

    version: int


class EditQuoteOut(Wire, kw_only=True):
    """By how much an edit would change the order's total, and its total and balance afterwards."""

    difference: Decimal
    total: Decimal
    balance: Decimal
    currency: str


class ConfirmationOut(Wire, kw_only=True):
    """Which order's confirmation was sent again, and to which address."""

    order_id: str
    confirmation: int
    email: str


def versioned_out(order: Order, viewer_id: str) -> VersionedOrderOut:
    """Show an order with its version."""
    return VersionedOrderOut(**msgspec.structs.asdict(order_out(order, viewer_id)), version=order.version)


def _edit_of(order_id: str, data: OrderEditIn) -> OrderEdit:
    """Read an edit. Raises `Invalid`, naming the field."""
    return OrderEdit(
        order=order_id,
        version=data.version,
        customer=None if data.customer is None else check_customer(data.customer),
        guests=[_guest_of(place, guest) for place, guest in enumerate(data.guests)],
        reference_id=UNSET if data.reference_id is UNSET else text_or_none(data.reference_id),
        billing=None if data.billing is None else check_billing(data.billing),
    )


def _guest_of(place: int, data: GuestEditIn) -> GuestEdit:
    path = f"guests[{place}]."

    def name(field: str, value: Text | UnsetType | None) -> str | UnsetType | None:
        return value if value is UNSET or value is None else check_text(f"{path}{field}", value) or None

    return GuestEdit(
        line_id=data.id,
        first_name=name("firstName", data.first_name),
        last_name=name("lastName", data.last_name),
        answers=None
        if data.answers is None
        else {
            label: check_answer(f"{path}answers.{label}", value)
            for label, value in data.answers.items()
            if value is not None
        },
        tier=text_or_none(data.tier),
        location_id=text_or_none(data.location_id),
        pickup_detail_id=text_or_none(data.pickup_detail_id),
        without_pickup=data.without_pickup,
    )


@get("/orders/{order_id:str}", summary="Read an order with its version", tags=_TAGS)
async def read_versioned_order(request: ApiRequest, order_id: FromPath[str]) -> Response[Envelope[VersionedOrderOut]]:
    """Read an order by its id or confirmation number, with the version that an edit has to name."""
    viewer = claims(request).account_id

    async def run(tx: ReadTx, caller: Caller) -> Order:
        return await orders.read(tx, caller, order_id)

    return await endpoint.read(request, "orders.read", run, lambda order: versioned_out(order, viewer))


@patch("/orders/{order_id:str}", summary="Edit an order", tags=_TAGS)
async def patch_order(
    request: ApiRequest, order_id: FromPath[str], data: JSONBody[OrderEditIn]
) -> Response[Envelope[VersionedOrderOut]]:
    """Edit guests (names, answers, price tier, pickup), the customer, the reference and the memo; seats stay."""
    viewer, wanted = claims(request).account_id, _edit_of(order_id, data)

    async def run(tx: Tx, caller: Caller) -> Order:
        difference = None
        if data.difference is not None:
            currency = (await orders.read(tx, caller, order_id)).body.currency
            difference = from_wire(data.difference, currency, field="difference")
        return await edit_order(tx, booking(request), caller, wanted, difference=difference)

    return await endpoint.write(request, "orders.write", run, lambda order: versioned_out(order, viewer))


@post("/orders/{order_id:str}/edit-quote", status_code=200, summary="Ask what an edit would come to", tags=_TAGS)
async def quote_order_edit(
    request: ApiRequest, order_id: FromPath[str], data: JSONBody[OrderEditIn]
) -> Response[Envelope[EditQuoteOut]]:
    """Answer by how much an edit would change the order's total. Nothing changes."""
    wanted = _edit_of(order_id, data)

    async def run(tx: ReadTx, caller: Caller) -> EditQuote:
        return await quote_edit(tx, booking(request), caller, wanted)

    return await endpoint.read(request, "orders.read", run, _quote_out)


def _quote_out(quote: EditQuote) -> EditQuoteOut:
    difference, total, balance = (
        to_wire(amount, quote.currency) for amount in (quote.difference, quote.total, quote.balance)
    )
    return EditQuoteOut(difference=difference, total=total, balance=balance, currency=quote.currency)


@post("/orders/{order_id:str}/confirmation", status_code=200, summary="Send the confirmation again", tags=_TAGS)
async def send_confirmation(request: ApiRequest, order_id: FromPath[str]) -> Response[Envelope[ConfirmationOut]]:
    """Send the customer the confirmation again, as the order's seller: one mail for each request."""

    async def run(tx: Tx, caller: Caller) -> SentAgain:
        return await send_again(tx, services(request).clock, caller, order_id)

    return await endpoint.write(
        request,
        "orders.write",
        run,
        lambda sent: ConfirmationOut(
            order_id=sent.order.id, confirmation=sent.order.confirmation, email=sent.recipient.address
        ),
    )


ROUTES: list[HTTPRouteHandler] = [read_versioned_order, patch_order, quote_order_edit, send_confirmation]
