"""Keys of integrations: what they open, what ends them, and that nothing opens more than was chosen."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.auth import keys
from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS
from seatwright.auth.roles import implying
from seatwright.auth.secrets import new_own_key
from seatwright.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, ManualClock
from seatwright.http.context import Services
from tests.conftest import START
from tests.security.cells import send, things_of
from tests.security.table import OPEN, TABLE
from tests.security.world import Side, dump, open_side

KEYS, SIGN_IN, ACCOUNT = "/api/v1/keys", "/public/api/authenticate", "/api/v1/account"


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


async def refused(client: httpx.AsyncClient, username: str, apikey: str) -> str:
    """Return the code of the 401 that signing in is answered with."""
    answer = await client.post(SIGN_IN, json={"username": username, "apikey": apikey})
    assert answer.status_code == 401, answer.text
    return str(answer.json()["errorCode"])


async def test_a_key_is_shown_once_and_listed_without_it(client: httpx.AsyncClient, side: Side) -> None:
    body = {"name": " Accounting ", "permissions": ["reports.read", "orders.read"], "expiresDate": "2026-12-31"}
    made = await side.data("POST", KEYS, body)
    key = made.pop("apikey")
    assert made == {
        "id": made["id"],
        "name": "Accounting",
        "permissions": ["orders.read", "reports.read"],
        "createdDate": "2026-07-01T16:00:00.000Z",
        "expiresDate": "2027-01-01T07:00:00.000Z",  # the end of that day in Denver
        "revokedDate": None,
        "lastUsedDate": None,
    }
    assert key.startswith(f"swk_{made['id']}_")
    answer = await client.get(KEYS, headers=side.headers)
    assert answer.json()["data"] == [made]
    assert key not in answer.text
    again = await client.post(KEYS, headers=side.headers | {"Idempotency-Key": "one"}, json=body)
    assert (again.status_code, again.json()["errorCode"]) == (409, "key_name_taken")
    await side.data("DELETE", f"{KEYS}/{made['id']}")
    assert (await side.data("POST", KEYS, body))["apikey"] != key, "the name is free again"
    pages = [await side.data("GET", f"{KEYS}?limit=1&page={page}") for page in range(3)]
    assert [len(page) for page in pages] == [1, 1, 0]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"permissions": None}, "permissions", "invalid_field"),
        ({"permissions": ["fly"]}, "permissions[0]", "invalid_field"),
        ({"permissions": "settings"}, "permissions", "invalid_field"),
        ({"name": " "}, "name", "invalid_field"),
        ({"name": "x" * 201}, "name", "invalid_field"),
        ({"expiresDate": "soon"}, "expiresDate", "invalid_date"),
        ({"expiresDate": "2026-06-30"}, "expiresDate", "invalid_date"),
        ({"expiresDate": "2026-07-01T16:00:00Z"}, "expiresDate", "invalid_date"),
    ],
)
async def test_bad_keys_are_named(
    client: httpx.AsyncClient, side: Side, change: dict[str, Any], field: str, code: str
) -> None:
    answer = await client.post(KEYS, json={"name": "A", "permissions": [], **change}, headers=side.headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errorMessage"].startswith(f"{field}: ")
    assert await side.data("GET", KEYS) == []


async def test_a_key_has_to_say_what_it_may_do(client: httpx.AsyncClient, side: Side) -> None:
    for body, field in (({"name": "A"}, "permissions"), ({"permissions": []}, "name")):
        answer = await client.post(KEYS, json=body, headers=side.headers)
        assert (answer.status_code, answer.json()["errorMessage"]) == (400, f"{field}: is missing.")


async def test_there_are_not_any_number_of_keys(
    client: httpx.AsyncClient, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_KEYS", 2)
    made = [await side.own_key(frozenset()) for _ in range(2)]
    answer = await client.post(KEYS, json={"name": "A", "permissions": []}, headers=side.headers)
    assert (answer.status_code, answer.json()["errorCode"]) == (409, "too_many_keys")
    await side.data("DELETE", f"{KEYS}/{made[0][0]}")
    await side.own_key(frozenset())


async def test_a_token_opens_what_both_the_key_and_the_user_may(
    client: httpx.AsyncClient, services: Services, side: Side
) -> None:
    """On every route: a permission that either of them lacks is a 403 that names it."""
    tokens: dict[str, list[str]] = {}
    for missing in PERMISSIONS:
        rest = ALL_PERMISSIONS - implying(missing)
        tokens[missing] = [(await side.token((await side.own_key(rest))[1]))["Authorization"]]
        if missing == "api.integration":
            continue
        email = f"without.{missing}@canyon.example"
        await side.data("POST", "/api/v1/users", {"email": email, "name": "B", "permissions": sorted(rest)})
        whole = (await side.own_key(ALL_PERMISSIONS))[1]
        tokens[missing].append((await side.token(whole, email))["Authorization"])
    things = {route.name: await side.things(things_of(route)) for route in TABLE}
    before, wrong = await dump(services), []
    for route in TABLE:
        for missing in route.needs if route.needs != OPEN else ():
            for header in tokens[missing]:
                answer = await send(client, route, things[route.name], header)
                if answer.status_code != 403 or missing not in answer.json()["errorMessage"]:
                    wrong.append(f"{route.name} without {missing}: {answer.status_code} {answer.text}")
    assert wrong == []
    after = await dump(services)
    assert {name for name in after if after[name] != before[name]} <= {"api_key"}, "their last use"


async def test_the_keys_of_docs_open_what_they_are_for(client: httpx.AsyncClient, side: Side) -> None:
    """docs/security.md: an accountant, a reseller's integration, and a calendar on a web site."""
    books = await side.token((await side.own_key(frozenset({"reports.read"})))[1])
    sells = await side.token((await side.own_key(frozenset({"orders.read", "orders.write", "orders.cancel"})))[1])
    looks = await side.token((await side.own_key(frozenset()))[1])
    for headers, path, status in (
        (books, "/api/v1/reports/sales", 200),
        (books, "/api/v1/reports/payables?format=csv", 200),
        (books, "/api/v1/reports/mailing-list", 403),
        (books, "/public/api/order", 403),
        (sells, "/public/api/order", 200),
        (sells, "/api/v1/reports/sales", 403),
        (sells, "/api/v1/users", 403),
        (looks, "/public/api/product", 200),
        (looks, "/public/api/order", 403),
    ):
        assert (await client.get(path, headers=headers)).status_code == status, path
    cart = await client.post("/public/api/cart", headers=sells)
    assert cart.status_code == 200
    assert (await client.post("/public/api/cart", headers=looks)).status_code == 403


async def test_revoking_ends_a_keys_tokens_at_once_and_nothing_else(client: httpx.AsyncClient, side: Side) -> None:
    key_id, key = await side.own_key(ALL_PERMISSIONS)
    _, other = await side.own_key(ALL_PERMISSIONS)
    tokens = [await side.token(key), await side.token(other), await side.token(), side.headers]
    for headers in tokens * 2:
        assert (await client.get(ACCOUNT, headers=headers)).status_code == 200
    revoked = await side.data("DELETE", f"{KEYS}/{key_id}")
    assert (revoked["revokedDate"], revoked["lastUsedDate"]) == ("2026-07-01T16:00:00.000Z",) * 2
    assert await side.data("DELETE", f"{KEYS}/{key_id}") == revoked
    assert [(await client.get(ACCOUNT, headers=headers)).status_code for headers in tokens] == [401, 200, 200, 200]
    assert await refused(client, side.username, key) == "wrong_credentials"
    side.apikey = (await side.data("POST", "/api/v1/account/key"))["apikey"]
    assert [(await client.get(ACCOUNT, headers=headers)).status_code for headers in tokens] == [401, 200, 401, 200]
    history = await side.data("GET", f"/api/v1/audit/{key_id}")
    assert [event["action"] for event in history] == ["key.created", "key.revoked"]
    assert history[0]["detail"] == {"permissions": sorted(PERMISSIONS), "expiresAt": None}


async def test_an_expired_key_opens_nothing_nor_do_its_tokens(
    client: httpx.AsyncClient, side: Side, clock: ManualClock
) -> None:
    _, key = await side.own_key(ALL_PERMISSIONS, expiresDate="2026-07-01T18:00:00Z")
    early = await side.token(key)
    clock.advance(2 * HOUR_MS - MINUTE_MS)
    late = await side.token(key)
    for headers in (early, late):
        assert (await client.get(ACCOUNT, headers=headers)).status_code == 200
    clock.advance(MINUTE_MS)
    for headers in (early, late):
        answer = await client.get(ACCOUNT, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "token_expired")
    assert await refused(client, side.username, key) == "key_expired"
    assert await refused(client, "nobody@canyon.example", key) == "wrong_credentials"


async def test_a_key_is_good_with_its_own_accounts_users_alone(
    client: httpx.AsyncClient, services: Services, side: Side
) -> None:
    other = await open_side(client, services, "mesa")
    key_id, key = await side.own_key(ALL_PERMISSIONS)
    clerk = {"email": "clerk@canyon.example", "name": "C", "permissions": ["orders.read"]}
    await side.data("POST", "/api/v1/users", clerk)
    changed = key[:-1] + ("0" if key[-1] != "0" else "1")
    for username, wrong in (
        (other.username, key),
        (side.username, changed),
        (side.username, new_own_key(key_id)),
        (side.username, new_own_key("0" * 24)),
        (side.username, side.apikey[::-1]),
        (str(clerk["email"]), key),  # who may not integrate
    ):
        assert await refused(client, username, wrong) == "wrong_credentials"
    assert (await client.post(SIGN_IN, json={"username": side.username, "apikey": f" {key.upper()}\n"})).is_success


async def test_what_a_user_loses_its_key_tokens_lose(client: httpx.AsyncClient, side: Side) -> None:
    email = "robot@canyon.example"
    robot = {"email": email, "name": "R", "permissions": ["orders.read", "orders.write", "api.integration"]}
    user = (await side.data("POST", "/api/v1/users", robot))["id"]
    headers = await side.token((await side.own_key(ALL_PERMISSIONS))[1], email)
    assert (await client.get("/public/api/order", headers=headers)).status_code == 200
    await side.data("PATCH", f"/api/v1/users/{user}", {"permissions": ["api.integration"]})
    assert (await client.get("/public/api/order", headers=headers)).status_code == 403
    await side.data("PATCH", f"/api/v1/users/{user}", {"permissions": ["orders.read"]})
    assert (await client.get("/public/api/order", headers=headers)).status_code == 401


async def test_what_a_key_did_is_written_down_as_the_keys(client: httpx.AsyncClient, side: Side) -> None:
    key_id, key = await side.own_key(ALL_PERMISSIONS)
    user_headers, side.headers = side.headers, await side.token(key)
    order = await side.order()
    side.headers = user_headers
    history = await side.data("GET", f"/api/v1/audit/{order['id']}")
    assert {event["actor"] for event in history} == {key_id}
    (listed,) = await side.data("GET", KEYS)
    assert (await side.data("DELETE", f"/public/api/order/{order['id']}"))["status"] == "cancelled"
    rows = await side.data("GET", "/public/api/report/order/transactionDate?from=2026-07-01&to=2026-07-31")
    assert {row["originalCreatedBy"] for row in rows} == {listed["name"]}


async def test_the_last_use_is_known_to_the_hour(
    client: httpx.AsyncClient, services: Services, side: Side, clock: ManualClock
) -> None:
    key_id, key = await side.own_key(ALL_PERMISSIONS)

    async def last() -> Any:
        return (await side.data("GET", KEYS))[0]["lastUsedDate"]

    headers = await side.token(key)
    assert await last() == "2026-07-01T16:00:00.000Z"
    clock.advance(HOUR_MS - 1)
    assert (await client.get(ACCOUNT, headers=headers)).status_code == 200
    assert await last() == "2026-07-01T16:00:00.000Z"
    clock.advance(1)
    assert (await client.get(ACCOUNT, headers=headers)).status_code == 200
    assert await last() == "2026-07-01T17:00:00.000Z"
    clock.set(START - DAY_MS)  # set back: nothing is forgotten
    services.key_uses._noted.clear()
    await side.token(key)
    assert await last() == "2026-07-01T17:00:00.000Z"
    assert (await side.data("DELETE", f"{KEYS}/{key_id}"))["lastUsedDate"] == "2026-07-01T17:00:00.000Z"
