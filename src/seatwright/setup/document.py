"""The catalog as people write it: the forms of YAML files and of the management API.

Keys are camelCase, amounts are written as people write them (`price: 99.00`, `percent: 7.5`), durations are
minutes, and entries refer to each other by `code`. What is left out has the default that is given here; a key
that isn't known is refused. `seatwright.setup.convert` turns forms into the structs of `catalog.model`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from seatwright.catalog.model import QuestionKind

MAX_TEXT = 20_000
MAX_NAME = 200
MAX_LIST = 2_000
"""Longest list in an entry, and most entries of one kind."""
MAX_MINUTES = 60 * 24 * 60
"""Longest duration, in minutes (60 days)."""
MAX_SEATS = 1_000_000

Code: TypeAlias = Annotated[
    str,
    Meta(
        description="Short name, unique among its kind: 1 to 63 letters, digits, dots, dashes and underscores.",
        examples=["rafting-half-day"],
    ),
]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, examples=["Half-day rafting"])]
Line: TypeAlias = Annotated[str, Meta(max_length=MAX_NAME)]
LongText: TypeAlias = Annotated[str, Meta(max_length=MAX_TEXT)]
Url: TypeAlias = Annotated[str, Meta(max_length=2_000, examples=["https://images.canyon.example/raft.jpg"])]
Amount: TypeAlias = Annotated[Decimal, Meta(description="In the account's currency.")]
Percent: TypeAlias = Annotated[Decimal, Meta(description="From 0 to 100.", examples=[7.5])]
Minutes: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_MINUTES, examples=[240])]
Years: TypeAlias = Annotated[int, Meta(ge=0, le=150)]
Codes: TypeAlias = Annotated[list[Code], Meta(max_length=MAX_LIST)]
OnlyProducts: TypeAlias = Annotated[
    Annotated[list[Code], Meta(max_length=MAX_LIST)] | None,
    Meta(description="Codes of the products that this is for; null or left out is all of them."),
]
ReadOnly: TypeAlias = Annotated[
    str | None, Meta(description="Given by the server; accepted and ignored where it is sent.")
]


class Form(msgspec.Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Base of everything that is written by an operator."""


class EntryForm(Form, kw_only=True):
    """What all entries have. An entry keeps its code; its name may change."""

    id: ReadOnly = None
    code: Code
    name: Name


class LocationForm(EntryForm, kw_only=True):
    """A place: where a product starts, or where guests are picked up. Without a `timeZone`, the account's."""

    address: Line = ""
    city: Line = ""
    state: Line = ""
    country: Line = ""
    time_zone: Annotated[Line, Meta(examples=["America/Denver"])] | None = None


class ZoneForm(EntryForm, kw_only=True):
    """A named group of locations, such as all hotels of a valley."""

    locations: Codes = msgspec.field(default_factory=list)


class PickupForm(EntryForm, kw_only=True):
    """A pickup service: from its locations and all locations of its zones, `price` for each participant.

    `details` are the ways to be picked up there, such as "07:30 at the lobby".
    """

    price: Amount = Decimal(0)
    locations: Codes = msgspec.field(default_factory=list)
    zones: Codes = msgspec.field(default_factory=list)
    details: Annotated[list[Name], Meta(max_length=100)] = msgspec.field(default_factory=list)


class TagForm(EntryForm, kw_only=True):
    """A label that products are grouped by, and the `category` that it is in itself, such as "Season" for "Summer"."""

    category: Line = ""


class FeeForm(Form, kw_only=True):
    """A cancellation fee: either `percent` or `amount`. Without a `window` it always applies."""

    percent: Percent | None = None
    amount: Amount | None = None
    per: Literal["person", "unit", "order"] = "person"
    window: Annotated[int, Meta(ge=1, description="Applies when less than this is left until the start.")] | None = None
    window_unit: Literal["hours", "days", "years"] = "hours"


class PolicyForm(EntryForm, kw_only=True):
    """A cancellation policy. Of the fees that apply, the one with the narrowest window counts.

    `text` is what customers agree to; where they can't cancel `online`, they have to call.
    """

    text: LongText = ""
    online: bool = True
    fees: Annotated[list[FeeForm], Meta(max_length=50)] = msgspec.field(default_factory=list)


class ChargeForm(EntryForm, kw_only=True):
    """A tax or fee: either `percent` or `amount`. `included` means that prices contain it already.

    A `compound` tax is a percentage per participant that is taken of the other taxes as well.
    """

    kind: Annotated[Literal["tax", "fee", "service_fee"], Meta(examples=["tax"])]
    percent: Percent | None = None
    amount: Amount | None = None
    per: Literal["participant", "order"] = "participant"
    included: bool = False
    compound: bool = False
    products: OnlyProducts = None


class QuestionForm(EntryForm, kw_only=True):
    """A custom question. Its answer is sent under its `name`, with the customer or with each participant (`per`).

    With `supplierSees`, a supplier sees the answer also where it agreed not to see how to reach a reseller's customers.
    """

    kind: QuestionKind = "text"
    choices: Annotated[list[Name], Meta(max_length=200)] = msgspec.field(default_factory=list)
    required: bool = False
    per: Literal["order", "participant"] = "order"
    products: OnlyProducts = None
    supplier_sees: bool = False


class DiscountForm(EntryForm, kw_only=True):
    """A discount code, `code` in any case: either `percent` or `amount`, off each participant or off the order.

    `startsAt` and `endsAt` are dates or times; a date alone counts from its beginning or to its end, in the
    account's time zone.
    """

    percent: Percent | None = None
    amount: Amount | None = None
    per: Literal["participant", "order"] = "participant"
    products: OnlyProducts = None
    starts_at: Annotated[Line, Meta(examples=["2026-07-01"])] | None = None
    ends_at: Annotated[Line, Meta(examples=["2026-09-30T18:00"])] | None = None
    max_uses: Annotated[int, Meta(ge=1, le=1_000_000_000, description="Orders that may use it.")] | None = None
    active: bool = True


class PoolForm(EntryForm, kw_only=True):
    """Rental units that all departures of the products which use it share while they overlap."""

    units: Annotated[int, Meta(ge=0, le=MAX_SEATS, examples=[12])]


class TierForm(Form, kw_only=True):
    """A price tier. `seats` is how many seats one of it takes; `name` is its code if it is left out."""

    name: Line = ""
    price: Amount
    seats: Annotated[int, Meta(ge=0, le=1_000)] = 1
    min_age: Years | None = None
    max_age: Years | None = None


class ImageForm(Form, kw_only=True):
    """A picture, as http or https addresses of two sizes."""

    small: Url
    large: Annotated[str, Meta(max_length=2_000)] = ""
    caption: Line = ""


class VideoForm(Form, kw_only=True):
    """A film, as an http or https address."""

    url: Url


class AgesForm(Form, kw_only=True):
    """Ages that may take part, in years."""

    min_age: Years | None = None
    max_age: Years | None = None


class NoticeForm(Form, kw_only=True):
    """Somebody who is told of a product's orders by mail: a guide, a vendor, the boat house."""

    name: Name
    email: Annotated[str, Meta(max_length=254, examples=["boathouse@canyon.example"])]


class DepositForm(Form, kw_only=True):
    """What is to be paid in advance: either `percent` of what guests cost, or `amount`, for each guest or unit
    (`participant`) or once for the order."""

    percent: Percent | None = None
    amount: Amount | None = None
    per: Literal["participant", "order"] = "participant"


class ProductForm(EntryForm, kw_only=True):
    """An activity (`participant`) or a rental (`unit`).

    `tiers` are its prices: Adult, Child and so on, or the single tier `All` for one price for everybody.
    `durationMin`, `startTime` and `cutoffMin` are what its departures have if they don't say otherwise.
    """

    number: Annotated[int, Meta(ge=0, le=2**53, description="Product number, unique.", examples=[4101])]
    quantity_type: Literal["participant", "unit"] = "participant"
    quantity_label: Annotated[Line, Meta(description="What is counted: Guest or Unit if it is left out.")] = ""
    dateless: Annotated[bool, Meta(description="Sold without a date, such as a voucher.")] = False
    active: Annotated[bool, Meta(description="Inactive products can't be found or sold.")] = True
    tiers: Annotated[
        dict[str, TierForm],
        Meta(min_length=1, max_length=50, examples=[{"Adult": {"price": 99.00}, "Child": {"price": 59.00}}]),
    ]
    marketing_price: Annotated[Line, Meta(description="Price to advertise, as a text.")] = ""
    overview: LongText = ""
    highlights: Annotated[LongText, Meta(description="HTML.")] = ""
    short_description: Annotated[str, Meta(max_length=2_000)] = ""
    age_restrictions: AgesForm | None = None
    class_: Line = msgspec.field(default="groupActivity", name="class")
    class_types: Annotated[list[Name], Meta(max_length=100)] = msgspec.field(default_factory=list)
    locations: Codes = msgspec.field(default_factory=list)
    images: Annotated[list[ImageForm], Meta(max_length=200)] = msgspec.field(default_factory=list)
    videos: Annotated[list[VideoForm], Meta(max_length=200)] = msgspec.field(default_factory=list)
    start_time: Annotated[Line, Meta(description="HH:MM, or empty.", examples=["09:00"])] = ""
    duration_min: Minutes = 0
    tags: Codes = msgspec.field(default_factory=list)
    pickups: Codes = msgspec.field(default_factory=list)
    policy: Annotated[str | None, Meta(description="Code of its policy; without one, the account's counts.")] = None
    cutoff_min: Annotated[Minutes, Meta(description="Minutes before the start when booking ends.")] = 0
    pool: Annotated[str | None, Meta(description="Code of the pool that a rental takes its units from.")] = None
    approval_min: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_MINUTES)] | None,
        Meta(description="Minutes within which an order has to be accepted, or is declined; null: none has to be."),
    ] = None
    price_categories: Annotated[
        dict[Name, Annotated[dict[str, Amount], Meta(min_length=1, max_length=50)]],
        Meta(
            max_length=50,
            description="Prices of tiers for the resellers of a category; other tiers keep their price.",
            examples=[{"wholesale": {"Adult": 79.00}}],
        ),
    ] = msgspec.field(default_factory=dict)
    notices: Annotated[
        list[NoticeForm], Meta(max_length=20, description="Who is told of its orders, unless an order disables it.")
    ] = msgspec.field(default_factory=list)
    deposit: Annotated[
        DepositForm | None, Meta(description="What is to be paid in advance.", examples=[{"percent": 20}])
    ] = None
    modified_date: ReadOnly = None


AnyForm: TypeAlias = (
    ProductForm
    | ChargeForm
    | PolicyForm
    | LocationForm
    | ZoneForm
    | PickupForm
    | TagForm
    | QuestionForm
    | DiscountForm
    | PoolForm
)

FORMS: dict[str, type[AnyForm]] = {
    "location": LocationForm,
    "zone": ZoneForm,
    "pickup": PickupForm,
    "tag": TagForm,
    "policy": PolicyForm,
    "charge": ChargeForm,
    "question": QuestionForm,
    "discount": DiscountForm,
    "pool": PoolForm,
    "product": ProductForm,
}
"""The form of each kind, in the order of `catalog.model.KINDS`."""

PLURALS: dict[str, str] = {kind: f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s" for kind in FORMS}
"""Kinds by their plural in files and addresses: `policies`, `products`."""


class CatalogForm(Form, kw_only=True):
    """Every kind of entry, as lists, in a catalog file."""

    locations: Annotated[list[LocationForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    zones: Annotated[list[ZoneForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    pickups: Annotated[list[PickupForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    tags: Annotated[list[TagForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    policies: Annotated[list[PolicyForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    charges: Annotated[list[ChargeForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    questions: Annotated[list[QuestionForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    discounts: Annotated[list[DiscountForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    pools: Annotated[list[PoolForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
    products: Annotated[list[ProductForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)
