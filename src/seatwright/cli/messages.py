"""Commands for mails and webhook calls: what was given up, or could not be told at all, what the sandbox would have
sent, and whether the mail server takes any."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from seatwright.auth import service, store
from seatwright.auth.service import SYSTEM
from seatwright.cli.running import BAD_SETTINGS, Data, Parts, console, fail, opened, run, settings
from seatwright.cli.tables import AsJson, Row, print_list
from seatwright.core.clock import SystemClock
from seatwright.core.ids import new_hex24_at
from seatwright.core.languages import DEFAULT_LANGUAGE
from seatwright.core.mail import mailbox
from seatwright.core.times import iso_utc
from seatwright.notifications import deliveries
from seatwright.notifications import service as outgoing
from seatwright.notifications.deliveries import Channel, Delivery, Status
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.sender import MailSender
from seatwright.orders import outbox
from seatwright.orders.outbox import Event
from seatwright.storage.engine import ReadTx, Tx
from seatwright.wording.wording import wording

messages_app = typer.Typer(help="Mails and webhook calls.", no_args_is_help=True)

STATUSES: tuple[Status, ...] = ("dead", "due", "sent", "sandbox")
CHANNELS: tuple[Channel, ...] = ("mail", "webhook")
AccountCode = Annotated[str, typer.Option("--account", help="Code of the account.")]
AnyAccount = Annotated[str, typer.Option("--account", help="Code of an account; without it, of all accounts.")]
ChannelName = Annotated[str, typer.Option("--channel", help="mail or webhook.")]
PORTION = 500
"""Maximum number of messages, or events, that are made due in one transaction, so that no other transaction waits
long.
"""
MailId = Annotated[str, typer.Argument(help="Id of the message.")]


@messages_app.command("list")
def list_messages(
    status: Annotated[str, typer.Option(help="dead, due, sent, sandbox, or all.")] = "dead",
    channel: ChannelName = "mail",
    account: AnyAccount = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most, the newest first.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List mails, or webhook calls, those that were given up unless asked for others."""
    chosen, way = settings(data), _channel(channel)
    wanted = next((each for each in STATUSES if each == status), None)
    if wanted is None and status != "all":
        fail(f"--status: {status!r} is not one of {', '.join(STATUSES)}, all.", code=BAD_SETTINGS)

    async def work() -> tuple[list[Delivery], dict[str, str]]:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> tuple[list[Delivery], dict[str, str]]:
                codes = await _codes(tx)
                if not account:
                    return await deliveries.everywhere(tx, way, wanted, limit=limit), codes
                owner = await service.account_by_code(tx, account)
                return await deliveries.page(tx, owner.id, limit=limit, page=0, channel=way, status=wanted), codes

            return await parts.database.read(use_case)

    found, codes = run(work())
    titles = {
        "account": "account",
        "id": "id",
        "made": "made (UTC)",
        "status": "status",
        "kind": "kind",
        "to": "to",
        "lastAnswer": "last answer",
    }
    rows = [_row(each, codes.get(each.account_id, each.account_id)) for each in found]
    print_list(rows, titles, as_json=as_json, empty="There are no such messages.")


@messages_app.command("show")
def show(message_id: MailId, account: AccountCode, data: Data = None) -> None:
    """Print a mail: what it says, and what came of every attempt to send it."""
    chosen = settings(data)

    async def work() -> Delivery:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> Delivery:
                owner = await service.account_by_code(tx, account)
                return await outgoing.get(tx, owner.id, message_id, staff=True)

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


@messages_app.command("failed")
def list_failed(
    account: AnyAccount = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List what happened to orders and could not be told, or not to all: given up, or still tried."""
    chosen = settings(data)

    async def work() -> tuple[list[Event], dict[str, str]]:
        async with opened(chosen) as parts:

            async def use_case(tx: ReadTx) -> tuple[list[Event], dict[str, str]]:
                owner = await _owner(tx, account)
                return await outbox.failed(tx, account_id=owner, limit=limit), await _codes(tx)

            return await parts.database.read(use_case)

    found, codes = run(work())
    if as_json:
        rows = [_event_row(each, codes.get(each.account_id, each.account_id)) for each in found]
        print_list(rows, {}, as_json=True, empty="")
        return
    for each in found:
        code, happened = codes.get(each.account_id, each.account_id), f"{iso_utc(each.at)[:19]}Z"
        following = "given up" if each.failed_at is not None else f"next at {iso_utc(each.due_at)[:19]}Z"
        attempts = f"{each.attempts} attempt{'s' if each.attempts != 1 else ''}, {following}"
        line = f"{code}: {each.kind} of {each.order_id} at {happened}: {attempts}: {each.error or outbox.DIED}"
        console.print(line, markup=False)


@messages_app.command("retry")
def retry(
    message_ids: Annotated[list[str] | None, typer.Argument(help="Ids of mails of the account.")] = None,
    account: AnyAccount = "",
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    channel: Annotated[str, typer.Option("--channel", help="mail or webhook: which, with --all.")] = "mail",
    failed: Annotated[bool, typer.Option("--failed", help="What `failed` lists, instead of messages.")] = False,
    data: Data = None,
) -> None:
    """Make due again what was given up: mails of an account, all mails, all webhook calls, or all events that failed.

    Calls of webhooks that are switched off stay given up.
    """
    chosen, way = settings(data), _channel(channel)
    if [bool(message_ids), every, failed].count(True) != 1 or (message_ids and not account):
        fail("name mails and their --account, or --all, or --failed.", code=BAD_SETTINGS)
    if way != "mail" and not every:
        fail("--channel goes with --all.", code=BAD_SETTINGS)

    async def work() -> int:
        async with opened(chosen) as parts:
            owner = await parts.database.read(lambda tx: _owner(tx, account))
            if message_ids:
                return await _retry_some(parts, owner, message_ids)
            return await (_retry_failed(parts, owner) if failed else _retry_all(parts, way, owner))

    console.print(f"{run(work())} due again.")


async def _retry_some(parts: Parts, owner: str, message_ids: list[str]) -> int:
    async def use_case(tx: Tx) -> int:
        for each in message_ids:
            await outgoing.retry(tx, parts.clock.now(), SYSTEM, owner, each, staff=True)
        return len(message_ids)

    return await parts.database.write(use_case)


async def _retry_all(parts: Parts, channel: Channel, owner: str) -> int:
    began, many = parts.clock.now(), 0

    async def use_case(tx: Tx) -> int:
        now = parts.clock.now()
        return await outgoing.retry_all(tx, now, SYSTEM, channel, account_id=owner, until=began, limit=PORTION)

    while count := await parts.database.write(use_case):
        many += count
    return many


async def _retry_failed(parts: Parts, owner: str) -> int:
    many, last = 0, ("", "")

    async def use_case(tx: Tx) -> list[Event]:
        found = await outbox.failed(tx, account_id=owner, limit=PORTION, after=last)
        await outbox.retry(tx, found, parts.clock.now())
        return found

    while found := await parts.database.write(use_case):
        many, last = many + len(found), (found[-1].account_id, found[-1].id)
    return many


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


def _row(each: Delivery, code: str) -> Row:
    last = each.log[-1] if each.log else None
    return {
        "account": code,
        "id": each.id,
        "made": iso_utc(each.created_at)[:19],
        "status": each.status,
        "kind": each.kind,
        "order": each.order_id,
        "to": each.target,
        "attempts": len(each.log),
        "lastAnswer": " ".join(filter(None, (str(last.code or ""), last.error))) if last else "",
    }


def _event_row(each: Event, code: str) -> Row:
    return {
        "account": code,
        "order": each.order_id,
        "kind": each.kind,
        "at": iso_utc(each.at),
        "attempts": each.attempts,
        "givenUp": each.failed_at is not None,
        "next": None if each.failed_at is not None else iso_utc(each.due_at),
        "error": each.error or outbox.DIED,
    }


def _channel(name: str) -> Channel:
    found = next((each for each in CHANNELS if each == name), None)
    return found or fail(f"--channel: {name!r} is not one of {', '.join(CHANNELS)}.", code=BAD_SETTINGS)


async def _owner(tx: ReadTx, code: str) -> str:
    """Return the id of the account with a code, or nothing for all accounts. Raises `NotFound`."""
    return (await service.account_by_code(tx, code)).id if code else ""


async def _codes(tx: ReadTx) -> dict[str, str]:
    return {each.id: each.code for each in await store.accounts(tx)}
