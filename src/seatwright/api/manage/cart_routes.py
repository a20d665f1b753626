"""`/api/v1/carts`: how long a cart's seats are held, and holding them longer; and its deposit."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from seatwright.auth.model import Caller
from seatwright.cart import extension
from seatwright.cart import service as carts
from seatwright.cart.deposits import deposit_of
from seatwright.cart.extension import CartHolds
from seatwright.cart.model import sums
from seatwright.cart.service import PricedCart
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking
from seatwright.http.wire import Envelope, Wire
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Carts"]
_Id = Annotated[str, PathParameter(description="Cart ID.")]


class HoldOut(Wire, kw_only=True):
    """How long the seats of an item are held. A hold that isn't `live` has lapsed: its seats are free for others.

    It ends at `latestEndDate`, however often it is extended.
    """

    item_id: str
    seats: int
    live: bool
    end_date: str
    latest_end_date: str


class CartHoldsOut(Wire, kw_only=True):
    """How long a cart's seats are held, at the server's time `now`.

    `endDate` is until when all of them are held; null if one of the holds has lapsed, or if there is none.
    """

    cart_id: str
    now: str
    end_date: str | None
    holds: list[HoldOut]


@get("/carts/{cart_id:str}/holds", summary="How long a cart's seats are held", tags=_TAGS)
async def read_holds(request: ApiRequest, cart_id: _Id) -> Response[Envelope[CartHoldsOut]]:
    """Answer when the hold of each item ends, and when it ends at the latest."""

    async def run(tx: ReadTx, caller: Caller) -> CartHolds:
        return await extension.hold_times(tx, booking(request), caller, cart_id)

    return await endpoint.read(request, "orders.read", run, holds_out)


class CartDepositOut(Wire, kw_only=True):
    """What of a cart is to be paid in advance, and what all of it costs."""

    cart_id: str
    deposit: Decimal
    total: Decimal
    currency: str


@get("/carts/{cart_id:str}/deposit", summary="What of a cart is to be paid in advance", tags=_TAGS)
async def read_deposit(request: ApiRequest, cart_id: _Id) -> Response[Envelope[CartDepositOut]]:
    """Answer the deposit on what is in the cart by now, by the terms of its products."""

    async def run(tx: ReadTx, caller: Caller) -> PricedCart:
        return await carts.read(tx, booking(request), caller, cart_id)

    return await endpoint.read(request, "orders.read", run, _deposit_out)


def _deposit_out(found: PricedCart) -> CartDepositOut:
    items, currency = found.cart.body.items, found.currency
    return CartDepositOut(
        cart_id=found.cart.id,
        deposit=to_wire(deposit_of(items), currency),
        total=to_wire(sums([line for item in items for line in item.lines]).total, currency),
        currency=currency,
    )


@post("/carts/{cart_id:str}/extend", status_code=200, summary="Hold a cart's seats longer", tags=_TAGS)
async def extend_holds(request: ApiRequest, cart_id: _Id) -> Response[Envelope[CartHoldsOut]]:
    """Hold all seats of a cart for a full time from now, or up to the latest end of each hold. Lapsed ones are taken
    again where seats are free. If nothing can be held longer, this is a 409 that says why; the cart stays as it is.
    """

    async def run(tx: Tx, caller: Caller) -> CartHolds:
        return await extension.extend(tx, booking(request), caller, cart_id)

    return await endpoint.write(request, "orders.write", run, holds_out)


def holds_out(found: CartHolds) -> CartHoldsOut:
    """Show how long a cart's seats are held."""
    held = bool(found.holds) and all(hold.live for hold in found.holds)
    return CartHoldsOut(
        cart_id=found.cart.id,
        now=iso_utc(found.now),
        end_date=iso_utc(min(hold.expires_at for hold in found.holds)) if held else None,
        holds=[
            HoldOut(
                item_id=hold.item.id,
                seats=hold.item.seats,
                live=hold.live,
                end_date=iso_utc(hold.expires_at),
                latest_end_date=iso_utc(hold.latest_end),
            )
            for hold in found.holds
        ],
    )


ROUTES: list[HTTPRouteHandler] = [read_holds, extend_holds, read_deposit]
