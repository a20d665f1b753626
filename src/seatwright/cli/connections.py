"""Commands for the connections between suppliers and resellers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from seatwright.auth import service
from seatwright.cli.running import Data, console, opened, plain, run, settings
from seatwright.cli.tables import AsJson, Row, print_list
from seatwright.core.times import iso_utc
from seatwright.resellers import service as resellers
from seatwright.resellers.model import Connection, Rate
from seatwright.storage.engine import ReadTx, Tx

connections_app = typer.Typer(help="Connections between suppliers and resellers.", no_args_is_help=True)

PAGE = 1_000

_Account = Annotated[str, typer.Option("--account", help="Code of the supplier's account.")]
_Reseller = Annotated[str, typer.Option("--reseller", help="Code of the reseller's account.")]


@connections_app.command("list")
def list_connections(
    account: Annotated[str, typer.Option("--account", help="Code of the account, supplier or reseller.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List whom an account lets sell, and for whom it sells, with the terms."""
    chosen = settings(data)

    async def work() -> list[Row]:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> list[Row]:
                found = await service.account_by_code(tx, account)
                listed = await resellers.list_connections(tx, found.id, limit=PAGE, page=0)
                return [_row(each) for each in listed]

            return await parts.database.read(use_case)

    titles = {"supplier": "supplier", "reseller": "reseller", "open": "open", "kind": "kind", "rate": "rate"}
    print_list(run(work()), titles, as_json=as_json, empty="The account has no connections.")


@connections_app.command("open")
def open_connection(account: _Account, reseller: _Reseller, data: Data = None) -> None:
    """Let a reseller sell for a supplier: anew with everything for no commission, or on the terms of before.

    The terms are set at the desk or over the API (docs/resellers.md).
    """
    _set(account, reseller, data, is_open=True)


@connections_app.command("close")
def close_connection(account: _Account, reseller: _Reseller, data: Data = None) -> None:
    """End a reseller's right to sell for a supplier. Orders that were sold stay as they are."""
    _set(account, reseller, data, is_open=False)


def _set(account: str, reseller: str, data: Any, *, is_open: bool) -> None:
    chosen = settings(data)

    async def work() -> Connection:
        async with opened(chosen) as parts:

            async def use_case(tx: Tx) -> Connection:
                now = parts.clock.now()
                supplier = (await service.account_by_code(tx, account)).id
                seller = (await service.account_by_code(tx, reseller)).id
                known = await resellers.list_connections(tx, supplier, limit=PAGE, page=0)
                if is_open and (supplier, seller) not in {(each.supplier_id, each.reseller_id) for each in known}:
                    return await resellers.connect(tx, now, service.SYSTEM, supplier, seller)
                return await resellers.change(tx, now, service.SYSTEM, supplier, seller, active=is_open)

            return await parts.database.write(use_case)

    made = run(work())
    state = "may sell" if made.active else "may not sell any more"
    console.print(plain(f"{made.reseller_name} {state} for {made.supplier_name}"))


def _row(each: Connection) -> Row:
    return {
        "supplier": each.supplier_name,
        "supplierId": each.supplier_id,
        "reseller": each.reseller_name,
        "resellerId": each.reseller_id,
        "open": each.active,
        "supplierOrders": each.supplier_orders,
        "kind": each.terms.kind,
        "rate": _rate(each.terms.rate),
        "channel": each.channel,
        "created": iso_utc(each.created_at),
    }


def _rate(rate: Rate | None) -> str | None:
    if rate is None:
        return None
    return f"{rate.amount / 10_000:g} %" if rate.calc == "percent" else f"{rate.amount} minor units each"
