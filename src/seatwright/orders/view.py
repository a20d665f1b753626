"""What an account may see of an order: one view of it, which every door shows.

A supplier that has agreed with a reseller on `customerAccess: limited` doesn't see the customer's contact data. Its
view has only the fields that are listed here: a new field of an order is hidden from it until it is added to a list.
Free texts (memos, references) are not listed. It sees the answers to questions with `supplierSees`. The view of all
other accounts is the whole order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog
from seatwright.core import names
from seatwright.customers.fields import LANGUAGE
from seatwright.orders.model import Order, OrderBody, Payment

T = TypeVar("T", bound=msgspec.Struct)

CUSTOMER: frozenset[str] = frozenset(("title", "firstName", "lastName", "organization", LANGUAGE))
"""The fields of a customer that a limited supplier sees: the name and the language."""
ORDER_BODY: tuple[str, ...] = (
    "created_by",
    "created_by_email",
    "currency",
    "discount_codes",
    "flags",
    "cancellation_fees",
    "order_fee_policies",
    "transactions",
    "resale",
    "commission",
    "answer",
    "links_ended",
    "unconfirmed",
    "confirmed_version",
    "agent",
    "supplier_sees",
    "left",
)
"""The fields of an order's document that it sees beside customer, items and payments. `created_by` and `agent` are the
reseller's staff.
"""
ITEM: tuple[str, ...] = (
    "id",
    "product_id",
    "product_code",
    "product_name",
    "product_number",
    "kind",
    "start_at",
    "end_at",
    "time_zone",
    "arrangements",
    "expires_at",
    "held_since",
)
LINE: tuple[str, ...] = (
    "id",
    "kind",
    "tier",
    "seats",
    "price",
    "discount",
    "charges",
    "status",
    "cancellation_fee",
    "commission",
    "checked_in_at",
    "no_show_at",
    "pending_until",
    "arrangement",
    "reduction",
    "commission_rate",
    "sold_for",
)
PAYMENT: tuple[str, ...] = ("id", "amount", "at", "method", "deposit")
VOIDING: tuple[str, ...] = ("at",)


class OrderView(Order, frozen=True, kw_only=True):
    """An order as the account `viewer_id`, its supplier or its seller, sees it. `view_of` makes it."""

    viewer_id: str


def view_of(order: Order, viewer_id: str) -> OrderView:
    """Return an order as an account sees it."""
    fields = msgspec.structs.asdict(order)
    if is_limited(order, viewer_id):
        fields["body"] = _limited(order.body)
    return OrderView(viewer_id=viewer_id, **fields)


def is_limited(order: Order, viewer_id: str) -> bool:
    """Tell whether an account, the order's supplier, doesn't see the customer's contact data."""
    resale = order.body.resale
    return resale is not None and resale.hides_contact and viewer_id != order.owner_id


def labels_for_supplier(supplier: Catalog, reseller: Catalog) -> tuple[str, ...]:
    """Return the labels of the questions whose answers a limited supplier sees.

    The reseller's question decides, because the customer is the reseller's; if the reseller has no question with that
    label, the supplier's decides.
    """
    asked = {names.key(each.name): each for each in (*supplier.questions.values(), *reseller.questions.values())}
    return tuple(each.name for _, each in sorted(asked.items()) if each.supplier_sees)


def answers_seen(answers: Mapping[str, Any], labels: Collection[str]) -> dict[str, Any]:
    """Return those of a customer's or guest's answers, by label, that are under one of these labels."""
    seen = {names.key(label) for label in labels}
    return {label: answer for label, answer in answers.items() if names.key(label) in seen}


def _limited(body: OrderBody) -> OrderBody:
    return _only(
        body,
        ORDER_BODY,
        customer=_customer(body),
        items=tuple(_item(item, body.supplier_sees) for item in body.items),
        payments=tuple(_payment(payment) for payment in body.payments),
    )


def _payment(payment: Payment) -> Payment:
    voided = payment.voided
    return _only(payment, PAYMENT, voided=None if voided is None else _only(voided, VOIDING))


def _customer(body: OrderBody) -> dict[str, Any]:
    """Return the customer's visible fields and answers; a name that is an e-mail address is left out."""
    answers = answers_seen(body.customer, body.supplier_sees)
    return {
        name: value
        for name, value in body.customer.items()
        if name in answers or (name in CUSTOMER and "@" not in str(value))
    }


def _item(item: Item, labels: Collection[str]) -> Item:
    lines = (_only(line, LINE, answers=answers_seen(line.answers, labels), **_names(line)) for line in item.lines)
    return _only(item, ITEM, lines=tuple(lines))


def _names(line: Line) -> dict[str, str | None]:
    """Return a guest's names, without those that are e-mail addresses."""
    names = {"first_name": line.first_name, "last_name": line.last_name}
    return {field: None if name is not None and "@" in name else name for field, name in names.items()}


def _only(struct: T, fields: Collection[str], **more: Any) -> T:
    """Return a struct with these fields of another one, and `more`; all other fields have their defaults."""
    return type(struct)(**{name: getattr(struct, name) for name in fields}, **more)
