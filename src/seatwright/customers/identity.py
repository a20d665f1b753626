"""Which orders are one customer's: those with the same e-mail address, or else the same phone number. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from seatwright.customers.consent import address_of
from seatwright.customers.phones import phone_words


def customer_id(customer: Mapping[str, Any]) -> str | None:
    """Return the id of a customer, 24 hex digits: the same for one address in any case, or one number in any notation.

    None for a customer with neither. It is a hash, so that no address is in a route, a log or the audit log.
    """
    address = address_of(customer)
    numbers = phone_words(str(customer.get("phone") or ""))
    if not address and not numbers:
        return None
    key = f"email:{address}" if address else f"phone:{numbers[-1]}"
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
