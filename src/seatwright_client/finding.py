"""Finding orders and customers by what somebody types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation
from seatwright_client.orders import Order
from seatwright_client.reports import FileForm
from seatwright_client.request import MANAGE, Query, Request, day, get, path, raw, several

_ORDERS, _CUSTOMERS = f"{MANAGE}/orders", f"{MANAGE}/customers"

Settlement: TypeAlias = Literal["owing", "credit", "settled"]


class FoundItem(Shape, frozen=True, kw_only=True):
    """A departure of an order that was found. `guests` are those who are left; the start is on its wall clock."""

    id: str
    product_id: str
    product_name: str
    start_time: str | None = None
    status: str
    guests: int


class FoundOrder(Shape, frozen=True, kw_only=True):
    """An order that was found, in short; `client.orders.read` returns all of it."""

    id: str
    confirmation: int
    status: str
    reference_id: str | None = None
    customer_name: str
    email: str | None = None
    phone: str | None = None
    created_date: dt.datetime
    modified_date: dt.datetime
    items: list[FoundItem]
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    settlement: Settlement
    currency: str
    channel: str | None = None
    supplier_id: str | None = None
    reseller_id: str | None = None
    customer_id: str | None = None
    tags: list[str]


class FoundOrders(Shape, frozen=True, kw_only=True):
    """A page of orders; `next` is the `after` of the next page, None on the last one."""

    orders: list[FoundOrder]
    next: int | None = None


class EarlierCustomer(Shape, frozen=True, kw_only=True):
    """A person who ordered before, with the data of their newest order."""

    id: str | None = None
    name: str
    customer: dict[str, Any]
    orders: int
    last_order_id: str
    last_trip: str | None = None


class CustomerMoney(Shape, frozen=True, kw_only=True):
    """What a customer's orders in one currency come to. `owed` is still to be paid, `credit` to be given back."""

    currency: str
    orders: int
    total: Decimal
    amount_paid: Decimal
    owed: Decimal
    credit: Decimal


class Customer(EarlierCustomer, frozen=True, kw_only=True):
    """A person who ordered before, with what their orders come to, by currency."""

    money: tuple[CustomerMoney, ...] = ()


class FoundCustomers(Shape, frozen=True, kw_only=True):
    """A page of customers; `next` is the `after` of the next page, None on the last one."""

    customers: list[EarlierCustomer]
    next: int | None = None


class OrderChanges(Shape, frozen=True, kw_only=True):
    """A page of orders as they are now, those that were changed longest ago first.

    `cursor` is where the next page begins, now or next week; with `more` there may be one already.
    """

    orders: list[Order]
    cursor: str
    more: bool


class Finding(Resource[Mode]):
    """`client.find`."""

    @operation
    def changes(
        self, *, modified_since: dt.datetime | str | None = None, cursor: str | None = None, limit: int = 200
    ) -> Request[OrderChanges]:
        """Return a page of the orders that were made or changed since a moment, or since a page before (its `cursor`).

        Each state of an order comes at most once, and the last one of each for certain. Raises `Conflict` with the code
        `cursor_unknown` if the server's database was restored since then: begin again, with a moment.
        """
        query = {"modified_since": modified_since, "cursor": cursor, "limit": limit}
        return get(f"{_ORDERS}/changes", enveloped(OrderChanges), query)

    @operation
    def orders(
        self,
        q: str | None = None,
        *,
        product_ids: Iterable[str] | None = None,
        departure_from: dt.date | str | None = None,
        departure_to: dt.date | str | None = None,
        status: Literal["confirmed", "pending", "cancelled"] | None = None,
        balance: Settlement | None = None,
        tag: str | None = None,
        customer_id: str | None = None,
        sort: Literal["newest", "oldest"] = "newest",
        after: int | None = None,
        limit: int = 50,
    ) -> Request[FoundOrders]:
        """Find orders whose words begin like those of `q`, and that pass all filters. Days are of departures, local."""
        query = _query(q, product_ids, departure_from, departure_to, status, balance, tag, customer_id, sort)
        return get(_ORDERS, enveloped(FoundOrders), {**query, "after": after, "limit": limit})

    @operation
    def orders_file(
        self,
        q: str | None = None,
        *,
        product_ids: Iterable[str] | None = None,
        departure_from: dt.date | str | None = None,
        departure_to: dt.date | str | None = None,
        status: Literal["confirmed", "pending", "cancelled"] | None = None,
        balance: Settlement | None = None,
        tag: str | None = None,
        customer_id: str | None = None,
        sort: Literal["newest", "oldest"] = "newest",
        form: FileForm = "csv",
    ) -> Request[bytes]:
        """Return all orders that `orders` finds, as a file."""
        query = _query(q, product_ids, departure_from, departure_to, status, balance, tag, customer_id, sort)
        return get(_ORDERS, raw, {**query, "format": form})

    @operation
    def customer(self, customer_id: str) -> Request[Customer]:
        """Return a customer, by the id that orders and `customers` have."""
        return get(path(_CUSTOMERS, customer_id), enveloped(Customer))

    @operation
    def customers(self, q: str | None = None, *, after: int | None = None, limit: int = 50) -> Request[FoundCustomers]:
        """Find the customers of earlier orders, each person once, those who ordered last first."""
        return get(_CUSTOMERS, enveloped(FoundCustomers), {"q": q, "after": after, "limit": limit})


def _query(
    q: str | None,
    product_ids: Iterable[str] | None,
    first: dt.date | str | None,
    last: dt.date | str | None,
    status: str | None,
    balance: str | None,
    tag: str | None,
    customer_id: str | None,
    sort: str,
) -> Query:
    return {
        "q": q,
        "product_ids": several(product_ids),
        "departure_from": day(first),
        "departure_to": day(last),
        "status": status,
        "balance": balance,
        "tag": tag,
        "customer_id": customer_id,
        "sort": sort,
    }
