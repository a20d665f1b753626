"""The list of orders that match a search: page by page, and all of it as a sheet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from seatwright.annotations import store as note_store
from seatwright.core.money import to_wire
from seatwright.core.times import to_local
from seatwright.customers.fields import full_name
from seatwright.orders import search
from seatwright.orders.search import OrderSearch, Sort
from seatwright.orders.store import OrderRow
from seatwright.orders.view import OrderView, view_of
from seatwright.reports.sheets import Cell, Sheet
from seatwright.storage.engine import Database, ReadTx

EXPORT_PAGE = 200
"""Orders that are read and shown at once for a file."""


class ListedRow(NamedTuple):
    """An order as it is stored, and the account's tags on it."""

    row: OrderRow
    tags: tuple[str, ...]


class OrderRecord(NamedTuple):
    """An order of the list as its reader sees it, and the account's tags on it."""

    order: OrderView
    tags: tuple[str, ...]


class OrderPages(NamedTuple):
    """What is found, page by page, each in a transaction of its own."""

    database: Database
    chosen: OrderSearch
    sort: Sort = "newest"

    async def page(self, account_id: str, limit: int, after: int | None) -> tuple[list[ListedRow], int | None]:
        """Return the orders of one page, and where the next one begins."""
        return await self.database.read(lambda tx: page(tx, account_id, self, limit, after))

    async def cells(
        self, account_id: str, zone: str, most: int, after: int | None = None
    ) -> tuple[list[Sequence[Cell]], bool]:
        """Return the sheet's rows of all pages, `most` at most, and whether there are more. `zone` is the account's.

        Each page's orders are let go before the next one is read.
        """
        rows: list[Sequence[Cell]] = []
        while True:
            found, after = await self.page(account_id, min(EXPORT_PAGE, most - len(rows)), after)
            rows += await asyncio.to_thread(_rows, found, account_id, zone)
            if after is None:
                return rows, False
            if len(rows) == most:
                return rows, True


async def page(
    tx: ReadTx, account_id: str, pages: OrderPages, limit: int, after: int | None
) -> tuple[list[ListedRow], int | None]:
    """Return the orders of one page, and where the next one begins. Raises `Invalid` for too many words."""
    found = await search.find(tx, account_id, pages.chosen, limit=limit, sort=pages.sort, after=after)
    rows = [row for _, row in await search.read(tx, account_id, found.numbers)]
    tags = await note_store.tags(tx, account_id, "order", [row.id for row in rows])
    return [ListedRow(row, tuple(tags[row.id].values())) for row in rows], found.next


def records_of(rows: Sequence[ListedRow], viewer_id: str) -> list[OrderRecord]:
    """Return rows as the account `viewer_id` sees them."""
    return [OrderRecord(view_of(row.order(), viewer_id), tags) for row, tags in rows]


def customer_name(customer: Mapping[str, Any]) -> str:
    """Return what a customer is called in a list: the name, or else the organization, or an empty text."""
    return full_name(customer) or str(customer.get("organization") or "")


_TITLES = (
    *("Confirmation", "Status", "Customer", "E-mail", "Phone", "Reference", "Booked", "First departure", "Products"),
    *("Guests", "Total", "Paid", "Balance", "Currency", "Channel", "Tags"),
)


def orders_sheet(rows: Sequence[Sequence[Cell]]) -> Sheet:
    """Return the list of orders as a table: a row for each order. Orders may be of several currencies, so there is no
    sum.
    """
    return Sheet(name="Orders", titles=_TITLES, rows=rows)


def _rows(found: Sequence[ListedRow], viewer_id: str, zone: str) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for order, tags in records_of(found, viewer_id):
        customer, items, currency = order.body.customer, order.body.items, order.body.currency
        starts = [(item.start_at, item.time_zone) for item in items if item.start_at is not None]
        row = (
            order.confirmation,
            order.status,
            customer_name(customer),
            str(customer.get("email") or "") or None,
            str(customer.get("phone") or "") or None,
            order.body.reference_id,
            to_local(order.created_at, zone),
            to_local(*min(starts)) if starts else None,
            ", ".join(dict.fromkeys(item.product_name for item in items)),
            sum(len(item.live) for item in items),
            to_wire(order.total, currency),
            to_wire(order.paid, currency),
            to_wire(order.balance, currency),
            currency,
            order.channel or None,
            ", ".join(tags),
        )
        rows.append(row)
    return rows
