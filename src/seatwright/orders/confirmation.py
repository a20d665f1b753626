"""Sends an order's confirmation again, or a message that somebody wrote, to its customer."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.auth.model import Caller
from seatwright.core.clock import Clock, Instant
from seatwright.core.errors import Conflict
from seatwright.core.ids import new_hex24_at
from seatwright.core.mail import Mailbox, mailbox
from seatwright.customers.consent import address_of
from seatwright.customers.fields import full_name
from seatwright.orders import outbox
from seatwright.orders.customer_links import check_seller
from seatwright.orders.model import Order
from seatwright.orders.outbox import MESSAGE, RESENT, Detail, Event
from seatwright.orders.store import lock_order
from seatwright.storage import audit
from seatwright.storage.engine import Tx


class Message(NamedTuple):
    """What somebody writes to a customer; without a subject the mail has the usual one."""

    text: str
    subject: str = ""


class SentAgain(NamedTuple):
    """The order, and the mailbox to which its confirmation goes."""

    order: Order
    recipient: Mailbox


async def send_again(tx: Tx, clock: Clock, caller: Caller, reference: str) -> SentAgain:
    """Send the customer the confirmation of an order again, as its seller, whatever the order's flags say.

    It is one mail for each call, about the order as it is when the mail is made; while a part has to be accepted, it is
    the mail that says so. The order doesn't change and no webhook is called. Raises `NotFound`, and `Conflict` for an
    order that a reseller sold, a cancelled one, and a customer without an address that can receive mail.
    """
    order = await lock_order(tx, caller, reference)
    check_seller(order, caller.account_id)
    if order.status == "cancelled":
        raise Conflict("This order is cancelled, so there is nothing to confirm.", code="order_cancelled")
    recipient = recipient_of(order)
    await _send(tx, clock, order, caller.user_id, Detail(action=RESENT, version=order.version))
    return SentAgain(order, recipient)


def recipient_of(order: Order) -> Mailbox:
    """Return the customer's mailbox. Raises `Conflict` for one without an address that can receive mail."""
    customer = order.body.customer
    recipient = mailbox(address_of(customer), full_name(customer))
    if recipient is None:
        raise Conflict(
            "The customer of this order has no e-mail address that can receive mail; add one to the customer first "
            "(PATCH the order).",
            code="no_address",
        )
    return recipient


def check_message(order: Order) -> None:
    """Raise `Conflict` if the supplier can't write to the customer, who belongs to a reseller or has no address."""
    if order.owner_id != order.account_id:
        raise Conflict("A reseller sold this order; it writes to its customers itself.", code="sold_by_reseller")
    recipient_of(order)


async def send_message(
    tx: Tx, clock: Clock, order: Order, actor: str, message: Message, lines: tuple[str, ...]
) -> None:
    """Send the customer of a locked order a message about some of its guests, whatever the order's flags say.

    The order doesn't change and no webhook is called. Raises as `check_message` does.
    """
    check_message(order)
    await _send(tx, clock, order, actor, detail_of(order, message, lines))


def detail_of(order: Order, message: Message, lines: tuple[str, ...]) -> Detail:
    """Return what the outbox says of a message about some of an order's guests."""
    return Detail(action=MESSAGE, version=order.version, lines=lines, message=message.text, subject=message.subject)


def event_about(order: Order, at: Instant, detail: Detail) -> Event:
    """Return the event by which a mail about an order is written that goes with no change of it."""
    return Event(
        account_id=order.account_id,
        id=new_hex24_at(at),
        owner_id=order.owner_id,
        order_id=order.id,
        kind="order.changed",
        at=at,
        detail=detail,
    )


async def _send(tx: Tx, clock: Clock, order: Order, actor: str, detail: Detail) -> None:
    now = clock.now()
    await outbox.enqueue(tx, event_about(order, now, detail), mailed=True)
    said = {"text": detail.message, "subject": detail.subject} if detail.message else None
    await audit.record(tx, order.account_id, now, actor, detail.action, order.id, said)
