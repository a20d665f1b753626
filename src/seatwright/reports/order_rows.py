"""Transactions as flat rows: one for each date (item) and price tier that a change of an order was about. Pure.

The money of a row is the ledger's, like that of a transaction. It is split over tiers by the prices of the participants
and units that the change names, so that the rows of a change always add up to its amount.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from seatwright.cart.model import Item, Line, PickupChoice, Place
from seatwright.core import names
from seatwright.core.money import allocate
from seatwright.reports.accrual import LineType
from seatwright.reports.transactions import Deed, Transaction

SELLING = frozenset(("order.created", "order.added_to"))
CANCELLING = frozenset(("order.cancelled", "order.partly_cancelled", "order.declined", "order.expired"))
"""Actions that sell participants and units, and that cancel some."""


class ReportRow(NamedTuple):
    """One tier of one item of a change. `participants` and `units` are below zero where they were cancelled, and 0
    where only something else about them changed. `amounts` are minor units as the customer sees them, by type.
    `location` and `pickup` are those of all of them, None where they differ.
    """

    item: Item
    tier: str
    location: Place | None
    pickup: PickupChoice | None
    participants: int
    units: int
    amounts: Mapping[LineType, int]

    @property
    def total(self) -> int:
        """By how much it changed the amount owed."""
        return sum(amount for type_, amount in self.amounts.items() if type_ != "commission")


class _Part(NamedTuple):
    """A participant or unit that a change was about: `sign` is 1 if it was sold, -1 if it was cancelled, else 0."""

    line: Line
    deed: Deed | None
    sign: int


def rows_of(record: Transaction) -> list[ReportRow]:
    """Return the rows of a transaction, in the order of its items and of the tiers in them.

    Amounts of the order that belong to no item are on the first row.
    """
    of_item: dict[str | None, dict[LineType, int]] = defaultdict(lambda: defaultdict(int))
    for entry in record.entries:
        of_item[entry.item_id][entry.type] += entry.amount
    rows = [row for item in record.items for row in _rows_of_item(record, item, of_item[item.id])]
    own = of_item[None]
    if rows and own:
        amounts = rows[0].amounts
        together = {type_: amounts.get(type_, 0) + own.get(type_, 0) for type_ in (*amounts, *own)}
        rows[0] = rows[0]._replace(amounts=together)
    return rows


def _rows_of_item(record: Transaction, item: Item, amounts: Mapping[LineType, int]) -> list[ReportRow]:
    tiers: dict[str, list[_Part]] = defaultdict(list)
    for part in _parts(record, item):
        tiers[names.key(part.line.tier)].append(part)
    costs = [_costs(record, parts) for parts in tiers.values()]
    prices = [sum(part.line.price for part in parts) for parts in tiers.values()]
    split = {type_: _split(amount, [cost.get(type_, 0) for cost in costs], prices) for type_, amount in amounts.items()}
    arranged = [msgspec.structs.replace(item, lines=tuple(part.line for part in parts)) for parts in tiers.values()]
    return [
        ReportRow(
            item=item,
            tier=parts[0].line.tier,
            location=arranged[number].location,
            pickup=arranged[number].pickup,
            participants=sum(part.sign for part in parts if part.line.kind == "participant"),
            units=sum(part.sign for part in parts if part.line.kind == "unit"),
            amounts={type_: shares[number] for type_, shares in split.items()},
        )
        for number, parts in enumerate(tiers.values())
    ]


def _parts(record: Transaction, item: Item) -> list[_Part]:
    """Return the item's participants and units that the change names; all of them if it names none."""
    named = [
        _Part(line, deed, _sign(deed, item))
        for deed in record.deeds
        for line in item.lines
        if line.id in deed.lines_on(item)
    ]
    return named or [_Part(line, None, 0) for line in item.live or item.lines]


def _sign(deed: Deed, item: Item) -> int:
    if deed.to is not None:
        return 1 if item.id == deed.to else -1
    return (deed.action in SELLING) - (deed.action in CANCELLING)


def _costs(record: Transaction, parts: Sequence[_Part]) -> dict[LineType, int]:
    """Return the amounts of these participants or units in this change, by type."""
    found: dict[LineType, int] = defaultdict(int)
    for line, deed, sign in parts:
        found["product"] += sign * line.price
        found["discount"] -= sign * line.discount
        found["commission"] -= sign * line.commission
        for charge in line.charges:
            found[charge.kind] += sign * charge.amount
            found["product"] -= sign * charge.amount if charge.included else 0
        if deed is not None and deed.action in CANCELLING:
            found["cancellation_fee"] += record.first_fees.get(line.id, line.cancellation_fee)
        elif deed is not None:
            found["cancellation_fee"] += deed.fee_change
    return found


def _split(amount: int, costs: Sequence[int], prices: Sequence[int]) -> list[int]:
    """Return each tier's part of an amount: its cost; or, if the amount has changed since, a part by its cost, or else
    by its price.

    For example, a fee per order is spread over an order's lines again when some are added.
    """
    if sum(costs) == amount:
        return list(costs)
    return allocate(amount, [abs(cost) for cost in costs] if any(costs) else prices)
