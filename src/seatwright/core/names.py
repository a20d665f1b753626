"""Which names count as the same: upper and lower case, spaces around them, and Unicode's two ways to write an accent.

Everything that is stored under the name of a price tier, price category, discount code, question or pickup detail is
looked up here, so that another spelling of the name finds it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


LONG = 200
"""Longest name, in characters, whose key is kept in memory: longer texts are not real names, but anybody may send
them.
"""


def key(name: str) -> str:
    """Return a key that is equal for all names that count as the same, and different for others."""
    return _kept_key(name) if len(name) <= LONG else _key(name)


@lru_cache(maxsize=4_096)
def _kept_key(name: str) -> str:
    return _key(name)


def _key(name: str) -> str:
    name = name.strip()
    if name.isascii():
        return name.lower()
    # Unicode's canonical caseless matching: folding can undo the first normalization.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def same(one: str, other: str) -> bool:
    """Tell whether two names count as the same."""
    return one == other or key(one) == key(other)


def find(by_name: Mapping[str, T], name: str) -> T | None:
    """Return the value stored under `name`, or under a name that counts as the same; None if there is none."""
    if name in by_name:
        return by_name[name]
    return next((found for other, found in by_name.items() if same(other, name)), None)


def count(names: Iterable[str]) -> dict[str, int]:
    """Return how often each name occurs, by its first spelling, in the order of first occurrence."""
    spelling: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name in names:
        first = spelling.setdefault(key(name), name)
        counts[first] = counts.get(first, 0) + 1
    return counts


def text_of(value: str | int | float) -> str:
    """Return a client's value as a text, without spaces around it; 5 and 5.0 both become "5"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def text_or_none(value: str | int | float | None) -> str | None:
    """Return `text_of(value)`; None for null and for the empty text, which clients send for "nothing"."""
    return None if value is None else text_of(value) or None
