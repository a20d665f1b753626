"""Invitations and forgotten passwords: who gets a mail with which link, what the link opens, and how often."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from seatwright.auth import invitations, passwords, resets, service, sessions, users
from seatwright.auth.invitation_store import Invitation
from seatwright.auth.invitations import NewInvitation
from seatwright.auth.limits import MAILS_PER_ADDRESS, MAILS_PER_NAME, Limits
from seatwright.auth.model import Caller, User
from seatwright.auth.networks import networks
from seatwright.auth.roles import ROLE_PERMISSIONS
from seatwright.auth.service import NewUser, UserChange
from seatwright.auth.sessions import NewSession
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from seatwright.core.languages import LANGUAGES, Language
from seatwright.core.mail import parse_server
from seatwright.http.context import Services, messenger, session_context
from seatwright.messages import staff
from seatwright.notifications import deliveries
from seatwright.notifications.deliverer import deliver
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.sender import MailSender
from seatwright.storage.engine import ReadTx
from seatwright.worker.loops import Loops
from tests.conftest import NewAccount, TestAccount
from tests.notifications.office import embedded, mailing
from tests.notifications.post import PostOffice, open_post

URL = "https://desk.canyon.example"
BO = "bo@canyon.example"
_LINK = re.compile(r"(?:https://\S+)?/desk/(\w+)/(\S+)")


class Office:
    """An account whose users are invited, and what is mailed to them."""

    def __init__(self, services: Services, account: TestAccount) -> None:
        settings = replace(services.settings, public_url=URL)
        self.services = replace(services, settings=settings)
        self.account = account
        self.keyring, self.database = services.keyring, services.database

    @property
    def now(self) -> int:
        return self.services.clock.now()

    def caller(self, role: str = "owner", user_id: str = "") -> Caller:
        """Return a user of the account with a role."""
        return Caller(
            account_id=self.account.id,
            user_id=user_id or self.account.user_id,
            name="Dana Reyes",
            email=self.account.username,
            permissions=ROLE_PERMISSIONS[role],
        )

    async def invite(self, email: str = BO, *, caller: Caller | None = None, **more: Any) -> Invitation:
        """Invite somebody, as a guide unless `more` says otherwise."""
        new = NewInvitation(email, **({"role": "guide"} | more))
        who, parts = caller or self.caller(), messenger(self.services)
        return await self.database.write(lambda tx: staff.invite(tx, parts, self.now, who, new))

    async def mails(self) -> list[Delivery]:
        """Return all mails, oldest first."""
        found = await self.database.read(lambda tx: deliveries.page(tx, self.account.id, limit=100, page=0))
        return sorted(found, key=lambda each: (each.created_at, each.id))

    async def last_link(self, kind: str) -> str:
        """Return what is in the link of the newest mail of a kind."""
        newest = [each for each in await self.mails() if each.kind == kind][-1]
        match = _LINK.search(mail.decode(newest.content).text)
        assert match is not None
        assert match[1] == {"invitation": "invitation", "password_reset": "reset"}[kind]
        return match[2]

    async def accept(self, handle: str, name: str = "Bo Diaz") -> User:
        """Accept an invitation."""
        return await self.database.write(
            lambda tx: invitations.accept(tx, self.keyring, self.now, handle, name=name, password_hash="hashed")
        )

    async def user(self, email: str = BO, **more: Any) -> User:
        """Make a user."""
        new = NewUser(email=email, name="Bo Diaz", **({"role": "guide", "password_hash": "old"} | more))
        return await self.database.write(
            lambda tx: service.create_user(tx, self.now, service.SYSTEM, self.account.id, new)
        )

    async def forget(self, email: str = BO) -> int:
        """Ask for a new password, and let the worker answer; return how many mails there are then."""
        await self.database.write(lambda tx: resets.ask(tx, self.now, email))
        while await staff.answer_resets(messenger(self.services)):
            pass
        return len(await self.mails())

    async def reset(self, handle: str, password_hash: str = "new") -> User:
        """Use the link to a new password."""
        return await self.database.write(lambda tx: resets.reset(tx, self.keyring, self.now, handle, password_hash))

    async def hash_of(self, user: User) -> str:
        """Return the stored hash of a user's password."""

        async def run(tx: ReadTx) -> str:
            row = await tx.row("SELECT password_hash FROM app_user WHERE id = $1", user.id)
            assert row is not None
            return str(row["password_hash"])

        return await self.database.read(run)

    async def actions(self, subject_id: str) -> list[str]:
        """Return what the audit log says of a thing."""

        async def run(tx: ReadTx) -> list[str]:
            rows = await tx.rows("SELECT action FROM audit_event WHERE subject_id = $1 ORDER BY at, id", subject_id)
            return [row["action"] for row in rows]

        return await self.database.read(run)


@pytest.fixture
def office(services: Services, account: TestAccount) -> Office:
    return Office(services, account)


async def test_an_invitation_makes_a_user(office: Office) -> None:
    made = await office.invite("Bo@Canyon.example", role="front_desk")
    assert (made.email, made.role, made.invited_by) == (BO, "front_desk", office.account.user_id)
    (letter,) = await office.mails()
    assert (letter.kind, letter.target, letter.status) == ("invitation", BO, "sandbox")
    content = mail.decode(letter.content)
    assert content.subject == "You are invited to work with Canyon"
    assert "Dana Reyes invites you to the desk of Canyon." in content.text
    assert "The link works once, for 7 days." in content.text
    handle = await office.last_link("invitation")
    assert f'href="{URL}/desk/invitation/{handle}"' in content.html
    user = await office.accept(handle)
    assert (user.email, user.name, user.role, user.active) == (BO, "Bo Diaz", "front_desk", True)
    assert await office.hash_of(user) == "hashed"
    assert await office.actions(made.id) == ["invitation.created", "invitation.accepted"]
    with pytest.raises(NotFound):
        await office.accept(handle)
    with pytest.raises(Conflict) as error:
        await office.invite(BO)
    assert error.value.code == "user_exists"


async def test_a_link_ends(office: Office, clock: ManualClock) -> None:
    made = await office.invite()
    first = await office.last_link("invitation")
    clock.advance(1)
    await office.invite(role="manager")
    second = await office.last_link("invitation")
    assert first != second
    with pytest.raises(NotFound):
        await office.accept(first)
    again = await office.database.write(lambda tx: invitations.revoke(tx, office.now, office.caller(), made.id))
    assert again.revoked_at is not None
    for spoilt in ("", "x", second[:-1], second + "A", second.swapcase(), first[:32] + second[32:]):
        with pytest.raises(NotFound):
            await office.accept(spoilt)
    clock.advance(invitations.LIFETIME_MS - 1)
    assert (await office.database.read(lambda tx: invitations.read(tx, office.keyring, office.now, second))).waits(
        office.now
    )
    clock.advance(1)
    with pytest.raises(NotFound):
        await office.accept(second)


async def test_a_link_of_another_use_or_server_opens_nothing(office: Office) -> None:
    await office.user("al@canyon.example")
    await office.invite()
    await office.forget("al@canyon.example")
    invitation, reset = await office.last_link("invitation"), await office.last_link("password_reset")
    with pytest.raises(NotFound):
        await office.accept(reset)
    with pytest.raises(NotFound):
        await office.reset(invitation)
    stored: list[str] = []

    async def run(tx: ReadTx) -> None:
        for table in ("invitation", "password_reset"):
            stored.extend(repr(tuple(row)) for row in await tx.rows(f"SELECT * FROM {table}"))

    await office.database.read(run)
    assert len(stored) == 2
    assert not any(handle[32:] in row for row in stored for handle in (invitation, reset))


async def test_revoking(office: Office, new_account: NewAccount) -> None:
    made = await office.invite()
    handle = await office.last_link("invitation")
    stranger = replace(office.account, id=(await new_account("stranger")).id)
    other = Office(office.services, stranger)
    for who, which in ((other.caller(), made.id), (office.caller(), "0" * 24), (office.caller(), "x")):
        with pytest.raises(NotFound):
            await office.database.write(
                lambda tx, who=who, which=which: invitations.revoke(tx, office.now, who, which)  # type: ignore[misc]
            )
    for _ in range(2):
        revoked = await office.database.write(lambda tx: invitations.revoke(tx, office.now, office.caller(), made.id))
        assert revoked.revoked_at == office.now
    with pytest.raises(NotFound):
        await office.accept(handle)
    assert await office.actions(made.id) == ["invitation.created", "invitation.revoked"]


async def test_nobody_invites_somebody_who_may_do_more(office: Office) -> None:
    for grant in ({"role": "owner"}, {"role": None, "permissions": frozenset({"keys.write"})}):
        with pytest.raises(Forbidden):
            await office.invite(caller=office.caller("manager"), **grant)
    with pytest.raises(Forbidden):
        await office.invite(caller=office.caller("front_desk"))
    assert await office.mails() == []
    await office.invite(caller=office.caller("manager"), role="manager")


async def test_who_is_deactivated_has_invited_nobody(office: Office) -> None:
    manager = await office.user("max@canyon.example", role="manager")
    await office.invite(caller=office.caller("manager", manager.id))
    mine = await office.last_link("invitation")
    off = UserChange(active=False)
    await office.database.write(lambda tx: users.change(tx, office.now, office.caller(), manager.id, off))
    with pytest.raises(NotFound):
        await office.accept(mine)


async def test_one_invitation_accepted_twice_at_once_makes_one_user(office: Office) -> None:
    await office.invite()
    handle = await office.last_link("invitation")
    done = await asyncio.gather(*(office.accept(handle) for _ in range(4)), return_exceptions=True)
    assert len([each for each in done if isinstance(each, User)]) == 1
    assert all(isinstance(each, (User, NotFound)) for each in done)


@embedded
async def test_what_is_wrong_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid) as error:
        await office.invite("nobody")
    assert error.value.field == "email"
    office.services = replace(
        office.services,
        settings=replace(office.services.settings, public_url="", smtp=parse_server("smtp+plain://localhost:25")),
    )
    with pytest.raises(Conflict) as conflict:
        await office.invite()
    assert conflict.value.code == "no_public_url"
    office.services = replace(office.services, settings=replace(office.services.settings, public_url=URL))
    monkeypatch.setattr(invitations, "MAX_WAITING", 1)
    await office.invite()
    await office.invite()
    with pytest.raises(Conflict):
        await office.invite("al@canyon.example")


@embedded
@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_language(office: Office, language: Language) -> None:
    await office.invite(language=language)
    (letter,) = await office.mails()
    content = mail.decode(letter.content)
    assert content.language == language
    words = {"en": "7 days", "de": "7 Tage", "es": "7 días", "fr": "7\xa0jours"}[language]
    assert words.replace("\xa0", " ") in content.text.replace("\xa0", " ")
    assert office.account.username not in content.text


async def test_a_new_password(office: Office) -> None:
    user = await office.user()
    session = NewSession(office.account.id, user.id, 1)
    context = session_context(office.services)
    cookie = await office.database.write(lambda tx: sessions.open_session(tx, context, office.now, session))
    assert await office.forget("BO@canyon.example") == 1
    (letter,) = await office.mails()
    assert (letter.kind, letter.target) == ("password_reset", BO)
    handle = await office.last_link("password_reset")
    changed = await office.reset(handle)
    assert changed.id == user.id
    assert await office.hash_of(user) == "new"
    with pytest.raises(NotFound):
        await office.reset(handle)
    with pytest.raises(Exception, match="sign in again"):
        await office.database.read(lambda tx: sessions.session_caller(tx, context, office.now, cookie))
    assert await office.actions(user.id) == ["user.created", "session.opened", "user.reset_mailed", "user.changed"]


async def test_each_account_of_an_address_gets_a_link(office: Office, new_account: NewAccount) -> None:
    other = Office(office.services, await new_account("mesa"))
    mine, theirs = await office.user(), await other.user()
    await office.forget()
    assert (await office.reset(await office.last_link("password_reset"))).id == mine.id
    assert (await other.reset(await other.last_link("password_reset"))).id == theirs.id


async def test_links_to_a_password_end(office: Office, clock: ManualClock) -> None:
    user = await office.user()
    await office.forget()
    late = await office.last_link("password_reset")
    clock.advance(resets.LIFETIME_MS)
    with pytest.raises(NotFound):
        await office.reset(late)
    for change in (UserChange(password_hash="x"), UserChange(active=False)):
        await office.forget()
        link = await office.last_link("password_reset")
        await office.database.write(
            lambda tx, change=change: service.change_user(  # type: ignore[misc]
                tx, office.now, service.SYSTEM, office.account.id, user.id, change
            )
        )
        with pytest.raises(NotFound):
            await office.reset(link)
        clock.advance(1)


async def test_one_link_used_twice_at_once_works_once(office: Office) -> None:
    await office.user()
    await office.forget()
    handle = await office.last_link("password_reset")
    done = await asyncio.gather(*(office.reset(handle, f"new{i}") for i in range(4)), return_exceptions=True)
    assert len([each for each in done if isinstance(each, User)]) == 1


async def test_nobody_learns_whose_address_it_is(office: Office) -> None:
    """What is done for a user and for nobody is the same, statement by statement, until the worker mails."""
    await office.user()
    seen: dict[str, list[str]] = {}

    class Probe:
        def __init__(self, name: str) -> None:
            self.name = name

        def before(self, sql: str) -> None:
            seen.setdefault(self.name, []).append(sql)

        def after(self, sql: str) -> None:
            pass

    for name in (BO, "nobody@canyon.example"):
        office.database.probe = Probe(name)
        await office.database.write(lambda tx, name=name: resets.ask(tx, office.now, name))  # type: ignore[misc]
    office.database.probe = None
    assert seen[BO] == seen["nobody@canyon.example"] != []
    assert await office.forget("nobody@canyon.example") == 1, "for the one before"


async def test_a_mailbox_is_not_filled(office: Office, clock: ManualClock) -> None:
    await office.user()
    for _ in range(resets.MAX_OPEN + 3):
        await office.forget()
    assert len(await office.mails()) == resets.MAX_OPEN
    clock.advance(resets.LIFETIME_MS)
    assert await office.forget() == resets.MAX_OPEN + 1


async def test_requests_are_limited_whoever_they_are_for(clock: ManualClock) -> None:
    limits, here = Limits(), networks("203.0.113.5")
    for name in (BO, "nobody@canyon.example"):
        for _ in range(MAILS_PER_NAME):
            limits.ask_for_mail(name, here, clock.now())
        with pytest.raises(TooMany):
            limits.ask_for_mail(name.upper(), networks("198.51.100.7"), clock.now())
    for number in range(MAILS_PER_ADDRESS - 2 * MAILS_PER_NAME):
        limits.ask_for_mail(f"user{number}@canyon.example", here, clock.now())
    with pytest.raises(TooMany):
        limits.ask_for_mail("another@canyon.example", here, clock.now())


async def test_nobody_reads_the_links_afterwards(office: Office, client: httpx.AsyncClient) -> None:
    """A manager who may read mails could take over an owner's account by them."""
    await office.user("owner2@canyon.example", role="owner")
    await office.invite()
    await office.forget("owner2@canyon.example")
    headers = office.account.headers
    listed = await client.get("/api/v1/messages", headers=headers)
    assert (listed.status_code, listed.json()["data"]) == (200, [])
    for letter in await office.mails():
        for method, path in (("GET", letter.id), ("POST", f"{letter.id}/retry")):
            answer = await client.request(method, f"/api/v1/messages/{path}", headers=headers)
            assert answer.status_code == 404
    made = await client.post("/api/v1/invitations", json={"email": "x@y.example", "role": "guide"}, headers=headers)
    link = await office.last_link("invitation")
    assert link not in made.text
    assert link not in (await client.get("/api/v1/invitations", headers=headers)).text


async def test_old_links_are_forgotten(office: Office, clock: ManualClock, settings: Settings) -> None:
    await office.user()
    await office.forget()
    loops = Loops(office.database, clock, settings)
    assert await loops.forget_sessions() == 0
    clock.advance(24 * 3_600_000 + 1)
    assert await loops.forget_sessions() == 1


@embedded
async def test_both_go_through_a_real_server(office: Office) -> None:
    """The mails arrive whole: the links that a person opens are the ones that were made."""
    await office.user("al@canyon.example")
    post = PostOffice()
    async with open_post(post) as port:
        settings = replace(mailing(office.services.settings, port), public_url=URL)
        office.services = replace(office.services, settings=settings)
        sender = MailSender.of(settings)
        assert sender is not None
        await office.invite()
        await office.forget("al@canyon.example")
        while await deliver(office.database, office.services.clock, "mail", sender):
            pass
    assert sorted(recipient for recipient, _ in post.taken) == ["al@canyon.example", BO]
    links = {}
    for letter in post.mails():
        plain = letter.get_body(("plain",))
        assert plain is not None
        match = _LINK.search(plain.get_content())
        assert match is not None
        links[match[1]] = match[2]
        html = letter.get_body(("html",))
        assert html is not None
        assert match[0] in html.get_content()
    assert (await office.accept(links["invitation"])).email == BO
    assert (await office.reset(links["reset"])).email == "al@canyon.example"


async def test_the_hash_is_of_the_password_that_was_chosen(office: Office) -> None:
    await office.invite()
    handle = await office.last_link("invitation")
    hashed = await passwords.hash_password("correct horse battery")
    await office.database.write(
        lambda tx: invitations.accept(tx, office.keyring, office.now, handle, name="Bo", password_hash=hashed)
    )
    answer = await service.login(
        office.database, office.keyring, office.now, 60, BO, "correct horse battery", passwords.Origin()
    )
    assert answer
