"""Commands for the users of an account: also the way back in for somebody who is locked out (docs/locked-out.md)."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer

from seatwright.auth import second_factor, service, users
from seatwright.auth.model import PERMISSIONS, Caller, Role, User
from seatwright.auth.passwords import check_password, hash_password
from seatwright.auth.roles import ROLE_PERMISSIONS, in_order, rights_of
from seatwright.auth.service import NewUser, UserChange, check_role
from seatwright.cli.operator import operator
from seatwright.cli.running import BAD_SETTINGS, Data, Parts, console, fail, opened, plain, run, settings
from seatwright.cli.tables import AsJson, Row, print_list
from seatwright.core.clock import Instant
from seatwright.core.errors import NotFound
from seatwright.core.times import iso_utc
from seatwright.storage.engine import ReadTx, Tx

T = TypeVar("T")

users_app = typer.Typer(help="Users of an account.", no_args_is_help=True)

PAGE = 1_000
PASSWORD_BYTES = 12
"""Randomness of a password that is made here."""

_Account = Annotated[str, typer.Option("--account", help="Code of the account.")]
_Who = Annotated[str, typer.Argument(help="The user's e-mail, other sign-in name, or id.")]
_RoleName = Annotated[str, typer.Option("--role", help=f"One of {', '.join(ROLE_PERMISSIONS)}.")]
_Permissions = Annotated[
    list[str] | None,
    typer.Option("--permission", help=f"Instead of a role; may be given several times: {', '.join(PERMISSIONS)}."),
]
_FromInput = Annotated[
    bool, typer.Option("--stdin", help="Read the password from standard input, instead of making and printing one.")
]


@users_app.command("list")
def list_users(account: _Account, as_json: AsJson = False, data: Data = None) -> None:
    """List the users of an account: who they are, what they may do, and whether they are locked."""

    async def use_case(tx: ReadTx, parts: Parts, who: Caller) -> list[User]:
        return await _all(tx, who.account_id)

    found = _read(account, data, use_case)
    titles = {"email": "e-mail", "name": "name", "role": "role", "locked": "locked", "id": "id"}
    print_list([_row(user) for user in found], titles, as_json=as_json, empty="The account has no users.")


@users_app.command("add")
def add(
    account: _Account,
    email: Annotated[str, typer.Option(help="E-mail, to sign in with.")],
    name: Annotated[str, typer.Option(help="Name for people.")],
    role: _RoleName = "",
    permission: _Permissions = None,
    from_input: _FromInput = False,
    data: Data = None,
) -> None:
    """Make a user with a role or single permissions, and print a password for the desk, this once."""
    given = _rights(role, permission)

    async def use_case(tx: Tx, now: Instant, who: Caller, password_hash: str) -> User:
        new = NewUser(
            email=email,
            name=name,
            role=given.role,
            permissions=given.permissions or frozenset(),
            password_hash=password_hash,
        )
        return await users.create(tx, now, who, new)

    _with_password(account, data, from_input, use_case)


@users_app.command("password")
def set_password(who: _Who, account: _Account, from_input: _FromInput = False, data: Data = None) -> None:
    """Give a user a new password and print it, this once. Ends the user's sessions and tokens."""

    async def use_case(tx: Tx, now: Instant, caller: Caller, password_hash: str) -> User:
        found = await _find(tx, caller.account_id, who)
        return await users.change(tx, now, caller, found.id, UserChange(password_hash=password_hash))

    _with_password(account, data, from_input, use_case)


@users_app.command("permissions")
def set_permissions(
    who: _Who, account: _Account, role: _RoleName = "", permission: _Permissions = None, data: Data = None
) -> None:
    """Give a user another role, or single permissions in place of it."""
    user = _change(account, data, who, _rights(role, permission))
    console.print(plain(f"{user.email} is {user.role or 'without a role'}, and may: {_may(user)}"))


@users_app.command("lock")
def lock(who: _Who, account: _Account, data: Data = None) -> None:
    """Keep a user out: sessions and tokens end at once, invitations by the user too. Nothing is deleted."""
    user = _change(account, data, who, UserChange(active=False))
    console.print(plain(f"{user.email} is locked"))


@users_app.command("unlock")
def unlock(who: _Who, account: _Account, data: Data = None) -> None:
    """Let a user in again who was locked."""
    user = _change(account, data, who, UserChange(active=True))
    console.print(plain(f"{user.email} may sign in"))


@users_app.command("no-second-step")
def no_second_step(who: _Who, account: _Account, data: Data = None) -> None:
    """Turn off the second step of signing in, for somebody who has lost the app and the recovery codes."""

    async def use_case(tx: Tx, parts: Parts, caller: Caller) -> tuple[User, bool]:
        found = await _find(tx, caller.account_id, who)
        return found, await second_factor.remove(tx, parts.clock.now(), caller, found.id)

    user, was_on = _write(account, data, use_case)
    console.print(plain(f"{user.email} signs in without a second step" + ("" if was_on else ", as before")))


def _rights(role: str, permissions: list[str] | None) -> UserChange:
    if bool(role) == bool(permissions):
        fail("give either a --role or one --permission or more.", code=BAD_SETTINGS)
    known = next((each for each in ROLE_PERMISSIONS if each == role), None)
    if role and known is None:
        fail(f"--role: {role!r} is not one of {', '.join(ROLE_PERMISSIONS)}.", code=BAD_SETTINGS)
    chosen: Role | None = check_role(known)
    return UserChange(role=chosen, permissions=frozenset(permissions) if permissions else None)


def _change(account: str, data: Any, who: str, change: UserChange) -> User:
    async def use_case(tx: Tx, parts: Parts, caller: Caller) -> User:
        found = await _find(tx, caller.account_id, who)
        return await users.change(tx, parts.clock.now(), caller, found.id, change)

    return _write(account, data, use_case)


def _with_password(
    account: str, data: Any, from_input: bool, use_case: Callable[[Tx, Instant, Caller, str], Awaitable[User]]
) -> None:
    """Run a use case that needs the hash of a password, and print who signs in with which."""
    chosen = settings(data)
    made = "" if from_input else secrets.token_urlsafe(PASSWORD_BYTES)

    async def work() -> User:
        async with opened(chosen) as parts:
            hashed = await hash_password(check_password(made or sys.stdin.readline().rstrip("\r\n")))

            async def run_it(tx: Tx) -> User:
                who = operator(await service.account_by_code(tx, account))
                return await use_case(tx, parts.clock.now(), who, hashed)

            return await parts.database.write(run_it)

    user = run(work())
    console.print(plain(f"username  {user.email}"))
    if made:
        console.print(f"password  {made}", markup=False)


def _read(account: str, data: Any, use_case: Callable[[ReadTx, Parts, Caller], Awaitable[T]]) -> T:
    chosen = settings(data)

    async def work() -> T:
        async with opened(chosen) as parts:

            async def run_it(tx: ReadTx) -> T:
                return await use_case(tx, parts, operator(await service.account_by_code(tx, account)))

            return await parts.database.read(run_it)

    return run(work())


def _write(account: str, data: Any, use_case: Callable[[Tx, Parts, Caller], Awaitable[T]]) -> T:
    chosen = settings(data)

    async def work() -> T:
        async with opened(chosen) as parts:

            async def run_it(tx: Tx) -> T:
                return await use_case(tx, parts, operator(await service.account_by_code(tx, account)))

            return await parts.database.write(run_it)

    return run(work())


async def _all(tx: ReadTx, account_id: str) -> list[User]:
    found: list[User] = []
    while page := await service.list_users(tx, account_id, limit=PAGE, page=len(found) // PAGE):
        found += page
        if len(page) < PAGE:
            break
    return found


async def _find(tx: ReadTx, account_id: str, who: str) -> User:
    """Return the user with an e-mail, other sign-in name, or id. Raises `NotFound`."""
    wanted = who.strip()
    for user in await _all(tx, account_id):
        if wanted in (user.id, user.alternative_id) or wanted.lower() == user.email:
            return user
    raise NotFound(f"the account has no user {who!r}: see `seatwright users list`.", code="user_not_found")


def _row(user: User) -> Row:
    return {
        "id": user.id,
        "email": user.email,
        "alternativeId": user.alternative_id,
        "name": user.name,
        "role": user.role or "(permissions)",
        "permissions": in_order(rights_of(user)),
        "locked": not user.active,
        "created": iso_utc(user.created_at),
    }


def _may(user: User) -> str:
    return ", ".join(in_order(rights_of(user))) or "nothing"
