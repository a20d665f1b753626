"""A departure's guests as the desk shows them: parties by pickup, who is there, and what is to be collected. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from seatwright.cart.model import Item
from seatwright.catalog.model import Catalog
from seatwright.core import times
from seatwright.core.clock import Instant
from seatwright.customers.fields import full_name
from seatwright.inventory.model import Departure
from seatwright.presentation.guests import answer_texts, tier_label
from seatwright.reports.manifest import Guest, Manifest, by_place
from seatwright.web.desk.departure_view import party_name
from seatwright.web.desk.texts import Texts


class GuestRow(NamedTuple):
    """A guest. `state` is in, missing, pending or nothing."""

    id: str
    name: str
    tier: str
    answers: list[str]
    state: str
    since: str


class Party(NamedTuple):
    """The guests of one order with the same pickup. `owed` is empty if nothing is, or if it isn't to be seen."""

    order_id: str
    confirmation: int
    name: str
    phone: str
    channel: str
    owed: str
    guests: list[GuestRow]
    all_in: bool
    expected: int


class Stop(NamedTuple):
    """The parties of one pickup; the name is empty for those who make their own way."""

    name: str
    parties: list[Party]
    guests: int


class DeparturePage(NamedTuple):
    """A departure with everybody on it."""

    id: str
    product: str
    day: date | None
    when: str
    zone: str
    capacity: int
    taken: int
    free: int
    guests: int
    checked_in: int
    no_shows: int
    tiers: str
    closed: bool
    cancelled_for: str | None
    closed_for: str
    stops: list[Stop]


def departure_page(departure: Departure, manifest: Manifest, catalog: Catalog, texts: Texts) -> DeparturePage:
    """Return a departure's page; what its reader may not see isn't in the manifest."""
    start, zone = departure.start_at, departure.time_zone
    when = texts.trip(start, departure.end_at, zone)
    product = catalog.products_by_id.get(departure.product_id)
    return DeparturePage(
        id=departure.id,
        product=product.name if product else manifest.product.name,
        day=None if start is None else times.to_local(start, zone).date(),
        when=when if start is None else f"{when} {texts.zone_name(start, zone)}",
        zone=zone,
        capacity=departure.capacity,
        taken=departure.taken,
        free=max(0, departure.free),
        guests=len(manifest.guests),
        checked_in=sum(guest.checked_in is not None for guest in manifest.guests),
        no_shows=sum(guest.no_show is not None for guest in manifest.guests),
        tiers=", ".join(f"{count} × {tier_label(code, product)}" for code, count in manifest.tiers.items()),
        closed=departure.closed,
        cancelled_for=departure.cancelled_for if departure.closed else None,
        closed_for=(departure.closed and departure.closed_for) or "",
        stops=_stops(manifest, catalog, texts),
    )


def _stops(manifest: Manifest, catalog: Catalog, texts: Texts) -> list[Stop]:
    return [
        Stop(name, [_party(guests, catalog, texts, manifest.zone) for guests in found], sum(map(len, found)))
        for name, found in by_place(manifest.guests, _stop).items()
    ]


def _stop(guest: Guest) -> str:
    pickup = guest.pickup
    if pickup is None:
        return ""
    return " · ".join(filter(None, (pickup.detail.name if pickup.detail else "", pickup.location.name)))


def _party(guests: list[Guest], catalog: Catalog, texts: Texts, zone: str) -> Party:
    first = guests[0]
    owed = first.balance or 0
    return Party(
        order_id=first.order_id,
        confirmation=first.confirmation,
        name=full_name(first.customer) or party_name(first),
        phone=str(first.customer.get("phone") or ""),
        channel=first.channel,
        owed=texts.money(owed, first.currency) if owed > 0 else "",
        guests=[_row(guest, number, catalog, texts, zone) for number, guest in enumerate(guests, 1)],
        all_in=all(guest.checked_in is not None for guest in guests),
        expected=sum(guest.status != "pending" for guest in guests),
    )


def _row(guest: Guest, number: int, catalog: Catalog, texts: Texts, zone: str) -> GuestRow:
    tier = tier_label(guest.line.tier, catalog.products_by_id.get(guest.item.product_id))
    own = " ".join(filter(None, (guest.line.first_name, guest.line.last_name)))
    state, since = "", ""
    if guest.status == "pending":
        state = "pending"
    elif guest.checked_in is not None:
        state, since = "in", texts.clock(guest.checked_in, zone)
    elif guest.no_show is not None:
        state, since = "missing", texts.clock(guest.no_show, zone)
    return GuestRow(
        id=guest.line.id,
        name=own or f"{tier} {number}",
        tier=tier,
        answers=answer_texts(guest.answers, catalog, texts.words),
        state=state,
        since=since,
    )


def since_when(item: Item) -> Instant | None:
    """Return since when all guests of an item are there; None if one isn't, or there are none."""
    found = [line.checked_in_at for line in item.live]
    if not found or any(at is None for at in found):
        return None
    return max(at for at in found if at is not None)


def elsewhere(items: Sequence[Item], texts: Texts) -> str:
    """Return the sentence about an order that has nobody on a departure: it says on which ones it has somebody."""
    whole = (
        f"{item.product_name}, {texts.trip(item.start_at, item.end_at, item.time_zone)}" for item in items if item.live
    )
    named = "; and ".join(whole)
    return f"This order has nobody on this departure, but on: {named}." if named else "This order is cancelled."
