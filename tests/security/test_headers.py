"""What stands around every answer, and what headers of a request can't do."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from seatwright.auth.limits import Turns, weight
from seatwright.auth.networks import Networks
from seatwright.core.config import Settings
from seatwright.core.errors import Invalid
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from seatwright.storage.engine import Database
from tests.conftest import settings_for
from tests.security.cells import send, things_of
from tests.security.live import Login, fresh_settings, in_database, open_account
from tests.security.table import TABLE
from tests.security.world import Side, catalog, open_side, word
from tests.server import Server

STATIC = ("/openapi.json", "/openapi.yaml", "/my/style.css")
"""What is the same for everybody, and may be kept."""


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


def check(answer: httpx.Response) -> None:
    """What is true of every answer, good or bad."""
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    kept = answer.request.url.path in (*STATIC, "/docs/static/0/reference.js")
    static = kept and answer.request.method == "GET" and answer.status_code in (200, 304)
    assert headers.get_list("cache-control") == ["public, max-age=600" if static else "no-store"]
    assert len(headers["x-request-id"]) > 0
    assert not {"server", "x-powered-by", "set-cookie", "access-control-allow-credentials"} & set(headers)
    assert "strict-transport-security" not in headers, "the proxy's, which knows whether there is TLS"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_every_answer_has_the_security_headers(client: httpx.AsyncClient, side: Side) -> None:
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
    headers = side.headers | {"X-Account-Id": other.account_id}
    assert (await client.get("/api/v1/account", headers=headers)).json()["data"]["id"] == side.account_id
    refused = await client.get(f"/api/v1/account{query}", headers=headers)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "unknown_parameter")
    made = await client.post(f"/public/api/cart{query}", headers=headers)
    assert made.json()["data"]["entityId"] == side.account_id
    assert len(made.json()["warnings"]) == 3


def test_trusted_proxies_are_addresses_or_networks() -> None:
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
def test_a_clients_address_is_what_the_last_trusted_proxy_says(
    behind: tuple[str, Server, Login], forwarded: str, address: str
) -> None:
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


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", STATIC)
async def test_what_is_the_same_for_everybody_is_small_and_sent_once(client: httpx.AsyncClient, path: str) -> None:
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    small = await client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert small.content == plain.content
    assert int(small.headers["content-length"]) < len(plain.content) / 2
    assert small.headers["etag"] != plain.headers["etag"]
    assert plain.headers["content-type"] == small.headers["content-type"]
    for answer in (plain, small):
        check(answer)
        assert answer.headers["vary"].lower() == "accept-encoding"
        encoding = answer.headers.get("content-encoding", "identity")
        for known in (answer.headers["etag"], f'"x", W/{answer.headers["etag"]}', "*"):
            again = await client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == answer.headers["etag"]
            check(again)
        other = await client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": '"another"'})
        assert other.status_code == 200
        head = await client.head(path, headers={"Accept-Encoding": encoding})
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    for refuses in ("gzip;q=0", "gzip; q=0.0, deflate", "*;q=0", "deflate"):
        assert "content-encoding" not in (await client.get(path, headers={"Accept-Encoding": refuses})).headers
    assert "content-encoding" in (await client.get(path, headers={"Accept-Encoding": "*"})).headers


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_large_public_answer_costs_its_reader_turns(
    client: httpx.AsyncClient, api: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A description of 400 kB counts as a hundred requests, one that the reader has already as one."""
    weights: list[int] = []

    class Scales(Turns):
        def wait_from_s(self, networks: Networks, now_s: float, weight: int) -> float:
            weights.append(weight)
            return 0.0

    monkeypatch.setattr(api.asgi_handler, "_turns", Scales(1))
    plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    small = await client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    await client.get("/openapi.json", headers={"Accept-Encoding": "gzip", "If-None-Match": small.headers["etag"]})
    await client.get("/healthz")
    assert weights == [weight(len(plain.content)), weight(int(small.headers["content-length"])), 1, 1]
    assert weights[0] > 5 * weights[1]


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server."""
    started = Server(fresh_settings(sqlite_template, tmp_path_factory))
    yield started
    started.stop()


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [
        ("1.1", ["a"], 200),
        ("1.1", [], 400),
        ("1.1", ["a", "a"], 400),
        ("1.1", ["a", "b"], 400),
        ("1.0", ["a"], 200),
        ("1.0", [], 200),
        ("1.0", ["a", "b"], 400),
    ],
)
def test_a_request_is_for_one_host(server: Server, version: str, hosts: list[str], status: int) -> None:
    lines = [f"GET /healthz HTTP/{version}", "Connection: close", *(f"hOsT: {host}" for host in hosts), "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        sock.sendall("\r\n".join(lines).encode())
        received = b""
        while chunk := sock.recv(65_536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.split()[1] == b"%d" % status
    if status == 400:
        assert json.loads(body)["errorCode"] == "invalid_host"
        assert b"x-request-id: " in head
