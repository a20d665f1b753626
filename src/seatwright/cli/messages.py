"""Commands for mails: what was given up, what the sandbox would have sent, and whether the mail server takes any."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from seatwright.auth import service, store
from seatwright.auth.service import SYSTEM
from seatwright.cli.running import BAD_SETTINGS, Data, console, fail, opened, run, settings
from seatwright.core.clock import SystemClock
from seatwright.core.ids import new_hex24_at
from seatwright.core.languages import DEFAULT_LANGUAGE
from seatwright.core.mail import mailbox
from seatwright.core.times import iso_utc
from seatwright.messages.mailing import MailSender
from seatwright.notifications import deliveries, mail, outgoing
from seatwright.notifications.deliveries import Delivery, Status
from seatwright.storage.engine import ReadTx, Tx
from seatwright.wording.wording import wording

messages_app = typer.Typer(help="Mails.", no_args_is_help=True)

STATUSES: tuple[Status, ...] = ("dead", "due", "sent", "sandbox")
AccountCode = Annotated[str, typer.Option("--account", help="Code of the account.")]
MailId = Annotated[str, typer.Argument(help="Id of the message.")]


@messages_app.command("list")
def list_messages(
    status: Annotated[str, typer.Option(help="dead, due, sent, sandbox, or all.")] = "dead",
    account: Annotated[str, typer.Option(help="Code of an account; without it, of all accounts.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most, the newest first.")] = 50,
    data: Data = None,
) -> None:
    """List mails, those that were given up unless asked for others."""
    chosen = settings(data)
    wanted = next((each for each in STATUSES if each == status), None)
    if wanted is None and status != "all":
        fail(f"--status: {status!r} is not one of {', '.join(STATUSES)}, all.", code=BAD_SETTINGS)

    async def work() -> tuple[list[Delivery], dict[str, str]]:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> tuple[list[Delivery], dict[str, str]]:
                codes = {each.id: each.code for each in await store.accounts(tx)}
                if not account:
                    return await deliveries.everywhere(tx, "mail", wanted, limit=limit), codes
                owner = await service.account_by_code(tx, account)
                return await outgoing.page(tx, owner.id, limit=limit, page=0, status=wanted, order_id=None), codes

            return await parts.database.read(use_case)

    found, codes = run(work())
    table = Table("account")
    table.add_column("id", no_wrap=True, min_width=24)
    for title in ("made (UTC)", "status", "kind", "to", "last answer"):
        table.add_column(title, overflow="fold")
    for each in found:
        last = each.log[-1] if each.log else None
        said = " ".join(filter(None, (str(last.code or ""), last.error))) if last else ""
        code = codes.get(each.account_id, each.account_id)
        made = iso_utc(each.created_at)[:19]
        table.add_row(*(_plain(cell) for cell in (code, each.id, made, each.status, each.kind, each.target, said)))
    console.print(table)


@messages_app.command("show")
def show(message_id: MailId, account: AccountCode, data: Data = None) -> None:
    """Print a mail: what it says, and what came of every attempt to send it."""
    chosen = settings(data)

    async def work() -> Delivery:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> Delivery:
                owner = await service.account_by_code(tx, account)
                return await outgoing.get(tx, owner.id, message_id)

            return await parts.database.read(use_case)

    delivery = run(work())
    content = mail.decode(delivery.content)
    lines = [
        f"status    {delivery.status}",
        f"kind      {delivery.kind}",
        f"order     {delivery.order_id or ''}",
        f"to        {delivery.target}",
        f"from      {content.from_name} (answers to {content.reply_to})",
        f"subject   {content.subject}",
        *(f"attempt   {iso_utc(each.at)} {each.code or ''} {each.error or 'accepted'}" for each in delivery.log),
        "",
        content.text,
        *(["calendar", content.calendar.replace("\r\n", "\n")] if content.calendar else []),
    ]
    console.print("\n".join(lines), markup=False)


@messages_app.command("retry")
def retry(
    message_ids: Annotated[list[str] | None, typer.Argument(help="Ids of messages of the account.")] = None,
    account: Annotated[str, typer.Option(help="Code of the account; without it, of all accounts.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    data: Data = None,
) -> None:
    """Make mails due again that were given up: some of an account, or all."""
    chosen = settings(data)
    if every == bool(message_ids) or (message_ids and not account):
        fail("name messages and their --account, or --all.", code=BAD_SETTINGS)

    async def work() -> int:
        async with opened(chosen) as parts:

            async def use_case(tx: Tx) -> int:
                owner = (await service.account_by_code(tx, account)).id if account else ""
                if message_ids:
                    places = [(owner, each) for each in message_ids]
                else:
                    dead = (
                        await outgoing.page(tx, owner, limit=1000, page=0, status="dead", order_id=None)
                        if owner
                        else await deliveries.everywhere(tx, "mail", "dead", limit=1000)
                    )
                    places = [(each.account_id, each.id) for each in dead]
                for place in places:
                    await outgoing.retry(tx, parts.clock.now(), SYSTEM, *place)
                return len(places)

            return await parts.database.write(use_case)

    console.print(f"{run(work())} due again.")


@messages_app.command("test")
def send_test(
    to: Annotated[str, typer.Option(help="Address that the test mail is sent to.")], data: Data = None
) -> None:
    """Send a test mail through the mail server of the settings, and print what it answered."""
    chosen = settings(data)
    sender = MailSender.of(chosen)
    if sender is None:
        fail("SEATWRIGHT_SMTP_URL is empty: this is the sandbox, and nothing is sent.", code=BAD_SETTINGS)
    if mailbox(to) is None:
        fail(f"--to: {to!r} is not a mail address.", code=BAD_SETTINGS)
    server, now, words = sender.server, SystemClock().now(), wording(DEFAULT_LANGUAGE)
    name, text = sender.sender.name or "Seatwright", words.say("test.text")
    content = mail.MailContent(
        subject=words.say("test.subject", account=name), text=text + "\n", html=f"<p>{text}</p>\n", from_name=name
    )
    trial = Delivery(
        account_id="",
        id=new_hex24_at(now),
        channel="mail",
        kind="test",
        target=to,
        order_id=None,
        content=mail.encode(content),
        due_at=now,
        created_at=now,
    )
    console.print(f"{server.host}:{server.port}, TLS: {server.security}, from {sender.sender.address}", markup=False)
    outcome = asyncio.run(sender(trial))
    said = f"{outcome.code or ''} {outcome.error or ''}".strip()
    if not outcome.sent:
        fail(f"not sent: {said}")
    console.print(
        f"The server took it: {said}. Message-ID {mail.message_id(trial.id, sender.sender.domain)}", markup=False
    )


def _plain(text: str) -> str:
    """Return a text whose brackets are not taken for rich's markup."""
    return text.replace("[", r"\[")
