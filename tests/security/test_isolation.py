"""No answer has another account's data in it: search for words and ids that were planted there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from seatwright.http.context import Services
from seatwright.resellers import service as resellers
from tests.security.cells import send, things_of
from tests.security.table import OPEN, TABLE
from tests.security.world import Side, dump, open_side, word

ID = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass
class Listening:
    """A client that keeps the text of every answer that an account got."""

    client: httpx.AsyncClient
    heard: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, side: Side, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request as the user of an account."""
        answer = await self.client.request(method, path, headers=side.headers, json=body)
        self.heard.append((f"{method} {path}", answer.text))
        return answer

    def mentions(self, words: set[str]) -> list[str]:
        """Return the requests whose answers had one of these words in them, which the request itself hadn't."""
        return [
            f"{asked}: {found} in {text[:300]}"
            for asked, text in self.heard
            for found in words
            if found in text and found not in asked
        ]


def ids_in(tables: dict[str, list[str]], account_id: str) -> set[str]:
    """Return every id in the rows that have the id of an account in them."""
    rows = [row for rows in tables.values() for row in rows if account_id in row]
    return {found for row in rows for found in ID.findall(row)}


@pytest.fixture
async def sides(client: httpx.AsyncClient, services: Services) -> tuple[Side, Side]:
    """Two accounts with orders and carts, with nothing to do with each other."""
    canyon, mesa = await open_side(client, services, "canyon"), await open_side(client, services, "mesa")
    for side in (canyon, mesa):
        made = await side.things({"order", "cart"})
        side.fixed |= {f"first_{name}": made[name] for name in ("order", "cart")}
    return canyon, mesa


async def test_no_route_answers_with_another_accounts_data(
    client: httpx.AsyncClient, services: Services, sides: tuple[Side, Side]
) -> None:
    canyon, mesa = sides
    tables = await dump(services)
    secrets = (ids_in(tables, mesa.account_id) | {word("mesa")}) - ids_in(tables, canyon.account_id)
    assert len(secrets) > 40
    listening = Listening(client)
    for route in sorted(TABLE, key=lambda route: route.method != "GET"):
        if route.needs == OPEN:
            continue
        things = await canyon.things(things_of(route))
        answer = await send(client, route, things, canyon.headers["Authorization"])
        assert answer.status_code == 200, (route.name, answer.text)
        listening.heard.append((route.name, answer.text))
    assert listening.mentions(secrets) == []
    assert len(listening.mentions({word("canyon")})) > 20, "its own word is in its own answers"


def searches(mesa: Side, order: dict[str, Any]) -> list[str]:
    """Return addresses that ask for another account's things by everything that can be asked for."""
    number, reference, created = order["confirmation"], order["referenceId"], order["createdDate"][:10]
    own, day = word("mesa"), f"fromCreatedDate={created}&toCreatedDate={created}"
    return [
        f"/public/api/cart?ids={mesa.fixed['first_cart']}",
        f"/public/api/order?ids={mesa.fixed['first_order']}",
        f"/public/api/order?confirmationIds={number}",
        f"/public/api/order?referenceId={reference}",
        f"/public/api/order?{day}&limit=1000",
        f"/public/api/order?{day.replace('Created', 'Modified')}&limit=1000",
        "/public/api/order?sortOrder=desc&limit=1000",
        f"/public/api/order/{number}",
        f"/public/api/product?ids={mesa.fixed['product_id']}",
        f"/public/api/product?productName={own}",
        f"/public/api/product?tagIds={mesa.fixed['tag']}",
        f"/public/api/product?supplierId={mesa.account_id}",
        f"/public/api/product/{own}",
        f"/public/api/product/4101?supplierId={mesa.account_id}",
        f"/public/api/product/4101/item?supplierId={mesa.account_id}&from=2026-07&to=2026-07",
        f"/public/api/product/4101/pickup?supplierId={mesa.account_id}",
        *(f"/api/v1/audit/{mesa.fixed[name]}" for name in ("first_order", "first_cart", "user", "reseller", "account")),
    ]


async def test_no_search_finds_another_accounts_things(
    client: httpx.AsyncClient, services: Services, sides: tuple[Side, Side]
) -> None:
    canyon, mesa = sides
    order = await mesa.data("GET", f"/public/api/order/{mesa.fixed['first_order']}")
    mine = await canyon.thing("cart")
    tables = await dump(services)
    secrets = (ids_in(tables, mesa.account_id) | {word("mesa")}) - ids_in(tables, canyon.account_id)
    asked = searches(mesa, order)
    listening, own = Listening(client), Listening(client)
    for path in asked:
        answer = await listening.ask(canyon, "GET", path)
        assert answer.status_code in (200, 404), (path, answer.text)
        await own.ask(mesa, "GET", path)
    answer = await listening.ask(canyon, "POST", f"/public/api/cart?supplierId={mesa.account_id}")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "supplier_not_found")
    for body in ({"id": mesa.fixed["first_cart"]}, {"id": mesa.fixed["first_order"]}):
        assert (await listening.ask(canyon, "POST", "/public/api/order", body)).status_code == 404
    added = await listening.ask(canyon, "POST", "/public/api/order", {"id": mine, "orderId": order["confirmation"]})
    assert added.status_code == 404
    assert listening.mentions(secrets) == []
    assert len(own.mentions(secrets)) > len(asked) / 2, "whoever may see them does"
    assert await dump(services) == tables


async def test_a_place_of_another_account_is_none(client: httpx.AsyncClient, sides: tuple[Side, Side]) -> None:
    """Pickups and places are chosen by ids of the own catalog."""
    canyon, mesa = sides
    pickup = (await mesa.data("GET", "/public/api/product/4101/pickup"))[0]
    cart = await canyon.data("POST", "/public/api/cart")
    for more in (
        {"locationId": pickup["locations"][0]["id"]},
        {"locationId": pickup["locations"][0]["id"], "pickupDetailId": pickup["pickupDetails"][0]["id"]},
    ):
        body = {"itemId": canyon.fixed["departure"], "participants": {"Adult": 1}, **more}
        path = f"/public/api/cart/{cart['id']}/item"
        answer = await client.post(path, json=body, headers=canyon.headers)
        assert answer.status_code in (400, 404), answer.text
        assert word("mesa") not in answer.text


async def test_keys_of_repeated_requests_are_an_accounts_own(
    client: httpx.AsyncClient, sides: tuple[Side, Side]
) -> None:
    canyon, mesa = sides
    first = await client.post("/public/api/cart", headers=mesa.headers | {"Idempotency-Key": "one"})
    other = await client.post("/public/api/cart", headers=canyon.headers | {"Idempotency-Key": "one"})
    assert other.json()["data"]["id"] != first.json()["data"]["id"]
    assert "idempotent-replayed" not in other.headers


async def test_supplier_and_reseller_see_what_they_share_and_nothing_else(
    client: httpx.AsyncClient, services: Services, sides: tuple[Side, Side]
) -> None:
    supplier, reseller = sides
    now = services.clock.now()
    await services.database.write(
        lambda tx: resellers.connect(tx, now, "test", supplier.account_id, reseller.account_id)
    )
    own_departures = {kind: reseller.fixed[kind] for kind in ("departure", "rental")}
    reseller.fixed |= {kind: supplier.fixed[kind] for kind in ("departure", "rental")}
    shared, open_cart = await reseller.order(supplier.account_id), await reseller.cart(supplier.account_id)
    reseller.fixed |= own_departures
    for side in sides:
        orders = await side.data("GET", "/public/api/order?limit=1000")
        assert {order["id"] for order in orders} == {side.fixed["first_order"], shared["id"]}
        assert (await side.data("GET", f"/public/api/order/{shared['id']}"))["customer"] == shared["customer"]
    assert open_cart in {cart["id"] for cart in await reseller.data("GET", "/public/api/cart")}
    assert open_cart not in {cart["id"] for cart in await supplier.data("GET", "/public/api/cart")}
    before = await dump(services)
    # The reseller's cart is not the supplier's, nor is any other order or customer; and the other way round.
    of_supplier = [("cart", supplier.fixed["first_cart"]), ("order", supplier.fixed["first_order"])]
    of_reseller = [("cart", reseller.fixed["first_cart"]), ("order", reseller.fixed["first_order"])]
    for side, things in ((supplier, [*of_reseller, ("cart", open_cart)]), (reseller, of_supplier)):
        for kind, id_ in things:
            for method in ("GET", "DELETE"):
                answer = await client.request(method, f"/public/api/{kind}/{id_}", headers=side.headers)
                assert answer.status_code == 404, (side.code, kind, method, answer.text)
    # What only the supplier manages.
    departure, product = supplier.fixed["departure"], supplier.fixed["product"]
    for method, path, body in (
        ("GET", f"/api/v1/departures/{departure}", None),
        ("PATCH", f"/api/v1/departures/{departure}", {"capacity": 1}),
        ("DELETE", f"/api/v1/departures/{departure}", None),
        ("GET", f"/api/v1/products/{product}", None),
        ("GET", f"/api/v1/products/{product}/departures", None),
        ("DELETE", f"/api/v1/products/{product}", None),
        ("PATCH", f"/api/v1/connections/{reseller.account_id}", {"active": True}),
        ("PATCH", f"/api/v1/connections/{supplier.account_id}", {"active": True}),
        ("PATCH", f"/api/v1/users/{supplier.user_id}", {"name": "Bo"}),
    ):
        answer = await client.request(method, path, headers=reseller.headers, json=body)
        assert answer.status_code == 404, (method, path, answer.text)
    history = await reseller.data("GET", f"/api/v1/audit/{shared['id']}")
    assert history == [], "the books of an order are its supplier's"
    assert await dump(services) == before
