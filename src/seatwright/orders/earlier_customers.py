"""Finds the customers of earlier orders while somebody types: each person once, by address, phone number or name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from seatwright.core.clock import Instant
from seatwright.core.errors import NotFound
from seatwright.core.folding import words
from seatwright.customers.fields import fields_of, full_name
from seatwright.customers.identity import customer_id
from seatwright.orders import search
from seatwright.orders.model import Order
from seatwright.orders.search import OrderSearch, QueryWord, query_words
from seatwright.orders.terms import words_of_customer
from seatwright.orders.view import view_of
from seatwright.storage.engine import ReadTx

LOOKED_AT = 100
"""Orders that are looked at for one page of customers."""
MANY = 10_000
"""Orders of one customer that are counted at most."""
TRIPS = 100
"""Newest orders of a customer in which the last trip is looked for."""


class EarlierCustomer(NamedTuple):
    """A person who ordered before, as their newest order has them.

    `id` is None for somebody of whom there is only a name. `orders` is how often they ordered. The last trip is the
    latest departure on which they have seats: an instant, and its time zone.
    """

    id: str | None
    fields: Mapping[str, Any]
    orders: int
    order_id: str
    last_trip: tuple[Instant, str] | None


class Money(NamedTuple):
    """What a customer's orders in one currency come to, in minor units: `owed` and `credit` are what is still to be
    paid, and to be given back, order by order."""

    currency: str
    orders: int
    total: int
    paid: int
    owed: int
    credit: int


class Customers(NamedTuple):
    """A page, and where the next one begins; None after the last one."""

    customers: list[EarlierCustomer]
    next: int | None


def _key(customer: Mapping[str, Any]) -> str:
    """Return the same text for all orders of one person; empty for somebody without address, number and name."""
    found = customer_id(customer)
    return found or " ".join(words(full_name(customer) or str(customer.get("organization") or "")))


async def find(tx: ReadTx, viewer_id: str, query: str, *, limit: int, after: int | None = None) -> Customers:
    """Return a page of the customers of an account's orders whose own words match, those who ordered last first.

    A customer whose contact the account doesn't see is known by their name only. Somebody who is looked for can be on a
    later page again, with an older order. Raises `Invalid` for too many words.
    """
    page = await search.find(tx, viewer_id, OrderSearch(query), limit=LOOKED_AT, after=after)
    wanted = query_words(query)
    people: dict[str, EarlierCustomer] = {}
    for number, row in await search.read(tx, viewer_id, page.numbers):
        order = view_of(row.order(), viewer_id)
        customer = order.body.customer
        key, found = _key(customer), customer_id(customer)
        if not key or not _matches(customer, wanted):
            continue
        known = people.get(key)
        if known is not None:
            if found is None:
                people[key] = known._replace(orders=known.orders + 1, last_trip=_later(known.last_trip, order))
            continue
        if len(people) == limit:
            return Customers(list(people.values()), number + 1)
        orders, newest = (1, number) if found is None else await _orders_of(tx, viewer_id, found)
        if not wanted and after is not None and newest >= after:
            continue
        trip = _later(None, order)
        if found is not None and orders > 1:
            trip = await _last_trip(tx, viewer_id, found)
        people[key] = EarlierCustomer(found, fields_of(customer), orders, order.id, trip)
    return Customers(list(people.values()), page.next)


async def one(tx: ReadTx, viewer_id: str, found: str) -> tuple[EarlierCustomer, list[Money]]:
    """Return a customer by id, and what all of their orders that the account sees come to, by currency.

    Raises `NotFound`, also for a customer whose contact the account doesn't see: such a person has no id.
    """
    orders, newest = await _orders_of(tx, viewer_id, found)
    if not newest:
        raise NotFound("No order is such a customer's.", code="customer_not_found")
    [(_, row)] = await search.read(tx, viewer_id, [newest])
    order = view_of(row.order(), viewer_id)
    trip = await _last_trip(tx, viewer_id, found)
    return (
        EarlierCustomer(found, fields_of(order.body.customer), orders, order.id, trip),
        await _money(tx, viewer_id, found),
    )


async def _money(tx: ReadTx, viewer_id: str, found: str) -> list[Money]:
    rows = await tx.rows(
        """
        SELECT o.body::json ->> 'currency' AS currency, COUNT(*) AS orders, SUM(o.total) AS total, SUM(o.paid) AS paid,
            SUM(CASE WHEN o.total > o.paid THEN o.total - o.paid ELSE 0 END) AS owed,
            SUM(CASE WHEN o.total < o.paid THEN o.paid - o.total ELSE 0 END) AS credit
        FROM (
            SELECT seq FROM order_term WHERE account_id = $1 AND kind = 'customer' AND term = $2
            ORDER BY seq DESC LIMIT $3
        ) t CROSS JOIN order_view v CROSS JOIN orders o
        WHERE v.account_id = $1 AND v.seq = t.seq AND o.account_id = v.supplier_id AND o.id = v.order_id
        GROUP BY 1
        """,
        viewer_id,
        found,
        MANY,
    )
    return sorted(Money(row["currency"], *(int(row[name]) for name in Money._fields[1:])) for row in rows)


def _matches(customer: Mapping[str, Any], wanted: Sequence[QueryWord]) -> bool:
    own = tuple(words_of_customer(customer))
    return all(any(word.startswith(each.prefixes) for word in own) for each in wanted)


async def _orders_of(tx: ReadTx, viewer_id: str, found: str) -> tuple[int, int]:
    """Return how many orders a customer has, `MANY` at most, and the number of the newest."""
    row = await tx.row(
        """
        SELECT COUNT(*) AS many, MAX(seq) AS newest FROM (
            SELECT seq FROM order_term WHERE account_id = $1 AND kind = 'customer' AND term = $2
            ORDER BY seq DESC LIMIT $3
        ) t
        """,
        viewer_id,
        found,
        MANY,
    )
    return (row["many"], row["newest"]) if row is not None and row["many"] else (1, 0)


async def _last_trip(tx: ReadTx, viewer_id: str, found: str) -> tuple[Instant, str] | None:
    row = await tx.row(
        """
        SELECT d.start_at, d.time_zone FROM (
            SELECT seq FROM order_term WHERE account_id = $1 AND kind = 'customer' AND term = $2
            ORDER BY seq DESC LIMIT $3
        ) t CROSS JOIN order_view v CROSS JOIN order_line l CROSS JOIN departure d
        WHERE v.account_id = $1 AND v.seq = t.seq AND l.account_id = v.supplier_id AND l.order_id = v.order_id
            AND l.status = 'confirmed' AND d.account_id = l.account_id AND d.id = l.departure_id
            AND d.start_at IS NOT NULL
        ORDER BY d.start_at DESC LIMIT 1
        """,
        viewer_id,
        found,
        TRIPS,
    )
    return None if row is None else (row["start_at"], row["time_zone"])


def _later(known: tuple[Instant, str] | None, order: Order) -> tuple[Instant, str] | None:
    """Return the later of a trip and the last one of an order."""
    trips = [(item.start_at, item.time_zone) for item in order.body.items if item.live and item.start_at is not None]
    return max([*trips, *([known] if known else [])], default=None)
