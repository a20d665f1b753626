"""The fields of a customer (wire reference, "Cart"); whatever else one has is an answer to a question, by its label."""

from __future__ import annotations

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
