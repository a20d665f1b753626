"""The pickups of a day: who is fetched where, for which departure; over all products, for the drivers."""

from __future__ import annotations

from typing import Any, NamedTuple

from seatwright.cart.model import PickupChoice
from seatwright.orders import store
from seatwright.orders.view import view_of
from seatwright.reports.departures import DayDeparture, DayList
from seatwright.reports.manifest import Guest, guests_on, orders_on
from seatwright.storage.engine import ReadTx


class Ride(NamedTuple):
    """The guests of a departure who are picked up at the same place, by name."""

    departure: DayDeparture
    guests: list[Guest]


class Stop(NamedTuple):
    """A place, with the rides from there in the order in which they start."""

    pickup: PickupChoice
    rides: list[Ride]


class DayPickups(NamedTuple):
    """The stops of a day by the names of their places; `own_way` counts the guests who come by themselves."""

    stops: list[Stop]
    own_way: int


async def pickups_of(tx: ReadTx, account_id: str, days: DayList, rights: frozenset[str]) -> DayPickups:
    """Return who is picked up for the departures of `days`, for a reader with these permissions.

    Raises `Conflict` for more than `manifest.MAX_ORDERS` orders.
    """
    with_guests = [each for each in days.departures if each.guests.guests]
    ids = [each.departure.id for each in with_guests]
    orders = [view_of(store.order_from(row), account_id) for row in await orders_on(tx, account_id, ids)]
    stops: dict[tuple[str, str], Stop] = {}
    own_way = 0
    for each in sorted(with_guests, key=lambda each: each.departure.start_at or 0):
        guests = [guest for order in orders for guest in guests_on(order, each.departure.id, rights)]
        rides: dict[tuple[str, str], list[Guest]] = {}
        for guest in guests:
            if guest.pickup is None:
                own_way += 1
                continue
            place = _place(guest.pickup)
            stops.setdefault(place, Stop(guest.pickup, []))
            rides.setdefault(place, []).append(guest)
        for place, fetched in rides.items():
            stops[place].rides.append(Ride(each, sorted(fetched, key=_name)))
    return DayPickups([stops[place] for place in sorted(stops)], own_way)


def _place(pickup: PickupChoice) -> tuple[str, str]:
    return pickup.location.name.casefold(), pickup.detail.name.casefold() if pickup.detail else ""


def _name(guest: Guest) -> tuple[Any, ...]:
    last, first = guest.name
    return guest.confirmation, last.casefold(), first.casefold()
