"""Use cases of an account's mails: looking at mails that were sent, or would have been, and sending failed ones again.

Also for the operator of the server: sending all failed mails or webhook calls again.
"""

from __future__ import annotations

import msgspec

from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.ids import new_hex24_at
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Channel, Delivery, Status
from seatwright.notifications.mail.rendering import STAFF_MAIL_KINDS
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


async def page(
    tx: ReadTx,
    account_id: str,
    *,
    limit: int,
    page: int,
    status: Status | None,
    order_id: str | None,
    first: Instant | None = None,
    end: Instant | None = None,
) -> list[Delivery]:
    """Return a page of the account's mails, newest first; `page` counts from 0. They were made from the instant `first`
    on and before `end`.

    Mails to its users aren't among them: their links give access to the account.
    """
    return await deliveries.page(
        tx,
        account_id,
        limit=limit,
        page=page,
        channel="mail",
        status=status,
        order_id=order_id,
        first=first,
        end=end,
        without=STAFF_MAIL_KINDS,
    )


async def get(tx: ReadTx, account_id: str, mail_id: str, *, staff: bool = False) -> Delivery:
    """Return a mail of the account; one to its users only with `staff`, for the operator of the server.

    Raises `NotFound`.
    """
    found = await deliveries.find(tx, account_id, mail_id)
    if found is None or found.channel != "mail" or (found.kind in STAFF_MAIL_KINDS and not staff):
        raise NotFound("There is no such message.", code="message_not_found")
    return found


async def retry(tx: Tx, now: Instant, actor: str, account_id: str, mail_id: str, *, staff: bool = False) -> Delivery:
    """Make a failed mail due again, with the whole schedule of attempts; return it. `staff` as in `get`.

    Raises `NotFound`, and `Conflict` for a mail that has not failed.
    """
    await get(tx, account_id, mail_id, staff=staff)
    if not await deliveries.retry(tx, account_id, mail_id, now):
        raise Conflict(
            "The message was not given up: it was sent, is due anyway, or belongs to the sandbox.",
            code="message_not_dead",
        )
    await audit.record(tx, account_id, now, actor, "message.retried", mail_id)
    return await get(tx, account_id, mail_id, staff=staff)


async def resend(tx: Tx, now: Instant, actor: str, account_id: str, mail_id: str) -> Delivery:
    """Send a mail once more that was sent, to the same address with the same content; return the new mail.

    Raises `NotFound`, and `Conflict` for a mail that was not sent.
    """
    sent = await get(tx, account_id, mail_id)
    if sent.status != "sent":
        raise Conflict(
            "Only a message that was sent can be sent once more: one that was given up is tried again instead "
            "(retry), one that is due is sent anyway, and one of the sandbox is only shown.",
            code="message_not_sent",
        )
    again = msgspec.structs.replace(
        sent,
        id=new_hex24_at(now),
        status="due",
        attempts=0,
        due_at=now,
        log=(),
        created_at=now,
        finished_at=None,
    )
    await deliveries.insert(tx, [again])
    await audit.record(tx, account_id, now, actor, "message.sent_again", mail_id, {"as": again.id})
    return again


async def retry_all(
    tx: Tx,
    now: Instant,
    actor: str,
    channel: Channel,
    *,
    account_id: str = "",
    target: str = "",
    until: Instant,
    limit: int,
) -> int:
    """Make up to `limit` messages of a channel due again that failed up to the instant `until`; return how many.

    They are those of an account, or of one of its targets, or of all accounts. To make all due, call this again until
    there are fewer than `limit`, with the same `until`: messages that fail again meanwhile stay failed.
    """
    again = await deliveries.retry_all(tx, channel, now, account_id=account_id, target=target, limit=limit, until=until)
    events = [
        audit.event(each.account_id, now, actor, "message.retried", each.id, None)
        if channel == "mail"
        else audit.event(each.account_id, now, actor, "webhook.retried", each.target, {"delivery": each.id})
        for each in again
    ]
    await audit.record_all(tx, events)
    return len(again)
