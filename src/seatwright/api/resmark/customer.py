"""Checks the customer that a client sends: known fields, answers by their labels, and details of participants."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from seatwright.cart.guests import GuestDetails
from seatwright.cart.model import MAX_ITEMS, MAX_LINES
from seatwright.core.field_errors import bad_field
from seatwright.customers.check import MAX_FIELDS, MAX_NAME, MAX_TEXT, check_answer, check_customer, check_text
from seatwright.customers.fields import CONSENT, CUSTOMER_FIELDS, LANGUAGE

_bad = partial(bad_field, code="invalid_customer")

EXAMPLE = {
    "email": "ann@lee.example",
    "firstName": "Ann",
    "lastName": "Lee",
    "phone": "8015550100",
    "How did you hear about us?": "A friend",
    "participants": [
        {
            "id": "6650aa1f0c1d2e3f40516274",
            "firstName": "Ann",
            "lastName": "Lee",
            "answers": {"Allergies or diet": "no nuts"},
        }
    ],
}
_TEXT_SCHEMA = {"type": ["string", "number", "null"], "maxLength": MAX_TEXT}
_ANSWER_SCHEMA = {"type": ["string", "number", "boolean", "null"], "maxLength": MAX_TEXT}
_ANSWERS_SCHEMA = {
    "anyOf": [_ANSWER_SCHEMA, {"type": "array", "maxItems": MAX_FIELDS, "items": _ANSWER_SCHEMA}],
}
PARTICIPANTS = "participants"
"""The key of the list with details of participants and units. Of anything but objects it is an answer, as it was."""
_PARTICIPANT_FIELDS = ("id", "firstName", "lastName", "answers")
_PARTICIPANTS_SCHEMA = {
    "type": "array",
    "description": "Names and answers of participants or units, by the ids that the cart's items list. Those that are "
    "not named keep what they have.",
    "items": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string"},
            "firstName": _TEXT_SCHEMA,
            "lastName": _TEXT_SCHEMA,
            "answers": {
                "type": ["object", "null"],
                "maxProperties": MAX_FIELDS,
                "additionalProperties": _ANSWERS_SCHEMA,
                "description": "Answers to custom questions, by their labels.",
            },
        },
        "additionalProperties": False,
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Who it is for. Other fields are answers to custom questions, by their labels.",
    "maxProperties": MAX_FIELDS,
    "properties": {
        **dict.fromkeys(CUSTOMER_FIELDS, _TEXT_SCHEMA),
        LANGUAGE: {**_ANSWER_SCHEMA, "description": "What they are written to in, such as `de` or `es-MX`."},
        CONSENT: {**_ANSWER_SCHEMA, "description": "Whether they want to be on the mailing list."},
        PARTICIPANTS: {"anyOf": [_PARTICIPANTS_SCHEMA, _ANSWERS_SCHEMA]},
    },
    "additionalProperties": _ANSWERS_SCHEMA,
}
"""The customer in the API's description (JSON Schema)."""


def split_customer(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[GuestDetails]]:
    """Return the customer that `check_customer` returns, and the details of participants that come with it."""
    sent = data.get(PARTICIPANTS)
    if not isinstance(sent, list) or (sent and not any(isinstance(one, dict) for one in sent)):
        return check_customer(data), []
    if len(sent) > MAX_ITEMS * MAX_LINES:
        raise _bad(PARTICIPANTS, f"has more than {MAX_ITEMS * MAX_LINES} entries.")
    guests = [_guest(one, f"{PARTICIPANTS}[{place}]") for place, one in enumerate(sent)]
    return check_customer({name: value for name, value in data.items() if name != PARTICIPANTS}), guests


def _guest(sent: Any, path: str) -> GuestDetails:
    if not isinstance(sent, dict):
        raise _bad(path, "must be an object with the id of a participant or unit.")
    for name in sent:
        if name not in _PARTICIPANT_FIELDS:
            raise _bad(
                f"{path}.{name[:MAX_NAME]}",
                "is not a field of a participant; these are id, firstName, lastName and answers, an object by labels.",
            )
    line_id = sent.get("id")
    if not isinstance(line_id, str) or not line_id:
        raise _bad(f"{path}.id", "is missing; send the id of a participant or unit of the cart.")
    answers = sent.get("answers") or {}
    if not isinstance(answers, dict):
        raise _bad(f"{path}.answers", "must be an object: answers by the labels of their questions.")
    if len(answers) > MAX_FIELDS:
        raise _bad(f"{path}.answers", f"has more than {MAX_FIELDS} answers.")
    first, last = (
        None if sent.get(name) is None else check_text(f"{path}.{name}", sent[name]).strip()
        for name in ("firstName", "lastName")
    )
    return GuestDetails(
        line_id=line_id,
        first_name=first,
        last_name=last,
        answers={
            _label(label, path): check_answer(f"{path}.answers.{label}", value)
            for label, value in answers.items()
            if value is not None
        },
    )


def _label(label: str, path: str) -> str:
    if len(label) > MAX_NAME:
        raise _bad(f"{path}.answers.{label[:40]}…", f"a label has at most {MAX_NAME} characters.")
    return label
