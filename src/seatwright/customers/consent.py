"""A customer's consent to the mailing list, and the address that it is for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seatwright.core.errors import Invalid
from seatwright.core.mail import is_address
from seatwright.customers.fields import CONSENT

_YES = frozenset(("true", "yes", "1"))


def consent_of(customer: Mapping[str, Any]) -> bool | None:
    """Return whether a customer wants mail; None if the customer has no such field.

    Clients send true, 1 or a word; any other value means no.
    """
    said = customer.get(CONSENT)
    if said is None or not str(said).strip():
        return None
    return str(said).strip().casefold() in _YES


def address_of(customer: Mapping[str, Any]) -> str:
    """Return a customer's e-mail address in lower case, as addresses are compared; empty if there is none."""
    email = customer.get("email")
    address = email.strip().casefold() if isinstance(email, str) else ""
    return address if "@" in address else ""


def check_address(email: str) -> str:
    """Return an address as `address_of` does. Raises `Invalid` if the text is no address."""
    address = email.strip()
    if not is_address(address):
        raise Invalid(f"email: {email[:80]!r} is not an e-mail address.", code="invalid_field", field="email")
    return address.casefold()


def with_newer_consent(customer: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Return an order's customer, unchanged except for the consent in the cart that is added to the order.

    A cart without consent or refusal changes nothing. A no without an address counts for the order's customer. A yes
    must be for the same address (our decision: nobody consents for another).
    """
    said, address = consent_of(added), address_of(added)
    same = address == address_of(customer)
    if not customer:
        return added
    if said is None or not (same or (said is False and not address)):
        return customer
    return {**customer, CONSENT: added[CONSENT]}
