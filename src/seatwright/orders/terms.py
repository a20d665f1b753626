"""The terms by which an order is found: words of it, its customer's id, and what is unusual about it. Pure.

An account finds an order by what it sees of it and by nothing else. So the terms are those of the account's view
(`orders/view.py`), and a supplier that doesn't see the customer's contact has no row of it that could be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from seatwright.core.folding import words
from seatwright.customers.consent import address_of
from seatwright.customers.identity import customer_id
from seatwright.customers.phones import phone_words
from seatwright.orders.model import Order
from seatwright.orders.view import is_limited, view_of

Kind: TypeAlias = Literal["word", "customer", "status", "balance"]
Balance: TypeAlias = Literal["owing", "credit", "settled"]

MAX_WORD = 64
"""Longest word, in characters: of a longer one only so much is stored, and looked for."""
MAX_WORDS = 400
"""Maximum number of different words of an order. The customer's come first, then the guests' in their order."""
END = "\n"
"""Stands before, between and after an order's terms in `order_view.terms`."""


def terms_of(order: Order, viewer_id: str) -> str:
    """Return the terms by which an account finds an order, as `order_view.terms` has them.

    Each is a line `kind:term`. Nearly all orders are confirmed, and most are settled; so these have no term.
    """
    seen = view_of(order, viewer_id) if is_limited(order, viewer_id) else order
    found = [f"word:{word}" for word in _words(seen)]
    customer = customer_id(seen.body.customer)
    if customer is not None:
        found.append(f"customer:{customer}")
    if order.status != "confirmed":
        found.append(f"status:{order.status}")
    balance = balance_of(order)
    if balance != "settled":
        found.append(f"balance:{balance}")
    return END + "".join(f"{term}{END}" for term in found)


def rows_of(terms: str) -> set[tuple[str, str]]:
    """Return the kinds and terms in a text that `terms_of` returned, each a row of `order_term`."""
    return {(kind, term) for kind, _, term in (line.partition(":") for line in terms.split(END) if line)}


def balance_of(order: Order) -> Balance:
    """Return whether money is owed for an order, is to be given back, or neither."""
    return "owing" if order.balance > 0 else "credit" if order.balance < 0 else "settled"


def email_word(address: str) -> str:
    """Return an e-mail address, or its beginning, as the word by which it is found."""
    return "".join(each for each in address.strip().casefold() if each.isprintable() and not each.isspace())[:MAX_WORD]


def _words(seen: Order) -> Iterable[str]:
    found: dict[str, None] = {}
    for word in (
        *words_of_customer(seen.body.customer),
        *_of_reference(seen.body.reference_id or ""),
        *_of_guests(seen),
    ):
        if word:
            found[word[:MAX_WORD]] = None
        if len(found) == MAX_WORDS:
            break
    return found


def words_of_customer(customer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words by which a customer is found, without those of guests and references."""
    for field in ("firstName", "lastName", "organization"):
        yield from words(str(customer.get(field) or ""))
    address = address_of(customer)
    if address:
        local, _, domain = address.rpartition("@")
        yield email_word(address)
        yield from words(local)
        yield email_word(f"@{domain}")
    yield from phone_words(str(customer.get("phone") or ""))


def _of_reference(reference: str) -> Iterator[str]:
    """Return a reference's words, and all of it without the signs between them: "OTA-7781" is also "ota7781"."""
    parts = words(reference)
    yield from parts
    yield "".join(parts)


def _of_guests(order: Order) -> Iterator[str]:
    for item in order.body.items:
        for line in item.lines:
            if line.first_name or line.last_name:
                yield from words(f"{line.first_name or ''} {line.last_name or ''}")
