"""Whether a date and time can be booked. Pure; `inventory.store` reads departures and their free seats."""

from __future__ import annotations

from seatwright.catalog.model import Catalog, Product
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.inventory.model import Departure


def bookable_product(catalog: Catalog, departure: Departure | None, now: Instant) -> Product:
    """Return the product of a departure. Raises `NotFound` without one, `Conflict` if it can't be booked any more."""
    product = catalog.products_by_id.get(departure.product_id) if departure else None
    if departure is None or product is None:
        raise NotFound(
            "there is no such date and time.",
            code="item_not_found",
            about="departure",
        )
    if not product.active or not departure.bookable(now):
        raise Conflict("this date and time can't be booked any more.", code="not_bookable", about="departure")
    return product
