"""What stands around every answer, and what headers of a request can't do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from seatwright.api.context import Services
from seatwright.core.config import Settings
from seatwright.core.errors import Invalid
from seatwright.core.ids import new_hex24
from seatwright.storage.engine import Database
from tests.conftest import settings_for
from tests.security.cells import send, things_of
from tests.security.live import Login, fresh_settings, in_database, open_account
from tests.security.table import TABLE
from tests.security.world import Side, catalog, open_side, word
from tests.server import Server


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


def check(answer: httpx.Response) -> None:
    """What is true of every answer, good or bad."""
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert len(headers["x-request-id"]) > 0
    assert not {"server", "x-powered-by", "set-cookie", "access-control-allow-credentials"} & set(headers)
    assert "strict-transport-security" not in headers, "the proxy's, which knows whether there is TLS"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_every_answer_has_them(client: httpx.AsyncClient, side: Side) -> None:
    for route in sorted(TABLE, key=lambda route: route.path.endswith("/key")):
        things = await side.things(things_of(route))
        check(await send(client, route, things, None))
        check(await send(client, route, things, side.headers["Authorization"]))
        check(await client.request("BREW", route.path))
    for path in ("/", "/nope", "/public/api/nope", "/%00"):
        check(await client.get(path))
        check(await client.options(path))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_no_origin_gets_credentials(client: httpx.AsyncClient, side: Side) -> None:
    for origin in ("https://evil.example", "null", "http://testserver"):
        for method in ("GET", "OPTIONS", "POST"):
            headers = side.headers | {"Origin": origin, "Access-Control-Request-Method": "POST", "Cookie": "a=b"}
            answer = await client.request(method, "/public/api/cart", headers=headers)
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "TRACK", "DEBUG", "get"])
async def test_other_methods_are_refused_and_echo_nothing(client: httpx.AsyncClient, side: Side, method: str) -> None:
    for path in ("/healthz", "/public/api/order", "/api/v1/account"):
        answer = await client.request(method, path, headers=side.headers | {"X-Secret": "tell me"})
        if method == "get":
            continue  # the client sends it as GET
        assert answer.status_code == 405
        assert "tell me" not in answer.text
        assert "Bearer" not in answer.text
        assert method not in answer.headers["allow"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_method_can_not_be_overridden(client: httpx.AsyncClient, side: Side) -> None:
    cart = await side.thing("cart")
    override = dict.fromkeys(("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"), "DELETE")
    answer = await client.get(f"/public/api/cart/{cart}?_method=DELETE", headers=side.headers | override)
    assert answer.status_code == 200
    assert (await client.get(f"/public/api/cart/{cart}", headers=side.headers)).status_code == 200


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_host_header_makes_no_difference(client: httpx.AsyncClient, side: Side) -> None:
    hosts = ("evil.example", "127.0.0.1:99999", "[::1]", "a" * 500, "[", "")
    headers = [{"Host": host, "X-Forwarded-Host": host, "Forwarded": f"host={host}"} for host in hosts]
    for path in ("/public/api/product", "/openapi.json", "/nope"):
        plain = await client.get(path, headers=side.headers)
        for more in headers:
            answer = await client.get(path, headers=side.headers | more)
            assert (answer.status_code, answer.content) == (plain.status_code, plain.content)
            assert "location" not in answer.headers
    refused = await client.get("/healthz", headers={"Host": "x y"})
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "invalid_host")


async def test_a_client_does_not_choose_its_user(client: httpx.AsyncClient, services: Services, side: Side) -> None:
    """Neither with other headers than Authorization, nor in the address, nor with two of them."""
    token = side.headers["Authorization"].split()[1]
    for headers, query in (
        ({"Cookie": f"token={token}"}, ""),
        ({"X-Authorization": f"Bearer {token}", "X-User": side.user_id, "X-Account-Id": side.account_id}, ""),
        ({}, f"?access_token={token}&token={token}&authorization=Bearer%20{token}"),
    ):
        assert (await client.get(f"/api/v1/account{query}", headers=headers)).status_code == 401
    other = await open_side(client, services, "mesa")
    query = f"?account_id={other.account_id}&accountId={other.account_id}&viewer={other.account_id}"
    answer = await client.get(f"/api/v1/account{query}", headers=side.headers | {"X-Account-Id": other.account_id})
    assert answer.json()["data"]["id"] == side.account_id


def test_what_can_be_a_proxy() -> None:
    def load(text: str) -> Settings:
        return settings_for(Path(), SEATWRIGHT_TRUSTED_PROXIES=text)

    assert load("").trusted_proxies == ()
    assert load(" 127.0.0.1, 10.0.0.0/8 ,2001:db8::1").trusted_proxies == (
        "127.0.0.1/32",
        "10.0.0.0/8",
        "2001:db8::1/128",
    )
    for text in ("*", "proxy.example", "10.0.0.1/8", "127.0.0.1:80", "unix:"):
        with pytest.raises(Invalid, match="SEATWRIGHT_TRUSTED_PROXIES"):
            load(text)


@pytest.fixture(scope="module", params=["", "127.0.0.1,203.0.113.0/24"], ids=["no proxy", "proxies"])
def behind(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Server, Login]]:
    """A real server with or without trusted proxies, though uvicorn's own variable says that all are."""
    settings = fresh_settings(sqlite_template, tmp_path_factory)
    proxies: str = request.param
    server = Server(settings, SEATWRIGHT_TRUSTED_PROXIES=proxies, FORWARDED_ALLOW_IPS="*")
    login = open_account(settings, server, "canyon")
    document = catalog("canyon", "2030-07-14")
    assert httpx.post(f"{server.url}/api/v1/import", json=document, headers=login.headers).status_code == 200
    yield proxies, server, login
    server.stop()


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7, 203.0.113.9", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
        ("<script>, \"'", "unknown"),
    ],
)
def test_the_address_of_a_client(behind: tuple[str, Server, Login], forwarded: str, address: str) -> None:
    """It is who connects; or what the last trusted proxy was connected by, whatever the client wrote before that."""
    proxies, server, login = behind
    product = f"product-{word('canyon')}"
    departures = f"{server.url}/api/v1/products/{product}/departures?from=2030-07-14"
    departure = httpx.get(departures, headers=login.headers).json()["data"][0]["id"]
    cart = httpx.post(f"{server.url}/public/api/cart", headers=login.headers).json()["data"]["id"]
    answer = httpx.post(
        f"{server.url}/public/api/cart/{cart}/item",
        json={"itemId": departure, "participants": {"Adult": 1}},
        headers=login.headers | {"X-Forwarded-For": forwarded, "X-Real-IP": "9.9.9.9", "Forwarded": "for=9.9.9.9"},
    )
    assert answer.status_code == 200, answer.text

    async def held_from(database: Database) -> str:
        row = await database.read(lambda tx: tx.row("SELECT held_from FROM hold WHERE cart_id = $1", cart))
        assert row is not None
        return str(row["held_from"])

    assert in_database(settings_for(server.data), held_from) == (address if proxies else "127.0.0.1")


def test_a_server_has_no_banner(behind: tuple[str, Server, Login]) -> None:
    _, server, login = behind
    for path in ("/healthz", "/nope", f"/public/api/order/{new_hex24()}"):
        headers = httpx.get(f"{server.url}{path}", headers=login.headers).headers
        assert "server" not in headers
        assert "uvicorn" not in str(headers).lower()
        assert headers["date"]
