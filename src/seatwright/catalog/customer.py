"""The fields of a customer (wire reference, "Cart"); whatever else one has is an answer to a question, by its label."""

from __future__ import annotations

import re
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
CONTACT_FIELDS = frozenset(("email", "phone", "streetAddress", "city", "state", "postalCode", "country"))
"""How to reach them."""
_PHONES = ("phone", "telephone", "tel", "mobile", "cell", "cellphone", "fax", "whatsapp", "telegram")
_PLACES = ("address", "street", "zip", "zipcode", "postcode", "postal")
_CONTACT_WORDS = frozenset(("mail", "email", *_PHONES, *_PLACES))
_CONTACT_LABELS = frozenset(field.casefold() for field in CONTACT_FIELDS)
_LETTERS = re.compile(r"[^\W\d_]+")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")
LANGUAGE, CONSENT = "language", "marketingConsent"
"""Ours: what they are written to in, and whether they want to be on the mailing list. Neither is an answer, but a
question may have been called so before."""
NO_ANSWERS = frozenset((*CUSTOMER_FIELDS, LANGUAGE, CONSENT))
"""What a customer has that is no answer to a question."""


def tells_contact(name: str, value: Any) -> bool:
    """Tell whether a field of a customer, or an answer by its label, says how to reach them: `Mobile phone`, `zip`.

    Labels are anybody's, so one that speaks of it in English is taken for it, and so is whatever has an e-mail address.
    """
    if "@" in str(value):
        return True
    if name.strip().casefold() in _CONTACT_LABELS:
        return True
    label = name.replace("-", "")
    words = [*_LETTERS.findall(label), *_HUMPS.findall(label)]
    return any(word.casefold() in _CONTACT_WORDS for word in words)
