"""Turns events of the outbox into deliveries: who is to be told what, in which words.

An event is taken, its messages are made without any lock, and then written in the transaction that removes the event.
Whatever dies on the way leaves the event, which is taken again; messages that were written are never made twice.
"""

from __future__ import annotations

import asyncio

import structlog

from seatwright.messages.calls import calls_for
from seatwright.messages.context import Happening, Messenger
from seatwright.messages.letters import Letter, write
from seatwright.messages.mails import mails_for
from seatwright.notifications import deliveries, outbox
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.outbox import Event
from seatwright.orders import store as order_store
from seatwright.storage.engine import ReadTx, Tx

AT_ONCE = 50
"""Events taken in one round at most."""

log = structlog.get_logger("seatwright.messages")


async def fan_out(parts: Messenger) -> int:
    """Make messages of the events that are due; return how many events there were.

    An event whose messages can't be made is logged and stays: it is tried again after a while.
    """
    taken = await parts.database.write(lambda tx: outbox.take(tx, parts.clock.now(), limit=AT_ONCE))
    for event in taken:
        try:
            await _tell(parts, event)
        except Exception as error:
            log.warning("an event could not be told", kind=event.kind, order_id=event.order_id, exc_info=error)
    return len(taken)


async def _tell(parts: Messenger, event: Event) -> None:
    async def prepare(tx: ReadTx) -> tuple[list[Letter], list[Delivery]]:
        order = await order_store.find(tx, event.account_id, event.order_id)
        assert order is not None, "orders are never deleted"
        catalog = await parts.catalogs.load(tx, event.account_id)
        happening = Happening(event, order, catalog)
        return await mails_for(tx, happening), await calls_for(tx, parts, happening)

    letters, calls = await parts.database.read(prepare)
    # Rendering takes a while, which requests to this process don't wait for.
    mails = await asyncio.to_thread(lambda: [write(parts, letter) for letter in letters]) if letters else []

    async def save(tx: Tx) -> None:
        if await outbox.done(tx, event):
            await deliveries.insert(tx, [*mails, *calls])

    await parts.database.write(save)
