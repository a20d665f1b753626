"""The form in which an order is edited: what it shows, and the edit that was typed into it. Pure.

Only what was typed differently from what is stored is an edit. So what the form can't show, such as a list of answers
or a field of the customer's that it doesn't have, stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import UNSET

from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog, Question
from seatwright.catalog.questions import questions_of
from seatwright.core import names
from seatwright.core.errors import Invalid
from seatwright.customers.check import check_answer, check_customer, check_text
from seatwright.orders.edit_plan import GuestEdit, OrderEdit
from seatwright.orders.view import OrderView, is_limited
from seatwright.presentation.guests import guest_name, tier_label
from seatwright.web.desk.booking_view import CUSTOMER, MORE, PickupOption, pickup_options
from seatwright.web.desk.texts import Texts
from seatwright.web.desk.visit import Form

FIELDS = (
    ("firstName", "First name"),
    ("lastName", "Last name"),
    ("phone", "Phone"),
    ("email", "E-mail"),
    ("organization", "Organization"),
    *MORE,
)
"""The customer's fields that the form has, beside the language and the answers."""
LANGUAGE = CUSTOMER[-1]
NO_PICKUP = "none"
"""The choice of no pickup."""


class Choice(NamedTuple):
    """Something that can be chosen, and whether it is."""

    value: str
    name: str
    chosen: bool


class GuestForm(NamedTuple):
    """The fields of a participant or unit. Without `tiers`, there is no other tier that it could have."""

    id: str
    name: str
    first_name: str
    last_name: str
    tiers: list[Choice]
    pickups: list[Choice]
    answers: list[tuple[str, Question, str]]


class TripForm(NamedTuple):
    """A departure with the guests who are left on it."""

    product: str
    when: str
    guests: list[GuestForm]


class EditForm(NamedTuple):
    """An order as it can be edited. `limited`: the customer is the reseller's and isn't shown."""

    confirmation: int
    version: int
    limited: bool
    customer: list[tuple[str, str, str]]
    language: str
    questions: list[tuple[str, Question, str]]
    trips: list[TripForm]
    reference: str
    memo: str


def edit_form(order: OrderView, catalog: Catalog, sent: Form | None, texts: Texts) -> EditForm:
    """Return the form; with what was `sent`, if that was refused or has to be confirmed."""

    def value(name: str, stored: str) -> str:
        return stored if sent is None else sent.text(name, stored)

    customer = order.body.customer
    return EditForm(
        confirmation=order.confirmation,
        version=order.version if sent is None else _version(sent),
        limited=is_limited(order, order.viewer_id),
        customer=[(field, label, value(field, _text(customer.get(field)))) for field, label in FIELDS],
        language=value(LANGUAGE, _text(customer.get(LANGUAGE))),
        questions=[
            (name, question, value(name, _text(names.find(customer, question.name))))
            for name, question in _of_order(order, catalog)
        ],
        trips=[_trip(item, catalog, sent, texts) for item in order.body.items if item.live],
        reference=value("reference", order.body.reference_id or ""),
        memo=value("memo", _memo(order)),
    )


def edit_of(sent: Form, order: OrderView, catalog: Catalog) -> OrderEdit:
    """Return the edit that was typed. Raises `Invalid`."""
    customer, reference, memo = order.body.customer, sent.text("reference"), sent.text("memo")
    typed = {field: sent.text(field) for field, _ in (*FIELDS, (LANGUAGE, "")) if sent.has(field)}
    typed |= {question.name: sent.text(name) for name, question in _of_order(order, catalog) if sent.has(name)}
    changed = {name: text for name, text in typed.items() if text != _text(names.find(customer, name))}
    return OrderEdit(
        order=order.id,
        version=_version(sent),
        customer=_changed(customer, changed) if changed else None,
        guests=[
            guest
            for item in order.body.items
            for line in item.live
            if (guest := _guest_of(sent, item, line, catalog)) != GuestEdit(line.id)
        ],
        reference_id=reference or None
        if sent.has("reference") and reference != (order.body.reference_id or "")
        else UNSET,
        billing=None if not sent.has("memo") or memo == _memo(order) else {**order.body.billing, "memo": memo},
    )


def _changed(customer: Mapping[str, Any], changed: Mapping[str, str]) -> dict[str, Any]:
    """Return a customer with these fields changed; an empty one is taken away."""
    gone = {names.key(name) for name in changed}
    kept = {name: value for name, value in customer.items() if names.key(name) not in gone}
    return check_customer({**kept, **{name: text for name, text in changed.items() if text}})


def _guest_of(sent: Form, item: Item, line: Line, catalog: Catalog) -> GuestEdit:
    first, last = sent.text(f"first.{line.id}"), sent.text(f"last.{line.id}")
    answers: dict[str, Any] = {}
    for name, question in _of_guest(item, line, catalog):
        text = sent.text(name)
        if sent.has(name) and text != _text(names.find(line.answers, question.name)):
            answers[question.name] = check_answer(question.name, text)
    kept = {label: value for label, value in line.answers.items() if names.find(answers, label) is None}
    tier, pickup = sent.text(f"tier.{line.id}", line.tier), sent.text(f"pickup.{line.id}", _pickup_of(item, line))
    place, _, detail = pickup.partition("|")
    moved = pickup != _pickup_of(item, line)
    return GuestEdit(
        line_id=line.id,
        first_name=UNSET if not sent.has(f"first.{line.id}") or first == (line.first_name or "") else _name(first),
        last_name=UNSET if not sent.has(f"last.{line.id}") or last == (line.last_name or "") else _name(last),
        answers={**kept, **{label: text for label, text in answers.items() if text != ""}} if answers else None,
        tier=None if tier == line.tier else tier,
        location_id=place if moved and pickup != NO_PICKUP else None,
        pickup_detail_id=(detail or None) if moved and pickup != NO_PICKUP else None,
        without_pickup=moved and pickup == NO_PICKUP,
    )


def _name(text: str) -> str | None:
    return check_text("name", text) or None


def _trip(item: Item, catalog: Catalog, sent: Form | None, texts: Texts) -> TripForm:
    return TripForm(
        item.product_name,
        texts.trip(item.start_at, item.end_at, item.time_zone),
        [
            _guest(item, line, catalog, sent, texts, number)
            for number, line in enumerate(item.lines, 1)
            if line.status == "confirmed"
        ],
    )


def _guest(item: Item, line: Line, catalog: Catalog, sent: Form | None, texts: Texts, number: int) -> GuestForm:
    product = catalog.products_by_id.get(item.product_id)

    def value(name: str, stored: str) -> str:
        return stored if sent is None else sent.text(name, stored)

    tiers: list[Choice] = []
    options: list[PickupOption] = []
    if product is not None:
        chosen = value(f"tier.{line.id}", line.tier)
        fitting = [tier for tier in product.tiers if tier.seats == line.seats]
        if len(fitting) > 1 and any(tier.code == line.tier for tier in fitting):
            tiers = [Choice(tier.code, tier.name, tier.code == chosen) for tier in fitting]
        options = pickup_options(product, catalog, texts)
    named = tier_label(line.tier, product)
    return GuestForm(
        id=line.id,
        name=guest_name(line) or f"{named} {number}",
        first_name=value(f"first.{line.id}", line.first_name or ""),
        last_name=value(f"last.{line.id}", line.last_name or ""),
        tiers=tiers,
        pickups=_pickups(item, line, options, value(f"pickup.{line.id}", _pickup_of(item, line))),
        answers=[
            (name, question, value(name, _text(names.find(line.answers, question.name))))
            for name, question in _of_guest(item, line, catalog)
        ],
    )


def _pickups(item: Item, line: Line, options: list[PickupOption], chosen: str) -> list[Choice]:
    """Return the pickups that a guest can have, with the present one even if it isn't offered any more."""
    own, pickup = _pickup_of(item, line), item.arranged(line).pickup
    if not options and pickup is None:
        return []
    found = [Choice(NO_PICKUP, "No pickup", chosen == NO_PICKUP)]
    if pickup is not None and own not in {option.value for option in options}:
        found.append(Choice(own, pickup.location.name, chosen == own))
    return found + [Choice(option.value, option.name, option.value == chosen) for option in options]


def _pickup_of(item: Item, line: Line) -> str:
    pickup = item.arranged(line).pickup
    return NO_PICKUP if pickup is None else f"{pickup.location.id}|{pickup.detail.id if pickup.detail else ''}"


def _of_order(order: OrderView, catalog: Catalog) -> list[tuple[str, Question]]:
    """Return the questions that the customer answers, with the names of their fields."""
    found: dict[str, Question] = {}
    for item in order.body.items:
        for question in questions_of(catalog, catalog.products_by_id.get(item.product_id)):
            answered = isinstance(names.find(order.body.customer, question.name), list)
            if question.per == "order" and not answered:
                found[f"answer.{question.code}"] = question
    return list(found.items())


def _of_guest(item: Item, line: Line, catalog: Catalog) -> list[tuple[str, Question]]:
    """Return the questions that a guest answers, with the names of their fields; a list of answers has none."""
    return [
        (f"guest.{line.id}.{question.code}", question)
        for question in questions_of(catalog, catalog.products_by_id.get(item.product_id))
        if question.per == "participant" and not isinstance(names.find(line.answers, question.name), list)
    ]


def _memo(order: OrderView) -> str:
    return _text(order.body.billing.get("memo"))


def _text(value: Any) -> str:
    """Return a stored value as the form shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _version(sent: Form) -> int:
    text = sent.text("version")
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Invalid("This form is not complete; open the page again.", code="malformed_form")
    return int(text)
