"""Commands for accounts and their keys."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.auth import keys, service, store
from seatwright.auth.keys import NewKey
from seatwright.auth.model import PERMISSIONS, Account, ApiKey
from seatwright.auth.roles import in_order
from seatwright.cli.running import Data, console, opened, plain, run, settings
from seatwright.cli.tables import AsJson, Row, print_list
from seatwright.core import times
from seatwright.core.clock import Instant
from seatwright.core.config import Settings
from seatwright.core.moments import parse_moment
from seatwright.storage.engine import ReadTx, Tx

LISTED = 1_000
"""Maximum number of keys that are listed."""

_Code = Annotated[str, typer.Option("--account", help="Code of the account.")]

account_app = typer.Typer(help="Accounts.", no_args_is_help=True)
keys_app = typer.Typer(help="API keys.", no_args_is_help=True)


@account_app.command("create")
def create(
    code: Annotated[str, typer.Option(help="Short name: lower-case letters, digits and dashes.")],
    name: Annotated[str, typer.Option(help="Name for people.")],
    email: Annotated[str, typer.Option(help="E-mail of the account and of its first user.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "USD",
    time_zone: Annotated[str, typer.Option(help="IANA zone.")] = "America/Denver",
    user: Annotated[str, typer.Option(help="Name of the first user.")] = "Administrator",
    if_missing: Annotated[
        bool,
        typer.Option("--if-missing", help="Change nothing if there is an account with this code, instead of failing."),
    ] = False,
    data: Data = None,
) -> None:
    """Make an account with a first user who may do everything, and print its API key, this once."""
    chosen = settings(data)

    async def work(chosen: Settings) -> tuple[Account, str | None]:
        async with opened(chosen) as parts:
            now = parts.clock.now()

            async def use_case(tx: Tx) -> tuple[Account, str | None]:
                found = await store.account_by_code(tx, code) if if_missing else None
                if found is not None:
                    return found, None
                account, key = await service.create_account(
                    tx, parts.keyring, now, code=code, name=name, email=email, currency=currency, time_zone=time_zone
                )
                first = service.NewUser(email=email, name=user, role="owner")
                await service.create_user(tx, now, service.SYSTEM, account.id, first)
                return account, key

            return await parts.database.write(use_case)

    account, key = run(work(chosen))
    if key is None:
        console.print(plain(f"account   {account.id} ({account.code}) is there already; nothing was changed"))
        return
    console.print(f"account   {account.id} ({account.code})\nusername  {email}\napikey    {key}", markup=False)


@account_app.command("list")
def list_accounts(as_json: AsJson = False, data: Data = None) -> None:
    """List the accounts: code, name, e-mail, currency, time zone."""
    chosen = settings(data)

    async def work() -> list[Account]:
        async with opened(chosen) as parts:
            return await parts.database.read(store.accounts)

    titles = {"code": "code", "name": "name", "email": "e-mail", "currency": "currency", "timeZone": "time zone"}
    empty = "There is no account yet: `seatwright account create` makes one."
    print_list([_account_row(account) for account in run(work())], titles, as_json=as_json, empty=empty)


@keys_app.command("reset")
def reset(account: _Code, data: Data = None) -> None:
    """Give an account a new API key and print it, this once. The old key and all tokens for it end at once."""
    chosen = settings(data)

    async def work(chosen: Settings) -> str:
        async with opened(chosen) as parts:

            async def use_case(tx: Tx) -> str:
                found = await service.account_by_code(tx, account)
                return await service.reset_key(tx, parts.keyring, parts.clock.now(), service.SYSTEM, found.id)

            return await parts.database.write(use_case)

    console.print(f"apikey    {run(work(chosen))}", markup=False)


@keys_app.command("create")
def create_key(
    account: _Code,
    name: Annotated[str, typer.Option(help="What the key is for, such as Accounting.")],
    permission: Annotated[
        list[str], typer.Option(help=f"What it may do; may be given several times: {', '.join(PERMISSIONS)}.")
    ],
    expires: Annotated[
        str, typer.Option(help="Last day (2027-12-31, in the account's time zone), or a time; never, if not given.")
    ] = "",
    data: Data = None,
) -> None:
    """Make a key for an integration, with the permissions that it needs, and print it, this once."""
    chosen = settings(data)

    async def work(chosen: Settings) -> tuple[ApiKey, str]:
        async with opened(chosen) as parts:

            async def use_case(tx: Tx) -> tuple[ApiKey, str]:
                found = await service.account_by_code(tx, account)
                expires_at = parse_moment(expires, found.time_zone, field="expires", end=True) if expires else None
                new = NewKey(name, frozenset(permission), expires_at)
                return await keys.create(tx, parts.keyring, parts.clock.now(), service.SYSTEM, found.id, new)

            return await parts.database.write(use_case)

    made, key = run(work(chosen))
    console.print(f"id        {made.id}\napikey    {key}", markup=False)


@keys_app.command("list")
def list_keys(account: _Code, as_json: AsJson = False, data: Data = None) -> None:
    """List the keys of an account's integrations: id, state, last use, permissions, name. Never a key itself."""
    chosen = settings(data)

    async def work(chosen: Settings) -> list[tuple[ApiKey, str]]:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> list[ApiKey]:
                found = await service.account_by_code(tx, account)
                return await keys.page(tx, found.id, limit=LISTED, page=0)

            now = parts.clock.now()
            return [(key, _state(key, now)) for key in await parts.database.read(use_case)]

    titles = {"id": "id", "state": "state", "lastUsed": "last used", "permissions": "may", "name": "name"}
    rows = [_key_row(key, state) for key, state in run(work(chosen))]
    print_list(rows, titles, as_json=as_json, empty="There are no keys but the account's own.")


@keys_app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `seatwright keys list` shows it.")],
    account: _Code,
    data: Data = None,
) -> None:
    """End a key, and all tokens that were given for it, at once."""
    chosen = settings(data)

    async def work(chosen: Settings) -> ApiKey:
        async with opened(chosen) as parts:

            async def use_case(tx: Tx) -> ApiKey:
                found = await service.account_by_code(tx, account)
                return await keys.revoke(tx, parts.clock.now(), service.SYSTEM, found.id, key_id)

            return await parts.database.write(use_case)

    console.print(plain(f"revoked   {run(work(chosen)).name}"))


def _account_row(account: Account) -> Row:
    return {
        "id": account.id,
        "code": account.code,
        "name": account.name,
        "email": account.email,
        "currency": account.currency,
        "timeZone": account.time_zone,
        "language": account.language,
        "created": times.iso_utc(account.created_at),
    }


def _key_row(key: ApiKey, state: str) -> Row:
    return {
        "id": key.id,
        "name": key.name,
        "state": state,
        "permissions": in_order(key.permissions),
        "created": times.iso_utc(key.created_at),
        "expires": None if key.expires_at is None else times.iso_utc(key.expires_at),
        "lastUsed": None if key.last_used_at is None else times.iso_utc(key.last_used_at),
        "revoked": None if key.revoked_at is None else times.iso_utc(key.revoked_at),
    }


def _state(key: ApiKey, now: Instant) -> str:
    if key.revoked_at is not None:
        return f"revoked {times.iso_utc(key.revoked_at)}"
    if key.expires_at is None:
        return "good"
    return f"{'expired' if key.expires_at <= now else 'good until'} {times.iso_utc(key.expires_at)}"
