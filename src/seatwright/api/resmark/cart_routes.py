"""`/public/api/cart`: carts and reseller carts (wire reference, "Cart")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter

from seatwright.api.resmark.cart_wire import CartOut, cart_out
from seatwright.api.resmark.customer import EXAMPLE, SCHEMA, split_customer
from seatwright.api.shapes.behalf import behalf_of
from seatwright.api.shapes.csv import csv_values
from seatwright.auth.model import Caller
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest, PricedCart
from seatwright.core.field_errors import bad_field
from seatwright.core.names import text_of, text_or_none
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking
from seatwright.http.openapi import body
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page, Text, Wire, Word
from seatwright.orders.addition import open_cart
from seatwright.storage.engine import ReadTx, Tx

_COUNTS = "participants"
MAX_TIERS = 100
"""Entries of `participants` at most."""
MAX_DIGITS = 9

CartId = Annotated[str, PathParameter(description="Cart ID.")]
SupplierId = Annotated[
    str | None,
    QueryParameter(name="supplierId", description="Makes a reseller cart on this supplier's products and seats."),
]

OrderId = Annotated[
    str | None,
    QueryParameter(
        name="orderId",
        description="The order (ID or confirmation number) that the cart is going to be added to: the cart then shows "
        "what that will cost.",
    ),
]

_ON_BEHALF = {
    "resellerEntityId": "As a supplier, make a cart in the name of this reseller's account.",
    "resellerId": "The same, under our own name.",
    "agentId": "The reseller's agent: a user's id, e-mail or alternative id.",
}
_BODY = {
    "type": "object",
    "properties": {name: {"type": "string", "description": text} for name, text in _ON_BEHALF.items()},
    "description": "Anything else has no effect.",
}
ResellerEntityId = Annotated[
    str | None, QueryParameter(name="resellerEntityId", description=_ON_BEHALF["resellerEntityId"])
]
ResellerId = Annotated[str | None, QueryParameter(name="resellerId", description=_ON_BEHALF["resellerId"])]
AgentId = Annotated[str | None, QueryParameter(name="agentId", description=_ON_BEHALF["agentId"])]


class AddItem(Wire):
    """A date and time to be added to a cart, and for whom."""

    item_id: Annotated[
        Word,
        msgspec.Meta(
            description="Inventory ID: the `activityId` of a departure.", examples=["6650aa1f0c1d2e3f40516273"]
        ),
    ]
    participants: Annotated[
        dict[str, int | str | float | None] | None,
        msgspec.Meta(
            description='How many by price tier, `All` for a product with one price: `{"All": 2}` or '
            '`{"Adult": 2, "Child": 1}`. Rentals count units. A tier with 0 is nothing.',
            examples=[{"Adult": 2, "Child": 1}],
        ),
    ] = None
    units: Annotated[
        dict[str, int | str | float | None] | None,
        msgspec.Meta(description="The same, for rentals, where `participants` isn't sent."),
    ] = None
    location_id: Annotated[
        Text | None, msgspec.Meta(description="A pickup place, or one of the product's own locations.")
    ] = None
    pickup_detail_id: Annotated[Text | None, msgspec.Meta(description="How to be picked up there.")] = None


class ApplyDiscount(Wire):
    """A discount code."""

    code: Annotated[Word, msgspec.Meta(description="The code as the customer typed it.", examples=["EARLY10"])]


@post(
    "",
    status_code=200,
    summary="Create a cart, or a reseller cart with supplierId",
    opt=body(_BODY, required=False, example={}) | {"answers": ("409",)},
)
async def create_cart(
    request: ApiRequest,
    supplier_id: SupplierId = None,
    order_id: OrderId = None,
    reseller_entity_id: ResellerEntityId = None,
    reseller_id: ResellerId = None,
    agent_id: AgentId = None,
) -> Response[Envelope[CartOut]]:
    """Make an empty cart. Of a body only the reseller and agent are read: clients send `{}`, or none.

    One with an `orderId` becomes part of that order when it is ordered, also where `POST /order` doesn't name it again.
    """

    sent = await _sent(request)
    behalf = behalf_of(
        reseller_entity_id or sent.get("resellerEntityId"),
        reseller_id or sent.get("resellerId"),
        agent_id or sent.get("agentId"),
    )

    async def run(tx: Tx, caller: Caller) -> PricedCart:
        if order_id:
            return await open_cart(tx, booking(request), caller, order_id, supplier_id=supplier_id or None)
        return await carts.create(tx, booking(request), caller, supplier_id=supplier_id or None, behalf=behalf)

    return await endpoint.write(request, "orders.write", run, cart_out, one_trip=True)


async def _sent(request: ApiRequest) -> dict[str, str | float]:
    """Return what a cart's body says of the reseller; nothing, for a body that is no JSON object."""
    try:
        body = msgspec.json.decode(await request.body())
    except msgspec.DecodeError:
        return {}
    found = body if isinstance(body, dict) else {}
    return {name: value for name, value in found.items() if name in _ON_BEHALF and isinstance(value, str | float)}


@get("", summary="List carts")
async def list_carts(
    request: ApiRequest,
    limit: Limit = DEFAULT_LIMIT,
    page: Page = 0,
    ids: Annotated[str | None, QueryParameter(description="Comma-separated cart IDs.")] = None,
) -> Response[Envelope[list[CartOut]]]:
    """List open carts, oldest first."""
    chosen = csv_values("ids", ids)

    async def run(tx: ReadTx, caller: Caller) -> list[PricedCart]:
        return await carts.page(tx, booking(request), caller, limit=limit, page=page, ids=chosen)

    return await endpoint.read(request, "orders.read", run, lambda found: [cart_out(cart) for cart in found])


@get("/{cart_id:str}", summary="Read a cart", opt={"answers": ("409",)})
async def read_cart(request: ApiRequest, cart_id: CartId) -> Response[Envelope[CartOut]]:
    """Read an open cart. One that has become an order answers 409 and names the order."""

    async def run(tx: ReadTx, caller: Caller) -> PricedCart:
        return await carts.read(tx, booking(request), caller, cart_id)

    return await endpoint.read(request, "orders.read", run, cart_out)


@delete("/{cart_id:str}", status_code=200, summary="Delete a cart")
async def delete_cart(request: ApiRequest, cart_id: CartId) -> Response[Envelope[CartOut]]:
    """Give up a cart; all seats that it held are free again at once."""

    async def run(tx: Tx, caller: Caller) -> PricedCart:
        return await carts.delete(tx, booking(request), caller, cart_id)

    return await endpoint.write(request, "orders.write", run, cart_out)


@post("/{cart_id:str}/item", status_code=200, summary="Add a date and time to a cart")
async def add_item(request: ApiRequest, cart_id: CartId, data: JSONBody[AddItem]) -> Response[Envelope[CartOut]]:
    """Add participants or units on a departure. Their seats are held for 30 minutes (a setting), then go back."""
    item_request = _item_request(data)

    async def run(tx: Tx, caller: Caller) -> PricedCart:
        return await carts.add_item(tx, booking(request), caller, cart_id, item_request)

    return await endpoint.write(request, "orders.write", run, cart_out, one_trip=True)


def _item_request(data: JSONBody[AddItem]) -> ItemRequest:
    return ItemRequest(
        departure_id=text_of(data.item_id),
        counts=_read_counts(data.participants, data.units),
        location_id=text_or_none(data.location_id),
        pickup_detail_id=text_or_none(data.pickup_detail_id),
    )


def _read_counts(participants: Mapping[str, object] | None, units: Mapping[str, object] | None) -> dict[str, int]:
    """Return counts by tier, of `participants`, or else of `units`, another name of the same.

    Counts may be texts; null is 0 (wire reference, "Cart"). Raises `Invalid`, naming the tier.
    """
    sent = units if participants is None else participants
    if sent is None:
        raise bad_field(_COUNTS, 'is missing; send how many by price tier, such as {"All": 2}.', code="missing_field")
    if len(sent) > MAX_TIERS:
        raise bad_field(_COUNTS, f"has more than {MAX_TIERS} price tiers.")
    return {tier: _count(tier, count) for tier, count in sent.items()}


def _count(tier: str, value: object) -> int:
    if value is None:
        return 0
    text = str(value).strip()
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        if isinstance(value, float) and value.is_integer() and 0 <= value < 10**MAX_DIGITS:
            return int(value)
        sentence = f"{str(value)[:40]!r} is not a count; send a whole number from 0 up."
        raise bad_field(f"{_COUNTS}.{tier}", sentence, code="invalid_count")
    return int(text)


@delete("/{cart_id:str}/item/{item_id:str}", status_code=200, summary="Remove a date and time from a cart")
async def remove_item(
    request: ApiRequest,
    cart_id: CartId,
    item_id: Annotated[str, PathParameter(description="Inventory ID of the date and time.")],
) -> Response[Envelope[CartOut]]:
    """Take a departure out of a cart; its seats are free again at once."""

    async def run(tx: Tx, caller: Caller) -> PricedCart:
        return await carts.remove_item(tx, booking(request), caller, cart_id, item_id)

    return await endpoint.write(request, "orders.write", run, cart_out)


@put(
    "/{cart_id:str}/customer",
    status_code=200,
    summary="Set the customer of a cart",
    opt=body(SCHEMA, required=True, example=EXAMPLE),
)
async def set_customer(
    request: ApiRequest, cart_id: CartId, data: JSONBody[dict[str, Any]]
) -> Response[Envelope[CartOut]]:
    """Set who the cart is for, in place of what was set before.

    Known fields: `email`, `firstName`, `lastName`, `phone`, `title`, `gender`, `birthDate`, `streetAddress`, `city`,
    `state`, `postalCode`, `country`, `organization`; answers to custom questions go by their labels.
    `participants` are names and answers of participants or units, by their ids: `[{"id", "firstName", "lastName",
    "answers": {"Weight": 75}}]`. An answer that is not of its question's kind is refused.
    """
    customer, guests = split_customer(data)

    async def run(tx: Tx, caller: Caller) -> PricedCart:
        return await carts.set_customer(tx, booking(request), caller, cart_id, customer, guests)

    return await endpoint.write(request, "orders.write", run, cart_out, one_trip=True)


@post("/{cart_id:str}/discount", status_code=200, summary="Apply a discount code to a cart")
async def apply_discount(
    request: ApiRequest, cart_id: CartId, data: JSONBody[ApplyDiscount]
) -> Response[Envelope[CartOut]]:
    """Apply a discount code, in place of one applied before."""
    code = text_of(data.code)

    async def run(tx: Tx, caller: Caller) -> PricedCart:
        return await carts.apply_discount(tx, booking(request), caller, cart_id, code)

    return await endpoint.write(request, "orders.write", run, cart_out)


@delete("/{cart_id:str}/discount", status_code=200, summary="Remove the discount code from a cart")
async def remove_discount(request: ApiRequest, cart_id: CartId) -> Response[Envelope[CartOut]]:
    """Take the discount code off a cart, if it has one."""

    async def run(tx: Tx, caller: Caller) -> PricedCart:
        return await carts.remove_discount(tx, booking(request), caller, cart_id)

    return await endpoint.write(request, "orders.write", run, cart_out)


ROUTES = [
    Router(
        "/cart",
        route_handlers=[
            create_cart,
            list_carts,
            read_cart,
            delete_cart,
            add_item,
            remove_item,
            set_customer,
            apply_discount,
            remove_discount,
        ],
        tags=["Carts"],
    )
]
