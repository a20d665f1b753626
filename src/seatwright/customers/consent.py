"""What a customer says of being on the mailing list, and of which address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seatwright.core.errors import Invalid
from seatwright.core.mail import is_address
from seatwright.customers.fields import CONSENT

_YES = frozenset(("true", "yes", "1"))


def consent_of(customer: Mapping[str, Any]) -> bool | None:
    """Return whether a customer wants mail; None if nothing is said.

    Clients send true, 1 or a word; anything else that is said is a no.
    """
    said = customer.get(CONSENT)
    if said is None or not str(said).strip():
        return None
    return str(said).strip().casefold() in _YES


def address_of(customer: Mapping[str, Any]) -> str:
    """Return a customer's e-mail address as all are compared, in one case; empty if there is none."""
    email = customer.get("email")
    address = email.strip().casefold() if isinstance(email, str) else ""
    return address if "@" in address else ""


def check_address(email: str) -> str:
    """Return an address as `address_of` does. Raises `Invalid` for what is none."""
    address = email.strip()
    if not is_address(address):
        raise Invalid(f"email: {email[:80]!r} is not an e-mail address.", code="invalid_field", field="email")
    return address.casefold()


def with_newer_consent(customer: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Return an order's customer, who stays the same, with what a cart that is added to it says of mail.

    Whoever says nothing leaves it as it is. A no counts without an address too: it is then the order's customer's. A
    yes has to be the same address's (our decision: nobody consents for another).
    """
    said, address = consent_of(added), address_of(added)
    same = address == address_of(customer)
    if not customer:
        return added
    if said is None or not (same or (said is False and not address)):
        return customer
    return {**customer, CONSENT: added[CONSENT]}
