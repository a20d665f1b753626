"""Signing in and out: the cookie, where it leads, who is kept out."""

from __future__ import annotations

import httpx
import pyotp
import pytest

from seatwright.auth import second_factor
from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS, Caller
from seatwright.auth.passwords import hash_password
from seatwright.auth.service import NewUser, UserChange
from seatwright.http.context import Services
from tests.desk import Desk, open_desk
from tests.frontdesk.visitor import PASSWORD, Visitor, cookie_of, text_of

EMAIL = "maya@canyon.example"


async def maya(desk: Desk, email: str = EMAIL) -> str:
    """Make a user with a password; return the id."""
    new = NewUser(
        email=email, name="Maya Reyes", permissions=ALL_PERMISSIONS, password_hash=await hash_password(PASSWORD)
    )
    now = desk.services.clock.now()
    write = desk.services.database.write
    return (await write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, desk.shop.account_id, new))).id


async def at_the_door(client: httpx.AsyncClient, services: Services) -> Visitor:
    """Return a browser that has opened the page of the sign-in."""
    page = await Visitor(client, services).get("/sign-in")
    assert page.status_code == 200
    return Visitor(client, services, cookie_of(page))


async def sign_in(who: Visitor, **fields: str) -> httpx.Response:
    """Send the form of the sign-in."""
    return await who.post("/sign-in", {"email": EMAIL, "password": PASSWORD} | fields)


async def test_a_password_opens_the_desk(desk: Desk) -> None:
    await maya(desk)
    door = await at_the_door(desk.client, desk.services)
    answer = await sign_in(door)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/today")
    attributes = answer.headers["set-cookie"].lower()
    assert attributes.startswith("__host-desk=")
    for attribute in ("secure", "httponly", "samesite=lax", "path=/"):
        assert attribute in attributes
    assert "domain" not in attributes
    assert "Maya Reyes" in (await Visitor(desk.client, desk.services, cookie_of(answer)).get("/today")).text


async def test_what_a_browser_had_before_opens_nothing_afterwards(desk: Desk) -> None:
    """No fixation: a value that somebody planted is not the session's, and the session before is over."""
    await maya(desk)
    door = await at_the_door(desk.client, desk.services)
    first = Visitor(desk.client, desk.services, cookie_of(await sign_in(door)))
    assert first.cookie != door.cookie
    assert (await door.get("/today")).status_code == 303
    second = Visitor(desk.client, desk.services, cookie_of(await sign_in(first)))
    assert second.cookie != first.cookie
    assert (await first.get("/today")).status_code == 303
    assert (await second.get("/today")).status_code == 200


async def test_a_wrong_password_says_so_and_keeps_the_name(desk: Desk) -> None:
    await maya(desk)
    door = await at_the_door(desk.client, desk.services)
    answer = await sign_in(door, password="hunter-two")
    assert answer.status_code == 401
    assert f'value="{EMAIL}"' in answer.text
    assert "hunter-two" not in answer.text
    assert 'role="alert"' in answer.text


async def test_too_many_wrong_passwords_wait(desk: Desk) -> None:
    await maya(desk)
    door = await at_the_door(desk.client, desk.services)
    answers = [(await sign_in(door, password="hunter-two")).status_code for _ in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 429


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/calendar?view=week&day=2026-07-14", "/desk/calendar?view=week&day=2026-07-14"),
        ("//evil.example", "/desk/today"),
        ("https://evil.example", "/desk/today"),
        ("/\\evil.example", "/desk/today"),
        ("/today\r\nSet-Cookie: a=b", "/desk/today"),
        ("", "/desk/today"),
    ],
)
async def test_the_way_leads_back_to_the_desk_and_nowhere_else(desk: Desk, wanted: str, leads: str) -> None:
    await maya(desk)
    answer = await sign_in(await at_the_door(desk.client, desk.services), next=wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, leads)


async def test_a_page_without_a_session_is_shown_after_the_sign_in(desk: Desk) -> None:
    await maya(desk)
    nobody = Visitor(desk.client, desk.services)
    answer = await nobody.get("/calendar?view=week")
    assert answer.headers["location"] == "/desk/sign-in?next=%2Fcalendar%3Fview%3Dweek"
    page = await desk.client.get(answer.headers["location"])
    assert 'name="next" value="/calendar?view=week"' in page.text


async def test_one_e_mail_may_be_of_several_accounts(desk: Desk, client: httpx.AsyncClient, services: Services) -> None:
    mesa = await open_desk(client, services, "mesa")
    await maya(desk)
    await maya(mesa)
    door = await at_the_door(client, services)
    choice = await sign_in(door)
    assert choice.status_code == 200
    assert "For which business?" in text_of(choice)
    ticket = choice.text.partition('name="ticket" value="')[2].partition('"')[0]
    answer = await door.post("/sign-in/account", {"ticket": ticket, "account": mesa.shop.account_id})
    assert answer.status_code == 303
    inside = Visitor(client, services, cookie_of(answer))
    other = await door.post("/sign-in/account", {"ticket": ticket + "x", "account": mesa.shop.account_id})
    assert other.status_code == 401
    stranger = await open_desk(client, services, "butte")
    refused = await door.post("/sign-in/account", {"ticket": ticket, "account": stranger.shop.account_id})
    assert (refused.status_code, cookie_of(refused)) == (200, ""), "asked again"
    assert (await inside.get("/today")).status_code == 200


async def test_a_deactivated_users_next_click_ends_at_the_sign_in(desk: Desk) -> None:
    user_id = await maya(desk)
    door = await at_the_door(desk.client, desk.services)
    inside = Visitor(desk.client, desk.services, cookie_of(await sign_in(door)))
    assert (await inside.get("/today")).status_code == 200
    now, account_id = desk.services.clock.now(), desk.shop.account_id
    change = UserChange(active=False)
    await desk.services.database.write(lambda tx: auth.change_user(tx, now, auth.SYSTEM, account_id, user_id, change))
    answer = await inside.get("/today")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in?next=%2Ftoday&over=1")
    assert (await sign_in(door)).status_code == 401


async def test_signing_out_ends_the_session(desk: Desk, dana: Visitor) -> None:
    answer = await dana.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")
    assert cookie_of(answer) == ""
    assert (await dana.get("/today")).status_code == 303


async def test_a_second_step_is_asked_for_and_stands_between(desk: Desk) -> None:
    """Neither the password nor its ticket opens anything without the code, and a code opens it once."""
    user_id = await maya(desk)
    parts, now, account_id = desk.services, desk.services.clock.now(), desk.shop.account_id
    who = Caller(account_id=account_id, user_id=user_id, name="", email=EMAIL, permissions=frozenset())
    setup = await parts.database.write(lambda tx: second_factor.begin(tx, parts.keyring, now, who, "Canyon"))
    app = pyotp.TOTP(setup.secret)
    step = now // 30_000
    early = app.generate_otp(step - 1)
    await parts.database.write(lambda tx: second_factor.confirm(tx, parts.keyring, now, who, early))
    door = await at_the_door(desk.client, parts)
    asked = await sign_in(door, next="/calendar")
    assert (asked.status_code, cookie_of(asked)) == (200, "")
    assert "Your code" in text_of(asked)
    ticket = asked.text.partition('name="ticket" value="')[2].partition('"')[0]
    fields = {"ticket": ticket, "next": "/calendar"}
    for code, status in (("", 200), ("000000", 401), (early, 401)):
        answer = await door.post("/sign-in/code", fields | {"code": code})
        assert (answer.status_code, cookie_of(answer)) == (status, "")
    assert (await door.post("/sign-in/account", fields | {"account": account_id})).status_code == 200
    answer = await door.post("/sign-in/code", fields | {"code": app.generate_otp(step)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/calendar")
    assert (await Visitor(desk.client, parts, cookie_of(answer)).get("/today")).status_code == 200
    again = await door.post("/sign-in/code", fields | {"code": app.generate_otp(step)})
    assert (again.status_code, cookie_of(again)) == (401, "")
    spoilt = await door.post("/sign-in/code", fields | {"ticket": ticket[:-2], "code": app.generate_otp(step + 1)})
    assert (spoilt.status_code, "Sign in" in text_of(spoilt)) == (401, True)
    waits = [(await door.post("/sign-in/code", fields | {"code": "000000"})).status_code for _ in range(7)]
    assert waits[0] == 401
    assert waits[-1] == 429


async def test_who_sees_no_departures_begins_elsewhere(desk: Desk) -> None:
    new = NewUser(email=EMAIL, name="Al", role="accountant", password_hash=await hash_password(PASSWORD))
    now = desk.services.clock.now()
    await desk.services.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, desk.shop.account_id, new))
    answer = await sign_in(await at_the_door(desk.client, desk.services))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/more")
    inside = Visitor(desk.client, desk.services, cookie_of(answer))
    assert (await inside.get("/more")).status_code == 200
