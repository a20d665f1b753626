"""Browsers that are signed in to the desk: what opens a session, what a click costs, and all that ends it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

import pytest

from seatwright.auth import passwords, service, sessions, sign_in
from seatwright.auth.agents import UNKNOWN, short_agent
from seatwright.auth.limits import FAILURES_PER_NAME
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.networks import networks
from seatwright.auth.secrets import Keyring
from seatwright.auth.service import NewUser, UserChange
from seatwright.auth.sessions import MAX_SESSIONS, SEEN_MS, NewSession, SessionCaller, SessionContext
from seatwright.auth.sign_in import Entry
from seatwright.core.clock import MINUTE_MS, SECOND_MS, ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Forbidden, NotFound, TooMany, Unauthorized
from seatwright.http.context import Services, session_context
from seatwright.storage.engine import Database, ReadTx
from seatwright.worker.loops import Loops
from tests.conftest import START, NewAccount, TestAccount

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HERE = networks("203.0.113.5")
PASSWORD = "correct horse battery"


class Desk:
    """Signs browsers in and lets them click."""

    def __init__(self, services: Services, account: TestAccount) -> None:
        self.services, self.account = services, account
        self.context: SessionContext = session_context(services)

    @property
    def now(self) -> int:
        return self.services.clock.now()

    async def open(self, user_id: str = "", generation: int = 1) -> str:
        new = NewSession(self.account.id, user_id or self.account.user_id, generation, FIREFOX)
        return await self.services.database.write(lambda tx: sessions.open_session(tx, self.context, self.now, new))

    async def click(self, cookie: str) -> SessionCaller:
        return await self.services.database.read(lambda tx: sessions.session_caller(tx, self.context, self.now, cookie))

    async def is_over(self, cookie: str) -> bool:
        try:
            await self.click(cookie)
        except Unauthorized as error:
            return error.code == "session_over"
        return False

    async def seen(self, whose: SessionCaller) -> None:
        await self.services.database.write(lambda tx: sessions.note_seen(tx, self.now, whose))

    async def close(self, cookie: str) -> None:
        await self.services.database.write(lambda tx: sessions.close_session(tx, self.context, self.now, cookie))

    async def change(self, change: UserChange) -> None:
        who = self.account
        await self.services.database.write(
            lambda tx: service.change_user(tx, self.now, who.user_id, who.id, who.user_id, change)
        )

    async def listed(self) -> list[str]:
        who = self.account
        found = await self.services.database.read(
            lambda tx: sessions.sessions_of(tx, self.context, self.now, who.id, who.user_id)
        )
        return [each.id for each in found]

    async def events(self) -> list[str]:
        async def run(tx: ReadTx) -> list[str]:
            rows = await tx.rows("SELECT action FROM audit_event WHERE action LIKE 'session.%' ORDER BY at, id")
            return [row["action"] for row in rows]

        return await self.services.database.read(run)


@pytest.fixture
def desk(services: Services, account: TestAccount) -> Desk:
    return Desk(services, account)


async def test_a_cookie_names_its_user_and_session(desk: Desk) -> None:
    cookie = await desk.open()
    whose = await desk.click(cookie)
    assert whose.caller.user_id == desk.account.user_id
    assert whose.caller.account_id == desk.account.id
    assert whose.caller.permissions == ALL_PERMISSIONS
    assert whose.session.agent == "Firefox on Linux"
    assert (whose.session.created_at, whose.session.seen_at) == (START, START)
    assert await desk.listed() == [whose.session.id]
    assert await desk.events() == ["session.opened"]


async def test_a_click_is_one_query(desk: Desk, database: Database) -> None:
    cookie = await desk.open()
    seen: list[str] = []

    class Probe:
        def before(self, sql: str) -> None:
            seen.append(sql)

        def after(self, sql: str) -> None:
            pass

    database.probe = Probe()
    await desk.click(cookie)
    assert len([sql for sql in seen if sql.lstrip().startswith("SELECT")]) == 1


async def test_each_sign_in_makes_another_session_and_secret(desk: Desk) -> None:
    cookies = [await desk.open() for _ in range(3)]
    found = [await desk.click(cookie) for cookie in cookies]
    assert len(set(cookies)) == len({each.session.id for each in found}) == 3
    first, second = (base64.urlsafe_b64decode(cookie + "=") for cookie in cookies[:2])
    mixed = base64.urlsafe_b64encode(first[:24] + second[24:]).decode().rstrip("=")
    assert await desk.is_over(mixed), "a session with another's secret"


async def test_the_database_has_nothing_that_opens_a_session(desk: Desk, database: Database) -> None:
    cookie = await desk.open()

    async def everything(tx: ReadTx) -> str:
        rows = await tx.rows("SELECT * FROM desk_session")
        return repr([tuple(row) for row in rows])

    stored, raw = await database.read(everything), base64.urlsafe_b64decode(cookie + "=")
    secret = raw[24:]
    for form in (cookie, secret.hex(), base64.urlsafe_b64encode(secret).decode().rstrip("=")):
        assert form not in stored


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cookie: "",
        lambda cookie: "x",
        lambda cookie: "é" * 75,
        lambda cookie: cookie + "=",
        lambda cookie: cookie + "A",
        lambda cookie: cookie[:-1],
        lambda cookie: cookie[:-4] + "AAAA",
        lambda cookie: " " + cookie,
        lambda cookie: cookie.swapcase(),
        lambda cookie: "A" * 75,
        lambda cookie: "A" * 5_000,
    ],
)
async def test_another_value_opens_nothing(desk: Desk, spoil: Callable[[str], str]) -> None:
    assert await desk.is_over(spoil(await desk.open()))


async def test_another_servers_keys_open_nothing(desk: Desk) -> None:
    cookie = await desk.open()
    other = Desk(desk.services, desk.account)
    other.context = SessionContext(Keyring.from_secret("x" * 32), other.context.idle_ms, other.context.lifetime_ms)
    assert await other.is_over(cookie)


async def test_an_unused_session_ends(desk: Desk, clock: ManualClock) -> None:
    cookie = await desk.open()
    clock.advance(desk.context.idle_ms - 1)
    assert not await desk.is_over(cookie)
    clock.advance(1)
    assert await desk.is_over(cookie)
    assert await desk.listed() == []


async def test_a_used_session_lasts_until_its_latest_end(desk: Desk, clock: ManualClock) -> None:
    cookie = await desk.open()
    step = desk.context.idle_ms - SEEN_MS
    while clock.now() + step < START + desk.context.lifetime_ms:
        clock.advance(step)
        await desk.seen(await desk.click(cookie))
    clock.set(START + desk.context.lifetime_ms - 1)
    assert not await desk.is_over(cookie)
    clock.advance(1)
    assert await desk.is_over(cookie)


async def test_clicks_are_noted_once_a_minute(desk: Desk, clock: ManualClock) -> None:
    cookie = await desk.open()
    clock.advance(SEEN_MS - 1)
    whose = await desk.click(cookie)
    assert not whose.is_stale(clock.now())
    await desk.seen(whose)
    assert (await desk.click(cookie)).session.seen_at == START
    clock.advance(1)
    assert (await desk.click(cookie)).is_stale(clock.now())
    await desk.seen(whose)
    assert (await desk.click(cookie)).session.seen_at == START + SEEN_MS
    clock.set(START)  # set back: what is stored stays
    await desk.seen(whose)
    assert (await desk.click(cookie)).session.seen_at == START + SEEN_MS


@pytest.mark.parametrize("change", [UserChange(active=False), UserChange(password_hash="another")])
async def test_the_next_click_ends_after(desk: Desk, services: Services, change: UserChange) -> None:
    """A user who is deactivated, or has a new password, is out of every browser."""
    second = NewUser(email="bo@canyon.example", name="Bo", permissions=ALL_PERMISSIONS)
    await services.database.write(lambda tx: service.create_user(tx, START, "system", desk.account.id, second))
    cookie = await desk.open()
    await desk.change(change)
    assert await desk.is_over(cookie)
    assert await desk.listed() == []
    await desk.change(UserChange(active=True))
    assert await desk.is_over(cookie), "and stays out"


async def test_a_password_that_changes_between_its_check_and_the_session_opens_nothing(desk: Desk) -> None:
    generation = 1
    await desk.change(UserChange(password_hash="another"))
    assert await desk.is_over(await desk.open(generation=generation))
    assert not await desk.is_over(await desk.open(generation=generation + 1))


async def test_a_change_of_permissions_counts_at_the_next_click(desk: Desk, services: Services) -> None:
    made = NewUser(email="bo@canyon.example", name="Bo", permissions=frozenset({"orders.read"}))
    user = await services.database.write(lambda tx: service.create_user(tx, START, "system", desk.account.id, made))
    cookie = await desk.open(user.id)
    less = UserChange(permissions=frozenset())
    await services.database.write(lambda tx: service.change_user(tx, START, "system", desk.account.id, user.id, less))
    caller = (await desk.click(cookie)).caller
    with pytest.raises(Forbidden):
        caller.require("orders.read")


async def test_signing_out(desk: Desk) -> None:
    mine, other = await desk.open(), await desk.open()
    await desk.close(mine)
    assert await desk.is_over(mine)
    assert not await desk.is_over(other)
    await desk.close(mine)
    await desk.close("nonsense")
    assert await desk.events() == ["session.opened", "session.opened", "session.ended"]


async def test_ending_one_or_all_others(desk: Desk, new_account: NewAccount) -> None:
    cookies = [await desk.open() for _ in range(4)]
    ids = [(await desk.click(cookie)).session.id for cookie in cookies]
    database, who = desk.services.database, desk.account

    async def end(account_id: str, user_id: str, session_id: str) -> None:
        await database.write(
            lambda tx: sessions.end_session(tx, desk.context, desk.now, who.user_id, account_id, user_id, session_id)
        )

    stranger = await new_account("stranger")
    for account_id, user_id, session_id in (
        (stranger.id, stranger.user_id, ids[0]),
        (stranger.id, who.user_id, ids[0]),
        (who.id, stranger.user_id, ids[0]),
        (who.id, "x", ids[0]),
        (who.id, who.user_id, "x"),
    ):
        with pytest.raises(NotFound):
            await end(account_id, user_id, session_id)
    await end(who.id, who.user_id, ids[0])
    with pytest.raises(NotFound):
        await end(who.id, who.user_id, ids[0])
    assert await desk.is_over(cookies[0])
    ended = await database.write(
        lambda tx: sessions.end_sessions(tx, desk.now, who.user_id, who.id, who.user_id, keep=ids[2])
    )
    assert ended == 2
    assert await desk.listed() == [ids[2]]
    assert not await desk.is_over(cookies[2])


async def test_the_oldest_gives_way(desk: Desk, clock: ManualClock) -> None:
    cookies = []
    for _ in range(MAX_SESSIONS + 2):
        cookies.append(await desk.open())
        clock.advance(SECOND_MS)
    assert [await desk.is_over(cookie) for cookie in cookies] == [True, True] + [False] * MAX_SESSIONS
    assert len(await desk.listed()) == MAX_SESSIONS


async def test_sessions_that_are_over_are_forgotten(desk: Desk, clock: ManualClock, settings: Settings) -> None:
    await desk.open()
    clock.advance(MINUTE_MS)
    young = await desk.open()
    loops = Loops(desk.services.database, clock, settings)
    clock.set(START + desk.context.lifetime_ms)
    assert await loops.forget_sessions() == 0
    clock.advance(1)
    assert await loops.forget_sessions() == 1

    async def left(tx: ReadTx) -> list[int]:
        return [row["created_at"] for row in await tx.rows("SELECT created_at FROM desk_session")]

    assert await desk.services.database.read(left) == [START + MINUTE_MS]
    assert await desk.is_over(young), "because nobody has used it"


async def test_forms_belong_to_a_session(desk: Desk) -> None:
    keyring, mine, other = desk.services.keyring, await desk.open(), await desk.open()
    token = sessions.csrf_token(keyring, mine)
    sessions.check_csrf(keyring, mine, token)
    assert token not in mine
    visitor = sessions.new_visitor()
    sessions.check_csrf(keyring, visitor, sessions.csrf_token(keyring, visitor))
    assert await desk.is_over(visitor)
    bad = ["", "x", "é", mine, token[:-1], sessions.csrf_token(keyring, other), sessions.csrf_token(keyring, visitor)]
    for given in bad:
        with pytest.raises(Forbidden):
            sessions.check_csrf(keyring, mine, given)


class Person:
    """Signs in with a name and a password."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def user(self, account: TestAccount, email: str, password: str) -> str:
        now = self.services.clock.now()
        new = NewUser(
            email=email,
            name="Bo",
            permissions=ALL_PERMISSIONS,
            password_hash=await passwords.hash_password(password),
        )
        user = await self.services.database.write(
            lambda tx: service.create_user(tx, now, service.SYSTEM, account.id, new)
        )
        return user.id

    async def try_password(self, password: str, email: str = "bo@x.example") -> list[Entry]:
        parts = self.services
        return await sign_in.check_password(parts.database, parts.limits, parts.clock.now(), email, password, HERE)


@pytest.fixture
def person(services: Services, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Passwords are compared as they are: what is tested is whose they are."""

    async def hashed(password: str) -> str:
        return password

    monkeypatch.setattr(passwords, "hash_password", hashed)
    monkeypatch.setattr(passwords, "_verify", lambda stored, given: stored == given)
    return Person(services)


async def test_one_name_in_several_accounts(person: Person, new_account: NewAccount) -> None:
    first, second, third = [await new_account(code) for code in ("first", "second", "third")]
    mine = [await person.user(each, "bo@x.example", PASSWORD) for each in (first, second)]
    other = await person.user(third, "bo@x.example", "another horse battery")
    entries = await person.try_password(PASSWORD, " Bo@X.example ")
    assert sorted(entries, key=lambda each: mine.index(each.user_id)) == [
        Entry(first.id, mine[0], 1),
        Entry(second.id, mine[1], 1),
    ]
    assert await person.try_password("another horse battery") == [Entry(third.id, other, 1)]


async def test_a_wrong_password_says_always_the_same_and_is_limited(person: Person, account: TestAccount) -> None:
    await person.user(account, "bo@x.example", PASSWORD)
    said = set()
    for email in ("bo@x.example", "nobody@x.example"):
        for _ in range(FAILURES_PER_NAME):
            with pytest.raises(Unauthorized) as error:
                await person.try_password("wrong", email)
            said.add((error.value.code, error.value.message))
        with pytest.raises(TooMany):
            await person.try_password(PASSWORD, email)
    assert len(said) == 1


async def test_the_password_queue_is_shared_with_login(person: Person, account: TestAccount) -> None:
    await person.user(account, "bo@x.example", PASSWORD)
    parts = person.services

    async def login() -> str:
        with parts.limits.sign_in("password", "bo@x.example", HERE, parts.clock.now()):
            origin = sign_in.Origin(HERE)
            return await service.login(
                parts.database, parts.keyring, parts.clock.now(), 60, "bo@x.example", "wrong", origin
            )

    for _ in range(FAILURES_PER_NAME):
        with pytest.raises(Unauthorized):
            await login()
    with pytest.raises(TooMany):
        await person.try_password(PASSWORD)


async def test_a_ticket_keeps_the_choice_for_ten_minutes(services: Services, clock: ManualClock) -> None:
    entries = [Entry("a" * 24, "b" * 24, 1), Entry("c" * 24, "d" * 24, 7)]
    ticket = sign_in.issue_ticket(services.keyring, clock.now(), entries)
    clock.advance(sign_in.TICKET_S * SECOND_MS - 1)
    assert sign_in.entries_of(services.keyring, clock.now(), ticket) == entries
    for bad in ("", "x", "é", ticket + "x", ticket.swapcase(), "a.b.c"):
        with pytest.raises(Unauthorized):
            sign_in.entries_of(services.keyring, clock.now(), bad)
    with pytest.raises(Unauthorized):
        sign_in.entries_of(Keyring.from_secret("x" * 32), clock.now(), ticket)
    clock.advance(1)
    with pytest.raises(Unauthorized):
        sign_in.entries_of(services.keyring, clock.now(), ticket)


async def test_sessions_are_opened_at_once_from_many_browsers(desk: Desk) -> None:
    cookies = await asyncio.gather(*(desk.open() for _ in range(10)))
    assert len(set(cookies)) == 10
    assert not any([await desk.is_over(cookie) for cookie in cookies])


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
            "Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on an iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
            "Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", UNKNOWN),
        ("", UNKNOWN),
        ("<script>alert(1)</script>" * 1_000, UNKNOWN),
    ],
)
def test_browsers_in_a_few_words(header: str, name: str) -> None:
    assert short_agent(header) == name
