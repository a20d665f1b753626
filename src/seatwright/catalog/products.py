"""Finding products: the filters of the reference's product list, and the meaning of a search term. Pure.

Only active products are found. Lists are in the order of product numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.tags import codes_of
from seatwright.core import names
from seatwright.core.clock import Instant
from seatwright.core.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """The conditions for a product to be listed; None is no condition. `name` may be part of a name, in any case.

    `tags` are ids (or codes) of tags, or ids of their categories, of which one is enough. `modified_since` includes
    that instant.
    """

    ids: Collection[str] | None = None
    tags: Collection[str] | None = None
    numbers: Collection[int] | None = None
    name: str | None = None
    modified_since: Instant | None = None


def select(catalog: Catalog, chosen: ProductFilter, *, limit: int, page: int) -> list[Product]:
    """Return page `page` (from 0) of `limit` products that fit all of `chosen`."""
    wanted = None if chosen.name is None else names.key(chosen.name)
    tag_codes = None if chosen.tags is None else codes_of(catalog, chosen.tags)
    found = [
        product
        for product in _active(catalog)
        if (chosen.ids is None or product.id in chosen.ids)
        and (tag_codes is None or not tag_codes.isdisjoint(product.tags))
        and (chosen.numbers is None or product.number in chosen.numbers)
        and (wanted is None or wanted in names.key(product.name))
        and (chosen.modified_since is None or product.modified_at >= chosen.modified_since)
    ]
    return found[limit * page : limit * (page + 1)]


def look_up(catalog: Catalog, term: str) -> Product:
    """Return the product that `term` means: its id, number, code, name, or a part of its name that no other product's
    has.

    Raises `NotFound`, which names the products if there are several.
    """
    term = term.strip()
    products = _active(catalog)
    wanted = names.key(term)
    exact = (
        [product for product in products if product.id == wanted],
        [product for product in products if term.isascii() and term.isdigit() and product.number == _number(term)],
        [product for product in products if names.key(product.code) == wanted],
        [product for product in products if names.key(product.name) == wanted],
        [product for product in products if wanted and wanted in names.key(product.name)],
    )
    found: Sequence[Product] = next((group for group in exact if group), [])
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{product.name} ({product.number})" for product in found[:5])
        raise NotFound(
            f"{term[:80]!r} could be several products: {several}; ask by product number.", code="product_ambiguous"
        )
    raise NotFound(f"There is no product {term[:80]!r}.", code="product_not_found")


def _active(catalog: Catalog) -> list[Product]:
    products = (product for product in catalog.products.values() if product.active)
    return sorted(products, key=lambda product: product.number)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= 18 else -1
