"""Commands for accounts and their keys."""

from __future__ import annotations

from typing import Annotated

import typer

from seatwright.auth import service
from seatwright.auth.model import Account
from seatwright.cli.running import Data, console, opened, run, settings
from seatwright.core.config import Settings
from seatwright.storage.engine import Tx

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
    data: Data = None,
) -> None:
    """Make an account with a first user who may do everything, and print its API key, this once."""
    chosen = settings(data)

    async def work(chosen: Settings) -> tuple[Account, str]:
        async with opened(chosen) as parts:
            now = parts.clock.now()

            async def use_case(tx: Tx) -> tuple[Account, str]:
                account, key = await service.create_account(
                    tx, parts.keyring, now, code=code, name=name, email=email, currency=currency, time_zone=time_zone
                )
                first = service.NewUser(email=email, name=user)
                await service.create_user(tx, now, service.SYSTEM, account.id, first)
                return account, key

            return await parts.database.write(use_case)

    account, key = run(work(chosen))
    console.print(f"account   {account.id} ({account.code})\nusername  {email}\napikey    {key}", markup=False)


@keys_app.command("reset")
def reset(account: Annotated[str, typer.Option("--account", help="Code of the account.")], data: Data = None) -> None:
    """Give an account a new API key and print it, this once. The old key and all tokens for it end at once."""
    chosen = settings(data)

    async def work(chosen: Settings) -> str:
        async with opened(chosen) as parts:

            async def use_case(tx: Tx) -> str:
                found = await service.account_by_code(tx, account)
                return await service.reset_key(tx, parts.keyring, parts.clock.now(), service.SYSTEM, found.id)

            return await parts.database.write(use_case)

    console.print(f"apikey    {run(work(chosen))}", markup=False)
