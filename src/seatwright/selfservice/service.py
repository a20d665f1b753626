"""What a customer can do with a link: look at the order, see the price of cancelling, and cancel for exactly that
price.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

from seatwright.auth import links
from seatwright.auth import service as auth
from seatwright.auth.links import OrderLink
from seatwright.auth.model import Account, Caller
from seatwright.auth.secrets import Keyring
from seatwright.cancellation.service import Quote, amounts_in_words, cancel, quote
from seatwright.cart.context import BookingContext
from seatwright.catalog.model import Catalog
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Instant, ManualClock
from seatwright.core.errors import NotFound
from seatwright.orders import store
from seatwright.orders.model import Order
from seatwright.orders.store import order_not_found
from seatwright.selfservice import online
from seatwright.selfservice.online import Choice
from seatwright.storage.engine import ReadTx, Tx

CUSTOMER = "customer"
"""The actor in the audit log."""


class Visit(NamedTuple):
    """A verified link, with its token, and when it was opened."""

    link: OrderLink
    token: str
    now: Instant


class OrderParties(NamedTuple):
    """An order with the customer's two partners: `seller` took the order, `supplier` runs the trip."""

    order: Order
    seller: Account
    supplier: Account
    catalog: Catalog

    @property
    def resold(self) -> bool:
        """Whether a reseller sold it."""
        return self.seller.id != self.supplier.id


Answer: TypeAlias = Literal["quoted", "changed", "cancelled", "gone", "closed"]
"""The result of asking to cancel: an offer; an offer that differs from the one agreed to; cancelled now; cancelled
before; not online.
"""


class Offer(NamedTuple):
    """The price of cancelling `choice`. A client that sends `proof` back was shown exactly this offer."""

    answer: Answer
    seen: OrderParties
    choice: Choice
    quote: Quote
    proof: str


async def look(tx: ReadTx, catalogs: CatalogCache, link: OrderLink, *, lock: bool = False) -> OrderParties:
    """Return the order of a link, which is its seller's. Raises `NotFound`, also for a link that was ended."""
    seller = await auth.account(tx, link.account_id)
    order = await store.find(tx, seller.id, link.order_id, lock=lock)
    if order is None or order.owner_id != seller.id or order.body.links_ended != link.generation:
        raise order_not_found()
    supplier = seller if order.account_id == order.owner_id else await auth.account(tx, order.account_id)
    return OrderParties(order, seller, supplier, await catalogs.load(tx, order.account_id))


async def offer(tx: ReadTx, booking: BookingContext, keyring: Keyring, visit: Visit, name: str) -> Offer:
    """Return the offer for cancelling the choice called `name` (see `online`) now. Raises `NotFound`."""
    return _offer(await look(tx, booking.catalogs, visit.link), booking, keyring, visit, name)


async def cancel_as_shown(
    tx: Tx, booking: BookingContext, keyring: Keyring, visit: Visit, name: str, proof: str
) -> Offer:
    """Cancel the choice called `name` if `proof` shows that the customer saw the present offer.

    If the offer has changed, nothing is cancelled, and the answer is the new offer. Raises `NotFound`.
    """
    seen = await look(tx, booking.catalogs, visit.link, lock=True)
    offered = _offer(seen, booking, keyring, visit, name)
    if offered.answer != "quoted":
        return offered
    if not hmac.compare_digest(offered.proof.encode(), proof.encode(errors="replace")):
        return offered._replace(answer="changed")
    as_shown = replace(booking, clock=ManualClock(visit.now))  # a window must not end between the two
    target = offered.choice.target(seen.order)
    outcome = await cancel(tx, as_shown, _caller(seen), target, apply_fee=True)
    assert (outcome.fee, outcome.refund) == (offered.quote.fee, offered.quote.refund), "taken as it was shown"
    return offered._replace(answer="cancelled", seen=seen._replace(order=outcome.order))


def _offer(seen: OrderParties, booking: BookingContext, keyring: Keyring, visit: Visit, name: str) -> Offer:
    choice = online.find(seen.order, name)
    if choice is None:
        raise NotFound("The order has nothing like it.", code="choice_not_found")
    nothing = Quote((), 0, 0, ())
    state = online.state(seen.order, choice, visit.now)
    if state == "gone":
        return Offer("gone", seen, choice, nothing, "")
    if state == "closed" or not visit.link.may_cancel:
        return Offer("closed", seen, choice, nothing, "")
    quoted = quote(seen.order, choice.target(seen.order), visit.now, fee_after_move=booking.fee_after_move)
    return Offer("quoted", seen, choice, quoted, links.proof(keyring, visit.token, _shown(seen.order, name, quoted)))


def _shown(order: Order, name: str, quoted: Quote) -> str:
    return f"{name} {amounts_in_words(quoted, order.body.currency)}"


def _caller(seen: OrderParties) -> Caller:
    """Return the customer as a caller of the seller's account who may only do this."""
    return Caller(
        account_id=seen.order.owner_id,
        user_id=CUSTOMER,
        name=CUSTOMER,
        email="",
        permissions=frozenset({"orders.cancel"}),
    )
