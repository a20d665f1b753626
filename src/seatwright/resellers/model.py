"""A connection: a supplier lets a reseller sell its products, on terms (wire reference, "Resellers")."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from seatwright.core import names
from seatwright.core.clock import Instant
from seatwright.core.money import share

BillingCycle: TypeAlias = Literal["weekly", "biweekly", "monthly"]


Kind: TypeAlias = Literal["commission", "net"]


class Rate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A commission or net rate: ppm of its base for `percent`, minor units per participant for `flat`."""

    calc: Literal["percent", "flat"] = "percent"
    amount: int

    def of(self, base: int) -> int:
        """Return the amount of the rate on one participant or unit: never more than `base`."""
        return share(base, self.amount) if self.calc == "percent" else min(self.amount, base)


def earned(kind: Kind, rate: Rate | None, base: int) -> int:
    """Return the part of `base` that a reseller earns at a rate, or keeps at a net rate: from 0 to `base`, minor
    units.
    """
    if rate is None:
        return 0
    return rate.of(base) if kind == "commission" else base - rate.of(base)


class ProductTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A product that may be sold, by its code: in which price category, and at rates of its own or its tiers'."""

    product: str
    price_category: str = ""
    rate: Rate | None = None
    tiers: dict[str, Rate] = {}


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """What supplier and reseller have agreed on.

    `commission`: the supplier takes the money and the reseller earns `rate`. `net`: the reseller takes the money and
    pays `rate` to the supplier. Without a rate a reseller earns nothing. `products` None is all of them, in the
    category `price_category` ("" is the products' own prices). `channel` is the supplier's name for this way of
    selling; "" is the reseller's name. With `hides_contact` the supplier sees only those data of customers that
    `orders/view.py` allows. `may_waive_fees`: the reseller may cancel without a fee. `hold_percent` is the share of a
    departure that the reseller's open carts may hold at a time; None is the server's usual one.
    """

    kind: Kind = "commission"
    rate: Rate | None = None
    price_category: str = ""
    products: tuple[ProductTerms, ...] | None = None
    channel: str = ""
    billing_cycle: BillingCycle = "monthly"
    hides_contact: bool = False
    may_waive_fees: bool = True
    hold_percent: int | None = None

    def of_product(self, code: str) -> ProductTerms | None:
        """Return the terms for a product, or None if it may not be sold."""
        if self.products is None:
            return ProductTerms(product=code, price_category=self.price_category)
        return self._by_code.get(code)

    @cached_property
    def _by_code(self) -> dict[str, ProductTerms]:
        return {each.product: each for each in self.products or ()}

    def rate_of(self, product_code: str, tier: str) -> Rate | None:
        """Return the commission or net rate that counts for a price tier of a product."""
        terms = self.of_product(product_code)
        return (names.find(terms.tiers, tier) or terms.rate if terms else None) or self.rate

    def commission(self, product_code: str, tier: str, base: int) -> int:
        """Return the amount that the reseller earns on a line, or keeps at a net rate: from 0 to `base`, minor
        units.
        """
        return earned(self.kind, self.rate_of(product_code, tier), base)


class Agent(NamedTuple):
    """A user of a reseller, and the reseller's account with the name of its business."""

    business: str
    account_id: str
    user_id: str


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Two accounts, the terms between them, and whether the reseller may sell at present.

    `supplier_orders`: the reseller lets the supplier order in its name.
    """

    supplier_id: str
    supplier_name: str
    reseller_id: str
    reseller_name: str
    active: bool
    created_at: Instant
    terms: Terms = Terms()
    supplier_orders: bool = False

    @property
    def channel(self) -> str:
        """The supplier's name for this way of selling."""
        return self.terms.channel or self.reseller_name
