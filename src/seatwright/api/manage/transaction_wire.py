"""Transactions on the wire: a record for each time that an order was made or changed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, iso_wall
from seatwright.http import wire
from seatwright.reports.transactions import Transaction


class TouchedOut(msgspec.Struct, kw_only=True, rename="camel"):
    """A date and time that a change was about; `amount` is by how much it changed what is owed. The start is on the
    location's wall clock."""

    item_id: str
    product_id: str
    product_number: int
    product_name: str
    start_time: str | None
    time_zone: str
    amount: Decimal


class EntryOut(msgspec.Struct, kw_only=True, rename="camel"):
    """One line item of a change: a product, discount, pickup, fee, tax, cancellation fee or commission."""

    type: str
    name: str
    item_id: str | None
    amount: Decimal


class PaidOut(msgspec.Struct, kw_only=True, rename="camel"):
    """What was paid in one way, such as `Cash`; below zero, what was given back or voided."""

    type: str
    amount: Decimal


class TransactionOut(msgspec.Struct, kw_only=True, rename="camel"):
    """An order at an instant at which it was made or changed. `total` is by how much what is owed changed, `paid` what
    was paid, `payments` the same by payment type, `commission` by how much the reseller's changed: all from the
    ledger."""

    date: str
    order_id: str
    confirmation: int
    reference_id: str | None
    supplier_id: str | None
    reseller_id: str | None
    channel: str | None
    type: Literal["created", "changed"]
    actions: list[str]
    total: Decimal
    paid: Decimal
    payments: list[PaidOut]
    commission: Decimal
    currency: str
    items: list[TouchedOut]
    line_items: list[EntryOut]


def transaction_out(record: Transaction) -> TransactionOut:
    """Show a record to the order's supplier or seller."""
    order, currency, viewer_id = record.order, record.order.body.currency, record.order.viewer_id
    resold = order.owner_id != order.account_id
    return TransactionOut(
        date=iso_utc(record.at),
        order_id=order.id,
        confirmation=order.confirmation,
        reference_id=order.body.reference_id,
        supplier_id=order.account_id if resold and viewer_id == order.owner_id else None,
        reseller_id=order.owner_id if resold and viewer_id == order.account_id else None,
        channel=order.channel or None,
        type="created" if record.made else "changed",
        actions=[action.removeprefix("order.") for action in record.actions],
        total=to_wire(record.total, currency),
        paid=to_wire(record.paid, currency),
        payments=[PaidOut(type=name, amount=to_wire(amount, currency)) for name, amount in record.payments.items()],
        commission=to_wire(record.commission, currency),
        currency=currency,
        items=[
            TouchedOut(
                item_id=item.id,
                product_id=item.product_id,
                product_number=item.product_number,
                product_name=item.product_name,
                start_time=None if item.start_at is None else iso_wall(item.start_at, item.time_zone),
                time_zone=item.time_zone,
                amount=to_wire(record.of_item(item.id), currency),
            )
            for item in record.items
        ],
        line_items=[
            EntryOut(type=entry.type, name=entry.name, item_id=entry.item_id, amount=to_wire(entry.amount, currency))
            for entry in record.entries
        ],
    )


def listed(records: Iterable[Transaction]) -> list[msgspec.Raw]:
    """Show several records, in JSON already: texts are less for Python to keep than what they are made of."""
    return [msgspec.Raw(wire.encode(transaction_out(record))) for record in records]
