"""Invitations, forgotten passwords, one's own profile, users and the audit log, as pages."""

from __future__ import annotations

import re

import httpx
import pyotp
import pytest

from seatwright.auth import passwords
from seatwright.auth import service as auth
from seatwright.auth.limits import MAILS_PER_NAME
from seatwright.auth.model import User
from seatwright.auth.service import NewUser
from seatwright.core.clock import ManualClock
from seatwright.http.context import messenger
from seatwright.messages import staff
from seatwright.notifications import deliveries
from seatwright.notifications.mail import message as mail
from tests.desk import Desk
from tests.frontdesk.visitor import PASSWORD, Visitor, cookie_of, signed_in, text_of

BO = "bo@canyon.example"
ANOTHER = "another-river-2026"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are compared as they are: what is tested is what the pages do with them."""

    async def hashed(password: str, *_: object) -> str:
        return password

    monkeypatch.setattr(passwords, "hash_password", hashed)
    monkeypatch.setattr(passwords, "_verify", lambda stored, given: stored == given)


async def made(desk: Desk, role: str = "owner", email: str = BO) -> User:
    """Make a user with a password."""
    parts, now = desk.services, desk.services.clock.now()
    new = NewUser(email=email, name="Bo Diaz", role=auth.check_role(role), password_hash=PASSWORD)
    return await parts.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, desk.shop.account_id, new))


async def inside(desk: Desk, role: str = "owner", email: str = BO) -> Visitor:
    """Return somebody with a role who is signed in."""
    user = await made(desk, role, email)
    return await signed_in(desk.client, desk.services, desk.shop.account_id, user.id)


async def door(desk: Desk, path: str) -> tuple[Visitor, httpx.Response]:
    """Return a browser that isn't signed in, with the first page that it opens."""
    page = await Visitor(desk.client, desk.services).get(path)
    return Visitor(desk.client, desk.services, cookie_of(page)), page


async def link(desk: Desk, kind: str) -> str:
    """Return the path of the newest link that was mailed."""
    parts, account_id = desk.services, desk.shop.account_id
    await staff.answer_resets(messenger(parts))
    found = await parts.database.read(lambda tx: deliveries.page(tx, account_id, limit=50, page=0))
    newest = next(each for each in found if each.kind == kind)
    match = re.search(r"/desk(/\w+/\S+)", mail.decode(newest.content).text)
    assert match is not None
    return match[1]


async def enters(desk: Desk, email: str, password: str) -> httpx.Response:
    """Sign in."""
    who, _ = await door(desk, "/sign-in")
    return await who.post("/sign-in", {"email": email, "password": password})


async def test_an_invitation_from_the_form_to_the_first_page(desk: Desk) -> None:
    manager = await inside(desk, "manager")
    answer = await manager.post("/users/invite", {"email": "al@canyon.example", "role": "guide"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/users?done=invited")
    assert "al@canyon.example" in text_of(await manager.get("/users"))
    path = await link(desk, "invitation")
    guest, page = await door(desk, path)
    assert page.status_code == 200
    assert "You sign in as al@canyon.example" in text_of(page)
    for fields, said in (
        ({"name": "Al", "password": "short"}, "10 to 200 characters"),
        ({"name": "", "password": PASSWORD}, "1 to 200 characters"),
    ):
        refused = await guest.post(path, fields)
        assert (refused.status_code, cookie_of(refused) in ("", guest.cookie)) == (400, True)
        assert said in text_of(refused)
        assert PASSWORD not in refused.text
    assert (await guest.post(path, {"name": "Al", "password": PASSWORD}, csrf="x")).status_code == 403
    entered = await guest.post(path, {"name": "Al Gore", "password": PASSWORD})
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk/today")
    al = Visitor(desk.client, desk.services, cookie_of(entered))
    assert al.cookie != guest.cookie
    assert (await al.get("/today")).status_code == 200
    assert (await al.get("/users")).status_code == 403
    assert (await guest.get(path)).status_code == 404
    assert (await guest.post(path, {"name": "Al", "password": PASSWORD})).status_code == 404
    assert (await enters(desk, "al@canyon.example", PASSWORD)).status_code == 303


async def test_inviting_says_what_is_wrong_and_keeps_what_was_typed(desk: Desk) -> None:
    manager = await inside(desk, "manager")
    for fields, status in (
        ({"email": "nobody", "role": "guide"}, 400),
        ({"email": BO, "role": "guide"}, 409),
        ({"email": "x@y.example", "role": "captain"}, 400),
        ({"email": "x@y.example", "role": "owner"}, 403),
    ):
        answer = await manager.post("/users/invite", fields)
        assert answer.status_code == status, fields
        assert f'value="{fields["email"]}"' in answer.text
        assert 'role="alert"' in answer.text
    assert 'value="owner"' not in (await manager.get("/users")).text


async def test_a_forgotten_password(desk: Desk) -> None:
    boss = await inside(desk)
    who, page = await door(desk, "/reset")
    assert page.status_code == 200
    answers = [text_of(await who.post("/reset", {"email": email})) for email in (BO, "nobody@canyon.example")]
    assert answers[0].replace(BO, "X") == answers[1].replace("nobody@canyon.example", "X")
    assert (await who.post("/reset", {"email": "nobody"})).status_code == 400
    path = await link(desk, "password_reset")
    assert (await who.get(path)).status_code == 200
    assert (await who.post(path, {"password": "short"})).status_code == 400
    answer = await who.post(path, {"password": ANOTHER})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in?changed=1")
    assert cookie_of(answer) == "", "whoever has the link still has to sign in"
    assert (await boss.get("/today")).status_code == 303
    assert (await who.post(path, {"password": ANOTHER})).status_code == 404
    assert (await enters(desk, BO, PASSWORD)).status_code == 401
    assert (await enters(desk, BO, ANOTHER)).status_code == 303


async def test_asking_for_mails_is_throttled(desk: Desk) -> None:
    who, _ = await door(desk, "/reset")
    found = [(await who.post("/reset", {"email": BO})).status_code for _ in range(MAILS_PER_NAME + 1)]
    assert found == [200] * MAILS_PER_NAME + [429]


async def test_links_that_are_none_are_throttled(desk: Desk) -> None:
    who, _ = await door(desk, "/sign-in")
    for path in ("/invitation", "/reset"):
        assert (await who.get(f"{path}/{'A' * 75}")).status_code == 404
    found = {(await who.get(f"/reset/{number}")).status_code for number in range(110)}
    assert found == {404, 429}


async def test_ones_own_name_and_password(desk: Desk) -> None:
    here = await inside(desk, "guide")
    elsewhere = Visitor(desk.client, desk.services, cookie_of(await enters(desk, BO, PASSWORD)))
    assert (await elsewhere.get("/profile")).status_code == 200
    assert (await here.post("/profile/name", {"name": "Bob"})).status_code == 303
    assert "Bob" in (await here.get("/profile")).text
    assert (await here.post("/profile/name", {"name": " "})).status_code == 400
    for fields, status in (
        ({"current": "wrong", "password": ANOTHER}, 400),
        ({"current": PASSWORD, "password": "short"}, 400),
    ):
        assert (await here.post("/profile/password", fields)).status_code == status
    answer = await here.post("/profile/password", {"current": PASSWORD, "password": ANOTHER})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/profile?done=password")
    again = Visitor(desk.client, desk.services, cookie_of(answer))
    assert again.cookie not in ("", here.cookie)
    assert (await again.get("/profile")).status_code == 200
    for other in (here, elsewhere):
        assert (await other.get("/profile")).status_code == 303
    assert (await enters(desk, BO, ANOTHER)).status_code == 303


async def test_guessing_the_password_at_an_open_desk_is_stopped(desk: Desk) -> None:
    here = await inside(desk)
    tried = [
        (await here.post("/profile/password", {"current": f"wrong {i}", "password": ANOTHER})).status_code
        for i in range(12)
    ]
    assert (tried[0], tried[-1]) == (400, 429)


async def test_where_one_is_signed_in(desk: Desk) -> None:
    here = await inside(desk, "guide")
    phone_door, _ = await door(desk, "/sign-in")
    fields = {"email": BO, "password": PASSWORD}
    phone = Visitor(desk.client, desk.services, cookie_of(await phone_door.post("/sign-in", fields, user_agent=IPHONE)))
    page = await here.get("/profile")
    assert "Safari on an iPhone" in text_of(page)
    assert "This browser" in text_of(page)
    session = re.search(r'name="session" value="(\w+)"', page.text)
    assert session is not None
    stranger = await inside(desk, "guide", "max@canyon.example")
    assert (await stranger.post("/profile/sessions", {"session": session[1]})).status_code == 404
    assert (await phone.get("/profile")).status_code == 200
    assert (await here.post("/profile/sessions", {"session": session[1]})).status_code == 303
    assert (await phone.get("/profile")).status_code == 303
    others = [Visitor(desk.client, desk.services, cookie_of(await enters(desk, BO, PASSWORD))) for _ in range(2)]
    assert (await here.post("/profile/sessions")).status_code == 303
    assert [(await each.get("/profile")).status_code for each in (here, *others)] == [200, 303, 303]


async def test_the_second_step_from_the_profile(desk: Desk, clock: ManualClock) -> None:
    here = await inside(desk, "guide")
    assert (await here.post("/profile/second-step", {"do": "begin", "current": "wrong"})).status_code == 400
    assert (await here.post("/profile/second-step", {"do": "confirm", "code": "1"})).status_code == 409
    assert (await here.post("/profile/second-step", {"do": "begin", "current": PASSWORD})).status_code == 303
    page = await here.get("/profile")
    key = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page.text)
    assert key is not None
    assert 'src="data:image/svg+xml' in page.text
    app = pyotp.TOTP(key[1].replace(" ", ""))
    step = clock.now() // 30_000
    assert (await here.post("/profile/second-step", {"do": "confirm", "code": "000000"})).status_code == 400
    on = await here.post("/profile/second-step", {"do": "confirm", "code": app.generate_otp(step - 1)})
    codes = re.findall(r"<li><code>([\w-]+)</code>", on.text)
    assert (on.status_code, len(codes)) == (200, 10)
    later = await here.get("/profile")
    assert not [secret for secret in (key[1], *codes) if secret in later.text], "shown this once"
    asked = await enters(desk, BO, PASSWORD)
    assert (asked.status_code, cookie_of(asked)) == (200, "")
    for fields, status in (
        ({"do": "off", "code": "000000"}, 400),
        ({"do": "codes", "code": codes[0]}, 200),
        ({"do": "off", "code": codes[1]}, 400),
        ({"do": "off", "code": app.generate_otp(step)}, 303),
    ):
        assert (await here.post("/profile/second-step", fields)).status_code == status, fields
    assert (await enters(desk, BO, PASSWORD)).status_code == 303


async def test_a_user_is_changed_and_shut_out(desk: Desk) -> None:
    boss = await inside(desk)
    user = await made(desk, "guide", "al@canyon.example")
    al = await signed_in(desk.client, desk.services, desk.shop.account_id, user.id)
    path = f"/users/{user.id}"
    assert "al@canyon.example" in text_of(await boss.get(path))
    fields = {"do": "changed", "name": "Albert", "email": "albert@canyon.example", "role": "front_desk"}
    assert (await boss.post(path, fields)).headers["location"] == f"/desk{path}?done=changed"
    assert (await al.get("/new")).status_code == 200, "at the next click"
    taken = await boss.post(path, fields | {"email": BO})
    assert (taken.status_code, 'role="alert"' in taken.text) == (409, True)
    assert (await boss.post(path, {"do": "ended"})).status_code == 303
    assert (await al.get("/more")).status_code == 303
    al = Visitor(desk.client, desk.services, cookie_of(await enters(desk, "albert@canyon.example", PASSWORD)))
    assert (await al.get("/more")).status_code == 200
    assert (await boss.post(path, {"do": "off"})).status_code == 303
    assert (await al.get("/more")).headers["location"].startswith("/desk/sign-in")
    assert (await enters(desk, "albert@canyon.example", PASSWORD)).status_code == 401
    assert (await boss.post(path, {"do": "on"})).status_code == 303
    assert (await enters(desk, "albert@canyon.example", PASSWORD)).status_code == 303
    assert (await boss.get(f"/users/{'0' * 24}")).status_code == 404


async def test_a_manager_changes_no_owner(desk: Desk) -> None:
    owner = await made(desk, "owner", "owner@canyon.example")
    manager = await inside(desk, "manager")
    path = f"/users/{owner.id}"
    assert "only an owner can change that" in text_of(await manager.get(path))
    for fields in (
        {"do": "off"},
        {"do": "ended"},
        {"do": "factor"},
        {"do": "changed", "name": "X", "email": "x@y.example", "role": ""},
    ):
        answer = await manager.post(path, fields)
        assert (answer.status_code, 'role="alert"' in answer.text) == (403, True), fields


async def test_the_audit_log_is_filtered_and_paged(desk: Desk) -> None:
    boss = await inside(desk)
    for number in range(60):
        assert (await boss.post("/profile/name", {"name": f"Bo {number}"})).status_code == 303
    page = await boss.get("/audit?action=user.changed")
    assert page.text.count("User: changed") == 50
    older = re.search(r'href="/desk(/audit\?[^"]*before=[^"]*)"', page.text)
    assert older is not None
    rest = await boss.get(older[1].replace("&amp;", "&"))
    assert rest.text.count("User: changed") == 10
    assert "Nothing was done then" in text_of(await boss.get("/audit?from=2020-01-01"))
    bad = await boss.get("/audit?to=2026-07-01")
    assert (bad.status_code, 'role="alert"' in bad.text) == (400, True)
    assert "Order: created" not in (await boss.get("/audit?actor=system")).text
