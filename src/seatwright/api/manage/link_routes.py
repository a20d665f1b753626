"""`/api/v1/orders/{order_id}/customer-link`: the address of the page on which a customer sees their order."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.api import endpoint
from seatwright.api.context import ApiRequest, services
from seatwright.api.wire import Envelope, Wire
from seatwright.auth import links
from seatwright.auth.links import OrderLink
from seatwright.auth.model import Caller
from seatwright.core.errors import Conflict
from seatwright.core.times import iso_utc
from seatwright.orders import service as orders
from seatwright.storage.engine import ReadTx


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
        if order.owner_id != caller.account_id:
            raise Conflict(
                "A reseller sold this order; it gives its customer the link.", code="sold_by_reseller", field="orderId"
            )
        link = links.link_to(order.owner_id, order.id, now, order.last_date)
        return link._replace(may_cancel="orders.cancel" in caller.permissions)

    def render(link: OrderLink) -> CustomerLinkOut:
        token = links.sign(parts.keyring, link)
        return CustomerLinkOut(
            url=links.address(parts.settings.public_url, token),
            token=token,
            expires_date=iso_utc(link.ends_at),
            can_cancel=link.may_cancel,
        )

    return await endpoint.read(request, "orders.read", run, render)


ROUTES: list[HTTPRouteHandler] = [get_customer_link]
