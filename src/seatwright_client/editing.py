"""Editing an order in the version that was read, and its confirmation sent again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation
from seatwright_client.orders import Order, OrderRef
from seatwright_client.request import MANAGE, Request, get, given, path, several, write

_ORDERS = f"{MANAGE}/orders"


class VersionedOrder(Order, frozen=True, kw_only=True):
    """An order with its `version`, which grows with every change and goes into the next edit."""

    version: int


class EditQuote(Shape, frozen=True, kw_only=True):
    """By how much an edit would change the order's total, and its total and balance afterwards."""

    difference: Decimal
    total: Decimal
    balance: Decimal
    currency: str


class SentConfirmation(Shape, frozen=True, kw_only=True):
    """Which order's confirmation was sent again, and to which address."""

    order_id: str
    confirmation: int
    email: str


_versioned = enveloped(VersionedOrder)


class Editing(Resource[Mode]):
    """`client.editing`.

    `customer` replaces the whole customer. `guests` are dictionaries with an `id` and what is to change: `firstName`,
    `lastName`, `answers` (all of them), `tier`, `locationId`, `pickupDetailId`, `withoutPickup`. An empty
    `reference_id` takes the reference away.
    """

    @operation
    def read(self, order_id: OrderRef) -> Request[VersionedOrder]:
        """Return an order with the version that an edit has to name."""
        return get(path(_ORDERS, order_id), _versioned)

    @operation
    def edit(
        self,
        order_id: OrderRef,
        version: int,
        *,
        customer: Mapping[str, Any] | None = None,
        guests: Iterable[Mapping[str, Any]] | None = None,
        reference_id: str | None = None,
        billing: Mapping[str, Any] | None = None,
        difference: Decimal | int | str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[VersionedOrder]:
        """Edit an order. `Conflict` if somebody has changed it since, or if the total would change by another
        `difference`.
        """
        body = _body(version, customer, guests, reference_id, billing, difference)
        return write("PATCH", path(_ORDERS, order_id), _versioned, key=idempotency_key, body=body)

    @operation
    def quote(
        self,
        order_id: OrderRef,
        version: int,
        *,
        customer: Mapping[str, Any] | None = None,
        guests: Iterable[Mapping[str, Any]] | None = None,
        reference_id: str | None = None,
        billing: Mapping[str, Any] | None = None,
        difference: Decimal | int | str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[EditQuote]:
        """Return by how much an edit would change the total. It changes nothing."""
        body = _body(version, customer, guests, reference_id, billing, difference)
        where = path(_ORDERS, order_id, "edit-quote")
        return write("POST", where, enveloped(EditQuote), key=idempotency_key, body=body)

    @operation
    def send_confirmation(self, order_id: OrderRef, *, idempotency_key: str | None = None) -> Request[SentConfirmation]:
        """Send the customer the confirmation again: one mail for each call."""
        where = path(_ORDERS, order_id, "confirmation")
        return write("POST", where, enveloped(SentConfirmation), key=idempotency_key)


def _body(
    version: int,
    customer: Mapping[str, Any] | None,
    guests: Iterable[Mapping[str, Any]] | None,
    reference_id: str | None,
    billing: Mapping[str, Any] | None,
    difference: Decimal | int | str | None,
) -> dict[str, object]:
    return given(
        version=version,
        customer=customer,
        guests=several(guests),
        reference_id=reference_id,
        billing=billing,
        difference=None if difference is None else str(difference),
    )
