"""Shared by turning a cart into an order and adding it to one: the sale, its payments and the stored change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import store as cart_store
from seatwright.cart.behalf import Behalf
from seatwright.cart.model import Item
from seatwright.cart.resale import with_commission
from seatwright.catalog import store as catalog_store
from seatwright.catalog.model import Catalog
from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.errors import Conflict
from seatwright.core.ids import new_hex24
from seatwright.orders import ledger, store
from seatwright.orders.model import OrderBody, Payment, Resale
from seatwright.orders.new_payment import RECORD, NewPayment, require_owed, require_room, require_till, to_payment
from seatwright.orders.outbox import Detail
from seatwright.resellers.model import Connection
from seatwright.storage.engine import Tx


class OrderDetails(NamedTuple):
    """The request to order a cart. `flags` are the `NotificationFlags` that it names.

    `behalf` is the reseller in whose name a supplier orders, if the cart doesn't name it already. `payments` are those
    that the desk has taken: with None an external source has paid all of it, and without any it is paid later. They are
    no more than what is owed, unless `allow_overpayment` is set.
    """

    cart_id: str
    order_id: str | None = None
    reference_id: str | None = None
    billing: dict[str, Any] = {}  # noqa: RUF012 - never changed
    flags: Mapping[str, bool] = MappingProxyType({})
    behalf: Behalf | None = None
    payments: tuple[NewPayment, ...] | None = None
    allow_overpayment: bool = False


class Placement(NamedTuple):
    """A cart that is being ordered: the data read, the request, and the caller.

    `supplier_sees` is as in `OrderBody`, by the catalogs as they are now.
    """

    opened: cart_store.OpenCart
    connection: Connection | None
    items: tuple[Item, ...]
    details: OrderDetails
    caller: Caller
    now: Instant
    request: str
    supplier_sees: tuple[str, ...] = ()

    @property
    def seats(self) -> int:
        """The number of seats that the cart must hold."""
        return sum(item.seats for item in self.items)

    @property
    def resale(self) -> Resale | None:
        """The terms between supplier and reseller, if a reseller sells."""
        if self.connection is None:
            return None
        terms = self.connection.terms
        return Resale(kind=terms.kind, hides_contact=terms.hides_contact, may_waive_fees=terms.may_waive_fees)

    def with_commission(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return items with the reseller's earnings on them."""
        return items if self.connection is None else with_commission(items, self.connection.terms)


def to_approve(items: tuple[Item, ...], catalog: Catalog, now: Instant) -> tuple[Item, ...]:
    """Return items where the lines that must be accepted are pending, until their deadline or start."""

    def pending(item: Item) -> Item:
        product = catalog.products_by_id.get(item.product_id)
        if product is None or product.approval_min is None:
            return item
        until = now + product.approval_min * MINUTE_MS
        if item.start_at is not None:
            until = min(until, item.start_at)
        until = max(until, now + 1)
        return item.map_lines(lambda line: msgspec.structs.replace(line, pending_until=until))

    return tuple(pending(item) for item in items)


class Sale(NamedTuple):
    """One sale: items with only their new lines, and the changes of older lines because of it.

    `before` and `after` are items with only the lines that changed, in the same order: amounts of the order, such as a
    fee per order, are spread over all of its lines again.
    """

    items: tuple[Item, ...]
    before: tuple[Item, ...] = ()
    after: tuple[Item, ...] = ()

    @property
    def amount(self) -> int:
        """By how much the order's total grows, in minor units."""
        return _total((*self.items, *self.after)) - _total(self.before)


def _total(items: Sequence[Item]) -> int:
    return sum(line.total for item in items for line in item.lines)


def payments_of(placement: Placement, body: OrderBody, sale: Sale, balance: int, now: Instant) -> tuple[Payment, ...]:
    """Return the payments that come with a sale in an order; `balance` is what it owes after the sale, in minor units.

    Unless the request lists them, an external source has paid the sale in full. Raises `Forbidden` for payments that
    the caller's account doesn't take, `Invalid` for wrong ones, and `Conflict` for too many of them, and for more than
    what is owed, unless the request allows it.
    """
    details, cart = placement.details, placement.opened.cart
    if details.payments is None:
        return _paid_outside(sale.amount, details, now)
    if not details.payments:
        return ()
    placement.caller.require(RECORD)
    require_till(cart.account_id, cart.seller_id, placement.resale, placement.caller)
    require_room(body, len(details.payments))
    currency = placement.opened.catalog.currency
    paid = tuple(to_payment(new, currency, placement.caller, now) for new in details.payments)
    if not details.allow_overpayment:
        require_owed(paid, balance, currency)
    return paid


def _paid_outside(amount: int, details: OrderDetails, now: Instant) -> tuple[Payment, ...]:
    if amount <= 0:
        return ()
    memo = details.billing.get("memo")
    text = str(memo) if isinstance(memo, str | int | float) and not isinstance(memo, bool) else None
    return (Payment(id=new_hex24(), amount=amount, at=now, memo=text),)


def sale_change(
    body: OrderBody, sale: Sale, paid: Sequence[Payment], caller: Caller, now: Instant, action: str
) -> store.Change:
    """Return the change of an order that sells `sale` and records what was paid with it."""
    resale = body.resale.kind if body.resale else None
    sold, *commission = ledger.change_of_sale(sale.before, (*sale.items, *sale.after), resale)
    transactions = [sold, *map(ledger.payment, paid), *commission]
    return store.Change(
        at=now,
        actor=caller.user_id,
        action=action,
        detail={
            "items": [{"id": item.id, "lines": [line.id for line in item.lines]} for item in sale.items],
            "total": sale.amount,
            "currency": body.currency,
        },
        transactions=[transaction for transaction in transactions if transaction],
        told=Detail(lines=tuple(line.id for item in sale.items for line in item.lines)),
    )


async def use_discount(tx: Tx, placement: Placement) -> None:
    """Count a use of the cart's discount code if its uses are limited. Raises `Conflict` if there are none left."""
    cart, catalog = placement.opened.cart, placement.opened.catalog
    discount = catalog.discount(cart.body.discount_code) if cart.body.discount_code else None
    if discount is None or discount.max_uses is None:
        return
    if await catalog_store.count_discount_use(tx, cart.account_id, discount.id) > discount.max_uses:
        raise Conflict(
            f"The discount code {discount.code} has been used as often as it may be; remove it from the cart.",
            code="discount_used_up",
        )
