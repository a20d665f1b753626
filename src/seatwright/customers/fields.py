"""The fields of a customer (wire reference, "Cart"); every other field is an answer to a question, under its label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CUSTOMER_FIELDS = (
    "email",
    "firstName",
    "lastName",
    "phone",
    "title",
    "gender",
    "birthDate",
    "streetAddress",
    "city",
    "state",
    "postalCode",
    "country",
    "organization",
)
"""Texts that describe the person."""
LANGUAGE, CONSENT = "language", "marketingConsent"
"""Our own fields: the language of mails, and the consent to the mailing list. Neither is an answer, but a question may
have been called so before.
"""
NO_ANSWERS = frozenset((*CUSTOMER_FIELDS, LANGUAGE, CONSENT))
"""The fields of a customer that are not answers to questions."""


def fields_of(customer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that describe a customer, without answers to questions."""
    return {name: value for name, value in customer.items() if name in NO_ANSWERS}


def answers_of(customer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customer's answers to questions, by their labels."""
    return {name: value for name, value in customer.items() if name not in NO_ANSWERS}


def full_name(customer: Mapping[str, Any]) -> str:
    """Return a customer's first and last name, or an empty text."""
    parts = (str(customer.get(field) or "").strip() for field in ("firstName", "lastName"))
    return " ".join(part for part in parts if part)
