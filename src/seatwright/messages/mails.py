"""The mails that an event makes, their recipients and languages. The order's flags decide:

`disableConfirmationEmail`: mails to the customer. `disableNotification`: who is named on the products.
`disablePendingOrderNotification`: the supplier, of what it has to answer. `disablePendingOrderNotificationResponse`:
whoever asked, of the answer. All are on unless an order's request says otherwise, so an API order is silent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from seatwright.auth import store as accounts
from seatwright.auth.model import Account
from seatwright.cart.model import Line
from seatwright.core import names
from seatwright.core.languages import Language, language_of
from seatwright.core.mail import Mailbox, mailbox
from seatwright.messages.context import OrderEvent
from seatwright.messages.facts import customer_facts
from seatwright.messages.letters import Letter, What
from seatwright.notifications.mail.rendering import MailKind
from seatwright.orders.model import Order
from seatwright.orders.outbox import MESSAGE, RESENT
from seatwright.storage.engine import ReadTx

MAILED: dict[str, What] = {
    "order.created": "created",
    "order.added_to": "added",
    "order.edited": "edited",
    RESENT: "again",
    MESSAGE: "message",
    "order.rescheduled": "rescheduled",
    "order.moved": "rescheduled",
    "order.cancelled": "cancelled",
    "order.partly_cancelled": "cancelled",
    "order.accepted": "accepted",
    "order.declined": "declined",
    "order.expired": "expired",
}
"""The actions of events about which mails are sent."""


async def mails_for(tx: ReadTx, order_event: OrderEvent) -> list[Letter]:
    """Return the mails that an event makes, not rendered yet.

    Outdated mails are left out: a confirmation of something that is cancelled by now, or one that an answer given in
    the meantime sends too. There is no mail for an address that can't receive mail.
    """
    order, what = order_event.order, MAILED.get(order_event.event.detail.action)
    if what is None or not (order.body.flags.mailed or what in ("again", "message")):
        return []
    supplier = await accounts.account(tx, order.account_id)
    seller = supplier if order.owner_id == order.account_id else await accounts.account(tx, order.owner_id)
    assert supplier is not None
    assert seller is not None
    return _Mailing(order_event, what, supplier, seller).letters()


@dataclass(frozen=True, slots=True)
class _Mailing:
    """Decides about one event."""

    order_event: OrderEvent
    what: What
    supplier: Account
    seller: Account

    def letters(self) -> list[Letter]:
        if self.what == "message":
            letter = self._to_customer("message")
            return [] if letter is None else [letter]
        flags = self._order.body.flags
        found: list[Letter | None] = []
        if self.what == "again":
            found.append(self._for_customer())
            return [letter for letter in found if letter is not None]
        if not flags.disable_confirmation_email:
            found.append(self._for_customer())
        if not flags.disable_pending_order_notification_response:
            accepted = self.what == "accepted" and any(found)
            found.append(self._answer(already_confirmed=accepted))
        if not flags.disable_confirmation_email and self._confirms_rest:
            letter = self._to_customer("confirmation")
            found.append(letter and replace(letter, lines=self._confirmed))
        if not flags.disable_pending_order_notification:
            found.append(self._question())
        if not flags.disable_notification and self.what != "edited":
            found += self._notices()
        return [letter for letter in found if letter is not None]

    @property
    def _order(self) -> Order:
        return self.order_event.order

    @property
    def _added(self) -> bool:
        return self.what in ("created", "added")

    @property
    def _lines(self) -> frozenset[str]:
        """The participants and units that the event is about; if it names none, all of the new order.

        A move is about all guests who are booked now on the moved items, unless all who were moved have cancelled
        since.
        """
        named, items = self.order_event.event.detail.lines, self._order.body.items
        if self.what == "rescheduled":
            moved = [item for item in items if any(line.id in named for line in item.live)]
            return frozenset(line.id for item in moved for line in item.live)
        return frozenset(named or (line.id for item in items for line in item.lines))

    @property
    def _waits(self) -> bool:
        """Whether any part that the event is about still has to be accepted."""
        return any(line.pending_until for line in self._left)

    @property
    def _left(self) -> list[Line]:
        """The lines that the event is about, without those that are cancelled by now."""
        lines = self._lines
        return [line for item in self._order.body.items for line in item.live if line.id in lines]

    @property
    def _confirmed(self) -> frozenset[str]:
        """All lines of the order that are confirmed now."""
        live = (line for item in self._order.body.items for line in item.live)
        return frozenset(line.id for line in live if not line.pending_until)

    @property
    def _confirmed_since(self) -> bool:
        """Whether a later event tells the customer the state of the whole order."""
        return self._order.body.confirmed_version > self.order_event.event.detail.version

    @property
    def _confirms_rest(self) -> bool:
        """Whether the event removed the pending part, and so confirms the rest that was ordered with it."""
        if self.what not in ("declined", "expired", "cancelled") or not self._confirmed:
            return False
        return self._order.body.confirmed_version == self.order_event.event.detail.version

    @property
    def _told_later(self) -> bool:
        """Whether a later event tells the customer the state of what was ordered.

        It does if nothing is left of it; if a part had to be accepted and wasn't, because that event confirms the rest,
        now or when nothing is pending any more; and if the whole order has been confirmed since.
        """
        lines = self._lines
        refused = any(
            line.id in lines and line.pending_until and line.status == "cancelled"
            for item in self._order.body.items
            for line in item.lines
        )
        return not self._left or refused or self._confirmed_since

    def _for_customer(self) -> Letter | None:
        if self.what == "cancelled":
            return self._to_customer("cancellation")
        if self._order.status == "cancelled":
            return None
        if self._added:
            if self._waits:
                return self._to_customer("pending_received")
            return None if self._told_later else self._to_customer("confirmation")
        if self.what in ("edited", "again"):
            return self._to_customer("pending_received" if self._order.status == "pending" else "confirmation")
        if self.what == "rescheduled":
            return self._to_customer("rescheduled") if self._lines else None
        if self.what == "accepted" and self._confirmed and not self._confirmed_since:
            return self._to_customer("confirmation")
        return None

    def _answer(self, *, already_confirmed: bool) -> Letter | None:
        if self.what not in ("accepted", "declined", "expired"):
            return None
        if self.seller.id == self.supplier.id:
            return None if already_confirmed else self._to_customer("pending_answer")
        recipient = mailbox(self.seller.email, self.seller.name)
        return self._letter("pending_answer", self.supplier, recipient, self.seller.language)

    def _question(self) -> Letter | None:
        if not self._added or not self._waits:
            return None
        recipient = mailbox(self.supplier.email, self.supplier.name)
        return self._letter("pending_notice", self.supplier, recipient, self.supplier.language)

    def _notices(self) -> list[Letter | None]:
        """One mail for each address that is named on a product concerned, about all such products."""
        found: dict[str, tuple[Mailbox, set[str]]] = {}
        moved_from = self.order_event.event.detail.moved_from
        for item in (*self._order.body.items, *(each for each in self._order.body.left if each.id in moved_from)):
            product = self.order_event.catalog.products_by_id.get(item.product_id)
            lines = self._lines.intersection(line.id for line in item.lines)
            for notice in product.notices if product and lines else ():
                recipient = mailbox(notice.email, notice.name)
                if recipient is not None:
                    found.setdefault(recipient.address.lower(), (recipient, set()))[1].update(lines)
        language = self.supplier.language
        return [
            self._letter("product_notice", self.supplier, recipient, language, lines=frozenset(lines))
            for recipient, lines in found.values()
        ]

    def _to_customer(self, kind: MailKind) -> Letter | None:
        """A mail in the name of the seller."""
        customer = customer_facts(self._order)
        recipient = mailbox(customer["email"], customer["name"])
        language = customer_language(self._order) or self.seller.language
        letter = self._letter(kind, self.seller, recipient, language)
        return letter and replace(letter, to_customer=True)

    def _letter(
        self,
        kind: MailKind,
        speaker: Account,
        recipient: Mailbox | None,
        language: Language,
        *,
        lines: frozenset[str] | None = None,
    ) -> Letter | None:
        """A mail, or None without a recipient. It shows only what its speaker may see, because the speaker can read it
        later.
        """
        if recipient is None:
            return None
        return Letter(
            kind=kind,
            what=self._told,
            order_event=self.order_event.for_account(speaker.id),
            speaker=speaker,
            supplier=self.supplier,
            seller=self.seller,
            recipient=recipient,
            language=language,
            lines=self._lines if lines is None else lines,
        )

    @property
    def _told(self) -> What:
        return "requested" if self.what == "created" and self._waits else self.what


def customer_language(order: Order) -> Language | None:
    """Return the language that the customer names, if it is one of ours."""
    customer = order.body.customer
    named = customer.get("language")
    if named is None:
        named = next((value for name, value in customer.items() if names.same(name, "language")), None)
    return language_of(named)
