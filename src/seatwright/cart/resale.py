"""What a reseller may sell of a supplier's catalog, at which prices, and what it earns. Pure."""

from __future__ import annotations

from functools import partial

import msgspec

from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog, Product
from seatwright.core import names
from seatwright.core.errors import Conflict
from seatwright.resellers.model import Kind, ProductTerms, Terms, earned


def for_reseller(catalog: Catalog, terms: Terms) -> Catalog:
    """Return the supplier's catalog with only the products that may be sold, at the prices of their category.

    A product that the terms name with a category that it no longer has isn't sold: its own prices were not agreed on.
    """
    products = {
        code: _in_category(product, sold.price_category)
        for code, product in catalog.products.items()
        if (sold := terms.of_product(code)) is not None and _has_price(product, sold, terms)
    }
    return msgspec.structs.replace(
        catalog, products=products, products_by_id={product.id: product for product in products.values()}
    )


def _has_price(product: Product, sold: ProductTerms, terms: Terms) -> bool:
    named = terms.products is not None and sold.price_category
    return not named or product.prices_in(sold.price_category) is not None


def _in_category(product: Product, category: str) -> Product:
    """Return a product at a category's prices, which count on every departure; other tiers stay as they are."""
    prices = product.prices_in(category)
    if not prices:
        return product
    tiers = tuple(
        tier
        if (price := names.find(prices, tier.code)) is None
        else msgspec.structs.replace(tier, price=price, fixed=True)
        for tier in product.tiers
    )
    return msgspec.structs.replace(product, tiers=tiers, price_category=category)


def require_sold(items: tuple[Item, ...], terms: Terms) -> None:
    """Raise `Conflict` for an item whose product the reseller may not sell any more."""
    for item in items:
        if terms.of_product(item.product_code) is None:
            raise Conflict(
                f"{item.product_name} may not be sold by you any more; remove it from the cart.",
                code="product_not_sold",
            )


def commissionable(line: Line) -> int:
    """Return what a commission or net rate is taken of: base price less discount, plus pickups and fees.

    Not service fees and not taxes, whether they are on top of the price or inside of it (wire reference,
    "Resellers"; that discounts lower it is our decision).
    """
    base = line.price - line.discount
    for charge in line.charges:
        ours = charge.kind in ("fee", "pickup")
        if ours and not charge.included:
            base += charge.amount
        elif charge.included and not ours:
            base -= charge.amount
    return max(0, base)


def with_commission(items: tuple[Item, ...], terms: Terms) -> tuple[Item, ...]:
    """Return items whose lines say what the reseller earns on them, or keeps of them."""

    def earning(item: Item, line: Line) -> Line:
        rate = terms.rate_of(item.product_code, line.tier)
        return msgspec.structs.replace(
            line, commission=earned(terms.kind, rate, commissionable(line)), commission_rate=rate
        )

    return tuple(item.map_lines(partial(earning, item)) for item in items)


def with_commission_as_sold(line: Line, kind: Kind) -> Line:
    """Return a line whose amounts have changed with what the reseller earns on it, at the rate that it was sold at.

    What was sold before rates were kept, and what nothing is earned on, stays as it is.
    """
    if line.commission_rate is None:
        return line
    return msgspec.structs.replace(line, commission=earned(kind, line.commission_rate, commissionable(line)))
