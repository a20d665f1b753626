"""The fields of a customer (wire reference, "Cart"); whatever else one has is an answer to a question, by its label."""

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
"""Texts that describe who it is."""
LANGUAGE, CONSENT = "language", "marketingConsent"
"""Ours: what they are written to in, and whether they want to be on the mailing list. Neither is an answer, but a
question may have been called so before."""
NO_ANSWERS = frozenset((*CUSTOMER_FIELDS, LANGUAGE, CONSENT))
"""What a customer has that is no answer to a question."""


def full_name(customer: Mapping[str, Any]) -> str:
    """Return a customer's first and last name, or an empty text."""
    parts = (str(customer.get(field) or "").strip() for field in ("firstName", "lastName"))
    return " ".join(part for part in parts if part)
