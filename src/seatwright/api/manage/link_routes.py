"""`/api/v1/orders/{order_id}/customer-link`: the address of the page on which a customer sees their order."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, delete, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.api.shapes.order_wire import OrderOut, order_out
from seatwright.auth import links
from seatwright.auth.links import OrderLink
from seatwright.auth.model import Caller
from seatwright.core.times import iso_utc
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, claims, services
from seatwright.http.wire import Envelope, Wire
from seatwright.orders import service as orders
from seatwright.orders.customer_links import check_seller, end_links, link_to
from seatwright.orders.model import Order
from seatwright.storage.engine import ReadTx, Tx


class CustomerLinkOut(Wire):
    """A link that shows an order to whoever has it, and lets them cancel it within its policy if `canCancel`."""

    url: Annotated[str | None, msgspec.Meta(description="Null without SEATWRIGHT_PUBLIC_URL.")]
    token: Annotated[str, msgspec.Meta(description="The page is at `/my/{token}` of this server.")]
    expires_date: str
    can_cancel: bool


@get("/orders/{order_id:str}/customer-link", summary="Get a customer's link", tags=["Orders"])
async def get_customer_link(request: ApiRequest, order_id: FromPath[str]) -> Response[Envelope[CustomerLinkOut]]:
    """Answer a link to the customer's page of an order, for its seller.

    With `orders.cancel` the customer may cancel there; without it the link only shows the order. Nothing is stored:
    each request answers a link of its own, and an Idempotency-Key is ignored.
    """
    parts = services(request)
    now = parts.clock.now()

    async def run(tx: ReadTx, caller: Caller) -> OrderLink:
        order = await orders.read(tx, caller, order_id)
        check_seller(order, caller.account_id)
        return link_to(order, now)._replace(may_cancel="orders.cancel" in caller.permissions)

    def render(link: OrderLink) -> CustomerLinkOut:
        token = links.sign(parts.keyring, link)
        return CustomerLinkOut(
            url=links.address(parts.settings.public_url, token),
            token=token,
            expires_date=iso_utc(link.ends_at),
            can_cancel=link.may_cancel,
        )

    return await endpoint.read(request, "orders.read", run, render)


@delete("/orders/{order_id:str}/customer-link", status_code=200, summary="End a customer's links", tags=["Orders"])
async def end_customer_links(request: ApiRequest, order_id: FromPath[str]) -> Response[Envelope[OrderOut]]:
    """End every link to an order's page that there is, as its seller; later ones are good."""

    async def run(tx: Tx, caller: Caller) -> Order:
        return await end_links(tx, services(request).clock, caller, order_id)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.write", run, lambda order: order_out(order, viewer))


ROUTES: list[HTTPRouteHandler] = [get_customer_link, end_customer_links]
