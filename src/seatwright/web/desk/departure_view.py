"""A departure as the desk shows it beside the day: how full it is, who is on it, and what is to be collected. Pure."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from seatwright.catalog.model import Catalog, Product
from seatwright.core.clock import Instant
from seatwright.presentation.guests import tier_label
from seatwright.reports.departures import DayDeparture
from seatwright.reports.manifest import Guest, Manifest
from seatwright.web.desk.crew_view import CrewList, crew_list
from seatwright.web.desk.texts import Texts


class Count(NamedTuple):
    """How many guests there are of something."""

    name: str
    number: int


class Debt(NamedTuple):
    """A party that still owes something: its name and size, its order, and the order's balance."""

    name: str
    size: int
    confirmation: int
    owed: str


class Peek(NamedTuple):
    """A departure in short."""

    id: str
    title: str
    sub: str
    taken: int
    whole: int
    left: str
    unit: bool
    sales: str
    tiers: str
    held: str
    guests: int
    checked_in: int
    no_shows: int
    pickups: list[Count]
    debts: list[Debt]
    to_collect: str
    closed: bool
    crew: CrewList


def peek_of(shown: DayDeparture, manifest: Manifest, catalog: Catalog, now: Instant, texts: Texts) -> Peek:
    """Return a departure with its guests, as it is `now`."""
    departure, product = shown.departure, shown.product
    start, zone = departure.start_at, departure.time_zone
    assert start is not None, "what is on a day has a start"
    place = start_place(product, catalog)
    end = f"back at {texts.clock(departure.end_at, zone)}" if departure.end_at else ""
    debts = _debts(manifest.guests, texts)
    return Peek(
        id=departure.id,
        title=f"{product.name}, {texts.clock(start, zone)}",
        sub=" · ".join(filter(None, (place, end))),
        taken=departure.taken,
        whole=departure.taken + max(0, departure.free),
        left=f"{max(0, departure.free)} left",
        unit=product.quantity_type == "unit",
        sales=_sales(shown, now, texts),
        tiers=_tiers(manifest, catalog, product.id),
        held=f"{shown.held} held in carts" if shown.held else "none held in carts",
        guests=shown.guests.guests,
        checked_in=shown.guests.checked_in,
        no_shows=shown.guests.no_shows,
        pickups=_pickups(manifest.guests),
        debts=debts,
        to_collect=texts.money(shown.collect.owed, catalog.currency),
        closed=departure.closed,
        crew=crew_list(shown.roster, catalog, texts),
    )


def start_place(product: Product, catalog: Catalog) -> str:
    """Return the name of the place where a product starts, or an empty text."""
    return next((catalog.locations[code].name for code in product.locations if code in catalog.locations), "")


def _sales(shown: DayDeparture, now: Instant, texts: Texts) -> str:
    departure = shown.departure
    if departure.closed:
        return f"Sales closed: {departure.closed_for}" if departure.closed_for else "Sales closed"
    if not departure.bookable(now):
        return "Not on sale any more"
    until = departure.closes_at or departure.start_at
    assert until is not None, "what is on a day has a start"
    return f"On sale until {texts.clock(until, departure.time_zone)}"


def _tiers(manifest: Manifest, catalog: Catalog, product_id: str) -> str:
    product = catalog.products_by_id.get(product_id)
    return ", ".join(f"{count} × {tier_label(code, product)}" for code, count in manifest.tiers.items())


def _pickups(guests: list[Guest]) -> list[Count]:
    found: Counter[str] = Counter()
    for guest in guests:
        pickup = guest.pickup
        if pickup is None:
            found[""] += 1
        else:
            found[" ".join(filter(None, (pickup.detail.name if pickup.detail else "", pickup.location.name)))] += 1
    if set(found) <= {""}:
        return []
    return [Count(name or "Make their own way", count) for name, count in sorted(found.items(), key=_own_way_last)]


def _own_way_last(counted: tuple[str, int]) -> tuple[bool, str]:
    return counted[0] == "", counted[0]


def _debts(guests: list[Guest], texts: Texts) -> list[Debt]:
    sizes = Counter(guest.confirmation for guest in guests)
    owing = {guest.confirmation: (guest, guest.balance) for guest in guests if guest.balance and guest.balance > 0}
    return [
        Debt(party_name(guest), sizes[number], number, texts.money(owed, guest.currency))
        for number, (guest, owed) in sorted(owing.items())
    ]


def party_name(guest: Guest) -> str:
    """Return what the desk calls an order's guests: the customer's last name, or first name, or the order's number."""
    customer = guest.customer
    return str(customer.get("lastName") or customer.get("firstName") or guest.confirmation)
