"""Wire shapes of connections between suppliers and resellers, and of their terms."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from seatwright.catalog.model import Catalog
from seatwright.core import money, times
from seatwright.core.field_errors import bad_field
from seatwright.core.money import to_wire
from seatwright.http import wire
from seatwright.resellers.model import BillingCycle, Connection, ProductTerms, Rate, Terms

_ID = "60be6c0876dc590010d74ea6"
MAX_PRODUCTS = 2_000

Percent = Annotated[Decimal, msgspec.Meta(description="From 0 to 100.", examples=[15])]
Amount = Annotated[Decimal, msgspec.Meta(description="For each participant or unit, in the supplier's currency.")]
HoldPercent = Annotated[
    int, msgspec.Meta(ge=1, le=100, description="Of a departure's seats; null: the server's usual.")
]
Name = Annotated[str, msgspec.Meta(max_length=200)]


class RateForm(wire.Wire):
    """A commission, or a net rate: either `percent` or `amount`."""

    percent: Percent | None = None
    amount: Amount | None = None


class ProductTermsForm(wire.Wire, kw_only=True):
    """A product that may be sold, in which price category, and at which rate, if not the connection's."""

    product: Annotated[str, msgspec.Meta(max_length=63, description="Its code.", examples=["rafting-half-day"])]
    price_category: Name = ""
    rate: RateForm | None = None
    tiers: Annotated[dict[str, RateForm], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=dict)


class TermsForm(wire.Wire, kw_only=True):
    """What supplier and reseller have agreed on.

    `commission`: the supplier takes the money, and the reseller earns `rate` of base price less discount, plus pickups
    and fees. `net`: the reseller takes the money, and pays `rate` of the same to the supplier, with service fees and
    taxes. `products` null is all of them. `customerAccess` `limited` shows the supplier customers' names and the
    answers to questions that say so, and nothing else of them. `holdPercent` is how much of a departure the reseller's
    open carts may hold. What is left out has its default.
    """

    type: Literal["commission", "net"] = "commission"
    rate: RateForm | None = None
    price_category: Name = ""
    products: Annotated[list[ProductTermsForm], msgspec.Meta(max_length=MAX_PRODUCTS)] | None = None
    channel: Annotated[Name, msgspec.Meta(description="What the supplier calls it; else the reseller's name.")] = ""
    billing_cycle: BillingCycle = "monthly"
    customer_access: Literal["all", "limited"] = "all"
    may_waive_fees: bool = True
    hold_percent: HoldPercent | None = None


class ConnectionIn(wire.Wire, kw_only=True):
    """The account that may sell, and on which terms."""

    reseller_id: Annotated[wire.Word, msgspec.Meta(examples=[_ID])]
    terms: TermsForm | None = None


class ConnectionPatch(wire.Wire):
    """Whether the reseller may sell; other terms, in place of those that were there. What is null stays."""

    active: Annotated[bool | None, msgspec.Meta(examples=[False])] = None
    terms: TermsForm | None = None


class SupplierOrdersIn(wire.Wire):
    """Whether the supplier may order in the caller's name."""

    allowed: Annotated[bool, msgspec.Meta(examples=[True])]


class ConnectionOut(wire.Wire):
    """A connection, as both sides see it. `supplierOrders`: the reseller lets the supplier order in its name."""

    supplier_id: str
    supplier_name: str
    reseller_id: str
    reseller_name: str
    active: bool
    supplier_orders: bool
    created_date: str
    terms: TermsForm


def terms_of(form: TermsForm, catalog: Catalog) -> Terms:
    """Read terms. Raises `Invalid` for a product, tier or price category that isn't there, and for a bad rate."""
    if form.products is not None and form.price_category:
        raise bad_field(
            "terms.priceCategory", "is for all products; name each one's beside it where products are listed."
        )
    twice = [name for name, count in Counter(each.product for each in form.products or ()).items() if count > 1]
    if twice:
        raise bad_field("terms.products", f"{twice[0]!r} is there more than once.")
    if form.price_category:
        _check_category(form.price_category, catalog, None, "terms.priceCategory")
    return Terms(
        kind=form.type,
        rate=_rate(form.rate, catalog, "terms.rate"),
        price_category=form.price_category,
        products=None
        if form.products is None
        else tuple(_product(each, catalog, f"terms.products[{i}]") for i, each in enumerate(form.products)),
        channel=form.channel.strip(),
        billing_cycle=form.billing_cycle,
        hides_contact=form.customer_access == "limited",
        may_waive_fees=form.may_waive_fees,
        hold_percent=form.hold_percent,
    )


def _product(form: ProductTermsForm, catalog: Catalog, path: str) -> ProductTerms:
    product = catalog.products.get(form.product)
    if product is None:
        raise bad_field(
            f"{path}.product", f"there is no product {form.product!r} in the catalog.", code="unknown_product"
        )
    if form.price_category:
        _check_category(form.price_category, catalog, form.product, f"{path}.priceCategory")
    tiers = {}
    for name, rate in form.tiers.items():
        tier = product.tier(name)
        if tier is None:
            raise bad_field(f"{path}.tiers.{name[:50]}", f"{product.name} has no such tier.", code="unknown_tier")
        found = _rate(rate, catalog, f"{path}.tiers.{tier.code}")
        assert found is not None
        if tier.code in tiers:
            raise bad_field(f"{path}.tiers.{tier.code}", "is there more than once.")
        tiers[tier.code] = found
    return ProductTerms(
        product=product.code,
        price_category=form.price_category,
        rate=_rate(form.rate, catalog, f"{path}.rate"),
        tiers=tiers,
    )


def _check_category(name: str, catalog: Catalog, product: str | None, path: str) -> None:
    products = [catalog.products[product]] if product else list(catalog.products.values())
    if not any(found.prices_in(name) is not None for found in products):
        raise bad_field(
            path, f"there is no price category {name!r} on {product or 'any product'}.", code="unknown_price_category"
        )


def _rate(form: RateForm | None, catalog: Catalog, path: str) -> Rate | None:
    if form is None:
        return None
    if (form.percent is None) == (form.amount is None):
        raise bad_field(path, "give either percent or amount.")
    if form.amount is not None:
        amount = money.from_wire(form.amount, catalog.currency, field=f"{path}.amount")
        if amount < 0:
            raise bad_field(f"{path}.amount", "must not be below zero.", code="invalid_amount")
        return Rate(calc="flat", amount=amount)
    assert form.percent is not None
    return Rate(calc="percent", amount=money.percent_to_ppm(form.percent, field=f"{path}.percent"))


def connection_out(connection: Connection, currency: str) -> ConnectionOut:
    """Render a connection. `currency` is the supplier's."""
    return ConnectionOut(
        supplier_id=connection.supplier_id,
        supplier_name=connection.supplier_name,
        reseller_id=connection.reseller_id,
        reseller_name=connection.reseller_name,
        active=connection.active,
        supplier_orders=connection.supplier_orders,
        created_date=times.iso_utc(connection.created_at),
        terms=_terms_out(connection.terms, currency),
    )


def _terms_out(terms: Terms, currency: str) -> TermsForm:
    return TermsForm(
        type=terms.kind,
        rate=_rate_out(terms.rate, currency),
        price_category=terms.price_category,
        products=None
        if terms.products is None
        else [
            ProductTermsForm(
                product=each.product,
                price_category=each.price_category,
                rate=_rate_out(each.rate, currency),
                tiers={code: RateForm(**_size(rate, currency)) for code, rate in each.tiers.items()},
            )
            for each in terms.products
        ],
        channel=terms.channel,
        billing_cycle=terms.billing_cycle,
        customer_access="limited" if terms.hides_contact else "all",
        may_waive_fees=terms.may_waive_fees,
        hold_percent=terms.hold_percent,
    )


def _rate_out(rate: Rate | None, currency: str) -> RateForm | None:
    return None if rate is None else RateForm(**_size(rate, currency))


def _size(rate: Rate, currency: str) -> dict[str, Any]:
    if rate.calc == "flat":
        return {"amount": to_wire(rate.amount, currency)}
    return {"percent": Decimal(rate.amount).scaleb(-4).normalize() + 0}
