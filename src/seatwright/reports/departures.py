"""The departures of some days, of all products: who is on them, what is free, and what is still to be collected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from seatwright.assignments import service as assignments
from seatwright.assignments.model import Roster, Trip
from seatwright.catalog.model import Catalog, Pool, Product
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid, NotFound
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.storage.engine import ReadTx

MAX_DEPARTURES = 5_000
"""Departures in one answer at most: those of 60 a day for 12 weeks."""
MAX_DAYS = 93


class Days(NamedTuple):
    """Local days, the last one included, and the ids of the products that are asked for; None means all.

    With `crew_user_id` only departures on which this user is a guide or driver. Without `crew` nobody asks who is on
    them: their rosters are empty.
    """

    first: date
    last: date
    product_ids: Collection[str] | None = None
    crew_user_id: str | None = None
    crew: bool = True


class Collect(NamedTuple):
    """What is still owed for orders: the sum of their balances in minor units, and how many orders owe something.

    Only money that the account itself collects: a reseller at a net rate holds the price of its orders.
    """

    orders: int = 0
    owed: int = 0


class Guests(NamedTuple):
    """Who is on a departure: `guests` participants or units that aren't cancelled, on `orders` orders; `sold` seats.

    `pending`, `checked_in` and `no_shows` are how many of them wait to be accepted, have turned up, and did not come.
    """

    guests: int = 0
    sold: int = 0
    pending: int = 0
    checked_in: int = 0
    no_shows: int = 0
    orders: int = 0


class DayDeparture(NamedTuple):
    """A departure with its product, its guests, `held` seats (of holds that haven't expired) and what orders on it owe.

    `owed` counts an order's whole balance, also if the order has guests on other departures. `pool` is the rental pool
    whose units it takes. `roster` is who and what is assigned to it.
    """

    departure: Departure
    product: Product
    pool: Pool | None
    held: int
    guests: Guests
    collect: Collect
    roster: Roster

    def has_in_crew(self, user_id: str) -> bool:
        """Tell whether a user is its guide or driver."""
        return any(resource.user_id == user_id for resource in self.roster.assigned)


class DayList(NamedTuple):
    """The departures of some days by day and start, as they are `now`; `collect` counts an order once, however many of
    them it is on.
    """

    days: Days
    now: Instant
    currency: str
    departures: list[DayDeparture]
    collect: Collect


async def departures_of(tx: ReadTx, catalogs: CatalogCache, now: Instant, account_id: str, days: Days) -> DayList:
    """Return an account's departures of some days, with what is on them at `now`. Dateless products are on no day.

    Raises `NotFound` for a product that isn't in the catalog, and `Invalid` for more than `MAX_DEPARTURES`.
    """
    catalog = await catalogs.load(tx, account_id)
    _check_products(catalog, days.product_ids)
    found = await inventory.of_days(
        tx,
        account_id,
        days.first,
        days.last,
        now,
        product_ids=None if days.product_ids is None else sorted(days.product_ids),
        limit=MAX_DEPARTURES + 1,
    )
    if len(found) > MAX_DEPARTURES:
        raise Invalid(
            f"to: there are more than {MAX_DEPARTURES} departures; ask for fewer days or products.",
            code="too_many_rows",
            field="to",
        )
    ids = [departure.id for departure in found]
    held = await _held(tx, account_id, ids, now)
    guests = await _guests(tx, account_id, ids)
    owed = await _owed(tx, account_id, ids)
    trips = {each.id: _trip(each) for each in found}
    rosters: Mapping[str, Roster] = {}
    if days.crew:
        sold = {each: counted.sold for each, counted in guests.items()}
        rosters = await assignments.rosters(tx, account_id, list(trips.values()), sold)
    pools = {pool.id: pool for pool in catalog.pools.values()}
    shown = [
        DayDeparture(
            departure=each,
            product=catalog.products_by_id[each.product_id],
            pool=pools.get(each.pool_id or ""),
            held=held.get(each.id, 0),
            guests=guests.get(each.id, Guests()),
            collect=_collect(owed.get(each.id, {})),
            roster=rosters.get(each.id) or Roster(trips[each.id]),
        )
        for each in found
    ]
    if days.crew_user_id is not None:
        shown = [each for each in shown if each.has_in_crew(days.crew_user_id)]
    of_orders = (owed.get(each.departure.id, {}) for each in shown)
    amounts = {order_id: amount for by_order in of_orders for order_id, amount in by_order.items()}
    return DayList(days, now, catalog.currency, shown, _collect(amounts))


def _trip(departure: Departure) -> Trip:
    start, end = departure.start_at, departure.end_at
    assert start is not None, "it is on a day"
    assert end is not None, "it is on a day"
    return Trip(departure.id, departure.product_id, start, end, departure.time_zone, departure.cancelled_for is None)


def _check_products(catalog: Catalog, product_ids: Collection[str] | None) -> None:
    unknown = sorted(set(product_ids or ()) - set(catalog.products_by_id))
    if unknown:
        raise NotFound(
            f"productIds: there is no product with the id {unknown[0][:40]!r}.",
            code="product_not_found",
            field="productIds",
        )


async def _held(tx: ReadTx, account_id: str, ids: Sequence[str], now: Instant) -> Mapping[str, int]:
    rows = await tx.rows(
        """
        SELECT departure_id, CAST(SUM(seats) AS BIGINT) AS seats FROM hold
        WHERE account_id = $1 AND departure_id = ANY($2) AND expires_at > $3 GROUP BY departure_id
        """,
        account_id,
        ids,
        now,
    )
    return {row["departure_id"]: row["seats"] for row in rows}


async def _guests(tx: ReadTx, account_id: str, ids: Sequence[str]) -> Mapping[str, Guests]:
    rows = await tx.rows(
        """
        SELECT departure_id, COUNT(*) AS guests, CAST(SUM(seats) AS BIGINT) AS sold,
            SUM(CASE WHEN pending THEN 1 ELSE 0 END) AS pending, COUNT(checked_in_at) AS checked_in,
            COUNT(no_show_at) AS no_shows, COUNT(DISTINCT order_id) AS orders
        FROM order_line WHERE account_id = $1 AND departure_id = ANY($2) AND status = 'confirmed'
        GROUP BY departure_id
        """,
        account_id,
        ids,
    )
    return {row["departure_id"]: Guests(*(row[name] for name in Guests._fields)) for row in rows}


async def _owed(tx: ReadTx, account_id: str, ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """Return what is owed for each order that owes something, by departure and order."""
    rows = await tx.rows(
        """
        SELECT DISTINCT l.departure_id, o.id, o.total - o.paid AS owed FROM order_line l
        JOIN orders o ON o.account_id = l.account_id AND o.id = l.order_id
        WHERE l.account_id = $1 AND l.departure_id = ANY($2) AND l.status = 'confirmed' AND o.total > o.paid
            AND (o.owner_id = o.account_id OR NOT EXISTS (
                SELECT 1 FROM ledger_entry e
                WHERE e.account_id = o.account_id AND e.order_id = o.id AND e.ledger = 'held_by_reseller'))
        """,
        account_id,
        ids,
    )
    owed: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        owed[row["departure_id"]][row["id"]] = row["owed"]
    return owed


def _collect(owed: Mapping[str, int]) -> Collect:
    return Collect(len(owed), sum(owed.values()))
