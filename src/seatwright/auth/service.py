"""Use cases of accounts, users, keys and tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from seatwright.auth import passwords, store, tokens
from seatwright.auth.business import BusinessChange, with_change
from seatwright.auth.line import Origin
from seatwright.auth.model import PERMISSIONS, ROLES, Account, Caller, Role, User
from seatwright.auth.roles import parse_permissions, rights_of
from seatwright.auth.secrets import Keyring, own_key_id, same_hash
from seatwright.auth.tokens import Claims
from seatwright.core import money, times
from seatwright.core.clock import SECOND_MS, Instant
from seatwright.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from seatwright.core.ids import is_hex24, new_hex24, new_uuid
from seatwright.core.languages import check_language
from seatwright.core.mail import MAX_ADDRESS, is_address
from seatwright.storage import audit
from seatwright.storage.engine import ConstraintViolation, Database, ReadTx, Row, Tx

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_NAME = 200
SYSTEM = "system"
"""The actor in the audit log where no user was: the command line, the first start."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """The fields of a new user, who has a role or single permissions. `password_hash` comes from
    `passwords.hash_password`, before the transaction.
    """

    email: str
    name: str
    permissions: frozenset[str] = frozenset()
    role: Role | None = None
    alternative_id: str | None = None
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class UserChange:
    """What to change of a user; None leaves it. An empty `alternative_id` removes it. A role takes the place of single
    permissions, and they take the place of a role.
    """

    email: str | None = None
    name: str | None = None
    role: Role | None = None
    permissions: frozenset[str] | None = None
    alternative_id: str | None = None
    active: bool | None = None
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What to change of an account; None leaves it. An empty `policy_code` removes it."""

    name: str | None = None
    email: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    policy_code: str | None = None
    language: str | None = None
    business: BusinessChange | None = None


def caller_of(claims: Claims, row: Mapping[str, Any] | None) -> Caller:
    """Return the user behind a verified token, whose row (`store.CALLER_NAMES`) has just been read.

    Raises `Unauthorized` if the user is gone, inactive, or has had the password changed since. A token for an API key
    ends as well when the key is reset or revoked, and when its user may not integrate any more.
    """
    if row is None or not row["caller_active"] or row["caller_generation"] != claims.generation:
        raise _withdrawn()
    permissions, name = parse_permissions(row["caller_permissions"]), row["caller_name"]
    for_key = claims.key_generation is not None or claims.key_id is not None
    if for_key and "api.integration" not in permissions:
        raise _withdrawn()
    if claims.key_generation is not None and row["caller_key_generation"] != claims.key_generation:
        raise _withdrawn()
    if claims.key_id is not None:
        if row["caller_key_permissions"] is None:
            raise _withdrawn()
        permissions, name = permissions & parse_permissions(row["caller_key_permissions"]), row["caller_key_name"]
    return Caller(
        account_id=claims.account_id,
        user_id=claims.caller_id,
        name=name,
        email=row["caller_email"],
        permissions=permissions,
    )


def _withdrawn() -> Unauthorized:
    return Unauthorized("The token has been withdrawn; get a new one from /authenticate.", code="token_withdrawn")


async def authenticate(tx: ReadTx, keyring: Keyring, now: Instant, lifetime_s: int, username: str, apikey: str) -> str:
    """Return a token for an API key, the account's or one of an integration's own, and the name of any of the account's
    users who may integrate.

    `username` is an e-mail (in any case) or an alternative id. A token for a key that expires ends with it. Raises
    `Unauthorized`, always the same one except for a right key that has expired.
    """
    given, key_id = keyring.hash_api_key(apikey), own_key_id(apikey)
    found: Claims | None = None
    expires_at: Instant | None = None
    for row in await store.candidates(tx, username.strip(), key_id or ""):
        matches = same_hash(given, row["key_hash"] if key_id is None else row["own_key_hash"] or "")
        if matches and found is None and "api.integration" in parse_permissions(row["permissions"]):
            generation = row["key_generation"] if key_id is None else None
            found = msgspec.structs.replace(_claims(row), key_generation=generation, key_id=key_id)
            expires_at = row["own_key_expires_at"]
    if found is None:
        raise Unauthorized("The username or the API key is wrong.", code="wrong_credentials")
    if expires_at is not None:
        lifetime_s = min(lifetime_s, (expires_at - now) // SECOND_MS)
    if lifetime_s <= 0:
        raise Unauthorized("This API key has expired; an administrator can make another.", code="key_expired")
    return tokens.issue(keyring, found, now=now, lifetime_s=lifetime_s)


async def login(
    database: Database, keyring: Keyring, now: Instant, lifetime_s: int, username: str, password: str, origin: Origin
) -> str:
    """Return a token for a user's name and password. Raises `Unauthorized`, always the same one, `TooMany`, and
    `Forbidden` for a user who signs in with a second step.
    """
    (first,) = await users_with_password(database, username, password, origin, at_most=1)
    if first["second_step_since"] is not None:
        raise Forbidden(
            "This user signs in with a second step, which only the desk asks for; a program signs in with a key.",
            code="second_step_needed",
        )
    return tokens.issue(keyring, _claims(first), now=now, lifetime_s=lifetime_s)


async def users_with_password(
    database: Database, username: str, password: str, origin: Origin, *, at_most: int = store.MAX_CANDIDATES
) -> list[Row]:
    """Return the active users, of any account, that have this name and password: at least one, and `at_most`.

    Raises `Unauthorized`, always the same one, and `TooMany`.
    """
    rows = await database.read(lambda tx: store.candidates(tx, username.strip()))
    hashed = [row for row in rows if row["password_hash"]]
    if not hashed:
        await passwords.verify_password(None, password, origin)
    found: list[Row] = []
    for row in hashed:
        if len(found) < at_most and await passwords.verify_password(row["password_hash"], password, origin):
            found.append(row)
    if not found:
        raise Unauthorized("The username or the password is wrong.", code="wrong_credentials")
    return found


def _claims(row: Row) -> Claims:
    return Claims(user_id=row["id"], account_id=row["account_id"], generation=row["generation"])


async def create_account(
    tx: Tx, keyring: Keyring, now: Instant, *, code: str, name: str, email: str, currency: str, time_zone: str
) -> tuple[Account, str]:
    """Make an account and return it with its API key, which is shown only this once.

    Raises `Invalid` for a wrong field, `Conflict` for a code that is taken.
    """
    key = new_uuid()
    new = Account(
        id=new_hex24(),
        code=_code(code),
        name=check_name(name),
        email=check_email(email),
        currency=money.check_currency(currency),
        time_zone=times.check_zone(time_zone),
        policy_code=None,
        key_generation=1,
        created_at=now,
    )
    if await store.account_by_code(tx, new.code):
        raise Conflict(f"code: there is an account {new.code!r} already.", code="code_taken", field="code")
    await store.insert_account(tx, new, keyring.hash_api_key(key))
    await audit.record(tx, new.id, now, SYSTEM, "account.created", new.id)
    return new, key


async def account(tx: ReadTx, account_id: str) -> Account:
    """Return an account. Raises `NotFound`."""
    found = await store.account(tx, account_id)
    if found is None:
        raise NotFound("There is no such account.", code="account_not_found")
    return found


async def account_by_code(tx: ReadTx, code: str) -> Account:
    """Return the account with a code. Raises `NotFound`."""
    found = await store.account_by_code(tx, code)
    if found is None:
        raise NotFound(f"There is no account with the code {code!r}.", code="account_not_found")
    return found


async def change_account(tx: Tx, now: Instant, actor: str, account_id: str, change: AccountChange) -> Account:
    """Change an account and return it. The caller checks that a policy with the given code exists.

    Raises `Invalid` for a wrong field, and `Conflict` for a currency that can't change any more because
    there are orders, carts or prices in it.
    """
    old = await lock_account(tx, account_id)
    changed = msgspec.structs.replace(
        old,
        name=old.name if change.name is None else check_name(change.name),
        email=old.email if change.email is None else check_email(change.email),
        currency=old.currency if change.currency in (None, old.currency) else money.check_currency(change.currency),
        time_zone=old.time_zone if change.time_zone is None else times.check_zone(change.time_zone),
        policy_code=old.policy_code if change.policy_code is None else change.policy_code or None,
        language=old.language if change.language is None else check_language(change.language),
        business=old.business if change.business is None else with_change(old.business, change.business),
    )
    if changed.currency != old.currency:
        await _check_currency_may_change(tx, old, changed.currency)
    await store.update_account(tx, changed)
    await audit.record(tx, account_id, now, actor, "account.changed", account_id, _changes(old, changed))
    return changed


async def _check_currency_may_change(tx: ReadTx, old: Account, currency: str) -> None:
    if await store.has_sales(tx, old.id):
        raise Conflict(
            f"currency: stays {old.currency}, because there are carts or orders in it.",
            code="currency_in_use",
            field="currency",
        )
    if money.decimals(currency) != money.decimals(old.currency) and await store.has_catalog(tx, old.id):
        raise Conflict(
            f"currency: {currency} has other decimals than {old.currency}, in which the catalog has its prices.",
            code="currency_in_use",
            field="currency",
        )


async def reset_key(tx: Tx, keyring: Keyring, now: Instant, actor: str, account_id: str) -> str:
    """Give the account a new API key and return it, this once. The old key and all tokens for it end at once.

    Users who signed in with a password stay signed in. Raises `NotFound`.
    """
    key = new_uuid()
    if not await store.replace_key(tx, account_id, keyring.hash_api_key(key)):
        raise NotFound("There is no such account.", code="account_not_found")
    await audit.record(tx, account_id, now, actor, "account.key_reset", account_id)
    return key


async def list_users(tx: ReadTx, account_id: str, *, limit: int, page: int) -> list[User]:
    """Return a page of the account's users, oldest first; `page` counts from 0."""
    return await store.users(tx, account_id, limit=limit, offset=limit * page)


async def create_user(tx: Tx, now: Instant, actor: str, account_id: str, new: NewUser) -> User:
    """Make a user and return it. Raises `Invalid`, and `Conflict` if the account has one with such a name."""
    user = User(
        account_id=account_id,
        id=new_hex24(),
        email=check_email(new.email).lower(),
        alternative_id=_alternative_id(new.alternative_id),
        name=check_name(new.name),
        role=check_role(new.role),
        permissions=frozenset() if new.role else check_permissions(new.permissions),
        active=True,
        created_at=now,
    )
    try:
        await store.insert_user(tx, user, new.password_hash)
    except ConstraintViolation:
        raise name_taken() from None
    detail = {"role": user.role, "permissions": sorted(user.permissions)}
    await audit.record(tx, account_id, now, actor, "user.created", user.id, detail)
    return user


async def change_user(tx: Tx, now: Instant, actor: str, account_id: str, user_id: str, change: UserChange) -> User:
    """Change a user and return it. A new password, or being deactivated, ends all tokens of the user at once.

    Raises `NotFound`, `Invalid`, `Conflict` if the account has another user with such a name, or if no owner would
    remain.
    """
    await lock_account(tx, account_id)
    old = await store.user(tx, account_id, user_id) if is_hex24(user_id) else None
    if old is None:
        raise NotFound("There is no such user.", code="user_not_found")
    changed = msgspec.structs.replace(
        old,
        email=old.email if change.email is None else check_email(change.email).lower(),
        name=old.name if change.name is None else check_name(change.name),
        role=check_role(change.role) if _gives(change) else old.role,
        permissions=check_permissions(change.permissions or frozenset()) if _gives(change) else old.permissions,
        alternative_id=old.alternative_id if change.alternative_id is None else _alternative_id(change.alternative_id),
        active=old.active if change.active is None else change.active,
    )
    if _owns(old) and not _owns(changed) and not await store.other_owners(tx, account_id, user_id):
        raise Conflict(
            "This is the last active owner of the account; make somebody else an owner first.",
            code="last_administrator",
        )
    ends_tokens = change.password_hash is not None or not changed.active
    try:
        await store.update_user(tx, changed, change.password_hash, ends_tokens=ends_tokens)
    except ConstraintViolation:
        raise name_taken() from None
    detail = {**_changes(old, changed), "password": change.password_hash is not None}
    await audit.record(tx, account_id, now, actor, "user.changed", user_id, detail)
    return changed


def _gives(change: UserChange) -> bool:
    return change.role is not None or change.permissions is not None


def _owns(user: User) -> bool:
    return user.active and "owners.write" in rights_of(user)


async def lock_account(tx: Tx, account_id: str) -> Account:
    """Return an account, its row locked, so that changes of users and keys come one after the other.

    Raises `NotFound`.
    """
    found = await store.lock_account(tx, account_id)
    if found is None:
        raise NotFound("There is no such account.", code="account_not_found")
    return found


_PERSONAL = frozenset({"name", "email", "alternative_id", "business"})


def _changes(old: Account | User, changed: Account | User) -> dict[str, object]:
    """Return the changes, for the audit log; of personal data only the names of the fields."""
    before, after = msgspec.structs.asdict(old), msgspec.structs.asdict(changed)
    names = [name for name in after if after[name] != before[name]]
    values = {name: after[name] for name in names if name not in _PERSONAL}
    return {"fields": names, "values": msgspec.to_builtins(values)}


def name_taken() -> Conflict:
    """Return the error about an e-mail or alternative id that another user has."""
    return Conflict(
        "email: the account has another user with this e-mail or alternative id.", code="user_exists", field="email"
    )


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise Invalid(
            "code: must be 1 to 63 lower-case letters, digits and dashes, such as canyon-tours.",
            code="invalid_code",
            field="code",
        )
    return text


def check_name(text: str) -> str:
    """Return a name without spaces around it. Raises `Invalid` for one that is empty or too long."""
    text = text.strip()
    if not 1 <= len(text) <= MAX_NAME:
        raise Invalid(f"name: must have 1 to {MAX_NAME} characters.", field="name")
    return text


def check_email(text: str) -> str:
    """Return an address without spaces around it. Raises `Invalid` for a text that is none."""
    text = text.strip()
    if not is_address(text):
        raise Invalid(f"email: {text[:MAX_ADDRESS]!r} is not an e-mail address.", code="invalid_email", field="email")
    return text


def _alternative_id(text: str | None) -> str | None:
    text = (text or "").strip()
    if len(text) > MAX_NAME:
        raise Invalid(f"alternativeId: must have at most {MAX_NAME} characters.", field="alternativeId")
    return text or None


def check_role(role: str | None) -> Role | None:
    """Return the role, or None if there is none. Raises `Invalid` for an unknown one."""
    if role is None:
        return None
    for each in ROLES:
        if role == each:
            return each
    raise Invalid(
        f"role: there is no role {role[:40]!r}; there are {', '.join(ROLES)}.", code="unknown_role", field="role"
    )


def check_permissions(permissions: frozenset[str]) -> frozenset[str]:
    """Return the permissions. Raises `Invalid` for an unknown one."""
    unknown = sorted(permissions.difference(PERMISSIONS))
    if unknown:
        raise Invalid(
            f"permissions: there is no permission {unknown[0]!r}; there are {', '.join(PERMISSIONS)}.",
            code="unknown_permission",
            field="permissions",
        )
    return permissions
