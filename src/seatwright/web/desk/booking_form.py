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
from seatwright.core.errors import Invalid
from seatwright.customers.check import check_answer, check_customer, check_text
from seatwright.orders.model import WAYS, NotificationFlags, Way
from seatwright.orders.new_payment import NewPayment
from seatwright.web.desk.booking_view import CUSTOMER, of_guests
from seatwright.web.desk.visit import Form

LATER = "later"
"""The choice to pay nothing yet."""
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


def customer_of(sent: Form, body: CartBody, catalog: Catalog) -> dict[str, Any]:
    """Return the customer that was typed, with the answers to questions that are asked once. Raises `Invalid`."""
    fields: dict[str, Any] = {name: sent.text(name) for name in CUSTOMER if sent.text(name)}
    for item in body.items:
        for question in questions_of(catalog, catalog.products_by_id.get(item.product_id)):
            answer = sent.text(f"answer.{question.code}")
            if question.per == "order" and answer:
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
