"""Catalog entries with types: what `client.catalog` reads and writes as dictionaries, with the same names and defaults.

`ProductEntry.of(client.catalog.read("products", "rafting"))` is one that type checkers know;
`client.catalog.replace("products", "rafting", product)` takes it as it is. They are the same for both clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec

from seatwright_client.errors import DecodeError

E = TypeVar("E", bound="CatalogEntry")


class Part(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Base of entries and of what is in them."""


class CatalogEntry(Part, kw_only=True):
    """What all entries have. An entry keeps its code; `id` is given by the server."""

    id: str | None = None
    code: str
    name: str

    @classmethod
    def of(cls: type[E], entry: Mapping[str, Any]) -> E:
        """Return an entry that was read, with types.

        Raises `DecodeError` for one of another kind, and for one with a field that this version of the client doesn't
        know: sending it back without that field would reset it.
        """
        try:
            return msgspec.convert(dict(entry), cls, strict=False)
        except msgspec.ValidationError as error:
            raise DecodeError(f"This isn't a {cls.__name__} that this version knows: {error}") from None


class LocationEntry(CatalogEntry, kw_only=True):
    """A place: where a product starts, or where guests are picked up. Without a `timeZone`, the account's."""

    address: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    time_zone: str | None = None


class ZoneEntry(CatalogEntry, kw_only=True):
    """A named group of locations, such as all hotels of a valley."""

    locations: list[str] = msgspec.field(default_factory=list)


class PickupEntry(CatalogEntry, kw_only=True):
    """A pickup service: from its locations and all locations of its zones, `price` for each participant.

    `details` are the ways to be picked up there, such as "07:30 at the lobby".
    """

    price: Decimal = Decimal(0)
    locations: list[str] = msgspec.field(default_factory=list)
    zones: list[str] = msgspec.field(default_factory=list)
    details: list[str] = msgspec.field(default_factory=list)


class TagEntry(CatalogEntry, kw_only=True):
    """A label that products are grouped by, and the `category` that it is in itself, such as "Season" for "Summer"."""

    category: str = ""


class PolicyFee(Part, kw_only=True):
    """A cancellation fee: either `percent` or `amount`. Without a `window` it always applies."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    per: Literal["person", "unit", "order"] = "person"
    window: int | None = None
    window_unit: Literal["hours", "days", "years"] = "hours"


class PolicyEntry(CatalogEntry, kw_only=True):
    """A cancellation policy. Of the fees that apply, the one with the narrowest window counts.

    `text` is what customers agree to; where they can't cancel `online`, they have to call.
    """

    text: str = ""
    online: bool = True
    fees: list[PolicyFee] = msgspec.field(default_factory=list)


class ChargeEntry(CatalogEntry, kw_only=True):
    """A tax or fee: either `percent` or `amount`. `included` means that prices contain it already.

    A `compound` tax is a percentage per participant that is taken of the other taxes as well.
    """

    kind: Literal["tax", "fee", "service_fee"]
    percent: Decimal | None = None
    amount: Decimal | None = None
    per: Literal["participant", "order"] = "participant"
    included: bool = False
    compound: bool = False
    products: list[str] | None = None


class QuestionEntry(CatalogEntry, kw_only=True):
    """A custom question. Its answer is sent under its `name`, with the customer or with each participant (`per`).

    With `supplierSees`, a supplier sees the answer also where it agreed not to see how to reach a reseller's customers.
    """

    kind: Literal["text", "number", "boolean", "date", "choice"] = "text"
    choices: list[str] = msgspec.field(default_factory=list)
    required: bool = False
    per: Literal["order", "participant"] = "order"
    products: list[str] | None = None
    supplier_sees: bool = False


class DiscountEntry(CatalogEntry, kw_only=True):
    """A discount code, `code` in any case: either `percent` or `amount`, off each participant or off the order.

    `startsAt` and `endsAt` are dates or times; a date alone counts from its beginning or to its end, in the
    account's time zone.
    """

    percent: Decimal | None = None
    amount: Decimal | None = None
    per: Literal["participant", "order"] = "participant"
    products: list[str] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    max_uses: int | None = None
    active: bool = True


class PoolEntry(CatalogEntry, kw_only=True):
    """Rental units that all departures of the products which use it share while they overlap."""

    units: int


class ProductTier(Part, kw_only=True):
    """A price tier. `seats` is how many seats one of it takes; `name` is its code if it is left out."""

    name: str = ""
    price: Decimal
    seats: int = 1
    min_age: int | None = None
    max_age: int | None = None


class ProductImage(Part, kw_only=True):
    """A picture, as http or https addresses of two sizes."""

    small: str
    large: str = ""
    caption: str = ""


class ProductVideo(Part, kw_only=True):
    """A film, as an http or https address."""

    url: str


class ProductAges(Part, kw_only=True):
    """Ages that may take part, in years."""

    min_age: int | None = None
    max_age: int | None = None


class ProductNotice(Part, kw_only=True):
    """Somebody who is told of a product's orders by mail: a guide, a vendor, the boat house."""

    name: str
    email: str


class ProductDeposit(Part, kw_only=True):
    """What is to be paid in advance: either `percent` of what guests cost, or `amount`, for each guest or unit
    (`participant`) or once for the order.
    """

    percent: Decimal | None = None
    amount: Decimal | None = None
    per: Literal["participant", "order"] = "participant"


class ProductEntry(CatalogEntry, kw_only=True):
    """An activity (`participant`) or a rental (`unit`).

    `tiers` are its prices: Adult, Child and so on, or the single tier `All` for one price for everybody.
    `durationMin`, `startTime` and `cutoffMin` are what its departures have if they don't say otherwise.
    """

    number: int
    quantity_type: Literal["participant", "unit"] = "participant"
    quantity_label: str = ""
    dateless: bool = False
    active: bool = True
    tiers: dict[str, ProductTier]
    marketing_price: str = ""
    overview: str = ""
    highlights: str = ""
    short_description: str = ""
    age_restrictions: ProductAges | None = None
    class_: str = msgspec.field(default="groupActivity", name="class")
    class_types: list[str] = msgspec.field(default_factory=list)
    locations: list[str] = msgspec.field(default_factory=list)
    images: list[ProductImage] = msgspec.field(default_factory=list)
    videos: list[ProductVideo] = msgspec.field(default_factory=list)
    start_time: str = ""
    duration_min: int = 0
    tags: list[str] = msgspec.field(default_factory=list)
    pickups: list[str] = msgspec.field(default_factory=list)
    policy: str | None = None
    cutoff_min: int = 0
    pool: str | None = None
    approval_min: int | None = None
    price_categories: dict[str, dict[str, Decimal]] = msgspec.field(default_factory=dict)
    notices: list[ProductNotice] = msgspec.field(default_factory=list)
    deposit: ProductDeposit | None = None
    modified_date: str | None = None
