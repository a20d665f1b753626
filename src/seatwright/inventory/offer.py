"""The products and prices that an account may sell: its own catalog, or a supplier's on the terms of their
connection.
"""

from __future__ import annotations

import msgspec

from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.store import CatalogCache
from seatwright.core import names
from seatwright.resellers.model import ProductTerms, Terms
from seatwright.resellers.service import require_connection
from seatwright.storage.engine import ReadTx


async def offered_catalog(tx: ReadTx, catalogs: CatalogCache, account_id: str, supplier_id: str | None) -> Catalog:
    """Return the catalog that an account sells: its own, or with `supplier_id` the part of that supplier's that it may
    sell.

    Raises `NotFound` for a supplier without an active connection to the account.
    """
    if not supplier_id or supplier_id == account_id:
        return await catalogs.load(tx, account_id)
    connection = await require_connection(tx, supplier_id, account_id)
    return for_reseller(await catalogs.load(tx, supplier_id), connection.terms)


def for_reseller(catalog: Catalog, terms: Terms) -> Catalog:
    """Return the supplier's catalog with only the products that may be sold, at the prices of their category.

    If the terms name a category that a product no longer has, the product isn't sold: its own prices were not agreed
    on.
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
