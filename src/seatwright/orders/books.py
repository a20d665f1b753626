"""Reads the ledger of one order: what was booked, transaction by transaction."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from seatwright.auth.model import Caller
from seatwright.core.clock import Instant
from seatwright.orders import service, store
from seatwright.orders.ledger import Entry
from seatwright.orders.view import OrderView, view_of
from seatwright.storage.engine import ReadTx


class LedgerTransaction(NamedTuple):
    """What was booked together at an instant. The amounts of its entries, in minor units, sum to zero."""

    number: int
    at: Instant
    entries: list[Entry]

    @property
    def amount(self) -> int:
        """The sum of its debits, which is that of its credits."""
        return sum(entry.amount for entry in self.entries if entry.amount > 0)


class Books(NamedTuple):
    """An order's ledger, oldest first, with the order as the caller's account sees it."""

    order: OrderView
    transactions: list[LedgerTransaction]

    def product_of(self, entry: Entry) -> str | None:
        """Return the name of the product that an entry is about; None if it is about the whole order."""
        item = next((item for item in self.order.body.places if item.id == entry.departure_id), None)
        return None if item is None else item.product_name


async def books(tx: ReadTx, caller: Caller, reference: str) -> Books:
    """Return the ledger of the order with this id or confirmation number, for its supplier or seller.

    Raises `NotFound`.
    """
    order = view_of(await service.read(tx, caller, reference), caller.account_id)
    rows = await store.entries(tx, order)
    return Books(
        order,
        [
            LedgerTransaction(number, at, [entry for _, _, entry in some])
            for (number, at), some in groupby(rows, lambda row: row[:2])
        ],
    )
