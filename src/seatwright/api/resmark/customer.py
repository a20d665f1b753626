"""Checks the customer that a client sends: known fields, and whatever else it has by its label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seatwright.api import wire
from seatwright.catalog.customer import CONSENT, CUSTOMER_FIELDS, LANGUAGE
from seatwright.core.errors import Invalid
from seatwright.core.mail import is_address
from seatwright.core.times import parse_date

MAX_FIELDS = 100
MAX_NAME = 200
MAX_TEXT = 2_000
"""Longest text of a field, in characters; the same bound holds for answers to custom questions."""
MAX_NUMBER = 2**53
"""Largest number, either sign, that every JSON reader keeps exactly."""

EXAMPLE = {
    "email": "ann@lee.example",
    "firstName": "Ann",
    "lastName": "Lee",
    "phone": "8015550100",
    "Allergies or diet": "no nuts",
}
_TEXT_SCHEMA = {"type": ["string", "number", "null"], "maxLength": MAX_TEXT}
_ANSWER_SCHEMA = {"type": ["string", "number", "boolean", "null"], "maxLength": MAX_TEXT}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Who it is for. Other fields are answers to custom questions, by their labels.",
    "maxProperties": MAX_FIELDS,
    "properties": {
        **dict.fromkeys(CUSTOMER_FIELDS, _TEXT_SCHEMA),
        LANGUAGE: {**_ANSWER_SCHEMA, "description": "What they are written to in, such as `de` or `es-MX`."},
        CONSENT: {**_ANSWER_SCHEMA, "description": "Whether they want to be on the mailing list."},
    },
    "additionalProperties": {
        "anyOf": [_ANSWER_SCHEMA, {"type": "array", "maxItems": MAX_FIELDS, "items": _ANSWER_SCHEMA}],
    },
}
"""The customer in the API's description (JSON Schema)."""


def check_customer(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the customer to be stored: known fields as texts, other fields (answers to custom questions) as sent.

    Numbers become texts in known fields, nulls are left out. Raises `Invalid` naming the field for values that are
    no text, number or boolean, too long, an e-mail address without @, or a birthDate that is no date.
    """
    if len(data) > MAX_FIELDS:
        raise _bad("customer", f"has more than {MAX_FIELDS} fields.")
    customer: dict[str, Any] = {}
    for name, value in data.items():
        if len(name) > MAX_NAME:
            raise _bad(f"{name[:40]}…", f"a field's name has at most {MAX_NAME} characters.")
        if value is None:
            continue
        customer[name] = _text(name, value) if name in CUSTOMER_FIELDS else _answer(name, value)
    email = customer.get("email")
    if email and not is_address(email):
        raise _bad("email", f"{email[:80]!r} is not an e-mail address.")
    if customer.get("birthDate"):
        parse_date(customer["birthDate"][:10], field="birthDate")
    return customer


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _bad(name, "must be a text.")
    text = wire.text(value)
    if len(text) > MAX_TEXT:
        raise _bad(name, f"has more than {MAX_TEXT} characters.")
    return text


def _answer(name: str, value: Any) -> Any:
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


def _bad(field: str, sentence: str) -> Invalid:
    return Invalid(f"{field}: {sentence}", code="invalid_customer", field=field)
