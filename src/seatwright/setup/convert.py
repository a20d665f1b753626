"""Forms to catalog entries. Every refusal names the field with its path, as `products[2].tiers.Adult.price`.

Rules about a single entry are checked here; rules about several (references, unique numbers) in `setup.validate`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from seatwright.catalog import model
from seatwright.catalog.model import AnyEntry
from seatwright.catalog.policy import Fee, Policy, check_policy
from seatwright.core import money, names, times
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import at, bad_field
from seatwright.core.ids import new_hex24
from seatwright.core.mail import is_address
from seatwright.core.moments import parse_clock, parse_moment
from seatwright.core.web import is_web_address
from seatwright.setup import document as forms
from seatwright.setup.document import AnyForm

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
MAX_TIER_CODE = 50
_NO_LIST = frozenset('<>,;"')
"""Characters that a notice's address must not have: it is one address, without a name."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The context for reading a form: the account's currency and zone, and when the form was sent."""

    currency: str
    time_zone: str
    now: Instant


def to_entry(kind: str, form: AnyForm, terms: Terms, *, path: str, old: AnyEntry | None) -> AnyEntry:
    """Return the entry that `form` describes, with the ids of `old` if it replaces that one.

    Raises `Invalid`, naming the field below `path`.
    """
    if not _CODE.fullmatch(form.code):
        raise bad_field(
            at(path, "code"),
            f"{form.code[:80]!r} is not a code; use 1 to 63 letters, digits, dots, dashes and underscores.",
            code="invalid_code",
        )
    name = form.name.strip()
    if not name:
        raise bad_field(at(path, "name"), "must not be empty.")
    head: dict[str, Any] = {"id": old.id if old else new_hex24(), "code": form.code, "name": name}
    return _READERS[kind](form, head, terms, path, old)


def amount(value: Decimal, terms: Terms, path: str) -> int:
    """Return an amount of money in minor units. Raises `Invalid` below zero, and for too many decimals."""
    minor = money.from_wire(value, terms.currency, field=path)
    if minor < 0:
        raise bad_field(path, f"must not be below zero, and is {value}.", code="invalid_amount")
    return minor


class _Size(NamedTuple):
    calc: Literal["percent", "flat"]
    amount: int


def _size(
    form: forms.FeeForm | forms.ChargeForm | forms.DiscountForm | forms.DepositForm, terms: Terms, path: str
) -> _Size:
    """Read `percent` or `amount`, of which there must be one."""
    if form.percent is not None and form.amount is not None:
        raise bad_field(at(path, "amount"), "can't be there beside percent; leave one of them out.")
    if form.amount is not None:
        return _Size("flat", amount(form.amount, terms, at(path, "amount")))
    if form.percent is None:
        raise bad_field(at(path, "percent"), "is missing; give percent or amount.", code="missing_field")
    return _Size("percent", money.percent_to_ppm(form.percent, field=at(path, "percent")))


def _only(products: list[str] | None) -> tuple[str, ...] | None:
    return None if products is None else _once(products)


def _once(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _location(form: forms.LocationForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> model.Location:
    if form.time_zone is not None:
        zone(form.time_zone, at(path, "timeZone"))
    return model.Location(
        **head,
        address=form.address,
        city=form.city,
        state=form.state,
        country=form.country,
        time_zone=form.time_zone,
    )


def zone(name: str, path: str) -> str:
    """Return `name` if it is an IANA time zone. Raises `Invalid` naming `path`."""
    try:
        return times.check_zone(name)
    except Invalid:
        raise bad_field(
            path, f"{name[:80]!r} is not an IANA time zone such as America/Denver.", code="invalid_time_zone"
        ) from None


def _zone(form: forms.ZoneForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> model.Zone:
    return model.Zone(**head, locations=_once(form.locations))


def _pickup(
    form: forms.PickupForm, head: dict[str, str], terms: Terms, path: str, old: model.Pickup | None
) -> model.Pickup:
    details = _once(form.details)
    return model.Pickup(
        **head,
        price=amount(form.price, terms, at(path, "price")),
        locations=_once(form.locations),
        zones=_once(form.zones),
        details=tuple(
            model.PickupDetail(id=found, name=name)
            for name, found in zip(details, _detail_ids(details, old), strict=True)
        ),
    )


def _detail_ids(details: Sequence[str], old: model.Pickup | None) -> list[str]:
    """Return an id for each name: that of the detail with this name, or else with a name that counts as the same."""
    left = {detail.name: detail.id for detail in old.details} if old else {}
    ids = [left.pop(name, None) for name in details]
    for place, name in enumerate(details):
        if ids[place] is None and (spelled := next((other for other in left if names.same(other, name)), None)):
            ids[place] = left.pop(spelled)
    return [found or new_hex24() for found in ids]


def _tag(form: forms.TagForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> model.Tag:
    return model.Tag(**head, category=form.category.strip())


def _policy(form: forms.PolicyForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> Policy:
    fees = []
    for index, fee in enumerate(form.fees):
        size = _size(fee, terms, at(path, f"fees[{index}]"))
        fees.append(
            Fee(calc=size.calc, amount=size.amount, per=fee.per, window=fee.window, window_unit=fee.window_unit)
        )
    try:
        return check_policy(Policy(**head, text=form.text, online=form.online, fees=tuple(fees)))
    except Invalid as error:  # its path begins at the policy
        raise Invalid(at(path, error.message), code=error.code, field=at(path, error.field or "")) from None


def _charge(form: forms.ChargeForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> model.Charge:
    size = _size(form, terms, path)
    if form.compound and (form.kind, size.calc, form.per) != ("tax", "percent", "participant"):
        raise bad_field(at(path, "compound"), "is for a tax in percent, per participant; leave it out.")
    return model.Charge(
        **head,
        kind=form.kind,
        calc=size.calc,
        amount=size.amount,
        per=form.per,
        included=form.included,
        compound=form.compound,
        products=_only(form.products),
    )


def _question(form: forms.QuestionForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> model.Question:
    choices = _once(form.choices)
    if form.kind == "choice" and not choices:
        raise bad_field(at(path, "choices"), "is missing; name at least one answer to choose.", code="missing_field")
    if form.kind != "choice" and choices:
        raise bad_field(at(path, "choices"), f"is for the kind choice, and this question is of the kind {form.kind}.")
    return model.Question(
        **head,
        kind=form.kind,
        choices=choices,
        required=form.required,
        per=form.per,
        products=_only(form.products),
        supplier_sees=form.supplier_sees,
    )


def _discount(form: forms.DiscountForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> model.Discount:
    size = _size(form, terms, path)
    starts_at = ends_at = None
    if form.starts_at is not None:
        starts_at = parse_moment(form.starts_at, terms.time_zone, field=at(path, "startsAt"))
    if form.ends_at is not None:
        ends_at = parse_moment(form.ends_at, terms.time_zone, field=at(path, "endsAt"), end=True)
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise bad_field(at(path, "endsAt"), "must be after startsAt.", code="invalid_date_range")
    return model.Discount(
        **head,
        calc=size.calc,
        amount=size.amount,
        per=form.per,
        products=_only(form.products),
        starts_at=starts_at,
        ends_at=ends_at,
        max_uses=form.max_uses,
        active=form.active,
    )


def _pool(form: forms.PoolForm, head: dict[str, str], terms: Terms, path: str, old: Any) -> model.Pool:
    return model.Pool(**head, units=form.units)


def _product(form: forms.ProductForm, head: dict[str, Any], terms: Terms, path: str, old: Any) -> model.Product:
    if form.start_time:
        parse_clock(form.start_time, field=at(path, "startTime"))
    _check_sale(form, path)
    default_label = "Unit" if form.quantity_type == "unit" else "Guest"
    return model.Product(
        **head,
        number=form.number,
        quantity_type=form.quantity_type,
        quantity_label=form.quantity_label.strip() or default_label,
        dateless=form.dateless,
        active=form.active,
        tiers=_tiers(form, terms, at(path, "tiers")),
        marketing_price=form.marketing_price,
        overview=form.overview,
        highlights=form.highlights,
        short_description=form.short_description,
        age_restrictions=_ages(form.age_restrictions, at(path, "ageRestrictions")),
        class_=form.class_,
        class_types=_once(form.class_types),
        locations=_once(form.locations),
        images=tuple(_image(image, at(path, f"images[{i}]")) for i, image in enumerate(form.images)),
        videos=tuple(
            model.Video(url=_url(video.url, at(path, f"videos[{i}].url"))) for i, video in enumerate(form.videos)
        ),
        start_time=form.start_time,
        duration_min=form.duration_min,
        tags=_once(form.tags),
        pickups=_once(form.pickups),
        policy=form.policy,
        cutoff_min=form.cutoff_min,
        pool=form.pool,
        approval_min=form.approval_min,
        price_categories=_categories(form, terms, at(path, "priceCategories")),
        notices=tuple(_notice(notice, at(path, f"notices[{i}].email")) for i, notice in enumerate(form.notices)),
        modified_at=terms.now,
        deposit=_deposit(form.deposit, terms, at(path, "deposit")),
    )


def _deposit(form: forms.DepositForm | None, terms: Terms, path: str) -> model.Deposit | None:
    if form is None:
        return None
    size = _size(form, terms, path)
    return model.Deposit(calc=size.calc, amount=size.amount, per=form.per)


def _categories(form: forms.ProductForm, terms: Terms, path: str) -> dict[str, dict[str, int]]:
    """Read the price categories, by the product's spelling of its tiers.

    Raises `Invalid` for a tier that the product doesn't have, and for two names that count as the same.
    """
    spelling = {names.key(code): code for code in form.tiers}
    categories: dict[str, dict[str, int]] = {}
    for name, prices in form.price_categories.items():
        here = at(path, name)
        if names.find(categories, name) is not None:
            raise bad_field(here, "there is another category of this name; upper and lower case count as the same.")
        found = categories[name] = {}
        for tier, price in prices.items():
            code = spelling.get(names.key(tier))
            there = at(here, tier[:MAX_TIER_CODE])
            if code is None:
                raise bad_field(
                    there, f"there is no such tier; the product has {', '.join(form.tiers)}.", code="unknown_tier"
                )
            if code in found:
                raise bad_field(there, "is there twice; upper and lower case count as the same.")
            found[code] = amount(price, terms, there)
    return categories


def _notice(form: forms.NoticeForm, path: str) -> model.Notice:
    if not is_address(form.email) or not _NO_LIST.isdisjoint(form.email):
        raise bad_field(path, f"{form.email[:80]!r} is not an e-mail address.", code="invalid_email")
    return model.Notice(name=form.name.strip(), email=form.email)


def _check_sale(form: forms.ProductForm, path: str) -> None:
    """Units come from a pool at a time; nothing else does."""
    if form.pool is not None and form.quantity_type != "unit":
        raise bad_field(at(path, "pool"), "is for rentals; set quantityType to unit, or leave the pool out.")
    if form.pool is not None and form.dateless:
        raise bad_field(at(path, "pool"), "is for products with dates, and this one is dateless.")
    if form.dateless and form.cutoff_min:
        raise bad_field(at(path, "cutoffMin"), "is for products with dates, and this one is dateless.")


def _tiers(form: forms.ProductForm, terms: Terms, path: str) -> tuple[model.Tier, ...]:
    """Read the price tiers. `All` is one price for everybody, so it stands alone (wire reference, "Cart")."""
    seen: set[str] = set()
    tiers = []
    for code, tier in form.tiers.items():
        here = at(path, code[:MAX_TIER_CODE])
        if not code or code != code.strip() or len(code) > MAX_TIER_CODE or not code.isprintable():
            raise bad_field(here, f"a tier's code has 1 to {MAX_TIER_CODE} characters, without spaces around it.")
        if names.key(code) in seen:
            raise bad_field(here, "there is another tier of this name; upper and lower case count as the same.")
        if names.same(code, "All") and (code != "All" or len(form.tiers) > 1):
            raise bad_field(here, "means everybody: write it All, and let it be the only tier.", code="invalid_tier")
        seen.add(names.key(code))
        _check_ages(tier.min_age, tier.max_age, here)
        tiers.append(
            model.Tier(
                code=code,
                name=tier.name.strip() or code,
                price=amount(tier.price, terms, at(here, "price")),
                seats=tier.seats,
                min_age=tier.min_age,
                max_age=tier.max_age,
            )
        )
    return tuple(tiers)


def _ages(form: forms.AgesForm | None, path: str) -> model.AgeRestrictions | None:
    if form is None:
        return None
    _check_ages(form.min_age, form.max_age, path)
    return model.AgeRestrictions(min_age=form.min_age, max_age=form.max_age)


def _check_ages(low: int | None, high: int | None, path: str) -> None:
    if low is not None and high is not None and high < low:
        raise bad_field(at(path, "maxAge"), f"must not be below minAge, which is {low}.")


def _image(form: forms.ImageForm, path: str) -> model.Image:
    large = _url(form.large, at(path, "large")) if form.large else ""
    return model.Image(small=_url(form.small, at(path, "small")), large=large, caption=form.caption)


def _url(text: str, path: str) -> str:
    if not is_web_address(text):
        raise bad_field(path, f"{text[:80]!r} is not an http or https address.", code="invalid_url")
    return text


_READERS: dict[str, Callable[..., AnyEntry]] = {
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
