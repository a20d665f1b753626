"""Reads the forms of a new booking: how many of what, the customer, the guests, and what was paid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from seatwright.cart.guests import GuestDetails
from seatwright.cart.model import CartBody
from seatwright.cart.service import ItemRequest
from seatwright.catalog.model import Catalog
from seatwright.catalog.questions import questions_of
from seatwright.core import names
from seatwright.core.errors import Invalid
from seatwright.customers.check import MAX_FIELDS, check_answer, check_customer, check_text
from seatwright.orders.model import WAYS, NotificationFlags, Way
from seatwright.orders.new_payment import NewPayment
from seatwright.web.desk.booking_view import FIELDS, of_guests
from seatwright.web.desk.visit import Form
from seatwright.web.desk.words import sentence

CUSTOMER_PREFIX = "customer."
"""Fields of a new booking's customer before there is a cart begin so; see `customer_given`."""
LATER = "later"
"""The choice to pay nothing yet."""
TYPED = ("reference", "memo", "method", "silent")
"""What is typed in the form of a cart and that the cart doesn't keep: it goes along in the address."""
CARRIED = ("cart", "order", *TYPED)
"""Fields that go along while a departure is chosen, beside the customer's; see `carried`."""
_COUNT = re.compile(r"[0-9]{1,4}")


def item_request(sent: Form) -> ItemRequest:
    """Return the departure that was chosen, with the number for each tier and the pickup. Raises `Invalid`."""
    counts = {}
    for tier, text in sent.named("count.").items():
        if text and not _COUNT.fullmatch(text):
            raise Invalid(f"{tier}: write how many as a number.", code="invalid_count", field=tier)
        counts[tier] = int(text or 0)
    place, _, detail = sent.text("pickup").partition("|")
    return ItemRequest(sent.text("departure"), counts, place or None, detail or None)


def carried(sent: Form) -> dict[str, str]:
    """Return what goes along while a departure is chosen: the cart or order to which it is added, and what was typed.

    The amount isn't in it: with another departure it would be another one.
    """
    found = {name: sent.text(name) for name in CARRIED if sent.text(name)}
    return found | {name: text for name, text in sent.named("").items() if name.startswith(CUSTOMER_PREFIX) and text}


def typed(sent: Form) -> dict[str, str]:
    """Return what was typed about the payment in the form of a cart, which doesn't keep it."""
    silent = {} if sent.has("mail") else {"silent": "1"}
    found = {name: sent.text(name) for name in ("reference", "memo", "method") if sent.text(name)}
    return {name: text for name, text in found.items() if text != LATER} | silent


def customer_given(sent: Form) -> tuple[dict[str, Any], list[str]]:
    """Return the customer that an address or form brings along, such as one from another program, and a sentence for
    each field that can't be used. A middle name becomes a part of the first name: there is no field of its own."""
    found: dict[str, Any] = {}
    refused: list[str] = []
    typed = {name: text for name, text in sent.named(CUSTOMER_PREFIX).items() if name and text}
    middle = typed.pop("middleName", "")
    if middle:
        typed["firstName"] = f"{typed.get('firstName', '')} {middle}".strip()
    for name, text in list(typed.items())[:MAX_FIELDS]:
        try:
            found |= check_customer({name: text})
        except Invalid as error:
            refused.append(sentence(error))
    return found, refused


def customer_of(sent: Form, body: CartBody, catalog: Catalog) -> dict[str, Any]:
    """Return the customer that was typed, with the answers to questions that are asked once. What the cart knows of the
    customer and the form has no field for stays. Raises `Invalid`."""
    asked = [
        question
        for item in body.items
        for question in questions_of(catalog, catalog.products_by_id.get(item.product_id))
        if question.per == "order"
    ]
    shown = {names.key(name) for name in (*FIELDS, *(question.name for question in asked))}
    fields: dict[str, Any] = {name: value for name, value in body.customer.items() if names.key(name) not in shown}
    fields |= {name: sent.text(name) for name in FIELDS if sent.text(name)}
    for question in asked:
        answer = sent.text(f"answer.{question.code}")
        if answer:
            fields[question.name] = answer
    return check_customer(fields)


def guests_of(sent: Form, body: CartBody, catalog: Catalog) -> list[GuestDetails]:
    """Return the names and answers that were typed for each guest of a cart. Raises `Invalid`."""
    found = []
    for item in body.items:
        questions = of_guests(item, catalog)
        for line in item.lines:
            typed = {question.name: sent.text(f"guest.{line.id}.{question.code}") for question in questions}
            found.append(
                GuestDetails(
                    line_id=line.id,
                    first_name=check_text("firstName", sent.text(f"first.{line.id}")) or None,
                    last_name=check_text("lastName", sent.text(f"last.{line.id}")) or None,
                    answers={label: check_answer(label, text) for label, text in typed.items() if text},
                )
            )
    return found


def payments_of(sent: Form, *, whole: str) -> tuple[NewPayment, ...]:
    """Return what was paid now: nothing, or an amount in one way. One below the `whole` amount is a deposit.

    Raises `Invalid` for an unknown way, and for a payment without an amount.
    """
    method = sent.text("method", LATER)
    if method == LATER:
        return ()
    amount = sent.text("amount")
    if not amount:
        raise Invalid("Amount: write how much was paid, or choose to pay later.", code="missing_field", field="Amount")
    return (NewPayment(amount, way(method), sent.text("memo") or None, deposit=amount != whole, field="Amount"),)


def way(text: str) -> Way:
    """Return the way of payment that was chosen. Raises `Invalid`."""
    for known in WAYS:
        if known == text:
            return known
    raise Invalid("Choose how it was paid.", code="unknown_way")


def flags_of(sent: Form) -> Mapping[str, bool]:
    """Return the flags of an order: whether its customer gets mails about it."""
    silent = not sent.has("mail")
    return dict.fromkeys(NotificationFlags.__struct_fields__, silent)
