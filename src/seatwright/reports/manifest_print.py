"""What a manifest on paper says: all of it as texts, by pickup and party."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.annotations import service as own_notes
from seatwright.annotations.model import Note
from seatwright.assignments import service as assignments
from seatwright.assignments.model import Resource
from seatwright.auth import service as accounts
from seatwright.auth.model import Account, Caller
from seatwright.catalog.model import Catalog
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Instant
from seatwright.core.mail import one_line
from seatwright.customers.fields import full_name
from seatwright.presentation.guests import MAX_VALUE, answer_texts, guest_name, tier_label
from seatwright.reports import manifest
from seatwright.reports.manifest import Found, Guest, Manifest, by_place
from seatwright.storage.engine import ReadTx
from seatwright.wording.regions import Paper, paper_of, region_of
from seatwright.wording.wording import Wording, wording

MAX_ANSWERS = 1_500
"""Longest text of one guest's answers, in characters: a row has to fit a page."""
MAX_NOTE = 1_000
"""Longest note that is printed whole, in characters."""


class PrintFound(NamedTuple):
    """What was read of a departure for its manifest on paper."""

    account: Account
    catalog: Catalog
    found: Found
    crew: tuple[Resource, ...]
    notes: list[Note]


class GuestLine(NamedTuple):
    """A guest. `noted` says since when they are there or missing, or that they are pending."""

    name: str
    tier: str
    answers: str
    noted: str
    there: bool


class PartyLine(NamedTuple):
    """The guests of one order with the same pickup, and what is to know of the order, such as its number and phone."""

    name: str
    facts: str
    guests: list[GuestLine]


class StopLine(NamedTuple):
    """The parties of one pickup."""

    name: str
    parties: list[PartyLine]

    @property
    def guests(self) -> int:
        """How many guests there are."""
        return sum(len(party.guests) for party in self.parties)


class ManifestPrint(NamedTuple):
    """A manifest on paper."""

    account: str
    product: str
    when: str
    counts: str
    crew: list[str]
    notes: list[str]
    stops: list[StopLine]
    printed: str
    paper: Paper


async def read(tx: ReadTx, catalogs: CatalogCache, caller: Caller, departure_id: str) -> PrintFound:
    """Read a departure for its manifest on paper. Raises as `manifest.read` does.

    Crew and notes are for readers with `departures.read`, who may see them elsewhere too.
    """
    account_id = caller.account_id
    found = await manifest.read(tx, account_id, departure_id)
    crew: tuple[Resource, ...] = ()
    notes: list[Note] = []
    if "departures.read" in caller.permissions:
        notes = await own_notes.notes(tx, caller, "departure", departure_id)
        if found.departure["start_at"] is not None:
            crew = (await assignments.read(tx, account_id, departure_id)).assigned
    return PrintFound(await accounts.account(tx, account_id), await catalogs.load(tx, account_id), found, crew, notes)


def print_of(seen: PrintFound, rights: frozenset[str], now: Instant) -> ManifestPrint:
    """Return the manifest on paper for a reader with these permissions, printed `now`. Times are those of the place."""
    shown, account = manifest.manifest_of(seen.found, rights), seen.account
    words = wording("en", region_of(account.time_zone))
    return ManifestPrint(
        account=one_line(account.name, MAX_VALUE),
        product=one_line(shown.product.name, MAX_VALUE),
        when=_when(shown, words),
        counts=_counts(shown, seen.catalog, words),
        crew=[f"{one_line(each.name, MAX_VALUE)} ({each.kind})" for each in seen.crew],
        notes=[one_line(note.text, MAX_NOTE) for note in seen.notes],
        stops=_stops(shown, seen.catalog, words),
        printed=f"Printed {words.moment(now, shown.zone)}",
        paper=paper_of(account.time_zone),
    )


def _when(shown: Manifest, words: Wording) -> str:
    if shown.start_at is None:
        return "No fixed date"
    return f"{words.when(shown.start_at, shown.end_at, shown.zone)} ({words.zone(shown.start_at, shown.zone)})"


def _counts(shown: Manifest, catalog: Catalog, words: Wording) -> str:
    product = catalog.products_by_id.get(shown.product.id)
    there = sum(guest.checked_in is not None for guest in shown.guests)
    missing = sum(guest.no_show is not None for guest in shown.guests)
    many = len(shown.guests)
    parts = [
        f"{many} guest{'' if many == 1 else 's'}",
        ", ".join(words.count(count, tier_label(code, product)) for code, count in shown.tiers.items()),
        f"{shown.taken} of {shown.capacity} seats taken",
        f"{there} checked in" if there else "",
        f"{missing} no-show{'' if missing == 1 else 's'}" if missing else "",
    ]
    return " · ".join(filter(None, parts))


def _stops(shown: Manifest, catalog: Catalog, words: Wording) -> list[StopLine]:
    by_stop = by_place(shown.guests, _stop)
    return [
        StopLine(
            name or ("Make their own way" if len(by_stop) > 1 else "Guests"),
            [_party(guests, catalog, words, shown.zone) for guests in found],
        )
        for name, found in by_stop.items()
    ]


def _stop(guest: Guest) -> str:
    pickup = guest.pickup
    if pickup is None:
        return ""
    detail = pickup.detail.name if pickup.detail else ""
    return one_line(" · ".join(filter(None, (detail, pickup.location.name, pickup.name))), MAX_VALUE)


def _party(guests: list[Guest], catalog: Catalog, words: Wording, zone: str) -> PartyLine:
    first = guests[0]
    owed = first.balance or 0
    facts = [
        str(first.confirmation),
        str(first.customer.get("phone") or ""),
        first.channel,
        f"{words.money(owed, first.currency)} to pay" if owed > 0 else "",
    ]
    return PartyLine(
        name=one_line(full_name(first.customer) or f"Order {first.confirmation}", MAX_VALUE),
        facts=one_line(" · ".join(filter(None, facts)), 2 * MAX_VALUE),
        guests=[_guest(guest, number, catalog, words, zone) for number, guest in enumerate(guests, 1)],
    )


def _guest(guest: Guest, number: int, catalog: Catalog, words: Wording, zone: str) -> GuestLine:
    tier = one_line(tier_label(guest.line.tier, catalog.products_by_id.get(guest.item.product_id)), MAX_VALUE)
    noted = ""
    if guest.status == "pending":
        noted = "pending"
    elif guest.checked_in is not None:
        noted = f"in, {words.time(guest.checked_in, zone)}"
    elif guest.no_show is not None:
        noted = f"no-show, {words.time(guest.no_show, zone)}"
    own = guest_name(guest.line)
    return GuestLine(
        name=own or f"{tier} {number}",
        tier=tier if own else "",
        answers=one_line("; ".join(answer_texts(guest.answers, catalog, words)), MAX_ANSWERS),
        noted=noted,
        there=guest.checked_in is not None,
    )
