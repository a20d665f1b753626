"""The manifest of a departure on the wire, and as a sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from decimal import Decimal
from typing import Any, Literal

from seatwright.core import names
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, iso_wall, to_local
from seatwright.customers.fields import full_name
from seatwright.http.wire import Wire
from seatwright.reports.manifest import Guest, Manifest
from seatwright.reports.sheets import Cell, Sheet


class PickupPlaceOut(Wire, kw_only=True):
    """Where somebody is picked up, by which service, and how (such as the time)."""

    name: str
    location: str
    detail: str | None


class GuestOut(Wire, kw_only=True):
    """A participant or unit that is not cancelled. `customer` is without phone, address and e-mail where supplier and
    reseller have agreed on that; `answers` are to questions, by their labels: their own,
    or else the order's. `balance` is the whole order's, and null for a reader without `orders.read`. Without
    `customers.read`, `customer` is the name, language and phone."""

    id: str
    first_name: str
    last_name: str
    tier: str
    seats: int
    status: Literal["confirmed", "pending"]
    checked_in_date: str | None
    no_show_date: str | None
    pickup: PickupPlaceOut | None
    order_id: str
    confirmation: int
    reference_id: str | None
    channel: str | None
    customer: dict[str, Any]
    answers: dict[str, Any]
    balance: Decimal | None
    currency: str


class ManifestOut(Wire, kw_only=True):
    """Who comes to a departure, by pickup and name. Start and end are on the location's wall clock."""

    departure_id: str
    product_id: str
    product_name: str
    product_number: int
    start_time: str | None
    end_time: str | None
    time_zone: str
    capacity: int
    taken: int
    tiers: dict[str, int]
    checked_in: int
    no_shows: int
    guests: list[GuestOut]


def manifest_out(manifest: Manifest) -> ManifestOut:
    """Show a manifest."""
    zone = manifest.zone
    return ManifestOut(
        departure_id=manifest.departure_id,
        product_id=manifest.product.id,
        product_name=manifest.product.name,
        product_number=manifest.product.number,
        start_time=None if manifest.start_at is None else iso_wall(manifest.start_at, zone),
        end_time=None if manifest.end_at is None else iso_wall(manifest.end_at, zone),
        time_zone=zone,
        capacity=manifest.capacity,
        taken=manifest.taken,
        tiers=manifest.tiers,
        checked_in=sum(guest.checked_in is not None for guest in manifest.guests),
        no_shows=sum(guest.no_show is not None for guest in manifest.guests),
        guests=[_guest_out(guest) for guest in manifest.guests],
    )


def _guest_out(guest: Guest) -> GuestOut:
    last, first = guest.name
    pickup = guest.pickup
    return GuestOut(
        id=guest.line.id,
        first_name=first,
        last_name=last,
        tier=guest.line.tier,
        seats=guest.line.seats,
        status=guest.status,
        checked_in_date=None if guest.checked_in is None else iso_utc(guest.checked_in),
        no_show_date=None if guest.no_show is None else iso_utc(guest.no_show),
        pickup=None
        if pickup is None
        else PickupPlaceOut(
            name=pickup.name,
            location=pickup.location.name,
            detail=pickup.detail.name if pickup.detail else None,
        ),
        order_id=guest.order_id,
        confirmation=guest.confirmation,
        reference_id=guest.reference_id,
        channel=guest.channel or None,
        customer=guest.customer,
        answers=guest.answers,
        balance=None if guest.balance is None else to_wire(guest.balance, guest.currency),
        currency=guest.currency,
    )


_GUEST = ("Pickup", "Pickup detail", "Last name", "First name", "Tier", "Seats", "Status", "Checked in", "No-show")
_OF_ORDER = ("Confirmation", "Customer", "Phone", "E-mail", "Balance", "Channel")


MAX_QUESTIONS = 50
"""Questions with a column of their own on a manifest at most. Labels are anybody's who takes orders, and each guest may
have others: a table of all of them would be as wide as it is long."""


def manifest_sheet(manifest: Manifest) -> Sheet:
    """Return a manifest as a table: a row for each guest, and a column for each question that has an answer.

    If there are more than `MAX_QUESTIONS`, the questions with the fewest answers share the last column.
    """
    answered = Counter(names.count(label for guest in manifest.guests for label in guest.answers))
    often = {names.key(label) for label, _ in answered.most_common(MAX_QUESTIONS)}
    questions = [label for label in answered if names.key(label) in often]
    others = ("Other answers",) if len(answered) > MAX_QUESTIONS else ()
    return Sheet(
        name="Manifest",
        titles=(*_GUEST, *_OF_ORDER, *questions, *others),
        rows=(
            (*_guest_row(guest, questions, manifest.zone), *(_others(guest, often) for _ in others))
            for guest in manifest.guests
        ),
    )


def _others(guest: Guest, often: Container[str]) -> str:
    """Return the answers that have no column of their own, each with its label."""
    return "; ".join(
        f"{label}: {_answer_text(answer)}" for label, answer in guest.answers.items() if names.key(label) not in often
    )


def _guest_row(guest: Guest, questions: Sequence[str], zone: str) -> Sequence[Cell]:
    last, first = guest.name
    pickup, customer = guest.pickup, guest.customer
    return (
        pickup.location.name if pickup else None,
        pickup.detail.name if pickup and pickup.detail else None,
        last,
        first,
        guest.line.tier,
        guest.line.seats,
        guest.status,
        None if guest.checked_in is None else to_local(guest.checked_in, zone),
        None if guest.no_show is None else to_local(guest.no_show, zone),
        guest.confirmation,
        full_name(customer),
        customer.get("phone"),
        customer.get("email"),
        to_wire(guest.balance, guest.currency),
        guest.channel,
        *(_answers_to(question, guest) for question in questions),
    )


def _answers_to(question: str, guest: Guest) -> str:
    """Return what a guest answered under a label, or under others that count as the same."""
    return "; ".join(_answer_text(answer) for label, answer in guest.answers.items() if names.same(label, question))


def _answer_text(answer: Any) -> str:
    if isinstance(answer, list):
        return ", ".join(map(_answer_text, answer))
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else str(answer)
