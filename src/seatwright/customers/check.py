"""Checks the fields of a customer that a client sends (wire reference, "Cart")."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from seatwright.core.field_errors import bad_field
from seatwright.core.mail import is_address
from seatwright.core.names import text_of
from seatwright.core.numerals import MAX_NUMBER
from seatwright.core.times import parse_date
from seatwright.customers.fields import CUSTOMER_FIELDS

_bad = partial(bad_field, code="invalid_customer")

MAX_FIELDS = 100
MAX_NAME = 200
MAX_TEXT = 2_000
"""Longest text of a field, in characters; the same bound holds for answers to custom questions."""


def check_customer(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the customer to be stored: known fields as texts, other fields (answers to custom questions) as sent.

    Numbers become texts in known fields, nulls are left out. Raises `Invalid`, naming the field, for values that are
    not a text, number or boolean, too long, an e-mail address without @, or a birthDate that is no date.
    """
    if len(data) > MAX_FIELDS:
        raise _bad("customer", f"has more than {MAX_FIELDS} fields.")
    customer: dict[str, Any] = {}
    for name, value in data.items():
        if len(name) > MAX_NAME:
            raise _bad(f"{name[:40]}…", f"a field's name has at most {MAX_NAME} characters.")
        if value is None:
            continue
        customer[name] = check_text(name, value) if name in CUSTOMER_FIELDS else check_answer(name, value)
    email = customer.get("email")
    if email and not is_address(email):
        raise _bad("email", f"{email[:80]!r} is not an e-mail address.")
    if customer.get("birthDate"):
        parse_date(customer["birthDate"][:10], field="birthDate")
    return customer


def check_text(name: str, value: Any) -> str:
    """Return a text field of a customer or participant; numbers become texts. Raises `Invalid` naming `name`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _bad(name, "must be a text.")
    text = text_of(value)
    if len(text) > MAX_TEXT:
        raise _bad(name, f"has more than {MAX_TEXT} characters.")
    return text


def check_answer(name: str, value: Any) -> Any:
    """Return an answer as sent: a text, number or boolean, or a list of these. Raises `Invalid` naming `name`."""
    if isinstance(value, list):
        if len(value) > MAX_FIELDS:
            raise _bad(name, f"has more than {MAX_FIELDS} entries.")
        return [_single(name, part) for part in value]
    return _single(name, value)


def _single(name: str, value: Any) -> Any:
    if not isinstance(value, str | int | float | bool):
        raise _bad(name, "must be a text, a number, true or false, or a list of these.")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise _bad(name, f"has more than {MAX_TEXT} characters.")
    if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        raise _bad(name, "is too large a number.")
    return value
