"""Management of an account: itself, users, connections, history."""

from typing import Any

import httpx
import pytest

from seatwright.auth.model import PERMISSIONS
from seatwright.core.clock import ManualClock
from seatwright.http.context import Services
from seatwright.storage.engine import Tx
from tests.conftest import NewAccount, TestAccount

ACCOUNT, USERS, CONNECTIONS = "/api/v1/account", "/api/v1/users", "/api/v1/connections"


async def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_the_account_is_read_and_changed(client: httpx.AsyncClient, account: TestAccount) -> None:
    before = await ok(await client.get(ACCOUNT, headers=account.headers))
    assert before == {
        "id": account.id,
        "code": "canyon",
        "name": "Canyon",
        "email": "dana@canyon.example",
        "currency": "USD",
        "timeZone": "America/Denver",
        "policyCode": None,
        "language": "en",
        "business": {
            "address": "",
            "city": "",
            "state": "",
            "postalCode": "",
            "country": "",
            "website": "",
            "email": "",
            "phones": [],
        },
        "createdDate": "2026-07-01T16:00:00.000Z",
    }
    change = {"name": "Canyon Tours", "timeZone": "Europe/Berlin", "currency": "EUR", "email": None, "language": "de"}
    after = await ok(await client.patch(ACCOUNT, json=change, headers=account.headers))
    assert after == {**before, **change, "email": before["email"]}
    assert await ok(await client.get(ACCOUNT, headers=account.headers)) == after


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"email": "nobody"}, "email"),
        ({"currency": "usd"}, "currency"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"timeZone": "../etc/passwd"}, "timeZone"),
        ({"timeZone": "localtime"}, "timeZone"),
        ({"timeZone": "america/denver"}, "timeZone"),
        ({"policyCode": "unknown"}, "policyCode"),
        ({"language": "it"}, "language"),
        ({"language": "DE"}, "language"),
    ],
)
async def test_bad_changes_are_named_and_nothing_changes(
    client: httpx.AsyncClient, account: TestAccount, change: dict[str, object], field: str
) -> None:
    before = await ok(await client.get(ACCOUNT, headers=account.headers))
    answer = await client.patch(ACCOUNT, json={"name": "New", **change}, headers=account.headers)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith(f"{field}: ")
    assert await ok(await client.get(ACCOUNT, headers=account.headers)) == before


async def test_the_currency_stays_once_there_is_a_cart(
    client: httpx.AsyncClient, account: TestAccount, services: Services
) -> None:
    await ok(await client.post("/public/api/cart", headers=account.headers))
    answer = await client.patch(ACCOUNT, json={"currency": "EUR"}, headers=account.headers)
    assert answer.status_code == 409
    assert answer.json()["errorCode"] == "currency_in_use"
    await ok(await client.patch(ACCOUNT, json={"currency": "USD", "name": "Same"}, headers=account.headers))


async def test_prices_are_not_reinterpreted_in_a_currency_with_other_decimals(
    client: httpx.AsyncClient, account: TestAccount, services: Services
) -> None:
    async def price(tx: Tx) -> None:
        await tx.execute(
            "INSERT INTO catalog_entry (account_id, kind, id, code, body, modified_at) "
            "VALUES ($1, 'tag', $2, $2, $3, 0)",
            account.id,
            "x",
            '{"id": "x", "code": "x", "name": "x"}',
        )

    await services.database.write(price)
    assert (await client.patch(ACCOUNT, json={"currency": "JPY"}, headers=account.headers)).status_code == 409
    await ok(await client.patch(ACCOUNT, json={"currency": "EUR"}, headers=account.headers))


async def test_users_are_made_listed_and_changed(client: httpx.AsyncClient, account: TestAccount) -> None:
    body = {"email": "New@Canyon.example", "name": 7, "permissions": ["orders.read"], "alternativeId": 4711}
    made = await ok(await client.post(USERS, json=body, headers=account.headers))
    assert made["email"] == "new@canyon.example"
    assert (made["name"], made["alternativeId"]) == ("7", "4711")
    assert made["permissions"] == ["orders.read"]
    listed = await ok(await client.get(USERS, headers=account.headers))
    assert {user["id"] for user in listed} == {account.user_id, made["id"]}
    pages = [await ok(await client.get(f"{USERS}?limit=1&page={page}", headers=account.headers)) for page in range(3)]
    assert [len(page) for page in pages] == [1, 1, 0]
    change = {"alternativeId": "", "permissions": ["orders.write", "orders.read"], "password": "a long enough one"}
    changed = await ok(await client.patch(f"{USERS}/{made['id']}", json=change, headers=account.headers))
    assert changed == {**made, "alternativeId": None, "permissions": ["orders.read", "orders.write"]}
    login = {"username": "new@canyon.example", "password": "a long enough one"}
    assert (await client.post("/public/api/login", json=login)).status_code == 200


@pytest.mark.parametrize("given", [{}, {"permissions": None}, {"permissions": "settings"}])
async def test_nobody_gets_permissions_that_were_not_said(
    client: httpx.AsyncClient, account: TestAccount, given: dict[str, object]
) -> None:
    body = {"email": "a@b.c", "name": "A", **given}
    answer = await client.post(USERS, json=body, headers=account.headers)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith("permissions: ")
    assert len(await ok(await client.get(USERS, headers=account.headers))) == 1
    made = await ok(await client.post(USERS, json={**body, "permissions": []}, headers=account.headers))
    assert made["permissions"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "dana@canyon.example", "name": "D", "permissions": []}, 409, "user_exists"),
        ({"email": "DANA@canyon.example", "name": "D", "permissions": []}, 409, "user_exists"),
        ({"email": "a@b.c", "name": "A", "permissions": ["fly"]}, 400, "invalid_field"),
        ({"email": "a@b.c", "name": "A", "permissions": [], "password": "short"}, 400, "invalid_password"),
        ({"email": "a b@c", "name": "A", "permissions": []}, 400, "invalid_email"),
        ({"name": "A", "permissions": []}, 400, "missing_field"),
        ({"email": "a@b.c", "name": "A"}, 400, "missing_field"),
    ],
)
async def test_a_user_that_can_not_be_made_is_refused_and_named(
    client: httpx.AsyncClient, account: TestAccount, body: dict[str, object], status: int, code: str
) -> None:
    answer = await client.post(USERS, json=body, headers=account.headers)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert len(await ok(await client.get(USERS, headers=account.headers))) == 1


async def test_somebody_stays_who_may_change_the_settings(client: httpx.AsyncClient, account: TestAccount) -> None:
    mine = f"{USERS}/{account.user_id}"
    for change in ({"active": False}, {"permissions": []}):
        answer = await client.patch(mine, json=change, headers=account.headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (409, "last_administrator")
    other = {"email": "a@b.c", "name": "A", "permissions": list(PERMISSIONS)}
    await ok(await client.post(USERS, json=other, headers=account.headers))
    await ok(await client.patch(mine, json={"active": False}, headers=account.headers))


@pytest.mark.parametrize("user_id", ["nope", "0" * 24, "%20"])
async def test_an_unknown_user_is_a_404(client: httpx.AsyncClient, account: TestAccount, user_id: str) -> None:
    answer = await client.patch(f"{USERS}/{user_id}", json={"name": "X"}, headers=account.headers)
    assert answer.status_code == 404


async def test_another_accounts_user_is_a_404(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount
) -> None:
    other = await new_account("other")
    answer = await client.patch(f"{USERS}/{other.user_id}", json={"active": False}, headers=account.headers)
    assert answer.status_code == 404
    assert (await client.get(ACCOUNT, headers=other.headers)).status_code == 200


async def test_connections_are_made_by_the_supplier_and_seen_by_both(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount
) -> None:
    reseller, third = await new_account("reseller"), await new_account("third")
    made = await ok(await client.post(CONNECTIONS, json={"resellerId": reseller.id}, headers=account.headers))
    assert made == {
        "supplierId": account.id,
        "supplierName": "Canyon",
        "resellerId": reseller.id,
        "resellerName": "Reseller",
        "active": True,
        "supplierOrders": False,
        "createdDate": "2026-07-01T16:00:00.000Z",
        "terms": {
            "type": "commission",
            "rate": None,
            "priceCategory": "",
            "products": None,
            "channel": "",
            "billingCycle": "monthly",
            "customerAccess": "all",
            "mayWaiveFees": True,
            "holdPercent": None,
        },
    }
    for side in (account, reseller):
        assert await ok(await client.get(CONNECTIONS, headers=side.headers)) == [made]
    assert await ok(await client.get(CONNECTIONS, headers=third.headers)) == []
    cart = f"/public/api/cart?supplierId={account.id}"
    assert (await client.post(cart, headers=reseller.headers)).status_code == 200
    assert (await client.post(cart, headers=third.headers)).status_code == 404
    address = f"{CONNECTIONS}/{reseller.id}"
    assert (
        await client.patch(f"{CONNECTIONS}/{account.id}", json={"active": False}, headers=reseller.headers)
    ).status_code == 404
    closed = await ok(await client.patch(address, json={"active": False}, headers=account.headers))
    assert closed == {**made, "active": False}
    refused = await client.post(cart, headers=reseller.headers)
    assert (refused.status_code, refused.json()["errorCode"]) == (404, "supplier_not_found")
    await ok(await client.patch(address, json={"active": True}, headers=account.headers))
    assert (await client.post(cart, headers=reseller.headers)).status_code == 200


async def test_a_connection_that_can_not_be_made_is_refused(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount
) -> None:
    reseller = await new_account("reseller")

    async def connect(reseller_id: object) -> tuple[int, str]:
        answer = await client.post(CONNECTIONS, json={"resellerId": reseller_id}, headers=account.headers)
        return answer.status_code, answer.json().get("errorCode", "")

    assert await connect(account.id) == (400, "own_account")
    assert await connect("0" * 24) == (404, "reseller_not_found")
    assert await connect("nope") == (404, "reseller_not_found")
    assert await connect(reseller.id) == (200, "")
    assert await connect(reseller.id) == (409, "connection_exists")


async def test_history_tells_who_did_what_without_personal_data(
    client: httpx.AsyncClient, account: TestAccount, new_account: NewAccount, clock: ManualClock
) -> None:
    ann = {"email": "ann@lee.example", "name": "Ann Lee", "permissions": []}
    made = await ok(await client.post(USERS, json=ann, headers=account.headers))
    clock.advance(1)
    change = {"email": "ann@li.example", "permissions": ["orders.read"], "password": "a long enough one"}
    await ok(await client.patch(f"{USERS}/{made['id']}", json=change, headers=account.headers))
    answer = await client.get(f"/api/v1/audit/{made['id']}", headers=account.headers)
    events = await ok(answer)
    assert [event["action"] for event in events] == ["user.created", "user.changed"]
    assert {event["actor"] for event in events} == {account.user_id}
    assert events[1]["detail"]["values"] == {"permissions": ["orders.read"]}
    assert set(events[1]["detail"]["fields"]) == {"email", "permissions"}
    assert events[1]["detail"]["password"] is True
    assert "ann" not in answer.text.lower()
    assert "argon2" not in answer.text
    other = await new_account("other")
    assert await ok(await client.get(f"/api/v1/audit/{made['id']}", headers=other.headers)) == []
