"""The second step of signing in: codes of an app and recovery codes, each good once, and no guessing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pyotp
import pytest

from seatwright.auth import factor_store, passwords, second_factor, service, sessions, sign_in
from seatwright.auth.line import Origin
from seatwright.auth.model import Caller
from seatwright.auth.roles import ROLE_PERMISSIONS
from seatwright.auth.second_factor import FREE_FAILURES, RECOVERY_CODES, STEP_S, Proof
from seatwright.auth.secrets import Keyring
from seatwright.auth.service import NewUser
from seatwright.auth.sign_in import Entrance, Entry
from seatwright.core.clock import HOUR_MS, MINUTE_MS, SECOND_MS, ManualClock
from seatwright.core.errors import Conflict, Forbidden, Invalid, NotFound
from seatwright.http.context import Services, session_context
from seatwright.storage.engine import ReadTx
from tests.conftest import TestAccount
from tests.security.world import dump

STEP_MS = STEP_S * SECOND_MS
WRONG = "000000"


@dataclass
class Phone:
    """A user, and the app that shows the codes."""

    services: Services
    caller: Caller
    secret: str = ""

    @property
    def now(self) -> int:
        return self.services.clock.now()

    def code(self, steps: int = 0) -> str:
        """Return the code of now, or of some steps later."""
        return pyotp.TOTP(self.secret).generate_otp(self.now // STEP_MS + steps)

    async def begin(self) -> None:
        parts = self.services
        made = await parts.database.write(
            lambda tx: second_factor.begin(tx, parts.keyring, self.now, self.caller, "Canyon")
        )
        self.secret = made.secret

    async def confirm(self, code: str = "") -> list[str]:
        parts = self.services
        given = code or self.code()
        return await parts.database.write(
            lambda tx: second_factor.confirm(tx, parts.keyring, self.now, self.caller, given)
        )

    async def on(self) -> list[str]:
        """Turn it on, a step ago, so that the present code is unused; return the recovery codes."""
        await self.begin()
        return await self.confirm(self.code(-1))

    async def prove(self, code: str) -> Proof:
        parts, who = self.services, self.caller
        return await parts.database.write(
            lambda tx: second_factor.prove(tx, parts.keyring, self.now, who.account_id, who.user_id, code)
        )

    async def enter(self, code: str = "", generation: int = 1) -> Entrance:
        parts, context = self.services, session_context(self.services)
        entry = Entry(self.caller.account_id, self.caller.user_id, generation)
        return await parts.database.write(
            lambda tx: sign_in.enter(tx, context, self.now, entry, code=code, user_agent="")
        )

    async def state(self) -> second_factor.State:
        who = self.caller
        return await self.services.database.read(lambda tx: second_factor.state(tx, who.account_id, who.user_id))


@pytest.fixture
async def phone(services: Services, account: TestAccount) -> Phone:
    new = NewUser(email="bo@canyon.example", name="Bo", role="front_desk", password_hash="x")
    user = await services.database.write(lambda tx: service.create_user(tx, 0, service.SYSTEM, account.id, new))
    caller = Caller(
        account_id=account.id,
        user_id=user.id,
        name=user.name,
        email=user.email,
        permissions=ROLE_PERMISSIONS["front_desk"],
    )
    return Phone(services, caller)


async def test_setting_it_up(phone: Phone) -> None:
    assert await phone.state() == (False, 0)
    with pytest.raises(Conflict):
        await phone.confirm(WRONG)
    await phone.begin()
    first = phone.secret
    shown = await phone.services.database.read(
        lambda tx: second_factor.pending(tx, phone.services.keyring, phone.caller, "Canyon")
    )
    assert shown is not None
    assert shown.secret == first
    assert shown.uri == f"otpauth://totp/Canyon:bo%40canyon.example?secret={first}&issuer=Canyon"
    assert (await phone.enter()).cookie, "it doesn't count before it is confirmed"
    await phone.begin()
    assert phone.secret != first
    with pytest.raises(Invalid) as error:
        await phone.confirm(pyotp.TOTP(first).generate_otp(phone.now // STEP_MS))
    assert error.value.code == "wrong_code"
    codes = await phone.confirm()
    assert len(set(codes)) == RECOVERY_CODES
    assert await phone.state() == (True, RECOVERY_CODES)
    for again in (phone.begin, phone.confirm):
        with pytest.raises(Conflict):
            await again()
    assert (
        await phone.services.database.read(
            lambda tx: second_factor.pending(tx, phone.services.keyring, phone.caller, "Canyon")
        )
        is None
    )


async def test_signing_in_has_a_second_step(phone: Phone, clock: ManualClock) -> None:
    await phone.on()
    assert await phone.enter() == Entrance(missing=True)
    assert await phone.enter(WRONG) == Entrance()
    entered = await phone.enter(f" {phone.code()[:3]} {phone.code()[3:]} ")
    assert entered.cookie is not None
    cookie = entered.cookie
    whose = await phone.services.database.read(
        lambda tx: sessions.session_caller(tx, session_context(phone.services), phone.now, cookie)
    )
    assert whose.caller.user_id == phone.caller.user_id


async def test_a_code_is_good_once_and_around_its_time(phone: Phone, clock: ManualClock) -> None:
    await phone.on()
    clock.advance(10 * STEP_MS)
    for steps, good in ((-2, False), (2, False), (-1, True), (-1, False), (0, True), (0, False), (-1, False)):
        assert (await phone.prove(phone.code(steps))).good == good, steps
    assert (await phone.prove(phone.code(1))).good
    clock.advance(STEP_MS)
    assert not (await phone.prove(phone.code())).good, "it was used before its time"
    assert (await phone.prove(phone.code(1))).good


async def test_one_code_used_twice_at_once_is_good_once(phone: Phone) -> None:
    codes = await phone.on()
    for code in (phone.code(), codes[0]):
        proofs = await asyncio.gather(*(phone.prove(code) for _ in range(4)))
        assert sum(proof.good for proof in proofs) == 1


async def test_control_without_the_lock_a_code_is_good_twice(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: what is tested above is the lock of the row (SQLite's writers take turns anyway)."""
    if phone.services.database.engine == "sqlite":
        pytest.skip("writers take turns")
    await phone.on()
    both, find = asyncio.Barrier(2), factor_store.find

    async def together(tx: ReadTx, account_id: str, user_id: str, *, lock: bool = False) -> Any:
        found = await find(tx, account_id, user_id)
        await asyncio.wait_for(both.wait(), 10)
        return found

    monkeypatch.setattr(factor_store, "find", together)
    code = phone.code()
    assert [proof.good for proof in await asyncio.gather(phone.prove(code), phone.prove(code))] == [True, True]


async def test_recovery_codes_work_once_each(phone: Phone) -> None:
    codes = await phone.on()
    assert (await phone.prove(codes[0].upper().replace("-", " "))).good
    assert not (await phone.prove(codes[0])).good
    assert (await phone.enter(codes[1].replace("-", ""))).cookie
    assert await phone.state() == (True, RECOVERY_CODES - 2)
    parts, code = phone.services, phone.code()
    proof, others = await parts.database.write(
        lambda tx: second_factor.renew_codes(tx, parts.keyring, phone.now, phone.caller, code)
    )
    assert proof.good
    assert not set(others) & set(codes)
    assert not (await phone.prove(codes[2])).good
    assert (await phone.prove(others[0])).good


async def test_guessing_gets_slower_and_slower(phone: Phone, clock: ManualClock) -> None:
    await phone.on()
    for _ in range(FREE_FAILURES):
        assert await phone.prove(WRONG) == Proof(good=False)
    wait_ms, tried = MINUTE_MS, FREE_FAILURES
    began = clock.now()
    while clock.now() < began + 24 * HOUR_MS:
        refused = await phone.prove(phone.code())
        assert refused == Proof(good=False, wait_s=wait_ms // SECOND_MS), "not even the right one"
        clock.advance(wait_ms)
        assert await phone.prove(WRONG) == Proof(good=False)
        tried += 1
        wait_ms = min(2 * wait_ms, HOUR_MS)
    assert tried < 40, "guesses in a day, of a million codes of which three are right"
    clock.advance(HOUR_MS)
    assert (await phone.prove(phone.code())).good
    for _ in range(FREE_FAILURES):
        assert await phone.prove(WRONG) == Proof(good=False)
    clock.set(began)
    assert not (await phone.prove(WRONG)).wait_s, "a clock that was set back keeps nobody out for long"


async def test_nothing_readable_is_kept(phone: Phone) -> None:
    codes = await phone.on()
    stored = repr(await dump(phone.services))
    for text in (phone.secret, *codes, *(code.replace("-", "") for code in codes)):
        assert text not in stored
    other = Phone(phone.services, phone.caller, phone.secret)
    object.__setattr__(other, "services", _with_keyring(phone.services, Keyring.from_secret("x" * 32)))
    with pytest.raises(Conflict) as error:
        await other.prove(WRONG)
    assert error.value.code == "second_factor_unreadable"


def _with_keyring(services: Services, keyring: Keyring) -> Services:
    return Services(
        database=services.database,
        clock=services.clock,
        settings=services.settings,
        catalogs=services.catalogs,
        keyring=keyring,
    )


async def test_turning_it_off(phone: Phone, account: TestAccount, clock: ManualClock) -> None:
    await phone.on()
    parts = phone.services

    async def off(code: str) -> bool:
        return (
            await parts.database.write(
                lambda tx: second_factor.turn_off(tx, parts.keyring, phone.now, phone.caller, code)
            )
        ).good

    assert not await off(WRONG)
    assert await off(phone.code())
    assert await phone.state() == (False, 0)
    assert (await phone.enter()).cookie
    await phone.on()
    for role, error in (("guide", Forbidden), ("manager", None), ("owner", None)):
        boss = Caller(
            account_id=account.id,
            user_id=account.user_id,
            name="",
            email="",
            permissions=ROLE_PERMISSIONS[role],
        )
        if error is not None:
            with pytest.raises(error):
                await parts.database.write(
                    lambda tx, boss=boss: second_factor.remove(tx, phone.now, boss, phone.caller.user_id)  # type: ignore[misc]
                )
            continue
        assert await parts.database.write(
            lambda tx, boss=boss: second_factor.remove(tx, phone.now, boss, phone.caller.user_id)  # type: ignore[misc]
        ) == (role == "manager")
        with pytest.raises(NotFound):
            await parts.database.write(
                lambda tx, boss=boss: second_factor.remove(tx, phone.now, boss, "0" * 24)  # type: ignore[misc]
            )


async def test_a_password_alone_is_no_token_then(
    phone: Phone, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_verify", lambda stored, given: stored == given)
    body = {"username": phone.caller.email, "password": "x"}
    assert (await client.post("/public/api/login", json=body)).status_code == 200
    await phone.on()
    answer = await client.post("/public/api/login", json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "second_step_needed")
    wrong = await client.post("/public/api/login", json=body | {"password": "y"})
    assert (wrong.status_code, wrong.json()["errorCode"]) == (401, "wrong_credentials")
    parts = phone.services
    with pytest.raises(Forbidden):
        await service.login(parts.database, parts.keyring, phone.now, 60, phone.caller.email, "x", Origin())


async def test_a_manager_cannot_weaken_an_owner(phone: Phone, client: httpx.AsyncClient, account: TestAccount) -> None:
    owner = Phone(
        phone.services,
        Caller(
            account_id=account.id,
            user_id=account.user_id,
            name="",
            email=account.username,
            permissions=ROLE_PERMISSIONS["owner"],
        ),
    )
    await owner.on()
    manager = Caller(
        account_id=account.id,
        user_id=phone.caller.user_id,
        name="",
        email="",
        permissions=ROLE_PERMISSIONS["manager"],
    )
    with pytest.raises(Forbidden) as error:
        await phone.services.database.write(lambda tx: second_factor.remove(tx, phone.now, manager, account.user_id))
    assert error.value.code == "owner_needed"
    path = f"/api/v1/users/{account.user_id}/second-factor"
    for removed in (True, False):
        answer = await client.delete(path, headers=account.headers)
        assert answer.json()["data"] == {"removed": removed}
