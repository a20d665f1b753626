"""An order: a sold cart, with its payments and what was cancelled of it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from seatwright.cart.model import Item
from seatwright.core.clock import Instant

OrderStatus: TypeAlias = Literal["confirmed", "pending", "cancelled"]


class Payment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money that reached the seller outside of Seatwright, in minor units."""

    id: str
    amount: int
    at: Instant
    memo: str | None = None
    type: str = "External"


class NotificationFlags(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is not to be sent for an order. An API order is silent unless its caller says otherwise."""

    disable_notification: bool = True
    disable_pending_order_notification: bool = True
    disable_pending_order_notification_response: bool = True
    disable_confirmation_email: bool = True


class OrderBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order's document. `transactions` counts its ledger transactions; `order_fee_policies` are the ids of
    cancellation policies whose fee for the whole order has been taken."""

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

    def item(self, departure_id: str) -> Item | None:
        """Return the item of a departure, or None."""
        return next((item for item in self.items if item.id == departure_id), None)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was read.

    `account_id` is the supplier's, whose seats were sold; `owner_id` the seller's: a reseller's, or the same.
    `total` is what is owed for what remains plus cancellation fees, `paid` what was paid: both are sums over the
    ledger, in minor units.
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

    @property
    def balance(self) -> int:
        """What is still owed; below zero, money to give back."""
        return self.total - self.paid


def item_status(item: Item) -> Literal["confirmed", "cancelled"]:
    """Return an item's status: it closes itself when its last participant or unit goes."""
    return "confirmed" if item.live else "cancelled"


def charged_per_order(items: tuple[Item, ...]) -> frozenset[str]:
    """Return the codes of per-order charges that lines which aren't cancelled carry."""
    return frozenset(c.code for item in items for line in item.live for c in line.charges if c.per_order)
