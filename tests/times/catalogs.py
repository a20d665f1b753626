"""Catalogs made of a few entries, without a database."""

from __future__ import annotations

from typing import Any

from seatwright.catalog.model import AnyEntry, Catalog, Charge, Discount, Product, Tier
from seatwright.catalog.policy import Policy

RAFT = Product(
    id="raft",
    code="raft",
    name="Rafting",
    number=4101,
    tiers=(Tier(code="Adult", name="Adult", price=9900),),
    start_time="09:00",
    duration_min=240,
    cutoff_min=60,
)


def catalog(*entries: AnyEntry, time_zone: str = "UTC", currency: str = "USD") -> Catalog:
    """Return a catalog with these products, charges, discounts and policies."""

    def of(kind: type[Any]) -> dict[str, Any]:
        return {entry.code: entry for entry in entries if isinstance(entry, kind)}

    return Catalog(
        account_id="account",
        version=1,
        currency=currency,
        time_zone=time_zone,
        policy_code=None,
        products=of(Product),
        charges=of(Charge),
        policies=of(Policy),
        locations={},
        zones={},
        pickups={},
        tags={},
        questions={},
        discounts=of(Discount),
        pools={},
        products_by_id={entry.id: entry for entry in entries if isinstance(entry, Product)},
    )
