"""Chooses the language of a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seatwright.core.languages import DEFAULT_LANGUAGE, Language, language_of
from seatwright.wording.wording import Wording, wording

MAX_ACCEPT = 500
"""How many characters of an Accept-Language header are read."""


def choose(customer: Any, accept: str, account: Language) -> Wording:
    """Return the wording of a customer's language: the customer's known one, else the browser's (an Accept-Language
    header), else the account's.
    """
    for tag in (customer, *_accepted(accept[:MAX_ACCEPT])):
        language = language_of(tag)
        if language is not None:
            return wording(language, _region(tag))
    return wording(account)


def accepted(accept: str) -> Wording:
    """Return the wording for an unknown reader with an Accept-Language header."""
    return choose(None, accept, DEFAULT_LANGUAGE)


def _accepted(header: str) -> Iterator[str]:
    """Yield the languages of a header, the preferred first; malformed entries are ignored."""
    wanted = []
    for place, part in enumerate(header.split(",")):
        tag, _, rest = part.partition(";")
        weight = _weight(rest.strip())
        if weight > 0:
            wanted.append((-weight, place, tag.strip()))
    yield from (tag for _, _, tag in sorted(wanted))


def _weight(text: str) -> float:
    if not text:
        return 1.0
    try:
        return float(text.removeprefix("q="))
    except ValueError:
        return 0.0


def _region(tag: str) -> str:
    """Return the region of a language's tag, or an empty text."""
    region = tag.strip().replace("_", "-").partition("-")[2][:2].upper()
    return region if region.isascii() and region.isalpha() else ""
