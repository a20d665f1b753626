"""What an account sells, and at what price: the documents of the catalog.

Amounts are minor units of the account's currency, percentages parts per million, durations minutes. Entries refer to
each other by `code`, the operator's own short name, unique per kind and account; `id` is ours. A `Catalog` is
everything that one account sells, at one version; it is immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeVar

import msgspec

from seatwright.catalog.policy import Policy
from seatwright.core import names
from seatwright.core.clock import Instant

T = TypeVar("T")


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of all catalog documents."""

    id: str
    code: str
    name: str


class Tier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A price tier: Adult, Child, or the single tier `All` of a product with one price for everybody.

    A `fixed` price is a reseller's category's (never stored): it counts on departures with other prices too.
    """

    code: str
    name: str
    price: int
    seats: int = 1
    min_age: int | None = None
    max_age: int | None = None
    fixed: bool = False

    def price_on(self, prices: Mapping[str, int]) -> int:
        """Return the tier's price on a departure; `prices` are the departure's own prices by tier."""
        own = None if self.fixed or not prices else names.find(prices, self.code)
        return self.price if own is None else own


class Charge(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A tax or fee, on every product or on those that are listed.

    `amount` is ppm of price less discount for `percent`, minor units for `flat`. A flat charge `per`
    participant (or unit) is taken for each, one per order once for each order. `included` means that prices
    already contain it: it is shown, not added. A `compound` tax is taken of the other taxes as well.
    """

    kind: Literal["tax", "fee", "service_fee"]
    calc: Literal["percent", "flat"]
    amount: int
    per: Literal["participant", "order"] = "participant"
    included: bool = False
    compound: bool = False
    products: tuple[str, ...] | None = None


class Location(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A place: where a product starts, or where guests are picked up."""

    address: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    time_zone: str | None = None


class Zone(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A named group of locations, such as all hotels of a valley."""

    locations: tuple[str, ...] = ()


class PickupDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to be picked up, such as a time: "07:30 at the lobby"."""

    id: str
    name: str


class Pickup(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A pickup service: from its locations and all locations of its zones, `price` for each participant."""

    price: int = 0
    locations: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    details: tuple[PickupDetail, ...] = ()


class Tag(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A label by which products are grouped, and its category ("" is none)."""

    category: str = ""


QuestionKind: TypeAlias = Literal["text", "number", "boolean", "date", "choice"]
"""What answers to a question are."""


class Question(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A custom question; `name` is its label, under which the answer is sent.

    It is asked once for the order, or of each participant (or unit) of one of `products`; None of them means all.
    With `supplier_sees`, a supplier that doesn't see a reseller's customers' contacts sees the answer all the same.
    """

    kind: QuestionKind = "text"
    choices: tuple[str, ...] = ()
    required: bool = False
    per: Literal["order", "participant"] = "order"
    products: tuple[str, ...] | None = None
    supplier_sees: bool = False


class Discount(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A discount code that a cart can carry; customers type `code`, in any case.

    `amount` is ppm of the price for `percent`; minor units for `flat`, off each participant or off the order.
    Valid while `starts_at <= now < ends_at`, on the listed products or all, for at most `max_uses` orders.
    """

    calc: Literal["percent", "flat"]
    amount: int
    per: Literal["participant", "order"] = "participant"
    products: tuple[str, ...] | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    max_uses: int | None = None
    active: bool = True


class Pool(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """Rental units (12 mountain bikes) that are shared by all departures of the products that use the pool."""

    units: int


class Image(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture, as addresses of two sizes."""

    small: str
    large: str = ""
    caption: str = ""


class Video(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A film, as an address."""

    url: str


class AgeRestrictions(msgspec.Struct, frozen=True, kw_only=True):
    """Ages of the people who may take part, in years; None means no limit."""

    min_age: int | None = None
    max_age: int | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person or place that gets mails about a product's orders: a guide, a vendor, the boat house."""

    name: str
    email: str


class Deposit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be paid of a product in advance.

    `amount` is ppm of what its guests cost for `percent`; minor units for `flat`, for each participant (or unit) or
    once for the order.
    """

    calc: Literal["percent", "flat"]
    amount: int
    per: Literal["participant", "order"] = "participant"


class Product(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """An activity (sold to participants) or a rental (sold by the unit).

    `approval_min`: orders have to be accepted within this many minutes; None means that they needn't be accepted.
    `price_categories` are the prices of tiers for resellers that have such a category, by its name and the tier's code.
    `price_category` is the one whose prices `tiers` have, where a reseller sees the product (never stored). The
    `deposit` is what a desk takes when it books.
    """

    number: int
    quantity_type: Literal["participant", "unit"] = "participant"
    quantity_label: str = "Guest"
    dateless: bool = False
    active: bool = True
    tiers: tuple[Tier, ...]
    marketing_price: str = ""
    overview: str = ""
    highlights: str = ""
    short_description: str = ""
    age_restrictions: AgeRestrictions | None = None
    class_: str = msgspec.field(default="groupActivity", name="class")
    class_types: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    videos: tuple[Video, ...] = ()
    start_time: str = ""
    duration_min: int = 0
    tags: tuple[str, ...] = ()
    pickups: tuple[str, ...] = ()
    policy: str | None = None
    cutoff_min: int = 0
    pool: str | None = None
    modified_at: Instant = 0
    approval_min: int | None = None
    price_categories: dict[str, dict[str, int]] = {}
    notices: tuple[Notice, ...] = ()
    price_category: str = ""
    deposit: Deposit | None = None

    def tier(self, code: str) -> Tier | None:
        """Return the tier called `code`, in any spelling that counts as the same, or None."""
        return next((tier for tier in self.tiers if names.same(tier.code, code)), None)

    def prices_in(self, category: str) -> dict[str, int] | None:
        """Return the prices by tier of a price category; None if the product has no such category."""
        return names.find(self.price_categories, category)

    def as_spelled(self, by_tier: Mapping[str, T]) -> dict[str, T]:
        """Return values by tier in the product's own spelling; values of tiers that are gone keep the old spelling."""
        return {tier.code if (tier := self.tier(code)) else code: found for code, found in by_tier.items()}


AnyEntry: TypeAlias = Product | Charge | Policy | Location | Zone | Pickup | Tag | Question | Discount | Pool

KINDS: dict[str, type[AnyEntry]] = {
    "location": Location,
    "zone": Zone,
    "pickup": Pickup,
    "tag": Tag,
    "policy": Policy,
    "charge": Charge,
    "question": Question,
    "discount": Discount,
    "pool": Pool,
    "product": Product,
}
"""Catalog kinds by the name they have in `catalog_entry.kind`; an entry refers to earlier kinds only, but for
`products` lists."""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """One account's whole catalog, keyed by code, at one `version`."""

    account_id: str
    version: int
    currency: str
    time_zone: str
    policy_code: str | None
    products: dict[str, Product]
    charges: dict[str, Charge]
    policies: dict[str, Policy]
    locations: dict[str, Location]
    zones: dict[str, Zone]
    pickups: dict[str, Pickup]
    tags: dict[str, Tag]
    questions: dict[str, Question]
    discounts: dict[str, Discount]
    pools: dict[str, Pool]
    products_by_id: dict[str, Product]

    def zone_of(self, product: Product) -> str:
        """Return the time zone in which a product takes place: that of its first location, or else the account's."""
        place = self.locations[product.locations[0]].time_zone if product.locations else None
        return place or self.time_zone

    def policy_of(self, product: Product) -> Policy | None:
        """Return the cancellation policy that counts for `product`: its own, or else the account's; None means no
        fee.
        """
        code = product.policy or self.policy_code
        return self.policies[code] if code else None

    def discount(self, code: str) -> Discount | None:
        """Return the discount with `code`, in any case, or None."""
        return names.find(self.discounts, code)

    def whereabouts(self, location_id: str, name: str) -> str:
        """Return a place in one line: its name at the time of booking, with its present address."""
        now = next((location for location in self.locations.values() if location.id == location_id), None)
        address = (now.address, now.city, now.state, now.country) if now else ()
        return ", ".join(filter(None, (name, *address)))

    def pickup_locations(self, pickup: Pickup) -> tuple[Location, ...]:
        """Return where `pickup` collects guests: its own locations, then those of its zones, each once."""
        codes = dict.fromkeys(pickup.locations)
        for zone in pickup.zones:
            codes.update(dict.fromkeys(self.zones[zone].locations))
        return tuple(self.locations[code] for code in codes)
