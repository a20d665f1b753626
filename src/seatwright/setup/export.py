"""Catalog entries to forms, for the management API and its answers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from seatwright.catalog import model
from seatwright.catalog.model import AnyEntry
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.money import PPM, to_wire
from seatwright.core.times import iso_utc
from seatwright.setup import document as forms
from seatwright.setup.document import AnyForm


def to_form(kind: str, entry: AnyEntry, currency: str) -> AnyForm:
    """Return an entry as its form, which reads back as the same entry. Amounts are in `currency`."""
    return _WRITERS[kind](entry, {"id": entry.id, "code": entry.code, "name": entry.name}, currency)


def _size(calc: str, amount: int, currency: str) -> dict[str, Any]:
    if calc == "flat":
        return {"amount": to_wire(amount, currency)}
    return {"percent": _plain(Decimal(amount) * 100 / PPM)}


def _plain(value: Decimal) -> Decimal:
    """Return `value` without trailing zeros and without an exponent: 50 rather than 5E+1."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def _only(products: tuple[str, ...] | None) -> list[str] | None:
    return None if products is None else list(products)


def _location(entry: model.Location, head: dict[str, Any], currency: str) -> forms.LocationForm:
    return forms.LocationForm(
        **head,
        address=entry.address,
        city=entry.city,
        state=entry.state,
        country=entry.country,
        time_zone=entry.time_zone,
    )


def _zone(entry: model.Zone, head: dict[str, Any], currency: str) -> forms.ZoneForm:
    return forms.ZoneForm(**head, locations=list(entry.locations))


def _pickup(entry: model.Pickup, head: dict[str, Any], currency: str) -> forms.PickupForm:
    return forms.PickupForm(
        **head,
        price=to_wire(entry.price, currency),
        locations=list(entry.locations),
        zones=list(entry.zones),
        details=[detail.name for detail in entry.details],
    )


def _tag(entry: model.Tag, head: dict[str, Any], currency: str) -> forms.TagForm:
    return forms.TagForm(**head, category=entry.category)


def _policy(entry: Policy, head: dict[str, Any], currency: str) -> forms.PolicyForm:
    return forms.PolicyForm(
        **head, text=entry.text, online=entry.online, fees=[_fee(fee, currency) for fee in entry.fees]
    )


def _fee(fee: Fee, currency: str) -> forms.FeeForm:
    return forms.FeeForm(
        per=fee.per, window=fee.window, window_unit=fee.window_unit, **_size(fee.calc, fee.amount, currency)
    )


def _charge(entry: model.Charge, head: dict[str, Any], currency: str) -> forms.ChargeForm:
    return forms.ChargeForm(
        **head,
        **_size(entry.calc, entry.amount, currency),
        kind=entry.kind,
        per=entry.per,
        included=entry.included,
        compound=entry.compound,
        products=_only(entry.products),
    )


def _question(entry: model.Question, head: dict[str, Any], currency: str) -> forms.QuestionForm:
    return forms.QuestionForm(
        **head,
        kind=entry.kind,
        choices=list(entry.choices),
        required=entry.required,
        per=entry.per,
        products=_only(entry.products),
        supplier_sees=entry.supplier_sees,
    )


def _discount(entry: model.Discount, head: dict[str, Any], currency: str) -> forms.DiscountForm:
    return forms.DiscountForm(
        **head,
        **_size(entry.calc, entry.amount, currency),
        per=entry.per,
        products=_only(entry.products),
        starts_at=None if entry.starts_at is None else iso_utc(entry.starts_at),
        ends_at=None if entry.ends_at is None else iso_utc(entry.ends_at),
        max_uses=entry.max_uses,
        active=entry.active,
    )


def _pool(entry: model.Pool, head: dict[str, Any], currency: str) -> forms.PoolForm:
    return forms.PoolForm(**head, units=entry.units)


def _product(entry: model.Product, head: dict[str, Any], currency: str) -> forms.ProductForm:
    ages = entry.age_restrictions
    return forms.ProductForm(
        **head,
        number=entry.number,
        quantity_type=entry.quantity_type,
        quantity_label=entry.quantity_label,
        dateless=entry.dateless,
        active=entry.active,
        tiers={tier.code: _tier(tier, currency) for tier in entry.tiers},
        marketing_price=entry.marketing_price,
        overview=entry.overview,
        highlights=entry.highlights,
        short_description=entry.short_description,
        age_restrictions=forms.AgesForm(min_age=ages.min_age, max_age=ages.max_age) if ages else None,
        class_=entry.class_,
        class_types=list(entry.class_types),
        locations=list(entry.locations),
        images=[forms.ImageForm(small=i.small, large=i.large, caption=i.caption) for i in entry.images],
        videos=[forms.VideoForm(url=video.url) for video in entry.videos],
        start_time=entry.start_time,
        duration_min=entry.duration_min,
        tags=list(entry.tags),
        pickups=list(entry.pickups),
        policy=entry.policy,
        cutoff_min=entry.cutoff_min,
        pool=entry.pool,
        approval_min=entry.approval_min,
        price_categories={
            name: {tier: to_wire(price, currency) for tier, price in prices.items()}
            for name, prices in entry.price_categories.items()
        },
        notices=[forms.NoticeForm(name=notice.name, email=notice.email) for notice in entry.notices],
        modified_date=iso_utc(entry.modified_at),
        deposit=_deposit(entry.deposit, currency),
    )


def _deposit(deposit: model.Deposit | None, currency: str) -> forms.DepositForm | None:
    if deposit is None:
        return None
    return forms.DepositForm(per=deposit.per, **_size(deposit.calc, deposit.amount, currency))


def _tier(tier: model.Tier, currency: str) -> forms.TierForm:
    return forms.TierForm(
        name=tier.name,
        price=to_wire(tier.price, currency),
        seats=tier.seats,
        min_age=tier.min_age,
        max_age=tier.max_age,
    )


_WRITERS: dict[str, Callable[..., AnyForm]] = {
    "location": _location,
    "zone": _zone,
    "pickup": _pickup,
    "tag": _tag,
    "policy": _policy,
    "charge": _charge,
    "question": _question,
    "discount": _discount,
    "pool": _pool,
    "product": _product,
}
