"""Commands for pending orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from seatwright.auth import service
from seatwright.auth.model import Caller
from seatwright.cancellation import approval
from seatwright.cli.operator import operator
from seatwright.cli.running import BAD_SETTINGS, Data, Parts, console, errors, fail, opened, run, settings
from seatwright.cli.tables import AsJson, Row, print_list
from seatwright.core.times import iso_utc
from seatwright.customers.fields import full_name
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.view import view_of
from seatwright.storage.engine import ReadTx, Tx

orders_app = typer.Typer(help="Pending orders.", no_args_is_help=True)

LISTED = 200
"""Maximum number of pending orders that are listed."""
AccountCode = Annotated[str, typer.Option("--account", help="Code of the account.")]
Reference = Annotated[str, typer.Argument(help="Order id or confirmation number.")]


@orders_app.command("pending")
def list_pending(account: AccountCode, as_json: AsJson = False, data: Data = None) -> None:
    """List the orders that have to be accepted, the most urgent first."""
    chosen = settings(data)

    async def work() -> list[Order]:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> list[Order]:
                found = await service.account_by_code(tx, account)
                return await orders.waiting(tx, found.id, limit=LISTED + 1)

            return await parts.database.read(use_case)

    found = run(work())
    titles = {
        "confirmation": "confirmation",
        "answerBy": "answer by (UTC)",
        "customer": "customer",
        "pending": "pending",
    }
    rows = [_row(order) for order in found[:LISTED]]
    print_list(rows, titles, as_json=as_json, empty="No order has to be accepted.")
    if len(found) > LISTED:
        errors.print(f"There are more; these are the {LISTED} most urgent.")


@orders_app.command("accept")
def accept(reference: Reference, account: AccountCode, data: Data = None) -> None:
    """Accept what is pending of an order."""

    async def use_case(tx: Tx, parts: Parts, who: Caller) -> Order:
        return await approval.accept(tx, parts.clock, who, reference)

    _answer(account, data, use_case)


@orders_app.command("decline")
def decline(
    reference: Reference,
    account: AccountCode,
    reason: Annotated[str, typer.Option(help="Why, in words for the customer.")] = "",
    data: Data = None,
) -> None:
    """Decline what is pending of an order: its seats go back, and its money in the ledger."""
    if len(reason) > approval.MAX_REASON:
        fail(f"--reason: has more than {approval.MAX_REASON} characters.", code=BAD_SETTINGS)

    async def use_case(tx: Tx, parts: Parts, who: Caller) -> Order:
        return await approval.decline(tx, parts.clock, who, reference, reason.strip())

    _answer(account, data, use_case)


def _answer(account: str, data: Any, use_case: Callable[[Tx, Parts, Caller], Awaitable[Order]]) -> None:
    chosen = settings(data)

    async def work() -> Order:
        async with opened(chosen) as parts:

            async def answer(tx: Tx) -> Order:
                found = await service.account_by_code(tx, account)
                return await use_case(tx, parts, operator(found))

            return await parts.database.write(answer)

    order = run(work())
    console.print(f"{order.confirmation} is {order.status}", markup=False)


def _row(order: Order) -> Row:
    return {
        "id": order.id,
        "confirmation": order.confirmation,
        "answerBy": iso_utc(order.answer_by or 0),
        "customer": full_name(view_of(order, order.account_id).body.customer),
        "pending": ", ".join(f"{len(item.pending)} x {item.product_name}" for item in order.body.items if item.pending),
    }
