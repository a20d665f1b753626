"""Roles and single permissions: what they amount to, and that nobody gives more than they have."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from seatwright.auth import service, users
from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS, ROLES
from seatwright.auth.roles import IMPLIED, ROLE_PERMISSIONS, expanded
from seatwright.auth.service import NewUser, UserChange
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict, SeatwrightError
from seatwright.http.context import Services
from seatwright.storage.engine import Database
from tests.conftest import TestAccount
from tests.security.world import Side, open_side, word

USERS = "/api/v1/users"


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


async def made(side: Side, **more: Any) -> dict[str, Any]:
    """Make a user, and return what is answered."""
    body = {"email": f"{more.pop('who', 'bo')}@{word(side.code)}.example", "name": "Bo", **more}
    answer: dict[str, Any] = await side.data("POST", USERS, body)
    return answer


def test_expansion_is_closed_and_knows_its_words() -> None:
    for role in ROLES:
        assert expanded([role]) == ROLE_PERMISSIONS[role] <= ALL_PERMISSIONS
    for wide, narrow in IMPLIED.items():
        assert wide in ALL_PERMISSIONS
        assert narrow <= ALL_PERMISSIONS
        assert expanded([wide]) == {wide, *narrow}
        assert not narrow & IMPLIED.keys(), "one step is enough"
    assert expanded(PERMISSIONS) == ALL_PERMISSIONS == ROLE_PERMISSIONS["owner"]
    assert expanded([]) == frozenset()


async def test_a_user_has_a_role_or_single_permissions(side: Side) -> None:
    guide = await made(side, role="guide")
    assert guide["role"] == "guide"
    assert guide["permissions"] == ["departures.read", "manifests.read", "checkin.write"]
    path = f"{USERS}/{guide['id']}"
    single = await side.data("PATCH", path, {"permissions": ["orders.read"]})
    assert (single["role"], single["permissions"]) == (None, ["orders.read"]), "as they were given"
    back = await side.data("PATCH", path, {"role": "guide"})
    assert back == guide
    assert await side.data("PATCH", path, {"name": "Bob"}) == guide | {"name": "Bob"}
    again = await side.data("PATCH", path, {"role": "guide", "permissions": guide["permissions"]})
    assert again["role"] == "guide", "what was read may be sent back"
    history = await side.data("GET", f"/api/v1/audit/{guide['id']}")
    assert history[0]["detail"] == {"role": "guide", "permissions": []}
    assert history[1]["detail"]["values"] == {"role": None, "permissions": ["orders.read"]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "permissions: is missing; give it, or a role."),
        ({"role": None, "permissions": None}, "permissions: is missing; give it, or a role."),
        ({"role": "guide", "permissions": ["orders.read"]}, "permissions: give a role or permissions, not both."),
        ({"role": "captain"}, "role: "),
        ({"permissions": ["guide"]}, "permissions[0]: "),
        ({"permissions": ["fly"]}, "permissions[0]: "),
    ],
)
async def test_bad_roles_are_named(client: httpx.AsyncClient, side: Side, body: dict[str, Any], said: str) -> None:
    answer = await client.post(USERS, json={"email": "a@b.example", "name": "A", **body}, headers=side.headers)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith(said), answer.text


async def test_nobody_gives_more_than_they_have(client: httpx.AsyncClient, side: Side) -> None:
    manager = await side.user_with_role("manager")
    owner = side.user_id
    clerk = (await made(side, who="clerk", role="front_desk"))["id"]
    robot = (await made(side, who="robot", permissions=["api.integration"]))["id"]

    async def tried(method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        answer = await client.request(method, path, json=body, headers=manager)
        return answer.status_code, answer.json().get("errorCode")

    refused = (403, "owner_needed")
    for grant in ({"role": "owner"}, {"permissions": ["keys.write"]}, {"permissions": ["orders.read", "settings"]}):
        new = {"email": f"x@{word(side.code)}.example", "name": "X", **grant}
        assert await tried("POST", USERS, new) == refused
        assert await tried("PATCH", f"{USERS}/{clerk}", grant) == refused
    for user, change in (
        (owner, {"name": "Gone"}),
        (owner, {"active": False}),
        (owner, {"password": "another horse battery"}),
        (owner, {"email": "mine@x.example"}),
        (robot, {"password": "another horse battery"}),
    ):
        assert await tried("PATCH", f"{USERS}/{user}", change) == refused
    for good in ({"role": "manager"}, {"role": "guide"}, {"permissions": ["users.write"]}, {"active": False}):
        assert (await tried("PATCH", f"{USERS}/{clerk}", good))[0] == 200
    desk = await side.user_with_role("front_desk")
    assert (await client.get(USERS, headers=desk)).status_code == 403


async def test_whoever_had_the_settings_still_gives_everything(client: httpx.AsyncClient, side: Side) -> None:
    _, headers = await side.user_with(frozenset({"settings"}))
    body = {"email": f"new@{word(side.code)}.example", "name": "X", "permissions": sorted(ALL_PERMISSIONS)}
    assert (await client.post(USERS, json=body, headers=headers)).status_code == 200


async def test_a_guide_sees_no_money_and_only_what_it_takes_to_find_the_guests(
    client: httpx.AsyncClient, side: Side
) -> None:
    order = await side.order()
    path = f"/api/v1/departures/{side.fixed['departure']}/manifest"
    whole = (await side.data("GET", path))["guests"]
    guide = await side.user_with_role("guide")
    answer = await client.get(path, headers=guide)
    assert answer.status_code == 200
    guests = answer.json()["data"]["guests"]
    assert [guest["id"] for guest in guests] == [guest["id"] for guest in whole]
    own = word(side.code)
    assert whole[0]["customer"]["email"] == f"ann@{own}.example"
    assert guests[0]["customer"] == {"firstName": own, "lastName": own, "phone": "+1 435 555 0199"}
    assert whole[0]["balance"] is not None
    assert {guest["balance"] for guest in guests} == {None}
    sheet = (await client.get(f"{path}?format=csv", headers=guide)).text
    assert f"ann@{own}.example" not in sheet
    assert (await client.get(f"/public/api/order/{order['id']}", headers=guide)).status_code == 403


async def test_a_guide_sees_the_day_without_what_is_owed(client: httpx.AsyncClient, side: Side) -> None:
    await side.order()
    guide = await side.user_with_role("guide")
    path = "/api/v1/departures?from=2026-07-14"
    whole = await side.data("GET", path)
    shown = (await client.get(path, headers=guide)).json()["data"]
    assert whole["toCollect"] is not None
    assert shown["toCollect"] is None
    assert {departure["toCollect"] for departure in shown["departures"]} == {None}
    assert [each["guests"] for each in shown["departures"]] == [each["guests"] for each in whole["departures"]]


async def test_an_accountant_reads_money_and_no_guests(client: httpx.AsyncClient, side: Side) -> None:
    order = await side.order()
    books = await side.user_with_role("accountant")
    days = "?from=2026-07-01&to=2026-07-31"
    seen = ""
    for report in ("sales", "payables", "receivables", "transactions"):
        answer = await client.get(f"/api/v1/reports/{report}{days}", headers=books)
        assert answer.status_code == 200
        seen += answer.text
    assert order["id"] in seen
    assert f"ann@{word(side.code)}.example" not in seen
    assert "555 0199" not in seen


async def test_the_last_owner_stays(client: httpx.AsyncClient, account: TestAccount) -> None:
    async def patched(user_id: str, change: dict[str, Any]) -> httpx.Response:
        return await client.patch(f"{USERS}/{user_id}", json=change, headers=account.headers)

    new = {"email": "bo@canyon.example", "name": "Bo", "role": "manager"}
    other = (await client.post(USERS, json=new, headers=account.headers)).json()["data"]["id"]
    for change in ({"active": False}, {"role": "manager"}, {"permissions": ["users.write"]}):
        answer = await patched(account.user_id, change)
        assert (answer.status_code, answer.json()["errorCode"]) == (409, "last_administrator"), change
    assert (await patched(other, {"role": "owner"})).status_code == 200
    assert (await patched(account.user_id, {"role": "manager"})).status_code == 200


async def two_owners_leave(database: Database, clock: ManualClock, account: TestAccount) -> int:
    """Let two owners, who are the only ones, deactivate each other at the same time; return how many remain."""
    second = NewUser(email="bo@canyon.example", name="Bo", role="owner")
    other = await database.write(lambda tx: service.create_user(tx, clock.now(), service.SYSTEM, account.id, second))

    async def leave(user_id: str) -> bool:
        try:
            await database.write(
                lambda tx: service.change_user(tx, clock.now(), user_id, account.id, user_id, UserChange(active=False))
            )
        except Conflict:
            return False
        return True

    left = await asyncio.gather(leave(account.user_id), leave(other.id))
    return 2 - sum(left)


async def test_two_owners_who_leave_at_once_leave_one(
    database: Database, clock: ManualClock, account: TestAccount
) -> None:
    assert await two_owners_leave(database, clock, account) == 1


@pytest.mark.parametrize("settings", ["postgres"], indirect=True)
async def test_control_without_the_lock_both_leave(
    database: Database, clock: ManualClock, account: TestAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: SQLite's writers take turns by themselves, PostgreSQL's don't."""
    both = asyncio.Barrier(2)
    others = service.store.other_owners

    async def together(tx: Any, account_id: str, user_id: str) -> bool:
        found = await others(tx, account_id, user_id)
        await asyncio.wait_for(both.wait(), 10)
        return found

    monkeypatch.setattr(service.store, "lock_account", service.store.account)
    monkeypatch.setattr(service.store, "other_owners", together)
    assert await two_owners_leave(database, clock, account) == 0


async def test_managing_users_is_checked_by_the_use_case(services: Services, account: TestAccount) -> None:
    """A page that calls it has no check of its own."""
    guide = NewUser(email="bo@canyon.example", name="Bo", role="guide")
    now = services.clock.now()
    user = await services.database.write(lambda tx: service.create_user(tx, now, service.SYSTEM, account.id, guide))
    caller = service.Caller(
        account_id=account.id, user_id=user.id, name="Bo", email=user.email, permissions=expanded(["guide"])
    )
    for attempt in (
        lambda tx: users.create(tx, now, caller, guide),
        lambda tx: users.change(tx, now, caller, user.id, UserChange(role="guide")),
    ):
        with pytest.raises(SeatwrightError) as error:
            await services.database.write(attempt)
        assert error.value.code == "permission_missing"
