"""What a client of Seatwright does, as scripts for `load.drive`."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from benchmarks.dataset import DataSet
from benchmarks.load import Connection, Script, request

API = "/public/api"
CALLS = ("cart", "item", "customer", "order")
"""The calls that make an order, as they are named in a tally."""

ALL_TIER = {"All": 2}
TWO_TIERS = {"Adult": 1, "Child": 1}
CUSTOMER = {
    "firstName": "Ann",
    "lastName": "Lee",
    "email": "ann@lee.example",
    "phone": "8015550100",
    "city": "Moab",
    "country": "US",
}


def choices(data: DataSet, *, hot: bool) -> list[tuple[str, dict[str, int]]]:
    """Return what to book, two seats each: the hot departure only, or every departure of both products."""
    if hot:
        return [(data.hot, ALL_TIER)]
    return [(one, ALL_TIER) for one in data.all_tier] + [(one, TWO_TIERS) for one in data.two_tiers]


def orders(token: str, chosen: Sequence[tuple[str, dict[str, int]]], made: list[str] | None = None) -> Script:
    """Return a script that makes one order: cart, item, customer, order; its id is added to `made`."""
    new_cart = request("POST", f"{API}/cart", token=token, body={})
    items = [msgspec.json.encode({"itemId": one, "participants": counts}) for one, counts in chosen]
    customer = msgspec.json.encode(CUSTOMER)
    pick = random.SystemRandom().choice

    async def script(connection: Connection) -> None:
        answer = await connection.call("cart", new_cart)
        at = answer.index(b'"id":"') + 6
        cart_id = answer[at : at + 36].decode()
        await connection.call("item", _with_body("POST", f"{API}/cart/{cart_id}/item", token, pick(items)))
        await connection.call("customer", _with_body("PUT", f"{API}/cart/{cart_id}/customer", token, customer))
        body = b'{"id":"%b","billing":{"memo":"payment received"}}' % cart_id.encode()
        await connection.call("order", _with_body("POST", f"{API}/order", token, body))
        if made is not None:
            made.append(cart_id)

    return script


def cancellations(token: str, order_ids: list[str]) -> Script:
    """Return a script that cancels one of `order_ids`, taking it off the list."""

    async def script(connection: Connection) -> None:
        if order_ids:
            await connection.call("cancel", request("DELETE", f"{API}/order/{order_ids.pop()}", token=token))

    return script


def reads(kind: str, requests: Sequence[bytes]) -> Script:
    """Return a script that sends one of `requests` after the other."""
    following = 0

    async def script(connection: Connection) -> None:
        nonlocal following
        data = requests[following % len(requests)]
        following += 1
        await connection.call(kind, data)

    return script


def _with_body(method: str, path: str, token: str, body: bytes) -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
