"""The same request with the same Idempotency-Key has one effect and one answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Response, post
from litestar.params import FromQuery

from seatwright.app.assembly import create_app
from seatwright.auth import tokens
from seatwright.auth.model import Caller
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict, SoldOut, TooMany, Unavailable
from seatwright.core.ids import new_hex24
from seatwright.http.context import ApiRequest, Services, services
from seatwright.http.endpoint import write
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx
from tests.conftest import NewAccount, TestAccount

RAISES = {"409": SoldOut("Sold out."), "429": TooMany("Slow down.", retry_after_s=9), "503": Unavailable("Down.")}
PROBE = "/probe"


@post("/probe", status_code=200)
async def probe(request: ApiRequest, fail: FromQuery[str | None] = None) -> Response[Any]:
    """Write an audit event, then fail if told to; the answer is different each time."""

    async def use_case(tx: Tx, who: Caller) -> str:
        await audit.record(tx, who.account_id, services(request).clock.now(), who.user_id, "probe", "probe")
        if fail:
            raise RAISES[fail]
        return new_hex24()

    return await write(request, "orders.write", use_case, lambda made: {"made": made})


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(services.settings, services, {"/": [probe]})
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


async def effects(services: Services, account: TestAccount) -> int:
    async def count(tx: ReadTx) -> int:
        return len(await audit.history(tx, account.id, "probe"))

    return await services.database.read(count)


def keyed(account: TestAccount, key: str = "k-1") -> dict[str, str]:
    return account.headers | {"Idempotency-Key": key}


async def test_a_repetition_has_no_effect_and_the_same_bytes(
    client: httpx.AsyncClient, services: Services, account: TestAccount
) -> None:
    first = await client.post(PROBE, json={"a": 1}, headers=keyed(account))
    again = await client.post(PROBE, json={"a": 1}, headers=keyed(account))
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert first.headers["content-type"] == again.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert await effects(services, account) == 1


async def test_without_a_key_every_request_counts(
    client: httpx.AsyncClient, services: Services, account: TestAccount
) -> None:
    first = await client.post(PROBE, headers=account.headers)
    second = await client.post(PROBE, headers=account.headers)
    assert first.content != second.content
    assert await effects(services, account) == 2


@pytest.mark.parametrize(("path", "body"), [(PROBE, {"a": 2}), (f"{PROBE}?x=1", {"a": 1}), (PROBE, None)])
async def test_another_request_with_the_key_is_a_422(
    client: httpx.AsyncClient, services: Services, account: TestAccount, path: str, body: object
) -> None:
    first = await client.post(PROBE, json={"a": 1}, headers=keyed(account))
    other = await client.post(path, json=body, headers=keyed(account))
    assert other.status_code == 422
    assert other.json()["errorCode"] == "idempotency_key_reused"
    assert (await client.post(PROBE, json={"a": 1}, headers=keyed(account))).content == first.content
    assert await effects(services, account) == 1


async def test_the_same_key_of_two_accounts_is_two_requests(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount
) -> None:
    other = await new_account("other")
    mine = await client.post(PROBE, headers=keyed(account))
    theirs = await client.post(PROBE, json={"another": "body"}, headers=keyed(other))
    assert theirs.status_code == 200
    assert theirs.content != mine.content


async def test_a_refusal_is_kept_and_its_effects_are_not(
    client: httpx.AsyncClient, services: Services, account: TestAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await client.post(f"{PROBE}?fail=409", headers=keyed(account))
    monkeypatch.setitem(RAISES, "409", Conflict("Another reason."))
    again = await client.post(f"{PROBE}?fail=409", headers=keyed(account))
    assert first.status_code == again.status_code == 409
    assert first.json() == {"errorMessage": "Sold out.", "errorCode": "sold_out", "data": None}
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert await effects(services, account) == 0


@pytest.mark.parametrize(("status", "wait_s"), [("429", "9"), ("503", "1")])
async def test_what_was_not_tried_is_not_kept(
    client: httpx.AsyncClient, account: TestAccount, monkeypatch: pytest.MonkeyPatch, status: str, wait_s: str
) -> None:
    first = await client.post(f"{PROBE}?fail={status}", headers=keyed(account))
    assert first.status_code == int(status)
    assert first.headers["retry-after"] == wait_s
    monkeypatch.setitem(RAISES, status, SoldOut("Tried now."))
    assert (await client.post(f"{PROBE}?fail={status}", headers=keyed(account))).status_code == 409


async def test_a_missing_permission_is_not_kept(
    client: httpx.AsyncClient, services: Services, new_account: NewAccount
) -> None:
    limited = await new_account("limited", permissions=frozenset({"settings"}))
    assert (await client.post(PROBE, headers=keyed(limited))).status_code == 403

    async def grant(tx: Tx) -> None:
        await tx.execute("UPDATE app_user SET permissions = $2 WHERE id = $1", limited.user_id, "orders.write")

    await services.database.write(grant)
    assert (await client.post(PROBE, headers=keyed(limited))).status_code == 200


async def test_keys_are_forgotten_after_their_time(
    client: httpx.AsyncClient, services: Services, account: TestAccount, clock: ManualClock
) -> None:
    first = await client.post(PROBE, headers=keyed(account))
    clock.advance(services.settings.idempotency_seconds * 1000 - 1)
    assert (await client.post(PROBE, headers=keyed(account))).content == first.content
    clock.advance(2)
    late = await client.post(PROBE, json={"another": "body"}, headers=_renewed(services, account))
    assert late.status_code == 200
    assert late.content != first.content
    assert (
        await client.post(PROBE, json={"another": "body"}, headers=_renewed(services, account))
    ).content == late.content


def _renewed(services: Services, account: TestAccount) -> dict[str, str]:
    claims = tokens.Claims(user_id=account.user_id, account_id=account.id, generation=1)
    token = tokens.issue(services.keyring, claims, now=services.clock.now(), lifetime_s=60)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"}


async def test_at_once_there_is_one_effect(client: httpx.AsyncClient, services: Services, account: TestAccount) -> None:
    answers = await asyncio.gather(*(client.post(PROBE, headers=keyed(account)) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    assert await effects(services, account) == 1


async def test_refusals_at_once_are_one_refusal(client: httpx.AsyncClient, account: TestAccount) -> None:
    answers = await asyncio.gather(*(client.post(f"{PROBE}?fail=409", headers=keyed(account)) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {409}


@pytest.mark.parametrize("key", ["", "a" * 256, "tab\there", "\xfc"])
async def test_a_key_that_can_not_be_one_is_a_400(client: httpx.AsyncClient, account: TestAccount, key: str) -> None:
    headers: Any = {**account.headers, "Idempotency-Key": key.encode("latin-1")}
    answer = await client.post(PROBE, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "invalid_idempotency_key"
