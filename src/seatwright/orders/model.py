"""An order: a sold cart, with its payments and cancellations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import msgspec

from seatwright.cart.deposits import deposit_of
from seatwright.cart.model import Item, OrderAgent
from seatwright.core.clock import Instant

OrderStatus: TypeAlias = Literal["confirmed", "pending", "cancelled"]
Way: TypeAlias = Literal["external", "cash", "card", "transfer", "other"]
"""How money was paid: to somebody else than the desk (an online shop, a reseller), in cash, by card at the desk's own
terminal, by bank transfer, or otherwise (a voucher, a cheque).
"""
WAYS: tuple[Way, ...] = get_args(Way)


class Recorder(msgspec.Struct, frozen=True, kw_only=True):
    """The user, or the key of a program, that recorded something, with the name at that time."""

    id: str
    name: str


class Voiding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When, by whom and why a payment was declared wrong."""

    at: Instant
    by: Recorder | None = None
    reason: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money that was paid, in minor units; below zero, money that was given back.

    Without `by` it was not recorded by itself: an order that came in as paid brought it along. A `deposit` was paid in
    advance. A `voided` one was recorded by mistake, and counts as nothing.
    """

    id: str
    amount: int
    at: Instant
    memo: str | None = None
    method: Way = "external"
    by: Recorder | None = None
    deposit: bool = False
    voided: Voiding | None = None

    @property
    def type(self) -> str:
        """The way as people read it: `Cash`."""
        return self.method.title()

    @property
    def is_refund(self) -> bool:
        """Whether the money was given back."""
        return self.amount < 0

    @property
    def counted(self) -> int:
        """The amount that counts: nothing of a voided payment."""
        return 0 if self.voided else self.amount


class Explanation(NamedTuple):
    """What the customer reads of a change beside what it is: a reason in a few words, and what somebody wrote."""

    reason: str = ""
    text: str = ""


UNEXPLAINED = Explanation()


class NotificationFlags(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The messages that are switched off for an order. No mails are sent for an API order unless its request asks for
    them.
    """

    disable_notification: bool = True
    disable_pending_order_notification: bool = True
    disable_pending_order_notification_response: bool = True
    disable_confirmation_email: bool = True

    @property
    def mailed(self) -> bool:
        """Whether any mail may be sent."""
        return not (
            self.disable_notification
            and self.disable_pending_order_notification
            and self.disable_pending_order_notification_response
            and self.disable_confirmation_email
        )


class Resale(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The terms between supplier and reseller at the time when a reseller sold an order.

    `commission`: the supplier takes the money and owes the reseller its commission. `net`: the reseller takes the
    money, keeps its commission, and owes the supplier the rest. With `hides_contact` the supplier sees only those data
    of the customer that `orders/view.py` allows. `may_waive_fees`: the reseller may cancel without a fee.
    """

    kind: Literal["commission", "net"] = "commission"
    hides_contact: bool = False
    may_waive_fees: bool = True


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last answer to a pending order: `expired` if there was none in time, which declines it."""

    outcome: Literal["accepted", "declined", "expired"]
    at: Instant
    reason: str = ""


class OrderBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order's document. `transactions` counts its ledger transactions; `order_fee_policies` are the ids of
    cancellation policies whose fee for the whole order has been taken. `commission` is the reseller's, of the lines
    that aren't cancelled, as the ledger has it. `agent` is the reseller's user in whose name its supplier ordered.
    `links_ended` is how often the customer's links were ended.

    `unconfirmed` are participants and units that needn't be accepted, but were ordered together with some that must, so
    that the customer has only got a mail about a request. `confirmed_version` is the order's version at which it was
    last confirmed because nothing is pending any more: its event tells the customer the state of the order.

    `supplier_sees` are the labels of questions whose answers the supplier sees although it doesn't see the customer's
    contact (`orders/view.py`), as the catalogs said when the reseller ordered.

    `left` are items that guests have left for another departure, with these guests as they were, without names and
    answers: the books of the time before are about them.
    """

    created_by: str
    created_by_email: str
    currency: str
    customer: dict[str, Any] = {}
    items: tuple[Item, ...] = ()
    payments: tuple[Payment, ...] = ()
    reference_id: str | None = None
    discount_codes: tuple[str, ...] = ()
    billing: dict[str, Any] = {}
    flags: NotificationFlags = NotificationFlags()
    cancellation_fees: int = 0
    order_fee_policies: tuple[str, ...] = ()
    transactions: int = 0
    resale: Resale | None = None
    commission: int = 0
    answer: Answer | None = None
    links_ended: int = 0
    unconfirmed: tuple[str, ...] = ()
    confirmed_version: int = 0
    agent: OrderAgent | None = None
    supplier_sees: tuple[str, ...] = ()
    left: tuple[Item, ...] = ()

    def item(self, departure_id: str) -> Item | None:
        """Return the item of a departure, or None."""
        return next((item for item in self.items if item.id == departure_id), None)

    @property
    def places(self) -> tuple[Item, ...]:
        """All items, also with the guests who have left them since."""
        return merged(self.items, self.left)


def merged(items: Sequence[Item], others: Sequence[Item]) -> tuple[Item, ...]:
    """Return `items` with those lines of `others` that they lack: one item for each departure."""
    found = {item.id: item for item in items}
    for other in others:
        known = found.get(other.id)
        if known is None:
            found[other.id] = other
            continue
        ids = {line.id for line in known.lines}
        lines = tuple(line for line in other.lines if line.id not in ids)
        found[other.id] = known.with_lines_of(msgspec.structs.replace(other, lines=lines)) if lines else known
    return tuple(found.values())


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was read.

    `account_id` is the supplier's, whose seats were sold; `owner_id` the seller's: a reseller's, or the same. `total`
    is the amount owed for the remaining lines plus cancellation fees, `paid` the amount paid: both are sums over the
    ledger, in minor units. `channel` is the way it came in, "" for the supplier's own. `answer_by` is the deadline for
    answering a pending order.
    """

    account_id: str
    id: str
    confirmation: int
    owner_id: str
    status: OrderStatus
    version: int
    body: OrderBody
    total: int
    paid: int
    created_at: Instant
    modified_at: Instant
    channel: str = ""
    answer_by: Instant | None = None

    @property
    def balance(self) -> int:
        """The amount still owed; below zero, money to give back."""
        return self.total - self.paid

    @property
    def deposit(self) -> int:
        """What of the order is to be paid in advance."""
        return deposit_of(self.body.items)

    @property
    def deposit_due(self) -> int:
        """What of the deposit isn't paid yet."""
        return max(0, self.deposit - self.paid)

    @property
    def last_date(self) -> Instant | None:
        """The end of the last departure; None if no item has a date."""
        dates = (at for item in self.body.items for at in (item.start_at, item.end_at) if at is not None)
        return max(dates, default=None)

    def calendar_uid(self, item: Item) -> str:
        """Return an item's UID in calendars. Mails and the customer's page must use the same one; otherwise the item
        appears twice.
        """
        return f"{item.id}.{self.id}@seatwright"


def item_status(item: Item) -> OrderStatus:
    """Return an item's status: it closes itself when its last participant or unit goes."""
    if not item.live:
        return "cancelled"
    return "pending" if item.pending_until else "confirmed"


def status_of(items: tuple[Item, ...]) -> OrderStatus:
    """Return the status of an order with these items: pending while one of them is, cancelled when all are."""
    found = {item_status(item) for item in items}
    return "pending" if "pending" in found else "confirmed" if "confirmed" in found else "cancelled"


def answer_by(items: tuple[Item, ...]) -> Instant | None:
    """Return the deadline for answering an order with these items: the earliest of the pending ones."""
    return min((item.pending_until for item in items if item.pending_until), default=None)


def unconfirmed_with(before: tuple[str, ...], added: Sequence[Item]) -> tuple[str, ...]:
    """Return `OrderBody.unconfirmed` after an addition. An addition without pending lines also confirms the earlier
    lines.
    """
    if not any(item.pending for item in added):
        return ()
    return (*before, *(line.id for item in added for line in item.live if not line.pending_until))


def settled(body: OrderBody, version: int) -> OrderBody:
    """Return a document after lines were declined or cancelled; `version` is the order's new one.

    If nothing is pending any more and lines are left about which the customer only got a mail about a request, this
    confirms them.
    """
    if not body.unconfirmed or status_of(body.items) == "pending":
        return body
    live = {line.id for item in body.items for line in item.live}
    confirmed = version if live.intersection(body.unconfirmed) else body.confirmed_version
    return msgspec.structs.replace(body, unconfirmed=(), confirmed_version=confirmed)
