"""Tags by their categories (wire reference, "Tags, resellers, sign-in by redirect")."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import NamedTuple

from seatwright.catalog.model import Catalog, Tag
from seatwright.core import names

OTHER = "Other"
"""The category of tags without a category."""


class TagCategory(NamedTuple):
    """A category with its tags, both by name. Its id stays as long as its name; upper and lower case count as the
    same.
    """

    id: str
    name: str
    tags: list[Tag]


def categories(catalog: Catalog, *, used: bool = False) -> list[TagCategory]:
    """Return the catalog's tags by category; with `used` only those that an active product has."""
    in_use = {code for product in catalog.products.values() if product.active for code in product.tags}
    found: dict[str, TagCategory] = {}
    for tag in sorted(catalog.tags.values(), key=lambda tag: (tag.name.casefold(), tag.code)):
        if not used or tag.code in in_use:
            name = tag.category or OTHER
            category_id = _category_id(catalog.account_id, name)
            found.setdefault(category_id, TagCategory(category_id, name, [])).tags.append(tag)
    return sorted(found.values(), key=lambda category: (category.name == OTHER, category.name.casefold()))


def codes_of(catalog: Catalog, wanted: Collection[str]) -> set[str]:
    """Return the codes of the tags in `wanted`, which names each by its id or code, or by the id of its category."""
    return {
        tag.code
        for tag in catalog.tags.values()
        if not {tag.id, tag.code, _category_id(catalog.account_id, tag.category or OTHER)}.isdisjoint(wanted)
    }


def _category_id(account_id: str, name: str) -> str:
    """Return an id of 24 hex digits, like all ids, made from the name: a category has nothing else."""
    return hashlib.sha256(f"{account_id} {names.key(name)}".encode()).hexdigest()[:24]
