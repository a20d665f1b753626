"""Keys, passwords and tokens: how they are kept, what ends them, and how little an answer tells about them."""

from __future__ import annotations

import os
from typing import Any

import httpx
import jwt
import msgspec
import pytest

from seatwright.auth import passwords, service
from seatwright.auth.line import Origin
from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS
from seatwright.auth.roles import implying
from seatwright.auth.secrets import same_hash
from seatwright.http.context import Services
from seatwright.storage import idempotency
from tests.security.world import PASSWORD, Side, dump, open_side

ACCOUNT, KEY, LOGIN = "/api/v1/account", "/public/api/authenticate", "/public/api/login"
ANOTHER = "another horse battery"


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


async def alive(client: httpx.AsyncClient, *tokens: dict[str, str]) -> list[bool]:
    """Tell of each token whether it still opens the account."""
    answers = [await client.get(ACCOUNT, headers=token) for token in tokens]
    assert all(answer.status_code == 200 or answer.json()["errorCode"] == "token_withdrawn" for answer in answers)
    return [answer.status_code == 200 for answer in answers]


async def log_in(client: httpx.AsyncClient, username: str, password: str) -> dict[str, str]:
    """Get a token for a password."""
    answer = await client.post(LOGIN, json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.text}"}


async def test_passwords_are_argon2id_with_stated_parameters() -> None:
    first, second = [await passwords.hash_password(PASSWORD) for _ in range(2)]
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second, "salted"
    assert await passwords.verify_password(second, PASSWORD)
    assert not passwords._hasher.check_needs_rehash(passwords._DUMMY), "an unknown user takes as long as a known one"


async def test_hashing_gives_way_to_requests() -> None:
    assert await passwords._line.run(Origin(), lambda: os.getpriority(os.PRIO_PROCESS, 0)) >= passwords.NICENESS


async def test_tokens_hold_no_personal_data_and_end_within_a_day(
    client: httpx.AsyncClient, services: Services, side: Side
) -> None:
    for headers in (await side.token(), await log_in(client, side.username, PASSWORD)):
        payload = jwt.decode(headers["Authorization"].split()[1], options={"verify_signature": False})
        assert set(payload) <= {"sub", "acc", "gen", "key", "iat", "exp"}
        assert payload["exp"] - payload["iat"] == services.settings.token_seconds == 86_400


async def test_a_key_reset_ends_the_keys_tokens_and_no_login(client: httpx.AsyncClient, side: Side) -> None:
    by_key, by_password = await side.token(), await log_in(client, side.username, PASSWORD)
    assert await alive(client, by_key, by_password) == [True, True]
    side.apikey = (await side.data("POST", "/api/v1/account/key"))["apikey"]
    assert await alive(client, by_key, by_password, await side.token()) == [False, True, True]


async def test_a_new_password_ends_that_users_tokens_and_nobody_elses(client: httpx.AsyncClient, side: Side) -> None:
    other, others = await side.user_with(frozenset(PERMISSIONS))
    by_key, by_password = await side.token(), await log_in(client, side.username, PASSWORD)
    answer = await client.patch(f"/api/v1/users/{side.user_id}", json={"password": ANOTHER}, headers=others)
    assert answer.status_code == 200
    assert await alive(client, by_key, by_password, side.headers, others) == [False, False, False, True]
    refused = await client.post(LOGIN, json={"username": side.username, "password": PASSWORD})
    assert refused.status_code == 401
    assert await alive(client, await side.token(), await log_in(client, side.username, ANOTHER)) == [True, True]
    side.headers = others
    await side.data("PATCH", f"/api/v1/users/{other}", {"name": "Renamed"})
    assert await alive(client, others) == [True], "another change ends nothing"


async def test_a_user_who_may_not_integrate_any_more_has_no_key_tokens(client: httpx.AsyncClient, side: Side) -> None:
    _, others = await side.user_with(frozenset(PERMISSIONS))
    by_key, by_password = await side.token(), await log_in(client, side.username, PASSWORD)
    change = {"permissions": sorted(set(PERMISSIONS) - {"api.integration"})}
    assert (await client.patch(f"/api/v1/users/{side.user_id}", json=change, headers=others)).status_code == 200
    assert await alive(client, by_key, by_password) == [False, True]


async def test_no_secret_is_kept_as_it_is(client: httpx.AsyncClient, services: Services, side: Side) -> None:
    """Not even as a plain hash of the request that had it: with one, a password could be guessed at fast."""
    body = {"email": "bo@canyon.example", "name": "Bo", "permissions": [], "password": ANOTHER}
    sent = msgspec.json.encode(body)
    headers = side.headers | {"Idempotency-Key": "one", "Content-Type": "application/json"}
    first = await client.post("/api/v1/users", content=sent, headers=headers)
    again = await client.post("/api/v1/users", content=sent, headers=headers)
    assert first.status_code == 200
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    _, own = await side.own_key(frozenset(PERMISSIONS))
    token = await side.token()
    kept = str(await dump(services))
    plain = idempotency.fingerprint("POST", "/api/v1/users", "", sent)
    for secret in (PASSWORD, ANOTHER, side.apikey, own, own[-40:], token["Authorization"].split()[1], plain):
        assert secret not in kept
    assert services.keyring.hash_request(plain) in kept
    assert services.keyring.hash_api_key(side.apikey) in kept
    assert services.keyring.hash_api_key(own) in kept


class Statements:
    """Counts the statements that a database runs."""

    def __init__(self) -> None:
        self.count = 0

    def before(self, sql: str) -> None:
        self.count += 1

    def after(self, sql: str) -> None:
        pass


async def effort(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> tuple[httpx.Response, int, int]:
    """Return a refusal, and how many statements and hashes of passwords it took."""
    statements, compared = Statements(), 0

    def verify(password_hash: str, password: str) -> bool:
        nonlocal compared
        assert password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "as much work as for a real one"
        compared += 1
        return False

    services.database.probe = statements
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "_verify", verify)
        answer = await client.post(path, json=body)
    services.database.probe = None
    return answer, statements.count, compared


async def test_who_exists_can_not_be_found_out(
    client: httpx.AsyncClient, services: Services, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown name, a wrong secret, and a user who has no password or may not integrate: all the same."""
    limited = "limited@canyon.example"
    body = {"email": limited, "name": "L", "permissions": ["orders.read"]}
    await side.data("POST", "/api/v1/users", body)
    gone = await side.data("POST", "/api/v1/users", {"email": "gone@canyon.example", "name": "G", "permissions": []})
    await side.data("PATCH", f"/api/v1/users/{gone['id']}", {"active": False})
    names = [side.username, limited, "gone@canyon.example", "nobody@canyon.example", ""]
    for path, field, right in ((KEY, "apikey", side.apikey), (LOGIN, "password", PASSWORD)):
        tries = [{"username": name, field: "wrong" * 4} for name in names]
        tries += [{"username": name, field: right} for name in names[1:]]
        found = [await effort(client, services, monkeypatch, path, body) for body in tries]
        answers = [answer for answer, _, _ in found]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.content for answer in answers}) == 1
        assert len({str(sorted(set(answer.headers) - {"x-request-id"})) for answer in answers}) == 1
        assert {statements for _, statements, _ in found} == {1}, "one query each"
        assert {compared for _, _, compared in found} == {1 if path == LOGIN else 0}


async def test_keys_are_compared_in_constant_time(
    client: httpx.AsyncClient, side: Side, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def same(given: str, kept: str) -> bool:
        seen.append(kept)
        return same_hash(given, kept)

    monkeypatch.setattr(service, "same_hash", same)
    await side.token()
    assert seen == [services.keyring.hash_api_key(side.apikey)]
    monkeypatch.setattr(service, "same_hash", lambda given, kept: False)
    refused = await client.post(KEY, json={"username": side.username, "apikey": side.apikey})
    assert refused.status_code == 401, "nothing else compares them"


async def test_a_password_is_hashed_only_for_who_may_set_it(
    client: httpx.AsyncClient, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, headers = await side.user_with(ALL_PERMISSIONS - implying("users.write"))

    async def hash_password(password: str, origin: Origin) -> str:
        raise AssertionError("64 MiB and some hundredths of a second, for nothing")

    monkeypatch.setattr(passwords, "hash_password", hash_password)
    body = {"email": "bo@canyon.example", "name": "Bo", "permissions": [], "password": ANOTHER}
    for method, path in (("POST", "/api/v1/users"), ("PATCH", f"/api/v1/users/{side.user_id}")):
        answer = await client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 403, answer.text
