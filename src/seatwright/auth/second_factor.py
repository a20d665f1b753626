"""Use cases of the second step of signing in: codes from an app (TOTP, RFC 6238), and recovery codes.

A code is good in its own 30 seconds and in those before and after it, once. Wrong codes are counted in the database:
after `FREE_FAILURES` of them each has to wait longer, in every worker process. Whoever gets that far knows the
password already.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import NamedTuple

import msgspec
import pyotp

from seatwright.auth import factor_store, service, users
from seatwright.auth.factor_store import Factor
from seatwright.auth.model import Caller
from seatwright.auth.secrets import Keyring, same_hash
from seatwright.core.clock import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from seatwright.core.errors import Conflict, Invalid
from seatwright.core.sealing import UnreadableSecret, seal, unseal
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx

STEP_S = 30
FREE_FAILURES = 5
"""Wrong codes in a row that may follow one another at once; the next waits a minute, and each one after it twice as
long as the one before, an hour at most (our decision)."""
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for each other."""
_CODE_LENGTH = 12


class Setup(NamedTuple):
    """What an app has to be given: the secret in base32, for typing, and the address that a QR code has."""

    secret: str
    uri: str


class Proof(NamedTuple):
    """Whether a code was right; if it wasn't tried, because too many were wrong, the seconds until one will be."""

    good: bool
    wait_s: int = 0


class State(NamedTuple):
    """A user's second step: whether it is asked for, and how many recovery codes are left."""

    on: bool
    codes_left: int


async def state(tx: ReadTx, account_id: str, user_id: str) -> State:
    """Return whether a user signs in with a second step."""
    found = await factor_store.find(tx, account_id, user_id)
    if found is None or found.confirmed_at is None:
        return State(on=False, codes_left=0)
    return State(on=True, codes_left=await factor_store.codes_left(tx, account_id, user_id))


async def begin(tx: Tx, keyring: Keyring, now: Instant, caller: Caller, issuer: str) -> Setup:
    """Make a new secret for the caller, which counts as soon as `confirm` is given a code of it.

    `issuer` is the account's name, which the app shows. Raises `Conflict` if the caller has a second step already.
    """
    await service.lock_account(tx, caller.account_id)
    before = await factor_store.find(tx, caller.account_id, caller.user_id)
    if before is not None and before.confirmed_at is not None:
        raise _is_on()
    secret = pyotp.random_base32()
    sealed = seal(keyring.factor_key, secret, _bound_to(caller.account_id, caller.user_id))
    new = Factor(account_id=caller.account_id, user_id=caller.user_id, secret=sealed, created_at=now)
    await factor_store.put(tx, new)
    return _setup(secret, caller, issuer)


async def pending(tx: ReadTx, keyring: Keyring, caller: Caller, issuer: str) -> Setup | None:
    """Return what `begin` returned, until it is confirmed; None afterwards, and if nothing has begun."""
    found = await factor_store.find(tx, caller.account_id, caller.user_id)
    if found is None or found.confirmed_at is not None:
        return None
    return _setup(_secret(keyring, found), caller, issuer)


async def confirm(tx: Tx, keyring: Keyring, now: Instant, caller: Caller, code: str) -> list[str]:
    """Turn the caller's second step on, and return the recovery codes, which are shown only this once.

    Raises `Invalid` for a wrong code, and `Conflict` if nothing has begun or it is on already.
    """
    found = await factor_store.find(tx, caller.account_id, caller.user_id, lock=True)
    if found is None:
        raise Conflict("Begin again: there is nothing to confirm.", code="second_factor_missing")
    if found.confirmed_at is not None:
        raise _is_on()
    step = _step_of(_secret(keyring, found), code, now, 0)
    if step is None:
        raise Invalid("code: isn't the one that the app shows now.", code="wrong_code", field="code")
    await factor_store.put(tx, msgspec.structs.replace(found, confirmed_at=now, last_step=step))
    codes = await _new_codes(tx, keyring, caller)
    await audit.record(tx, caller.account_id, now, caller.user_id, "second_factor.on", caller.user_id)
    return codes


async def prove(tx: Tx, keyring: Keyring, now: Instant, account_id: str, user_id: str, code: str) -> Proof:
    """Check a code of a user who has a second step: the app's, or a recovery code. Either works once.

    A wrong code is counted, so the caller has to commit. Raises `Conflict` for a user without a second step.
    """
    found = await factor_store.find(tx, account_id, user_id, lock=True)
    if found is None or found.confirmed_at is None:
        raise Conflict("This user has no second step.", code="second_factor_missing")
    wait_ms = found.failed_at + _pause_ms(found.failures) - now
    if 0 < wait_ms <= _pause_ms(found.failures):
        return Proof(good=False, wait_s=-(-wait_ms // SECOND_MS))
    step = _step_of(_secret(keyring, found), code, now, found.last_step)
    if step is not None:
        await factor_store.put(tx, msgspec.structs.replace(found, last_step=step, failures=0))
        return Proof(good=True)
    hashed = _hash(keyring, account_id, user_id, code)
    if await factor_store.use_code(tx, account_id, user_id, hashed, now):
        await factor_store.put(tx, msgspec.structs.replace(found, failures=0))
        await audit.record(tx, account_id, now, user_id, "second_factor.recovery_code_used", user_id)
        return Proof(good=True)
    await factor_store.put(tx, msgspec.structs.replace(found, failures=found.failures + 1, failed_at=now))
    return Proof(good=False)


async def turn_off(tx: Tx, keyring: Keyring, now: Instant, caller: Caller, code: str) -> Proof:
    """Turn the caller's second step off with a code of it, right as in `prove`."""
    proof = await prove(tx, keyring, now, caller.account_id, caller.user_id, code)
    if proof.good:
        await _remove(tx, now, caller.user_id, caller.account_id, caller.user_id)
    return proof


async def renew_codes(tx: Tx, keyring: Keyring, now: Instant, caller: Caller, code: str) -> tuple[Proof, list[str]]:
    """Give the caller other recovery codes in place of the old ones, with a code that is right as in `prove`."""
    proof = await prove(tx, keyring, now, caller.account_id, caller.user_id, code)
    if not proof.good:
        return proof, []
    await audit.record(tx, caller.account_id, now, caller.user_id, "second_factor.codes_renewed", caller.user_id)
    return proof, await _new_codes(tx, keyring, caller)


async def remove(tx: Tx, now: Instant, caller: Caller, user_id: str) -> bool:
    """Turn the second step off of a user who has lost the app and the codes; return whether it was on.

    Raises `Forbidden` for a user who may do more than the caller, and `NotFound`.
    """
    caller.require("users.write")
    users.check_may_manage(caller, await users.read(tx, caller.account_id, user_id))
    return await _remove(tx, now, caller.user_id, caller.account_id, user_id)


async def _remove(tx: Tx, now: Instant, actor: str, account_id: str, user_id: str) -> bool:
    removed = await factor_store.delete(tx, account_id, user_id)
    if removed:
        await audit.record(tx, account_id, now, actor, "second_factor.off", user_id)
    return removed


async def _new_codes(tx: Tx, keyring: Keyring, caller: Caller) -> list[str]:
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    hashes = [_hash(keyring, caller.account_id, caller.user_id, code) for code in codes]
    await factor_store.replace_codes(tx, caller.account_id, caller.user_id, hashes)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def _setup(secret: str, caller: Caller, issuer: str) -> Setup:
    return Setup(secret, pyotp.TOTP(secret).provisioning_uri(name=caller.email, issuer_name=issuer))


def _step_of(secret: str, code: str, now: Instant, last_step: int) -> int | None:
    """Return the step after `last_step` whose code this is, of the present one and its neighbours."""
    digits = "".join(code.split())
    present = now // (STEP_S * SECOND_MS)
    app = pyotp.TOTP(secret, interval=STEP_S)
    steps = range(max(present - 1, last_step + 1), present + 2)
    matching = [step for step in steps if same_hash(app.generate_otp(step), digits)]
    return matching[0] if matching else None


def _pause_ms(failures: int) -> int:
    if failures < FREE_FAILURES:
        return 0
    return min(HOUR_MS, MINUTE_MS << min(failures - FREE_FAILURES, 10))


def _secret(keyring: Keyring, factor: Factor) -> str:
    try:
        return unseal(keyring.factor_key, factor.secret, _bound_to(factor.account_id, factor.user_id))
    except UnreadableSecret:
        raise Conflict(
            "The second step of this user can't be read, because the server's secret is another one; somebody who "
            "may manage users can remove it.",
            code="second_factor_unreadable",
        ) from None


def _hash(keyring: Keyring, account_id: str, user_id: str, code: str) -> str:
    plain = "".join(character for character in code.lower() if character.isalnum())
    message = f"recovery\0{account_id}\0{user_id}\0{plain}".encode()
    return hmac.new(keyring.factor_key, message, hashlib.sha256).hexdigest()


def _bound_to(account_id: str, user_id: str) -> str:
    return f"second factor {account_id} {user_id}"


def _is_on() -> Conflict:
    return Conflict("The second step is on already; turn it off first.", code="second_factor_on")
