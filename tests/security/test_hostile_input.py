"""Bodies and addresses that are meant to hurt: refused early and cheaply, never a 500."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from seatwright.core import field_errors
from seatwright.http.context import Services
from seatwright.setup.importing import ImportForm
from tests.security.cells import send, things_of
from tests.security.table import OPEN, TABLE
from tests.security.world import Side, open_side

SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
MIB = 1024 * 1024


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


async def pulled(api: Litestar, path: str, headers: dict[str, str], chunks: int) -> tuple[int, int]:
    """Send a body of `chunks` MiB that is counted as the application asks for it; return status and MiB asked for."""
    asked, status = 0, 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b" " * MIB, "more_body": asked < chunks}

    async def answer(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    raw = [(name.lower().encode(), value.encode()) for name, value in {"Host": "x", **headers}.items()]
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": raw,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
        "state": {},
    }
    await api(scope, receive, answer)  # type: ignore[arg-type]
    return status, asked


@SQLITE
@pytest.mark.parametrize("path", ["/public/api/authenticate", "/public/api/order", "/api/v1/invitations"])
async def test_a_huge_body_is_refused_unread(api: Litestar, side: Side, path: str) -> None:
    assert await pulled(api, path, side.headers | {"Content-Length": str(10 * MIB)}, 10) == (413, 0)
    status, asked = await pulled(api, path, side.headers | {"Transfer-Encoding": "chunked"}, 10)
    assert status == 413
    assert asked <= 2, "as much as it takes to see that it is too large"
    if path != "/public/api/authenticate":
        assert await pulled(api, path, {"Content-Length": str(10 * MIB)}, 10) == (401, 0)


NESTED = [("[", "]"), ('{"a":', "}"), ('{"a":[', "]}"), ("[[],", "]")]


@SQLITE
@pytest.mark.parametrize("depth", [20, 150, 400, 850, 950, 1_100, 50_000])
async def test_deep_json_is_refused_by_every_route(client: httpx.AsyncClient, side: Side, depth: int) -> None:
    """At every depth around those at which something gives up: the decoder, the program, the database."""
    bodies = [opening * depth + leaf + closing * depth for opening, closing in NESTED for leaf in ("1", '"\\u0000"')]
    wrapped = '{"x": %s, "billing": %s, "participants": %s, "tiers": %s, "code": "x", "id": "x", "itemId": "x"}'
    bodies += [wrapped % ((body,) * 4) for body in bodies if 4 * len(body) < MIB]
    path = f"/public/api/cart/{await side.thing('cart')}"
    targets = [("PUT", f"{path}/customer"), ("POST", f"{path}/item"), ("POST", f"{path}/discount")]
    targets += [("POST", "/public/api/order"), ("DELETE", "/public/api/order/1"), ("POST", "/public/api/login")]
    targets += [("POST", "/api/v1/import"), ("POST", "/api/v1/products"), ("PATCH", "/api/v1/account")]
    for method, target in targets:
        for body in bodies:
            answer = await client.request(method, target, content=body, headers=side.headers)
            assert answer.status_code < 500, (method, target, answer.text, body[:60])
            if depth > 2_000:
                assert answer.status_code in (400, 413), (method, target, answer.text)


@SQLITE
async def test_every_route_bears_nonsense(client: httpx.AsyncClient, services: Services, side: Side) -> None:
    """Odd values in the place of every id and body, for every route: a refusal or an answer, never a 500."""
    odd = ["%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "'%20OR%20'1'='1", "a" * 5_000, "-1", "9" * 40, "%F0%9F%9A%A3"]
    bodies: list[Any] = [None, [], "text", 7, {}, {"id": {}}, {"a" * 5_000: 1}, {"__proto__": {"x": 1}}]
    for route in TABLE:
        header = None if route.needs == OPEN else side.headers["Authorization"]
        for value in odd if route.ids else []:
            answer = await send(client, route, dict.fromkeys([*things_of(route)], value), header)
            assert answer.status_code < 500, (route.name, value, answer.text)
        if route.method == "GET" or route.name.endswith("/key"):
            continue
        for body in bodies:
            things = dict.fromkeys(route.ids, "nothing")
            answer = await send(client, route._replace(body=body), things, header)
            assert answer.status_code < 500, (route.name, body, answer.text)


@SQLITE
async def test_thousands_of_parameters_are_answered_or_refused(client: httpx.AsyncClient, side: Side) -> None:
    many = "&".join(f"p{i}={i}" for i in range(5_000))
    repeated = "&".join("limit=1" for _ in range(5_000))
    ids = ",".join(f"{i:024x}" for i in range(2_000))
    for path in ("/public/api/order", "/public/api/cart", "/public/api/product", "/api/v1/users", "/healthz"):
        for query in (many, repeated, f"ids={ids}", "ids=" + "," * 50_000, "x" * 50_000, "%" * 10_000, "limit=%zz"):
            answer = await client.get(f"{path}?{query}", headers=side.headers)
            assert answer.status_code in (200, 400), (path, query[:40], answer.text)
    refused = await client.get(f"/public/api/order?ids={ids}", headers=side.headers)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "too_many_values")


@SQLITE
async def test_a_name_is_searched_for_what_it_is(client: httpx.AsyncClient, side: Side) -> None:
    """No pattern and no SQL: `%`, `_` and quotes are letters like others."""
    for text in ("%25", "_______", "*", ".*", "'; DROP TABLE account; --", '"', "\\"):
        answer = await client.get("/public/api/product", params={"productName": text}, headers=side.headers)
        assert (answer.status_code, answer.json()["data"]) == (200, []), text
        one = await client.get(f"/public/api/order?referenceId={text}", headers=side.headers)
        assert (one.status_code, one.json()["data"]) == (200, []), text


def test_blaming_a_field_of_a_huge_body_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong field is found by halving: with one try for each key, this body stopped a server for seconds."""
    tiers = {f"t{i}": {"price": 1} for i in range(49)}
    products = [{"code": f"p{i}", "name": "x", "number": i, "tiers": tiers} for i in range(400)]
    products[-1] = products[-1] | {"tiers": tiers | {"bad": {"price": []}}}
    raw = msgspec.json.decode(msgspec.json.encode({"products": products}))
    tries, whole = 0, field_errors._failure

    def counted(raw: Any, type_: Any) -> str | None:
        nonlocal tries
        tries += 1
        return whole(raw, type_)

    monkeypatch.setattr(field_errors, "_failure", counted)
    found = field_errors.misfit(raw, ImportForm, whole="The body")
    assert found is not None
    assert found.field == "products[399].tiers.bad.price"
    assert tries <= 10, "each try reads the whole body"
