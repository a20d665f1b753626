"""Every address of carts and orders, and who may not use it: no token, another account, a user without permission."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from seatwright.auth.model import PERMISSIONS
from seatwright.auth.service import NewUser
from seatwright.http.context import Services
from tests.desk import Desk, another_user, open_desk


class Step(NamedTuple):
    """A request that `desk` may make: the route, the ids in its address, and a body that is fine."""

    method: str
    route: str
    ids: dict[str, str]
    body: dict[str, Any] | None = None
    needs: str = "orders.write"

    @property
    def path(self) -> str:
        """The address."""
        return self.route.format_map(self.ids)


async def steps(desk: Desk, rafting: str, bike: str) -> list[Step]:
    """Return a request for each route of carts and orders; all of them would succeed, in this order."""
    cart = {"cart_id": await desk.cart((rafting, {"Adult": 1})), "item_id": rafting}
    placed = await desk.order((rafting, {"Adult": 1}), (bike, {"All": 2}))
    person, unit = placed["items"][0]["participantList"][0]["id"], placed["items"][1]["unitList"][0]["id"]
    order = {"order_id": str(placed["confirmation"]), "item_id": rafting, "participant_id": person}
    rental = {"order_id": placed["id"], "item_id": bike, "unit_id": unit}
    more = {"itemId": bike, "participants": {"All": 1}}
    return [
        Step("GET", "/cart", {}, needs="orders.read"),
        Step("POST", "/cart", {}),
        Step("GET", "/cart/{cart_id}", cart, needs="orders.read"),
        Step("POST", "/cart/{cart_id}/item", cart, more),
        Step("DELETE", "/cart/{cart_id}/item/{item_id}", cart),
        Step("PUT", "/cart/{cart_id}/customer", cart, {"firstName": "Ann"}),
        Step("POST", "/cart/{cart_id}/discount", cart, {"code": "EARLY10"}),
        Step("DELETE", "/cart/{cart_id}/discount", cart),
        Step("GET", "/order", {}, needs="orders.read"),
        Step("GET", "/order/{order_id}", order, needs="orders.read"),
        Step("POST", "/order", {}, {"id": cart["cart_id"]}),
        Step("DELETE", "/cart/{cart_id}", {"cart_id": await desk.cart()}),
        Step("DELETE", "/order/{order_id}/item/{item_id}/participant/{participant_id}", order, None, "orders.cancel"),
        Step("DELETE", "/order/{order_id}/item/{item_id}/unit/{unit_id}", rental, None, "orders.cancel"),
        Step("DELETE", "/order/{order_id}/item/{item_id}", rental, None, "orders.cancel"),
        Step("DELETE", "/order/{order_id}", rental, None, "orders.cancel"),
    ]


async def snapshot(desk: Desk, rafting: str, bike: str) -> tuple[Any, ...]:
    """Return what must not change."""
    seats = await desk.shop.taken(rafting), await desk.shop.taken(bike)
    return (*seats, await desk.data("GET", "/cart"), await desk.data("GET", "/order"))


async def test_every_route_is_for_those_alone_who_may_use_it(
    desk: Desk, rafting: str, bike: str, api: Litestar, client: httpx.AsyncClient, services: Services
) -> None:
    stranger = await open_desk(client, services, "other")
    without = {}
    for permission in ("orders.read", "orders.write", "orders.cancel"):
        new = NewUser(email=f"{permission}@x.example", name="Bo", permissions=frozenset(PERMISSIONS) - {permission})
        without[permission] = await another_user(client, services, desk.shop, new)
    nobody = Desk(client, services, desk.shop, {})
    signed, _, signature = desk.headers["Authorization"].rpartition(".")
    forged = Desk(client, services, desk.shop, {"Authorization": f"{signed}.{signature[::-1]}"})
    todo = await steps(desk, rafting, bike)
    before = await snapshot(desk, rafting, bike)
    for step in todo:
        for other in (nobody, forged):
            envelope = await other.refused(401, step.method, step.path, json=step.body)
            assert envelope["errorCode"] in ("token_missing", "invalid_token")
        envelope = await without[step.needs].refused(403, step.method, step.path, json=step.body)
        assert envelope["errorCode"] == "permission_missing"
        assert step.needs in envelope["errorMessage"]
        if step.ids or step.body:
            await stranger.refused(404, step.method, step.path, json=step.body)
    assert await stranger.data("GET", "/cart") == await stranger.data("GET", "/order") == []
    assert await snapshot(desk, rafting, bike) == before
    # The table is the truth about the routes, and each of its requests would have succeeded.
    for step in todo:
        await desk.data(step.method, step.path, json=step.body)
    routes = {
        (method, route.path_format.removeprefix("/public/api"))
        for route in api.routes
        if isinstance(route, HTTPRoute) and route.path_format.startswith(("/public/api/cart", "/public/api/order"))
        for method in route.methods
        if method != "OPTIONS"
    }
    assert {(step.method, step.route) for step in todo} == routes
