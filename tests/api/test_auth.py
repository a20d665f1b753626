"""Keys, passwords and tokens, as the wire reference's "Authentication" has them."""

import httpx
import jwt
import pytest

from seatwright.auth import passwords, service
from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.core.clock import SECOND_MS, ManualClock
from seatwright.http.context import Services
from tests.conftest import NewAccount, TestAccount

AUTHENTICATE = "/public/api/authenticate"
ANYTHING = "/api/v1/account"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def get_token(client: httpx.AsyncClient, account: TestAccount, **changed: object) -> httpx.Response:
    return await client.post(AUTHENTICATE, json={"username": account.username, "apikey": account.key, **changed})


async def test_the_token_is_bare_text_and_opens_everything_else(
    client: httpx.AsyncClient, account: TestAccount
) -> None:
    answer = await get_token(client, account)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.count(".") == 2
    assert '"' not in answer.text
    opened = await client.get(ANYTHING, headers=bearer(answer.text))
    assert opened.status_code == 200
    assert opened.json()["data"]["id"] == account.id


@pytest.mark.parametrize("change", [str.upper, str.title, lambda text: f"  {text} "])
async def test_the_username_is_an_email_in_any_case(
    client: httpx.AsyncClient, account: TestAccount, change: object
) -> None:
    assert callable(change)
    assert (await get_token(client, account, username=change(account.username))).status_code == 200


async def test_the_username_is_any_active_user_who_may_integrate_or_its_alternative_id(
    client: httpx.AsyncClient, account: TestAccount, services: Services
) -> None:
    async def add(email: str, permissions: frozenset[str], alternative: str | None = None) -> str:
        new = service.NewUser(email=email, name="X", permissions=permissions, alternative_id=alternative)
        user = await services.database.write(
            lambda tx: service.create_user(tx, services.clock.now(), "system", account.id, new)
        )
        return user.id

    other = await add("other@canyon.example", frozenset({"api.integration"}), "4711")
    await add("desk@canyon.example", frozenset(PERMISSIONS) - {"api.integration"})
    assert (await get_token(client, account, username="other@canyon.example")).status_code == 200
    assert (await get_token(client, account, username="4711")).status_code == 200
    assert (await get_token(client, account, username=4711)).status_code == 200, "numbers for strings"
    assert (await get_token(client, account, username="desk@canyon.example")).status_code == 401
    change = service.UserChange(active=False)
    await services.database.write(
        lambda tx: service.change_user(tx, services.clock.now(), "system", account.id, other, change)
    )
    assert (await get_token(client, account, username="4711")).status_code == 401


async def test_every_failure_looks_the_same(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount
) -> None:
    other = await new_account("other")
    answers = [
        await get_token(client, account, apikey=other.key),
        await get_token(client, account, apikey=""),
        await get_token(client, account, apikey="ü"),
        await get_token(client, account, username="nobody@canyon.example"),
        await get_token(client, account, username=""),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["errorCode"] == "wrong_credentials"
    assert answers[0].headers["www-authenticate"] == "Bearer"


async def test_one_email_in_two_accounts_is_told_apart_by_the_key(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount, services: Services
) -> None:
    other = await new_account("other")
    new = service.NewUser(email=account.username, name="Dana Reyes", permissions=ALL_PERMISSIONS)
    await services.database.write(lambda tx: service.create_user(tx, 0, "system", other.id, new))
    for each in (account, other):
        token = (await get_token(client, account, apikey=each.key)).text
        answer = await client.get(ANYTHING, headers=bearer(token))
        assert answer.json()["data"]["id"] == each.id


@pytest.mark.parametrize(
    ("body", "field"),
    [({"username": "a"}, "apikey"), ({"apikey": "a"}, "username"), ({"username": None, "apikey": "a"}, "username")],
)
async def test_what_is_missing_is_named(client: httpx.AsyncClient, body: dict[str, object], field: str) -> None:
    answer = await client.post(AUTHENTICATE, json=body)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith(f"{field}: ")


async def test_a_token_expires(client: httpx.AsyncClient, account: TestAccount, clock: ManualClock) -> None:
    token = (await get_token(client, account)).text
    clock.advance(86_400 * SECOND_MS - 1)
    assert (await client.get(ANYTHING, headers=bearer(token))).status_code == 200
    clock.advance(1)
    answer = await client.get(ANYTHING, headers=bearer(token))
    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "token_expired"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_resetting_the_key_ends_the_old_key_and_its_tokens_at_once(
    client: httpx.AsyncClient, account: TestAccount
) -> None:
    token = (await get_token(client, account)).text
    key = {"Idempotency-Key": "reset"}
    answer = await client.post("/api/v1/account/key", headers=bearer(token) | key)
    assert answer.status_code == 200
    new_key = answer.json()["data"]["apikey"]
    assert new_key != account.key
    dead = await client.get(ANYTHING, headers=bearer(token))
    assert dead.status_code == 401
    assert dead.json()["errorCode"] == "token_withdrawn"
    assert (await get_token(client, account)).status_code == 401
    fresh = (await get_token(client, account, apikey=new_key)).text
    assert (await client.get(ANYTHING, headers=bearer(fresh))).status_code == 200


async def test_a_key_is_kept_only_as_a_hash(
    client: httpx.AsyncClient, account: TestAccount, services: Services
) -> None:
    key = {"Idempotency-Key": "reset"}
    answer = await client.post("/api/v1/account/key", headers=account.headers | key)
    new_key = answer.json()["data"]["apikey"]

    async def everything(tx: object) -> str:
        tables = ("account", "app_user", "audit_event", "idempotency")
        found = [await tx.rows(f"SELECT * FROM {table}") for table in tables]  # type: ignore[attr-defined]
        return str([[tuple(row) for row in rows] for rows in found])

    kept = await services.database.read(everything)
    assert account.key not in kept
    assert new_key not in kept
    assert services.keyring.hash_api_key(new_key) in kept


async def test_a_deactivated_user_is_out_at_once(
    client: httpx.AsyncClient, account: TestAccount, services: Services
) -> None:
    body = {"email": "b@canyon.example", "name": "B", "permissions": ["settings", "api.integration"]}
    created = await client.post("/api/v1/users", json=body, headers=account.headers)
    user_id = created.json()["data"]["id"]
    token = (await get_token(client, account, username="b@canyon.example")).text
    gone = await client.patch(f"/api/v1/users/{user_id}", json={"active": False}, headers=account.headers)
    assert gone.status_code == 200
    assert (await client.get(ANYTHING, headers=bearer(token))).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer a.b.c", "Bearer \xff", f"Bearer {'a' * 5000}", "abc"],
)
async def test_a_bad_token_is_a_401(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get(ANYTHING, headers={"Authorization": header.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["data"] is None


async def test_a_forged_token_is_a_401(client: httpx.AsyncClient, account: TestAccount, services: Services) -> None:
    payload = {"sub": account.user_id, "acc": account.id, "gen": 1, "iat": 1, "exp": 2**40}
    keyring = services.keyring
    forged = [
        jwt.encode(payload, None, algorithm="none"),
        jwt.encode(payload, Keyring.from_secret("x" * 32).token_key, algorithm="HS256"),
        jwt.encode(payload, keyring.token_key * 2, algorithm="HS512"),
        jwt.encode({**payload, "sub": 7}, keyring.token_key, algorithm="HS256"),
        jwt.encode({**payload, "exp": "never"}, keyring.token_key, algorithm="HS256"),
        jwt.encode({**payload, "gen": "1"}, keyring.token_key, algorithm="HS256"),
        jwt.encode({"sub": account.user_id}, keyring.token_key, algorithm="HS256"),
    ]
    for token in forged:
        assert (await client.get(ANYTHING, headers=bearer(token))).status_code == 401
    good = jwt.encode(payload, keyring.token_key, algorithm="HS256")
    assert (await client.get(ANYTHING, headers=bearer(good))).status_code == 200


async def test_the_token_is_checked_before_the_body(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/users", content=b"{bad")).status_code == 401


async def test_login_with_a_password(client: httpx.AsyncClient, account: TestAccount, services: Services) -> None:
    hashed = await passwords.hash_password("correct horse")
    new = service.NewUser(email="Front@Canyon.example", name="Front", password_hash=hashed, permissions=ALL_PERMISSIONS)
    await services.database.write(lambda tx: service.create_user(tx, 0, "system", account.id, new))
    good = await client.post(
        "/public/api/login", json={"username": "front@canyon.example", "password": "correct horse"}
    )
    assert good.status_code == 200
    assert (await client.get(ANYTHING, headers=bearer(good.text))).status_code == 200
    for username, password in [("front@canyon.example", "wrong horse"), (account.username, ""), ("x", "correct horse")]:
        answer = await client.post("/public/api/login", json={"username": username, "password": password})
        assert answer.status_code == 401


async def test_a_permission_that_is_missing_is_a_403_that_names_it(
    client: httpx.AsyncClient, new_account: NewAccount
) -> None:
    limited = await new_account("limited", permissions=frozenset({"orders.read"}))
    answer = await client.post("/api/v1/account/key", headers=limited.headers)
    assert answer.status_code == 403
    assert "keys.write" in answer.json()["errorMessage"]
