"""Products, when they can be booked, and pickups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

import msgspec

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, RESMARK, Request, day, get, listing, path, several
from seatwright_client.times import wall_clock

_PRODUCT = f"{RESMARK}/product"


class Named(Shape, frozen=True, kw_only=True):
    """Something with an id and a name: a place, a tag, a way to be picked up."""

    id: str
    name: str


class TagCategory(Shape, frozen=True, kw_only=True):
    """A category of tags ("Season") with its tags ("Summer"); `tag_ids` of a list of products takes the ids of both."""

    id: str
    name: str
    tags: tuple[Named, ...]


class Ages(Shape, frozen=True, kw_only=True):
    """Ages that may take part, in years; None is no limit."""

    min_age: int | None = None
    max_age: int | None = None


class Location(Shape, frozen=True, kw_only=True):
    """A place where a product starts."""

    id: str
    name: str
    address: str = ""
    city: str = ""
    state: str = ""
    country: str = ""


class Image(Shape, frozen=True, kw_only=True):
    """A picture, by its addresses."""

    small: str
    large: str = ""
    caption: str = ""


class Video(Shape, frozen=True, kw_only=True):
    """A film."""

    url: str


class DateSettings(Shape, frozen=True, kw_only=True):
    """The usual start on the wall clock (HH:MM, or empty) and the duration in minutes."""

    start_time: str = ""
    duration: int = 0


class Question(Shape, frozen=True, kw_only=True):
    """A custom question. Its answer is sent under `name`, its label: once with the customer, or `per` participant.

    `kind` is `text`, `number`, `boolean`, `date` (YYYY-MM-DD) or `choice`, of which `choices` are the answers. With
    `supplier_sees`, a supplier that doesn't see customers' contacts sees the answer all the same.
    """

    id: str
    name: str
    kind: str
    choices: tuple[str, ...] = ()
    required: bool = False
    per: str = "order"
    supplier_sees: bool = False


class Tier(Shape, frozen=True, kw_only=True):
    """A price tier: its name in a cart, its price, how many seats each guest takes, and the ages that it is for."""

    code: str
    name: str
    price: Decimal
    seats: int = 1
    min_age: int | None = None
    max_age: int | None = None


class Party(Shape, frozen=True, kw_only=True):
    """How many guests, or units, one booking may have."""

    min: int = 1
    max: int = 1_000


class CancellationFee(Shape, frozen=True, kw_only=True):
    """A fee, a `percent` or an `amount`, that applies when less than `window` is left; always if that is None."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    per: str
    window: int | None = None
    window_unit: str = "hours"


class CancellationPolicy(Shape, frozen=True, kw_only=True):
    """What a guest agrees to. Of the fees that apply, the one with the narrowest window counts."""

    name: str
    text: str = ""
    online: bool = True
    fees: tuple[CancellationFee, ...] = ()


class Product(Shape, frozen=True, kw_only=True):
    """A product. `price` is the marketing price, a text; dates have the prices that count. `highlights` is HTML."""

    id: str
    product_code: str
    name: str
    product_number: int
    price: str
    quantity_label: str
    quantity_type: str
    dateless: bool
    overview: str = ""
    highlights: str = ""
    short_description: str = ""
    age_restrictions: Ages | None = None
    class_: str = msgspec.field(name="class", default="")
    class_types: tuple[str, ...] = ()
    location: tuple[Location, ...] = ()
    images: tuple[Image, ...] = ()
    videos: tuple[Video, ...] = ()
    date_settings: DateSettings = DateSettings()
    tags: tuple[Named, ...] = ()
    questions: tuple[Question, ...] = ()
    tiers: tuple[Tier, ...] = ()
    party: Party = Party()
    cancellation_policy: CancellationPolicy | None = None
    cutoff_min: int = 0
    approval_min: int | None = None
    modified_date: dt.datetime | None = None


class BookableTime(Shape, frozen=True, kw_only=True):
    """One departure. `activity_id` is the `item_id` of a cart.

    `start_time` and `end_time` are the wall clock of its place, though they end in `Z` (Resmark's way): cut the hour
    out of them, or take `local_start`. None for a dateless product.
    """

    activity_id: str
    start_time: str | None
    end_time: str | None
    tiers_available: dict[str, int]
    price: dict[str, Decimal]

    @property
    def left(self) -> int:
        """Seats or units left, for all tiers together."""
        return self.tiers_available["*"]

    @property
    def local_start(self) -> dt.datetime | None:
        """The start on the wall clock of its place, without a zone."""
        return wall_clock(self.start_time)

    @property
    def local_end(self) -> dt.datetime | None:
        """The end on the wall clock of its place, without a zone."""
        return wall_clock(self.end_time)


class Day(Shape, frozen=True, kw_only=True):
    """The departures of one local day; a dateless product has one, without a date."""

    date: dt.date | None
    times_available: tuple[BookableTime, ...]


class _Items(Shape, frozen=True, kw_only=True):
    items: list[Day]


class Pickup(Shape, frozen=True, kw_only=True):
    """A pickup service: its stops, the details there, and its price for each participant."""

    id: str
    name: str
    price: Decimal
    locations: tuple[Named, ...]
    pickup_details: tuple[Named, ...]


class Offer(Shape, frozen=True, kw_only=True):
    """A product with all that its seller has to know: its own, or a supplier's, at the prices it may sell at."""

    id: str
    product_code: str
    product_number: int
    name: str
    short_description: str = ""
    supplier_id: str
    currency: str
    time_zone: str
    quantity_type: str
    dateless: bool
    duration_min: int
    locations: tuple[Location, ...] = ()
    ages: Ages | None = None
    tiers: tuple[Tier, ...] = ()
    party: Party = Party()
    questions: tuple[Question, ...] = ()
    cancellation_policy: CancellationPolicy | None = None
    cutoff_min: int = 0
    approval_min: int | None = None
    pickups: tuple[Pickup, ...] = ()
    modified_date: dt.datetime


_Offers: TypeAlias = list[Offer]
_TagCategories: TypeAlias = list[TagCategory]
_Products: TypeAlias = list[Product]
_Days: TypeAlias = list[Day]
_Pickups: TypeAlias = list[Pickup]


class Products(Resource[Mode]):
    """`client.products`. `supplier_id` reads the products of a supplier that the account is a reseller of."""

    @operation
    def list(
        self,
        *,
        ids: Iterable[str] | None = None,
        tag_ids: Iterable[str] | None = None,
        last_modified: dt.datetime | dt.date | str | None = None,
        product_numbers: Iterable[int] | None = None,
        product_name: str | None = None,
        supplier_id: str | None = None,
        limit: int = 200,
        page: int = 0,
    ) -> Request[_Products]:
        """Return a page of active products in the order of their numbers, filtered by everything that is given.

        An empty list of ids or numbers has no products; None is no filter. `last_modified` is a day in UTC or a time
        with a zone; `product_name` may be a part of the name.
        """
        query = {
            "ids": several(ids),
            "tag_ids": several(tag_ids),
            "last_modified": last_modified,
            "product_numbers": several(product_numbers),
            "product_name": product_name,
            "supplier_id": supplier_id,
        }
        return listing(_PRODUCT, enveloped(_Products), {**query, "limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def read(self, search_term: str | int, *, supplier_id: str | None = None) -> Request[Product]:
        """Return the product with this id, number, code or name, or a part of a name that no other has."""
        return get(path(_PRODUCT, search_term), enveloped(Product), {"supplier_id": supplier_id})

    @operation
    def items(
        self,
        search_term: str | int,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        supplier_id: str | None = None,
    ) -> Request[_Days]:
        """Return when a product can be booked, by local day, with seats left and prices; sold out times have 0 left.

        Days on the calendar of the product's place, or months as `2026-07`; by default 31 days from today, and at
        most 366 days at once.
        """
        query = {"from": day(from_date), "to": day(to_date), "supplier_id": supplier_id}
        return get(path(_PRODUCT, search_term, "item"), _days, query)

    @operation
    def pickups(self, search_term: str | int, *, supplier_id: str | None = None) -> Request[_Pickups]:
        """Return how and where guests of a product can be picked up."""
        return get(path(_PRODUCT, search_term, "pickup"), enveloped(_Pickups), {"supplier_id": supplier_id})

    @operation
    def tags(self, *, supplier_id: str | None = None) -> Request[_TagCategories]:
        """Return the tags of products by category."""
        return get(f"{RESMARK}/tag", enveloped(_TagCategories), {"supplier_id": supplier_id})

    @operation
    def offers(self, *, supplier_id: str | None = None, limit: int = 200, page: int = 0) -> Request[_Offers]:
        """Return a page of what can be sold, by number, with tiers, questions, policy, pickups and party sizes."""
        query = {"supplier_id": supplier_id, "limit": limit, "page": page}
        return get(f"{MANAGE}/offers", enveloped(_Offers), query)

    iterate_offers = pages(offers)

    @operation
    def offer(self, product: str | int, *, supplier_id: str | None = None) -> Request[Offer]:
        """Return one of them, by id, number, code or name."""
        return get(path(MANAGE, "offers", product), enveloped(Offer), {"supplier_id": supplier_id})


def _days(body: bytes) -> _Days:
    return enveloped(_Items)(body).items
