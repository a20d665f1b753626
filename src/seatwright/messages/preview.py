"""What a mail that somebody is writing will look like, before it is sent."""

from __future__ import annotations

from dataclasses import replace

from seatwright.messages.context import Messenger, OrderEvent
from seatwright.messages.letters import Letter, write
from seatwright.messages.mails import mails_for
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.message import MailContent
from seatwright.orders.confirmation import event_about
from seatwright.orders.model import Order
from seatwright.orders.outbox import Detail
from seatwright.storage.engine import ReadTx


async def letter_of(tx: ReadTx, parts: Messenger, order: Order, detail: Detail) -> Letter | None:
    """Return the mail to the customer that an event would make; None if there would be none.

    It has no link to the order: whoever looks at a preview isn't to get that.
    """
    event = event_about(order, parts.clock.now(), detail)
    catalog = await parts.catalogs.load(tx, order.account_id)
    letters = await mails_for(tx, OrderEvent(event, order, catalog))
    return next((replace(letter, to_customer=False) for letter in letters if letter.to_customer), None)


def rendered(parts: Messenger, letter: Letter) -> MailContent:
    """Return a mail's subject and text. Takes milliseconds of computing, and stores nothing."""
    return mail.decode(write(parts, letter).content)
